"""One memory for all the stores and applications of a test process, of what a program makes once.

SQLAlchemy compiles a statement once an engine; a program has one engine, but here every test opens a store of its own
and would compile the whole program's statements anew: a tenth of all the tests' work. The SQL, the driver and the
database stay as they are. FastAPI makes a validator for each parameter of each route, and here an application for
each test: a sixth of the pages' tests.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from fastapi._compat.v2 import asdict
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

_MANY = 10_000
_STATEMENTS: LRUCache[Any, Any] = LRUCache(_MANY)
_TYPES: dict[type[Any], WeakKeyDictionary[Any, Any]] = {}
_VALIDATORS: dict[tuple[Any, ...], Any] = {}


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


def validating_alike(make: Callable[[Any], None]) -> Callable[[Any], None]:
    """`ModelField.__post_init__`, with the validator made for one field kept for the next that is declared the same."""

    def made(field: Any) -> None:
        kind = field.field_info.annotation
        declared = asdict(field.field_info)
        key = (kind, *declared["metadata"], *declared["attributes"].items(), repr(field.config))
        if not _is_kept(kind, key):
            make(field)
            return
        if key not in _VALIDATORS:
            make(field)
            _VALIDATORS[key] = field._type_adapter
        field._type_adapter = _VALIDATORS[key]

    return made


def _is_kept(kind: Any, key: tuple[Any, ...]) -> bool:
    """Not a form's fields put together as a model, which each application makes anew; nor what is not comparable."""
    try:
        hash(key)
    except TypeError:
        return False
    return not (isinstance(kind, type) and issubclass(kind, BaseModel))
