"""The verdict in words, and the comparison of two runs by their intervals."""

from __future__ import annotations

import pytest

from dash_app.pages.experiment_results.verdict import comparison, verdict
from tests.unit.integrations.checks.cases import EVALUATION, split


def test_the_verdict_says_figure_interval_and_where_it_comes_from() -> None:
    said = verdict(EVALUATION)
    assert said.figure == "90.0 % (88.0–92.0)"
    assert said.sentence == "of 200 test windows, from 16 recordings never seen in training."


def test_the_verdict_on_a_leaky_split_promises_nothing() -> None:
    said = verdict(split(leaky=True).evaluation)
    assert "never seen" not in said.sentence
    assert said.caution


@pytest.mark.parametrize(
    ("mine", "other", "words"),
    [
        ((0.95, 0.93, 0.97), (0.80, 0.75, 0.85), "15.0 percentage points better"),
        ((0.95, 0.90, 0.97), (0.93, 0.90, 0.96), "it may be chance"),
        ((0.90, 0.88, 0.92), (0.90, 0.88, 0.92), "same macro F1"),
    ],
)
def test_two_runs_are_compared_with_their_intervals(
    mine: tuple[float, ...], other: tuple[float, ...], words: str
) -> None:
    names = ("macro_f1", "macro_f1_low", "macro_f1_high")
    said = comparison(dict(zip(names, mine, strict=True)), dict(zip(names, other, strict=True)))
    assert said is not None
    assert words in said.sentence


def test_a_run_without_figures_is_not_compared() -> None:
    assert comparison({}, {"macro_f1": 0.9}) is None
