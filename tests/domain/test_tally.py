"""A line a span: what counted and what did not, and that the lines add up to the limit."""

import re
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import count_due
from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit, parse_limit
from monitor.domain.spans import Span, merged
from tests.counts import proof_examples
from tests.domain.calendars import at, november
from tests.domain.random_calendars import CALENDARS, INSTANTS
from tests.domain.shipped import vietnam

PLAIN = CountingRules()
BY_HOURS = CountingRules(day_is_hours=True)
SPANS = {"counted", "worked", "off", "weekend", "paused"}
ASKED = Span(at("2026-11-25 09:00"), at("2026-11-26 14:00"))


def told(received: str, term: str, rules: CountingRules = PLAIN, *paused: Span) -> list[str]:
    deadline = count_due(at(received), parse_limit(term), rules, vietnam(), paused)
    return [f"{step.text_vi} [{step.document}]" for step in deadline.steps if step.rule in SPANS]


def test_working_days_with_a_swap_and_a_holiday() -> None:
    assert told("2026-08-20 10:00", "8 ngày làm việc") == [
        "Thứ Sáu 21/08/2026: tính 1 ngày làm việc (cộng dồn 1/8). [lịch làm việc]",
        "Thứ Bảy 22/08/2026 (Làm bù cho thứ Hai 31/8/2026): ngày làm bù, tính 1 ngày làm việc (cộng dồn 2/8). "
        "[Thông báo 9441/TB-BNV năm 2025]",
        "Chủ nhật 23/08/2026: nghỉ hằng tuần, không tính. [lịch làm việc]",
        "Từ thứ Hai 24/08/2026 đến thứ Sáu 28/08/2026: tính 5 ngày làm việc (cộng dồn 7/8). [lịch làm việc]",
        "Từ thứ Bảy 29/08/2026 đến Chủ nhật 30/08/2026: nghỉ hằng tuần, không tính. [lịch làm việc]",
        "Thứ Hai 31/08/2026: ngày nghỉ, không tính (Nghỉ hoán đổi dịp Quốc khánh (làm bù thứ Bảy 22/8/2026)). "
        "[Thông báo 9441/TB-BNV năm 2025]",
        "Từ thứ Ba 01/09/2026 đến thứ Tư 02/09/2026: ngày nghỉ, không tính (Quốc khánh 2026). "
        "[Thông báo 9441/TB-BNV năm 2025]",
        "Thứ Năm 03/09/2026: tính 1 ngày làm việc (cộng dồn 8/8). [lịch làm việc]",
    ]


def test_hours_with_a_day_cut_at_both_ends() -> None:
    """Lunch is told by the rule above the spans, not as a span a day."""
    assert told("2026-11-26 15:07", "10 giờ") == [
        "Từ 15:07 đến 17:00 thứ Năm 26/11/2026: tính 1 giờ 53 phút (cộng dồn 1 giờ 53 phút/10 giờ). [lịch làm việc]",
        "Thứ Sáu 27/11/2026: tính 8 giờ (cộng dồn 9 giờ 53 phút/10 giờ). [lịch làm việc]",
        "Từ thứ Bảy 28/11/2026 đến Chủ nhật 29/11/2026: nghỉ hằng tuần, không tính. [lịch làm việc]",
        "Từ 07:30 đến 07:37 thứ Hai 30/11/2026: tính 7 phút (cộng dồn 10 giờ/10 giờ). [lịch làm việc]",
    ]


@pytest.mark.parametrize(
    ("term", "rules", "line"),
    [
        ("4 ngày làm việc", PLAIN, "Thứ Năm 26/11/2026: tạm dừng, không tính."),
        ("20 ngày", PLAIN, "Thứ Năm 26/11/2026: tạm dừng, không tính."),
        ("1 tháng", PLAIN, "Từ thứ Sáu 27/11/2026 đến thứ Hai 21/12/2026: tính 25 ngày liên tục, kể cả ngày nghỉ."),
        ("3 ngày làm việc", BY_HOURS, "Thứ Năm 26/11/2026: tính 3 giờ (cộng dồn 13 giờ 30 phút/24 giờ)."),
    ],
)
def test_a_pause_stands_out(term: str, rules: CountingRules, line: str) -> None:
    assert line in [text.split(" [")[0] for text in told("2026-11-20 16:00", term, rules, ASKED)]


def test_a_day_that_stood_still_as_a_whole_counts_no_hour() -> None:
    whole = Span(at("2026-11-25 00:00"), at("2026-11-26 00:00"))
    assert any(t.startswith("Thứ Tư 25/11/2026: tạm dừng") for t in told("2026-11-20 16:00", "16 giờ", PLAIN, whole))


def test_a_day_nobody_has_confirmed_names_no_document() -> None:
    (monday,) = (line for line in told("2026-11-20 10:00", "1 ngày làm việc") if line.startswith("Thứ Hai"))
    assert monday.endswith("[chưa có văn bản xác nhận]")
    steps = count_due(at("2026-11-20 10:00"), parse_limit("2 ngày làm việc"), PLAIN, vietnam()).steps
    assert steps[-1].text_vi.endswith("chậm nhất thứ Hai 23/11/2026 (tạm tính).")
    certain = count_due(at("2026-11-25 10:00"), parse_limit("2 ngày làm việc"), PLAIN, vietnam()).steps
    assert "tạm tính" not in certain[-1].text_vi


def test_a_same_day_term_has_no_spans() -> None:
    steps = count_due(
        at("2026-11-25 10:00"),
        parse_limit("1 ngày"),
        CountingRules(same_day_until=at("2026-11-25 15:00").time()),
        november(),
    ).steps
    assert not SPANS & {step.rule for step in steps}


PAUSES = st.lists(st.tuples(INSTANTS, st.timedeltas(timedelta(minutes=1), timedelta(days=9))), max_size=3)


@settings(max_examples=proof_examples(120, 10_000), deadline=None)
@given(CALENDARS, INSTANTS, st.integers(1, 12), st.sampled_from(["hours", "days", "calendar"]), st.booleans(), PAUSES)
def test_the_spans_add_up_to_the_limit_and_leave_out_no_day(
    calendar: WorkingCalendar,
    received: datetime,
    amount: int,
    unit: str,
    first: bool,
    pauses: list[tuple[datetime, timedelta]],
) -> None:
    units = {"hours": LimitUnit.HOURS, "days": LimitUnit.WORKING_DAYS, "calendar": LimitUnit.CALENDAR_DAYS}
    limit = TimeLimit(Fraction(amount), units[unit])
    paused = merged(Span(start, start + length) for start, length in pauses)
    try:
        deadline = count_due(received, limit, CountingRules(first_day_counted=first), calendar, paused)
    except CalendarExhausted:
        assume(False)
        raise
    spans = [step for step in deadline.steps if step.rule in SPANS]
    counted = [step.text_vi for step in spans if "cộng dồn" in step.text_vi]
    if unit == "hours":
        assert counted[-1].endswith(f"(cộng dồn {amount} giờ/{amount} giờ).")
    else:
        assert counted[-1].endswith(f"(cộng dồn {amount}/{amount}).")
        assert sum(int(re.findall(r"tính (\d+) ngày", text)[0]) for text in counted) == amount
    last = deadline.trail.last_day if unit == "calendar" else deadline.due_on
    assert spans[-1].on == last
    assert [step.on for step in spans] == sorted({step.on for step in spans if step.on}), "in order, no day twice"
