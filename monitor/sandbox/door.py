"""Accounts of the demo, one a role, so that every page can be seen. Invented people, pages on loopback."""

from collections import Counter

from rich.table import Table
from sqlalchemy.orm import Session

from monitor.access import accounts
from monitor.access.rights import ALL_AGENCIES, Role
from monitor.clock import Clock
from monitor.sandbox.screen import Screen
from monitor.sandbox.values import Province
from monitor.wiring import Program
from monitor.words import Words

PASSWORD = "dung-hen-trinh-dien"  # noqa: S105 - of the demo's invented people, printed on its screen
_WHO = {
    "motcua": (Role.CLERK, Words("cán bộ Một cửa", "one-stop clerk")),
    "thuly": (Role.OFFICER, Words("công chức thụ lý", "officer")),
    "vanthu": (Role.REGISTRAR, Words("văn thư", "registrar")),
    "lanhdao": (Role.LEADER, Words("lãnh đạo Ủy ban nhân dân xã", "leader of the commune")),
    "vanphong": (Role.OFFICE, Words("Văn phòng Ủy ban nhân dân thành phố", "Office of the city")),
    "quantri": (Role.SYSADMIN, Words("quản trị hệ thống", "system administrator")),
}

_ASK = frozenset({"late", "letter_due", "due_today"})


def open_the_door(program: Program, province: Province) -> None:
    """Makes the accounts: those of a commune for the one with most to do, the others for everything."""
    late = Counter(dossier.agency for dossier in province.dossiers if dossier.stage in _ASK)
    communes = [place for place, agency in enumerate(province.agencies) if agency.kind == "commune"]
    commune = province.agencies[max(communes, key=lambda place: late[place])].code
    # who the accounts are among the invented officials: what a leader was told is told to a person
    holders = {(post.role, post.agency): post.person for post in province.posts if post.until is None}
    persons = {"lanhdao": holders.get(("agency_head", commune), ""), "thuly": holders.get(("officer", commune), "")}
    with program.sessions.begin() as session:
        for name, (role, _) in _WHO.items():
            agency = ALL_AGENCIES if role in (Role.OFFICE, Role.SYSADMIN) else commune
            _add(session, name, role, agency, persons.get(name, ""), program.clock)


def _add(session: Session, name: str, role: Role, agency: str, person: str, clock: Clock) -> None:
    accounts.add(
        session,
        name=name,
        roles=[(role, agency)],
        now=clock.now(),
        by="demo",
        password=PASSWORD,
        must_change=False,
        person=person,
    )


def show_the_door(shown: Screen) -> None:
    """Who may sign in, and with what."""
    title = Words(f"Đăng nhập, mật khẩu chung: {PASSWORD}", f"Sign in, one password for all: {PASSWORD}")
    table = Table(title=title.say(shown.language))
    table.add_column(Words("Tên", "Name").say(shown.language))
    table.add_column(Words("Ai", "Who").say(shown.language))
    for name, (_, who) in _WHO.items():
        table.add_row(name, who.say(shown.language))
    shown.console.print(table)
