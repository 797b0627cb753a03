"""How long a run may train, all attempts together: it stops by itself before it is ended."""

from __future__ import annotations

from dataclasses import dataclass

SHARE_BEFORE, SECONDS_BEFORE, SHORT_SHARE_BEFORE = 0.05, 30.0, 0.3
GRACE_SECONDS = 60.0
"""What an attempt gets to evaluate its best model when the time was over before it began."""


@dataclass(frozen=True)
class TimeLimit:
    """The limit of one attempt.

    Attributes:
        seconds: Longest training time of the whole run.
        spent: What earlier attempts took; pauses and waiting for room are no training.
    """

    seconds: float
    spent: float = 0.0

    @property
    def stops_at(self) -> float:
        """Training time at which the run is told to stop and to evaluate its best model."""
        before = max(
            SHARE_BEFORE * self.seconds, min(SECONDS_BEFORE, SHORT_SHARE_BEFORE * self.seconds)
        )
        return self.seconds - before

    @property
    def ends_at(self) -> float:
        """Training time at which it is ended."""
        late = self.spent >= self.stops_at
        return max(self.seconds, self.spent + GRACE_SECONDS) if late else self.seconds

    @property
    def near(self) -> str:
        """Sentence for the timeline when the run is told to stop."""
        return (
            f"The time limit of {duration(self.seconds)} is near: the run stops by itself, and its "
            "best model so far is evaluated."
        )

    @property
    def stopped(self) -> str:
        """Sentence for a run that stopped in time."""
        return (
            f"Stopped at its time limit of {duration(self.seconds)}; the best model so far was "
            "kept and evaluated."
        )

    @property
    def ended(self) -> str:
        """Sentence for a run that was ended."""
        return (
            f"It was ended at its time limit of {duration(self.seconds)}. Retry evaluates its best "
            "model so far; with a higher limit (its menu under Experiments) Retry goes on training "
            "from the last checkpoint."
        )


def duration(seconds: float) -> str:
    """Give a limit in words, e.g. "2 h", "1.5 h", "40 min" or "45 s"."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
