"""One memory of compiled statements for all the stores of a test process.

SQLAlchemy compiles a statement once an engine; a program has one engine, but here every test opens a store of its own
and would compile the whole program's statements anew: a tenth of all the tests' work. The SQL, the driver and the
database stay as they are.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

_MANY = 10_000
_STATEMENTS: LRUCache[Any, Any] = LRUCache(_MANY)
_TYPES: dict[type[Any], WeakKeyDictionary[Any, Any]] = {}


@cache
def _alike(dialect: type[Any]) -> type[Any]:
    """A dialect each of which equals the other: what was compiled for one serves the next."""
    return type(
        dialect.__name__,
        (dialect,),
        {
            "__eq__": lambda one, other: type(one) is type(other),
            "__hash__": lambda one: hash(type(one)),
            "supports_statement_cache": dialect.supports_statement_cache,  # never inherited, each dialect must say it
        },
    )


def sharing(create_engine: Callable[..., Engine]) -> Callable[..., Engine]:
    """`create_engine`, with what is compiled for one engine kept for the next of its kind."""

    def create(*args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, **options)
        kind = _alike(type(engine.dialect))
        engine.dialect.__class__ = kind
        engine.dialect._type_memos = _TYPES.setdefault(kind, WeakKeyDictionary())
        engine._compiled_cache = _STATEMENTS
        return engine

    return create
