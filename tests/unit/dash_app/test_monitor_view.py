"""What the monitor says in each situation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dash_app.pages.experiment_monitor import view
from dash_app.pages.experiment_monitor.trail import Trail
from dash_app.pages.experiment_monitor.view import Picture
from storage.entities import ExperimentEntity, Status

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EPOCHS = {"training": {"epochs": 40, "patience": 15}, "checkpoints": {"monitor": "val_loss"}}
FOLDS = {"training": {"folds": 5}}


def _entity(status: Status = Status.RUNNING, **changes: Any) -> ExperimentEntity:
    entity = ExperimentEntity(
        id=1, task_id="t", owner_id="local", name="Run", family="cnn1d", preset="",
        dataset_id=1, dataset_name="Data", dataset_fingerprint="f", config=EPOCHS, status=status,
        control="", priority=5, token=1, attempts=1, epochs_done=0, epochs_total=40, progress=0.0,
        split_name="", split_digest="", leaky=False, accuracy=None, macro_f1=None, metrics={},
        n_parameters=0, work_units=0.0, seconds=0.0, host="", error="", note="", tags=[],
        parent_id=None, created_at=NOW, started_at=NOW - timedelta(seconds=60), finished_at=None,
    )  # fmt: skip
    return replace(entity, **changes)


def _trail(losses: list[float | None], **more: list[float]) -> Trail:
    rows = [{"epoch": i, "val_loss": loss} for i, loss in enumerate(losses, 1)]
    for name, values in more.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return Trail().after(rows)


def _picture(entity: ExperimentEntity | None = None, **changes: Any) -> Picture:
    return replace(Picture(entity or _entity(), now=NOW), **changes)


def test_a_run_that_gets_better_is_said_to_learn() -> None:
    said = view.answer(_picture(trail=_trail([0.9, 0.5, 0.3])))
    assert said.outlook == "Learning: epoch 3 has the best validation loss so far, 0.3."


def test_a_run_that_stalls_is_said_to_with_when_it_will_end() -> None:
    said = view.answer(_picture(trail=_trail([0.9, 0.3, *[0.5] * 6])))
    assert said.outlook_level == "warning"
    assert "No better validation loss for 6 epochs (best 0.3 at epoch 2)" in said.outlook
    assert "after 15 epochs without" in said.outlook


def test_training_that_still_improves_while_validation_stalls_is_called_memorising() -> None:
    trail = _trail([0.3, *[0.5] * 6], train_loss=[1.0 / i for i in range(1, 8)])
    assert "memorising" in view.answer(_picture(trail=trail)).outlook


def test_a_loss_that_is_not_a_number_is_said() -> None:
    said = view.answer(_picture(trail=_trail([0.9, None])))
    assert "not a number" in said.outlook
    assert view.cards(_picture(trail=_trail([0.9, None])))[0].value == "not a number"


def test_nothing_is_done_before_it_is_done() -> None:
    entity = _entity(epochs_done=1999, epochs_total=2000, progress=0.9995)
    assert view.answer(_picture(entity)).fraction < 1.0


def test_the_time_left_comes_from_the_run_or_else_from_its_pace() -> None:
    told = _picture(snapshot={"eta_seconds": 80.0, "progress": 0.2})
    assert view.answer(told).remaining == "about 1 min 20 s left"
    guessed = _picture(_entity(progress=0.5))
    assert view.answer(guessed).remaining == "about 1 min 0 s left"


def test_a_waiting_run_says_its_place_in_the_queue() -> None:
    waiting = _entity(Status.PENDING, started_at=None)
    soon = view.answer(_picture(waiting, ahead=0, starts_in_seconds=0.0)).remaining
    assert soon == "next in the queue, starts at any moment"
    later = view.answer(_picture(waiting, ahead=3, starts_in_seconds=290.0)).remaining
    assert later == "number 4 in the queue, starts in about 5 min"
    unknown = view.answer(_picture(waiting, ahead=3)).remaining
    assert unknown == "number 4 in the queue, start not known"
    assert view.answer(_picture(waiting)).headline == "Waiting for a worker"


def test_a_silent_worker_is_said_with_what_comes_next() -> None:
    assert view.notice(_picture()) is None
    found = view.notice(_picture(silence_seconds=7.6, lease_seconds=15.0))
    assert found is not None
    assert found.text.startswith("Its worker fell silent 8.0 s ago.")
    assert found.text.endswith("takes the run up from its last checkpoint within 12 s.")


def test_a_waiting_run_says_why_nothing_starts() -> None:
    waiting = _entity(Status.PENDING, started_at=None)
    found = view.notice(_picture(waiting, ahead=0, trouble="No worker is alive."))
    assert found is not None
    assert found.text == "No worker is alive."


def test_without_redis_the_page_says_that_live_updates_are_off() -> None:
    found = view.notice(_picture(redis=False))
    assert found is not None
    assert "Live updates are off" in found.text


def test_an_order_that_is_not_yet_obeyed_is_shown() -> None:
    found = view.notice(_picture(_entity(control="stop")))
    assert found is not None
    assert found.text.startswith("Stopping")


def test_a_failed_run_shows_its_sentence() -> None:
    found = view.notice(_picture(_entity(Status.FAILED, error="Out of memory. Use less.")))
    assert found is not None
    assert (found.level, found.text) == ("error", "Out of memory. Use less.")


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.STOPPED])
def test_an_evaluated_run_leads_to_its_results(status: Status) -> None:
    found = view.notice(_picture(_entity(status, accuracy=0.968)))
    assert found is not None
    assert found.way == "results"
    assert "96.8 %" in found.text


def test_a_run_stopped_before_it_learnt_leads_nowhere() -> None:
    found = view.notice(_picture(_entity(Status.STOPPED)))
    assert found is not None
    assert found.way == ""


def test_arrows_tell_better_from_worse_for_losses_and_for_scores() -> None:
    trail = _trail([0.5, 0.4], val_accuracy=[0.9, 0.8])
    loss, accuracy = view.cards(_picture(trail=trail))
    assert (loss.direction, loss.better) == ("down", True)
    assert (accuracy.direction, accuracy.better) == ("down", False)
    assert accuracy.detail == "best 90.0 % at epoch 1"


def test_folds_are_averaged_and_never_called_epochs() -> None:
    trail = _trail([0.5, 0.3], val_accuracy=[0.8, 0.9])
    picture = _picture(_entity(config=FOLDS, epochs_total=5), trail=trail)
    assert view.answer(picture).outlook.startswith("85.0 % (80.0–90.0) of held-out windows")
    assert view.cards(picture)[0].detail == "mean of 2 folds, 0.3 to 0.5"
    offline = replace(picture, redis=False)
    assert view.answer(offline).headline == "Fold 3 of 5"


def test_a_run_whose_runner_has_not_spoken_yet_is_starting() -> None:
    assert view.answer(_picture()).headline == "Starting"
    assert view.answer(_picture(snapshot={"message": "Loading data"})).headline == "Loading data"


def test_short_epochs_are_asked_for_more_often_than_long_ones() -> None:
    pace = [
        view.poll_milliseconds(_picture(trail=_trail([1.0], epoch_seconds=[seconds])))
        for seconds in (0.5, 20.0, 300.0)
    ]
    assert pace == [500, 2000, 3000]


def test_a_split_is_named_before_the_run_has_made_it() -> None:
    by_field = {"data": {"split": "field", "split_field": "load", "test_values": ["3"]}}
    assert view.split_words(by_field) == "test on load 3"
    assert "leaky" in view.split_words({"data": {"split": "random_windows"}})
