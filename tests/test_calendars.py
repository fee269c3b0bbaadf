"""Calendars from files: what is shipped, what a site adds, and mistakes that say file, row and cure."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from monitor.calendar_file import CalendarFileError, parse_blocks
from monitor.calendars import load_calendar
from monitor.domain.calendar import Block, WorkingCalendar
from monitor.settings import CalendarSettings, office_hours

ZONE = "Asia/Ho_Chi_Minh"


def load(folder: Path, text: str, country: str = "VN", zone: str = ZONE) -> WorkingCalendar:
    (folder / "calendar.toml").write_text(text, "utf-8")
    return load_calendar(CalendarSettings(country=country, file=Path("calendar.toml")), zone, folder)


def test_a_sites_row_wins_over_what_is_shipped(tmp_path: Path) -> None:
    calendar = load(
        tmp_path,
        """
        [[day]]
        on = 2026-11-23
        work = false
        name = "Nghỉ hoán đổi"
        document = "Công văn 123/UBND-NV"

        [[day]]
        on = 2026-11-28
        work = true
        like = 2026-11-23
        document = "Công văn 123/UBND-NV"
        """,
    )
    monday, saturday = calendar.day(date(2026, 11, 23)), calendar.day(date(2026, 11, 28))
    assert (monday.is_working, monday.provisional, monday.document) == (False, False, "Công văn 123/UBND-NV")
    assert saturday.blocks == calendar.day(date(2026, 11, 30)).blocks
    assert calendar.add_working_days(date(2026, 11, 20), 1) == date(2026, 11, 25)


def test_a_row_may_cover_days_have_its_own_hours_or_open_without_counting(tmp_path: Path) -> None:
    calendar = load(
        tmp_path,
        """
        announced_until = 2027-12-31
        [[day]]
        on = 2027-06-07
        until = 2027-06-08
        work = false
        name = "Bão"
        [[day]]
        on = 2027-06-11
        work = true
        hours = ["07:30-11:30"]
        name = "Nghỉ chiều"
        [[day]]
        on = 2027-06-12
        work = false
        hours = ["07:30-11:30"]
        name = "Chỉ tiếp nhận"
        """,
    )
    assert [calendar.is_working_day(date(2027, 6, d)) for d in (7, 8, 9)] == [False, False, True]
    storm = calendar.day(date(2027, 6, 7))
    assert (storm.document, storm.provisional) == ("unverified", False), "the file says 2027 is announced"
    assert calendar.day(date(2027, 6, 11)).blocks == (Block(27_000, 41_400),)
    only_receives = calendar.day(date(2027, 6, 12))
    assert (only_receives.is_working, len(only_receives.blocks)) == (False, 1)
    assert calendar.next_open(calendar.at_time(date(2027, 6, 12), time(8))).date() == date(2027, 6, 14)


def test_every_shipped_row_names_a_document() -> None:
    calendar = load_calendar(CalendarSettings(), ZONE, Path())
    days = [calendar.day(date(2024, 1, 1) + timedelta(days=n)) for n in range(4 * 365)]
    unusual = [day for day in days if day.is_working != (day.on.weekday() < 5)]
    assert len(unusual) > 40
    assert [day.on for day in unusual if not day.document or not day.name] == []


def test_another_countrys_calendar_has_none_of_vietnams_days() -> None:
    """The Dutch permits of 2010-2012 are judged by the Dutch calendar."""
    dutch = load_calendar(CalendarSettings(country="NL"), "Europe/Amsterdam", Path())
    assert not dutch.is_working_day(date(2011, 4, 25)), "Easter Monday"
    assert not dutch.is_working_day(date(2011, 6, 2)), "Ascension Day"
    assert dutch.is_working_day(date(2011, 4, 22)) is False, "Good Friday, a public holiday of the library"
    assert dutch.is_working_day(date(2026, 1, 2))
    assert dutch.is_working_day(date(2026, 11, 24))
    assert not dutch.is_working_day(date(2026, 1, 10))
    assert not dutch.day(date(2027, 3, 1)).provisional, "the Dutch days follow from the law, years ahead"
    assert dutch.midnight(date(2011, 7, 1)).utcoffset() == timedelta(hours=2)


def test_weekday_hours_come_from_the_settings() -> None:
    hours = office_hours() | {"sat": ("08:00-12:00",), "fri": ()}
    calendar = load_calendar(CalendarSettings(hours=hours), ZONE, Path())
    assert calendar.is_working_day(date(2026, 11, 28))
    assert not calendar.is_working_day(date(2026, 11, 27))
    assert not calendar.is_working_day(date(2026, 1, 10)), "made up for a Friday, on which this office rests anyway"
    assert calendar.day(date(2026, 8, 22)).blocks == calendar.day(date(2026, 8, 24)).blocks, "by Monday's hours"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day = [", "not TOML"),
        ("days = 3", "unknown key 'days'"),
        ("[day]\non = 2026-01-01", r"\[\[day\]\] with two brackets"),
        ('announced_until = "2026"', "announced_until must be a day"),
        ("day = [1]", r"row 1: must be a table"),
        ("[[day]]\nwork = true", r"row 1: on \(and until\) must be days"),
        ('[[day]]\non = "2026-01-01"\nwork = true', "without quotes"),
        ("[[day]]\non = 2026-01-01T08:00:00\nwork = true", "must be days"),
        ("[[day]]\non = 2026-01-01", "2026-01-01: write work = true or work = false"),
        ("[[day]]\non = 2026-01-01\nwork = 1", "write work = true"),
        ("[[day]]\non = 2026-01-02\nuntil = 2026-01-01\nwork = false", "must not be before on"),
        ("[[day]]\non = 2026-01-02\nuntil = 2028-01-01\nwork = false", "nor a year after"),
        ("[[day]]\non = 2026-01-02\nwork = false\noff = 1", "unknown key 'off'"),
        ("[[day]]\non = 2026-01-02\nwork = false\nname = 3", "name and document are texts"),
        ('[[day]]\non = 2026-01-02\nwork = true\nhours = "07:30-11:30"', "hours is a list"),
        ('[[day]]\non = 2026-01-02\nwork = true\nhours = ["7.30-11"]', '"7.30-11" is not a block'),
        ('[[day]]\non = 2026-01-02\nwork = true\nhours = ["11:30-07:30"]', "is not a block"),
        ('[[day]]\non = 2026-01-02\nwork = true\nhours = ["07:70-11:30"]', "is not a block"),
        ('[[day]]\non = 2026-01-02\nwork = true\nhours = ["07:30-11:30", "11:00-12:00"]', "without overlap"),
        ("[[day]]\non = 2026-01-02\nwork = true\nhours = []", "a working day needs hours"),
        ("[[day]]\non = 2026-01-10\nwork = true", "give hours = .* or like"),
        ("[[day]]\non = 2026-01-10\nwork = true\nlike = 5", "like must be the day"),
        ("[[day]]\non = 2026-01-10\nwork = false\n[[day]]\non = 2026-01-10\nwork = false", "already in row 1"),
        ("[[day]]\non = 1999-01-10\nwork = false", "1999-01-10 lies outside"),
    ],
)
def test_a_mistake_names_file_row_and_cure(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CalendarFileError, match=said) as caught:
        load(tmp_path, text)
    assert "calendar.toml" in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CalendarFileError) as caught:
        load(tmp_path, "[[day]]\nwork = true\n[[day]]\non = 2026-01-02\n[[day]]\non = 2026-01-03\nwork = 3")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("settings", "zone", "said"),
    [
        (CalendarSettings(country="XX"), ZONE, 'country = "XX"'),
        (CalendarSettings(), "Asia/Sai_Gon_2", "no such zone"),
        (CalendarSettings(), "../etc/passwd", "no such zone"),
        (CalendarSettings(hours={}), ZONE, "no day has any"),
        (CalendarSettings(hours={"mon": ("8-12",)}), ZONE, '"8-12" is not a block'),
        (CalendarSettings(file=Path("absent.toml")), ZONE, "absent.toml: cannot be read"),
    ],
)
def test_settings_that_make_no_calendar(settings: CalendarSettings, zone: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CalendarFileError, match=said):
        load_calendar(settings, zone, tmp_path)


def test_blocks_are_read_to_the_second_and_to_the_end_of_the_day() -> None:
    assert parse_blocks(["07:30:15-11:30", "22:00–24:00"]) == (Block(27_015, 41_400), Block(79_200, 86_400))


def test_a_holiday_added_while_the_process_runs_is_seen_by_the_next_load(tmp_path: Path) -> None:
    """Alaveteli #7292: nothing is cached across loads."""
    row = "[[day]]\non = 2026-12-01\nwork = {}\n"
    before, after = (load(tmp_path, row.format(works)) for works in ("true", "false"))
    assert before.is_working_day(date(2026, 12, 1))
    assert not after.is_working_day(date(2026, 12, 1))
    assert before.version != after.version


