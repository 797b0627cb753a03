"""The four ways to combine, one step at a time, each fitted on validation predictions only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from integrations.core.data.dataset import DatasetInfo
from integrations.core.data.folds import group_folds
from integrations.core.data.windows import WindowIndex
from integrations.ensemble.combine import (
    Average,
    FloatArray,
    IntArray,
    Stack,
    best_weights,
    equal_weights,
    fit_stack,
    log_loss,
    pulled,
)
from integrations.ensemble.config import CombinationConfig, Method
from integrations.ensemble.greedy import bag_weights, next_member, scorer

PENALTIES = (1000.0, 100.0, 10.0, 1.0)


@dataclass(frozen=True)
class Ballots:
    """What the members said about the validation part.

    Attributes:
        members: Probabilities, shape (members, n, classes).
        truth: Class indices, shape (n,).
        fold: Fold of each window by group, for stacking, shape (n,).
        recordings: How many recordings the windows come from.
    """

    members: FloatArray
    truth: IntArray
    fold: IntArray
    recordings: int

    @property
    def order(self) -> list[int]:
        """Members by validation log loss, the best first."""
        losses = [log_loss(said, self.truth) for said in self.members]
        return sorted(range(len(losses)), key=lambda number: losses[number])

    def of(self, chosen: Sequence[int]) -> Ballots:
        """Only some members, in the given order."""
        return Ballots(self.members[list(chosen)], self.truth, self.fold, self.recordings)


@dataclass(frozen=True)
class Combined:
    """A fitted combination over all members, and what it says about the validation part.

    Attributes:
        model: The combination of the members in ``used``.
        used: Their numbers.
        weights: Of all members, zero where not used, shape (members,).
        validation: Probabilities, shape (n, classes); out of fold for stacking.
    """

    model: Average | Stack
    used: tuple[int, ...]
    weights: FloatArray
    validation: FloatArray

    def probability(self, members: FloatArray) -> FloatArray:
        """Combine probabilities of all members, shape (members, n, classes)."""
        return self.model.probability(members[list(self.used)])


def ballots(
    members: FloatArray,
    truth: IntArray,
    info: DatasetInfo,
    index: WindowIndex,
    folds: int,
    seed: int,
) -> Ballots:
    """Put the members' validation probabilities together with folds over groups."""
    fold = group_folds(info, index, folds, seed)
    return Ballots(members, truth, fold, len(np.unique(index.recording)))


def planned_steps(config: CombinationConfig, n_members: int) -> int:
    """Steps of a run: greedy ones, else one per member."""
    return config.steps if config.method is Method.GREEDY else n_members


def step(config: CombinationConfig, given: Ballots, bag: Sequence[int]) -> list[int]:
    """Choose the member that comes next, and give the bag with it."""
    if config.method is not Method.GREEDY:
        return [*bag, given.order[len(bag)]]
    n_classes = given.members.shape[2]
    score = scorer(config.criterion, given.truth, n_classes)
    return [*bag, next_member(given.members, bag, score)]


def combine(config: CombinationConfig, given: Ballots, bag: Sequence[int]) -> Combined:
    """Fit the combination of the members in a bag.

    Args:
        config: Method and its settings.
        given: What all members said.
        bag: Numbers of members; repetition counts for greedy selection only.
    """
    greedy = config.method is Method.GREEDY
    used = tuple(range(len(given.members)) if greedy else sorted(set(bag)))
    mine = given.of(used)
    if config.method is Method.STACKING:
        penalty, said = _out_of_fold(mine, (config.penalty,) if config.penalty else PENALTIES)
        stack = fit_stack(mine.members, mine.truth, penalty)
        return Combined(stack, used, _spread(stack.weights, used, len(given.members)), said)
    if greedy:
        chosen = bag_weights(bag, len(used)) if bag else equal_weights(len(used))
        weights = pulled(chosen, mine.recordings, config.pull)
    elif config.method is Method.WEIGHTED:
        weights = best_weights(mine.members, mine.truth, mine.recordings, config.pull)
    else:
        weights = equal_weights(len(used))
    average = Average(weights)
    spread = _spread(weights, used, len(given.members))
    return Combined(average, used, spread, average.probability(mine.members))


def without(config: CombinationConfig, given: Ballots, bag: Sequence[int], member: int) -> float:
    """Validation log loss of the combination fitted anew without one of its members."""
    rest = [number for number in range(len(given.members)) if number != member]
    kept = [rest.index(number) for number in bag if number != member]
    return log_loss(combine(config, given.of(rest), kept).validation, given.truth)


def _spread(weights: FloatArray, used: Sequence[int], n_members: int) -> FloatArray:
    full = np.zeros(n_members)
    full[list(used)] = weights
    return full


def _out_of_fold(given: Ballots, penalties: Sequence[float]) -> tuple[float, FloatArray]:
    """Choose the penalty whose out-of-fold probabilities have the least log loss; give both."""
    said = np.empty((len(penalties), *given.members.shape[1:]))
    for fold in np.unique(given.fold):
        held_out = given.fold == fold
        mine, truth = given.members[:, ~held_out], given.truth[~held_out]
        stack = None
        for number, penalty in enumerate(penalties):
            stack = fit_stack(mine, truth, penalty, stack)
            said[number, held_out] = stack.probability(given.members[:, held_out])
    best = int(np.argmin([log_loss(each, given.truth) for each in said]))
    return penalties[best], said[best]
