"""Properties of the combinations: weights on the simplex, no member lost, order without effect."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.ensemble.combine import (
    Average,
    best_weights,
    equal_weights,
    fit_stack,
    log_loss,
)
from integrations.ensemble.config import CombinationConfig, Criterion, Method
from integrations.ensemble.greedy import bag_weights, best_length, next_member, scorer
from integrations.ensemble.methods import Ballots, combine, planned_steps, step, without

SEEDS = range(12)


def made_up(seed: int, members: int = 4, n: int = 60, classes: int = 3) -> Ballots:
    """Members of different skill and sureness, some of them hopeless."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    skill = rng.uniform(0, 4, members)
    scores = rng.standard_normal((members, n, classes)) * rng.uniform(0.3, 3, (members, 1, 1))
    scores[:, np.arange(n), truth] += skill[:, None]
    powers = np.exp(scores)
    probability = powers / powers.sum(axis=2, keepdims=True)
    return Ballots(probability, truth, np.arange(n) % 5, n // 2)


def all_steps(config: CombinationConfig, given: Ballots) -> list[int]:
    bag: list[int] = []
    for _ in range(planned_steps(config, len(given.members))):
        bag = step(config, given, bag)
    return bag


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("seed", SEEDS)
def test_weights_are_shares_and_probabilities_stay_probabilities(method: Method, seed: int) -> None:
    given, config = made_up(seed), CombinationConfig(method=method)
    combined = combine(config, given, all_steps(config, given))
    assert combined.weights.sum() == pytest.approx(1)
    assert combined.weights.min() >= 0
    for said in (combined.validation, combined.probability(given.members)):
        assert said.shape == given.members.shape[1:]
        assert said.min() >= 0
        assert np.allclose(said.sum(axis=1), 1)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_members_changes_nothing(method: Method, seed: int) -> None:
    given, config = made_up(seed), CombinationConfig(method=method)
    order = np.random.default_rng(seed).permutation(len(given.members))
    shuffled = given.of(order.tolist())
    one = combine(config, given, all_steps(config, given))
    other = combine(config, shuffled, all_steps(config, shuffled))
    assert other.weights == pytest.approx(one.weights[order], abs=2e-4)
    assert other.validation == pytest.approx(one.validation, abs=2e-4)


@pytest.mark.parametrize("criterion", list(Criterion))
@pytest.mark.parametrize("seed", SEEDS)
def test_greedy_is_never_worse_than_the_best_member_on_validation(
    criterion: Criterion, seed: int
) -> None:
    given = made_up(seed)
    score = scorer(criterion, given.truth, given.members.shape[2])
    bag: list[int] = []
    scores = []
    for _ in range(15):
        bag = [*bag, next_member(given.members, bag, score)]
        average = Average(bag_weights(bag, len(given.members)))
        scores.append(score(average.probability(given.members)))
    best = scores[best_length(scores) - 1]
    alone = min(score(member) for member in given.members)
    assert best[0] <= alone[0] + 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_best_weights_have_no_greater_loss_than_any_member_or_the_plain_average(seed: int) -> None:
    given = made_up(seed)

    def loss(weights: np.ndarray) -> float:
        return log_loss(Average(weights).probability(given.members), given.truth)

    best = loss(best_weights(given.members, given.truth))
    others = [loss(weights) for weights in (*np.eye(4), equal_weights(4))]
    assert best <= min(others) + 1e-4


def test_a_strong_pull_gives_the_plain_average() -> None:
    given = made_up(3)
    pulled = best_weights(given.members, given.truth, evidence=10, pull=1e6)
    assert pulled == pytest.approx(equal_weights(4), abs=1e-4)


def test_a_strong_penalty_gives_the_geometric_mean() -> None:
    given = made_up(4)
    said = fit_stack(given.members, given.truth, 1e9).probability(given.members)
    mean = np.exp(np.log(given.members).mean(axis=0))
    assert said == pytest.approx(mean / mean.sum(axis=1, keepdims=True), abs=1e-4)


def test_a_stack_learns_to_distrust_a_member_that_is_always_wrong() -> None:
    given = made_up(5, members=2, n=300)
    liar = np.roll(np.eye(3)[given.truth], 1, axis=1) * 0.8 + 0.2 / 3
    members = np.stack([given.members[0], liar])
    stack = fit_stack(members, given.truth, 1.0)
    alone = log_loss(members[0], given.truth)
    assert log_loss(stack.probability(members), given.truth) < alone
    assert stack.coefficients[1].mean() < 0


def test_leaving_out_the_only_good_member_raises_the_loss() -> None:
    given = made_up(6, members=3)
    noise = np.full_like(given.members[0], 1 / 3)
    given = Ballots(
        np.stack([np.eye(3)[given.truth] * 0.9 + 0.1 / 3, noise, noise]),
        given.truth,
        given.fold,
        30,
    )
    for method in Method:
        config = CombinationConfig(method=method)
        bag = all_steps(config, given)
        whole = log_loss(combine(config, given, bag).validation, given.truth)
        assert without(config, given, bag, 0) > whole + 0.1