# --- agencies of their own ways

OWN = """
[[day]]
on = 2026-11-20
work = false
name = "Nghỉ chung"

[[agency]]
code = "H19.1"
reception = { sat = ["07:30-11:30"] }
[[agency.day]]
on = 2026-11-25
work = false
name = "Bão ở xã"
document = "QĐ 3/QĐ-UBND"

[[agency]]
code = "H19"
hours = { fri = ["07:30-11:30"] }
[[agency.day]]
on = 2026-11-26
work = false
name = "Cả tỉnh"
"""
TREE = {"H19.1": ["H19.1", "H19"], "H19.2": ["H19.2", "H19"], "H19": ["H19"]}


def own(folder: Path, text: str = OWN) -> WorkingCalendar:
    (folder / "calendar.toml").write_text(text, "utf-8")
    settings = CalendarSettings(file=Path("calendar.toml"))
    return load_calendar(settings, ZONE, folder, lambda code: TREE.get(code, [code]))


def test_a_commune_receives_on_saturday_mornings_without_their_counting(tmp_path: Path) -> None:
    commune, saturday = own(tmp_path).of("H19.1"), date(2026, 11, 28)
    day = commune.day(saturday)
    assert (day.is_working, day.blocks) == (False, parse_blocks(["07:30-11:30"]))
    assert commune.add_working_days(date(2026, 11, 27), 1) == date(2026, 11, 30)
    assert commune.next_open(commune.at_time(saturday, time(8))) == commune.first_open(date(2026, 11, 30))
    assert not own(tmp_path).day(saturday).blocks, "the province itself is closed"


