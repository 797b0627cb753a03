"""One look at a run: reads what is new, decides what changed, and gives only that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import dash
from redis import RedisError

from dash_app.components import banner, status_chip
from dash_app.pages.experiment_monitor import curves, sections, view
from dash_app.pages.experiment_monitor.trail import Row, Trail
from dash_app.pages.experiment_monitor.view import Picture
from storage import progress
from storage.entities import ExperimentEntity, NotFoundError, Status
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from tasks.queue import missed_beats_seconds, place_of

EVENTS_SHOWN = 10
NO_UPDATE = dash.no_update
NEVER, FOR_EVER = 0, -1


@dataclass(frozen=True)
class Look:
    """What one poll found.

    Attributes:
        rows: New rows, or all of them when ``fresh``.
        fresh: The curves must be painted anew.
    """

    picture: Picture
    rows: list[Row]
    fresh: bool


def refresh(experiment_id: int, cursor: dict[str, Any]) -> dict[str, Any]:
    """Give the outputs of one poll by name; what did not change is ``no_update``."""
    try:
        entity = ExperimentStore().get(experiment_id)
    except NotFoundError:
        return _deleted()
    look = _look(entity, cursor)
    changed = _Changes(cursor.get("seen", {}))
    outputs = _texts(look.picture, changed)
    outputs |= _charts(look, cursor)
    outputs["cursor"] = {
        "seen": changed.marks,
        "trail": look.picture.trail.to_json(),
        "curves": outputs.pop("curves"),
    }
    outputs["interval"] = changed.give(
        "interval", view.poll_milliseconds(look.picture), lambda milliseconds: milliseconds
    )
    outputs["limit"] = NEVER if entity.status.ended else NO_UPDATE
    return outputs


class _Changes:
    """Remembers, as short marks, what the page shows already."""

    def __init__(self, before: dict[str, int]) -> None:
        self._before = before
        self.marks: dict[str, int] = {}

    def give(self, name: str, value: Any, draw: Callable[[Any], Any]) -> Any:
        """Draw a value when it differs from what the page shows."""
        self.marks[name] = crc32(repr(value).encode())
        return NO_UPDATE if self._before.get(name) == self.marks[name] else draw(value)


def _look(entity: ExperimentEntity, cursor: dict[str, Any]) -> Look:
    trail = Trail.from_json(cursor.get("trail"))
    # A run that was started anew has fewer epochs than the page shows.
    fresh = not trail.rows or entity.epochs_done < trail.rows
    if fresh:
        trail = Trail()
    live, redis = _live(entity, trail.rows)
    rows: list[Row] = list(live.epochs)
    if entity.status.ended or trail.rows + len(rows) < entity.epochs_done:
        stored = ExperimentStore().epochs(entity.id, trail.rows)
        rows = [{"epoch": row.epoch, **row.values} for row in stored]
    now_many = trail.rows <= curves.FEW_POINTS < trail.rows + len(rows)
    if now_many and not fresh:
        return _look(entity, {**cursor, "trail": None})
    picture = Picture(
        entity=entity,
        snapshot=live.snapshot,
        trail=trail.after(rows),
        redis=redis,
        lease_seconds=settings().lease_seconds,
        **_standing(entity),
    )
    return Look(picture, rows, fresh)


def _live(entity: ExperimentEntity, since: int) -> tuple[progress.Live, bool]:
    if entity.status.ended:
        return progress.Live(), True
    try:
        return progress.read(entity.task_id, since), True
    except (RedisError, OSError):
        return progress.Live(), False


def _standing(entity: ExperimentEntity) -> dict[str, Any]:
    """Give a waiting run's place in the queue, or a running one's missing signs of life."""
    if entity.status is Status.RUNNING:
        return {"silence_seconds": missed_beats_seconds(entity.id)}
    if entity.status is not Status.PENDING:
        return {}
    line, look = place_of(entity.id)
    return {
        "ahead": line.position - 1 if line else None,
        "starts_in_seconds": line.starts_in_seconds if line else None,
        "trouble": look.trouble,
    }


def _texts(picture: Picture, changed: _Changes) -> dict[str, Any]:
    entity = picture.entity
    results = f"/experiment/{entity.id}/results"
    events = ExperimentStore().events(entity.id, EVENTS_SHOWN)
    return {
        "chip": changed.give("chip", (entity.status, entity.control), lambda _: chip_of(entity)),
        "actions": changed.give("actions", actions_class(entity), lambda names: names),
        "notice": changed.give(
            "notice", view.notice(picture), lambda it: sections.notice_section(it, results)
        ),
        "answer": changed.give("answer", view.answer(picture), sections.answer_section),
        "metrics": changed.give("metrics", view.cards(picture), sections.metrics_section),
        "system": changed.give(
            "system", dict(picture.snapshot.get("system") or {}), sections.system_section
        ),
        "events": changed.give("events", events, sections.events_section),
        "body": changed.give("body", _body_class(entity.status), lambda names: names),
    }


def _charts(look: Look, cursor: dict[str, Any]) -> dict[str, Any]:
    trail = look.picture.trail
    word = look.picture.word
    outputs: dict[str, Any] = {
        "loss_figure": NO_UPDATE, "score_figure": NO_UPDATE,
        "loss_more": NO_UPDATE, "score_more": NO_UPDATE,
        "charts": NO_UPDATE,
        "curves": cursor.get("curves", {}),
    }  # fmt: skip
    if look.fresh:
        outputs["charts"] = _charts_class(trail.rows, look.picture.entity.status.ended)
    if not look.rows:
        return outputs
    known = {} if look.fresh else cursor.get("curves", {})
    panels = _panels(look.rows, known)
    names = ("loss", "score")
    outputs["curves"] = {}
    for name, panel in zip(names, panels, strict=True):
        before = known.get(name, {})
        # Folds do not get better one after the other; marking the best of them would mislead.
        best = None if word == "fold" else curves.best_point(panel, look.rows, before.get("best"))
        if look.fresh or (best and not before.get("best")):
            outputs[f"{name}_figure"] = curves.figure(panel, look.rows, word)
        else:
            outputs[f"{name}_more"] = curves.extension(
                panel, look.rows, before.get("smooth", {}), best
            )
        outputs["curves"][name] = {
            "metrics": list(panel.metrics),
            "smooth": curves.smoothed_ends(panel, look.rows, before.get("smooth", {})),
            "best": best,
        }
    return outputs


def _panels(rows: list[Row], known: dict[str, Any]) -> tuple[curves.Panel, ...]:
    """Keep the metrics of the painted figures, so that new rows fit their traces."""
    fresh = curves.panels(rows)
    if not known:
        return fresh
    return tuple(
        curves.Panel(panel.key, tuple(known[name]["metrics"]), panel.lower_is_better)
        for name, panel in zip(("loss", "score"), fresh, strict=True)
    )


def chip_of(entity: ExperimentEntity) -> Any:
    """Give the chip of a run, with the order it has yet to obey."""
    return status_chip(entity.status, entity.control)


def actions_class(entity: ExperimentEntity) -> str:
    """Give the class that shows the buttons a run's state allows."""
    ordered = f" is-ordered order-{entity.control}" if entity.control else ""
    return f"run-actions is-{entity.status}{ordered if entity.status == 'running' else ''}"


def _charts_class(rows: int, ended: bool) -> str:
    state = "" if rows else " without-epochs" if ended else " waiting"
    return f"grid-2 linked-charts{state}"


def _body_class(status: Status) -> str:
    return "monitor-body has-ended" if status.ended else "monitor-body"


def _deleted() -> dict[str, Any]:
    names = (
        "chip", "metrics", "answer", "system", "events", "charts", "loss_figure",
        "score_figure", "loss_more", "score_more", "cursor", "interval", "body",
    )  # fmt: skip
    return {
        **dict.fromkeys(names, NO_UPDATE),
        "actions": "run-actions",
        "notice": banner(
            "warning", "This experiment was deleted. What is shown is the last state."
        ),
        "limit": NEVER,
    }
