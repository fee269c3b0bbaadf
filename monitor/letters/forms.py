"""The forms as data: name, paper, legal basis, dates, and the files of wording, with an office's own laid over ours."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Template

from monitor import TEMPLATES
from monitor.letters.templates import TemplateRefused, names_used, read_template
from monitor.words import Words

OURS = TEMPLATES / "letters"

# What the wording may say. The names are those that clerks know from the form.
FIELDS: Mapping[str, Words] = {
    "co_quan": Words("cơ quan giải quyết, như trong câu văn", "the resolving agency, as in a sentence"),
    "co_quan_chu_quan": Words("cơ quan chủ quản", "the agency above"),
    "nguoi_nop": Words("người nộp, có xưng hô", "the applicant, with a form of address"),
    "xung_ho": Words("Ông/Bà, Quý công ty …", "how the applicant is spoken to"),
    "so_dinh_danh": Words("số định danh; trống nếu không in", "the id number; empty where it is not shown"),
    "dia_chi": Words("địa chỉ người nộp", "the applicant's address"),
    "ten_loai": Words("tên loại hoặc trích yếu đã chọn", "the chosen title or subject"),
    "ma_ho_so": Words("mã số hồ sơ", "the dossier code"),
    "thu_tuc": Words("tên thủ tục hành chính", "the procedure's name"),
    "ngay_tiep_nhan": Words("Ngày … tiếp nhận", "the day of reception"),
    "han_cu": Words("thời gian hẹn trả cũ, có giờ", "the old return time with its hour"),
    "ngay_han_cu": Words("ngày hẹn trả cũ, không giờ", "the old return day"),
    "han_moi": Words("ngày hẹn trả mới", "the new return day"),
    "ly_do": Words("lý do", "the reason"),
    "can_cu": Words("căn cứ pháp lý trong cấu hình", "the legal basis from the configuration"),
    "lien_he": Words("nơi liên hệ", "whom to ask"),
    "mot_cua": Words("Bộ phận Một cửa tiếp nhận hồ sơ", "the one-stop unit"),
    "so_phieu": Words(
        "số, ký hiệu phiếu xin lỗi; trống nếu chưa vào sổ", "the letter's number; empty before it has one"
    ),
    "ngay_phieu": Words("ngày của phiếu xin lỗi", "the letter's day"),
    "da_qua_han": Words("đúng nếu đã quá ngày hẹn", "true once the promised time has passed"),
    "duoc_gia_han": Words("đúng nếu chưa gia hạn lần nào", "true where no extension was given yet"),
    "chua_ghi_ly_do": Words("đúng khi lý do còn để trống", "true while the reason is blank"),
}
PARTS = ("title", "addressee", "body", "signature", "recipients")
_OPTIONAL = frozenset({"recipients", "signature"})
LAYOUTS = ("phieu", "cong_van")
PAPERS = ("A4",)
DEFAULT = "pxl_2025"
AGAIN = "xin_loi"
# What the law makes a paper of each purpose say (NĐ 118/2025 Điều 19 khoản 6), by part.
_APOLOGY = ("ma_ho_so", "ly_do", "co_quan")
_REQUIRED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "extension": {"addressee": ("nguoi_nop",), "body": (*_APOLOGY, "han_moi")},
    "apology": {"addressee": ("nguoi_nop",), "body": _APOLOGY},
    "notice": {"addressee": ("mot_cua",), "body": (*_APOLOGY, "han_moi")},
}
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Form:
    """One form. `version` changes when a word of it changes; it is kept with each letter.

    `purpose` is extension (one new appointment), apology (none) or notice (to the one-stop unit). `again` is the form
    of a second miss, `replaces` the one in force before `valid_from`. `titles` are variants by name, `title` ours.
    """

    code: str
    name: str
    paper: str
    basis: str
    valid_from: date | None
    valid_to: date | None
    parts: Mapping[str, Template]
    files: Mapping[str, Path]
    version: str
    purpose: str = "extension"
    layout: str = "phieu"
    symbol: str = ""
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    again: str = AGAIN
    replaces: str = ""

    def title_named(self, name: str) -> str:
        """The variant of this name, else the form's own."""
        return self.titles.get(name) or self.titles.get(self.title, "")

    def is_valid(self, on: date) -> bool:
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)


