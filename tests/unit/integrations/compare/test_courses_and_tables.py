"""Curves side by side, models over data sets, and tables that are safe to open."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from integrations.core.compare.courses import Course, parting, smoothed
from integrations.core.compare.pivot import Measured, pivot
from integrations.core.compare.ranking import rank_over_data_sets
from integrations.core.compare.setting_rows import setting_rows
from integrations.core.compare.tables import as_csv, as_latex
from integrations.core.figures.comparison import (
    course_chart,
    critical_difference_chart,
    dimension,
    parallel_chart,
)
from integrations.core.figures.plotly_renderer import to_plotly


def course(values: list[float]) -> Course:
    epochs = np.arange(1, len(values) + 1, dtype=np.float64)
    return Course(epochs, epochs * 2, np.asarray(values))


def test_smoothing_begins_without_bias_and_keeps_gaps() -> None:
    assert smoothed([5.0, 5.0, 5.0], 0.9) == pytest.approx([5.0, 5.0, 5.0])
    assert math.isnan(smoothed([1.0, math.nan, 3.0], 0.5)[1])
    assert smoothed([1.0, 2.0], 0.0) == [1.0, 2.0]


def test_courses_part_where_they_never_meet_again() -> None:
    rng = np.random.default_rng(0)
    shared = [1.0 + 0.01 * rng.standard_normal() for _ in range(30)]
    apart = [value - (0.5 if i >= 15 else 0.0) for i, value in enumerate(shared)]
    found = parting(course(shared), course(apart))
    assert found is not None
    assert 15 <= found.epoch <= 20
    assert found.difference == pytest.approx(0.5, abs=0.02)
    assert parting(course(shared), course(shared)) is None


def test_a_pivot_gives_the_spread_only_where_runs_were_repeated() -> None:
    table = pivot([Measured("cnn", "a", 0.9), Measured("cnn", "a", 0.8), Measured("svm", "b", 0.7)])
    first = table.cells[0][0]
    assert first is not None
    assert (first.mean, first.n) == (pytest.approx(0.85), 2)
    assert table.cells[0][1] is None
    assert table.cells[1][1] is not None
    assert table.cells[1][1].spread is None
    assert np.isnan(table.scores()).sum() == 2


def test_settings_tell_what_differs_and_what_only_some_families_have() -> None:
    rows = {r.setting: r for r in setting_rows([{"a": 1, "s": {"x": 1}}, {"a": 1, "s": {"y": 2}}])}
    assert not rows["a"].differs
    assert rows["s.x"].differs
    assert not rows["s.x"].shared
    assert rows["s.y"].values == (None, 2)


def test_no_cell_of_a_csv_becomes_a_formula() -> None:
    text = as_csv(["name", "+x"], [["=cmd()", -1.5], ["a,b", None]])
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "'+x"], ["'=cmd()", "-1.5"], ["a,b", ""]
    ]  # fmt: skip


def test_latex_spells_its_own_signs() -> None:
    text = as_latex(["model", "x_1"], [["50 % & more \\input{a}", "1.0 ± 0.2 %"]], "A #1")
    assert r"50 \% \& more \textbackslash{}input\{a\} & 1.0 $\pm$ 0.2 \% \\" in text
    assert r"\caption{A \#1}" in text
    assert "x\\_1" in text


def test_the_charts_of_a_comparison_draw_with_gaps_and_one_epoch() -> None:
    names = [f"run {k}" for k in range(10)]
    courses = [course([0.1 * k, math.nan]) for k in range(8)] + [None, course([0.5])]
    drawn = to_plotly(course_chart(names, courses, "val_accuracy", over_time=True, smoothing=0.5))
    assert len(drawn["data"]) == 9
    assert (
        drawn["data"][-1]["line"]["dash"] == "dash"
    )  # the tenth shares its colour with the second
    assert drawn["data"][-1]["line"]["color"] == drawn["data"][1]["line"]["color"]
    axes = [
        dimension("Family", ["cnn", "svm", None], ["cnn", "svm", "–"]),
        dimension("Rate", [0.1, 0.1, 0.1], ["0.1"] * 3),
        dimension("Accuracy", [0.9, 0.8, None], ["90 %", "80 %", "–"]),
    ]
    assert axes[0].places[:2] == (0.0, 1.0)
    assert math.isnan(axes[0].places[2])
    assert axes[1].places == (0.5, 0.5, 0.5)
    assert len(to_plotly(parallel_chart(names[:3], axes))["data"]) == 3
    scores = np.asarray([[0.9, 0.8, 0.7], [0.8, 0.7, 0.6], [0.9, 0.6, 0.5]])
    chart = critical_difference_chart(names[:3], rank_over_data_sets(scores))
    assert "run 0" in chart.title
    assert to_plotly(chart)["data"]
