"""Puts a letter's facts into a form's words. The result, `Content`, holds every word on the paper."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from jinja2 import Template

from monitor.letters.content import BLANK, Content
from monitor.letters.dates import BLANK_DATE, capital, day, hour_and_day
from monitor.letters.fonts import GlyphMissing, check_glyphs
from monitor.letters.forms import FIELDS, Form, Forms
from monitor.letters.names import address_word, addressed, tidy
from monitor.letters.templates import TemplateRefused
from monitor.settings import LetterAgency, Letters
from monitor.words import Words

Values = Mapping[str, str | bool]
COUNTER = "Bộ phận Tiếp nhận và Trả kết quả giải quyết thủ tục hành chính"  # as NĐ 118/2025 calls any one-stop unit


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter is about. Instants are local to the office. PERSONAL DATA: applicant, id number, address."""

    dossier_code: str
    promise_number: int
    procedure: str
    agency: str  # as in a sentence
    applicant: str
    applicant_kind: str
    received_at: datetime | None
    promised_at: datetime
    promised_date_only: bool
    is_overdue: bool  # the promised time has passed at drafting
    is_late: bool  # the last lawful day for the letter has passed
    agency_above: str = ""
    id_number: str = ""
    address: str = ""
    legal_basis: str = ""
    contact: str = ""
    counter: str = ""  # the one-stop unit, as in a sentence
    title: str = ""  # as printed; "" is the form's own


@dataclass(frozen=True, slots=True)
class Head:
    """How the agency's letters look: what does not depend on the dossier."""

    parent: tuple[str, ...]
    issuer: tuple[str, ...]
    place: str
    symbol: str
    signer: tuple[str, ...]
    signer_name: str = ""


def values_of(facts: Facts) -> Values:
    """The fields that the wording may use: one line each, in NFC."""
    promised = facts.promised_at
    values: dict[str, str | bool] = {
        "co_quan": facts.agency,
        "co_quan_chu_quan": facts.agency_above,
        "nguoi_nop": addressed(facts.applicant, facts.applicant_kind) or BLANK,
        "xung_ho": address_word(facts.applicant, facts.applicant_kind),
        "so_dinh_danh": facts.id_number,
        "dia_chi": facts.address,
        "ma_ho_so": facts.dossier_code,
        "thu_tuc": facts.procedure or BLANK,
        "ngay_tiep_nhan": capital(day(facts.received_at.date()) if facts.received_at else BLANK_DATE),
        "han_cu": day(promised.date()) if facts.promised_date_only else hour_and_day(promised),
        "ngay_han_cu": day(promised.date()),
        "can_cu": facts.legal_basis,
        "lien_he": facts.contact,
        "mot_cua": facts.counter or COUNTER,
        "ten_loai": facts.title,
        # the reason is the officer's and the new date too (house decision 9): left for a person
        "ly_do": BLANK,
        "han_moi": BLANK_DATE,
        "chua_ghi_ly_do": True,
        "da_qua_han": facts.is_overdue,
        "duoc_gia_han": facts.promise_number == 1,  # at most one new appointment (Điều 19 khoản 6)
    }
    return {k: tidy(v) if isinstance(v, str) else v for k, v in values.items()}


def compose(form: Form, head: Head, facts: Facts, now: datetime, local_year: int) -> Content:
    """The letter's words at `now`. Number and date stay blank: they are the registry's (văn thư)."""
    values = values_of(facts)
    return refilled(
        form,
        values,
        Content(
            form=form.code,
            template_version=form.version,
            dossier_code=tidy(facts.dossier_code),
            promise_number=facts.promise_number,
            worded_at=_instant(now),
            is_late=facts.is_late,
            parent=tuple(map(tidy, head.parent)),
            issuer=tuple(map(tidy, head.issuer)),
            # non-breaking spaces keep the gap for the registry's number open on both papers
            number=blank_number(head.symbol or form.symbol),
            place_and_date=f"{tidy(head.place) or BLANK}, ngày …… tháng …… năm {local_year}",
            title=(),
            addressee=(),
            body=(),
            signer=tuple(map(tidy, head.signer)),
            signer_note="",
            signer_name=tidy(head.signer_name),
            layout=form.layout,
        ),
    )


def blank_number(symbol: str) -> str:
    """Room for the registry's number; a symbol that nobody set is left to it too."""
    # non-breaking spaces keep the gap open on both papers
    return "Số:" + "\u00a0" * 8 + f"/{tidy(symbol) or BLANK}"


