"""Reads the people file (TOML or a workbook) as a whole: every mistake at once, each with what to write instead."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from monitor.people import (
    Agency,
    Directory,
    Leave,
    PeopleFileError,
    PeopleMistake,
    Person,
    Post,
    Substitution,
    folded_code,
    names_of,
)
from monitor.people_workbook import read_tables

# What TOML keys each table may have, and which it must have.
_TABLES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "agencies": (
        frozenset({"code", "name", "parent", "kind", "alternates", "old_codes", "valid_from", "valid_to", "successor"}),
        frozenset({"code", "name"}),
    ),
    "people": (frozenset({"code", "name", "telegram", "email", "channels"}), frozenset({"code", "name"})),
    "posts": (frozenset({"person", "role", "agency", "from", "to"}), frozenset({"person", "role", "agency"})),
    "leaves": (frozenset({"person", "from", "to", "note"}), frozenset({"person"})),
    "substitutions": (
        frozenset({"giver", "substitute", "from", "to", "document", "roles", "agencies"}),
        frozenset({"giver", "substitute", "document"}),
    ),
}
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,47}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187}[A-Za-z0-9])?")
_LONGEST_ADDRESS = 254
_TELEGRAM = re.compile(r"(?:-?[0-9]{1,20}|@[A-Za-z0-9_]{4,64})(?:/[0-9]{1,10})?")  # a topic may follow


def read(path: Path) -> Directory:
    """The directory in this file (.toml, or .xlsx by its ending). Raises `PeopleFileError`."""
    if path.suffix.lower() == ".xlsx":
        return _Reader(str(path)).read(read_tables(path))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        why = error.strerror or "lỗi đọc tệp"
        raise PeopleFileError(
            [PeopleMistake(str(path), "tệp", f"không đọc được ({why})", "Kiểm tra đường dẫn và quyền đọc")]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PeopleFileError(
            [PeopleMistake(str(path), "tệp", f"không phải TOML hợp lệ ({error})", "Sửa theo vị trí được nêu")]
        ) from None
    return _Reader(str(path)).read(data)


class _Reader:
    """Turns the parsed TOML into a directory, collecting mistakes instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._mistakes: list[PeopleMistake] = []

    def read(self, data: Mapping[str, Any]) -> Directory:
        for key in data.keys() - _TABLES.keys():
            self._say(
                "tệp", f"không có bảng nào tên [{key}]", f"Chỉ dùng {', '.join(f'[[{name}]]' for name in _TABLES)}"
            )
        agencies = [self._agency(entry, row) for entry, row in self._rows(data, "agencies")]
        people = [self._person(entry, row) for entry, row in self._rows(data, "people")]
        posts = [self._post(entry, row) for entry, row in self._rows(data, "posts")]
        leaves = [self._leave(entry, row) for entry, row in self._rows(data, "leaves")]
        given = [self._substitution(entry, row) for entry, row in self._rows(data, "substitutions")]
        self._check_unique("agencies", [agency.code for agency in agencies])
        self._check_unique("people", [person.code for person in people])
        self._check_tree({agency.code: agency for agency in reversed(agencies)})
        self._check_names(agencies)
        self._check_posts(posts, {agency.code for agency in agencies}, {person.code for person in people})
        self._check_people("leaves", [(leave.person,) for leave in leaves], {person.code for person in people})
        pairs = [(one.giver, one.substitute) for one in given]
        self._check_people("substitutions", pairs, {person.code for person in people})
        self._check_scopes(given, {agency.code for agency in agencies})
        self._check_loops(given)
        if self._mistakes:
            raise PeopleFileError(self._mistakes)
        return Directory(agencies, people, posts, leaves, given)

    def _say(self, entry: str, wrong: str, fix: str) -> None:
        self._mistakes.append(PeopleMistake(self._file, entry, wrong, fix))

    def _rows(self, data: Mapping[str, Any], table: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        rows = data.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._say(table, "phải là danh sách các bảng", f"Viết [[{table}]] (hai dấu ngoặc vuông) trước mỗi mục")
            return
        allowed, needed = _TABLES[table]
        for number, row in enumerate(rows, start=1):
            name = row.get("code", row.get("person", row.get("giver", "")))
            entry = f"{table}[{number}] {name}".rstrip()
            for key in sorted(row.keys() - allowed):
                self._say(entry, f"không có khóa “{key}”", f"Các khóa được dùng: {', '.join(sorted(allowed))}")
            for key in sorted(needed):
                if not isinstance(row.get(key), str) or not row[key].strip():
                    self._say(entry, f"thiếu “{key}”", f'Viết {key} = "…" (chuỗi không rỗng)')
            yield entry, row

    def _agency(self, entry: str, row: Mapping[str, Any]) -> Agency:
        alternates = row.get("alternates", {})
        if not isinstance(alternates, dict):
            self._say(entry, "“alternates” phải là bảng", 'Viết alternates = { ten_nguon = ["ma"] }')
            alternates = {}
        valid_from, valid_to = self._span(entry, row, "valid_from", "valid_to")
        return Agency(
            code=_text(row, "code"),
            name=_text(row, "name"),
            parent=self._optional(entry, row, "parent"),
            kind=self._optional(entry, row, "kind") or "",
            alternates={source: self._codes(entry, "alternates", codes) for source, codes in alternates.items()},
            old_codes=self._codes(entry, "old_codes", row.get("old_codes", [])),
            valid_from=valid_from,
            valid_to=valid_to,
            successor=self._optional(entry, row, "successor"),
        )

    def _person(self, entry: str, row: Mapping[str, Any]) -> Person:
        chat = row.get("telegram")
        telegram = str(chat) if isinstance(chat, int) and not isinstance(chat, bool) else chat
        if telegram is not None and not (isinstance(telegram, str) and _TELEGRAM.fullmatch(telegram)):
            self._say(entry, "“telegram” không phải mã cuộc trò chuyện", 'Viết số, ví dụ telegram = "123456789"')
            telegram = None
        email = row.get("email")
        if email is not None and not (isinstance(email, str) and _EMAIL.fullmatch(email)):
            self._say(entry, "“email” không phải địa chỉ thư điện tử", 'Viết email = "ten@coquan.gov.vn"')
            email = None
        others = row.get("channels", {})
        if not isinstance(others, dict) or not all(_is_address(one) for one in others.values()):
            self._say(entry, "“channels” phải là bảng địa chỉ theo kênh", 'Viết channels = { sms = "84901234567" }')
            others = {}
        return Person(_text(row, "code"), _text(row, "name"), telegram, email, others)

    def _post(self, entry: str, row: Mapping[str, Any]) -> Post:
        role = _text(row, "role")
        if role and not _ROLE.fullmatch(role):
            self._say(entry, f"vai trò “{role}” viết sai", "Dùng chữ thường không dấu, ví dụ agency_head")
        return Post(_text(row, "person"), role, _text(row, "agency"), *self._span(entry, row, "from", "to"))

    def _leave(self, entry: str, row: Mapping[str, Any]) -> Leave:
        start, end = self._both_days(entry, row)
        return Leave(_text(row, "person"), start, end, _text(row, "note"))

    def _substitution(self, entry: str, row: Mapping[str, Any]) -> Substitution:
        start, end = self._both_days(entry, row)
        return Substitution(
            _text(row, "giver"),
            _text(row, "substitute"),
            start,
            end,
            _text(row, "document"),
            self._codes(entry, "roles", row.get("roles", [])),
            self._codes(entry, "agencies", row.get("agencies", [])),
        )

    def _both_days(self, entry: str, row: Mapping[str, Any]) -> tuple[date, date]:
        """An absence or an authorisation without an end is a post that nobody was given: both days are needed."""
        start, end = self._span(entry, row, "from", "to")
        for key, value in (("from", start), ("to", end)):
            if value is None and row.get(key) is None:
                self._say(entry, f"thiếu “{key}”", f"Viết {key} = 2026-04-30 (năm-tháng-ngày)")
        return start or date.max, end or date.min

    def _optional(self, entry: str, row: Mapping[str, Any], key: str) -> str | None:
        value = row.get(key)
        if value is not None and not isinstance(value, str):
            self._say(entry, f"“{key}” phải là chuỗi", f'Viết {key} = "…"')
            return None
        return (value or "").strip() or None

    def _codes(self, entry: str, key: str, value: object) -> tuple[str, ...]:
        codes = [value] if isinstance(value, str) else value
        if not isinstance(codes, list) or not all(isinstance(code, str) and code.strip() for code in codes):
            self._say(entry, f"“{key}” phải là danh sách mã", f'Viết {key} dạng ["ma1", "ma2"]')
            return ()
        return tuple(code.strip() for code in codes)

    def _span(self, entry: str, row: Mapping[str, Any], first: str, last: str) -> tuple[date | None, date | None]:
        start, end = self._day(entry, row, first), self._day(entry, row, last)
        if start is not None and end is not None and end < start:
            self._say(entry, f"“{last}” trước “{first}”", "Đổi lại thứ tự hai ngày")
        return start, end

    def _day(self, entry: str, row: Mapping[str, Any], key: str) -> date | None:
        value = row.get(key)
        if value is None or type(value) is date:
            return value
        self._say(entry, f"“{key}” không phải ngày", f"Viết {key} = 2026-04-30 (năm-tháng-ngày, không có ngoặc kép)")
        return None

    def _check_unique(self, table: str, codes: list[str]) -> None:
        first: dict[str, int] = {}
        for number, code in enumerate(codes, start=1):
            if code and first.setdefault(folded_code(code), number) != number:
                self._say(
                    f"{table}[{number}] {code}",
                    f"trùng mã với mục {first[folded_code(code)]}",
                    "Mỗi mã chỉ ghi một lần",
                )

    def _check_tree(self, agencies: Mapping[str, Agency]) -> None:
        told: set[str] = set()
        for agency in agencies.values():
            entry = f"agencies {agency.code}"
            if agency.parent and agency.parent not in agencies:
                self._say(
                    entry, f"cơ quan cấp trên “{agency.parent}” không có trong tệp", "Thêm mục đó hoặc sửa “parent”"
                )
            if agency.successor and agency.successor not in agencies:
                self._say(
                    entry,
                    f"cơ quan kế thừa “{agency.successor}” không có trong tệp",
                    "Thêm mục đó hoặc sửa “successor”",
                )
            self._check_succession(entry, agency, agencies)
            trail: list[str] = []
            code: str | None = agency.code
            while code and code in agencies and code not in trail:
                trail.append(code)
                code = agencies[code].parent
            if code in trail and code not in told:
                ring = trail[trail.index(code) :]
                told.update(ring)
                self._say(
                    entry, f"cây cơ quan đi vòng: {' → '.join([*ring, ring[0]])}", "Bỏ “parent” của cơ quan cao nhất"
                )

    def _check_succession(self, entry: str, agency: Agency, agencies: Mapping[str, Agency]) -> None:
        if agency.successor and agency.valid_to is None:
            self._say(entry, "có “successor” nhưng không có “valid_to”", "Ghi ngày cuối cơ quan này còn hiệu lực")
        trail: list[str] = []
        code: str | None = agency.code
        while code and code in agencies and code not in trail:
            trail.append(code)
            code = agencies[code].successor
        if code == agency.code:
            self._say(entry, "các cơ quan kế thừa nối thành vòng", "Sửa “successor” để vòng được mở ra")

    def _check_people(self, table: str, named: Sequence[tuple[str, ...]], people: set[str]) -> None:
        for number, codes in enumerate(named, start=1):
            for code in codes:
                if code and code not in people:
                    entry = f"{table}[{number}] {codes[0]}"
                    self._say(entry, f"không có người mã “{code}”", "Thêm vào [[people]] hoặc sửa mã")

    def _check_scopes(self, given: list[Substitution], agencies: set[str]) -> None:
        for number, one in enumerate(given, start=1):
            for code in one.agencies:
                if code not in agencies:
                    entry = f"substitutions[{number}] {one.giver}"
                    self._say(entry, f"không có cơ quan mã “{code}”", "Thêm vào [[agencies]] hoặc sửa “agencies”")

    def _check_loops(self, given: list[Substitution]) -> None:
        """A loop would leave nobody who answers: refused, also where it closes on one day and in one scope only."""
        roles = {role for one in given for role in one.roles} | {""}
        agencies = {agency for one in given for agency in one.agencies} | {""}
        told: set[tuple[str, ...]] = set()
        for on in sorted({one.given_from for one in given}):
            for role in roles:
                for agency in agencies:
                    active = [one for one in given if one.covers(role, agency, on)]
                    loop = _loop([(one.giver, one.substitute) for one in active])
                    if loop and tuple(sorted(loop)) not in told:
                        told.add(tuple(sorted(loop)))
                        chain = " → ".join([*loop, loop[0]])
                        self._say(
                            f"substitutions {loop[0]}",
                            f"ủy quyền nối thành vòng từ {on:%d/%m/%Y}: {chain}",
                            "Sửa ngày, phạm vi hoặc người được ủy quyền",
                        )

    def _check_names(self, agencies: list[Agency]) -> None:
        taken: dict[tuple[str, str], list[Agency]] = {}
        for agency in agencies:
            for name in names_of(agency):
                for other in taken.setdefault(name, []):
                    if other.code != agency.code and _overlap(other, agency):
                        where = f"nguồn {name[0]}" if name[0] else "mọi nguồn"
                        self._say(
                            f"agencies {agency.code}",
                            f"mã “{name[1]}” ({where}) cũng là của {other.code} trong cùng thời gian",
                            "Ghi valid_to cho cơ quan cũ và valid_from cho cơ quan mới, hoặc bỏ một mã",
                        )
                taken[name].append(agency)

    def _check_posts(self, posts: list[Post], agencies: set[str], people: set[str]) -> None:
        for number, post in enumerate(posts, start=1):
            entry = f"posts[{number}] {post.person}"
            if post.person and post.person not in people:
                self._say(entry, f"không có người mã “{post.person}”", "Thêm vào [[people]] hoặc sửa “person”")
            if post.agency and post.agency not in agencies:
                self._say(entry, f"không có cơ quan mã “{post.agency}”", "Thêm vào [[agencies]] hoặc sửa “agency”")


def _loop(pairs: list[tuple[str, str]]) -> list[str]:
    """The people of one loop in these (giver, substitute) pairs; [] where there is none."""
    onward: dict[str, list[str]] = {}
    for giver, substitute in pairs:
        onward.setdefault(giver, []).append(substitute)
    done: set[str] = set()

    def walk(person: str, trail: list[str]) -> list[str]:
        if person in trail:
            return trail[trail.index(person) :]
        if person in done:
            return []
        for following in onward.get(person, ()):
            if found := walk(following, [*trail, person]):
                return found
        done.add(person)
        return []

    return next((found for person in onward if (found := walk(person, []))), [])


def _is_address(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ADDRESS and value.isprintable()


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""


def _overlap(one: Agency, other: Agency) -> bool:
    return max(one.valid_from or date.min, other.valid_from or date.min) <= min(
        one.valid_to or date.max, other.valid_to or date.max
    )
