"""The page as a picture: the marks that NĐ 30/2020 asks for, measured in pixels."""

import io
import subprocess
from typing import Any

import pytest
from PIL import Image

from monitor.letters.paper import pdf
from tests.letters.samples import filled, letter

pytestmark = [pytest.mark.poppler, pytest.mark.usefixtures("pdftoppm")]
DPI = 200
MM = DPI / 25.4


def picture(**changed: Any) -> Image.Image:
    command = ["pdftoppm", "-r", str(DPI), "-gray", "-png", "-f", "1", "-l", "1", "-"]
    done = subprocess.run(command, input=pdf([letter(**changed)]), capture_output=True, check=True)
    grey = Image.open(io.BytesIO(done.stdout)).convert("L")
    return grey.point([255] * 128 + [0] * 128)  # ink is 255


def rules(page: Image.Image, left_mm: float, right_mm: float) -> list[tuple[float, float, float]]:
    """Unbroken lines of at least 15 mm in a column of the head: (top, left, right) in mm."""
    found: list[tuple[float, float, float]] = []
    for y in range(round(20 * MM), round(60 * MM)):
        row = page.crop((round(left_mm * MM), y, round(right_mm * MM), y + 1)).tobytes()
        longest = max(row.split(b"\x00"), key=len)
        if len(longest) > 15 * MM and (not found or y / MM - found[-1][0] > 1):
            start = row.index(longest) / MM + left_mm
            found.append((y / MM, start, start + len(longest) / MM))
    return found


def test_the_rule_under_the_motto_is_as_long_as_the_motto() -> None:
    page = picture()
    ((top, left, right),) = rules(page, 100, 190)
    above = page.crop((round(100 * MM), round((top - 5) * MM), round(190 * MM), round((top - 0.7) * MM))).getbbox()
    assert above is not None
    assert left == pytest.approx(above[0] / MM + 100, abs=0.6)
    assert right == pytest.approx(above[2] / MM + 100, abs=0.6)
    assert right - left == pytest.approx(56.1, abs=0.6)  # the length that the Word layout uses too


def test_the_rule_under_the_agency_is_a_third_to_a_half_of_its_name() -> None:
    page = picture()
    ((top, left, right),) = rules(page, 30, 96)
    above = page.crop((round(30 * MM), round((top - 4) * MM), round(96 * MM), round((top - 0.7) * MM))).getbbox()
    assert above is not None
    name = (above[2] - above[0]) / MM
    assert 1 / 3 <= (right - left) / name <= 1 / 2
    middle = (above[0] + above[2]) / 2 / MM + 30
    assert (left + right) / 2 == pytest.approx(middle, abs=0.6)


@pytest.mark.parametrize("length", [60, 300, 1_500])
def test_nothing_lies_outside_the_margins_but_the_foot(length: int) -> None:
    box = picture(procedure=filled("thủ tục hành chính", length), applicant="W" * 150).getbbox()
    assert box is not None
    left, top, right, bottom = (edge / MM for edge in box)
    assert left >= 29.5
    assert right <= 190.6
    assert top >= 18.5  # the hook over a capital stands above its line
    assert bottom <= 292  # the QR stands in the bottom margin, clear of the printer's edge


def test_the_code_at_the_foot_is_a_full_qr_with_three_finders() -> None:
    """A Micro QR has one, and phones cannot read it."""
    page = picture()
    foot = page.crop((round(28 * MM), round(276 * MM), round(45 * MM), round(293 * MM)))
    box = foot.getbbox()
    assert box is not None
    code = foot.crop(box)
    size = code.size[0]
    assert size == pytest.approx(code.size[1], abs=3)
    assert size / MM > 10
    corner = round(size * 7 / 25)  # a finder is 7 of 25 modules wide

    def is_finder(x: int, y: int) -> bool:
        mid = (x + corner // 2, y + corner // 2)
        ring = (x + round(corner * 1.5 / 7), y + corner // 2)
        return code.getpixel(mid) == 255 and code.getpixel(ring) == 0

    assert [is_finder(0, 0), is_finder(size - corner, 0), is_finder(0, size - corner)] == [True, True, True]