def reworded(form: Form, content: Content, *, reason: str | None = None, new_date: date | None = None) -> Content:
    """The same letter with the officer's reason or new date in it."""
    values = dict(content.values)
    if reason is not None:
        values |= {"ly_do": tidy(reason) or BLANK, "chua_ghi_ly_do": not tidy(reason)}
    if new_date is not None:
        values["han_moi"] = day(new_date)
    return refilled(form, values, content)


def retold(
    form: Form, content: Content, *, promised: datetime, date_only: bool, is_overdue: bool, now: datetime
) -> Content:
    """The same letter once its promise was moved, or has passed: "expected" would no longer be true."""
    values = dict(content.values) | {
        "han_cu": day(promised.date()) if date_only else hour_and_day(promised),
        "ngay_han_cu": day(promised.date()),
        "da_qua_han": is_overdue,
    }
    return refilled(form, values, replace(content, worded_at=_instant(now)))


def tells(content: Content, promised: datetime, *, is_overdue: bool) -> bool:
    """Whether the words still tell this promise (local), and rightly as broken or expected to be."""
    return content.values["ngay_han_cu"] == day(promised.date()) and content.values["da_qua_han"] is is_overdue


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def refilled(form: Form, values: Values, content: Content) -> Content:
    """The letter with these values put into the form's words anew."""
    # a field that came with a later version of the program is missing in the values of older letters
    values = dict.fromkeys(FIELDS, "") | dict(values)
    values["ten_loai"] = values["ten_loai"] or form.title_named("")
    parts = {part: paragraphs(template, values) for part, template in form.parts.items()}
    return replace(
        content,
        template_version=form.version,
        title=parts["title"],
        addressee=parts["addressee"],
        body=parts["body"],
        signer_note=" ".join(parts.get("signature", ())),
        recipients=parts.get("recipients", ()),
        values=values,
    )


def paragraphs(template: Template, values: Values) -> tuple[str, ...]:
    """The worded paragraphs: one for each line that is not empty."""
    text = template.render(dict(values))
    # only our own line ends part paragraphs: values are single lines, whatever they hold
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return tuple(line for line in lines if line)


def check_templates(settings: Letters) -> list[TemplateRefused]:
    """Every problem in the wording this office uses, worded with samples in each of its variants. For `check`."""
    forms = Forms(settings.templates)
    problems: list[TemplateRefused] = []
    wanted = {agency.form for agency in settings.agencies} | set(settings.procedures.values())
    for code in sorted(wanted | set(forms.codes)):
        try:
            form = forms.get(code)
            _try_out(form)
            forms.get(form.again)
        except TemplateRefused as problem:
            problems.append(problem)
        else:
            problems += [_no_title(form, a.title) for a in settings.agencies if a.form == code and _unknown(form, a)]
    return problems


def _unknown(form: Form, agency: LetterAgency) -> bool:
    return bool(agency.title) and agency.title not in form.titles


def _no_title(form: Form, name: str) -> TemplateRefused:
    known = ", ".join(form.titles)
    return TemplateRefused(
        form.files["title"].with_name("form.toml"),
        1,
        Words(f'không có tên loại "{name}" trong [titles].', f'there is no title "{name}" in [titles].'),
        Words(f"[[letters.agencies]] title: {known}.", f"[[letters.agencies]] title: {known}."),
    )


def _try_out(form: Form) -> None:
    firsts = {"extension": (True,), "apology": (False,)}.get(form.purpose, (True, False))
    for overdue in (False, True):
        for first in firsts:
            values: Values = dict.fromkeys(FIELDS, "mẫu") | {"da_qua_han": overdue, "duoc_gia_han": first}
            for part, template in form.parts.items():
                printed = paragraphs(template, values)
                _check_printable(form.files[part], printed)
                if not printed and part in ("title", "addressee", "body"):
                    raise TemplateRefused(
                        form.files[part],
                        1,
                        Words("không in ra chữ nào.", "prints no word."),
                        Words("Viết nội dung cho mọi trường hợp.", "Write words for every case."),
                    )


def _check_printable(file: Path, printed: tuple[str, ...]) -> None:
    try:
        check_glyphs(("body", line) for line in printed)
    except GlyphMissing as missing:
        source = file.read_text("utf-8").split("\n")
        line = next((i for i, text in enumerate(source, 1) if missing.character in text), 1)
        raise TemplateRefused(
            file,
            line,
            Words(f'ký tự "{missing.character}" không in được.', f'"{missing.character}" cannot be printed.'),
            Words("Thay bằng ký tự khác.", "Use another character."),
        ) from None
