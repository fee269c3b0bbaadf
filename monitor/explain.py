"""Explains a dossier line by line: who said what and when we first heard it, how the term counts, what follows.

Read-only, told in Vietnamese, and again as JSON. No line holds anything of the applicant: records are evidence, of
which only states and dates are shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import DossierRecord
from monitor.domain.apology import as_letters_say
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import Deadline, count_due
from monitor.domain.dossier import Facts, Pause, Precision
from monitor.domain.findings import FindingKind
from monitor.domain.pauses import Ledger, Reckoning, Seen, pauses_seen, reckon
from monitor.domain.saying import capital, say_day, say_instant
from monitor.domain.stage import LETTER_STAGES, Judgement, Reason, Stage, Warning, judge
from monitor.domain.tally import spans_told
from monitor.domain.trail import ND118_17, ND118_19, ND118_PAUSE, PROVISIONAL
from monitor.explain_history import Heard, histories, of_each
from monitor.explain_words import FIELD_VI, FINDING_VI, REASON_VI, STAGE_VI, STATUS_VI, say_proposal
from monitor.procedures import Term, Terms
from monitor.proposing import proposals
from monitor.store.tables import CrossingRow, Dossier, FindingRow, Source
from monitor.views import SourceRole, SourceView, facts_of, fold, speaking

_QD766 = "Quyết định 766/QĐ-TTg"
_USUAL_WARNING = Warning()
_VERDICT = {True: "quá hạn", False: "không quá hạn", None: "chưa xác định được"}
_MAY_NEED_A_DATE = LETTER_STAGES | {Stage.DUE_SOON}


class DossierNotFound(LookupError):
    """No dossier has this code, or none was known at that moment."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `section`: dossier | heard | count | pause | compare | stage | crossing | finding. `at` is UTC."""

    section: str
    text_vi: str
    on: date | None = None
    at: datetime | None = None
    rule: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All lines about every dossier that bears the code, as of `now` with what was known at `known_at`."""

    code: str
    now: datetime
    known_at: datetime
    lines: tuple[Line, ...]

    def sections(self) -> list[tuple[str, list[Line]]]:
        """The lines under their headings, in order; a heading comes again for a second dossier of the same code."""
        groups = groupby(self.lines, key=lambda line: line.section)
        return [(_HEADINGS[section], list(lines)) for section, lines in groups]

    def text(self) -> str:
        """Printable: a heading a section, a line a fact, its ground in brackets."""
        out: list[str] = []
        for heading, lines in self.sections():
            out += ["", heading] if out else [heading]
            out += [f"  - {line.text_vi}" + (f"  [{line.document}]" if line.document else "") for line in lines]
        return "\n".join(out) + "\n"

    def json(self) -> dict[str, Any]:
        """The same as plain values: instants in ISO 8601 with their offset, days as YYYY-MM-DD."""
        return {
            "code": self.code,
            "now": self.now.isoformat(),
            "known_at": self.known_at.isoformat(),
            "lines": [
                asdict(line)
                | {"on": line.on.isoformat() if line.on else None, "at": line.at.isoformat() if line.at else None}
                for line in self.lines
            ],
        }


_HEADINGS = {
    "dossier": "HỒ SƠ",
    "heard": "CÁC HỆ THỐNG ĐÃ BÁO GÌ, TỪ KHI NÀO",
    "count": "CÁCH TÍNH HẠN",
    "pause": "TẠM DỪNG",
    "compare": "SO VỚI NGÀY HẸN TRẢ",
    "stage": "ĐÁNH GIÁ",
    "crossing": "CÁC MỐC ĐÃ QUA",
    "finding": "ĐIỀU CẦN XEM LẠI",
}


def explain_dossier(
    session: Session,
    code: str,
    *,
    calendar: WorkingCalendar,
    terms: Terms,
    now: datetime,
    known_at: datetime | None = None,
    warning: Warning = _USUAL_WARNING,
) -> Explanation:
    """Explains the dossiers with this code as judged at `now`, hiding what was first heard after `known_at`.

    `known_at` is `now` unless given. Raises `DossierNotFound`.
    """
    known = now if known_at is None else known_at
    dossiers = session.scalars(select(Dossier).where(Dossier.code == code).order_by(Dossier.id)).all()
    heard = histories(session, [d.id for d in dossiers], known)
    told = [d for d in dossiers if d.id in heard]
    if not told:
        raise DossierNotFound(code)
    roles = {s.name: s.role for s in session.scalars(select(Source))}
    crossings = of_each(session, CrossingRow, [d.id for d in told], CrossingRow.found_at <= known)
    findings = of_each(session, FindingRow, [d.id for d in told], FindingRow.found_at <= known)
    # the history of other dossiers is not hidden by `known_at`: no proposal about a past that was known less well
    asked = [d for d in told if known_at is None and d.promise_number == 1 and d.stage in _MAY_NEED_A_DATE]
    proposed = proposals(session, asked, calendar, now)
    lines: list[Line] = []
    for dossier in told:
        own = calendar.of(dossier.agency_code)
        case = _Case(dossier, heard[dossier.id], roles, own, terms, now, warning)
        lines += case.lines()
        if (proposal := proposed.get(dossier.id)) is not None:
            lines.append(Line("stage", say_proposal(proposal), on=proposal.on, rule="proposal", document=ND118_19))
        lines += [_crossing_line(row, calendar) for row in crossings.get(dossier.id, []) if row.at <= now]
        open_ones = [f for f in findings.get(dossier.id, []) if f.closed_at is None or f.closed_at > known]
        lines += [_finding_line(row, calendar) for row in open_ones]
    return Explanation(code, now, known, tuple(lines))


class _Case:
    """One dossier, explained from its history alone."""

    def __init__(
        self,
        dossier: Dossier,
        history: Sequence[Heard],
        roles: Mapping[str, str],
        calendar: WorkingCalendar,
        terms: Terms,
        now: datetime,
        warning: Warning,
    ) -> None:
        self._dossier, self._history, self._calendar = dossier, history, calendar
        self._now, self._warning = now, warning
        views: dict[tuple[str, str], SourceView] = {}
        for heard in history:
            place = heard.source, heard.key
            views[place] = fold(views.get(place), heard.source, heard.record, heard.heard_at, heard.not_before)
        precision = Precision(dossier.precision)
        source_roles = {name: SourceRole(role, precision) for name, role in roles.items()}
        self._view = speaking(list(views.values()), source_roles)
        self._term: Term | None = terms.find(self._view.procedure_code, self._view.channel)
        payment_pauses = bool(self._term and self._term.rules.payment_pauses)
        facts = facts_of(self._view, source_roles, payment_pauses=payment_pauses)
        self._facts: Facts = as_letters_say(facts, dossier.extended_by_letter_on, dossier.taken_back_on, calendar)
        self._pauses = pauses_seen(
            (
                Seen(h.record.status, h.heard_at, h.not_before)
                for h in history
                if (h.source, h.key) == (self._view.source, self._view.key)
            ),
            payment_pauses=payment_pauses,
        )

    def lines(self) -> list[Line]:
        counted, count_lines = self._count()
        return [
            *self._head(),
            *self._heard(),
            *count_lines,
            *self._pause_lines(),
            *self._compare(counted),
            *self._stage(),
        ]

    def _head(self) -> Iterator[Line]:
        view = self._view
        name = view.procedure_name or (self._term.name if self._term else "")
        yield Line("dossier", f"Mã hồ sơ: {view.code or self._dossier.code}.")
        yield Line("dossier", f"Thủ tục: {name or 'chưa rõ tên'} ({view.procedure_code or 'không có mã'}).")
        agency = self._dossier.agency_name or view.agency_name
        yield Line(
            "dossier", f"Cơ quan giải quyết: {agency or 'chưa rõ'} ({self._dossier.agency_code or 'không có mã'})."
        )
        yield Line("dossier", f"Hệ thống được căn cứ: {view.source}.")

    def _heard(self) -> Iterator[Line]:
        """What each system said, and what changed when it spoke again."""
        last: dict[tuple[str, str], DossierRecord] = {}
        for heard in self._history:
            before = last.get((heard.source, heard.key))
            last[heard.source, heard.key] = heard.record
            said = list(self._changes(before, heard.record))
            if not said:
                continue  # something changed that is not told here: a name, an address, an officer
            verb = "báo lần đầu" if before is None else "báo thay đổi"
            text = f"{self._at(heard.heard_at)}: {heard.source} {verb}: {'; '.join(said)}."
            if before is not None and heard.not_before is not None:
                text += f" Thay đổi xảy ra sau {self._at(heard.not_before)}."
            yield Line("heard", text, at=heard.heard_at, rule="heard")

    def _changes(self, before: DossierRecord | None, record: DossierRecord) -> Iterator[str]:
        if before is None or before.status is not record.status:
            yield STATUS_VI[record.status]
        for field, word in FIELD_VI.items():
            value = getattr(record, field)
            if value is None and (before is None or getattr(before, field) is None):
                continue
            if before is not None and getattr(before, field) == value:
                continue
            by_day = field == "promised_at" and record.promised_date_only
            said = "bị xóa" if value is None else self._day_of(value) if by_day else self._at(value)
            yield f"{word} {said}"

    def _count(self) -> tuple[Deadline | None, list[Line]]:
        """Our own count, or why there is none."""
        received, term = self._facts.received_at, self._term
        if received is None:
            return None, [Line("count", "Chưa tiếp nhận nên chưa tính thời hạn.", rule="no_receipt", document=ND118_17)]
        if term is None:
            text = (
                f"Danh mục thủ tục không có thời hạn của {self._view.procedure_code or 'thủ tục này'}: không tự tính."
            )
            return None, [Line("count", text, rule="no_term")]
        if term.limit is None:
            return None, [Line("count", f"Không tự tính: {term.problem}.", rule="limit_unknown")]
        try:
            counted = count_due(received, term.limit, term.rules, self._calendar)
        except CalendarExhausted:
            return None, [Line("count", "Không tự tính: vượt quá lịch làm việc đã nạp.", rule="calendar_ends")]
        return counted, [Line("count", s.text_vi, on=s.on, rule=s.rule, document=s.document) for s in counted.steps]

    def _pause_lines(self) -> Iterator[Line]:
        for pause in self._pauses:
            yield Line("pause", self._said_of(pause), at=pause.began_by, rule="pause", document=ND118_PAUSE)
        term, received = self._term, self._facts.received_at
        if not self._pauses or received is None or term is None or term.limit is None:
            return
        try:
            ledger = reckon(received, term.limit, term.rules, self._calendar, self._pauses)
        except CalendarExhausted:
            return
        yield from self._reckoned(ledger)

    def _said_of(self, pause: Pause) -> str:
        began = self._between(pause.began_after, pause.began_by)
        text = f"{capital(STATUS_VI[pause.kind])}: bắt đầu {began}"
        if pause.ended_by is None:
            return text + "; đến nay chưa kết thúc."
        return f"{text}; kết thúc {self._between(pause.ended_after, pause.ended_by)}."

    def _reckoned(self, ledger: Ledger) -> Iterator[Line]:
        if ledger.restart is None or ledger.subtract is None:
            yield Line("pause", "Đang tạm dừng: chưa có hạn.", rule="standing", document=ND118_PAUSE)
            return
        text = f"Nếu tính lại từ đầu sau khi nhận đủ hồ sơ: {self._due_of(ledger.restart)}."
        yield Line("pause", text, on=ledger.restart.latest.due_on, rule="restart", document=ND118_PAUSE)
        yield from self._spans(ledger.restart)
        text = f"Nếu trừ thời gian tạm dừng: {self._due_of(ledger.subtract)}."
        yield Line("pause", text, on=ledger.subtract.latest.due_on, rule="subtract", document=_QD766)
        yield from self._spans(ledger.subtract)

    def _spans(self, reckoning: Reckoning) -> Iterator[Line]:
        """The count behind one reading, at its latest where polls left two."""
        for step in spans_told(reckoning.latest.trail, reckoning.latest.due_at):
            yield Line("pause", f"  {step.text_vi}", on=step.on, rule=step.rule, document=step.document)

    def _due_of(self, reckoning: Reckoning) -> str:
        if reckoning.is_certain:
            return f"hạn {say_instant(reckoning.latest.due_at)}"
        first, last = say_instant(reckoning.earliest.due_at), say_instant(reckoning.latest.due_at)
        return f"hạn trong khoảng từ {first} đến {last}"

    def _compare(self, counted: Deadline | None) -> Iterator[Line]:
        """The promised date in force beside the slip's and our count."""
        promise = self._facts.promise
        if promise is None:
            yield Line("compare", "Nguồn không cho ngày hẹn trả.", rule="no_promise", document=ND118_17)
            return
        said = self._day_of(promise.at) if promise.precision is Precision.DATE else self._at(promise.at)
        how = "ngày hẹn lại" if promise.number == 2 else "ngày hẹn trả trên phiếu"
        text = f"Đánh giá theo {how}: {said}."
        promise_on = self._calendar.local_date(promise.at)
        document = ND118_19 if promise.number == 2 else ND118_17
        yield Line("compare", text, on=promise_on, at=promise.at, rule="promise", document=document)
        original = self._facts.original_promised_at
        if original is not None and self._calendar.local_date(original) != promise_on:
            text = f"Ngày hẹn trả đầu tiên: {self._day_of(original)}."
            yield Line("compare", text, on=self._calendar.local_date(original), at=original, rule="original")
        if counted is not None and not self._pauses:
            yield self._difference(counted, promise_on)

    def _difference(self, counted: Deadline, promise_on: date) -> Line:
        try:
            days = self._calendar.working_days_between(counted.due_on, promise_on)
        except CalendarExhausted:
            days = (promise_on - counted.due_on).days
        ours = say_day(counted.due_on)
        if counted.due_on == promise_on:
            return Line("compare", f"Hạn tự tính trùng ngày hẹn trả: {ours}.", on=counted.due_on, rule="agree")
        where = "muộn hơn" if promise_on > counted.due_on else "sớm hơn"
        text = f"Hạn tự tính là {ours}: ngày hẹn trả {where} {abs(days)} ngày làm việc; không dùng để kết luận quá hạn."
        return Line("compare", text, on=counted.due_on, rule="differ")

    def _stage(self) -> Iterator[Line]:
        try:
            judged = judge(self._facts, self._calendar, self._warning, self._now)
        except CalendarExhausted:
            yield Line(
                "stage", "Không đánh giá được: ngày hẹn trả vượt quá lịch làm việc đã nạp.", rule="calendar_ends"
            )
            return
        text = f"Lúc {self._at(self._now)}: {STAGE_VI[judged.stage]} ({REASON_VI[judged.reason]})."
        yield Line("stage", text, at=self._now, rule=judged.reason.value)
        yield from self._consequences(judged)

    def _consequences(self, judged: Judgement) -> Iterator[Line]:
        if judged.late_from is not None:
            text = f"Quá hạn tính từ {self._at(judged.late_from)} nếu chưa có kết quả."
            yield Line("stage", text, at=judged.late_from, rule="late_from", document=ND118_17)
        if judged.letter_by_on is not None:
            unsure = PROVISIONAL if judged.letter_provisional else ""
            text = f"Văn bản xin lỗi phải gửi chậm nhất {say_day(judged.letter_by_on)}{unsure}."
            yield Line("stage", text, on=judged.letter_by_on, rule="letter_by", document=ND118_19)
        elif judged.promise is not None and judged.late_from is not None:
            text = "Không có ngày làm việc nào để gửi văn bản xin lỗi trước hạn."
            yield Line("stage", text, rule="no_lawful_day", document=ND118_19)
        yield from self._both_answers(judged)
        if judged.next_change_at is not None:
            yield Line("stage", f"Đánh giá lại lúc {self._at(judged.next_change_at)}.", at=judged.next_change_at)

    def _both_answers(self, judged: Judgement) -> Iterator[Line]:
        """Where the date has moved: late against the first one and late against the one in force are two answers."""
        promise, original = judged.promise, self._facts.original_promised_at or self._facts.promised_at
        if promise is None or original is None or self._day_of(original) == self._day_of(promise.at):
            return
        in_force = "ngày hẹn lại" if promise.number == 2 else "ngày hẹn hiện nay"
        text = f"So với ngày hẹn trả đầu tiên: {_VERDICT[judged.late_vs_original]}."
        yield Line("stage", text, rule="against_original", document=ND118_19)
        text = f"So với {in_force}: {_VERDICT[judged.late_vs_promise]}."
        yield Line("stage", text, rule="against_promise", document=ND118_19)

    def _at(self, at: datetime) -> str:
        return say_instant(self._calendar.local(at).replace(microsecond=0))

    def _day_of(self, at: datetime) -> str:
        return say_day(self._calendar.local_date(at))

    def _between(self, after: datetime | None, by: datetime) -> str:
        return f"không muộn hơn {self._at(by)}" if after is None else f"sau {self._at(after)}, trước {self._at(by)}"


def _crossing_line(row: CrossingRow, calendar: WorkingCalendar) -> Line:
    at, found = (say_instant(calendar.local(t).replace(microsecond=0)) for t in (row.at, row.found_at))
    reason = f" ({REASON_VI[Reason(row.reason)]})" if row.reason else ""
    text = f"{at}: {STAGE_VI[Stage(row.stage)]}{reason}; phát hiện lúc {found}."
    return Line("crossing", text, at=row.at, rule=row.reason)


def _finding_line(row: FindingRow, calendar: WorkingCalendar) -> Line:
    found = say_instant(calendar.local(row.found_at).replace(microsecond=0))
    detail = f": {row.detail}" if row.detail else ""
    confirmed = " (đã có người xác nhận)" if row.confirmed_by else ""
    return Line(
        "finding", f"{found}: {FINDING_VI[FindingKind(row.kind)]}{detail}{confirmed}.", at=row.found_at, rule=row.kind
    )


__all__ = ["DossierNotFound", "Explanation", "Line", "explain_dossier"]
