"""Finds the configuration file, reads it whole, and either hands over `Settings` or says every mistake at once."""

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from connectors.kit.settings import SourceSettings
from monitor import source_kinds
from monitor.mistakes import Mistake, Problem, SettingsRefused, nearest, path_of
from monitor.settings import Settings
from monitor.settings_checks import MUST_EXIST, check_field, check_table, seconds
from monitor.settings_words import from_pydantic
from monitor.words import Words

VARIABLE = "DUNGHEN_CONFIG"
FILE_NAME = "dunghen.toml"
_SQLITE = "sqlite:///"
SYSTEM_FILE = Path("/etc/dunghen/dunghen.toml")

T = TypeVar("T")
_NAMED_ROWS = (
    ("sources", "name"),
    ("escalation", "name"),
    ("letters.agencies", "agency"),
    ("channels.apprise", "name"),
)
Location = tuple[str | int, ...]
_SET_BY_LOADER = {"folder", "read_on"}


class Loaded(NamedTuple):
    """Settings, and what a person should know although the file is usable."""

    settings: Settings
    warnings: tuple[Mistake, ...]


def load(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """The settings of `path`, else of DUNGHEN_CONFIG, else ./dunghen.toml, else /etc/dunghen/dunghen.toml.

    Raises `SettingsRefused` with every mistake.
    """
    return read(path, env).settings


def read(path: Path | None = None, env: Mapping[str, str] | None = None) -> Loaded:
    """Like `load`, with the warnings: a secret that others on this machine can read, for one."""
    environment = os.environ if env is None else env
    file = find(path, environment)
    reading = _Reading(str(file), file.resolve().parent, environment)
    data = reading.table(Settings, _parse(file), ())
    settings = reading.validate(data)
    database = settings.database.model_copy(update={"url": _from_folder(settings.database.url, reading.folder)})
    found = settings.model_copy(update={"folder": reading.folder, "database": database})
    return Loaded(found, tuple(reading.warnings))


def find(path: Path | None, env: Mapping[str, str]) -> Path:
    """The file that will be read. Raises `SettingsRefused` where there is none."""
    named = path or (Path(env[VARIABLE]) if env.get(VARIABLE) else None)
    for candidate in [named] if named else [Path(FILE_NAME), SYSTEM_FILE]:
        if candidate.is_file():
            return candidate
    wrong = (
        Words("không có tệp này.", "there is no such file.")
        if named
        else Words(
            f"không thấy tệp cấu hình ở đây, cũng không thấy {SYSTEM_FILE}.",
            f"no configuration file here, nor {SYSTEM_FILE}.",
        )
    )
    fix = Words(
        "dunghen init, hoặc chỉ tệp bằng --config hay biến DUNGHEN_CONFIG",
        "dunghen init, or name the file with --config or DUNGHEN_CONFIG",
    )
    raise SettingsRefused([Mistake(str(named or FILE_NAME), "", wrong, fix)])


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))  # Notepad puts a mark before the text
    except OSError as error:
        problem = Problem(
            Words(f"không đọc được tệp ({error.strerror}).", f"cannot be read ({error.strerror})."),
            Words("quyền đọc cho tài khoản chạy dunghen", "leave to read it for the account that runs dunghen"),
        )
    except UnicodeDecodeError:
        problem = Problem(
            Words("tệp không phải mã UTF-8.", "the file is not UTF-8."),
            Words("lưu lại tệp với mã UTF-8", "save it again as UTF-8"),
        )
    except tomllib.TOMLDecodeError as error:
        problem = Problem(
            Words(f"không đúng cú pháp TOML ({error}).", f"is not TOML ({error})."),
            Words(
                'khóa = giá trị; chữ đặt trong "…"; bảng là [tên]',
                'key = value, text in "…", tables as [name]',
            ),
        )
    raise SettingsRefused([Mistake(str(file), "", problem.wrong, problem.fix)])


