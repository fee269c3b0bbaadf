"""Paper from the command line: a stack with its list, a real print queue, labels, every form as a sample."""

from pathlib import Path

import pypdf
import pytest

from tests.cli.office import CONFIG, TOMORROW, Office
from tests.cli.test_letter_life import LIFE, live
from tests.cups import PRINTER, Cups


@pytest.fixture
def approved(working: Office) -> Office:
    working("letters", "draft", "--no-files")
    live(working, TOMORROW, LIFE[:2])
    return working


def test_todays_stack_of_an_agency_lies_under_its_list(approved: Office) -> None:
    said = approved("letters", "print", "--agency", "H19", "--today", "--by", "Văn thư", "--json").json()
    (stack,) = said["stacks"]
    pages = [page.extract_text() for page in pypdf.PdfReader(stack["file"]).pages]
    assert len(pages) == 2
    assert "BẢNG KÊ PHIẾU XIN LỖI" in pages[0]
    assert "xã Mẫu".upper() in pages[0]
    steps = approved("letters", "steps", TOMORROW, "--json").json()["steps"]
    assert (steps[-1]["step"], steps[-1]["by"], steps[-1]["file"]) == ("printed", "Văn thư", Path(stack["file"]).name)
    assert approved("letters", "print", "--json").json()["stacks"] == [], "printed once"
    assert approved("verify", "--json").json()["faults"] == []


def test_straight_to_a_printer_by_name(approved: Office, cups: Cups) -> None:
    approved.config(
        CONFIG.replace("[[letters.agencies]]", f'[letters]\nprint_server = "{cups.server}"\n[[letters.agencies]]')
    )
    said = approved("letters", "print", "--printer", PRINTER, "--json").json()
    assert said["stacks"][0]["printer"] == PRINTER
    (data,) = cups.device.printed(1)
    assert data.startswith(b"%PDF-1.7")
    refused = approved("letters", "print", "--printer", "khong-co", "--again", "--lang", "vi")
    assert (refused.code, "khong-co" in refused.err) == (3, True)


def test_the_notice_to_the_one_stop_unit_as_pdf_and_docx(approved: Office, tmp_path: Path) -> None:
    live(approved, TOMORROW, LIFE[2:4])
    file = approved("letters", "notice", TOMORROW, "--json").json()["file"]
    assert file.endswith("-bao-mot-cua.pdf")
    said = pypdf.PdfReader(file).pages[0].extract_text()
    assert TOMORROW in said
    assert "15/PXL" in said
    assert approved("letters", "notice", TOMORROW, "--out", str(tmp_path / "bao.docx")).code == 0
    assert (tmp_path / "bao.docx").read_bytes().startswith(b"PK")


def test_labels(approved: Office, tmp_path: Path) -> None:
    said = approved("letters", "labels", "--out", str(tmp_path / "nhan.pdf"), "--json").json()
    assert len(said["stacks"][0]["letters"]) == 1
    assert TOMORROW in pypdf.PdfReader(tmp_path / "nhan.pdf").pages[0].extract_text()


def test_every_form_in_the_offices_own_wording(working: Office, tmp_path: Path) -> None:
    wording = working.folder / "loi-van" / "pxl_2025"
    wording.mkdir(parents=True)
    (wording / "title.txt").write_text("PHIẾU RIÊNG CỦA XÃ MẪU\n", "utf-8")
    working.config(CONFIG.replace("[[letters.agencies]]", '[letters]\ntemplates = "loi-van"\n[[letters.agencies]]'))
    files = working("letters", "preview", "--sample", "--out", str(tmp_path), "--json").json()["files"]
    assert len(files) == 32
    text = pypdf.PdfReader(tmp_path / "pxl_2025-thuong-truoc-han.pdf").pages[0].extract_text()
    assert "PHIẾU RIÊNG CỦA XÃ MẪU" in text
    (wording / "title.txt").write_text("{{ khong_co }}", "utf-8")
    refused = working("letters", "preview", "--sample", "--out", str(tmp_path), "--lang", "vi")
    assert (refused.code, "title.txt:1" in refused.err) == (2, True)
    assert working("letters", "preview").code == 2
