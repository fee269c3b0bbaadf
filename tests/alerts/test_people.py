"""The people file: who answers to a code, who holds a post, and every mistake named at once."""

from datetime import date
from pathlib import Path

import pytest

from monitor import DEFAULTS
from monitor.people import Directory, PeopleFileError, load_directory

DAY = date(2026, 11, 23)

GOOD = """
[[agencies]]
code = "H19"
name = "UBND thành phố"
kind = "province"

[[agencies]]
code = "H10.5"
name = "UBND xã Cũ"
parent = "H19"
valid_to = 2025-06-30

[[agencies]]
code = "H19.5"
name = "UBND xã Mới"
parent = "H19"
old_codes = ["H10.5"]
alternates = { motcua = ["XA_MOI", "0005"], cong = "M5" }
valid_from = 2025-07-01

[[people]]
code = "a"
name = "Người A"
telegram = 42
email = "a@xa.gov.vn"

[[people]]
code = "b"
name = "Người B"

[[posts]]
person = "a"
role = "agency_head"
agency = "H19.5"
to = 2026-11-22

[[posts]]
person = "b"
role = "agency_head"
agency = "H19.5"
from = 2026-11-23

[[posts]]
person = "a"
role = "chairman"
agency = "H19"
"""


def read(tmp_path: Path, text: str) -> Directory:
    path = tmp_path / "people.toml"
    path.write_text(text, encoding="utf-8")
    return load_directory(path)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(PeopleFileError) as caught:
        read(tmp_path, text)
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("source", "code", "on", "expected", "meaning"),
    [
        ("motcua", "XA_MOI", None, "H19.5", "what the source calls it"),
        ("motcua", " xa_moi ", None, "H19.5", "case and blanks don't matter"),
        ("cong", "M5", None, "H19.5", "one alternate may be written without a list"),
        ("cong", "XA_MOI", None, "", "another source's name means nothing here"),
        ("cong", "H19.5", None, "H19.5", "its own code, from any source"),
        ("cong", "H10.5", None, "H19.5", "an old code leads to today's agency"),
        ("cong", "H10.5", date(2025, 6, 30), "H10.5", "on its last day the former agency still answers"),
        ("cong", "H10.5", date(2025, 7, 1), "H19.5", "the day after, its successor"),
        ("cong", "H99", None, "", "nobody answers to it"),
        ("cong", "", None, "", "a record without an agency"),
    ],
)
def test_canonical(tmp_path: Path, source: str, code: str, on: date | None, expected: str, meaning: str) -> None:
    assert read(tmp_path, GOOD).canonical(source, code, on) == expected, meaning


def test_a_post_changes_hands_at_midnight(tmp_path: Path) -> None:
    directory = read(tmp_path, GOOD)
    assert [p.code for p in directory.who("agency_head", "H19.5", date(2026, 11, 22))] == ["a"]
    assert [p.code for p in directory.who("agency_head", "H19.5", DAY)] == ["b"]


def test_an_empty_post_is_sought_up_the_tree(tmp_path: Path) -> None:
    directory = read(tmp_path, GOOD)
    assert [p.code for p in directory.who("chairman", "H19.5", DAY)] == ["a"]
    assert directory.who("director", "H19.5", DAY) == []
    assert directory.who("chairman", "unknown", DAY) == []
    assert [a.code for a in directory.up("H19.5")] == ["H19.5", "H19"]


def test_addresses(tmp_path: Path) -> None:
    directory = read(tmp_path, GOOD)
    a, b = directory.people()
    assert (a.address("telegram"), a.address("email"), a.address("fax")) == ("42", "a@xa.gov.vn", None)
    assert (b.address("telegram"), b.address("email")) == (None, None)


