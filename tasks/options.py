"""Words and types of the command line's options; light, so that ``app.py`` starts fast."""

from __future__ import annotations

import re

OBEYED, REFUSED, MISSING = 0, 3, 4
"""Exit codes of orders; of several experiments the worst one counts."""
EXIT_CODES = (
    "Exit code: 0 all obeyed, 3 the state of one does not allow it, 4 there is no such experiment, "
    "1 the bench cannot be used."
)
ORDERS = {
    "pause": "interrupt runs after the present batch; resume goes on with them",
    "resume": "go on with paused runs",
    "stop": "end runs; their best model so far is kept and evaluated",
    "cancel": "end runs without evaluating them",
    "retry": "run failed, cancelled or stopped experiments again, from their checkpoint",
    "clone": "run experiments again from the beginning, as new ones",
}
LEAST_LIMIT_SECONDS = 10
DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


def duration(text: str) -> int:
    """Read a duration in seconds: "90", "90s", "30m", "2h", "1h30m".

    Raises:
        ValueError: It is none, or shorter than LEAST_LIMIT_SECONDS.
    """
    found = DURATION.fullmatch(text.strip().lower())
    if not found or not any(found.groups()):
        raise ValueError(f"“{text}” is no duration")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    total = round(3600 * hours + 60 * minutes + seconds)
    if total < LEAST_LIMIT_SECONDS:
        raise ValueError(f"“{text}” is too short")
    return total
