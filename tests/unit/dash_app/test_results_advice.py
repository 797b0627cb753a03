"""Each recommendation appears when its numbers say so, and stays away when they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dash_app.pages.experiment_results.advice import recommendations
from dash_app.pages.experiment_results.facts import Facts
from dash_app.pages.experiment_results.verdict import comparison, verdict
from integrations.core.evaluation.evaluation import (
    ClassMetrics,
    Evaluation,
    Interval,
    SplitSummary,
)

SPLIT = SplitSummary(
    name="by group", leaky=False, digest="d", train_windows=400, validation_windows=80,
    test_windows=200, train_groups=20, validation_groups=5, test_groups=8, test_recordings=16,
)  # fmt: skip


def _class(name: str, recall: float = 0.9, support: int = 100, n_recordings: int = 8) -> Any:
    return ClassMetrics(
        name=name, precision=0.9, recall=recall, f1=0.9, support=support, n_recordings=n_recordings
    )


def _near(value: float, half: float = 0.02) -> Interval:
    return Interval(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


EVALUATION = Evaluation(
    classes=("good", "worn"),
    split=SPLIT,
    headline={
        "accuracy": _near(0.9), "macro_precision": _near(0.9), "macro_recall": _near(0.9),
        "macro_f1": _near(0.9), "recording_accuracy": _near(0.91),
    },
    validation={"accuracy": 0.91},
    per_class=(_class("good"), _class("worn")),
    confusion=((90, 10), (10, 90)),
    roc=(),
    pr=(),
    interval_method="95 % bootstrap over 8 test groups",
)  # fmt: skip
HISTORY = [
    {"train_accuracy": 0.5, "val_accuracy": 0.5, "val_loss": 1.0},
    {"train_accuracy": 0.7, "val_accuracy": 0.7, "val_loss": 0.7},
    {"train_accuracy": 0.93, "val_accuracy": 0.91, "val_loss": 0.2},
    {"train_accuracy": 0.94, "val_accuracy": 0.90, "val_loss": 0.3},
    {"train_accuracy": 0.95, "val_accuracy": 0.90, "val_loss": 0.3},
]
FACTS = Facts(EVALUATION, HISTORY, {"training": {"epochs": 5}})


def _changed(**changes: Any) -> Facts:
    return replace(FACTS, evaluation=EVALUATION.model_copy(update=changes))


def _headline(**changes: Interval) -> Facts:
    return _changed(headline={**EVALUATION.headline, **changes})


def _split(**changes: Any) -> Facts:
    return _changed(split=SPLIT.model_copy(update=changes))


def _history(*rows: dict[str, float]) -> Facts:
    return replace(FACTS, history=[*HISTORY[:4], *rows])


def _codes(facts: Facts) -> set[str]:
    return {advice.code for advice in recommendations(facts)}


def test_a_sound_result_gets_no_advice() -> None:
    assert _codes(FACTS) == set()


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("leaky-split", _split(leaky=True)),
        ("few-test-groups", _split(test_groups=2)),
        ("near-chance", _headline(macro_recall=_near(0.51))),
        ("validation-promised-more", _changed(validation={"accuracy": 0.99 + 0.02})),
        ("overfitting", _history({"train_accuracy": 1.0, "val_accuracy": 0.8, "val_loss": 0.1})),
        (
            "still-improving",
            _history({"train_accuracy": 0.95, "val_accuracy": 0.94, "val_loss": 0.1}),
        ),
        ("worst-class", _changed(per_class=(_class("good"), _class("worn", recall=0.5)))),
        ("class-imbalance", _changed(per_class=(_class("good", support=900), _class("worn")))),
        ("thin-classes", _changed(per_class=(_class("good"), _class("worn", n_recordings=1)))),
        ("untested-classes", _changed(per_class=(_class("good"), _class("worn", support=0)))),
        ("let-windows-vote", _headline(recording_accuracy=_near(0.97))),
        ("try-harder-test", _headline(accuracy=Interval(value=1.0, low=0.9, high=1.0))),
    ],
)
def test_each_rule_speaks_when_its_numbers_say_so(code: str, facts: Facts) -> None:
    assert code in _codes(facts)


def test_what_questions_the_result_comes_first() -> None:
    facts = _changed(
        split=SPLIT.model_copy(update={"leaky": True}),
        per_class=(_class("good"), _class("worn", recall=0.5)),
    )
    assert [advice.severity for advice in recommendations(facts)] == ["warning", "info"]


def test_the_worst_class_names_what_it_is_taken_for() -> None:
    facts = _changed(per_class=(_class("good"), _class("worn", recall=0.5)))
    assert "most often taken for “good” (10)" in recommendations(facts)[0].evidence


def test_folds_have_no_best_epoch() -> None:
    facts = replace(FACTS, config={"training": {"folds": 5}})
    assert facts.best_epoch == 0
    assert "still-improving" not in _codes(facts)


def test_losses_that_are_not_numbers_are_never_the_best_epoch() -> None:
    assert _history({"val_loss": float("nan")}).best_epoch == 3


def test_the_verdict_says_figure_interval_and_where_it_comes_from() -> None:
    said = verdict(EVALUATION)
    assert said.figure == "90.0 % (88.0–92.0)"
    assert said.sentence == "of 200 test windows, from 16 recordings never seen in training."


def test_the_verdict_on_a_leaky_split_promises_nothing() -> None:
    said = verdict(_split(leaky=True).evaluation)
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
