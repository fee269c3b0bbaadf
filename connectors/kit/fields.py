"""Typed access to one row of a source. What cannot be read names its field and sets the row aside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connectors.base import BadRecord, DossierRecord, Page
from connectors.kit.dates import DateReader, DateUnreadable, Moment
from connectors.kit.json import Ambiguous, evidence
from connectors.kit.text import clean, is_clean_unicode, normal_code

LONGEST_CODE = 120
LONGEST_NAME = 2000
_LONGEST_KEY = 200
_TRUE = frozenset({"true", "1", "yes", "co", "có"})
_FALSE = frozenset({"false", "0", "no", "", "khong", "không"})


class Unreadable(Exception):
    """A field of a row that cannot be read. Never holds the value."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Row:
    """One object of a source. Several names: the first that is present and not empty counts."""

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self._wire = wire

    def value(self, *names: str) -> Any:
        """The first value that is there and not an empty text, else None."""
        for name in names:
            value = self._wire.get(name)
            if value is not None and value != "":
                return value
        return None

    def name_of(self, *names: str) -> str:
        """The name under which `value` finds something; the first name where nothing is found (for messages)."""
        return next((name for name in names if self._wire.get(name) not in (None, "")), names[0] if names else "")

    def text(self, *names: str) -> str:
        """Descriptive text, cleaned; "" where absent. Lists and objects have no text."""
        value = self.value(*names)
        return clean(str(value))[:LONGEST_NAME] if _is_plain(value) else ""

    def code(self, *names: str, longest: int = LONGEST_CODE) -> str:
        """A dossier code in the form in which codes are compared; "" where absent. Raises `Unreadable`."""
        return normal_code(self._strict(names, longest))

    def token(self, *names: str, longest: int = 80) -> str:
        """A code of a procedure, an agency or a status, cleaned only; "" where absent. Raises `Unreadable`."""
        return clean(self._strict(names, longest))

    def moment(self, dates: DateReader, *names: str) -> Moment | None:
        """A date that matters for judging; None where the source says there is none. Raises `Unreadable`."""
        try:
            return dates.read(self.value(*names))
        except DateUnreadable as error:
            raise Unreadable(self.name_of(*names), str(error)) from None

    def side_moment(self, dates: DateReader, *names: str) -> Moment | None:
        """A date that no rule looks at: unreadable is the same as absent."""
        try:
            return dates.read(self.value(*names))
        except DateUnreadable:
            return None

    def whole(self, *names: str) -> int | None:
        """A whole number, also written as text; None where absent. Raises `Unreadable`."""
        value = self.value(*names)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.lstrip("-").isdigit() and len(text) < _LONGEST_WHOLE):
            raise Unreadable(self.name_of(*names), "không phải số nguyên")
        return int(text)

    def flag(self, *names: str) -> bool | None:
        """A yes or no in any of its spellings; None where absent or something else."""
        value = self.value(*names)
        text = str(value).strip().lower() if _is_plain(value) else ""
        if value is None or text not in _TRUE | _FALSE:
            return None
        return text in _TRUE

    def _strict(self, names: tuple[str, ...], longest: int) -> str:
        value = self.value(*names)
        if value is None:
            return ""
        field = self.name_of(*names)
        if not _is_plain(value):
            raise Unreadable(field, "sai kiểu dữ liệu")
        text = str(value)
        if not is_clean_unicode(text):
            raise Unreadable(field, "không phải UTF-8")
        if len(text) > longest:
            raise Unreadable(field, f"dài hơn {longest} ký tự")
        return text


_LONGEST_WHOLE = 20


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def read_rows(
    rows: Iterable[Any],
    to_record: Callable[[Mapping[str, Any]], DossierRecord | None],
    key_fields: Sequence[str],
) -> tuple[tuple[DossierRecord, ...], tuple[bytes, ...], tuple[BadRecord, ...]]:
    """Maps every row; a row that cannot be read is set aside and the others go on.

    `to_record` returns None for a row that is none of ours (deleted, outside the window). A key that stands
    twice on one page is kept once: the one the source touched last.
    """
    good: dict[str, tuple[DossierRecord, bytes]] = {}
    bad: list[BadRecord] = []
    for row in rows:
        raw = evidence(row)
        try:
            record = to_record(_as_object(row))
        except Unreadable as error:
            bad.append(BadRecord(_key_of(row, key_fields), error.field[:64], error.problem, raw))
            continue
        if record is not None and _is_newer(record, good.get(record.key)):
            good[record.key] = (record, raw)
    records = tuple(record for record, _ in good.values())
    return records, tuple(raw for _, raw in good.values()), tuple(bad)


def _as_object(row: object) -> Mapping[str, Any]:
    if isinstance(row, Ambiguous):
        raise Unreadable("", "một khoá xuất hiện hai lần")
    if not isinstance(row, dict):
        raise Unreadable("", "không phải đối tượng JSON")
    return row


def _key_of(row: object, key_fields: Sequence[str]) -> str:
    value = Row(row).value(*key_fields) if isinstance(row, dict) else None
    return clean(str(value))[:_LONGEST_KEY] if _is_plain(value) else ""


def _is_newer(record: DossierRecord, held: tuple[DossierRecord, bytes] | None) -> bool:
    if held is None or held[0].source_updated_at is None:
        return True
    return record.source_updated_at is not None and record.source_updated_at >= held[0].source_updated_at


def joined(pages: Iterable[Page]) -> Page:
    """Several answers as one page; a key that occurs in several is kept once, the last one."""
    together = list(pages)
    good = {record.key: (record, raw) for page in together for record, raw in zip(page.records, page.raws, strict=True)}
    bad = tuple(bad for page in together for bad in page.bad)
    return Page(tuple(record for record, _ in good.values()), tuple(raw for _, raw in good.values()), bad)