@dataclass
class _Reading:
    """One pass over one file. Values are prepared for pydantic: lengths of time, secrets, paths."""

    file: str
    folder: Path
    env: Mapping[str, str]
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)

    def table(self, model: type[BaseModel], data: Mapping[str, Any], at: Location) -> dict[str, Any]:
        """The table with its values prepared. A key with a mistake is left out, so that the mistake is said once."""
        known = {name: info for name, info in model.model_fields.items() if at or name not in _SET_BY_LOADER}
        for place, problem in check_table(model, dict(data)):
            self.note((*at, *place), problem)
        out = {}
        for key, value in data.items():
            if key not in known:
                self.note((*at, key), _unknown_key(key, known))
                continue
            value = self.value(known[key], value, (*at, key))
            before = len(self.mistakes)
            for place, problem in check_field(model, key, value):
                self.note((*at, key, *place), problem)
            if len(self.mistakes) == before:
                out[key] = (
                    [v for v in value if v is not None] if key == "sources" and isinstance(value, list) else value
                )
        return out | self.paths_left_out(known, data)

    def value(self, info: FieldInfo, value: Any, at: Location) -> Any:
        """One value, prepared by what the field is."""
        if isinstance(value, dict) and (_holds(info.annotation, SecretStr) or at == ("database", "url")):
            return self.secret(value, at)
        if _holds(info.annotation, SecretStr):
            return self.refuse_plain_secret(value, at)
        if "seconds" in info.metadata:
            return self.noted(seconds(value), at)
        if isinstance(value, str) and _holds(info.annotation, Path):
            return self.path(value, at)
        if isinstance(value, str) and at[-1] == "verify_tls":
            return str(self.path(value, at))  # a CA file
        model = _table_model(info.annotation, value)
        if model is not None and isinstance(value, dict):
            return self.table(model, value, at)
        if isinstance(value, list):
            return [self.item(info.annotation, one, (*at, i)) for i, one in enumerate(value)]
        return value

    def item(self, annotation: Any, one: Any, at: Location) -> Any:
        if at[0] == "sources" and isinstance(one, dict) and source_kinds.is_brought_by_others(one.get("kind")):
            return self.source_of_others(one, at)
        if isinstance(one, str) and _holds(annotation, Path):
            return self.path(one, at)
        model = _table_model(annotation, one)
        return self.table(model, one, at) if model is not None and isinstance(one, dict) else one

    def source_of_others(self, one: dict[str, Any], at: Location) -> SourceSettings | None:
        """A source whose kind another distribution brings. One that cannot be loaded is disabled, and said."""
        try:
            model = source_kinds.model_of(str(one["kind"]))
            assert model is not None  # it is among those brought
            prepared = self.table(model, one, at)
            made = model.model_validate(prepared)
            assert isinstance(made, SourceSettings)
            return made
        except source_kinds.KindUnusable as error:
            wrong = Words(f"{error.said}; nguồn này bị tắt.", f"{error.said}; this source is disabled.")
            fix = Words(
                "cài lại gói của loại nguồn, hoặc bỏ nguồn này", "install its package again, or drop the source"
            )
            self.warnings.append(Mistake(self.file, path_of((*at, "kind")), wrong, fix))
            return source_kinds.unusable(one, error.said)
        except ValidationError as error:
            for key, problem in from_pydantic(error):
                self.mistakes.append(Mistake(self.file, f"{path_of(at)}.{key}", problem.wrong, problem.fix))
            return None

    def path(self, value: str, at: Location) -> Path:
        """A path of the file, from the folder in which the file lies."""
        path = self.folder / Path(value).expanduser()
        if path_of(at) in MUST_EXIST and not path.exists():
            self.note(
                at,
                Problem(
                    Words(
                        f'không có tệp "{value}" (tìm ở {path}).', f'there is no file "{value}" (looked for {path}).'
                    ),
                    Words(
                        f"đường dẫn tính từ {self.folder}, hoặc bỏ khóa này",
                        f"a path that starts at {self.folder}, or leave the key out",
                    ),
                ),
            )
        return path

    def paths_left_out(self, known: Mapping[str, FieldInfo], data: Mapping[str, Any]) -> dict[str, Any]:
        """Default paths start at the file's folder too; so do those in tables that were left out."""
        out: dict[str, Any] = {}
        for name, info in known.items():
            if name in data or info.is_required():
                continue
            if isinstance(info.default, Path):
                out[name] = self.folder / info.default
            elif isinstance(info.default, BaseModel):
                inner = self.paths_left_out(type(info.default).model_fields, {})
                if inner:
                    out[name] = inner
        return out

    def secret(self, value: Mapping[str, Any], at: Location) -> str | None:
        """The text behind `{ file = … }` or `{ env = … }`; what it is never appears in a mistake."""
        match dict(value):
            case {"file": str(name), **rest} if not rest:
                return self.noted(self.secret_file(self.folder / Path(name).expanduser(), name, at), at)
            case {"env": str(name), **rest} if not rest:
                return self.noted(self.env.get(name) or _no_secret(f"biến môi trường {name}", f"variable {name}"), at)
        self.note(at, _how_to_keep_a_secret(at))
        return None

    def secret_file(self, path: Path, name: str, at: Location) -> str | Problem:
        try:
            text = path.read_text("utf-8-sig").strip("\r\n")
            open_to_others = path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~(stat.S_IXGRP | stat.S_IXOTH)
        except (OSError, UnicodeDecodeError):
            text, open_to_others = "", 0
        if open_to_others:
            problem = Problem(
                Words(
                    f'tài khoản khác trên máy đọc được tệp bí mật "{name}".',
                    f'others on this machine can read "{name}".',
                ),
                Words(f"chmod 600 {path}", f"chmod 600 {path}"),
            )
            self.warnings.append(Mistake(self.file, path_of(at), problem.wrong, problem.fix))
        return text or _no_secret(f'tệp "{name}"', f'file "{name}"')

    def refuse_plain_secret(self, value: Any, at: Location) -> None:
        self.note(at, _how_to_keep_a_secret(at))

    def noted(self, outcome: T | Problem, at: Location) -> T | None:
        if isinstance(outcome, Problem):
            self.note(at, outcome)
            return None
        return outcome

    def note(self, at: Location, problem: Problem) -> None:
        self.mistakes.append(Mistake(self.file, path_of(at), problem.wrong, problem.fix))

    def validate(self, data: Mapping[str, Any]) -> Settings:
        """The settings, or `SettingsRefused` with what was noted on the way and what the types say."""
        self.mistakes.extend(self.same_names(data))
        said = {mistake.key for mistake in self.mistakes}
        try:
            settings = Settings.model_validate(data)
        except ValidationError as error:
            for key, problem in from_pydantic(error):
                if key not in said:  # a key left out above because of its mistake is not missing
                    self.mistakes.append(Mistake(self.file, key, problem.wrong, problem.fix))
                    said.add(key)
        else:
            if not self.mistakes:
                return settings
        order = list(data)
        raise SettingsRefused(sorted(self.mistakes, key=lambda mistake: _rank(mistake.key, order)))

    def same_names(self, data: Mapping[str, Any]) -> Iterator[Mistake]:
        for table, key in (
            ("sources", "name"),
            ("escalation", "name"),
            ("letters.agencies", "agency"),
            ("channels.apprise", "name"),
        ):
            rows: Any = data
            for part in table.split("."):
                rows = rows.get(part, []) if isinstance(rows, dict) else []
            seen: dict[str, int] = {}
            for i, row in enumerate(rows if isinstance(rows, list) else []):
                name = row.get(key) if isinstance(row, dict) else getattr(row, key, None)
                if isinstance(name, str) and name and seen.setdefault(name, i) != i:
                    first = f"{table}[{seen[name]}]"
                    yield Mistake(
                        self.file,
                        f"{table}[{i}].{key}",
                        Words(f'"{name}" đã dùng ở {first}.', f'"{name}" is taken by {first}.'),
                        Words("một tên khác", "another name"),
                    )


