"""Whose dossiers a person may see through the bot: those of the agencies where they hold a post, and all below."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.alerts.acknowledge import posts_over
from monitor.alerts.current import Office
from monitor.bot.needs import BotNeeds
from monitor.people import Directory
from monitor.store.tables import Dossier


def office_of(needs: BotNeeds) -> Office:
    """What lines are written with."""
    return Office(needs.calendar, needs.directory, needs.settings.site.base_url)


def agencies_of(directory: Directory, person: str, on: date) -> list[str]:
    """The highest agencies where the person holds a post on that day; what is below them is theirs too."""
    codes = list(dict.fromkeys(post.agency for post in directory.posts_of(person, on)))
    return [
        code
        for code in codes
        if not any(up.code in codes for up in directory.up(code) if up.code != code)
    ]  # fmt: skip


def dossier_of(session: Session, needs: BotNeeds, person: str, code: str, on: date) -> Dossier | None:
    """The dossier with this code, where the person answers for it; the same None for any other and for none."""
    found: Sequence[Dossier] = session.scalars(select(Dossier).where(Dossier.code == code).order_by(Dossier.id)).all()
    return next((d for d in found if posts_over(needs.directory, person, d.agency_code, on)), None)
