"""`dunghen accounts`: who may sign in to the pages, and which programs may ask the API. The administrator's part.

A password is never given on the command line: a one-time one is made, shown once, and changed at the first sign-in.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.words import Words

if TYPE_CHECKING:  # the store's library is slow to load, and `dunghen due` needs none
    from sqlalchemy.orm import Session

    from monitor.access.rights import Role
    from monitor.store.tables import Account

accounts_app = typer.Typer(help="Accounts: who may sign in to the pages, and with which role.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The name typed at sign-in.", metavar="NAME")]
RoleOption = Annotated[
    list[str],
    typer.Option(
        "--role",
        help="ROLE@AGENCY, as often as needed; * is every agency. See docs/sysadmin.md for the roles.",
        metavar="ROLE@AGENCY",
    ),
]
BY = "cli"
_DAYS = 365


@accounts_app.command("list")
def list_(config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """List the accounts: roles, second factor, last sign-in, locked or not."""
    from sqlalchemy import select

    from monitor.access import accounts
    from monitor.store.tables import Account

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions() as session:
        rows: list[dict[str, Any]] = [
            {
                "name": account.name,
                "person": account.person,
                "roles": [f"{role}@{agency}" for role, agency in accounts.roles_of(session, account.id)],
                "sso": account.sso_name,
                "second_factor": account.totp_on_at is not None,
                "signed_in_at": account.signed_in_at,
                "locked_at": account.locked_at,
            }
            for account in session.scalars(select(Account).order_by(Account.name))
        ]
    if desk.as_json:
        desk.print_json({"accounts": rows})
        return
    yes = desk.say(Words("có", "yes"))
    desk.show(
        Words("Tài khoản", "Accounts"),
        [
            Words("Tên", "Name"),
            Words("Người", "Person"),
            Words("Vai trò", "Roles"),
            Words("SSO", "SSO"),
            Words("Mã hai bước", "Second factor"),
            Words("Đăng nhập lần cuối", "Last sign-in"),
            Words("Khóa", "Locked"),
        ],
        [
            (
                row["name"],
                row["person"],
                "\n".join(row["roles"]),
                row["sso"],
                yes if row["second_factor"] else "",
                desk.local(row["signed_in_at"]),
                desk.local(row["locked_at"]),
            )
            for row in rows
        ],
    )


@accounts_app.command()
def add(
    name: NameArgument,
    role: RoleOption,
    person: Annotated[str, typer.Option("--person", help="Code of the person in the people file.")] = "",
    sso: Annotated[
        str, typer.Option("--sso", help="What the province's SSO calls this person: no password is made.")
    ] = "",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account with a one-time password, shown once; or, with --sso, one without a password."""
    from monitor.access import accounts
    from monitor.access.accounts import AccountRefused

    desk = Desk(config, lang, as_json)
    with desk.program() as program:
        roles = _roles(desk, role, {agency.code for agency in program.directory.agencies()})
        if person and program.directory.person(person) is None:
            raise desk.stopped(Exit.NOT_FOUND, _NO_PERSON.fill(code=person))
        password = "" if sso else _one_time_password()
        now = program.clock.now()
        with program.sessions.begin() as session:
            try:
                account = accounts.add(
                    session, name=name, roles=roles, now=now, by=BY, password=password, person=person, sso_name=sso
                )
            except AccountRefused as refused:
                raise desk.stopped(Exit.REFUSED, refused.said) from None
            made = account.name
    _show_password(desk, made, password)


