"""The tables, a module a subject. What a source said is only ever appended; what we make of it may be derived again.

Personal data lives in three tables only: `observation`, `applicant` and `letter` (a test searches the others).
"""

from monitor.store.tables.accounts import Account, AccountRole, ApiToken, WebSession
from monitor.store.tables.alerts import Attempt, Message, MessageNotice, Notice
from monitor.store.tables.base import Base
from monitor.store.tables.channels import BotUpdate, Feed, Link, MovedAddress, ParkedAddress, Pressed
from monitor.store.tables.dossiers import (
    Alias,
    ApplicantRow,
    CrossingRow,
    DeclaredId,
    Dossier,
    FindingRow,
    ProcedureSeen,
    SourceDossier,
)
from monitor.store.tables.figures import Figure, FigureMark, Pace, Standing
from monitor.store.tables.ladders import Acknowledgement, Digest, Ladder, Policy
from monitor.store.tables.letters import Letter, LetterNumber, LetterStep
from monitor.store.tables.log import Audit, Job
from monitor.store.tables.sources import BadRecordRow, Observation, Pull, Quarantine, Source

__all__ = [
    "Account",
    "AccountRole",
    "Acknowledgement",
    "Alias",
    "ApiToken",
    "ApplicantRow",
    "Attempt",
    "Audit",
    "BadRecordRow",
    "Base",
    "BotUpdate",
    "CrossingRow",
    "DeclaredId",
    "Digest",
    "Dossier",
    "Feed",
    "Figure",
    "FigureMark",
    "FindingRow",
    "Job",
    "Ladder",
    "Letter",
    "LetterNumber",
    "LetterStep",
    "Link",
    "Message",
    "MessageNotice",
    "MovedAddress",
    "Notice",
    "Observation",
    "Pace",
    "ParkedAddress",
    "Policy",
    "Pressed",
    "ProcedureSeen",
    "Pull",
    "Quarantine",
    "Source",
    "SourceDossier",
    "Standing",
    "WebSession",
]