def test_rows_of_an_agency_lie_over_its_parents_and_those_over_the_sites(tmp_path: Path) -> None:
    site = own(tmp_path)
    commune, sibling, stranger = site.of("H19.1"), site.of("H19.2"), site.of("H10.5")
    assert [not c.is_working_day(date(2026, 11, 20)) for c in (site, commune, sibling)] == [True] * 3
    assert [c.is_working_day(date(2026, 11, 25)) for c in (site, commune, sibling)] == [True, False, True]
    assert [c.is_working_day(date(2026, 11, 26)) for c in (site, commune, sibling)] == [True, False, False]
    assert commune.last_open(date(2026, 11, 27)) == commune.at_time(date(2026, 11, 27), time(11, 30))
    assert stranger is site
    assert sibling is site.of("H19"), "who has the same rows has the same calendar"
    assert len({c.version for c in (site, commune, sibling)}) == 3
    assert commune.day(date(2026, 11, 25)).document == "QĐ 3/QĐ-UBND"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('agency = "H19.1"', "[[agency]] with two brackets"),
        ("[[agency]]\nhours = {}", "[[agency]] row 1: give each agency one code of its own"),
        ('[[agency]]\ncode = "a"\n[[agency]]\ncode = "a"', "[[agency]] a: give each agency one code of its own"),
        ('[[agency]]\ncode = "a"\nopen = 1', "unknown key 'open'; known: code, day, hours, reception"),
        ('[[agency]]\ncode = "a"\nreception = { sat = "07:30" }', "a: reception: write { sat ="),
        ('[[agency]]\ncode = "a"\nhours = { t7 = ["07:30-11:30"] }', "no weekday 't7'; write one of mon"),
        ('[[agency]]\ncode = "a"\nhours = { sat = ["7h"] }', '"7h" is not a block of hours'),
        ('[[agency]]\ncode = "a"\nreception = { fri = ["18:00-19:00"] }', "fri: has hours that count"),
        ('[[agency]]\ncode = "a"\n[[agency.day]]\non = 2026-11-28\nwork = true', "a: [[day]] row 1: 2026-11-28: give"),
    ],
)
def test_mistakes_in_an_agencys_rows_name_the_agency(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(CalendarFileError) as told:
        own(tmp_path, text)
    assert says in str(told.value)


def test_a_row_that_its_parents_hours_make_impossible_is_told_at_the_start(tmp_path: Path) -> None:
    text = """
    [[agency]]
    code = "H19"
    hours = { fri = [] }
    [[agency]]
    code = "H19.1"
    [[agency.day]]
    on = 2026-11-27
    work = true
    """
    with pytest.raises(CalendarFileError, match=r"\[\[agency\]\] H19.1: 2026-11-27: give hours"):
        own(tmp_path, text)
