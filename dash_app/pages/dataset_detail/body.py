"""Chooses what the data-set screen shows: waiting, review, failure or the ready set."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
import redis
from dash import dcc, html

from dash_app import datasets
from dash_app.components import banner, card, icon, page_header
from dash_app.pages.dataset_detail import ids
from dash_app.pages.dataset_detail.ready_view import ready_body
from dash_app.pages.dataset_detail.review_form import review_form
from dash_app.pages.dataset_detail.review_values import to_values
from dash_app.pages.dataset_detail.review_view import import_label
from dash_app.pages.datasets.view import SIMULATOR, status_chip
from integrations.core.data.inspection import Inspection
from integrations.core.data.scan import FileFacts
from storage import progress
from storage.entities import DatasetEntity, DatasetStatus, JobStatus
from storage.stores.jobs import JobStore

WORKING = {"inspect": "Looking at the files", "simulate": "Making the signals"}
BUSY = (JobStatus.QUEUED, JobStatus.RUNNING)


def signature(entity: DatasetEntity) -> list[Any]:
    """Give what tells two states of the screen apart."""
    return [str(entity.status), entity.error, entity.name, entity.fingerprint, _waiting_for(entity)]


def is_busy(entity: DatasetEntity) -> bool:
    """Tell whether a job is at work on the data set."""
    return entity.status is DatasetStatus.IMPORTING or bool(_waiting_for(entity))


def heading(entity: DatasetEntity) -> html.Header:
    """Give the screen's heading with what can be done."""
    ready = entity.status is DatasetStatus.READY
    ends_job = entity.source == SIMULATOR and entity.status is DatasetStatus.IMPORTING
    actions: list[Any] = [
        dmc.Button("Rename", id=ids.RENAME, variant="default", leftSection=icon("pencil")),
        dmc.Button(
            "Cancel" if ends_job else "Delete",
            id=ids.DELETE,
            variant="default",
            leftSection=icon("x-lg" if ends_job else "trash"),
        ),
    ]
    if ready and entity.source == SIMULATOR:
        like = [icon("activity"), "Simulate another"]
        address = f"/datasets/simulate?like={entity.id}"
        actions.append(dcc.Link(like, href=address, className="button button-quiet"))
    if ready:
        train = [icon("play"), "Train a model on it"]
        address = f"/experiment/new?dataset={entity.id}"
        actions.append(dcc.Link(train, href=address, className="button button-filled"))
    return page_header(entity.name, badges=[status_chip(entity)], actions=actions)


def body(entity: DatasetEntity) -> list[Any]:
    """Give what stands below the heading."""
    if entity.status is DatasetStatus.READY:
        info = datasets.info_of(entity)
        if info is None:
            return [banner("error", "Its files cannot be read. Import the recordings again.")]
        return ready_body(entity, info, datasets.left_out(entity))
    if entity.status is DatasetStatus.IMPORTING or _waiting_for(entity):
        return [working(entity)]
    return _not_simulated(entity) if entity.source == SIMULATOR else _review(entity)


def working(entity: DatasetEntity) -> html.Section:
    """Show how far the job at work is."""
    title = WORKING.get(_waiting_for(entity), "Importing the recordings")
    snapshot = _snapshot(entity)
    fraction = float(snapshot.get("progress") or 0.0)
    return card(
        html.Div(
            [
                dmc.Progress(
                    value=100 * fraction,
                    animated=True,
                    **{"aria-label": title},
                ),
                html.P(
                    str(snapshot.get("message") or "Waiting for a worker …"),
                    className="muted small",
                ),
            ],
            className="job-bar",
        ),
        title=title,
    )


def _not_simulated(entity: DatasetEntity) -> list[Any]:
    again = dcc.Link(
        "Change the settings",
        href=f"/datasets/simulate?like={entity.id}",
        className="button button-quiet",
    )
    return [banner("error", entity.error, actions=[again])]


def _review(entity: DatasetEntity) -> list[Any]:
    failed = entity.status is DatasetStatus.FAILED
    said = [banner("error", entity.error)] if failed and entity.error else []
    options = datasets.options_of(entity)
    facts = datasets.facts_of(entity.id, options)
    plan = datasets.plan_of(entity.id, options)
    if plan is None:
        return said or [banner("error", "The files of this upload are gone. Upload them again.")]
    return [
        *said,
        html.Div(
            [
                review_form(plan, to_values(options, plan), facts),
                html.Div(
                    [
                        _import_bar(plan),
                        html.Div(id=ids.RESULT, className="stack"),
                        _preview(facts),
                    ],
                    className="stack",
                ),
            ],
            className="review",
        ),
    ]


def _import_bar(plan: Inspection) -> html.Div:
    button = dmc.Button(
        import_label(plan), id=ids.IMPORT, leftSection=icon("box-arrow-in-down"), size="md"
    )
    words = "Check what was understood, correct it, then import."
    return html.Div([html.P(words, className="grow muted"), button], className="card review-bar")


def _preview(facts: Sequence[FileFacts]) -> Any:
    shown = [f for f in facts if any(v.preview for v in f.variables)]
    if not shown:
        return None
    choices = [{"value": f.path, "label": f.shown} for f in shown]
    return html.Section(
        [
            dmc.Select(
                id=ids.PREVIEW_FILE,
                label="A look at the first samples of",
                data=choices,
                value=choices[0]["value"],
                allowDeselect=False,
                searchable=True,
            ),
            html.Div(id=ids.PREVIEW, className="grid-2"),
        ],
        className="stack",
        **{"aria-label": "Preview"},
    )


def _waiting_for(entity: DatasetEntity) -> str:
    """Name the job a data set waits for, "" when none is at work."""
    if entity.status is DatasetStatus.READY:
        return ""
    for kind in ("simulate", "import", "inspect"):
        job = JobStore().latest(kind, dataset_id=entity.id)
        if job is not None and job.status in BUSY:
            return kind
    return ""


def _snapshot(entity: DatasetEntity) -> dict[str, Any]:
    job = JobStore().latest(_waiting_for(entity) or "import", dataset_id=entity.id)
    if job is not None:
        with contextlib.suppress(redis.RedisError, OSError):
            return progress.read(f"job-{job.id}").snapshot
    return {}
