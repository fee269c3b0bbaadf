"""Paper from the command line: a stack with its list, a real print queue, labels, every form as a sample."""

from pathlib import Path

import pypdf
import pytest

from tests.cli.office import BY, CONFIG, LATE, LIFE, TOMORROW, Office, live, open_copy
from tests.cups import PRINTER, Cups
from tests.letters import keys


@pytest.fixture(scope="module")
def kept_registered(kept_drafted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders: the letter of TOMORROW approved, and signed and registered."""
    approved, registered = (tmp_path_factory.mktemp("kept") / name for name in ("approved", "registered"))
    with pytest.MonkeyPatch.context() as patch:
        live(open_copy(kept_drafted, approved, patch), TOMORROW, LIFE[:2])
        live(open_copy(approved, registered, patch), TOMORROW, LIFE[2:4])
    return approved, registered


@pytest.fixture
def approved(kept_registered: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_copy(kept_registered[0], tmp_path, monkeypatch)


@pytest.fixture
def registered(kept_registered: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_copy(kept_registered[1], tmp_path, monkeypatch)


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


def test_to_the_agencys_own_printer_unless_a_folder_is_named(approved: Office, cups: Cups, tmp_path: Path) -> None:
    own = f'[letters]\nprint_server = "{cups.server}"\n[[letters.agencies]]\nprinter = "{PRINTER}"'
    approved.config(CONFIG.replace("[[letters.agencies]]", own))
    (stack,) = approved("letters", "print", "--json").json()["stacks"]
    assert (stack["printer"], stack["file"]) == (PRINTER, None)
    assert cups.device.printed(1)[0].startswith(b"%PDF-1.7")
    (stack,) = approved("letters", "print", "--again", "--out", str(tmp_path / "in"), "--json").json()["stacks"]
    assert (stack["printer"], Path(stack["file"]).parent) == (None, tmp_path / "in")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> keys.Office:
    return keys.made(tmp_path_factory.mktemp("keys"), "UBND xã Mẫu")


class TestSigning:
    """`letters seal` and `letters signatures`: signed by a configured key, and what a check says of it."""

    @staticmethod
    def config(office: Office, authority: keys.Office, password: str = keys.PASSWORD, trusted: bool = True) -> None:
        (office.folder / "khoa.txt").write_text(password, "utf-8")
        (office.folder / "khoa.txt").chmod(0o600)
        trust = f'trust = ["{authority.root}"]' if trusted else ""
        key = f'[[letters.keys]]\nfile = "{authority.p12}"\npassword = {{ file = "khoa.txt" }}\n'
        head = key + 'role = "head"\n'
        office.config(CONFIG.replace("[[letters.agencies]]", f"[letters]\n{trust}\n{key}{head}[[letters.agencies]]"))

    def test_the_head_then_the_agency(self, registered: Office, authority: keys.Office) -> None:
        self.config(registered, authority)
        first = registered("letters", "seal", TOMORROW, *BY, "--role", "head", "--json").json()
        both = registered("letters", "seal", TOMORROW, *BY, "--json").json()
        assert [one["field"] for one in first["signatures"]] == ["ChuKyNguoiKy"]
        assert [(one["field"], one["intact"], one["trusted"]) for one in both["signatures"]] == [
            ("ChuKyNguoiKy", True, True),
            ("DauCoQuan", True, True),
        ]
        shown = registered("letters", "signatures", both["file"], "--lang", "vi")
        assert (shown.code, "UBND xã Mẫu" in shown.out, "KHÔNG" in shown.out) == (0, True, True), (
            "the first covers less"
        )
        steps = registered("letters", "steps", TOMORROW, "--json").json()["steps"]
        assert [(step["step"], step["by"], step["role"]) for step in steps[-2:]] == [
            ("sealed", "Trần Thị Thử", "head"),
            ("sealed", "Trần Thị Thử", "agency"),
        ]
        assert registered("verify").code == 0

    def test_a_stranger_or_a_changed_file_ends_with_1(self, registered: Office, authority: keys.Office) -> None:
        self.config(registered, authority)
        file = Path(registered("letters", "seal", TOMORROW, *BY, "--json").json()["file"])
        self.config(registered, authority, trusted=False)
        stranger = registered("letters", "signatures", str(file), "--lang", "vi")
        assert (stranger.code, "không có đủ chữ ký hợp lệ, được tin cậy" in stranger.err) == (1, True)
        self.config(registered, authority)
        file.write_bytes(file.read_bytes() + b"\n% one more line\n")
        (seen,) = registered("letters", "signatures", str(file), "--json").json()["signatures"]
        assert (seen["intact"], seen["whole"]) == (True, False), "what was added is not covered"
        assert registered("letters", "signatures", str(file)).code == 1
        file.write_text("không phải PDF", "utf-8")
        assert registered("letters", "signatures", str(file)).code == 1
        assert registered("letters", "signatures", "khong-co.pdf").code == 4

    def test_every_wrong_turn_has_a_word(self, registered: Office, authority: keys.Office) -> None:
        none = registered("letters", "seal", TOMORROW, *BY, "--lang", "vi")
        assert (none.code, "chưa khai báo khóa ký" in none.err) == (3, True)
        self.config(registered, authority, password="sai-roi")
        wrong = registered("letters", "seal", TOMORROW, *BY, "--lang", "vi")
        assert (wrong.code, "sai mật khẩu" in wrong.err, "sai-roi" in wrong.err) == (3, True, False)
        self.config(registered, authority)
        early = registered("letters", "seal", LATE, *BY, "--lang", "vi")
        assert (early.code, "đã vào sổ" in early.err) == (2, True), early.err
        assert registered("letters", "seal", TOMORROW, *BY).code == 0
        late = registered("letters", "seal", TOMORROW, *BY, "--role", "head", "--lang", "vi")
        assert (late.code, "người ký phải ký trước" in late.err) == (3, True)


def test_the_notice_to_the_one_stop_unit_as_pdf_and_docx(registered: Office, tmp_path: Path) -> None:
    file = registered("letters", "notice", TOMORROW, "--json").json()["file"]
    assert file.endswith("-bao-mot-cua.pdf")
    said = pypdf.PdfReader(file).pages[0].extract_text()
    assert TOMORROW in said
    assert "15/PXL" in said
    assert registered("letters", "notice", TOMORROW, "--out", str(tmp_path / "bao.docx")).code == 0
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
