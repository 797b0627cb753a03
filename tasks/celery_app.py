"""The Celery app of the worker: one task, which only wakes the claim loop."""

from __future__ import annotations

import threading

from tasks.broker import LOOK, make_celery

woken = threading.Event()
"""Set by every message; the claim loop of this process waits for it."""

app = make_celery()


@app.task(name=LOOK, ignore_result=True)
def look() -> None:
    """Look into the database for work; doubled and late messages do no harm."""
    woken.set()
