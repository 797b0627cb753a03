"""Settings of the ensemble; light, the web builds its form from them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field, field_validator

from integrations.core.config import FamilyConfig, Section, Workload, knob
from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.windows import windows_per_recording
from integrations.ensemble.rules import LEAST_MEMBERS, MOST_MEMBERS, refusals

if TYPE_CHECKING:
    from integrations.core.contract import EarlierRun


class Method(StrEnum):
    """How the members' probabilities become one."""

    SOFT_VOTING = "soft_voting"
    WEIGHTED = "weighted"
    GREEDY = "greedy"
    STACKING = "stacking"


class Criterion(StrEnum):
    """What the greedy selection improves on the validation part."""

    LOG_LOSS = "log_loss"
    MACRO_F1 = "macro_f1"


class MembersConfig(Section):
    """Which finished experiments decide together; all on the same data, windows and split."""

    experiments: list[int] = knob(
        [],
        title="Members",
        widget="experiments",
        help="Three to seven finished experiments on the same data, windows and split. Empty "
        "takes the best ones by validation macro F1.",
    )
    most: int = knob(
        5,
        title="Most members",
        unit="members",
        ge=LEAST_MEMBERS,
        le=MOST_MEMBERS,
        help="How many of the best runs are taken when no members are chosen. More help as long "
        "as they err in different places.",
    )

    @field_validator("experiments")
    @classmethod
    def _number_of_members(cls, chosen: list[int]) -> list[int]:
        distinct = sorted(set(chosen))
        if distinct and not LEAST_MEMBERS <= len(distinct) <= MOST_MEMBERS:
            raise ValueError(
                f"Choose {LEAST_MEMBERS} to {MOST_MEMBERS} members, or none to take the best runs."
            )
        return distinct


class CombinationConfig(Section):
    """How the members' probabilities are weighed; fitted on the validation part only."""

    method: Method = knob(
        Method.WEIGHTED,
        title="Method",
        help="Soft voting averages. Weighted finds the best average on the validation part. "
        "Greedy adds members one by one, again where that helps. Stacking learns how far to trust "
        "each member in each class, and needs the most validation data.",
    )
    criterion: Criterion = knob(
        Criterion.LOG_LOSS,
        title="Criterion",
        show_if={"method": ["greedy"]},
        help="What each greedy step improves on the validation part: log loss also counts how "
        "sure the members are, macro F1 only what they decide.",
    )
    steps: int = knob(
        20,
        title="Greedy steps",
        unit="steps",
        ge=1,
        le=200,
        show_if={"method": ["greedy"]},
        help="Members added with repetition; the best number of them is kept. More give finer "
        "weights.",
    )
    pull: float = knob(
        5.0,
        title="Pull to the average",
        unit="recordings",
        ge=0.0,
        le=1e6,
        show_if={"method": ["weighted", "greedy"]},
        help="So many imagined recordings per member speak for equal weights. Raise it where the "
        "validation part is small; 0 trusts it fully.",
    )
    penalty: float = knob(
        0.0,
        title="Stacking penalty",
        ge=0.0,
        le=1e4,
        show_if={"method": ["stacking"]},
        help="Price of leaving the plain average (L2). Raise it where validation data are few; 0 "
        "chooses it by cross-validation over groups.",
    )
    folds: int = knob(
        5,
        title="Stacking folds",
        unit="folds",
        ge=2,
        le=20,
        show_if={"method": ["stacking"]},
        help="Parts of the validation groups by which the penalty is chosen and the validation "
        "figures are made; no group judges a model that has seen it.",
    )


class EnsembleConfig(FamilyConfig):
    """Everything that defines one ensemble."""

    members: MembersConfig = Field(default_factory=MembersConfig, title="Members")
    combination: CombinationConfig = Field(default_factory=CombinationConfig, title="Combination")

    def earlier_problems(self, runs: Sequence[EarlierRun], split_digest: str) -> list[str]:
        """Say why the finished runs cannot be combined, in sentences."""
        return refusals(runs, self.members.experiments, split_digest)

    def workload(self, info: DatasetInfo) -> Workload:
        """Count probabilities that are read and weighed; no recording is touched."""
        cells = int(windows_per_recording(info, self.data).sum()) * len(info.classes)
        members = len(self.members.experiments) or self.members.most
        steps = self.combination.steps if self.combination.method is Method.GREEDY else members
        passes = {Method.STACKING: STACKING_PASSES, Method.WEIGHTED: WEIGHTED_PASSES}
        rounds = passes.get(self.combination.method, 1.0)
        return Workload(
            work_units=cells * members * (READ_COST + (members + steps) * rounds),
            steps=steps,
            parameters=members,
            memory_bytes=200_000_000 + 24 * cells * members,
            checkpoint_bytes=2_000 + 200 * steps,
        )


READ_COST = 150.0
"""Nanoseconds of one core for unpacking one stored probability; the others are per pass over it."""
WEIGHTED_PASSES, STACKING_PASSES = 20.0, 130.0
