"""A one-stop's own database, as its administrator would open it: a table that is theirs, a view that is ours to read."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import create_engine, text

VIEW = "v_ho_so"
TYPES = {"stt": "INTEGER"}
READER = "nguoi_doc"
READER_PASSWORD = "chi-doc-thoi"


def row(number: int, **facts: Any) -> dict[str, Any]:
    """A dossier of an invented person."""
    plain = {
        "ma": f"H99.14-251103-{number:04d}",
        "stt": 904000 + number,
        "trang_thai": "đang xử lý",
        "chu_ho_so": "NGUYỄN VĂN MẪU",
        "nhan": "03/11/2025 08:15:00",
        "hen": "10/11/2025 08:15:00",
        "xong": None,
        "sua": "2025-11-03 08:20:00",
    }
    return {**plain, **facts}


def fill(url: str, rows: Sequence[Mapping[str, Any]], types: Mapping[str, str] | None = None) -> None:
    """Lays out the table and the view anew and fills them. Columns are text but for `types`."""
    given = {**TYPES, **(types or {})}
    names = list(dict.fromkeys([*row(1), *(name for one in rows for name in one)]))
    columns = ", ".join(f'"{name}" {given.get(name, "TEXT")}' for name in names)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"DROP VIEW IF EXISTS {VIEW}"))
        connection.execute(text("DROP TABLE IF EXISTS ho_so"))
        connection.execute(text(f"CREATE TABLE ho_so ({columns})"))
        connection.execute(text(f"CREATE VIEW {VIEW} AS SELECT * FROM ho_so"))
        if rows:
            places = ", ".join(f":c{i}" for i in range(len(names)))
            values = [{f"c{i}": _stored(one.get(name)) for i, name in enumerate(names)} for one in rows]
            quoted = ", ".join(f'"{name}"' for name in names)
            connection.execute(text(f"INSERT INTO ho_so ({quoted}) VALUES ({places})"), values)
    engine.dispose()


def run(url: str, *statements: str) -> None:
    """What the system's own people do in it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _stored(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value
