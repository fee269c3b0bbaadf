"""What pydantic found, said to the person who wrote the file."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import ValidationError

from monitor.mistakes import Problem, nearest, path_of
from monitor.settings import OWN_SOURCES
from monitor.words import Words

KINDS: tuple[str, ...] = tuple(get_args(model.model_fields["kind"].annotation)[0] for model in OWN_SOURCES)


def from_pydantic(error: ValidationError) -> Iterator[tuple[str, Problem]]:
    """(key path, problem) of each thing pydantic refused. No value of a secret can be among them: none is validated."""
    for one in error.errors(include_url=False):
        location = _without_tag(one["loc"])
        if one["type"].startswith("union_tag"):
            location = (*location, "kind")
        yield path_of(location), _problem(one)


def _without_tag(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """pydantic puts the kind of a source, and what it tried, into the path; in the file there are no such tables."""
    match location:
        case ("sources", int(i), str(kind), *rest) if kind in KINDS:
            location = ("sources", i, *rest)
        case _:
            pass
    return location[:-1] if location[-1] in ("[key]", "bool", "str") else location


def _problem(one: Mapping[str, Any]) -> Problem:
    context = one.get("ctx", {})
    said = _BY_TYPE.get(one["type"])
    if said is not None:
        return said(one["input"], context)
    return Problem(Words(f"giá trị không dùng được ({one['type']}).", f"cannot be used ({one['msg']})."), _READ_DOCS)


_READ_DOCS = Words("xem docs/sysadmin.md, mục Cấu hình", "see docs/sysadmin.md, Configuration")


def _missing(_value: Any, _context: Mapping[str, Any]) -> Problem:
    return Problem(
        Words("thiếu khóa này.", "is missing."), Words("khóa này với giá trị của đơn vị", "this key with your value")
    )


def _expected(vi: str, en: str, example: str) -> Callable[[Any, Mapping[str, Any]], Problem]:
    def say(_value: Any, _context: Mapping[str, Any]) -> Problem:
        return Problem(Words(f"phải là {vi}.", f"must be {en}."), Words(example, example))

    return say


def _choice(value: Any, context: Mapping[str, Any]) -> Problem:
    allowed = str(context.get("expected", "")).replace(" or ", ", ").replace("'", '"')
    return Problem(
        Words(f'"{value}" không phải một lựa chọn.', f'"{value}" is not a choice.'),
        Words(f"một trong {allowed}", f"one of {allowed}"),
    )


def _kind(value: Any, context: Mapping[str, Any]) -> Problem:
    tag = str(context.get("tag", "")) or (value.get("kind", "") if isinstance(value, dict) else "")
    allowed = ", ".join(f'"{kind}"' for kind in KINDS)
    if not tag:
        wrong = Words("nguồn này thiếu khóa kind.", "this source has no kind.")
    else:
        wrong = Words(f'không có loại nguồn "{tag}".', f'there is no kind "{tag}".')
    meant = nearest(tag, KINDS)
    fix = f'kind = "{meant}"' if meant else f"kind: {allowed}"
    return Problem(wrong, Words(fix, fix))


def _pattern(_value: Any, _context: Mapping[str, Any]) -> Problem:
    return Problem(
        Words("chỉ dùng chữ thường không dấu, số, - và _.", "takes lower-case letters, digits, - and _ only."),
        Words('ví dụ "mot-cua"', 'for instance "mot-cua"'),
    )


def _too_short(_value: Any, _context: Mapping[str, Any]) -> Problem:
    return Problem(
        Words("không được để trống.", "must not be empty."), Words("ít nhất một giá trị", "at least one value")
    )


def _bound(value: Any, context: Mapping[str, Any]) -> Problem:
    low, high = context.get("ge", context.get("gt")), context.get("le", context.get("lt"))
    fix = (
        Words(f"ít nhất {low}", f"at least {low}")
        if low is not None
        else Words(f"nhiều nhất {high}", f"at most {high}")
    )
    return Problem(Words(f"{value} nằm ngoài khoảng cho phép.", f"{value} is out of range."), fix)


def _own_words(_value: Any, context: Mapping[str, Any]) -> Problem:
    """A settings table refused itself as a whole and said why: its words name keys, never values."""
    said = str(context.get("error", ""))
    return Problem(Words(f"các khóa không hợp nhau ({said}).", f"its keys do not fit together ({said})."), _READ_DOCS)


_TEXT = _expected('một chuỗi chữ trong dấu "…"', 'text in "…"', '"…"')
_NUMBER = _expected("một số nguyên", "a whole number", "ví dụ 8118")
_LIST = _expected("một danh sách", "a list", '["…", "…"]; nhiều bảng thì [[tên]]')
_TABLE = _expected("một bảng", "a table", "[tên]")
_BY_TYPE: dict[str, Callable[[Any, Mapping[str, Any]], Problem]] = {
    "missing": _missing,
    "string_type": _TEXT,
    "path_type": _TEXT,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "float_type": _expected("một số", "a number", "0.5"),
    "float_parsing": _expected("một số", "a number", "0.5"),
    "bool_type": _expected("true hoặc false", "true or false", "true"),
    "bool_parsing": _expected("true hoặc false", "true or false", "true"),
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _kind,
    "union_tag_not_found": _kind,
    "string_pattern_mismatch": _pattern,
    "too_short": _too_short,
    "greater_than_equal": _bound,
    "greater_than": _bound,
    "less_than_equal": _bound,
    "less_than": _bound,
    "value_error": _own_words,
    "tuple_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}
