"""What of the store exists for somebody: a session narrowed to some agencies. Deny by default.

Layer 1, both databases: every ORM statement of a narrowed session carries the criteria of its tables, and a statement
that could not carry them (Core, `text()`) is refused. Layer 2, PostgreSQL: row-level security reads the same agencies
from the transaction's own settings, so a forgotten criterion still shows nothing.

A table is judged by its columns (see `_criterion`); one without any of them is empty for a narrowed
session, unless it is named in `OPEN`. `tests/store/test_scope.py` fails for a new table until that is decided.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    Table,
    any_,
    bindparam,
    cast,
    event,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import FromClause, Select, visitors
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import AliasedReturnsRows

from monitor.store.tables import (
    Alias,
    ApplicantRow,
    Attempt,
    Base,
    DeclaredId,
    Dossier,
    Figure,
    FindingRow,
    Letter,
    LetterNumber,
    LetterStep,
    Message,
    MessageNotice,
    Notice,
    Observation,
    SourceDossier,
    Standing,
)
from monitor.store.writing import table_of

_SEPARATOR = "\x1f"  # between codes in PostgreSQL's setting and parameters, there `chr(31)`: in no code
_REACH = "dunghen_reach"  # where a narrowed session remembers its agencies
MANY = 32  # agencies: from here on a reach is most of what there is, and no way to find rows by


class ScopeBypassed(Exception):
    """A narrowed session was asked for something its criteria cannot reach. A mistake of the program, never data."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Some agencies by their canonical codes, or all there are, dossiers of unknown agencies included."""

    codes: frozenset[str] = frozenset()
    everything: bool = False

    @classmethod
    def of(cls, several: Iterable["Reach"]) -> "Reach":
        """All of them together."""
        found = list(several)
        return cls(frozenset().union(*(one.codes for one in found)), any(one.everything for one in found))

    def holds(self, agency_code: str) -> bool:
        return self.everything or agency_code in self.codes

    def setting(self) -> str:
        """As PostgreSQL's policies read it."""
        return "*" if self.everything else _together(self.codes)


def _together(codes: Iterable[str]) -> str:
    """As one text. Without a code that holds the separator: taken apart, it would be those of others."""
    return _SEPARATOR.join(sorted(code for code in codes if _SEPARATOR not in code))


EVERYTHING = Reach(everything=True)


@dataclass(frozen=True, slots=True)
class Scope:
    """`agencies` whose dossiers exist, and those of them whose citizens do."""

    agencies: Reach = Reach()
    persons: Reach = Reach()


# Rows that are about a citizen: they follow `Scope.persons`. (Evidence follows the dossier: that something was heard,
# and when, is what the Office proves with; who shows its content asks for the right to see persons.)
PERSONAL: frozenset[type[DeclarativeBase]] = frozenset({ApplicantRow})
# Tables that belong to no agency: configuration, health, accounts. Pages that show them have rights of their own.
OPEN = frozenset(
    {
        "account",
        "account_role",
        "api_token",
        "audit",
        "bad_record",
        "bot_update",
        "figure_mark",
        "job",
        "link",
        "moved_address",
        "pace",
        "parked_address",
        "policy",
        "pressed",
        "procedure_seen",
        "pull",
        "quarantine",
        "source",
        "web_session",
    }
)
# The option of a statement that adds up the figures of all agencies, to take away again what the session may not see:
# what is left is a sum over its own (`monitor.reports.figures`). Numbers by procedure, no dossier and no citizen; it
# holds for a statement on `figure` alone, and nothing but figures' sums may be asked with it.
WHOLE = {"dunghen_whole_figures": True}
_WHOLE_OF = {"figure"}
# Nobody's page shows these: empty for a narrowed session.
CLOSED = frozenset({"digest"})


def narrow(session: Session, scope: Scope) -> Session:
    """Makes `scope` all that exists for this session, from its next statement on. Returns it.

    Raises `ScopeBypassed` at a statement that reads or changes tables without the ORM.
    """
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    options = _options(scope, is_postgresql)
    session.info[_REACH] = scope.agencies

    def before_each(state: ORMExecuteState) -> None:
        if state.is_orm_statement:
            named = _tables_of(state.statement)
            if named == _WHOLE_OF and state.execution_options.keys() >= WHOLE.keys():
                return
            state.statement = state.statement.options(*(option for name, option in options if name in named))
        elif not (state.is_insert or _reads_no_table(state)):
            raise ScopeBypassed(f"not an ORM statement: {type(state.statement).__name__}")

    event.listen(session, "do_orm_execute", before_each)
    if is_postgresql:

        def tell_the_policies(_session: Session, _transaction: Any, connection: Any) -> None:
            connection.exec_driver_sql(
                "SELECT set_config('app.agencies', %s, true), set_config('app.persons', %s, true)",
                (scope.agencies.setting(), scope.persons.setting()),
            )

        event.listen(session, "after_begin", tell_the_policies)
    return session


