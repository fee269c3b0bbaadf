"""Letters signed electronically: the registered paper, head first, seal over it, checked and on record."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageDraw
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker

from monitor.letters import pades, paper
from monitor.letters.pades import SealTrouble
from monitor.letters.sealing import Sealed, seal
from monitor.letters.steps import By, StepRefused, history
from monitor.letters.verify import verify
from monitor.settings import LetterKey, Letters
from tests.conftest import need
from tests.letters import keys
from tests.letters.samples import letter, printed, squeezed
from tests.letters.test_draft import draft, put
from tests.letters.test_life import MONDAY, approve, decide, register, sign


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> keys.Office:
    return keys.made(tmp_path_factory.mktemp("keys"))


def picture(path: Path, colour: str) -> Path:
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((5, 5, 195, 195), outline=colour, width=12)
    image.save(path)
    return path


def key(office: keys.Office, **changed: Any) -> LetterKey:
    known: dict[str, Any] = {"file": office.p12, "password": SecretStr(keys.PASSWORD)}
    return LetterKey(**(known | changed))


Live = Callable[[], None]


@pytest.fixture
def registered(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        put(session, 1)
    draft(sessions)
    for step in (decide, approve, sign, register):
        with sessions.begin() as session:
            step(session)  # type: ignore[operator]


def sealed(sessions: sessionmaker[Session], folder: Path, settings: Letters, role: str = "agency") -> Sealed:
    return seal(sessions, 1, settings, By("Văn thư", MONDAY), role=role, folder=folder)


@pytest.mark.usefixtures("registered")
def test_the_head_signs_then_the_agency_seals_and_both_hold(
    sessions: sessionmaker[Session], office: keys.Office, tmp_path: Path
) -> None:
    settings = Letters(
        trust=(office.root,),
        keys=(
            key(office, role="head", image=picture(tmp_path / "ky.png", "blue")),
            key(office, image=picture(tmp_path / "dau.png", "red")),
        ),
    )
    first = sealed(sessions, tmp_path, settings, "head")
    assert [(s.field, s.good, s.whole) for s in first.seen] == [("ChuKyNguoiKy", True, True)]
    both = sealed(sessions, tmp_path, settings)
    assert [(s.field, s.good, s.whole) for s in both.seen] == [
        ("ChuKyNguoiKy", True, False),  # the seal came on top of it
        ("DauCoQuan", True, True),
    ]
    assert both.seen[0].signer == "UBND phường Chơn Thành"
    assert both.file.name == "H19.126-251103-0001-1-ky-so.pdf"
    data = both.file.read_bytes()
    assert "Số:15/PXL" in squeezed(printed(data)[0])  # what is signed bears number and day
    with sessions() as session:
        assert [s.step for s in history(session, 1)][-2:] == ["sealed", "sealed"]
        assert history(session, 1)[-1].detail["certificate"] == "UBND phường Chơn Thành"
        assert verify(session) == []

    # where the decree puts them: the seal, in its true size, a third of it over the signature's left edge
    with pikepdf.open(io.BytesIO(data)) as document:
        boxes = {str(a.T): [float(x) / pades.MM for x in a.Rect] for a in document.pages[0].Annots}
        hand, red = boxes["ChuKyNguoiKy"], boxes["DauCoQuan"]
        assert red[2] - red[0] == pytest.approx(36, abs=0.5)
        assert red[0] < hand[0] < red[2] < (hand[0] + hand[2]) / 2 + 5
        with document.open_metadata() as told:
            assert told["pdfaid:part"] == "2"

    again = sealed(sessions, tmp_path, settings)  # what is signed is signed: nothing is added
    assert again.file.read_bytes() == data
    other = Letters(keys=(key(office), key(office, role="head")))
    both.file.unlink()
    sealed(sessions, tmp_path, other)
    with pytest.raises(SealTrouble, match="before that"):
        sealed(sessions, tmp_path, other, "head")


def test_a_changed_byte_or_a_strange_authority_is_seen(office: keys.Office, tmp_path: Path) -> None:
    content = letter()
    data = pades.sign(paper.pdf([content]), key(office), paper.signature_place(content))
    assert [s.good for s in pades.validate(data, [office.root])] == [True]
    assert [(s.intact, s.trusted) for s in pades.validate(data)] == [(True, False)]
    (tmp_path / "khac").mkdir()
    other = keys.made(tmp_path / "khac")
    assert [s.trusted for s in pades.validate(data, [other.root])] == [False]
    at = data.index(b"/Keywords") + 12
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    assert [s.intact for s in pades.validate(changed, [office.root])] == [False]
    assert pades.validate(paper.pdf([content])) == []
    with pytest.raises(SealTrouble, match="cannot be checked"):
        pades.validate(b"no PDF")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": SecretStr("sai")}, "sai mật khẩu"),
        ({"file": Path("/khong/co.p12")}, "không đọc được co.p12"),
        ({"image": Path("/khong/co.png")}, "không đọc được hình co.png"),
        ({"method": "pkcs11", "module": Path("/khong/co.so"), "token": "t", "label": "l"}, "không mở được thiết bị"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_without_its_secret(
    office: keys.Office, changed: dict[str, Any], said: str
) -> None:
    content = letter()
    with pytest.raises(SealTrouble) as trouble:
        pades.sign(paper.pdf([content]), key(office, **changed), paper.signature_place(content))
    assert said in trouble.value.words.vi
    assert keys.PASSWORD not in str(trouble.value)


@pytest.mark.usefixtures("registered")
def test_no_key_is_said(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with pytest.raises(SealTrouble, match="no key"):
        sealed(sessions, tmp_path, Letters())


def test_only_what_bears_a_number_is_signed(
    sessions: sessionmaker[Session], office: keys.Office, tmp_path: Path
) -> None:
    with sessions.begin() as session:
        put(session, 1)
    draft(sessions)
    with pytest.raises(StepRefused) as refused:
        sealed(sessions, tmp_path, Letters(keys=(key(office),)))
    assert refused.value.name == "wrong_order"


def test_with_a_key_that_never_leaves_its_token(office: keys.Office, monkeypatch: pytest.MonkeyPatch) -> None:
    need(bool(keys.SOFTHSM), "SoftHSM", "apt-get install softhsm2")
    for name, value in keys.on_token(office).items():
        monkeypatch.setitem(os.environ, name, value)
    keys.put_certificate(office)
    on_token = key(
        office, method="pkcs11", module=Path(keys.SOFTHSM), token="so-ky", label="ky", password=SecretStr(keys.PIN)
    )
    content = letter()
    place = paper.signature_place(content)
    data = pades.sign(paper.pdf([content]), on_token, place)
    assert [(s.good, s.whole) for s in pades.validate(data, [office.root])] == [(True, True)]
    with pytest.raises(SealTrouble, match="cannot be opened"):
        pades.sign(paper.pdf([content]), on_token.model_copy(update={"password": SecretStr("0000")}), place)
