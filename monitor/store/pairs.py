"""A list of pairs as a table to join from: one bound value, so that SQLAlchemy compiles the statement once whatever the
list. VALUES of hundreds of parameters were compiled anew for every page, which took a third of its time."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import CTE, String, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session


def asked_pairs(session: Session, pairs: Iterable[tuple[str, str]]) -> CTE:
    """The columns `first` and `second`, a row a pair."""
    text = json.dumps([list(pair) for pair in pairs])
    if session.get_bind().dialect.name == "postgresql":
        given: Any = cast(bindparam("pairs", text, Text, unique=True), JSONB)
        each = func.jsonb_array_elements(given).table_valued("value", name="each_pair")
        pair = cast(each.c.value, JSONB)
        first, second = pair[0].astext, pair[1].astext
    else:
        given = bindparam("pairs", text, Text, unique=True)
        each = func.json_each(given).table_valued("value", name="each_pair")
        first, second = (func.json_extract(each.c.value, f"$[{place}]") for place in (0, 1))
    return select(cast(first, String).label("first"), cast(second, String).label("second")).cte("asked")
