"""Every form with hard samples, so that an office sees its own wording and letterhead before the first real letter.

All people are invented.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from monitor.letters import labels, paper
from monitor.letters.content import Content
from monitor.letters.cover import Cover, CoverLine
from monitor.letters.forms import DEFAULT, Forms
from monitor.letters.letterhead import head_of, setting_of
from monitor.letters.sheet import notice, numbered
from monitor.letters.wording import Facts, compose, reworded
from monitor.settings import Letters
from monitor.store.tables import LetterNumber

_AGENCY = "Ủy ban nhân dân phường Mẫu Đơn"
_WORDS = (
    "đăng ký biến động quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất trong các trường hợp chuyển nhượng và "
)
_LONG = f"Thủ tục {_WORDS * 3}"
_SAMPLES: dict[str, dict[str, str]] = {
    "thuong": {
        "applicant": "NGUYỄN THỊ MẪU",
        "kind": "citizen",
        "procedure": "Đăng ký khai sinh",
        "reason": "Cần xác minh thực địa.",
    },
    "kho": {  # several owners, a highland name, marks that mean something to programs
        "applicant": "H'HEN NIÊ MẪU; TRẦN VĂN THỬ; LÊ THỊ NHÁP <&#$\\*> {{ x }}",
        "kind": "citizen",
        "procedure": 'Cấp "Giấy phép" <b>xây dựng</b> & #nhà ở $riêng$ lẻ \\ *đậm* _nghiêng_ {% if %}',
        "reason": 'Hồ sơ "phức tạp" & cần #phối hợp <liên ngành> 100% $, * \\ ~ ` @',
    },
    "dai": {  # the lengths one page is promised to hold
        "applicant": "CÔNG TY TRÁCH NHIỆM HỮU HẠN MỘT THÀNH VIÊN THƯƠNG MẠI DỊCH VỤ XUẤT NHẬP KHẨU MẪU ĐƠN VIỆT NAM",
        "kind": "organisation",
        "procedure": _LONG[:300].strip(),
        "reason": ("Cần lấy ý kiến của cơ quan phối hợp và xác minh thực địa; " * 6)[:300].strip(" ;") + ".",
    },
}


def samples(settings: Letters, now: datetime) -> Iterator[tuple[str, bytes]]:
    """(file name, PDF) of every form in each of its cases, the label sheet and the list of a stack.

    `now` is local. Raises `TemplateRefused` where the office's wording cannot be used.
    """
    forms = Forms(settings.templates)
    letters: list[Content] = []
    for code in forms.codes:
        for sample in _SAMPLES:
            for is_overdue in (False, True):
                content = _letter(forms, code, settings, sample, is_overdue, now)
                letters.append(content)
                case = "da-qua-han" if is_overdue else "truoc-han"
                yield f"{code}-{sample}-{case}.pdf", paper.pdf([content])
    people = letters[:24]
    yield "nhan-thu.pdf", labels.sheet([labels.label_of(one) for one in people], int(now.timestamp()))
    lines = tuple(
        CoverLine(one.dossier_code, str(one.values["nguoi_nop"]), "07/PXL" if i % 2 else "", one.check)
        for i, one in enumerate(people)
    )
    about = ("In lúc 09 giờ 00, ngày mẫu; người in: Trần Thị Thử", f"{len(lines)} phiếu")
    yield "bang-ke.pdf", paper.pdf([people[0]], Cover(_AGENCY, about, lines))


def _letter(forms: Forms, code: str, settings: Letters, sample: str, is_overdue: bool, now: datetime) -> Content:
    form = forms.get(code)
    entry = setting_of("*", settings.agencies, now.date())
    promised = now.replace(hour=16, minute=30) + timedelta(days=-2 if is_overdue else 2)
    said = _SAMPLES[sample]
    facts = Facts(
        dossier_code="H19.999-261103-0042",
        promise_number=2 if form.purpose == "apology" else 1,
        procedure=said["procedure"],
        agency=_AGENCY,
        applicant=said["applicant"],
        applicant_kind=said["kind"],
        received_at=promised - timedelta(days=20),
        promised_at=promised,
        promised_date_only=False,
        is_overdue=is_overdue,
        is_late=is_overdue,
        id_number="000000000000" if entry.show_id_number else "",
        address="Số 12 đường Mẫu Đơn, phường Mẫu Đơn",
        legal_basis=settings.legal_basis,
        contact=entry.contact,
        counter=entry.counter,
        title=form.title_named(entry.title if entry.form == code else ""),
    )
    wanted = forms.get(DEFAULT) if form.purpose == "notice" else form  # a notice goes with a letter
    content = compose(wanted, head_of(entry, None, _Nobody(), _AGENCY), facts, now, now.year)
    new_date = now.date() + timedelta(days=9) if wanted.purpose == "extension" else None
    content = reworded(wanted, content, reason=said["reason"], new_date=new_date)
    entry_of = LetterNumber(number=7, symbol="PXL", dated_on=now.date(), letter_id=0)
    return notice(forms, content, entry_of) if form.purpose == "notice" else numbered(content, entry_of)


class _Nobody:
    """A directory without agencies: the sample agency is not in the tree."""

    def agency(self, code: str) -> None:
        return None

    def canonical(self, source: str, agency_code: str, on: date | None = None) -> str:
        return ""
