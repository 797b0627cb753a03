"""Runs that are compared, and what of their test parts can be laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from integrations.core.contract import Predictions
from integrations.core.evaluation.evaluate import recording_probabilities

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Contender:
    """A finished run that is compared with others.

    Attributes:
        id: Its experiment number.
        test: What it said about the test part.
        split_digest: Identifies its windows and split.
        fingerprint: Of its data set.
    """

    id: int
    name: str
    test: Predictions
    split_digest: str
    fingerprint: str

    @property
    def right(self) -> BoolArray:
        """Which test windows it recognised, shape (n,)."""
        return np.asarray(self.test.predicted == self.test.truth)


def refusal(contenders: Sequence[Contender]) -> str:
    """Say why no test can compare these runs; "" when one can.

    They must have been tested on the same recordings of the same data set. Where only the windows
    differ (other lengths), the decisions on whole recordings are compared.
    """
    if len(contenders) < 2:
        return "A comparison needs at least two runs with results."
    first = contenders[0]
    for other in contenders[1:]:
        if other.fingerprint != first.fingerprint:
            return (
                f"“{first.name}” (#{first.id}) and “{other.name}” (#{other.id}) were tested on "
                "different data sets, so no test can say which is better. Run both on the same "
                "data and split."
            )
        if not np.array_equal(_recordings(first), _recordings(other)):
            shared = len(np.intersect1d(_recordings(first), _recordings(other)))
            return (
                f"The splits differ: “{first.name}” (#{first.id}) was tested on "
                f"{len(_recordings(first))} recordings, “{other.name}” (#{other.id}) on "
                f"{len(_recordings(other))}, of which {shared} are the same. Run both with the "
                "same split and split seed."
            )
        if first.test.probability.shape[1] != other.test.probability.shape[1]:
            return "The runs know different classes, so their mistakes cannot be set side by side."
    return ""


def same_windows(contenders: Sequence[Contender]) -> bool:
    """Tell whether all were tested on the very same windows."""
    first = contenders[0].test
    return all(
        np.array_equal(first.recording, other.test.recording)
        and np.array_equal(first.start, other.test.start)
        for other in contenders[1:]
    )


def by_recording(contender: Contender) -> Contender:
    """Reduce the predictions to one per recording: the mean of its windows' probabilities."""
    recordings, truth, probability = recording_probabilities(contender.test)
    starts = np.zeros(len(recordings), dtype=np.int64)
    return replace(contender, test=Predictions(recordings, starts, truth, probability))


def flips(contenders: Sequence[Contender]) -> IntArray:
    """Give the test windows on which the runs differ, as positions in their predictions.

    The runs must have been tested on the same windows (see ``same_windows``).
    """
    said = np.stack([contender.test.predicted for contender in contenders])
    return np.asarray(np.flatnonzero((said != said[0]).any(axis=0)), dtype=np.int64)


def error_correlation(a: Contender, b: Contender) -> float:
    """Correlate the mistakes of two runs on the same windows (phi); NaN when one makes none.

    Runs whose mistakes hardly correlate gain most from voting (Kuncheva & Whitaker 2003).
    """
    wrong = np.stack([~a.right, ~b.right]).astype(np.float64)
    if (wrong.std(axis=1) == 0).any():
        return float("nan")
    return float(np.asarray(np.corrcoef(wrong))[0, 1])


def _recordings(contender: Contender) -> IntArray:
    return np.unique(contender.test.recording)
