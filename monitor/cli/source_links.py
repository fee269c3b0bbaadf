"""`dunghen sources link` and `unlink`: a person says which views are one dossier."""

from collections.abc import Callable
from typing import Any

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.source_arguments import ByOption, ViewArgument, WhyOption, answer
from monitor.words import Words


def link(
    one: ViewArgument, other: ViewArgument, by: ByOption, why: WhyOption, config: ConfigOption = None,
    lang: LangOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that two systems show the same dossier: the first joins the second, whose duties stand."""
    from monitor.identity import NotLinked, link_by_hand, view_named
    from monitor.projection import project
    from monitor.store import audit

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        first, second = (_view(desk, session, name, view_named) for name in (one, other))
        try:
            touched = link_by_hand(session, first, second, why, now)
        except NotLinked:
            raise desk.stopped(
                Exit.REFUSED, Words("Hai hồ sơ này đã là một.", "These are one dossier already.")
            ) from None
        project(session, touched, program.intake, now)
        audit.append(
            session, at=now, actor=by, action="dossier.link", subject=str(second.dossier_id),
            detail={"one": one, "other": other, "why": why},
        )  # fmt: skip
    answer(desk, {"linked": [one, other]}, Words("Đã nối. Chạy tiếp: dunghen judge", "Linked. Next: dunghen judge"))


def unlink(
    view: ViewArgument, by: ByOption, why: WhyOption, config: ConfigOption = None, lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that a system shows another dossier than the rest of its group; both are judged again."""
    from monitor.identity import NotLinked, part_by_hand, view_named
    from monitor.projection import project
    from monitor.store import audit

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        found = _view(desk, session, view, view_named)
        before = found.dossier_id
        try:
            own = part_by_hand(session, found, why, now)
        except NotLinked:
            raise desk.stopped(
                Exit.REFUSED, Words("Hồ sơ này chỉ có ở một nguồn.", "Only one source shows this dossier.")
            ) from None
        project(session, {before, own}, program.intake, now)
        audit.append(
            session, at=now, actor=by, action="dossier.unlink", subject=str(before), detail={"view": view, "why": why}
        )
    answer(desk, {"unlinked": view}, Words("Đã tách. Chạy tiếp: dunghen judge", "Parted. Next: dunghen judge"))


def _view(desk: Desk, session: Any, name: str, find: Any) -> Any:
    from monitor.identity import NoSuchView

    try:
        return find(session, name)
    except NoSuchView:
        said = Words(
            "Không có (hoặc có nhiều) hồ sơ {name}; viết: nguồn:mã", "No dossier {name}, or several; write source:code"
        )
        raise desk.stopped(Exit.NOT_FOUND, said.fill(name=name)) from None


LINK_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (("link", link), ("unlink", unlink))
