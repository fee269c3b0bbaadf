"""`dunghen due` and `dunghen calendar`: the clock of the law from the command line, without any store."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.cli import counting
from monitor.cli.exits import Exit
from tests.cli.office import Office

FIVE_DAYS = ("due", "--received", "2026-10-05T09:15", "--limit", "5 ngày làm việc")


def test_five_working_days_end_on_the_fifth_and_the_letter_is_due_the_working_day_before(office: Office) -> None:
    answer = office(*FIVE_DAYS).json()
    assert answer["due_at"] == "2026-10-12T17:00:00+07:00"
    assert (answer["due_on"], answer["letter_by"]) == ("2026-10-12", "2026-10-09")
    assert answer["provisional"] is False
    assert {step["rule"] for step in answer["steps"]} >= {"start", "limit", "first_day", "due", "letter_by"}
    assert all(set(step) == {"text", "on", "rule", "document"} for step in answer["steps"])


@pytest.mark.parametrize(
    ("words", "due_at", "why"),
    [
        (
            ("--received", "05/10/2026 09:15", "--limit", "5 ngày làm việc"),
            "2026-10-12T17:00:00+07:00",
            "as people here write",
        ),
        (("--received", "2026-10-05T02:15:00+00:00", "--limit", "5 ngày làm việc"), "2026-10-12T17:00:00+07:00", "UTC"),
        (("--received", "2026-10-05T09:15", "--limit", "8 giờ làm việc"), "2026-10-06T09:15:00+07:00", "working hours"),
        (("--received", "2026-10-05T09:15", "--limit", "3 tháng"), "2027-01-05T17:00:00+07:00", "months"),
        (
            ("--received", "2026-10-05T09:15", "--limit", "1 ngày làm việc", "--day-is-hours"),
            "2026-10-06T09:15:00+07:00",
            "a day of eight hours",
        ),
        (
            ("--received", "2026-10-05T16:00", "--limit", "5 ngày làm việc", "--cut-off", "15:00"),
            "2026-10-13T17:00:00+07:00",
            "received after the cut-off",
        ),
        (
            ("--received", "2026-10-05T14:00", "--limit", "1 ngày làm việc", "--same-day-until", "15:00"),
            "2026-10-05T17:00:00+07:00",
            "answered the same day",
        ),
        (
            ("--received", "2026-10-05T09:15", "--limit", "5 ngày làm việc", "--first-day-counted"),
            "2026-10-09T17:00:00+07:00",
            "the first day counts",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "T" not in value else "",
)
def test_what_may_be_asked(office: Office, words: tuple[str, ...], due_at: str, why: str) -> None:
    assert office("due", *words).json()["due_at"] == due_at, why


def test_a_term_that_leaves_no_lawful_day_for_a_letter_says_so(office: Office) -> None:
    answer = office("due", "--received", "2026-10-05T09:15", "--limit", "4 giờ làm việc").json()
    assert answer["letter_by"] is None
    assert "no_lawful_day" in {step["rule"] for step in answer["steps"]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--received", "2026-10-05", "--limit", "5"), "đơn vị"),
        (("--received", "yesterday", "--limit", "5 ngày"), "2026-11-20T09:15"),
        (("--received", "2026-10-05"), "--limit"),
        (("--received", "2026-10-05", "--limit", "1 ngày", "--cut-off", "ba giờ"), "15:00"),
        (("--received", "1999-10-05", "--limit", "5 ngày làm việc"), "1999"),
        (("--received", "2039-12-30", "--limit", "99 tháng"), "20"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_what_to_write(
    office: Office, words: tuple[str, ...], says: str
) -> None:
    said = office("due", *words)
    assert said.code == 2
    assert said.out == ""
    assert says in said.err


def test_a_procedure_of_the_catalogue_brings_its_own_limit(office: Office) -> None:
    (office.folder / "procedures.toml").write_text(
        '[[procedure]]\ncode = "1.004"\nname = "Thử"\nlimit = "5 ngày làm việc"\n', "utf-8"
    )
    said = office("due", "--received", "2026-10-05T09:15", "--procedure", "1.004")
    assert said.json()["due_on"] == "2026-10-12", said.err
    assert office("due", "--received", "2026-10-05T09:15", "--procedure", "9.999").code == 4


def test_without_any_configuration_the_starter_counts_and_says_so(
    office: Office, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    said = office(*FIVE_DAYS, config=False)
    assert said.json()["due_on"] == "2026-10-12"
    assert "starter" in said.err


def test_a_named_configuration_that_is_missing_is_never_replaced_by_the_starter(office: Office) -> None:
    assert office(*FIVE_DAYS, "--config", str(office.folder / "none.toml")).code == 2


def test_people_get_a_table(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_is_terminal", lambda: True)
    said = office(*FIVE_DAYS, "--lang", "vi")
    assert "Cách tính" in said.out
    assert "Bộ luật Dân sự 2015" in said.out


def test_a_month_shows_its_working_days_and_the_documents_behind_the_others(office: Office) -> None:
    answer = office("calendar", "show", "2026-09", "--json").json()
    days = {day["on"]: day for day in answer["days"]}
    assert len(days) == 30
    assert answer["working_days"] == sum(day["is_working"] for day in days.values())
    assert days["2026-09-02"]["is_working"] is False
    assert days["2026-09-02"]["name"]
    assert days["2026-09-07"]["hours"] == ["07:30-11:30", "13:00-17:00"]


def test_the_sites_own_day_off_is_in_the_month_and_in_the_count(office: Office) -> None:
    (office.folder / "calendar.toml").write_text(
        '[[day]]\non = 2026-10-08\nwork = false\nname = "Nghỉ bão"\ndocument = "QĐ 1"\n', "utf-8"
    )
    days = office("calendar", "show", "10/2026", "--json").json()["days"]
    assert [day["name"] for day in days if day["on"] == "2026-10-08"] == ["Nghỉ bão"]
    assert office(*FIVE_DAYS).json()["due_on"] == "2026-10-13"
    assert "Nghỉ bão" in office("calendar", "show", "2026-10").out


@pytest.mark.parametrize("month", ["2026-13", "October", "0000-01"])
def test_a_month_that_is_none_is_refused(office: Office, month: str) -> None:
    assert office("calendar", "show", month).code == 2


def test_counting_starts_without_the_store(office: Office) -> None:
    """A person who asks for one date must not wait for libraries that the answer does not need."""
    script = (
        "import sys; from monitor.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'sqlalchemy', 'alembic', 'fastapi', 'telegram', 'typst', 'requests'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *FIVE_DAYS, "--config", str(office.folder / "dunghen.toml")],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent.parent.parent,
        check=True,
    )
    answer, _, loaded = run.stdout.rpartition("}\n")
    assert json.loads(answer + "}")["due_on"] == "2026-10-12"
    assert loaded.strip() == "[]"


OWN = """
[[agency]]
code = "H19.1"
reception = { sat = ["07:30-11:30"] }
[[agency.day]]
on = 2026-10-07
work = false
name = "Bão"
document = "QĐ 3/QĐ-UBND"
[[agency]]
code = "H19.9"
"""


def test_an_agencys_own_days_count_for_it_and_are_shown_with_their_document(office: Office) -> None:
    (office.folder / "calendar.toml").write_text(OWN, "utf-8")
    assert office(*FIVE_DAYS).json()["due_on"] == "2026-10-12"
    assert office(*FIVE_DAYS, "--agency", "H19.1").json()["due_on"] == "2026-10-13"
    assert office(*FIVE_DAYS, "--agency", "H19.7").code == Exit.NOT_FOUND
    shown = office("calendar", "show", "2026-10", "--agency", "H19.1", "--unusual")
    assert "QĐ 3/QĐ-UBND" in shown.out
    assert "07:30-11:30 (reception only)" in shown.out
    assert "not in the people file: H19.9" in office("check", "--offline").out


@pytest.mark.parametrize(
    ("asked", "months"),
    [
        (("2026",), [f"2026-{n:02}" for n in range(1, 13)]),
        (("2026-11", "2027-02"), ["2026-11", "2026-12", "2027-01", "2027-02"]),
    ],
)
def test_several_months_are_shown_at_once(office: Office, asked: tuple[str, ...], months: list[str]) -> None:
    said = office("calendar", "show", *asked, "--unusual", "--json").json()
    assert [month["month"] for month in said["months"]] == months
    days = {day["on"]: day for month in said["months"] for day in month["days"]}
    assert (days["2026-11-24"]["document"], days["2026-11-24"]["is_working"]) == ("Nghị quyết 28/2026/QH16", False)
    assert days["2026-11-23"]["provisional"]
    assert "2026-11-25" not in days, "an ordinary Wednesday"


@pytest.mark.parametrize("asked", [("2027-02", "2026-11"), ("2026-01", "2029-01")])
def test_months_out_of_order_or_too_many_are_refused(office: Office, asked: tuple[str, ...]) -> None:
    assert office("calendar", "show", *asked).code == Exit.REFUSED
