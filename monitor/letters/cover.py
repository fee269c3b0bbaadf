"""The list that lies on top of a stack of letters: what is in it, who printed it, room to sign for it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

TITLE = "BẢNG KÊ PHIẾU XIN LỖI"
COLUMNS = ("STT", "Mã hồ sơ", "Người nhận", "Số, ký hiệu", "Mã đối chiếu", "Ký nhận")


@dataclass(frozen=True, slots=True)
class CoverLine:
    """One letter of the stack. Holds PERSONAL DATA: the addressee."""

    code: str
    addressee: str
    number: str  # "15/PXL"; "" before it is registered
    check: str


@dataclass(frozen=True, slots=True)
class Cover:
    """`about` are the lines under the title: when and by whom it was printed, how many."""

    agency: str
    about: tuple[str, ...]
    lines: tuple[CoverLine, ...]

    @property
    def heading(self) -> str:
        """The agency in capitals, which may be other characters than its name has: they are what must be printable."""
        return self.agency.upper()

    def texts(self) -> Iterator[tuple[str, str]]:
        """(field, words) for the check of what can be printed."""
        yield "issuer", self.heading
        yield from (("body", line) for line in self.about)
        for line in self.lines:
            yield from (("ma_ho_so", line.code), ("nguoi_nop", line.addressee), ("number", line.number))

    def to_dict(self) -> dict[str, Any]:
        """What the layout gets."""
        return asdict(self) | {"heading": self.heading, "title": TITLE, "columns": COLUMNS}