class Forms:
    """All forms of an office: ours, and its own wording file by file over them."""

    def __init__(self, overlay: Path | None = None) -> None:
        self._folders = tuple(f for f in (overlay, OURS) if f is not None)
        self._read: dict[str, Form] = {}

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every form there is, ours and the office's own."""
        found = {p.parent.name for folder in self._folders for p in folder.glob("*/form.toml")}
        return tuple(sorted(code for code in found if _CODE.fullmatch(code)))

    def get(self, code: str) -> Form:
        """Raises `TemplateRefused` where the form does not exist or a file of it is wrong."""
        if code not in self._read:
            self._read[code] = self._load(code)
        return self._read[code]

    def choose(self, code: str, on: date, *, extension: bool = True) -> Form:
        """The form that an agency which uses `code` fills in on that day; without an extension the one for a second
        miss. Raises `TemplateRefused` where no form in its line is in force."""
        form = self.get(code)
        seen = {code}
        while form.valid_from is not None and on < form.valid_from and form.replaces and form.replaces not in seen:
            form = self.get(form.replaces)
            seen.add(form.code)
        while form.valid_to is not None and on > form.valid_to:
            newer = next((f for c in self.codes if c not in seen and (f := self.get(c)).replaces == form.code), None)
            if newer is None:
                break
            form = newer
            seen.add(form.code)
        if not form.is_valid(on):
            raise TemplateRefused(
                form.files["body"].with_name("form.toml"),
                1,
                Words(
                    f'mẫu "{form.code}" không có hiệu lực ngày {on:%d/%m/%Y}.',
                    f'the form "{form.code}" is not in force on {on.isoformat()}.',
                ),
                Words("Chọn mẫu khác cho cơ quan này, hoặc sửa ngày.", "Choose another form, or mend its dates."),
            )
        if not extension and form.purpose == "extension":
            return self.get(form.again)
        return form

    def _file(self, code: str, name: str) -> Path | None:
        return next((f for folder in self._folders if (f := folder / code / name).is_file()), None)

    def _load(self, code: str) -> Form:
        about = self._file(code, "form.toml") if _CODE.fullmatch(code) else None
        if about is None:
            raise TemplateRefused(
                self._folders[0] / "form.toml",
                1,
                Words(f'không có mẫu "{code}".', f'there is no form "{code}".'),
                Words(f"Các mẫu: {', '.join(self.codes)}.", f"Forms: {', '.join(self.codes)}."),
            )
        data = _read_about(about)
        files = {part: f for part in PARTS if (f := self._file(code, f"{part}.txt")) is not None}
        for part in PARTS:
            if part not in files and part not in _OPTIONAL:
                raise TemplateRefused(
                    about.with_name(f"{part}.txt"),
                    1,
                    Words("thiếu tệp.", "the file is missing."),
                    Words(f"Chép từ mẫu {OURS.name}/pxl_2025.", "Copy it from the form pxl_2025."),
                )
        parts = {part: read_template(file, FIELDS) for part, file in files.items()}
        _check_duty(files, str(data.get("purpose", "extension")))
        digest = hashlib.sha256(b"\0".join(f.read_bytes() for f in (about, *files.values()))).hexdigest()
        return Form(
            code=code,
            name=str(data["name"]),
            paper=str(data.get("paper", "A4")),
            basis=str(data.get("basis", "")),
            valid_from=data.get("valid_from"),
            valid_to=data.get("valid_to"),
            parts=parts,
            files=files,
            version=digest[:16],
            purpose=data.get("purpose", "extension"),
            layout=data.get("layout", "phieu"),
            symbol=data.get("symbol", ""),
            title=data.get("title", ""),
            titles=dict(data.get("titles", {})),
            again=data.get("again", AGAIN),
            replaces=data.get("replaces", ""),
        )


def _read_about(file: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateRefused(
            file,
            1,
            Words(f"không phải TOML đúng ({error}).", f"is not valid TOML ({error})."),
            Words("Xem form.toml của mẫu pxl_2025.", "See form.toml of the form pxl_2025."),
        ) from None
    if not isinstance(data.get("name"), str) or any(
        not isinstance(data.get(key), date | None) for key in ("valid_from", "valid_to")
    ):
        raise TemplateRefused(
            file,
            1,
            Words("thiếu name, hoặc ngày không đúng dạng.", "name is missing, or a date is not a date."),
            Words('name = "…", valid_from = 2025-09-15', 'name = "…", valid_from = 2025-09-15'),
        )
    _check_choices(file, data)
    return data


def _check_choices(file: Path, data: Mapping[str, Any]) -> None:
    """The words of form.toml that are one of a few."""
    choices = {"paper": PAPERS, "purpose": tuple(_REQUIRED), "layout": LAYOUTS}
    titles = data.get("titles", {})
    if isinstance(titles, dict) and all(isinstance(text, str) and text.strip() for text in titles.values()):
        choices["title"] = tuple(titles) or ("",)
    else:
        raise _choice_refused(file, "titles", ('ten = "PHIẾU …"',))
    for key, allowed in choices.items():
        if key in data and data[key] not in allowed:
            raise _choice_refused(file, key, allowed)
    for key in ("symbol", "again", "replaces", "basis"):
        if not isinstance(data.get(key, ""), str):
            raise _choice_refused(file, key, ('"…"',))


def _choice_refused(file: Path, key: str, allowed: tuple[str, ...]) -> TemplateRefused:
    line = next((i for i, text in enumerate(file.read_text("utf-8").split("\n"), 1) if key in text), 1)
    shown = " | ".join(allowed)
    return TemplateRefused(
        file,
        line,
        Words(f'khóa "{key}" có giá trị không dùng được.', f'the value of "{key}" cannot be used.'),
        Words(f"{key} = {shown}", f"{key} = {shown}"),
    )


def _check_duty(files: Mapping[str, Path], purpose: str) -> None:
    for part, wanted in _REQUIRED[purpose].items():
        used = names_used(files[part])
        if purpose == "apology" and "han_moi" in used:
            raise TemplateRefused(
                files[part],
                1,
                Words("không được ghi {{ han_moi }}.", "{{ han_moi }} must not stand here."),
                Words(
                    "Việc gia hạn không quá một lần (khoản 6 Điều 19 NĐ 118/2025/NĐ-CP): bỏ trường này.",
                    "There is at most one extension (Article 19 clause 6 of Decree 118/2025): leave it out.",
                ),
            )
        missing = [name for name in wanted if name not in used]
        if missing:
            shown = ", ".join(f"{{{{ {name} }}}}" for name in missing)
            raise TemplateRefused(
                files[part],
                1,
                Words(f"thiếu {shown}.", f"{shown} is missing."),
                Words(
                    "Khoản 6 Điều 19 NĐ 118/2025/NĐ-CP buộc phiếu ghi rõ điều này: thêm trường đó vào.",
                    "Article 19 clause 6 of Decree 118/2025 makes every letter say it: add the field.",
                ),
            )