def reach_of(session: Session) -> Reach:
    """The agencies whose dossiers exist for this session."""
    found: Reach = session.info.get(_REACH, EVERYTHING)
    return found


@lru_cache(maxsize=512)
def _options(scope: Scope, is_postgresql: bool) -> tuple[tuple[str, Any], ...]:
    """The criteria of every table by its name, made once a scope: people of one agency share them."""
    return tuple(
        (
            str(mapper.class_.__tablename__),
            with_loader_criteria(mapper.class_, criterion, include_aliases=True, propagate_to_loaders=True),
        )
        for mapper in Base.registry.mappers
        if (criterion := _narrowed(mapper.class_, scope, is_postgresql)) is not None
    )


def policies_hold(session: Session) -> bool:
    """Whether the second layer works: PostgreSQL lets superusers and BYPASSRLS roles pass every policy."""
    if session.get_bind().dialect.name != "postgresql":
        return False
    return bool(session.connection().exec_driver_sql(_PASSES_NOTHING).scalar_one())


_PASSES_NOTHING = "SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user"


_named: dict[Any, frozenset[str]] = {}  # by SQLAlchemy's own key of a statement's shape
_SHAPES_KEPT = 4000


def _tables_of(statement: Any) -> frozenset[str]:
    """`tables_in`, asked once a shape: what SQLAlchemy compiles once for all of the same key names the same tables.
    To walk through each statement anew took a fifth of the time of a page."""
    key = statement._generate_cache_key()
    if key is None:
        return frozenset(tables_in(statement))
    found = _named.get(key.key)
    if found is None:
        if len(_named) >= _SHAPES_KEPT:
            _named.clear()
        found = _named[key.key] = frozenset(tables_in(statement))
    return found


def tables_in(statement: Any) -> set[str]:
    """Every table a statement names, wherever: sub-queries, joins, aliases, conditions. A criterion for a table that
    is not there does nothing but costs its share of every statement."""
    found: set[str] = set()
    left: list[Any] = [statement]
    while left:
        for element in visitors.iterate(left.pop()):
            table = element if isinstance(element, FromClause) else getattr(element, "table", None)
            if isinstance(table, Table):
                found.add(table.name)
            elif isinstance(table, AliasedReturnsRows) and table is not element:
                left.append(table)  # a column of an alias: what it is an alias of
    return found


def _reads_no_table(state: ORMExecuteState) -> bool:
    statement = state.statement
    # not only what it selects from: a select of scalar sub-queries has no FROM of its own
    return isinstance(statement, Select) and not statement.get_final_froms() and not tables_in(statement)


class _Codes:
    """Agencies as a condition. Many of them are one parameter, on PostgreSQL a text that it takes apart once (an array
    is written value by value), on SQLite a list in JSON: a parameter for each of a province's hundreds, in every
    sub-query anew, cost more than the rows. A few are named on SQLite, which can then seek them in an index."""

    def __init__(self, codes: frozenset[str], is_postgresql: bool) -> None:
        self._sorted, self._is_postgresql = sorted(codes), is_postgresql
        self._json = json.dumps(self._sorted) if len(codes) >= MANY else ""

    def __len__(self) -> int:
        return len(self._sorted)

    def hold(self, column: Any) -> ColumnElement[bool]:
        """`column` is one of them."""
        found: ColumnElement[bool]
        if self._is_postgresql:
            together = bindparam("agencies", _together(self._sorted), String, unique=True)
            found = column == any_(cast(func.string_to_array(together, literal_column("chr(31)")), ARRAY(String)))
        elif self._json:
            each = func.json_each(bindparam("agencies", self._json, String, unique=True)).table_valued("value")
            found = column.in_(select(each.c.value))
        else:
            found = column.in_(bindparam("agencies", self._sorted, expanding=True, unique=True))
        return found


def _narrowed(model: type[Any], scope: Scope, is_postgresql: bool) -> ColumnElement[bool] | None:
    """The criterion of a table within a scope; None where nothing is to be left out."""
    reach = scope.persons if model in PERSONAL else scope.agencies
    if reach.everything or model.__tablename__ in OPEN:
        return None
    return _criterion(model, _Codes(reach.codes, is_postgresql))


def _criterion(model: type[Any], codes: _Codes) -> ColumnElement[bool]:
    if len(codes) == 0:
        return false()
    special = _SPECIAL.get(model)
    if special is not None:
        return special(codes)
    columns = table_of(model).c
    if "dossier_id" in columns:
        return _of_dossier(model.dossier_id, codes)
    if "letter_id" in columns:
        return _of_letter(model.letter_id, codes)
    if "agency_code" in columns:
        return _among(model.agency_code, codes)
    return false()


