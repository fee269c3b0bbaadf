"""Roles, what each may do, and where. Deny by default: what is not written here is not allowed.

A role is held at an agency and counts for it and everything below it. Nobody gains a right at one agency from a role
held at another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from monitor.store.scope import EVERYTHING, Reach, Scope

ALL_AGENCIES = "*"


class Right(StrEnum):
    """One thing an account may do."""

    SEE_DOSSIERS = "see_dossiers"  # codes, procedures, dates, stages; no citizen
    SEE_PERSONS = "see_persons"  # names and addresses: applicants, letters, evidence
    GIVE_REASON = "give_reason"  # the reason and the new date of a letter
    APPROVE = "approve"  # the words of a letter
    REGISTER = "register"  # the registry's number
    HAND_OVER = "hand_over"  # tell the counter, change the date, tell the applicant
    ACKNOWLEDGE = "acknowledge"  # an alert, with a promise
    SEE_FIGURES = "see_figures"  # counts, trends, rankings, findings, sources' age
    EXPORT = "export"  # the same as a file
    SEE_SOURCES = "see_sources"  # how old each source's word is
    ADMINISTER = "administer"  # sources, quarantine, outbox, jobs, people, settings, health
    SEE_METRICS = "see_metrics"  # figures for the monitoring system


class Role(StrEnum):
    """What somebody is in the house."""

    CLERK = "clerk"  # cán bộ Bộ phận Một cửa
    OFFICER = "officer"  # công chức, viên chức thụ lý
    REGISTRAR = "registrar"  # văn thư
    LEADER = "leader"  # lãnh đạo cơ quan
    OFFICE = "office"  # Văn phòng UBND tỉnh
    SYSADMIN = "sysadmin"  # quản trị hệ thống


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.CLERK: frozenset({Right.SEE_DOSSIERS, Right.SEE_PERSONS, Right.HAND_OVER, Right.SEE_SOURCES}),
    Role.OFFICER: frozenset({Right.SEE_DOSSIERS, Right.SEE_PERSONS, Right.GIVE_REASON, Right.SEE_SOURCES}),
    Role.REGISTRAR: frozenset({Right.SEE_DOSSIERS, Right.SEE_PERSONS, Right.REGISTER}),
    Role.LEADER: frozenset(
        {
            Right.SEE_DOSSIERS,
            Right.SEE_PERSONS,
            Right.GIVE_REASON,
            Right.APPROVE,
            Right.ACKNOWLEDGE,
            Right.SEE_FIGURES,
            Right.EXPORT,
            Right.SEE_SOURCES,
        }
    ),
    # the Office proves and ranks: codes and dates do, names do not
    Role.OFFICE: frozenset({Right.SEE_DOSSIERS, Right.SEE_FIGURES, Right.EXPORT, Right.SEE_SOURCES, Right.ACKNOWLEDGE}),
    # keeps the machine running: no dossier, no citizen
    Role.SYSADMIN: frozenset({Right.ADMINISTER, Right.SEE_METRICS}),
}


class Tree(Protocol):
    """The part of `monitor.people.Directory` that says who stands below whom."""

    def agencies(self) -> Sequence["_Node"]: ...


class _Node(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def parent(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """A role where it counts: at `agency` and below, spelled out in `reach`."""

    role: Role
    agency: str
    reach: Reach

    def gives(self, right: Right) -> bool:
        return right in RIGHTS[self.role]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking: an account with its grants, as they stand at this request.

    `rights` narrows what the grants give (a token is made for less than its account may); None = all of it.
    """

    account_id: int
    name: str
    person: str = ""
    grants: tuple[Grant, ...] = ()
    rights: frozenset[Right] | None = None

    def may(self, right: Right, agency_code: str | None = None) -> bool:
        """Whether this right is held at that agency; without one: at any."""
        if self.rights is not None and right not in self.rights:
            return False
        return any(
            grant.gives(right) and (agency_code is None or grant.reach.holds(agency_code)) for grant in self.grants
        )

    def reach(self, right: Right) -> Reach:
        """The agencies at which this right is held."""
        if self.rights is not None and right not in self.rights:
            return Reach()
        return Reach.of(grant.reach for grant in self.grants if grant.gives(right))

    @property
    def scope(self) -> Scope:
        """What of the store exists for this viewer."""
        return Scope(self.reach(Right.SEE_DOSSIERS), self.reach(Right.SEE_PERSONS))

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def actor(self) -> str:
        """How the audit log and the steps of letters call this viewer."""
        return self.person or self.name


def grants_of(roles: Iterable[tuple[str, str]], tree: Tree) -> tuple[Grant, ...]:
    """Grants from (role, agency) pairs. A role nobody knows any more gives nothing."""
    children: dict[str, list[str]] = {}
    for agency in tree.agencies():
        if agency.parent:
            children.setdefault(agency.parent, []).append(agency.code)
    known = set(Role)
    return tuple(
        Grant(Role(role), agency, EVERYTHING if agency == ALL_AGENCIES else Reach(frozenset(_below(agency, children))))
        for role, agency in roles
        if role in known
    )


def _below(agency: str, children: dict[str, list[str]]) -> Iterable[str]:
    found, left = set[str](), [agency]
    while left:
        code = left.pop()
        if code not in found:
            found.add(code)
            left += children.get(code, ())
    return found
