"""From a row of `GET /dossiers` to a `DossierRecord` (connectors.md §1.5–1.7, §10.1).

Not mapped on purpose: `dossierOverdue`, `timeOverdueText`, `visited` and other text that the server makes up while
answering, and `stepDuedate`, which is an office's own deadline and no promise to a citizen.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Applicant, DossierRecord
from connectors.kit.dates import DateReader, Moment
from connectors.kit.fields import Row, Unreadable
from connectors.kit.person import email, phone
from connectors.kit.status import StatusMap
from connectors.kit.text import normal_code
from connectors.opencps.settings import OpencpsSettings
from monitor.domain.dossier import FINISHED, Status

KEY_FIELDS = ("dossierId",)
STATUSES: Mapping[str, Status] = {
    "new": Status.SUBMITTED,
    "receiving": Status.SUBMITTED,
    "processing": Status.PROCESSING,
    "interoperating": Status.PROCESSING,
    "posting": Status.PROCESSING,
    "correcting": Status.PROCESSING,
    "cancelling": Status.PROCESSING,
    "waiting": Status.SUPPLEMENT,
    "paying": Status.PAYMENT,
    "pausing": Status.SUSPENDED,
    "releasing": Status.READY,
    "done": Status.RETURNED,
    "cancelled": Status.WITHDRAWN,
    "unresolved": Status.UNRESOLVED,
    "denied": Status.REFUSED,
}
DATES = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
_LOCKED = frozenset({"PAUSE", "PAUSE_OVERDUE"})
_RUNNING = frozenset({Status.PROCESSING, Status.PAYMENT})
_CHANNELS = {True: "online", False: "counter", None: ""}
_KINDS = {"citizen": "citizen", "business": "organisation"}


class OpencpsMapping:
    """Row to record, for one site."""

    def __init__(self, settings: OpencpsSettings) -> None:
        self.statuses = StatusMap(STATUSES, settings.status_map)
        self._group_id = settings.group_id
        self._dates = DateReader(DATES, ZoneInfo(settings.timezone))

    def record(self, wire: Mapping[str, Any]) -> DossierRecord | None:
        """The record, or None for a deleted dossier (`originality` < 0). Raises `Unreadable`."""
        row = Row(wire)
        dossier_id = row.whole("dossierId")
        if dossier_id is None or dossier_id <= 0:
            raise Unreadable("dossierId", "thiếu")
        if "dossierStatus" not in wire:  # half a row: an absent state is not an unknown one
            raise Unreadable("dossierStatus", "thiếu")
        if (row.whole("originality") or 0) < 0:
            return None
        code, reference = row.code("dossierNo"), row.code("referenceUid")
        status, status_raw = self._status(row)
        promised = row.moment(self._dates, "dueDate")
        released, finished = row.moment(self._dates, "releaseDate"), row.moment(self._dates, "finishDate")
        return DossierRecord(
            key=f"{row.whole('groupId') or self._group_id}:{dossier_id}",
            code=code,
            status=status,
            status_raw=status_raw,
            alternates=(reference,) if reference and reference != code else (),
            procedure_code=row.token("serviceCode"),
            procedure_name=row.text("serviceName"),
            field_code=row.token("domainCode"),
            field_name=row.text("domainName"),
            agency_code=row.token("govAgencyCode"),
            agency_name=row.text("govAgencyName"),
            channel=_CHANNELS[row.flag("online")],
            submitted_at=_at(row.side_moment(self._dates, "submitDate")),
            received_at=_at(row.moment(self._dates, "receiveDate")),
            promised_at=_at(promised),
            promised_date_only=promised is not None and promised.date_only,
            extended_at=_extended(promised, row.moment(self._dates, "extendDate")),
            finished_at=_at(_finish(status, released, finished)),
            returned_at=_at(finished),
            source_updated_at=_at(row.side_moment(self._dates, "modifiedDate")),
            officer=row.text("currentActionUser", "lastActionUser"),
            applicant=_applicant(row),
        )

    def _status(self, row: Row) -> tuple[Status, str]:
        """`lockState` may say "paused" while the status still says "processing" (§11 case 38)."""
        raw, lock = row.token("dossierStatus"), row.token("lockState").upper()
        status = self.statuses.read(raw)
        if lock not in _LOCKED:
            return status, raw
        return (Status.SUSPENDED if status in _RUNNING else status), f"{raw}+{lock}"

    def answers_to(self, record: DossierRecord, code: str) -> bool:
        """Whether this is the dossier that was asked for: the server's own search is "contains" (§11 case 22)."""
        wanted = normal_code(code)
        return wanted in (record.code, *record.alternates)


def _at(moment: Moment | None) -> datetime | None:
    return None if moment is None else moment.at


def _extended(promised: Moment | None, extended: Moment | None) -> datetime | None:
    """`extendDate` also means "released early"; only a later one is a new promise (§1.7, §11 case 35)."""
    if promised is None or extended is None or extended.at <= promised.at:
        return None
    return extended.at


def _finish(status: Status, released: Moment | None, finished: Moment | None) -> Moment | None:
    """The result was ready at `releaseDate`. Where OpenCPS has none for a closed dossier, it takes the handing over."""
    return released or (finished if status in FINISHED else None)


def _applicant(row: Row) -> Applicant:
    parts = [row.text(name) for name in ("address", "wardName", "districtName", "cityName")]
    return Applicant(
        name=row.text("applicantName"),
        kind=_KINDS.get(row.text("applicantIdType").lower(), ""),
        id_number=row.text("applicantIdNo"),
        address=", ".join(dict.fromkeys(part for part in parts if part)),
        phone=phone(row.text("contactTelNo")),
        email=email(row.text("contactEmail")),
    )