def test_every_mistake_at_once_each_with_a_fix(tmp_path: Path) -> None:
    said = mistakes(
        tmp_path,
        """
        [[agencies]]
        code = "A"
        name = "A"
        parent = "B"
        colour = "red"
        [[agencies]]
        code = "B"
        name = "B"
        parent = "A"
        valid_from = 2026-02-01
        valid_to = 2026-01-01
        [[agencies]]
        code = "A"
        name = ""
        [[people]]
        code = "x"
        name = "X"
        email = "x@y.vn\\nBcc: z@y.vn"
        telegram = "không"
        [[posts]]
        person = "y"
        role = "Chủ tịch"
        agency = "C"
        from = "hôm qua"
        [[posts]]
        role = "officer"
        [misc]
        """,
    )
    together = "\n".join(said)
    for piece in (
        "people.toml: agencies[1] A: không có khóa “colour”",
        "agencies[2] B: “valid_to” trước “valid_from”",
        "agencies[3] A: thiếu “name”",
        "agencies[3] A: trùng mã với mục 1",
        "cây cơ quan đi vòng",
        "people[1] x: “email”",
        "people[1] x: “telegram”",
        "posts[1] y: vai trò “Chủ tịch”",
        "posts[1] y: không có người",
        "posts[1] y: không có cơ quan",
        "posts[1] y: “from” không phải ngày",
        "posts[2]: thiếu “person”",
        "posts[2]: thiếu “agency”",
        "không có bảng nào tên [misc]",
    ):
        assert piece in together, together
    assert all(mistake.endswith(".") and len(mistake.split(". ")) >= 2 for mistake in said)


@pytest.mark.parametrize(
    ("text", "piece", "meaning"),
    [
        ('[[agencies]]\ncode="A"\nname="A"\nparent="A"', "đi vòng: A → A", "its own parent"),
        ('[[agencies]]\ncode="A"\nname="A"\nparent="Z"', "cấp trên “Z” không có", "an unknown parent"),
        (
            '[[agencies]]\ncode="A"\nname="A"\nold_codes=["X"]\n[[agencies]]\ncode="B"\nname="B"\nold_codes=["x"]',
            "cũng là của A",
            "two agencies answer to one code at the same time",
        ),
        ('[[agencies]]\ncode="A"\nname="A"\nalternates=["x"]', "“alternates” phải là bảng", "codes without a source"),
        ('[[agencies]]\ncode="A"\nname="A"\nold_codes=[1]', "“old_codes” phải là danh sách mã", "numbers as codes"),
        ('[agencies]\ncode="A"', "Viết [[agencies]]", "one bracket instead of two"),
        ("[[agencies", "không phải TOML", "a broken file"),
    ],
)
def test_refused(tmp_path: Path, text: str, piece: str, meaning: str) -> None:
    assert piece in "\n".join(mistakes(tmp_path, text)), meaning


def test_a_ring_is_said_once(tmp_path: Path) -> None:
    rows = [f'[[agencies]]\ncode="{a}"\nname="{a}"\nparent="{b}"' for a, b in ("AB", "BC", "CA", "DA")]
    assert sum("đi vòng" in said for said in mistakes(tmp_path, "\n".join(rows))) == 1


def test_a_missing_file_is_a_mistake_and_none_is_nobody(tmp_path: Path) -> None:
    with pytest.raises(PeopleFileError, match="không đọc được"):
        load_directory(tmp_path / "nowhere.toml")
    assert load_directory(None).agencies() == []


def test_the_shipped_example_is_valid_and_so_is_what_it_comments(tmp_path: Path) -> None:
    shipped = (DEFAULTS / "people.toml").read_text(encoding="utf-8")
    assert read(tmp_path, shipped).agencies() == []
    lines = [line[2:] for line in shipped.splitlines() if line.startswith(("# [[",)) or " = " in line]
    directory = read(
        tmp_path, "\n".join(line for line in lines if line.startswith("[[") or " = " in line.split("#")[0])
    )
    assert [p.code for p in directory.who("agency_head", directory.canonical("motcua", "101"), DAY)] == ["nv01"]
