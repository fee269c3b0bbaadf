"""Who signs, and as what: the signature block of NĐ 30/2020 (Điều 13, Phụ lục I) and the person must agree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.letters.content import Content
from monitor.letters.names import tidy
from monitor.letters.steps import StepRefused

HEAD = "head"
CAPACITIES = (HEAD, "KT.", "TL.", "TUQ.")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who will sign. `title` is the signer's own ("PHÓ CHỦ TỊCH"), needed unless the head signs."""

    capacity: str
    title: str = ""
    name: str = ""


def with_signer(content: Content, signer: Signer) -> Content:
    """The same letter with this signer's block. Raises `StepRefused`."""
    _known(signer.capacity)
    title = tidy(signer.title)
    if signer.capacity == HEAD:
        block: tuple[str, ...] = (title or _head_title(content),)
    elif not title:
        raise StepRefused("no_title", "Chưa ghi chức vụ người ký thay.", "The signer's own title is missing.")
    else:
        block = (f"{signer.capacity} {_head_title(content)}", title)
    return replace(content, signer=block, signer_name=tidy(signer.name))


def check_capacity(content: Content, capacity: str, name: str) -> None:
    """Raises `StepRefused` unless the paper prints this capacity and, where it prints a name, this name."""
    _known(capacity)
    printed = printed_capacity(content.signer)
    if capacity != printed:
        raise StepRefused(
            "capacity",
            f"Phiếu in {_said(printed)} mà người ký ký {_said(capacity)}: duyệt lại với đúng người ký.",
            f"The paper says {printed}, the signer signs as {capacity}: approve it again with the right signer.",
        )
    if content.signer_name and content.signer_name.casefold() != name.casefold():
        raise StepRefused(
            "other_signer",
            f"Phiếu in tên người ký là {content.signer_name}: duyệt lại với đúng người ký.",
            f"The paper names {content.signer_name} as its signer: approve it again with the right one.",
        )


def _known(capacity: str) -> None:
    if capacity not in CAPACITIES:
        raise StepRefused(
            "capacity_unknown",
            "Tư cách ký phải là head (người đứng đầu), KT., TL. hoặc TUQ. (ký thay).",
            "The capacity must be head, or KT., TL. or TUQ. where another signs.",
        )


def printed_capacity(block: Sequence[str]) -> str:
    """In what capacity the signature block (`Content.signer`) says that its signer signs."""
    first = block[0] if block else ""
    return next((c for c in CAPACITIES if c != HEAD and first.startswith(c)), HEAD)


def _head_title(content: Content) -> str:
    first = content.signer[0] if content.signer else "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ"
    return next((first.removeprefix(c).strip() for c in CAPACITIES if first.startswith(c)), first)


def _said(capacity: str) -> str:
    return "với tư cách người đứng đầu" if capacity == HEAD else capacity
