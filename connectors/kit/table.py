"""From a row of a table to a `DossierRecord`, by the columns that the settings name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Applicant, DossierRecord
from connectors.kit.columns import ColumnSettings
from connectors.kit.dates import DateReader, Moment
from connectors.kit.fields import Row, Unreadable
from connectors.kit.person import email, phone
from connectors.kit.status import VIETNAMESE, StatusMap
from connectors.kit.text import status_key
from monitor.domain.dossier import FINISHED, Status

_CHANNELS = {
    "trực tiếp": "counter",
    "counter": "counter",
    "desk": "counter",
    "trực tuyến": "online",
    "online": "online",
    "internet": "online",
    "bưu chính": "post",
    "bưu chính công ích": "post",
    "post": "post",
}
_KINDS = {"citizen": "citizen", "công dân": "citizen", "organisation": "organisation", "tổ chức": "organisation"}
_OWN_NAMES = {status.value: status for status in Status}


class TableMapping:
    """Row to record, for one table in the zone `timezone`."""

    def __init__(self, settings: ColumnSettings, timezone: str) -> None:
        zone = ZoneInfo(timezone)
        self._columns = settings.columns
        self._settings = settings
        self._statuses = StatusMap({**VIETNAMESE, **_OWN_NAMES}, settings.status_map)
        self._channels = {status_key(raw): ours for raw, ours in {**_CHANNELS, **settings.channel_map}.items()}
        self._default_dates = DateReader(_with_iso(settings.date_formats), zone)
        self._dates = {field: DateReader(_with_iso(formats), zone) for field, formats in settings.field_dates.items()}
        self.key_fields = tuple(settings.columns[name] for name in ("key", "code") if name in settings.columns)

    def record(self, wire: Mapping[str, Any]) -> DossierRecord:
        """The record. Raises `Unreadable`."""
        row = Row(wire)
        code = row.code(*self._names("code"))
        key = row.token(*self._names("key"), longest=200) or code
        if not key:
            raise Unreadable(self._columns["code"], "thiếu")
        alternate = row.code(*self._names("alternate"))
        promised = self._moment(row, "promised_at")
        finished, returned = self._moment(row, "finished_at"), self._moment(row, "returned_at")
        status, status_raw = self._status(row, finished or returned)
        extended = self._moment(row, "extended_at")
        is_later = promised is not None and extended is not None and extended.at > promised.at
        return DossierRecord(
            key=key,
            code=code,
            status=status,
            status_raw=status_raw,
            alternates=(alternate,) if alternate and alternate != code else (),
            procedure_code=row.token(*self._names("procedure_code")),
            procedure_name=self._text(row, "procedure_name"),
            field_code=row.token(*self._names("field_code")),
            field_name=self._text(row, "field_name"),
            agency_code=row.token(*self._names("agency_code")),
            agency_name=self._text(row, "agency_name"),
            channel=self._channels.get(status_key(self._text(row, "channel")), ""),
            submitted_at=_at(self._side_moment(row, "submitted_at")),
            received_at=_at(self._moment(row, "received_at")),
            promised_at=_at(promised),
            promised_date_only=promised is not None and promised.date_only and not self._settings.midnight_is_exact,
            extended_at=_at(extended) if is_later else None,
            extended_reason=self._text(row, "extended_reason"),
            finished_at=_at(finished or (returned if status in FINISHED else None)),
            returned_at=_at(returned),
            source_updated_at=_at(self._side_moment(row, "source_updated_at")),
            officer=self._text(row, "officer"),
            applicant=self._applicant(row),
        )

    def _status(self, row: Row, ended: Moment | None) -> tuple[Status, str]:
        if "status" in self._columns:
            raw = row.token(*self._names("status"))
            return self._statuses.read(raw), raw
        return (self._settings.status_when_open if ended is None else self._settings.status_when_finished), ""

    def _names(self, field: str) -> tuple[str, ...]:
        return (self._columns[field],) if field in self._columns else ()

    def _text(self, row: Row, field: str) -> str:
        return row.text(*self._names(field))

    def _moment(self, row: Row, field: str) -> Moment | None:
        return row.moment(self._dates.get(field, self._default_dates), *self._names(field))

    def _side_moment(self, row: Row, field: str) -> Moment | None:
        return row.side_moment(self._dates.get(field, self._default_dates), *self._names(field))

    def _applicant(self, row: Row) -> Applicant:
        return Applicant(
            name=self._text(row, "applicant_name"),
            kind=_KINDS.get(status_key(self._text(row, "applicant_kind")), ""),
            id_number=self._text(row, "applicant_id_number"),
            address=self._text(row, "applicant_address"),
            phone=phone(self._text(row, "applicant_phone")),
            email=email(self._text(row, "applicant_email")),
        )


def _with_iso(formats: tuple[str, ...]) -> tuple[str, ...]:
    """A workbook's own dates come as ISO, whatever texts stand beside them."""
    return formats if "iso" in formats else (*formats, "iso")


def _at(moment: Moment | None) -> datetime | None:
    return None if moment is None else moment.at
