"""How every process of the bench logs: readable on a terminal, one JSON object a line elsewhere.

Modules log through ``logging`` as ever; what a line is about (experiment, task_id, worker, token)
is bound once and joins every line, those of libraries included.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

QUIET = ("httpx", "httpcore", "kombu", "celery", "obstore", "matplotlib", "PIL", "asyncio")
"""Libraries whose everyday words nobody needs; some of them quote whole addresses."""
SECRETS = (
    # user:password@ in any address
    (re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@?#]*:)\S+@"), r"\1…@"),
    # the path of an incoming webhook is its password
    (re.compile(r"(https?://(?:hooks\.slack\.com|[\w.-]*webhook\.office\.com)/)\S+"), r"\1…"),
    (re.compile(r"(https?://[\w.-]*\.(?:azure|powerplatform)\.com\S*?)\?\S+"), r"\1?…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 …"),
    (
        re.compile(
            r"(?i)((?:password|passwd|secret|api_?key|access_?key|signature|requirepass)"
            r"[\"']?\s*[=: ]\s*[\"']?)[^\s\"',;&)]+"
        ),
        r"\1…",
    ),
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PROCESS: dict[str, Any] = {}


def set_up_logging(
    process: str, level: int = logging.INFO, stream: TextIO | None = None, **about: Any
) -> None:
    """Route everything this process logs to standard error, in the form that fits it.

    Args:
        process: web, worker, runner, …; joins every line.
        level: Lowest level that is written.
        stream: Instead of standard error.
        about: Further values for every line of this process.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(_formatter(target.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    _PROCESS.clear()
    remember(process=process, **about)


def remember(**about: Any) -> None:
    """Let further values join every line of this process, from whichever thread."""
    _PROCESS.update(about)


@contextmanager
def about(**values: Any) -> Iterator[None]:
    """Let values join the lines that this thread logs inside the block."""
    with bound_contextvars(**values):
        yield


def masked(text: str) -> str:
    """Give a text without the passwords and keys in it."""
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _formatter(terminal: bool) -> logging.Formatter:
    processors: list[Processor] = [
        merge_contextvars,
        _add_process,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
        structlog.processors.format_exc_info,
        _mask,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    ]
    if terminal:
        processors += [_harmless, structlog.dev.ConsoleRenderer(colors=True, pad_event_to=0)]
    else:
        processors.append(_line)
    return structlog.stdlib.ProcessorFormatter(processors=processors)


def _add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**_PROCESS, **event}


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = masked(value)
    return event


def _harmless(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what would steer the terminal or begin a line that looks like another one."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = CONTROL.sub(lambda found: ascii(found[0])[1:-1], value)
    return event


def _line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    line = {"time": event.pop("timestamp"), "level": event.pop("level"), **event}
    return json.dumps(line, default=str)
