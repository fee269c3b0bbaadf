"""From a row of the `mapi` family to a `DossierRecord` (connectors.md §2.5, §2.7, §2.8, §3.1, §3.2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Applicant, DossierRecord, Supplement
from connectors.dvcqg.settings import DvcqgSettings
from connectors.kit.dates import DateReader, Moment
from connectors.kit.fields import Row, Unreadable
from connectors.kit.person import email, phone
from connectors.kit.status import VIETNAMESE, StatusMap
from connectors.kit.text import normal_code
from monitor.domain.dossier import FINISHED, Status

STATUSES: Mapping[str, Status] = {
    **VIETNAMESE,
    "1": Status.SUBMITTED,
    "2": Status.PROCESSING,
    "3": Status.REFUSED,
    "4": Status.PROCESSING,
    "5": Status.SUPPLEMENT,
    "6": Status.PAYMENT,
    "7": Status.WITHDRAWN,
    "8": Status.SUSPENDED,
    "9": Status.READY,
    "10": Status.RETURNED,
}
WIRE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "code": ("MaHoSo", "maHoSo"),
    "receipt": ("SoBienNhan",),
    "status_code": ("MaTrangThai",),
    "status_text": ("TrangThaiHoSo", "TenTrangThaiHoSo"),
    "procedure_code": ("MaTTHC", "maTTHC"),
    "procedure_name": ("TenTTHC", "TenDVC", "tenTTHC"),
    "field_code": ("MaLinhVuc",),
    "field_name": ("TenLinhVuc",),
    "agency_code": ("MaDonViXuLy", "maDonVi"),
    "agency_name": ("DonViXuLy",),
    "channel": ("KenhThucHien",),
    "submitted_at": ("NgayNop", "NgayGuiHoSo", "NgayNopHoSo"),
    "received_at": ("NgayTiepNhan", "ngayTiepNhan", "ngayNhanHoSo"),
    "promised_at": ("NgayHenTra", "ngayHenTra", "ngayHenTraGplx"),
    "finished_at": ("NgayKetThucXuLy", "ngayKetThucXuLy_ThucTe"),
    "returned_at": ("NgayTra",),
    "updated_at": ("NgayCapNhat",),
    "officer": ("NguoiXuLy",),
    "name": ("ChuHoSo", "HoTenNguoiNop", "hoTen"),
    "kind": ("LoaiDoiTuong",),
    "id_number": ("SoGiayToChuHoSo",),
    "address": ("DiaChi",),
    "phone": ("SoDienThoai",),
    "email": ("Email",),
}
_CHANNELS = {"1": "counter", "2": "online", "3": "post"}
_KINDS = {"1": "citizen", "2": "organisation", "3": "organisation", "4": "organisation"}
_SUPPLEMENTS = "DanhSachHoSoBoSung"  # the only place that carries an old and a new promise (§2.5)
_NEW_PROMISE, _ASKED, _ANSWERED = "NgayHenTraMoi", "NgayBoSung", "NgayTiepNhanBoSung"


class DvcqgMapping:
    """Row to record, for one portal."""

    def __init__(self, settings: DvcqgSettings) -> None:
        zone = ZoneInfo(settings.timezone)
        self._statuses = StatusMap(STATUSES, settings.status_map)
        self._names = {**WIRE_FIELDS, **settings.fields}
        self._default_dates = DateReader(settings.date_formats, zone)
        self._dates = {field: DateReader(formats, zone) for field, formats in settings.field_dates.items()}
        self._nested_dates = DateReader(("iso", *settings.date_formats), zone)
        self.key_fields = self._names["code"]

    def record(self, wire: Mapping[str, Any]) -> DossierRecord:
        """The record. Raises `Unreadable`."""
        row = Row(wire)
        code = row.code(*self._names["code"])
        if not code:
            raise Unreadable(self.key_fields[0], "thiếu")
        receipt = row.code(*self._names["receipt"])
        status, status_raw = self._status(row)
        promised = self._moment(row, "promised_at")
        asked_for = _objects(row.value(_SUPPLEMENTS))
        returned = self._moment(row, "returned_at")
        finished = self._moment(row, "finished_at") or (returned if status in FINISHED else None)
        return DossierRecord(
            key=code,
            code=code,
            status=status,
            status_raw=status_raw,
            alternates=(receipt,) if receipt and receipt != code else (),
            procedure_code=row.token(*self._names["procedure_code"]),
            procedure_name=self._text(row, "procedure_name"),
            field_code=row.token(*self._names["field_code"]),
            field_name=self._text(row, "field_name"),
            agency_code=row.token(*self._names["agency_code"]),
            agency_name=self._text(row, "agency_name"),
            channel=_CHANNELS.get(self._text(row, "channel"), ""),
            submitted_at=_at(self._side_moment(row, "submitted_at")),
            received_at=_at(self._moment(row, "received_at")),
            promised_at=_at(promised),
            promised_date_only=promised is not None and promised.date_only,
            extended_at=self._extended(asked_for, promised),
            finished_at=_at(finished),
            returned_at=_at(returned),
            source_updated_at=_at(self._side_moment(row, "updated_at")),
            supplements=self._supplements(asked_for),
            officer=self._text(row, "officer"),
            applicant=self._applicant(row),
        )

    def code_of(self, wire: object) -> str:
        """The code of a list item that only names its dossier; "" where it has none that can be read."""
        try:
            return Row(wire).code(*self.key_fields) if isinstance(wire, dict) else ""
        except Unreadable:
            return ""

    def has_status(self, wire: object) -> bool:
        """Whether a list item says how its dossier stands. Some lists only name dossiers (§3.1)."""
        names = (*self._names["status_code"], *self._names["status_text"])
        return isinstance(wire, dict) and any(name in wire for name in names)

    def received_on(self, wire: object) -> Moment | None:
        """When a list item says it was received. Raises `Unreadable`."""
        return self._moment(Row(wire), "received_at") if isinstance(wire, dict) else None

    def answers_to(self, record: DossierRecord, code: str) -> bool:
        return normal_code(code) in (record.code, *record.alternates)

    def _status(self, row: Row) -> tuple[Status, str]:
        """The code where the answer has one; else `TrangThaiHoSo`, a code in one system and a text in another
        (§11 case 41). Both are in the map, so neither needs to be told apart."""
        raw = row.token(*self._names["status_code"]) or row.token(*self._names["status_text"])
        return self._statuses.read(raw), raw

    def _moment(self, row: Row, field: str) -> Moment | None:
        return row.moment(self._dates.get(field, self._default_dates), *self._names[field])

    def _side_moment(self, row: Row, field: str) -> Moment | None:
        return row.side_moment(self._dates.get(field, self._default_dates), *self._names[field])

    def _text(self, row: Row, field: str) -> str:
        return row.text(*self._names[field])

    def _extended(self, asked_for: Sequence[Row], promised: Moment | None) -> datetime | None:
        """The latest new promise among the supplements, if it really is later."""
        moments = [item.moment(self._nested_dates, _NEW_PROMISE) for item in asked_for]
        latest = max((moment.at for moment in moments if moment is not None), default=None)
        return latest if latest is not None and promised is not None and latest > promised.at else None

    def _supplements(self, asked_for: Sequence[Row]) -> tuple[Supplement, ...]:
        """When papers were asked for and when they were complete, oldest first. A day without its hour is no instant,
        and what cannot be read is not there: then what the readings saw of the state stands."""
        told = []
        for item in asked_for:
            asked, answered = (item.side_moment(self._nested_dates, name) for name in (_ASKED, _ANSWERED))
            is_told = item.value(_ANSWERED) is None or (answered is not None and not answered.date_only)
            if asked is not None and not asked.date_only and is_told:
                told.append(Supplement(asked.at, _at(answered)))
        return tuple(sorted(told, key=lambda one: one.asked_at))

    def _applicant(self, row: Row) -> Applicant:
        return Applicant(
            name=self._text(row, "name"),
            kind=_KINDS.get(self._text(row, "kind"), ""),
            id_number=self._text(row, "id_number"),
            address=self._text(row, "address"),
            phone=phone(self._text(row, "phone")),
            email=email(self._text(row, "email")),
        )


def _objects(value: object) -> Sequence[Row]:
    return [Row(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _at(moment: Moment | None) -> datetime | None:
    return None if moment is None else moment.at
