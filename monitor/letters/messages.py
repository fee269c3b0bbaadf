"""The words that tell the counter and the applicant of a registered letter: two mails and a text to copy for SMS.

They are made at the moment of sending or showing, from the letter as it stands, and kept nowhere: the outbox holds the
letter's id only. Words for the applicant are PERSONAL DATA.
"""

import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from monitor import TEMPLATES
from monitor.letter_duty import last_day_to_enter
from monitor.letters.content import Content, split_fill
from monitor.letters.files import safe_name
from monitor.letters.forms import Forms
from monitor.letters.letterhead import setting_of
from monitor.letters.office import Office
from monitor.letters.paper import pdf
from monitor.letters.sealing import signed_file
from monitor.letters.sheet import entries, notice
from monitor.letters.steps import StepRefused
from monitor.store.tables import Dossier, Letter

SMS_LENGTH = 160  # one message without accents


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject and text of one mail, and its papers (name, PDF). PERSONAL DATA when it is for the applicant."""

    subject: str
    text: str
    papers: tuple[tuple[str, bytes], ...] = ()


def counter_mail(session: Session, letter_id: int, office: Office, on: date, base_url: str) -> Mail:
    """The written notice to the one-stop unit (NĐ 118/2025 Điều 19 khoản 6), with its paper; `on` is the day it is
    sent. Names nobody. Raises `StepRefused` for a letter that is not registered, `GlyphMissing` for words that cannot
    be printed."""
    told = _told(session, letter_id, office)
    letter = _letter(session, letter_id)
    content = Content.from_dict(letter.content or {})
    paper = pdf([notice(Forms(office.settings.templates), content, entries(session, [letter_id]).get(letter_id))])
    link = f"{base_url.rstrip('/')}/hoso/{told['ma_ho_so']}"
    until = last_day_to_enter(on, office.days_of(letter.agency_code))
    mail = _mail("counter", told | {"duong_dan": link, "doi_truoc": _short(until)})
    return replace(mail, papers=((f"thong-bao-{safe_name(str(told['ma_ho_so']))}.pdf", paper),))


def applicant_mail(session: Session, letter_id: int, office: Office) -> Mail:
    """The apology in the applicant's own mailbox: the letter's words, and the letter itself where it was signed
    electronically. Raises `StepRefused` as above, and where the signed file is not what was signed."""
    told = _told(session, letter_id, office)
    content = Content.from_dict(_letter(session, letter_id).content or {})
    words = [text for text, _ in map(split_fill, content.body) if text]
    signed = signed_file(session, letter_id, office.settings.folder)
    mail = _mail(
        "applicant",
        told | {"kinh_gui": "\n".join(content.addressee), "noi_dung": words, "kem_phieu": signed is not None},
    )
    if signed is None:
        return mail
    return replace(mail, papers=((f"phieu-xin-loi-{safe_name(str(told['ma_ho_so']))}.pdf", signed),))


def sms_text(session: Session, letter_id: int, office: Office) -> str:
    """A text to copy into the office's own SMS: without accents, one message long, naming nobody. Raises
    `StepRefused`."""
    told = _told(session, letter_id, office)
    text = plain(_render("sms.txt.j2", told | {"han_moi": told["han_moi_ngan"]}))
    if len(text) <= SMS_LENGTH:
        return text
    return plain(_render("sms.txt.j2", told | {"han_moi": told["han_moi_ngan"], "lien_he": ""}))[:SMS_LENGTH]


def plain(text: str) -> str:
    """Without accents, as old telephones and carriers want it."""
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in parts if not unicodedata.combining(c)).encode("ascii", "replace").decode()


def _told(session: Session, letter_id: int, office: Office) -> dict[str, object]:
    letter = _letter(session, letter_id)
    number = entries(session, [letter_id]).get(letter_id)
    if number is None or letter.content is None:
        raise StepRefused("not_registered", "Phiếu chưa vào sổ.", "The letter is not registered yet.")
    dossier = session.get_one(Dossier, letter.dossier_id)
    values = Content.from_dict(letter.content).values
    new = letter.new_date_on
    return {
        "ma_ho_so": dossier.code,
        "thu_tuc": values["thu_tuc"],
        "co_quan": values["co_quan"],
        "da_qua_han": values["da_qua_han"],
        "ly_do": values["ly_do"],
        "han_cu": values["han_cu"],
        "han_moi": values["han_moi"] if new is not None else "",
        "han_moi_ngan": _short(new) if new is not None else "",
        "can_cu": office.settings.legal_basis,
        "lien_he": setting_of(letter.agency_code, office.settings.agencies, number.dated_on).contact,
        "so": f"{number.number:02d}",
        "ky_hieu": number.symbol,
        "ngay_van_ban": _short(number.dated_on),
    }


def _letter(session: Session, letter_id: int) -> Letter:
    letter = session.get(Letter, letter_id)
    if letter is None:
        raise StepRefused("no_letter", "Không có phiếu này.", "There is no such letter.")
    return letter


def _short(on: date) -> str:
    return f"{on:%d/%m/%Y}"


def _mail(name: str, told: dict[str, object]) -> Mail:
    return Mail(" ".join(_render(f"{name}_subject.txt.j2", told).split()), _render(f"{name}.txt.j2", told))


def _render(name: str, told: dict[str, object]) -> str:
    return _templates().get_template(name).render(told).strip()


@cache
def _templates() -> Environment:
    return Environment(  # plain text: there is nothing to escape into
        loader=FileSystemLoader(TEMPLATES / "mail"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
