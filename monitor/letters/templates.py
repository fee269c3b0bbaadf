"""Reads an office's wording safely: only fields, a few filters and simple choices; a slip gives file, line and fix.

The words are Jinja2, but the allow-list is ours: whatever is not named here is refused before it can run
(no loop, no call, no attribute, no arithmetic), with Jinja's sandbox as a second wall behind it.
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.letters.dates import capital
from monitor.words import Words

LARGEST = 64 * 1024  # bytes of one file of wording; ours are under 3 KiB

_FILTERS = {"viet_hoa": str.upper, "viet_thuong": str.lower, "hoa_dau": capital}
_PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
)
_COMPARED = frozenset({"eq", "ne"})


class TemplateRefused(Exception):
    """A file of wording that cannot be used: where, what is wrong, what to write."""

    def __init__(self, file: Path, line: int, wrong: Words, fix: Words) -> None:
        super().__init__(f"{file}, line {line}: {wrong.en} {fix.en}")
        self.file, self.line, self.wrong, self.fix = file, line, wrong, fix


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        # the result is plain text handed to typst as data and to Word through XML escaping, never HTML
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(_FILTERS)
    environment.tests.clear()
    return environment


_ENVIRONMENT = _environment()


def read_template(file: Path, fields: Collection[str]) -> Template:
    """The compiled wording. Raises `TemplateRefused`."""
    try:
        raw = file.read_bytes()
        source = raw.decode()
    except (OSError, UnicodeDecodeError):
        raise TemplateRefused(
            file,
            1,
            Words("không đọc được tệp.", "the file cannot be read."),
            Words("Lưu lại dạng văn bản UTF-8.", "Save it as UTF-8 text."),
        ) from None
    if len(raw) > LARGEST:
        raise TemplateRefused(
            file,
            1,
            Words("tệp quá lớn.", "the file is too large."),
            Words(f"Rút xuống dưới {LARGEST // 1024} KiB.", f"Keep it under {LARGEST // 1024} KiB."),
        )
    return _compiled(file, source, frozenset(fields))


@lru_cache(maxsize=512)
def _compiled(file: Path, source: str, fields: frozenset[str]) -> Template:
    """Checking and compiling cost more than filling in, and every program of a machine reads the same files."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        said = error.message or "syntax"
        raise TemplateRefused(
            file,
            error.lineno,
            Words(f"cú pháp sai ({said}).", f"wrong syntax ({said})."),
            Words(
                "Mỗi {{ phải có }} đóng lại, mỗi {% if … %} phải có {% endif %}.",
                "Close every {{ with }} and every {% if … %} with {% endif %}.",
            ),
        ) from None
    for node, line in _walk(tree):
        _check(file, line, node, fields)
    return _ENVIRONMENT.from_string(tree)


def names_used(file: Path) -> frozenset[str]:
    """The fields that a (readable) file of wording prints or asks about."""
    return _names(file.read_text("utf-8"))


@lru_cache(maxsize=512)
def _names(source: str) -> frozenset[str]:
    return frozenset(node.name for node, _ in _walk(_ENVIRONMENT.parse(source)) if isinstance(node, nodes.Name))


def _walk(node: nodes.Node, line: int = 1) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its line; some have none of their own and stand on their parent's."""
    line = node.lineno or next((inner.lineno for inner in node.find_all(nodes.Node) if inner.lineno), line)
    yield node, line
    for child in node.iter_child_nodes():
        yield from _walk(child, line)


def _check(file: Path, line: int, node: nodes.Node, fields: Collection[str]) -> None:
    if isinstance(node, nodes.Name):
        if node.name not in fields:
            near = get_close_matches(node.name, fields, 1) or sorted(fields)[:1]
            raise TemplateRefused(
                file,
                line,
                Words(f'không có trường "{node.name}".', f'there is no field "{node.name}".'),
                Words(
                    f"Có phải {{{{ {near[0]} }}}}? Các trường: {', '.join(sorted(fields))}.",
                    f"Did you mean {{{{ {near[0]} }}}}? Fields: {', '.join(sorted(fields))}.",
                ),
            )
    elif isinstance(node, nodes.Filter):
        if node.name not in _FILTERS or node.args or node.kwargs:
            allowed = ", ".join(sorted(_FILTERS))
            raise TemplateRefused(
                file,
                line,
                Words(f'không dùng được bộ lọc "{node.name}".', f'the filter "{node.name}" cannot be used.'),
                Words(f"Bộ lọc dùng được: {allowed}.", f"Filters: {allowed}."),
            )
    elif isinstance(node, nodes.Const):
        if not isinstance(node.value, str | bool):
            raise _not_allowed(file, line, node)
    elif isinstance(node, nodes.Operand):
        if node.op not in _COMPARED:
            raise _not_allowed(file, line, node)
    elif not isinstance(node, _PLAIN):
        raise _not_allowed(file, line, node)


def _not_allowed(file: Path, line: int, node: nodes.Node) -> TemplateRefused:
    kind = type(node).__name__
    return TemplateRefused(
        file,
        line,
        Words(f"cú pháp không được phép ({kind}).", f"this syntax is not allowed ({kind})."),
        Words(
            "Chỉ dùng {{ trường }}, {{ trường|bộ_lọc }} và {% if trường %} … {% else %} … {% endif %}.",
            "Use only {{ field }}, {{ field|filter }} and {% if field %} … {% else %} … {% endif %}.",
        ),
    )