@accounts_app.command()
def roles(
    name: NameArgument,
    role: RoleOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace an account's roles; they count from the next page on."""
    from monitor.access import accounts

    desk = Desk(config, lang, as_json)
    with desk.program() as program:
        wanted = _roles(desk, role, {agency.code for agency in program.directory.agencies()})
        now = program.clock.now()
        with program.sessions.begin() as session:
            accounts.set_roles(session, _account(desk, session, name), wanted, now=now, by=BY)
    _done(desk, name)


@accounts_app.command()
def reset(
    name: NameArgument,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Also forget the second factor: the phone is lost.")
    ] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give an account a new one-time password, shown once; it is signed out everywhere and unlocked."""
    from monitor.access import accounts

    desk = Desk(config, lang, as_json)
    password = _one_time_password()

    def do(session: "Session", account: "Account") -> None:
        now = program.clock.now()
        accounts.unlock(session, account, now=now, by=BY)
        accounts.set_password(session, account, password, now=now, by=BY, must_change=True)
        if second_factor:
            accounts.forget_second_factor(session, account, now=now, by=BY)

    with desk.program() as program, program.sessions.begin() as session:
        do(session, _account(desk, session, name))
    _show_password(desk, name, password)


@accounts_app.command()
def lock(name: NameArgument, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Shut an account and sign it out everywhere, at once; its tokens stop too."""
    from monitor.access import accounts

    _change(Desk(config, lang, as_json), name, accounts.lock)


@accounts_app.command()
def unlock(
    name: NameArgument, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """Open a locked account again, or one that waits after wrong tries."""
    from monitor.access import accounts

    _change(Desk(config, lang, as_json), name, accounts.unlock)


@accounts_app.command()
def token(
    name: NameArgument,
    label: Annotated[str, typer.Option("--label", help="What the token is for; also the name to revoke it by.")],
    right: Annotated[
        list[str],
        typer.Option(
            "--right", help="What it may do, of what the account may: see_dossiers, see_figures, see_metrics …"
        ),
    ],
    days: Annotated[int, typer.Option("--days", help="How long it works.", min=1, max=3660)] = _DAYS,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token for a program that asks the API in an account's name. It is shown once."""
    from monitor.access import accounts, tokens
    from monitor.access.rights import RIGHTS, Right, Role

    desk = Desk(config, lang, as_json)
    known = {str(one): one for one in Right}
    unknown = [one for one in right if one not in known]
    if unknown:
        raise desk.stopped(Exit.REFUSED, _NO_RIGHT.fill(right=unknown[0], rights=", ".join(sorted(known))))
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        account = _account(desk, session, name)
        held = {
            one for role, _ in accounts.roles_of(session, account.id) if role in set(Role) for one in RIGHTS[Role(role)]
        }
        lacking = [one for one in right if known[one] not in held]
        if lacking:
            raise desk.stopped(Exit.REFUSED, _NOT_HELD.fill(right=lacking[0], name=account.name))
        secret = tokens.make(
            session,
            account,
            label=label,
            rights={known[one] for one in right},
            ends_at=now + timedelta(days=days),
            now=now,
            by=BY,
        )
    if desk.as_json:
        desk.print_json({"account": name, "label": label, "token": secret})
        return
    desk.note(_TOKEN)
    desk.line(secret)


@accounts_app.command()
def revoke(
    name: NameArgument,
    label: Annotated[str, typer.Option("--label", help="The label the token was made with.")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """End the tokens of an account that have this label."""
    from monitor.access import tokens

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        ended = tokens.revoke(session, _account(desk, session, name), label, now=program.clock.now(), by=BY)
    if not ended:
        raise desk.stopped(Exit.NOT_FOUND, _NO_TOKEN.fill(label=label))
    _done(desk, name)


_NO_PERSON = Words("Không có người {code} trong tệp con người.", "There is no person {code} in the people file.")
_NO_ACCOUNT = Words("Không có tài khoản {name}.", "There is no account {name}.")
_NO_TOKEN = Words("Không có mã nào mang nhãn {label}.", "There is no token with the label {label}.")
_NO_ROLE = Words(
    'Không hiểu "{said}": ghi VAI_TRÒ@CƠ_QUAN, vai trò là {roles}.',
    '"{said}" is not ROLE@AGENCY; the roles are {roles}.',
)
_NO_AGENCY = Words(
    "Không có cơ quan {code} trong tệp con người; * là mọi cơ quan.",
    "There is no agency {code} in the people file; * is all of them.",
)
_NO_RIGHT = Words("Không có quyền {right}; các quyền là {rights}.", "There is no right {right}; they are {rights}.")
_NOT_HELD = Words("Tài khoản {name} không có quyền {right}.", "The account {name} does not hold {right}.")
_TOKEN = Words("Mã chỉ hiện một lần này:", "The token, shown this once:")
_PASSWORD = Words(
    "Mật khẩu dùng một lần của {name}, chỉ hiện lần này:", "One-time password of {name}, shown this once:"
)


def _change(desk: Desk, name: str, change: Callable[..., None]) -> None:
    with desk.program() as program, program.sessions.begin() as session:
        change(session, _account(desk, session, name), now=program.clock.now(), by=BY)
    _done(desk, name)


def _account(desk: Desk, session: "Session", name: str) -> "Account":
    from monitor.access import accounts

    found = accounts.find(session, name)
    if found is None:
        raise desk.stopped(Exit.NOT_FOUND, _NO_ACCOUNT.fill(name=name))
    return found


def _roles(desk: Desk, said: list[str], agencies: set[str]) -> "list[tuple[Role, str]]":
    from monitor.access.rights import ALL_AGENCIES, Role

    found = []
    for one in said:
        role, _, agency = one.partition("@")
        if role not in set(Role) or not agency:
            raise desk.stopped(Exit.REFUSED, _NO_ROLE.fill(said=one, roles=", ".join(Role)))
        if agency != ALL_AGENCIES and agency not in agencies:
            raise desk.stopped(Exit.NOT_FOUND, _NO_AGENCY.fill(code=agency))
        found.append((Role(role), agency))
    return found


def _one_time_password() -> str:
    """Easy to read out: lower-case groups without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _show_password(desk: Desk, name: str, password: str) -> None:
    if desk.as_json:
        desk.print_json({"account": name, "password": password})
        return
    if not password:
        _done(desk, name)
        return
    desk.note(_PASSWORD.fill(name=name))
    desk.line(password)


def _done(desk: Desk, name: str) -> None:
    if desk.as_json:
        desk.print_json({"account": name})
    else:
        desk.line(desk.say(Words("Đã ghi: {name}", "Done: {name}").fill(name=name)))
