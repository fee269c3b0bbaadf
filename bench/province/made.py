"""The rows of an invented province: agencies, procedures, and for each dossier everything that a daemon would hold.

Nothing here is of a real person. Shares are those of a busy province: nine in ten dossiers are over, one in a hundred
is late now.
"""

import random
import zlib
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from connectors.base import Applicant, DossierRecord
from connectors.canonical import canonical_json
from monitor.domain.dossier import Status
from monitor.folding import folded, folded_back, plain_code
from monitor.people import Agency, Person, Post
from monitor.store.tables import (
    ApplicantRow,
    CrossingRow,
    Dossier,
    FindingRow,
    Letter,
    LetterStep,
    Message,
    MessageNotice,
    Notice,
    Observation,
    SourceDossier,
    Standing,
)
from tests.web import desk

NOW, TODAY = desk.NOW, desk.TODAY
COMMUNES, DEPARTMENTS = 130, 15
AGENCIES = [
    Agency("H19", "Ủy ban nhân dân thành phố Bình Minh", None, "province"),
    *(Agency(f"H19.D{n:02d}", f"Sở Bịa {n}", "H19", "department") for n in range(1, DEPARTMENTS + 1)),
    *(Agency(f"H19.{n:02d}", f"Ủy ban nhân dân xã Bịa {n}", "H19", "commune") for n in range(1, COMMUNES + 1)),
]
PEOPLE = [Person(f"p{n:03d}", f"Cán bộ Bịa {n}") for n in range(len(AGENCIES) * 3)]
POSTS = [
    Post(person.code, ("chairman", "officer", "one_stop_head")[n % 3], AGENCIES[n // 3].code)
    for n, person in enumerate(PEOPLE)
]
PROCEDURES = [(f"1.{n:06d}", f"Thủ tục bịa thứ {n} về đất đai và hộ tịch", f"F{n % 20}") for n in range(300)]
SOURCES = ("motcua", "cong")
SURNAMES = ["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Vũ", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý"]
MIDDLE = ["Văn", "Thị", "Hữu", "Ngọc", "Đức", "Minh", "Thanh", "Quốc"]
GIVEN = [a + b for a in ("An", "Bình", "Cường", "Dũng", "Giang", "Hà", "Hương", "Khoa") for b in ("", "h", " Em", "g")]
# stage, class on the Office's page, share in a thousand
KINDS = (
    ("finished_early", "finished_early", 600),
    ("finished_on_time", "finished_on_time", 290),
    ("finished_late", "finished_late", 28),
    ("in_time", "in_time", 50),
    ("due_soon", "in_time", 9),
    ("letter_due", "in_time", 2),
    ("due_today", "in_time", 1),
    ("late", "late", 10),
    ("paused", "paused", 5),
    ("uncertain", "uncertain", 1),
    ("unknown", "unknown", 1),
    ("no_promise", "unknown", 1),
    ("not_started", "waiting", 2),
)
# of the letters of what runs: how far they came, share in a hundred
LETTERS = (
    ("owed", 5), ("drafted", 45), ("decided", 10), ("approved", 6), ("signed", 6), ("registered", 6),
    ("counter_told", 8), ("date_changed", 4), ("applicant_told", 10),
)  # fmt: skip
STEPS = ("decided", "approved", "signed", "registered", "counter_told", "date_changed", "applicant_told")
ISSUED = frozenset(STEPS[2:]) | {"closed"}
FINDINGS = ("date_mismatch_with_count", "intake_late", "supplement_late", "finish_not_trusted", "missing_at_source")
TABLES = (
    Dossier, SourceDossier, ApplicantRow, Observation, CrossingRow, Standing, FindingRow, Letter, LetterStep, Notice,
    Message, MessageNotice,
)  # fmt: skip
_DAY = timedelta(days=1)


class Maker:
    """Makes dossiers one after the other, always the same ones."""

    def __init__(self) -> None:
        self._dice = random.Random(1)
        self._kinds = [kind[:2] for kind in KINDS for _ in range(kind[2])]
        self._letters = [state for state, share in LETTERS for _ in range(share)]
        self.notices = 0
        self.steps = 0
        self.columns: dict[Any, list[str]] = {}

    def rows(self, number: int) -> dict[Any, list[dict[str, Any]]]:
        """`number` dossiers with everything about them, by table, in the order in which tables may be written."""
        found: dict[Any, list[dict[str, Any]]] = {table: [] for table in TABLES}
        for id_ in range(1, number + 1):
            self._one(id_, found)
        self.columns = {table: list(some[0]) for table, some in found.items() if some}
        return found

    def _one(self, id_: int, rows: dict[Any, list[dict[str, Any]]]) -> None:
        dice = self._dice
        stage, measure = dice.choice(self._kinds)
        agency = AGENCIES[1 + int((COMMUNES + DEPARTMENTS) * dice.random() ** 1.5)].code
        procedure, name, field_code = PROCEDURES[int(300 * dice.random() ** 2)]
        source = SOURCES[dice.random() > 0.9]
        channel = "online" if dice.random() < 0.6 else "counter"
        over = stage.startswith("finished")
        received = TODAY - dice.randint(30, 730) * _DAY if over else TODAY - dice.randint(5, 60) * _DAY
        promised = _promised(stage, received, dice)
        ended = _ended(stage, received, promised, dice)
        code = f"{agency}-{received:%y%m%d}-{id_:07d}"
        officer = f"Cán bộ Bịa {id_ % 400}"
        where = {"agency_code": agency, "procedure_code": procedure, "field_code": field_code, "channel": channel}
        waits = stage == "not_started"
        facts = {
            "submitted_at": _at(received, 1), "received_at": None if waits else _at(received, 2),
            "promised_at": None if waits or stage == "no_promise" else _at(promised, 10),
            "finished_at": _at(ended, 3) if ended else None,
        }  # fmt: skip
        status = "returned" if over else "supplement" if stage == "paused" else "processing"
        rows[Dossier].append(
            {
                "id": id_, "code": code, "procedure_name": name, **where, **facts, "agency_name": _NAMES[agency],
                "status": status, "speaking_source": source, "precision": "date", "facts_at": _at(ended or received, 3),
                "original_promised_at": facts["promised_at"], "confirmed_at": NOW, "stage": stage, "stage_reason": "",
                "promise_at": facts["promised_at"], "due_on": promised, "stage_since_at": _at(ended or received, 3),
                "late_from_at": None if facts["promised_at"] is None else _at(promised, 17),
                "letter_by_on": None if facts["promised_at"] is None else promised - _DAY,
                "late_vs_promise": stage in ("late", "finished_late"),
                "late_vs_original": stage in ("late", "finished_late"),
                "taken_days": None if ended is None else _working(received, ended),
                "late_days": max(1, _working(promised, ended)) if ended and stage == "finished_late" else None,
                "judged_at": NOW, "next_change_at": None if over else _next(id_), "code_plain": plain_code(code),
                "code_back": plain_code(code)[::-1],
            }
        )  # fmt: skip
        rows[SourceDossier].append(
            {
                "id": id_, "code": code, "procedure_name": name, **where, **facts, "source": source, "key": str(id_),
                "dossier_id": id_, "record_hash": "0" * 40, "status": status, "first_heard_at": _at(received, 3),
                "changed_at": _at(ended or received, 3), "confirmed_at": NOW, "officer": officer,
                "unseen_since_at": NOW - _DAY if id_ % 2000 == 0 else None,
            }
        )  # fmt: skip
        person, found_by = _person(dice.choice(SURNAMES), dice.choice(MIDDLE), dice.choice(GIVEN))
        rows[ApplicantRow].append(
            {"view_id": id_, "name": person, "kind": "citizen", "address": "12 đường Bịa Đặt", "agency_code": agency,
             **found_by}
        )  # fmt: skip
        rows[Observation].append(
            {"source": source, "key": str(id_), "heard_at": _at(received, 3), "record_hash": "0" * 40,
             "record": _record(id_, code, over, where, facts, person), "raw": b""}
        )  # fmt: skip
        self._course(id_, stage, measure, received, promised, ended, where | {"source": source}, rows)
        if stage in ("late", "finished_late", "letter_due", "due_today"):
            self._late(id_, stage, promised, ended, code, where | {"source": source}, rows)
        if dice.random() < 0.02:
            is_open = not over and dice.random() < 0.5
            kind = dice.choice(FINDINGS)
            found = {"dossier_id": id_, "kind": kind, "detail": source, "found_at": _at(received, 4)}
            rows[FindingRow].append(found | {"closed_at": None if is_open else _at(received + 3 * _DAY, 4)})
            standing = {"dossier_id": id_, "measure": f"finding:{kind}", "number": 0, "since_on": received}
            until = None if is_open else received + 3 * _DAY
            rows[Standing].append(standing | {"until_on": until} | where | {"source": source})

    def _course(
        self, id_: int, stage: str, measure: str, received: date, promised: date, ended: date | None,
        where: dict[str, str], rows: dict[Any, list[dict[str, Any]]],
    ) -> None:  # fmt: skip
        steps = [("waiting" if stage == "not_started" else "in_time", received)]
        if stage in ("late", "finished_late"):
            steps.append(("late", min(promised + _DAY, TODAY)))
        if measure not in ("in_time", "late", "waiting"):
            steps.append((measure, ended or TODAY - 2 * _DAY))
        for place, (what, since) in enumerate(steps):
            until = steps[place + 1][1] if place + 1 < len(steps) else None
            if until is not None and until <= since:
                continue
            rows[Standing].append(
                {"dossier_id": id_, "measure": what, "number": 0, "since_on": since, "until_on": until, **where}
            )
        for crossed, on in ((steps[0][0], received), (stage, ended or promised)):
            rows[CrossingRow].append(
                {"dossier_id": id_, "promise_number": 1, "stage": crossed, "at": _at(on, 3), "found_at": _at(on, 4)}
            )

    def _late(
        self, id_: int, stage: str, promised: date, ended: date | None, code: str, where: dict[str, str],
        rows: dict[Any, list[dict[str, Any]]],
    ) -> None:  # fmt: skip
        """Its letter as far as it came, and what was told about it."""
        state = self._dice.choice(self._letters)
        if ended is not None:
            state = "closed" if state in ISSUED else "missed"
        elif stage != "late":
            state = "owed" if state == "owed" else "drafted"
        by = promised - _DAY
        is_late = stage in ("late", "finished_late") and state not in ISSUED
        agency = where["agency_code"]
        content = {
            "values": {"ly_do": "Hồ sơ cần lấy ý kiến của cơ quan phối hợp"},
            "addressee": [],
            "dossier_code": code,
        }
        rows[Letter].append(
            {
                "id": id_, "dossier_id": id_, "promise_number": 1, "agency_code": agency, "state": state,
                "owed_at": min(_at(by, 0), NOW), "letter_by_on": by, "is_late": is_late,
                "drafted_at": None if state == "owed" else min(_at(by, 1), NOW),
                "new_date_on": promised + 7 * _DAY if state in STEPS else None,
                "counter_told_at": min(_at(by, 5), NOW) if state in STEPS[4:] else None,
                "closed_at": _at(ended, 3) if ended else None, "content": None if state == "owed" else content,
                "content_hash": "" if state == "owed" else f"{id_:064x}",
            }
        )  # fmt: skip
        taken = STEPS if state == "closed" else STEPS[: STEPS.index(state) + 1] if state in STEPS else ()
        for place, step in enumerate(taken):
            self.steps += 1
            rows[LetterStep].append(
                {"id": self.steps, "letter_id": id_, "step": step, "at": _at(by, 1 + place), "actor": "account:bia",
                 "detail": {}}
            )  # fmt: skip
        standing = {"dossier_id": id_, "number": 1, **where}
        final = "letter_on_time" if state in ISSUED else "letter_missing" if is_late else "letter_open"
        rows[Standing].append(standing | {"measure": final, "since_on": min(by, TODAY), "until_on": None})
        for rung, role in (("sap-het-han-thu", "officer"), ("qua-han", "agency_head")):
            self.notices += 1
            at = min(_at(promised, 1), NOW)
            rows[Notice].append(
                {
                    "id": self.notices, "dossier_id": id_, "rung": rung, "role": role, "agency_code": agency,
                    "rung_at": at, "owed_at": at, "state": "told", "key": f"{id_}:1:{rung}:{role}", "closed_at": at,
                }
            )  # fmt: skip
            failed = self.notices % 3000 == 0
            rows[Message].append(
                {
                    "id": self.notices, "key": f"m{self.notices}", "person": f"p{id_ % len(PEOPLE):03d}",
                    "channel": "email", "address": "to.mot@example.invalid", "payload": {"subject": "Hồ sơ quá hạn"},
                    "state": "failed" if failed else "sent", "made_at": at, "not_before_at": at,
                    "sent_at": None if failed else at, "attempts": 1,
                }
            )  # fmt: skip
            rows[MessageNotice].append({"message_id": self.notices, "notice_id": self.notices})


_NAMES = {agency.code: agency.name for agency in AGENCIES}


@cache
def _at(on: date, hour: int) -> datetime:
    return datetime.combine(on, time(hour), UTC)


@cache
def _person(*words: str) -> tuple[str, dict[str, str]]:
    name = " ".join(words)
    return name, {"folded": folded(name), "folded_back": folded_back(name)}


def _promised(stage: str, received: date, dice: random.Random) -> date:
    if stage == "late":
        return TODAY - dice.randint(1, 40) * _DAY
    if stage in ("due_today", "letter_due"):
        return TODAY + (stage == "letter_due") * _DAY
    if stage.startswith("finished"):
        return received + 20 * _DAY
    return TODAY + dice.randint(2, 30) * _DAY


def _ended(stage: str, received: date, promised: date, dice: random.Random) -> date | None:
    if stage == "finished_late":
        return promised + dice.randint(1, 9) * _DAY
    if stage == "finished_on_time":
        return promised
    return received + dice.randint(3, 19) * _DAY if stage == "finished_early" else None


def _working(first: date, last: date) -> int:
    return (last - first).days * 5 // 7


def _next(id_: int) -> datetime:
    """Hours from now; for one in three thousand of what runs it has just passed."""
    return NOW - timedelta(seconds=20) if id_ % 3000 == 1 else NOW + timedelta(hours=5 + id_ % 200)


_OVER = zlib.compress(canonical_json(DossierRecord("1", "H19.01-0", Status.RETURNED, "9")))


def _record(id_: int, code: str, over: bool, where: dict[str, str], facts: dict[str, Any], person: str) -> bytes:
    """The evidence. What is over shares one record: no page measured here opens it, and making them takes minutes."""
    if over:
        return _OVER
    record = DossierRecord(
        str(id_), code, Status.PROCESSING, "4", **where, **facts, applicant=Applicant(person, "citizen", "", "", "", "")
    )
    return zlib.compress(canonical_json(record), 1)
