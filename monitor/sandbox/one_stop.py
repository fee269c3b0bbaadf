"""A one-stop that speaks OpenCPS v2 (`/o/rest/v2/dossiers`), with its habits, good and bad (connectors.md §1)."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from random import Random

from monitor.sandbox.faults import Fault, Faults
from monitor.sandbox.http import Peer, Reply, Request, json_reply
from monitor.sandbox.state import FINISHED, World
from monitor.sandbox.values import Dossier

PATH = "/o/rest/v2"
GROUP_ID = 35166
USERNAME = "giamsat@vidu.test"

TEXTS = {
    "new": "Mới nộp",
    "receiving": "Chờ tiếp nhận",
    "waiting": "Chờ bổ sung",
    "paying": "Chờ thực hiện nghĩa vụ tài chính",
    "processing": "Đang xử lý",
    "interoperating": "Đang xử lý liên thông",
    "pausing": "Tạm dừng",
    "releasing": "Đã có kết quả",
    "done": "Đã trả kết quả",
    "denied": "Từ chối tiếp nhận",
    "unresolved": "Không giải quyết được",
    "cancelled": "Rút hồ sơ",
}
_SAME = Random(0)  # never drawn from while nothing varies
UNKNOWN_CODE = "xacminh_lientinh"
_DATES: dict[str, Callable[[Dossier], datetime | None]] = {
    "ReceiveDate": lambda one: one.received_at,
    "SubmitDate": lambda one: one.submitted_at,
    "DueDate": lambda one: one.promised_at,
    "ReleaseDate": lambda one: one.released_at,
    "FinishDate": lambda one: one.returned_at,
}


class OneStop(Peer):
    """`GET /dossiers` (list) and `GET /dossiers/{id or referenceUid}`. Anything else is refused as OpenCPS does."""

    name = "one_stop"

    def __init__(self, world: World, faults: Faults, password: str) -> None:
        super().__init__(faults)
        self._world = world
        self._password = password
        self._last_found: tuple[object, list[tuple[Dossier, str]]] | None = None
        self.lag = 2  # the index that counts and the one that lists are never quite the same (§1.4)

    @property
    def url(self) -> str:
        """What goes into `[[sources]] url`."""
        return self.origin

    def handle(self, request: Request) -> Reply:
        if not request.path.startswith(f"{PATH}/dossiers"):
            return json_reply({"message": "No Content.", "code": 403, "description": None}, 403)
        mine = request.headers.get("groupid", "0") == str(GROUP_ID)
        known = mine and self._is_known(request.headers.get("authorization", ""))
        rest = request.path.removeprefix(f"{PATH}/dossiers").strip("/")
        if rest:
            return self._one(rest) if known else _not_authenticated()
        # the list is open to guests, who see nothing (§1.2): a wrong password looks like an empty office
        return self._list(request) if known else json_reply({"total": 0, "data": []})

    def _is_known(self, header: str) -> bool:
        if self.faults.on(self.name, Fault.WRONG_PASSWORD):
            return False
        good = base64.b64encode(f"{USERNAME}:{self._password}".encode()).decode()
        return header == f"Basic {good}"

    def _one(self, wanted: str) -> Reply:
        for one, status in self._world.shown():
            if one.in_one_stop and wanted in (str(one.number), one.uid):
                return json_reply(self.row(one, status))
        return json_reply({"message": "No Content.", "code": 403, "description": "NoSuchDossierException"}, 403)

    def _list(self, request: Request) -> Reply:
        query = request.query
        rows = self._found(query)
        if query.get("order", "").lower() == "true":
            rows = rows[::-1]
        first, last = _number(query.get("start")), _number(query.get("end"))
        page = rows[first:last] if last else rows  # no `end` means everything, `start` or not (§1.4)
        if self._world.shuffle:
            page = self._reordered(page)
        total = len(rows) + (self.lag if rows else 0)
        texts = [self._text(one, status, number) for number, (one, status) in enumerate(page)]
        return Reply(f'{{"total":{total},"data":[{",".join(texts)}]}}'.encode())

    def _found(self, query: Mapping[str, str]) -> list[tuple[Dossier, str]]:
        """What the filters leave, oldest first; remembered for the next page of the same listing."""
        key = self._world.now, frozenset((name, value) for name, value in query.items() if name not in ("start", "end"))
        remembered = self._last_found
        if remembered is not None and remembered[0] == key:
            return remembered[1]
        asked = _Filter(query, self._world.now)
        rows = [pair for pair in self._world.shown() if asked.wants(*pair)]
        self._last_found = key, rows
        return rows

    def _reordered(self, page: list[tuple[Dossier, str]]) -> list[tuple[Dossier, str]]:
        """The index promises no order among rows that were created in the same minute."""
        dice = self._world.dice("order")
        return sorted(page, key=lambda pair: (pair[0].submitted_at.replace(second=0), dice.random()))

    def _text(self, one: Dossier, status: str, place: int) -> str:
        row: object = self.row(one, status)
        if one.broken_at == "one_stop":
            row = _broken(self.row(one, status), one.broken_how)
        elif self._world.shuffle and isinstance(row, dict):
            keys = list(row)
            self._world.dice(one.number).shuffle(keys)
            row = {key: row[key] for key in keys}
        if isinstance(row, dict):
            self._spoil(row, place)
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    def _spoil(self, row: dict[str, object], place: int) -> None:
        faults = self.faults
        if place == 0 and faults.take(self.name, Fault.HALF_RECORD):
            for key in list(row)[4:]:
                del row[key]
        if place == 0 and faults.take(self.name, Fault.BAD_DATE):
            row["dueDate"] = "31/02/2026 08:00:00"
        if faults.on(self.name, Fault.UNKNOWN_STATUS):
            row["dossierStatus"] = UNKNOWN_CODE
        if faults.on(self.name, Fault.NO_PROMISE):
            row["dueDate"] = ""

    def row(self, one: Dossier, status: str) -> dict[str, object]:
        """One row of the list, as `DossierDataModel` has it."""
        world = self._world
        agency = world.province.agencies[one.agency]
        procedure = world.province.procedures[one.procedure]
        limit = procedure.limits[one.channel]
        received = one.received_at if status not in ("new", "receiving") else None
        released = one.released_at if status in FINISHED and one.quirk != "no_release_date" else None
        finished = one.returned_at if status in ("done", "unresolved", "cancelled", "denied") else None
        if one.quirk == "no_release_date":
            finished = None
        extended = one.extended_at if received else None
        if one.quirk == "early_extend" and status in FINISHED:
            extended = released  # "trả sớm": the same field, another meaning (§1.7)
        lock = {"lock": "PAUSE", "lock_overdue": "PAUSE_OVERDUE", "pausing": "PAUSE"}.get(status, "")
        code = written_status(one, status)
        dice = world.dice(one.number) if world.shuffle else _SAME
        touched = max(moment for moment in (one.submitted_at, received, one.paused_at, released, finished) if moment)
        return {
            "dossierId": one.number,
            "groupId": GROUP_ID,
            "userId": 20_139,
            "referenceUid": one.uid,
            "dossierNo": one.code if received else "",
            "serviceCode": procedure.code,
            "serviceName": procedure.name,
            "govAgencyCode": _agency_code(one, agency.code, agency.former_code),
            "govAgencyName": agency.name,
            "domainCode": procedure.field_code,
            "domainName": procedure.field_name,
            "applicantName": one.name.upper(),
            "applicantIdType": "business" if one.is_business else "citizen",
            "applicantIdNo": one.id_number,
            "address": one.address,
            "contactName": one.name,
            "contactTelNo": one.phone,
            "contactEmail": one.email,
            "createDate": stamp(one.submitted_at.replace(second=0)),
            "modifiedDate": stamp(min(touched, world.now)),
            "submitDate": stamp(one.submitted_at),
            "receiveDate": stamp(received),
            "dueDate": stamp(one.promised_at) if received else "",
            "extendDate": stamp(extended),
            "releaseDate": stamp(released),
            "finishDate": stamp(finished),
            "dossierStatus": code,
            "dossierStatusText": TEXTS.get(code, "Xác minh liên tỉnh"),
            "dossierSubStatus": f"{code}_{dice.randint(1, 3)}" if world.shuffle else f"{code}_1",
            "dossierSubStatusText": "",
            "lockState": lock,
            "durationCount": float(limit.amount),
            "durationUnit": 1 if limit.kind == "hours" else 0,
            "dossierOverdue": f"Còn {dice.randint(1, 9)},5 ngày" if world.shuffle else "Đúng hạn",
            "timeOverdueText": f"Quá {dice.randint(1, 9)} ngày" if world.shuffle else "",
            "online": "true" if one.channel == "online" else "false",
            "viaPostal": 2 if one.channel == "post" else 0,
            "originality": 1 if one.channel == "online" else 3,
            "systemId": 5 if one.from_national else 0,
            "currentActionUser": one.officer,
            "visited": bool(world.shuffle % 2) if world.shuffle else False,
            "metaData": "{}",
        }


def _agency_code(one: Dossier, code: str, former: str) -> str:
    return former if one.quirk == "former_code" else code


def _broken(row: dict[str, object], how: str) -> object:
    match how:
        case "promise_unreadable":
            return row | {"dueDate": "31/02/2026 08:00:00"}
        case "received_unreadable":
            return row | {"receiveDate": "hôm qua"}
        case "no_id":
            return {key: value for key, value in row.items() if key not in ("dossierId", "dossierNo", "referenceUid")}
        case _:
            return f"#REF! {row['dossierId']}"


class _Filter:
    """The query's filters, as the search model understands them (§1.4)."""

    def __init__(self, query: Mapping[str, str], now: datetime) -> None:
        self._now = now
        self._codes = frozenset(query["status"].split(",")) if query.get("status") else None
        self._spans = []
        for name, read in _DATES.items():
            since, until = _day(query.get(f"from{name}")), _day(query.get(f"to{name}"))
            if since or until:  # a date that can't be read makes the filter vanish
                self._spans.append((read, since or date.min, until or date.max, name != "DueDate"))
        # split into tokens and matched by containing: neighbours come along
        words = query.get("dossierNo") or query.get("keyword") or ""
        self._tokens = words.replace("-", " ").replace(".", " ").split()
        agency = query.get("agency", "")
        self._agency = "" if agency == "all" else agency

    def wants(self, one: Dossier, status: str) -> bool:
        if not one.in_one_stop or (self._codes is not None and written_status(one, status) not in self._codes):
            return False
        for read, since, until, past_only in self._spans:
            moment = read(one)
            if moment is None or not since <= moment.date() <= until or (past_only and moment > self._now):
                return False
        if self._agency and not one.code.startswith(f"{self._agency}-"):
            return False
        return all(token in one.code for token in self._tokens)


def written_status(one: Dossier, status: str) -> str:
    """The code as the one-stop writes it: a lock leaves the status as it was."""
    if one.quirk == "unknown_status" and status == "processing":
        return UNKNOWN_CODE
    return "processing" if status.startswith("lock") else status


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _day(text: str | None) -> date | None:
    try:
        return datetime.strptime(text or "", "%d/%m/%Y").date()  # noqa: DTZ007
    except ValueError:
        return None


def stamp(moment: datetime | None) -> str:
    """`dd/MM/yyyy HH:mm:ss`, and "" for none."""
    if moment is None:
        return ""
    return (
        f"{moment.day:02d}/{moment.month:02d}/{moment.year} {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    )


def _not_authenticated() -> Reply:
    return json_reply({"message": "Non-Authoritative Information.", "code": 203, "description": None}, 203)
