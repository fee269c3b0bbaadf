"""A folder into which exports are dropped: which of its files is read, and when it is whole."""

from datetime import UTC, datetime
from pathlib import Path

from connectors.base import AccessRefused, SourceUnavailable

_READ = frozenset({".csv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"})
_BEING_WRITTEN_S = 5.0  # a file touched just now may still be on its way into the folder


def file_of(path: Path, now: datetime) -> Path:
    """The file itself, or the newest table of a folder. Raises `SourceUnavailable` where there is none, or while the
    newest is still being copied."""
    try:
        if not path.is_dir():
            return path
        found = [(one.stat().st_mtime_ns, one.name, one) for one in path.iterdir() if _is_table(one)]
    except PermissionError:
        raise AccessRefused(f"không có quyền đọc thư mục {path.name}") from None
    except OSError:
        raise SourceUnavailable(f"không đọc được thư mục {path.name}") from None
    if not found:
        raise SourceUnavailable(f"thư mục {path.name} chưa có tệp bảng nào")
    changed_ns, name, newest = max(found)
    age_s = (now - datetime.fromtimestamp(changed_ns / 1e9, UTC)).total_seconds()
    if 0 <= age_s < _BEING_WRITTEN_S:
        raise SourceUnavailable(f"tệp {name} đang được chép vào thư mục", _BEING_WRITTEN_S)
    return newest


def _is_table(path: Path) -> bool:
    """A finished table: no hidden file, no lock of an office program."""
    plain = not path.name.startswith((".", "~"))
    return plain and path.suffix.lower() in _READ and path.is_file() and path.stat().st_size > 0
