"""Logs as events: a static past-tense name and fields from an allow-list, on a console or as JSON lines.

A citizen must never be found in a log, so a field is dropped unless its name is known to hold no person, an
exception is told by its class and place without its message (a driver's message quotes the row), and what other
libraries say is searched for tokens, phone numbers, id numbers and mail addresses before it is written.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# What may be said of anything. Add a name here only if its value can never be, or quote, a citizen's data.
ALLOWED_FIELDS = frozenset(
    (
        # of the log itself
        *("event", "level", "logger", "timestamp", "error", "trace", "dropped_fields"),
        # of the subject: codes and ids of ours, words from a fixed list
        *(
            "source",
            "kind",
            "role",
            "reach",
            "result",
            "job",
            "agency",
            "code",
            "procedure",
            "stage",
            "rung",
            "channel",
        ),
        *("state", "reason", "severity", "dossier_id", "letter_id", "message_id", "notice_id", "pull_id", "request_id"),
        *("method", "route", "host", "port", "version"),
        # of what happened
        *("count", "seconds", "began_at", "ended_at", "scheduled_at", "next_at", "last_ok_at", "now", "every_s"),
        *("status", "signal", "folder", "path", "jobs"),
        "said",  # a source's line for people, which holds no person and no secret; redacted all the same
    )
)
# A count is welcome under any name; a phone or id number is never this small.
_LARGEST_COUNT = 10_000_000
_QUIET_LIBRARIES = (
    *("httpx", "httpcore", "telegram", "urllib3", "apscheduler", "asyncio", "multipart", "fontTools"),
    "alembic.runtime.plugins",
)

_REDACTIONS = (
    (re.compile(r"(?i)\bbot\d+:[\w-]+"), "bot<token>"),
    (re.compile(r"\b\d{5,}:[\w-]{20,}"), "<token>"),
    (re.compile(r"(?i)\b(basic|bearer)\s+[\w+/=.~-]{6,}"), r"\1 <secret>"),
    (
        re.compile(r"(?i)\b(token|password|passwd|secret|apikey|api_key)(['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,;]+"),
        r"\1\2<secret>",
    ),
    (re.compile(r"(?<=://)[^/@\s]+:[^/@\s]+@"), "<secret>@"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<mail>"),
    (re.compile(r"(?<![\w.-])(?:\+84|0)(?:[ .-]?\d){9}(?![\w-])"), "<number>"),
    (re.compile(r"(?<![\w.-])\d{12}(?![\w-])"), "<number>"),
)


def redact(text: str) -> str:
    """The text without tokens, passwords, phone numbers, id numbers and mail addresses."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


def set_up(json: bool | None = None, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Sends every log of this process through one formatter. `json=None`: lines of JSON unless on a terminal.

    May be called again (a test, a command that changes its mind): the last call wins.
    """
    out = sys.stderr if stream is None else stream
    as_json = not out.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        name_exception,
        keep_allowed_fields,
        redact_values,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        # httpx writes the bot's token at INFO: it is part of the address of every call
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("alembic.runtime.migration").addFilter(_a_migration_that_ran)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)


def _a_migration_that_ran(record: logging.LogRecord) -> bool:
    """Not how Alembic looked at the store, which it says several times at every start."""
    return record.levelno > logging.INFO or str(record.msg).startswith("Running")


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for events of one room, `get("daemon")`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def name_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replaces an exception by its class and the places it passed: the message may quote a row or an answer."""
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = _exception(found)
    if error is not None:
        event["error"] = type(error).__name__
        event["trace"] = place_of(error.__traceback__)
    return event


def keep_allowed_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drops what is not on the list and says so, so that the missing field is noticed while developing."""
    dropped = sorted(name for name, value in event.items() if not _is_allowed(name, value))
    for name in dropped:
        del event[name]
    if dropped:
        event["dropped_fields"] = dropped
    return event


def redact_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Plain values only, searched for secrets and persons. The code of a dossier is ours to say."""
    for name, value in event.items():
        if not name.startswith("_") and name not in ("code", "timestamp", "trace"):
            event[name] = _plain(value)
    return event


def place_of(trace: TracebackType | None, deepest: int = 6) -> str:
    """The last calls as "file:line function", without source lines and values."""
    frames = traceback.extract_tb(trace)[-deepest:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)


def _exception(found: object) -> BaseException | None:
    if found is True:
        return sys.exc_info()[1]
    if isinstance(found, BaseException):
        return found
    if isinstance(found, tuple) and len(found) == 3 and isinstance(found[1], BaseException):
        return found[1]
    return None


def _is_allowed(name: str, value: object) -> bool:
    if name in ALLOWED_FIELDS or name in ("_record", "_from_structlog"):
        return True
    return isinstance(value, int | float) and abs(value) < _LARGEST_COUNT


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items() if _is_allowed(str(key), inner)}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return redact(str(value))
