"""The life of a letter as clerks type it, and what `verify` finds when one byte of it was changed."""

import json
import sqlite3
from datetime import timedelta

import pytest

from tests.cli.office import CONFIG, CSV, LATE, MONDAY, TOMORROW, Office

BY = ("--by", "Trần Thị Thử")
PROOF = ("--proof", "Sổ chuyển giao, dòng 4")
LIFE: list[tuple[str, ...]] = [
    ("reason", "--reason", "Cần xác minh thực địa.", "--new-date", "2026-10-20"),
    ("approve", "--capacity", "KT.", "--title", "PHÓ CHỦ TỊCH", "--signer", "Lê Văn Nháp"),
    ("sign", "--signer", "Lê Văn Nháp", "--capacity", "KT."),
    ("register", "--number", "15", "--date", "12/10/2026"),
    ("told-counter", *PROOF),
    ("date-changed", *PROOF),
    ("told-applicant", "--channel", "printed", *PROOF),
]


def live(office: Office, code: str, life: list[tuple[str, ...]]) -> None:
    for name, *words in life:
        said = office("letters", name, code, *BY, *words, "--json")
        assert said.code == 0, (name, said.err)
        assert said.json()["letter_id"]


def test_a_letter_lives_from_draft_to_closed(working: Office) -> None:
    working("letters", "draft", "--no-files")
    live(working, TOMORROW, LIFE)
    steps = working("letters", "steps", TOMORROW, "--json").json()["steps"]
    assert [s["step"] for s in steps][-2:] == ["applicant_told", "closed"]
    assert "Trần Thị Thử" in working("letters", "steps", TOMORROW).out
    checked = working("verify", "--json")
    assert checked.code == 0
    # a row for each step, one for the duties that judging opened, one for the drafts
    assert (checked.json()["faults"], checked.json()["rows"]) == ([], len(steps) + 2)
    assert TOMORROW not in {row["code"] for row in working("letters", "list", "--json").json()["letters"]}


def test_a_wrong_turn_ends_with_2_and_a_clear_word(working: Office) -> None:
    working("letters", "draft", "--no-files")
    said = working("letters", "sign", TOMORROW, *BY, "--lang", "vi")
    assert said.code == 2
    assert "đã duyệt, chờ ký" in said.err, "it names the step that is missing"
    assert working("letters", "void", TOMORROW, *BY, "--why", "Nhầm").code == 2
    assert working("letters", "confirm", TOMORROW, *BY, "--why", "Đã xem").code == 2
    assert working("letters", "steps", "H19-000000-0000").code == 4


def test_a_breach_is_said_and_a_void_letter_is_made_anew(working: Office) -> None:
    working("letters", "draft", "--no-files")
    live(working, LATE, LIFE[:2])
    signed = working("letters", "sign", LATE, *BY, *LIFE[2][1:])
    assert (signed.code, "after the last lawful day" in signed.err) == (0, True)
    live(working, LATE, [LIFE[3], ("void", "--why", "Sai ngày"), ("reissue",), *LIFE[:3]])
    assert working("letters", "register", LATE, *BY, "--number", "15", "--date", "2026-10-12").code == 2, "used up"


@pytest.mark.parametrize(("taken", "state", "finding"), [(2, "missed", True), (3, "signed", False)])
def test_finishing_late_is_a_breach_only_without_a_signed_letter(
    working: Office, taken: int, state: str, finding: bool
) -> None:
    """An approved letter is no letter yet; a signed one stands and is never reworded, re-opened or closed as missed."""
    working("letters", "draft", "--no-files")
    live(working, LATE, LIFE[:taken])
    row = f"{LATE},2026-10-01 08:00,2026-10-08 17:00,"
    working.csv(CSV.replace(row, row + "2026-10-12 08:30"))
    working.clock.set(MONDAY + timedelta(hours=1))
    for command in ("pull", "judge"):
        assert working(command).code == 0
    working("letters", "draft", "--no-files")
    with sqlite3.connect(working.store) as connection:
        query = "SELECT l.state FROM letter l JOIN dossier d ON d.id = l.dossier_id WHERE d.code = ?"
        assert connection.execute(query, (LATE,)).fetchall() == [(state,)]
        query = "SELECT count(*) FROM finding WHERE kind = 'late_without_letter' AND closed_at IS NULL"
        assert connection.execute(query).fetchone() == (int(finding),)
    connection.close()
    assert working("verify").code == 0


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
def test_one_changed_byte_is_found(working: Office, change: str, table: str) -> None:
    working("letters", "draft", "--no-files")
    live(working, TOMORROW, LIFE)
    with sqlite3.connect(working.store) as connection:
        assert connection.execute(change).rowcount
    connection.close()
    said = working("verify", "--json")
    assert said.code == 1
    assert table in {fault["table"] for fault in said.json()["faults"]}
    assert f"{table} " in working("verify").out


def test_words_and_hash_changed_together_disagree_with_the_log(working: Office) -> None:
    from monitor.letters.content import Content

    working("letters", "draft", "--no-files")
    live(working, TOMORROW, LIFE)
    with sqlite3.connect(working.store) as connection:
        ((stored,),) = connection.execute("SELECT content FROM letter WHERE state = 'closed'").fetchall()
        forged = json.loads(stored) | {"signer_name": "Người Khác"}
        connection.execute(
            "UPDATE letter SET content = ?, content_hash = ? WHERE state = 'closed'",
            (json.dumps(forged), Content.from_dict(forged).hash),
        )
    connection.close()
    assert working("verify").code == 1


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
