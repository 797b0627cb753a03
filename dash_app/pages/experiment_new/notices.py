"""What the wizard tells about a draft, and on which step it can be mended."""

from __future__ import annotations

from dataclasses import dataclass

MODEL_STEP, CONFIGURE_STEP, REVIEW_STEP, LAUNCH_STEP = range(4)


@dataclass(frozen=True)
class Notice:
    """A sentence about the draft; an error forbids the start.

    Attributes:
        level: "error" or "warning".
        field: Dotted path it belongs to, "" for none.
        step: The step on which it can be mended.
    """

    level: str
    message: str
    field: str = ""
    step: int = CONFIGURE_STEP