def is_decided(model: type[Any]) -> bool:
    """Whether somebody said, or the columns say, to whom this table's rows belong."""
    names = set(table_of(model).c.keys())
    return (
        model in _SPECIAL
        or model.__tablename__ in OPEN | CLOSED
        or bool(names & {"dossier_id", "letter_id", "agency_code"})
    )


class _Tested(FunctionElement[str]):
    """A column whose condition is held against each row, never sought through its index."""

    inherit_cache = True


@compiles(_Tested, "sqlite")
def _with_a_plus(element: _Tested, compiler: Any, **how: Any) -> str:
    # SQLite's own way to say so (sqlite.org/optoverview.html, 3): it would else read a whole province agency by
    # agency, for the few rows that another index of the same statement names
    return f"+{compiler.process(element.clauses, **how)}"


@compiles(_Tested, "postgresql")
def _as_an_expression(element: _Tested, compiler: Any, **how: Any) -> str:
    # PostgreSQL would seek each row's agency among a province's by the index, in the order of the database's language:
    # three times as long as by its hash
    return f"coalesce({compiler.process(element.clauses, **how)}, '')"


def held_against_each(column: Any, number: int) -> Any:
    """An agency's column of `figure` that many codes are no way into its key by. PostgreSQL 18 would reckon with one
    descent for each pair of a day and an agency, find that dear, and read the whole table instead."""
    return column if number < MANY else func.coalesce(column, "")


def _among(column: Any, codes: _Codes) -> ColumnElement[bool]:
    tested = column if len(codes) < MANY else _Tested(column)
    return codes.hold(tested)


def _of_dossier(dossier_id: Any, codes: _Codes) -> ColumnElement[bool]:
    # by key from the row at hand: the agency's other dossiers are never gathered
    dossier = table_of(Dossier).alias("scope_dossier")
    return exists().where(dossier.c.id == dossier_id, codes.hold(dossier.c.agency_code)).correlate_except(dossier)


def _of_letter(letter_id: Any, codes: _Codes) -> ColumnElement[bool]:
    letter = table_of(Letter).alias("scope_letter")
    return exists().where(letter.c.id == letter_id, codes.hold(letter.c.agency_code)).correlate_except(letter)


def _of_view(codes: _Codes, *same: Any) -> ColumnElement[bool]:
    view = table_of(SourceDossier).alias("scope_view")
    dossier = table_of(Dossier).alias("scope_dossier")
    return (
        exists()
        .where(
            *(view.c[name] == value for name, value in same),
            dossier.c.id == view.c.dossier_id,
            codes.hold(dossier.c.agency_code),
        )
        .correlate_except(view, dossier)
    )


def _of_notice(notice_id: Any, codes: _Codes) -> ColumnElement[bool]:
    notice = table_of(Notice).alias("scope_notice")
    return exists().where(notice.c.id == notice_id, codes.hold(notice.c.agency_code)).correlate_except(notice)


def _of_message(message_id: Any, codes: _Codes) -> ColumnElement[bool]:
    link = table_of(MessageNotice).alias("scope_link")
    notice = table_of(Notice).alias("scope_notice")
    return (
        exists()
        .where(
            link.c.message_id == message_id,
            notice.c.id == link.c.notice_id,
            codes.hold(notice.c.agency_code),
        )
        .correlate_except(link, notice)
    )


_SPECIAL: dict[type[Any], Callable[[_Codes], ColumnElement[bool]]] = {
    Letter: lambda codes: _among(Letter.agency_code, codes),
    LetterStep: lambda codes: _of_letter(LetterStep.letter_id, codes),
    LetterNumber: lambda codes: _among(LetterNumber.agency_code, codes),
    Notice: lambda codes: _among(Notice.agency_code, codes),
    Standing: lambda codes: _among(Standing.agency_code, codes),
    Figure: lambda codes: codes.hold(held_against_each(Figure.agency_code, len(codes))),
    # a finding about a source is about no dossier
    FindingRow: lambda codes: or_(FindingRow.dossier_id.is_(None), _of_dossier(FindingRow.dossier_id, codes)),
    ApplicantRow: lambda codes: _of_view(codes, ("id", ApplicantRow.view_id)),
    DeclaredId: lambda codes: _of_view(codes, ("id", DeclaredId.view_id)),
    Alias: lambda codes: _of_view(codes, ("id", Alias.view_id)),
    Observation: lambda codes: _of_view(codes, ("source", Observation.source), ("key", Observation.key)),
    MessageNotice: lambda codes: _of_notice(MessageNotice.notice_id, codes),
    Message: lambda codes: _of_message(Message.id, codes),
    Attempt: lambda codes: _of_message(Attempt.message_id, codes),
}
