"""What every step in a letter's life shares: the row under lock, the guard, the record in steps and audit."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.letter import LetterState
from monitor.letters.names import tidy
from monitor.store import audit
from monitor.store.seals import seal_of_letter
from monitor.store.tables import ApplicantRow, Dossier, Letter, LetterStep, SourceDossier
from monitor.words import Words

STATES_VI = {
    LetterState.OWED: "chưa soạn",
    LetterState.DRAFTED: "đã soạn",
    LetterState.DECIDED: "đã ghi lý do, chờ duyệt",
    LetterState.APPROVED: "đã duyệt, chờ ký",
    LetterState.SIGNED: "đã ký, chờ vào sổ",
    LetterState.REGISTERED: "đã vào sổ, chờ báo Bộ phận Một cửa",
    LetterState.COUNTER_TOLD: "đã báo Bộ phận Một cửa",
    LetterState.DATE_CHANGED: "đã đổi ngày hẹn, chờ báo người dân",
    LetterState.APPLICANT_TOLD: "đã báo người dân",
    LetterState.CLOSED: "đã xong",
    LetterState.VOID: "đã hủy",
    LetterState.MISSED: "không có phiếu",
    LetterState.NOT_NEEDED: "không cần nữa",
}
# The names of steps as "the letter … ": those of the states they lead to, and of those that lead to none of their own.
STEPS_VI = {state.value: said for state, said in STATES_VI.items()} | {
    "opened": "đã mở trước hạn",
    "confirmed": "đã được xác nhận",
    "reissued": "đã soạn lại từ đầu",
    "mail_queued": "đã có thư điện tử chờ gửi",
}
STALE = "stale_source"  # joined when a step is taken, never stored as a suspension
PRINTED, SEALED = "printed", "sealed"
ASIDE = frozenset({PRINTED, SEALED})  # steps that move nothing, and may be recorded after a later one
HELD_VI = {
    "state_mismatch": "hai hệ thống nói khác nhau",
    "missing_at_source": "hồ sơ vắng mặt ở nguồn",
    "unreadable_at_source": "không đọc được bản ghi mới nhất ở nguồn",
    "stale_source": "nguồn im lặng hoặc lần đọc mới nhất không tin được",
    "paused": "hồ sơ đang tạm dừng",
    "unknown": "trạng thái hồ sơ chưa rõ",
    "uncertain": "chưa rõ hồ sơ xong trước hay sau hạn",
    "no_promise": "hồ sơ không có ngày hẹn trả",
}
LONGEST_NOTE = 200  # characters of a proof or a word why
LONGEST_ACTOR = 120
_PERSONAL = re.compile(r"\d{9,}|\S@\S")  # a phone, an id number, a mailbox
_SHORTEST_NAME = 4


class StepRefused(Exception):
    """A step that cannot be taken. `name` says which rule, for programs; `words` say it to people."""

    def __init__(self, name: str, vi: str, en: str) -> None:
        super().__init__(en)
        self.name, self.words = name, Words(vi, en)


@dataclass(frozen=True, slots=True)
class By:
    """Who takes the step, when, and from where: `place` is "cli", "web" or "daemon", `host` the machine's name or the
    address that asked."""

    actor: str
    at: datetime
    place: str = "cli"
    host: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken. `flags` name what a person should look at all the same."""

    letter_id: int
    step: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One letter under lock, with its dossier."""

    letter: Letter
    dossier: Dossier


def open_case(
    session: Session,
    letter_id: int,
    by: By,
    allowed: Collection[str],
    *,
    unsuspended: bool = False,
    stale: Collection[str] = (),
) -> Case:
    """Locks the letter and checks that the step may follow. `unsuspended`: no doubt may be open, its source not be
    among the `stale` ones, unless a person confirmed just that. Raises `StepRefused`.

    The writer's lock comes first: steps of all sessions, and judging, queue up in one order.
    """
    begin(session, by)
    letter = session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None:
        raise StepRefused("no_letter", "Không có phiếu này.", "There is no such letter.")
    if letter.state not in allowed:
        wanted = ", ".join(f'"{said(state)}"' for state in LetterState if state in allowed)
        names = ", ".join(state for state in LetterState if state in allowed)
        raise StepRefused(
            "wrong_order",
            f'Phiếu đang ở bước "{said(letter.state)}"; việc này chỉ làm được khi phiếu ở bước {wanted}.',
            f"The letter is {letter.state}; this step follows {names} only.",
        )
    dossier = session.get_one(Dossier, letter.dossier_id)
    if unsuspended and (held := held_for(letter, dossier, stale)):
        raise StepRefused(
            "suspended",
            f"Phiếu đang tạm treo ({HELD_VI.get(held, held)}): kiểm tra rồi xác nhận trước (dunghen letters confirm).",
            f"The letter is suspended ({held}): look, then confirm it (dunghen letters confirm).",
        )
    return Case(letter, dossier)


def begin(session: Session, by: By) -> None:
    """Waits for the writer's lock, and asks who it is. Raises `StepRefused`."""
    if not tidy(by.actor) or len(by.actor) > LONGEST_ACTOR:
        raise StepRefused("no_actor", "Chưa ghi ai thực hiện.", "Who does it is not said.")
    audit.lock(session)


