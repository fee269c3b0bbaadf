"""The catalogue of procedures: which time limit goes with (procedure, channel, case), and how it is counted.

Reads .toml, .csv and .xlsx. Every row becomes a term or is set aside with its reason; a number without a unit
stays unknown. Where cases of one procedure differ and nothing says which one a dossier is, its term is unknown too.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.domain.limits import CountingRules, TimeLimit
from monitor.procedures_file import ProcedureFileError, Row, read_rows

__all__ = ["NO_CATALOGUE", "ProcedureFileError", "Reason", "SetAside", "Term", "Terms", "load_terms"]


class Reason:
    """Why a row is no term. Those of `LimitUnclear.reason` come on top: no_time, no_unit, unknown_unit …"""

    NO_CODE = "no_code"
    REPEATED = "repeated"  # the same procedure, channel, case and limit stood in an earlier row
    CASES_DIFFER = "cases_differ"


@dataclass(frozen=True, slots=True)
class Term:
    """The limit of a procedure on one channel in one case; None where it is unknown, and `problem` says why."""

    procedure_code: str
    channel: str  # "counter" | "online" | "post" | "" = whichever
    case: str
    limit: TimeLimit | None
    rules: CountingRules
    name: str = ""
    field: str = ""
    problem: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that is no term: where it stands, why, and the reason in words."""

    row: int
    procedure_code: str
    reason: str
    problem: str


@dataclass(frozen=True)
class Terms:
    """All terms of a catalogue. `source` names the file."""

    terms: tuple[Term, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    source: str = ""
    _by_procedure: dict[str, tuple[Term, ...]] = field(default_factory=dict, repr=False)
    _versions: dict[tuple[str, str], str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        groups: defaultdict[str, list[Term]] = defaultdict(list)
        for term in self.terms:
            groups[term.procedure_code].append(term)
        self._by_procedure.update((code, tuple(group)) for code, group in groups.items())

    def find(self, procedure_code: str, channel: str, case: str = "") -> Term | None:
        """The term of a dossier, None where the catalogue does not know the procedure on that channel.

        A term whose limit is None says in `problem` why it is unknown; nothing is guessed among several cases.
        """
        group = self._by_procedure.get(procedure_code, ())
        if channel:
            group = tuple(t for t in group if t.channel == channel) or tuple(t for t in group if not t.channel)
        if case:
            group = tuple(t for t in group if t.case == case)
        if len(group) < 2:
            return group[0] if group else None
        return _agreed(group)

    def version_for(self, procedure_code: str, channel: str) -> str:
        """Names the term `find` gives by what dates are counted from, its limit and its rules: 16 hex digits, the same
        as long as these are; "" where the catalogue does not know the procedure on that channel."""
        if procedure_code not in self._by_procedure:
            return ""
        key = (procedure_code, channel)
        if key not in self._versions:
            term = self.find(procedure_code, channel)
            text = f"{term.limit}|{term.rules}".encode() if term else b""
            self._versions[key] = hashlib.blake2b(text, digest_size=8).hexdigest() if term else ""
        return self._versions[key]

    def counts(self) -> dict[str, int]:
        """Rows by what became of them: "term" for usable ones, else the reason. Adds up to the rows read."""
        return dict(Counter(["term"] * len(self.terms) + [bad.reason for bad in self.set_aside]))

    @property
    def version(self) -> str:
        """Names this catalogue by what it says: 16 hex digits."""
        return _version(self.terms)


NO_CATALOGUE = Terms()


def _agreed(group: Sequence[Term]) -> Term:
    """One term where all agree on limit and rules; otherwise one whose limit is unknown."""
    first = group[0]
    if all(term.limit == first.limit and term.rules == first.rules for term in group):
        return first
    limits = sorted({term.limit.text_vi for term in group if term.limit is not None})
    problem = f"có nhiều thời hạn tùy trường hợp ({', '.join(limits)}), không biết hồ sơ thuộc trường hợp nào"
    return replace(first, limit=None, case="", problem=problem)


def load_terms(path: Path | None) -> Terms:
    """The catalogue in a .toml, .csv or .xlsx file; an empty one without a file. Raises `ProcedureFileError`."""
    if path is None:
        return NO_CATALOGUE
    return terms_from_rows(read_rows(path), str(path))


def terms_from_rows(rows: Iterable[Row], source: str) -> Terms:
    """Each row as a term or set aside with its reason. Unnamed cases of one procedure and channel are numbered."""
    terms: list[Term] = []
    aside: list[SetAside] = []
    seen: set[tuple[object, ...]] = set()
    unnamed: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.limit is None:
            aside.append(SetAside(row.number, row.code, row.reason, row.problem))
            continue
        key = (row.code, row.channel, row.case, row.limit, row.rules)
        if key in seen:
            aside.append(SetAside(row.number, row.code, Reason.REPEATED, "trùng với một dòng trước"))
            continue
        seen.add(key)
        case = row.case
        if not case:
            unnamed[row.code, row.channel] += 1
            case = f"{unnamed[row.code, row.channel]}" if unnamed[row.code, row.channel] > 1 else ""
        terms.append(Term(row.code, row.channel, case, row.limit, row.rules, row.name, row.field, row=row.number))
    return Terms(tuple(terms), tuple(aside), source)


def _version(terms: Sequence[Term]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for t in terms:
        digest.update(f"{t.procedure_code}|{t.channel}|{t.case}|{t.limit}|{t.rules}\n".encode())
    return digest.hexdigest()
