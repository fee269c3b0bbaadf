"""Invents a province. The truth comes first: each dossier is given the stage it shall be at, and only then dates that
put it there, by the sandbox's own calendar."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from monitor.sandbox import calendar as days
from monitor.sandbox import catalogue, names
from monitor.sandbox.values import Agency, Dossier, Limit, Procedure, Province

# How many of a thousand dossiers are at each stage at the chosen instant.
SHARES: dict[str, float] = {
    "finished_early": 448,
    "finished_on_time": 262,
    "finished_late": 41,
    "in_time": 112,
    "due_soon": 40,
    "letter_due": 9,
    "due_today": 8,
    "late": 30,
    "paused": 20,
    "not_started": 18,
    "no_promise": 4,
    "unknown": 2.5,
    "uncertain": 1.5,
    "set_aside": 4,
}
_RUNNING = ("in_time", "due_soon", "letter_due", "due_today", "late")
_LETTER = ("letter_due", "due_today", "late")
_BROKEN = ("promise_unreadable", "no_id", "not_an_object", "received_unreadable")


def make_province(seed: int, now: datetime, size: int = 20_000, upcoming: int = 0) -> Province:
    """`size` dossiers known at `now` (aware), and `upcoming` more that will be handed in during the days after it."""
    random = Random(seed)
    offices = catalogue.agencies(random)
    procedures = catalogue.procedures(random)
    officials, posts = catalogue.officials(random, offices)
    maker = _Maker(random, days.local(now), offices, procedures)
    stages = random.choices(list(SHARES), list(SHARES.values()), k=size)
    dossiers = [maker.make(stage) for stage in stages]
    dossiers += [maker.make("upcoming") for _ in range(upcoming)]
    tokens = {
        "bot": f"{100_000_000 + seed}:SANDBOX{random.getrandbits(96):024x}",
        "one_stop": f"mot-cua-{random.getrandbits(64):016x}",
        "portal": f"cong-dvc-{random.getrandbits(64):016x}",
        "mail": f"thu-{random.getrandbits(64):016x}",
    }
    return Province(seed, now, offices, procedures, officials, posts, dossiers, tokens)


class _Maker:
    """Makes one dossier after another out of one stream of chance."""

    def __init__(self, random: Random, now: datetime, offices: list[Agency], procedures: list[Procedure]) -> None:
        self._random = random
        self._chance: Callable[[], float] = random.random
        self._now = now
        self._today = now.date()
        self._offices = offices
        self._procedures = procedures
        self._days = [day for day in _every_day() if days.works(day)]
        self._index = {day: number for number, day in enumerate(self._days)}
        self._first = self._index[days.working_day_from(self._today - timedelta(days=315))]
        self._last_done = self._index[days.working_day_until(self._today - timedelta(days=1))]
        self._departments = [n for n, office in enumerate(offices) if office.kind == "department"]
        self._communes = [n for n, office in enumerate(offices) if office.kind == "commune"]
        self._targets = self._promises_by_stage()
        self._by_length: dict[tuple[bool, str, int], list[int]] = {}
        self._counters: dict[tuple[int, date], int] = {}
        self._number = 400_000

    def make(self, stage: str) -> Dossier:
        """A dossier that is at `stage` at the province's instant."""
        if stage in ("finished_early", "finished_on_time", "finished_late", "uncertain"):
            one = self._finished(stage)
        elif stage in _RUNNING:
            one = self._running(stage)
        elif stage in ("not_started", "upcoming"):
            one = self._handed_in(stage)
        elif stage == "paused":
            one = self._paused()
        else:
            one = self._odd(stage)
        self._person(one)
        return one

    # -- the kinds of life a dossier can have

    def _finished(self, stage: str) -> Dossier:
        office, procedure, channel, limit = self._what(2 if stage == "finished_early" else 0)
        last = self._last_done - (12 if stage in ("finished_late", "uncertain") else 0)
        # the promise is at most a little ahead of today, so that early ones end before it
        start = self._pick(self._first, max(self._first + 1, last - limit.working_days))
        received = self._clock_time(self._days[start])
        promised = self._promise(received, limit)
        one = self._start(stage, office, procedure, channel, received, promised)
        end = self._index[promised.date()]
        if stage == "finished_early":
            end = self._pick(self._index[received.date()], end - 1)
        elif stage == "finished_late":
            end += 1 + int(self._chance() ** 3 * 11)
        one.released_at = max(self._clock_time(self._days[end]), received + timedelta(minutes=10))
        if one.released_at.date() != self._days[end] or one.released_at > self._now:
            one.released_at = self._now - timedelta(minutes=5)
        self._ending(one)
        if stage == "uncertain":  # the source says it is done, but not since when, and the promise is over
            one.quirk, one.ending, one.portal = "no_release_date", "done", "same"
            one.returned_at = one.released_at
        elif self._chance() < 0.01:
            # a ministry's own service, known to the portal only; its "8" would read as a pause
            one.in_one_stop, one.portal, one.from_national, one.ending = False, "same", False, "done"
        return one

    def _running(self, stage: str) -> Dossier:
        promise_on = self._promise_day(stage)
        far = self._index[promise_on] - self._index[days.working_day_until(self._today)]
        office, procedure, channel, limit = self._what(max(6, far + 2) if stage != "late" else 2)
        received = self._clock_time(self._received_for(promise_on, limit))
        if received > self._now:  # it would be known before it was handed in
            received = self._clock_time(self._days[self._index[received.date()] - 1])
        one = self._start(stage, office, procedure, channel, received, self._promised_on(promise_on, received))
        if stage == "due_today" and self._chance() < 0.1:
            self._same_day(one)
        elif self._chance() < 0.05 and stage != "in_time":  # the first promise was missed, this is the second one
            first = self._days[self._index[promise_on] - 4]
            if first > received.date() and one.promised_at is not None:
                one.extended_at = one.promised_at
                one.promised_at = datetime.combine(first, one.promised_at.timetz())
        one.running_as = "interoperating" if stage == "in_time" and self._chance() < 0.01 else "processing"
        if stage in ("in_time", "due_soon") and self._chance() < 0.02:
            one.running_as = "paying"  # no rule lets it stand still, so its clock runs
        self._disagree(one)
        if one.portal == "same" and one.extended_at is None and self._chance() < 0.01:
            one.in_one_stop, one.from_national, one.portal_promised_at = False, False, None
        ahead = self._days[self._index[days.working_day_from(self._today)] + self._pick(1, 18)]
        one.released_at = self._clock_time(ahead)
        one.returned_at = one.released_at + timedelta(hours=3)
        return one

    def _same_day(self, one: Dossier) -> None:
        """Received this morning, promised for this afternoon: there never was a lawful day for a letter."""
        morning = max(days.at(self._today, 7, 31), self._now - timedelta(minutes=self._pick(5, 80)))
        if morning < self._now:
            one.received_at = morning.replace(second=0, microsecond=0)
            one.submitted_at = one.received_at - timedelta(minutes=10)
            one.promised_at = days.at(self._today, 16, 30)

    def _handed_in(self, stage: str) -> Dossier:
        office, procedure, _, _ = self._what(0)
        if stage == "upcoming":
            on = self._days[self._index[days.working_day_from(self._today)] + self._pick(0, 9)]
            submitted = max(self._clock_time(on), self._now + timedelta(minutes=self._pick(5, 200)))
        else:
            submitted = self._now - timedelta(minutes=self._pick(10, 5000))
        limit = self._procedures[procedure].limits["online"]
        received = submitted + timedelta(hours=20)
        received = self._clock_time(days.working_day_from(max(received.date(), self._today + timedelta(days=1))))
        one = self._start(stage, office, procedure, "online", received, self._promise(received, limit))
        one.submitted_at = submitted
        one.released_at = self._clock_time(self._days[self._index[received.date()] + self._pick(1, 9)])
        one.from_national = True
        one.uid = f"000.00.00.G22-{submitted:%y%m%d}-{one.number}"
        return one

    def _paused(self) -> Dossier:
        office, procedure, channel, limit = self._what(5)
        start = self._pick(self._last_done - 40, self._last_done - 4)
        received = self._clock_time(self._days[start])
        one = self._start("paused", office, procedure, channel, received, self._promise(received, limit))
        one.pause = self._random.choices(("waiting", "pausing", "lock", "lock_overdue"), (60, 15, 20, 5))[0]
        one.paused_at = self._clock_time(self._days[self._pick(start + 1, self._last_done)])
        one.portal = "masked" if self._chance() < 0.3 else "same"
        return one

    def _odd(self, stage: str) -> Dossier:
        """Running, but something about it keeps anyone from judging it."""
        one = self._running("late" if self._chance() < 0.5 else "due_soon")
        one.stage, one.extended_at, one.portal, one.portal_promised_at = stage, None, "same", None
        one.released_at = one.returned_at = None
        if stage == "no_promise":
            one.promised_at = None
        elif stage == "unknown":
            one.quirk = "unknown_status"
        else:
            one.broken_at = "portal" if self._chance() < 0.3 else "one_stop"
            one.broken_how = self._random.choice(_BROKEN)
            one.in_one_stop = one.broken_at == "one_stop"
            one.portal = "absent" if one.in_one_stop else "same"
            one.from_national = False
        return one

    # -- pieces

    def _start(
        self, stage: str, office: int, procedure: int, channel: str, received: datetime, promised: datetime
    ) -> Dossier:
        self._number += 1
        on = received.date()
        self._counters[office, on] = sequence = self._counters.get((office, on), 0) + 1
        agency = self._offices[office]
        former = bool(agency.former_code) and on < date(2026, 7, 1)
        code = f"{agency.former_code if former else agency.code}-{on:%y%m%d}-{sequence:04d}"
        before = self._pick(4, 60) if channel == "counter" else self._pick(30, 400)
        one = Dossier(
            number=self._number,
            code=code,
            uid=str(UUID(int=self._random.getrandbits(128), version=4)),
            agency=office,
            procedure=procedure,
            channel=channel,
            stage=stage,
            submitted_at=received - timedelta(minutes=before),
            received_at=received,
            promised_at=promised,
            quirk="former_code" if former else "",
        )
        if channel == "online" and self._chance() < 0.25:
            one.from_national, one.uid = True, f"000.00.00.G22-{on:%y%m%d}-{self._number}"
        return one

    def _ending(self, one: Dossier) -> None:
        assert one.released_at is not None
        chance = self._chance()
        one.ending = "done" if chance < 0.95 else "unresolved" if chance < 0.975 else "cancelled"
        handed = one.released_at + timedelta(minutes=self._pick(5, 3000))
        one.returned_at = handed if handed < self._now or one.ending != "done" else None
        if one.ending == "done" and chance < 0.05:
            one.returned_at = None  # waits at the counter
        if one.ending == "done" and one.stage == "finished_early" and self._chance() < 0.3:
            one.quirk = one.quirk or "early_extend"
        one.portal = "same" if self._chance() < 0.975 else "running"  # a push that was lost

    def _disagree(self, one: Dossier) -> None:
        chance = self._chance()
        if chance < 0.025:
            one.portal = "done"
        elif chance < 0.06:
            one.portal = "absent"  # never pushed: an absence contradicts nothing
        elif chance < 0.08 and one.promised_at is not None:
            moved = self._days[self._index[one.promised_at.date()] + self._pick(2, 6)]
            one.portal_promised_at = datetime.combine(moved, one.promised_at.timetz())

    def _person(self, one: Dossier) -> None:
        chance, number = self._chance, one.number - 400_000
        pick = self._random.choice
        one.phone = f"0900{(number * 7919 + 13) % 1_000_000:06d}"
        one.id_number = f"0750{(number * 104_729 + 271) % 100_000_000:08d}"
        one.address = f"Số {number}, {pick(names.STREETS)} {1 + number % 17}, {self._offices[one.agency].name[19:]}"
        name = (
            f"{pick(names.APPLICANT_FAMILY)} {pick(names.APPLICANT_MIDDLE)} "
            f"{pick(names.APPLICANT_FIRST)} {pick(names.APPLICANT_FIRST)}"
        )
        if chance() < 0.12:
            one.is_business, name = True, f"{pick(names.BUSINESS_KIND)} {name[name.index(' ') + 1 :]} {number}"
        elif chance() < 0.03:
            name = f"{name}; {pick(names.APPLICANT_FAMILY)} {name[name.index(' ') + 1 :]}"  # co-owners
        one.name = name
        if chance() < 0.4:
            one.email = f"nguoidan{number}@thu.vidu.test"
        one.officer = f"cv{one.agency:03d}"

    def _what(self, at_least: int) -> tuple[int, int, str, Limit]:
        """Office, procedure, channel and limit of at least so many working days."""
        of_commune = self._chance() < 0.72
        office = self._random.choice(self._communes if of_commune else self._departments)
        channel = self._random.choices(catalogue.CHANNELS, (52, 43, 5))[0]
        key = of_commune, channel, at_least
        if key not in self._by_length:
            self._by_length[key] = [
                number
                for number, procedure in enumerate(self._procedures)
                if procedure.of_commune == of_commune and procedure.limits[channel].working_days >= at_least
            ]
        procedure = self._random.choice(self._by_length[key])
        return office, procedure, channel, self._procedures[procedure].limits[channel]

    def _pick(self, low: int, high: int) -> int:
        return low + int(self._chance() * (high - low + 1)) if high > low else low

    def _clock_time(self, day: date) -> datetime:
        """Some minute of that day's office hours, 07:35–11:14 or 13:05–16:44."""
        minute = int(self._chance() * 440)
        minute += 455 if minute < 220 else 785 - 220
        return datetime(day.year, day.month, day.day, minute // 60, minute % 60, int(self._chance() * 60), 0, days.VN)

    def _promise(self, received: datetime, limit: Limit) -> datetime:
        """What an office of the province would write on the slip."""
        on, start = received.date(), self._index[received.date()]
        morning = received.hour < 12
        if limit.kind == "hours":
            late = start if limit.amount == 4 and morning else start + 1
            return days.at(self._days[late], 16 if late == start else received.hour, received.minute)
        if limit.text.startswith("1,5"):
            return days.at(self._days[start + (1 if morning else 2)], 16 if morning else 10)
        if limit.kind == "cd":
            return self._promised_on(days.working_day_from(on + timedelta(days=limit.amount)), received)
        if limit.kind == "month":
            months = on.month - 1 + limit.amount
            last = date(on.year + months // 12, months % 12 + 1, min(on.day, 28))
            return self._promised_on(days.working_day_from(last), received)
        return self._promised_on(self._days[start + limit.amount], received)

    def _promised_on(self, on: date, received: datetime) -> datetime:
        return datetime.combine(on, received.timetz())

    def _received_for(self, promise_on: date, limit: Limit) -> date:
        """A working day on which a reception leads to that promise (or nearly, for calendar days)."""
        if limit.kind == "cd":
            return days.working_day_until(promise_on - timedelta(days=limit.amount))
        if limit.kind == "month":
            return days.working_day_until(promise_on - timedelta(days=31 * limit.amount))
        return self._days[self._index[promise_on] - limit.working_days]

    def _promise_day(self, stage: str) -> date:
        targets = self._targets[stage] or self._targets["late"]  # on a day off nothing falls due
        if stage == "late" or not self._targets[stage]:  # most are only a few days late, some for weeks
            return targets[-1 - int(self._chance() ** 2.5 * len(targets))]
        return self._random.choice(targets)

    def _promises_by_stage(self) -> dict[str, list[date]]:
        """Promised days that put a running dossier at each stage today, found by looking at every working day."""
        found: dict[str, list[date]] = {stage: [] for stage in _RUNNING}
        here = self._index[days.working_day_until(self._today)]
        for day in self._days[here - 30 : here + 20]:
            found[stage_of_promise(day, self._today)].append(day)
        return found


def stage_of_promise(promise_on: date, today: date) -> str:
    """Where a running dossier stands, by the days alone (law.md §4.2, §11)."""
    if promise_on < today:
        return "late"
    if promise_on == today:
        return "due_today"
    if days.last_day_for_letter(promise_on) <= today:
        return "letter_due"
    if days.walk(promise_on, -3) <= today:
        return "due_soon"
    return "in_time"


def _every_day() -> list[date]:
    count = (days.LAST_DAY - days.FIRST_DAY).days + 1
    return [days.FIRST_DAY + timedelta(days=number) for number in range(count)]
