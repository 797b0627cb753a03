"""The limited child that opens uploaded files: little memory, little time, no secrets.

Reads one JSON job as the first line of standard input, writes JSON lines to standard output, and
ends when its standard input does (its parent is gone). Run by ``tasks.imports`` only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[[dict[str, Any]], None]


def main() -> int:
    """Do one job; give the exit status."""
    line = sys.stdin.buffer.readline()
    if not line:
        return 2
    job = json.loads(line)
    limit(job["limits"])
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    say = _speaker()
    try:
        JOBS[job["job"]](job, say)
    except MemoryError:
        say({"failed": "memory"})
    except OSError as error:
        say({"failed": "disk" if error.errno in (27, 28, 122) else "system", "text": str(error)})
    else:
        say({"done": True})
    return 0


def limit(limits: dict[str, int]) -> None:
    """Lower this process's own limits for good.

    ``RLIMIT_DATA`` bounds what is really taken (private memory); ``RLIMIT_AS`` is wider because
    mapped files count there too.
    """
    for kind, key in (
        (resource.RLIMIT_DATA, "memory_bytes"),
        (resource.RLIMIT_AS, "address_bytes"),
        (resource.RLIMIT_FSIZE, "file_bytes"),
    ):
        resource.setrlimit(kind, (limits[key], limits[key]))
    # The soft limit ends us with SIGXCPU, which our parent can tell from other deaths.
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_s"], limits["cpu_s"] + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)


def _scan(job: dict[str, Any], say: Say) -> None:
    from integrations.core.data.options import ImportOptions
    from integrations.core.data.scan import PREVIEW_FILES, scan_file

    settings = ImportOptions.model_validate(job["options"]).read_settings()
    every = max(1, len(job["files"]) // PREVIEW_FILES)
    for number, path in enumerate(job["files"]):
        say({"file": path})
        facts = scan_file(Path(job["folder"]), path, settings, preview=number % every == 0)
        say({"facts": facts.model_dump()})


def _convert(job: dict[str, Any], say: Say) -> None:
    from integrations.core.data.convert import convert
    from integrations.core.data.dataset import DatasetError
    from integrations.core.data.inspection import Inspection
    from integrations.core.data.options import ImportOptions

    plan = Inspection.model_validate(json.loads(Path(job["plan"]).read_bytes()))
    try:
        _, skipped = convert(
            Path(job["folder"]),
            plan,
            ImportOptions.model_validate(job["options"]),
            Path(job["target"]),
            lambda fraction, message: say({"progress": fraction, "message": message}),
        )
    except DatasetError as error:
        say({"refused": str(error)})
        return
    say({"skipped": [{"name": s.name, "sentence": s.sentence} for s in skipped]})


JOBS: dict[str, Callable[[dict[str, Any], Say], None]] = {"scan": _scan, "convert": _convert}


def _speaker() -> Say:
    """Keep standard output for ourselves: a library that prints must not break the protocol."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    return say


def _leave_with_parent() -> None:
    while sys.stdin.buffer.read(4096):
        continue
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main())
