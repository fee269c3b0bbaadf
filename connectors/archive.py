"""Whether a workbook may be opened at all. It is a zip of XML, and both can be made to swell: the sizes stand in its
directory, and a document type, which alone can define entities, stands before the first element."""

import re
import zlib
from collections.abc import Sequence
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from connectors.base import UnexpectedAnswer

_MOST_MEMBERS = 2000
_MOST_SWELLING = 200  # unpacked to packed; tables of real offices stay below 50
_SMALL_ENOUGH = 10_000_000  # bytes; below it any ratio is harmless
_PROLOG = 65_536
_ENCRYPTED = 0x1
_STARTS_PLAINLY = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--(?:(?!-->).){0,4000}-->\s*)*<[A-Za-z_]", re.DOTALL
)
_WORKBOOK = "[Content_Types].xml"
_OPEN_DOCUMENT = "content.xml"


def check_archive(file: BinaryIO, name: str, max_bytes: int, *, open_document: bool = False) -> None:
    """Raises `UnexpectedAnswer` for what is no workbook, and for one that could be a bomb. Unpacks no member.

    `open_document`: an .ods is meant, not an .xlsx.
    """
    try:
        with ZipFile(file) as archive:
            members = archive.infolist()
            _check_sizes(members, name, max_bytes, _OPEN_DOCUMENT if open_document else _WORKBOOK)
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(member) as opened:
                        _check_prolog(opened.read(_PROLOG), name)
    except (BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, zlib.error):
        raise UnexpectedAnswer(f"{name} không phải tệp {'.ods' if open_document else '.xlsx'} nguyên vẹn") from None


def is_open_document(file: BinaryIO) -> bool:
    """Whether a zip is an .ods by what it holds; False for anything that is no zip."""
    try:
        with ZipFile(file) as archive:
            names = archive.namelist()
    except (BadZipFile, EOFError, OSError, ValueError, NotImplementedError):
        return False
    return _OPEN_DOCUMENT in names and _WORKBOOK not in names


def _check_sizes(members: Sequence[ZipInfo], name: str, max_bytes: int, marker: str) -> None:
    names = {member.filename for member in members}
    if marker not in names:
        raise UnexpectedAnswer(f"{name} không phải tệp .xlsx: hãy lưu lại dưới dạng .xlsx hoặc CSV UTF-8")
    if len(members) > _MOST_MEMBERS or len(names) != len(members):
        raise UnexpectedAnswer(f"tệp {name} có quá nhiều thành phần hoặc thành phần trùng tên")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnexpectedAnswer(f"tệp {name} có mật khẩu")
    if sum(member.file_size for member in members) > max_bytes:
        raise UnexpectedAnswer(f"tệp {name} khi giải nén lớn hơn {max_bytes} byte")
    for member in members:
        if member.file_size > max(_SMALL_ENOUGH, member.compress_size * _MOST_SWELLING):
            raise UnexpectedAnswer(f"tệp {name} nén quá chặt, có thể là bom nén")


def _check_prolog(head: bytes, name: str) -> None:
    if head.strip() and _STARTS_PLAINLY.match(head) is None:
        raise UnexpectedAnswer(f"tệp {name} có khai báo XML không được phép")
