"""From a TD dossier to a `DossierRecord` (connectors.md §5.2, §5.3). `ngayHenTraCaNhan` is a step's own deadline and
`nguoiDangXuLy` a list of user ids: neither is read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Applicant, DossierRecord
from connectors.kit.dates import DateReader, Moment
from connectors.kit.fields import Row, Unreadable
from connectors.kit.person import email, phone
from connectors.kit.status import VIETNAMESE, StatusMap
from connectors.kit.text import status_key
from connectors.td.settings import TdSettings
from monitor.domain.dossier import FINISHED, Status

KEY_FIELDS = ("id", "maHoSo")
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


class TdMapping:
    """Row to record, for one province."""

    def __init__(self, settings: TdSettings) -> None:
        zone = ZoneInfo(settings.timezone)
        self._statuses = StatusMap(STATUSES, settings.status_map)
        self._channels = {status_key(raw): ours for raw, ours in settings.channel_map.items()}
        self._texts = DateReader(settings.text_date_formats, zone)
        self._dates = DateReader(settings.date_formats, zone)

    def record(self, wire: Mapping[str, Any]) -> DossierRecord | None:
        """The record; None for one that was deleted at the source, which the list shows all the same (§5.2).

        Raises `Unreadable`.
        """
        row = Row(wire)
        if row.moment(self._dates, "deletedOn") is not None:
            return None
        key = row.token("id", longest=200)
        if not key:
            raise Unreadable("id", "thiếu")
        code, other = row.code("maHoSo"), row.code("maHoSoKhac")
        status_raw = row.token("trangThaiHoSoId")
        status = self._statuses.read(status_raw)
        promised = row.moment(self._texts, "ngayHenTra")
        finished, returned = row.moment(self._dates, "ngayKetThucXuLy"), row.moment(self._dates, "ngayTra")
        return DossierRecord(
            key=key,
            code=code,
            status=status,
            status_raw=status_raw,
            alternates=(other,) if other and other != code else (),
            procedure_code=row.token("maTTHC"),
            procedure_name=row.text("tenTTHC"),
            agency_code=row.token("maDonVi", "donViId"),
            agency_name=row.text("tenDonVi"),
            channel=self._channels.get(status_key(row.text("kenhThucHien")), ""),
            submitted_at=_at(row.side_moment(self._texts, "ngayNopHoSo")),
            received_at=_at(row.moment(self._texts, "ngayTiepNhan")),
            promised_at=_at(promised),
            promised_date_only=promised is not None and promised.date_only,
            finished_at=_at(finished or returned) if status in FINISHED else None,
            returned_at=_at(returned) if status is Status.RETURNED else None,
            source_updated_at=_at(row.side_moment(self._dates, "lastModifiedOn")),
            applicant=Applicant(
                name=row.text("chuHoSo"),
                id_number=row.text("soGiayToChuHoSo"),
                address=row.text("diaChiChuHoSo"),
                phone=phone(row.text("soDienThoaiChuHoSo")),
                email=email(row.text("emailChuHoSo")),
            ),
        )


def _at(moment: Moment | None) -> datetime | None:
    return None if moment is None else moment.at
