"""Reads the members of an ensemble: which finished runs, and what each said about each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np

from integrations.core.contract import EarlierRun, Predictions, RunContext, TrainingError
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import WindowIndex
from integrations.core.evaluation.figures_of_merit import counts_of_all, headline
from integrations.core.evaluation.store import load_predictions
from integrations.ensemble.combine import FloatArray, log_loss
from integrations.ensemble.config import MembersConfig
from integrations.ensemble.rules import LEAST_MEMBERS, possible, refusals


@dataclass(frozen=True)
class Member:
    """A finished run and its predictions on the validation part."""

    run: EarlierRun
    validation: Predictions


def choose_members(
    config: MembersConfig,
    context: RunContext,
    info: DatasetInfo,
    validation: WindowIndex,
    split_digest: str,
) -> list[Member]:
    """Take the chosen runs, or the best ones on the split; ordered by experiment number.

    Raises:
        TrainingError: They cannot be combined; the text names the run and says why.
    """
    wanted = config.experiments
    runs = (
        context.earlier_runs(ids=wanted)
        if wanted
        else context.earlier_runs(split_digest=split_digest)
    )
    reasons = refusals(runs, wanted, split_digest)
    if reasons:
        raise TrainingError(" ".join(reasons))
    if wanted:
        found = [Member(run, read_part(run, "validation", info, validation)) for run in runs]
    else:
        found = _best(possible(runs, split_digest), config.most, context, info, validation)
    return sorted(found, key=lambda member: member.run.id)


def read_part(run: EarlierRun, part: str, info: DatasetInfo, windows: WindowIndex) -> Predictions:
    """Read what a run said about one part, and see that it is about these very windows.

    Raises:
        TrainingError: The file is missing or damaged, or is about other windows or classes.
    """
    try:
        said = load_predictions(run.folder, part)
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise TrainingError(
            f"The {part} predictions of “{run.name}” ({run.id}) are missing or damaged. Run it "
            "again, or take it out of the members."
        ) from error
    same = np.array_equal(said.recording, windows.recording) and np.array_equal(
        said.start, windows.start
    )
    if not same or said.probability.shape != (len(windows), len(info.classes)):
        raise TrainingError(
            f"“{run.name}” ({run.id}) spoke about other windows or classes. Take it out of the "
            "members."
        )
    return said


def stacked(predictions: Sequence[Predictions]) -> FloatArray:
    """Give the members' probabilities as one array, shape (members, n, classes)."""
    return np.stack([said.probability for said in predictions]).astype(np.float64)


def _best(
    runs: Sequence[EarlierRun],
    most: int,
    context: RunContext,
    info: DatasetInfo,
    validation: WindowIndex,
) -> list[Member]:
    """Take the best runs by validation macro F1, each set of predictions only once."""
    readable = []
    for run in runs:
        try:
            readable.append(Member(run, read_part(run, "validation", info, validation)))
        except TrainingError as error:
            context.log("warning", str(error))
    chosen: list[Member] = []
    for member in sorted(readable, key=lambda member: _rank(member, len(info.classes))):
        if not any(_say_the_same(member, other) for other in chosen):
            chosen.append(member)
    if len(chosen) < LEAST_MEMBERS:
        raise TrainingError(
            f"Only {len(chosen)} of the finished runs on this split differ from one another and "
            f"can be read; an ensemble needs {LEAST_MEMBERS}. Train other models first."
        )
    return chosen[:most]


def _rank(member: Member, n_classes: int) -> tuple[float, float, int]:
    said = member.validation
    counts = counts_of_all(said.truth, said.predicted, n_classes)
    loss = log_loss(said.probability, said.truth)
    return -float(headline(counts)["macro_f1"]), loss, member.run.id


def _say_the_same(one: Member, other: Member) -> bool:
    return np.array_equal(one.validation.probability, other.validation.probability)
