"""Live curves: what is appended must be what a fresh painting would have drawn."""

from __future__ import annotations

import json
import math
from typing import Any

from dash_app.pages.experiment_monitor import curves
from dash_app.pages.experiment_monitor.trail import Trail

Row = dict[str, Any]


def _rows(n: int) -> list[Row]:
    return [
        {
            "epoch": i,
            "train_loss": 1.0 / i,
            "val_loss": abs(i - 5) / 10 + 0.2,
            "val_accuracy": 1 - 1 / (i + 1),
            "learning_rate": 1e-3,
            "epoch_seconds": 1.5,
        }
        for i in range(1, n + 1)
    ]


def _appended(figure: dict[str, Any], payload: list[Any]) -> list[tuple[list[Any], list[Any]]]:
    """Do to a figure what Plotly's extendTraces does."""
    new, traces, limits = payload
    drawn = [(list(trace["x"]), list(trace["y"])) for trace in figure["data"]]
    for i, trace in enumerate(traces):
        x = (drawn[trace][0] + new["x"][i])[-limits["x"][i] :]
        y = (drawn[trace][1] + new["y"][i])[-limits["y"][i] :]
        drawn[trace] = (x, y)
    return drawn


def test_metrics_are_sorted_into_a_loss_and_a_score_chart() -> None:
    loss, score = curves.panels(_rows(2))
    assert loss.metrics == ("train_loss", "val_loss")
    assert score.metrics == ("val_accuracy",)


def test_appending_rows_gives_the_same_curves_as_painting_all_of_them() -> None:
    rows = _rows(12)
    for panel in curves.panels(rows):
        painted = curves.figure(panel, rows[:7], "epoch")
        ends = curves.smoothed_ends(panel, rows[:7], {})
        best = curves.best_point(panel, rows[7:], curves.best_point(panel, rows[:7], None))
        payload = curves.extension(panel, rows[7:], ends, best)
        whole = curves.figure(panel, rows, "epoch")
        assert _appended(painted, payload) == [(t["x"], t["y"]) for t in whole["data"]]


def test_the_best_marker_stays_on_the_earlier_of_two_equal_epochs() -> None:
    loss, _ = curves.panels(_rows(3))
    rows = [{"epoch": 1, "val_loss": 0.4}, {"epoch": 2, "val_loss": 0.4}]
    panel = curves.Panel(loss.key, ("val_loss",), True)
    assert curves.best_point(panel, rows, None) == [1.0, 0.4]


def test_values_that_are_not_numbers_become_gaps_and_are_never_best() -> None:
    rows = [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": None}]
    rows.append({"epoch": 3, "val_loss": math.nan})
    panel = curves.Panel("k", ("val_loss",), True)
    figure = curves.figure(panel, rows, "epoch")
    assert figure["data"][0]["y"] == [0.5, None, None]
    assert curves.best_point(panel, rows, None) == [1.0, 0.5]
    json.dumps(figure, allow_nan=False)


def test_one_epoch_is_drawn_as_a_dot_and_two_thousand_as_a_line() -> None:
    panel = curves.panels(_rows(1))[0]
    assert "markers" in curves.figure(panel, _rows(1), "epoch")["data"][0]["mode"]
    assert curves.figure(panel, _rows(2000), "epoch")["data"][0]["mode"] == "lines"


def test_folds_are_points_without_a_best_one() -> None:
    panel = curves.panels(_rows(3))[0]
    figure = curves.figure(panel, _rows(3), "fold")
    assert figure["data"][0]["mode"] == "markers"
    assert figure["data"][-1]["x"] == []


def test_a_figure_without_rows_can_be_painted() -> None:
    for panel in curves.panels(()):
        json.dumps(curves.figure(panel, (), "epoch"), allow_nan=False)


def test_a_trail_grown_row_by_row_equals_one_made_at_once() -> None:
    rows = _rows(9)
    grown = Trail()
    for row in rows:
        grown = Trail.from_json(json.loads(json.dumps(grown.after([row]).to_json())))
    assert grown == Trail().after(rows)


def test_a_trail_knows_best_and_last_values() -> None:
    track = Trail().after(_rows(9)).track("val_loss")
    assert track is not None
    assert (track.low, track.low_at, round(track.last or 0, 6)) == (0.2, 5, 0.6)
