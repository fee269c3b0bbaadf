"""The forms as data: name, paper, legal basis, dates, and the files of wording, with an office's own laid over ours."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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
    "ma_ho_so": Words("mã số hồ sơ", "the dossier code"),
    "thu_tuc": Words("tên thủ tục hành chính", "the procedure's name"),
    "ngay_tiep_nhan": Words("Ngày … tiếp nhận", "the day of reception"),
    "han_cu": Words("thời gian hẹn trả cũ, có giờ", "the old return time with its hour"),
    "ngay_han_cu": Words("ngày hẹn trả cũ, không giờ", "the old return day"),
    "han_moi": Words("ngày hẹn trả mới", "the new return day"),
    "ly_do": Words("lý do", "the reason"),
    "can_cu": Words("căn cứ pháp lý trong cấu hình", "the legal basis from the configuration"),
    "lien_he": Words("nơi liên hệ", "whom to ask"),
    "da_qua_han": Words("đúng nếu đã quá ngày hẹn", "true once the promised time has passed"),
    "duoc_gia_han": Words("đúng nếu chưa gia hạn lần nào", "true where no extension was given yet"),
    "chua_ghi_ly_do": Words("đúng khi lý do còn để trống", "true while the reason is blank"),
}
PARTS = ("title", "addressee", "body", "signature", "recipients")
_OPTIONAL = frozenset({"recipients", "signature"})
# What the law makes every letter say (NĐ 118/2025 Điều 19 khoản 6), by part.
_REQUIRED = {"addressee": ("nguoi_nop",), "body": ("ma_ho_so", "ly_do", "han_moi", "co_quan")}
_CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Form:
    """One form. `version` changes when a word of it changes; it is kept with each letter."""

    code: str
    name: str
    paper: str
    basis: str
    valid_from: date | None
    valid_to: date | None
    parts: Mapping[str, Template]
    files: Mapping[str, Path]
    version: str

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
        _check_duty(files)
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
    wrong = not isinstance(data.get("name"), str) or any(
        not isinstance(data.get(key), date | None) for key in ("valid_from", "valid_to")
    )
    if wrong:
        raise TemplateRefused(
            file,
            1,
            Words("thiếu name, hoặc ngày không đúng dạng.", "name is missing, or a date is not a date."),
            Words('name = "…", valid_from = 2025-09-15', 'name = "…", valid_from = 2025-09-15'),
        )
    return data


def _check_duty(files: Mapping[str, Path]) -> None:
    for part, wanted in _REQUIRED.items():
        missing = [name for name in wanted if name not in names_used(files[part])]
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
