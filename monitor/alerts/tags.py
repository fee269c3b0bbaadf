"""Telegram's HTML: measured as Telegram measures it, cut without ever breaking a tag or an entity."""

import html
import re

LIMIT = 4096  # of one message, in UTF-16 units; tags are counted too, which errs on the safe side

_TOKEN = re.compile(r"<(?P<end>/?)(?P<name>[a-z]+)[^<>]*>|&#?\w{1,10};|\r?\n|[^<&\r\n]{1,64}|.", re.DOTALL)

_TAG = re.compile(r"<[^<>]*>")


def units(text: str) -> int:
    """Length in UTF-16 units: most characters are 1, an emoji 2."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> str:
    """The same message without its tags, for when the peer won't take them."""
    return html.unescape(_TAG.sub("", text))


def split_html(text: str, limit: int = LIMIT) -> list[str]:
    """Parts of at most `limit` units, each well-formed by itself, cut at a line's end where there is one.

    Tags open at a cut are closed before it and opened again after it. No parts for a text of blanks.
    """
    if units(text) <= limit and not _has_long_tag(text, limit):  # nearly every message: nothing to cut
        return [text.strip("\r\n")] if plain(text).strip() else []
    tokens = list(_tokens(text, limit))
    parts: list[str] = []
    start = 0
    opened: list[tuple[str, str]] = []  # (name, the tag as written) open at `start`
    while start < len(tokens):
        end, opened_at_end = _take(tokens, start, opened, limit)
        body = "".join(token for token, _, _ in tokens[start:end])
        part = "".join(tag for _, tag in opened) + body + _closing(opened_at_end)
        if plain(part).strip():
            parts.append(part.strip("\r\n"))
        start, opened = end, opened_at_end
    return parts


def _has_long_tag(text: str, limit: int) -> bool:
    """Whether any tag may take more than half of a part."""
    return any(len(tag) > limit // 4 for tag in _TAG.findall(text))


def _tokens(text: str, limit: int) -> list[tuple[str, str, bool]]:
    """(token, name of the tag or "", whether it ends one). A link so long that opening it again would fill a part is
    left out, its text kept."""
    found: list[tuple[str, str, bool]] = []
    kept: list[bool] = []  # of the tags open here, whether they stand in `found`
    for match in _TOKEN.finditer(text):
        token, name = match.group(), match["name"] or ""
        if name and not match["end"]:
            kept.append(units(token) <= limit // 2)
        if name and not (kept.pop() if match["end"] and kept else kept and kept[-1]):
            continue
        if not name and len(token) > limit // 8:  # only where the limit is tiny: in tests
            found.extend((c, "", False) for c in token) if not token.startswith("&") else found.append(
                (token, "", False)
            )
        else:
            found.append((token, name, bool(match["end"])))
    return found


def _take(
    tokens: list[tuple[str, str, bool]], start: int, opened: list[tuple[str, str]], limit: int
) -> tuple[int, list[tuple[str, str]]]:
    """(where the part that begins at `start` ends, the tags open there): at least one token is taken."""
    stack = list(opened)
    size = sum(units(tag) for _, tag in stack)
    line_end: tuple[int, list[tuple[str, str]]] | None = None
    for index in range(start, len(tokens)):
        token, name, ends = tokens[index]
        after = _stack_after(stack, token, name, ends)
        if index > start and size + units(token) + units(_closing(after)) > limit:
            return line_end or (index, stack)
        size, stack = size + units(token), after
        if token.endswith("\n"):
            line_end = (index + 1, list(stack))
    return len(tokens), stack


def _stack_after(stack: list[tuple[str, str]], token: str, name: str, ends: bool) -> list[tuple[str, str]]:
    if not name:
        return stack
    return stack[:-1] if ends else [*stack, (name, token)]


def _closing(stack: list[tuple[str, str]]) -> str:
    return "".join(f"</{name}>" for name, _ in reversed(stack))
