"""The lines of an explanation in English: every word and sentence of ours has one, and names stay as they came."""

import re
from typing import Any

import pytest

from monitor.domain.deadline import count_due
from monitor.domain.limits import CountingRules, parse_limit
from monitor.explain import _VERDICT
from monitor.explain_words import BASIS_VI, FIELD_VI, FINDING_VI, REASON_VI, STAGE_VI, STATUS_VI
from monitor.web.lines_english import catalogue, in_english
from tests.domain.calendars import at
from tests.web import desk
from tests.web.conftest import visiting
from tests.web.test_explaining import CODE, told  # noqa: F401 - a fixture

VIETNAMESE = re.compile("[àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ]", re.IGNORECASE)
_OF_THE_CALENDAR = re.compile(r" \(.*\)")  # a holiday's name in brackets


@pytest.mark.parametrize("table", [STATUS_VI, STAGE_VI, REASON_VI, FINDING_VI, BASIS_VI, _VERDICT])
def test_every_word_of_an_explanation_has_its_english(table: dict[Any, str]) -> None:
    assert [word for word in table.values() if word not in catalogue()] == []


@pytest.mark.parametrize("field", FIELD_VI.values())
def test_every_date_that_is_told_has_its_english(field: str) -> None:
    said = in_english(f"{field} 09:15 thứ Tư 04/03/2026")
    assert "Wednesday 04/03/2026" in said
    assert not VIETNAMESE.search(said)


@pytest.mark.parametrize(
    ("limit", "rules"),
    [
        ("5 ngày làm việc", CountingRules()),
        ("2,5 ngày làm việc", CountingRules(first_day_counted=True)),
        ("1 ngày làm việc", CountingRules(day_is_hours=True)),
        ("20 giờ làm việc", CountingRules()),
        ("15 ngày", CountingRules()),
        ("2 tháng", CountingRules()),
        ("1 ngày làm việc", CountingRules(same_day_until=at("2026-11-20 15:00").time())),
        ("5 ngày làm việc", CountingRules(cut_off=at("2026-11-20 15:00").time())),
    ],
)
@pytest.mark.parametrize("received", ["2026-11-20 09:15", "2026-11-20 16:40", "2026-11-21 10:00", "2026-04-24 19:00"])
def test_every_line_of_a_count_has_its_english(limit: str, rules: CountingRules, received: str) -> None:
    """Whatever the unit, the rule and the hour of receipt; over days off, weekends and days worked in their place."""
    counted = count_due(at(received), parse_limit(limit), rules, desk.calendar())
    said = [_OF_THE_CALENDAR.sub("", in_english(step.text_vi)) for step in counted.steps]
    assert [line for line in said if VIETNAMESE.search(line)] == []


def test_the_page_and_the_json_say_it_in_english(told: Any) -> None:  # noqa: F811
    """A supplement, then an extension: all that is Vietnamese in it are names, and they are marked."""
    with visiting(told) as site:
        answer = site.get(f"/api/v1/explain/{CODE}").json()
        site.cookies.set("language", "en")
        html = site.get(f"/giai-thich/{CODE}").text
    said = [line["text_en"] for line in answer["lines"]]
    left = [line for line in said if VIETNAMESE.search(_OF_THE_CALENDAR.sub("", line))]
    assert all(line.startswith(("Procedure: ", "Resolving agency: ")) for line in left), left
    assert "Against the first return date: late." in said
    assert "Against the extended date: not late." in said
    assert "From Monday 09/11/2026 to Wednesday 11/11/2026: 3 working days count (7/7 so far)." in html


@pytest.mark.parametrize("line", ["", "Nguyễn Văn A: chuyện khác", "100% (a)", "%(x)s"])
def test_what_is_no_line_of_ours_stays_as_it_came(line: str) -> None:
    assert in_english(line).replace("chuyện khác", "") == line.replace("chuyện khác", "")