def _rank(key: str, order: list[str]) -> int:
    """Mistakes are told in the order of the file's tables; what stands in no table comes first."""
    table = re.split(r"[.\[]", key, maxsplit=1)[0]
    return order.index(table) if table in order else -1


def _from_folder(url: str, folder: Path) -> str:
    """An SQLite file named relatively lies beside the configuration, not wherever the program was started."""
    path = url.removeprefix(_SQLITE)
    if path == url or path in ("", ":memory:"):
        return url
    return f"{_SQLITE}{folder / path}"  # an absolute path stays what it is


def _holds(annotation: Any, wanted: type) -> bool:
    """Whether the annotation is `wanted` or `wanted | None`."""
    return annotation is wanted or wanted in get_args(annotation)


def _table_model(annotation: Any, value: Any) -> type[BaseModel] | None:
    """The model of a table: itself, an element of a tuple, or the member of a union that `kind` names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    candidates = _models_in(annotation)
    if len(candidates) == 1:
        return candidates[0]
    kind = value.get("kind") if isinstance(value, dict) else None
    return next((model for model in candidates if kind in get_args(model.model_fields["kind"].annotation)), None)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _unknown_key(key: str, known: Mapping[str, FieldInfo]) -> Problem:
    meant = nearest(key, known)
    names = ", ".join(known)
    return Problem(
        Words("không có khóa này.", "there is no such key."),
        Words(meant, meant) if meant else Words(f"một trong các khóa: {names}", f"one of: {names}"),
    )


def _no_secret(vi: str, en: str) -> Problem:
    return Problem(
        Words(f"{vi} không có, không đọc được hoặc rỗng.", f"the {en} is missing, unreadable or empty."),
        Words("bí mật vào đúng chỗ đó, hoặc sửa tên", "the secret into that place, or mend the name"),
    )


def _how_to_keep_a_secret(at: Location) -> Problem:
    name = at[-1]
    example = f'{name} = {{ file = "{name}.secret" }} | {{ env = "DUNGHEN_{str(name).upper()}" }}'
    return Problem(
        Words("bí mật không được nằm trong tệp cấu hình.", "a secret must not stand in this file."),
        Words(example, example),
    )