def held_for(letter: Letter, dossier: Dossier, stale: Collection[str]) -> str:
    """What holds the letter back now, by name; "" where nothing does, or a person confirmed just that."""
    if letter.suspended_for:
        return letter.suspended_for
    is_stale = dossier.speaking_source in stale and letter.confirmed_for != STALE
    return STALE if is_stale else ""


def said(state: str) -> str:
    """The state in Vietnamese."""
    return STATES_VI.get(LetterState(state), state)


def record(session: Session, case: Case, state: str | None, step: str, by: By, **detail: Any) -> Done:
    """Moves the letter (None leaves it), and writes the step with its row in the log."""
    audit.lock(session)  # before the step has its number: the figures count steps up to the last number they saw
    letter = case.letter
    if state is not None:
        letter.state = state
        closed = state in (LetterState.CLOSED, LetterState.VOID)
        letter.closed_at = by.at if closed else None
    written = LetterStep(
        letter_id=letter.id,
        step=step,
        at=by.at,
        actor=tidy(by.actor),
        detail={"from": by.place, "host": by.host, "content_hash": letter.content_hash, **detail},
    )
    session.add(written)
    session.flush()
    audit.append(
        session,
        at=by.at,
        actor=written.actor,
        action=f"letter.{step}",
        subject=f"letter:{letter.id}",
        detail={"step_id": written.id, **written.detail, "seal": seal_of_letter(letter)},
    )
    return Done(letter.id, step)


def history(session: Session, letter_id: int) -> list[LetterStep]:
    """Every step of a letter, the oldest first."""
    return list(session.scalars(select(LetterStep).where(LetterStep.letter_id == letter_id).order_by(LetterStep.id)))


def latest(session: Session, letter_id: int, step: str) -> LetterStep | None:
    """The newest step of this name."""
    query = select(LetterStep).where(LetterStep.letter_id == letter_id, LetterStep.step == step)
    return session.scalars(query.order_by(LetterStep.id.desc()).limit(1)).one_or_none()


def note(session: Session, case: Case, text: str, field: str) -> str:
    """A proof or a word why, fit for the log: not empty, short, and naming nothing of the applicant.

    Raises `StepRefused`.
    """
    clean = tidy(text)
    if not any(character.isalnum() for character in clean):
        raise StepRefused(f"no_{field}", f"Chưa ghi {_FIELDS_VI[field]}.", f"The {field} is empty.")
    if len(clean) > LONGEST_NOTE:
        raise StepRefused(
            f"long_{field}",
            f"{_FIELDS_VI[field].capitalize()} dài quá {LONGEST_NOTE} ký tự.",
            f"The {field} has more than {LONGEST_NOTE} characters.",
        )
    if _PERSONAL.search(clean) or _names_applicant(session, case.dossier.id, clean):
        raise StepRefused(
            f"person_in_{field}",
            f"{_FIELDS_VI[field].capitalize()} không được có tên, số điện thoại, số định danh hay thư điện tử của dân.",
            f"The {field} must not hold a name, phone, id number or mailbox of the applicant.",
        )
    return clean


_FIELDS_VI = {"why": "lý do của việc này", "proof": "bằng chứng", "channel": "kênh báo", "signer": "người ký"}


def _names_applicant(session: Session, dossier_id: int, text: str) -> bool:
    rows = session.scalars(
        select(ApplicantRow.name)
        .join(SourceDossier, SourceDossier.id == ApplicantRow.view_id)
        .where(SourceDossier.dossier_id == dossier_id)
    )
    folded = text.casefold()
    return any(len(name) >= _SHORTEST_NAME and tidy(name).casefold() in folded for name in rows)
