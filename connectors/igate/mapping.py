"""From an iGate dossier to a `DossierRecord` (connectors.md §4.4–4.6). `currentTask[].dueDate` is a step's own deadline
and no promise to the citizen: it is not read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Applicant, DossierRecord
from connectors.igate.settings import IgateSettings
from connectors.kit.dates import DateReader, Moment
from connectors.kit.fields import Row, Unreadable
from connectors.kit.person import email, phone
from connectors.kit.status import VIETNAMESE, StatusMap
from connectors.kit.text import normal_code
from monitor.domain.dossier import FINISHED, Status

KEY_FIELDS = ("id",)
STATUSES: Mapping[str, Status] = {
    **VIETNAMESE,
    "0": Status.SUBMITTED,
    "2": Status.PROCESSING,
    "4": Status.RETURNED,
    "có kết quả": Status.READY,
    "từ chối": Status.REFUSED,
    "đã trả hồ sơ": Status.RETURNED,
}
_VIETNAMESE_ID = 228


class IgateMapping:
    """Row to record, for one tenant."""

    def __init__(self, settings: IgateSettings) -> None:
        self._statuses = StatusMap(STATUSES, settings.status_map)
        self.dates = DateReader(settings.date_formats, ZoneInfo(settings.timezone))

    def record(self, wire: Mapping[str, Any]) -> DossierRecord:
        """The record. Raises `Unreadable`."""
        row = Row(wire)
        key = row.token("id", longest=200)
        if not key:
            raise Unreadable("id", "thiếu")
        code, nation = row.code("code"), row.code("nationCode")
        status, status_raw = self._status(row)
        undefined = row.flag("undefindedCompleteTime") is True  # spelled so: "no date can be promised"
        promised = None if undefined else row.moment(self.dates, "appointmentDate")
        finished = row.moment(self.dates, "completedDate")
        procedure, agency = _part(row, "procedure"), _part(row, "agency")
        return DossierRecord(
            key=key,
            code=code,
            status=status,
            status_raw=status_raw,
            alternates=(nation,) if nation and nation != code else (),
            procedure_code=procedure.token("code"),
            procedure_name=_name(procedure.value("translate")) or procedure.text("name"),
            agency_code=agency.token("code"),
            agency_name=_name(agency.value("name")),
            submitted_at=_at(row.side_moment(self.dates, "appliedDate")),
            received_at=_at(row.moment(self.dates, "acceptedDate")),
            promised_at=_at(promised),
            promised_date_only=promised is not None and promised.date_only,
            finished_at=_at(finished) if status in FINISHED else None,
            source_updated_at=_at(row.side_moment(self.dates, "updatedDate")),
            officer=_officer(row.value("currentTask")),
            applicant=_applicant(_part(row, "applicant")),
        )

    def answers_to(self, record: DossierRecord, code: str) -> bool:
        return normal_code(code) in (record.code, *record.alternates)

    def _status(self, row: Row) -> tuple[Status, str]:
        """By id where the id is known, else by its name: the full table of ids was never published (§4.5)."""
        state = _part(row, "dossierStatus")
        number, name = state.token("id"), _name(state.value("name"))
        status = self._statuses.read(number)
        if status is Status.UNKNOWN:
            status = self._statuses.read(name)
        return status, f"{number} {name}".strip()[:80]


def _part(row: Row, name: str) -> Row:
    """A nested object; the first of a list; an empty one for anything else (§11 case 46)."""
    value = row.value(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return Row(value if isinstance(value, dict) else {})


def _name(value: object) -> str:
    """A name as text, as `{languageId, name}`, or as a list of those: the Vietnamese one."""
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        value = next((item for item in items if item.get("languageId") == _VIETNAMESE_ID), items[0] if items else None)
    if isinstance(value, dict):
        value = value.get("name")
    return Row({"name": value}).text("name")


def _officer(tasks: object) -> str:
    task = tasks[0] if isinstance(tasks, list) and tasks else tasks
    return _part(Row(task), "assignee").text("fullname") if isinstance(task, dict) else ""


def _applicant(applicant: Row) -> Applicant:
    data = _part(applicant, "data")
    return Applicant(
        name=data.text("ownerFullname", "fullname"),
        id_number=data.text("identityNumber"),
        address=data.text("address"),
        phone=phone(data.text("phoneNumber")),
        email=email(data.text("email")),
    )


def _at(moment: Moment | None) -> datetime | None:
    return None if moment is None else moment.at
