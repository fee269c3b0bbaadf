"""The life of a letter as clerks type it, and what `verify` finds when one byte of it was changed."""

import json
import sqlite3
from datetime import timedelta

import pytest

from tests.cli.office import BY, CONFIG, CSV, LATE, LIFE, MONDAY, TOMORROW, Office, live


def test_a_letter_lives_from_draft_to_closed(closed: Office) -> None:
    steps = closed("letters", "steps", TOMORROW, "--json").json()["steps"]
    assert [s["step"] for s in steps][-2:] == ["applicant_told", "closed"]
    assert "Trần Thị Thử" in closed("letters", "steps", TOMORROW).out
    checked = closed("verify", "--json")
    assert checked.code == 0
    # a row for each step, one for the duties that judging opened, one for the drafts
    assert (checked.json()["faults"], checked.json()["rows"]) == ([], len(steps) + 2)
    assert TOMORROW not in {row["code"] for row in closed("letters", "list", "--json").json()["letters"]}


def test_a_register_without_a_gap_says_so_and_one_with_a_gap_names_it(closed: Office) -> None:
    assert "No number is missing" in closed("letters", "numbers").out
    live(closed, LATE, [*LIFE[:3], ("register", "--number", "18", "--date", "12/10/2026")])
    assert "16, 17" in closed("letters", "numbers").out


def test_a_wrong_turn_ends_with_2_and_a_clear_word(drafted: Office) -> None:
    said = drafted("letters", "sign", TOMORROW, *BY, "--lang", "vi")
    assert said.code == 2
    assert "đã duyệt, chờ ký" in said.err, "it names the step that is missing"
    assert drafted("letters", "void", TOMORROW, *BY, "--why", "Nhầm").code == 2
    assert drafted("letters", "confirm", TOMORROW, *BY, "--why", "Đã xem").code == 2
    assert drafted("letters", "steps", "H19-000000-0000").code == 4


def test_a_breach_is_said_and_a_void_letter_is_made_anew(drafted: Office) -> None:
    live(drafted, LATE, LIFE[:2])
    signed = drafted("letters", "sign", LATE, *BY, *LIFE[2][1:])
    assert (signed.code, "after the last lawful day" in signed.err) == (0, True)
    live(drafted, LATE, [LIFE[3], ("void", "--why", "Sai ngày"), ("reissue",), *LIFE[:3]])
    assert drafted("letters", "register", LATE, *BY, "--number", "15", "--date", "2026-10-12").code == 2, "used up"


@pytest.mark.parametrize(("taken", "state", "finding"), [(2, "missed", True), (3, "signed", False)])
def test_finishing_late_is_a_breach_only_without_a_signed_letter(
    drafted: Office, taken: int, state: str, finding: bool
) -> None:
    """An approved letter is no letter yet; a signed one stands and is never reworded, re-opened or closed as missed."""
    live(drafted, LATE, LIFE[:taken])
    row = f"{LATE},2026-10-01 08:00,2026-10-08 17:00,"
    drafted.csv(CSV.replace(row, row + "2026-10-12 08:30"))
    drafted.clock.set(MONDAY + timedelta(hours=1))
    for command in ("pull", "judge"):
        assert drafted(command).code == 0
    drafted("letters", "draft", "--no-files")
    with sqlite3.connect(drafted.store) as connection:
        query = "SELECT l.state FROM letter l JOIN dossier d ON d.id = l.dossier_id WHERE d.code = ?"
        assert connection.execute(query, (LATE,)).fetchall() == [(state,)]
        query = "SELECT count(*) FROM finding WHERE kind = 'late_without_letter' AND closed_at IS NULL"
        assert connection.execute(query).fetchone() == (int(finding),)
    connection.close()
    assert drafted("verify").code == 0


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE audit SET actor = 'Trần Thị Thủ' WHERE id = 4", "audit"),
        ("UPDATE audit SET detail = replace(detail, '2026-10-20', '2026-10-21') WHERE id = 3", "audit"),
        ("UPDATE audit SET at = replace(at, '2026-10-12', '2026-10-11') WHERE id = 5", "audit"),
        ("UPDATE audit SET at = 'x' WHERE id = 5", "audit"),
        ("UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE id = 6", "audit"),
        ("UPDATE audit SET id = 11 WHERE id = 10", "audit"),
        ("DELETE FROM audit WHERE id = 6", "audit"),
        ("DELETE FROM audit WHERE id = 10", "letter_step"),  # the end cut off: its step is left alone
        ("UPDATE letter_step SET actor = 'Khác' WHERE id = 2", "letter_step"),
        ("DELETE FROM letter_step WHERE id = 3", "letter_step"),
        ("UPDATE letter SET content = replace(content, 'PXL', 'PXX') WHERE state = 'closed'", "letter"),
        ("UPDATE letter SET content_hash = 'f' || substr(content_hash, 2) || 'f' WHERE state = 'closed'", "letter"),
        ("UPDATE letter SET state = 'signed' WHERE state = 'closed'", "letter"),
        ("UPDATE letter_number SET number = 16", "letter_number"),
        ("DELETE FROM letter_number", "letter_number"),
    ],
)
def test_one_changed_byte_is_found(closed: Office, change: str, table: str) -> None:
    with sqlite3.connect(closed.store) as connection:
        assert connection.execute(change).rowcount
    connection.close()
    said = closed("verify", "--json")
    assert said.code == 1
    assert table in {fault["table"] for fault in said.json()["faults"]}
    assert f"{table} " in closed("verify").out


def test_words_and_hash_changed_together_disagree_with_the_log(closed: Office) -> None:
    from monitor.letters.content import Content

    with sqlite3.connect(closed.store) as connection:
        ((stored,),) = connection.execute("SELECT content FROM letter WHERE state = 'closed'").fetchall()
        forged = json.loads(stored) | {"signer_name": "Người Khác"}
        connection.execute(
            "UPDATE letter SET content = ?, content_hash = ? WHERE state = 'closed'",
            (json.dumps(forged), Content.from_dict(forged).hash),
        )
    connection.close()
    assert closed("verify").code == 1


def test_check_names_file_line_and_fix_of_a_slip_in_the_wording(office: Office) -> None:
    own = office.folder / "loi-van" / "pxl_2025"
    own.mkdir(parents=True)
    (own / "title.txt").write_text("PHIẾU XIN LỖI\n{{ nguoi_nap }}\n", "utf-8")
    office.config(CONFIG.replace("[[letters.agencies]]", '[letters]\ntemplates = "loi-van"\n[[letters.agencies]]'))
    said = office("check", "--offline", "--json")
    assert said.code == 2
    wrong = next(c for c in said.json()["checks"] if c["part"] == "letters")
    assert wrong["result"] == "wrong"
    assert "title.txt:2: " in wrong["said"]
    assert "nguoi_nop" in wrong["said"], "what was meant"
