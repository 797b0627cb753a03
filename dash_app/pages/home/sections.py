"""Draws the parts of the home screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import (
    card,
    empty_state,
    format_duration,
    format_score,
    icon,
    leaky_badge,
    relative_time,
    status_chip,
)
from dash_app.disk_gauge import disk_gauge
from dash_app.pages._experiment import compare_address, on_one_split
from dash_app.pages.home.state import Active, Home
from storage.entities import DatasetEntity, ExperimentEntity, Status
from tasks.queue import Check, disk_state
from tasks.study_results import Spread

CHECK_TITLES = {
    "database": "Database",
    "redis": "Redis",
    "workers": "Workers",
    "runs": "Runs",
    "disk": "Disk",
}
CHECK_ICONS = {"ok": "check-circle", "warning": "exclamation-triangle", "problem": "x-octagon"}


def first_start(dataset: DatasetEntity | None, checks: Mapping[str, Check]) -> html.Div:
    """Show the one path of a bench that has no experiments yet."""
    return html.Div(
        [
            html.Div([_try_it(dataset), _bring_your_own()], className="home-first"),
            system_card(checks),
        ],
        className="stack",
    )


def now_card(active: Sequence[Active], total: int) -> html.Section:
    """Show what runs, is paused or waits at this moment."""
    rows: list[Any] = [_active_row(item) for item in active]
    if total > len(active):
        href = "/experiments?status=running&status=paused&status=pending"
        rows.append(dcc.Link(f"All {total}", href=href, className="small"))
    nothing = html.P(
        ["Nothing runs. ", dcc.Link("Start an experiment", href="/experiment/new")],
        className="muted",
    )
    return card(html.Div(rows or nothing, className="home-now-list"), title="Now")


def overview(home: Home) -> html.Div:
    """Show recent runs, the best per data set and the state of the bench."""
    left = html.Div([_recent_card(home.recent, home.spreads)], className="stack")
    right = html.Div(
        [_best_card(home.best, home.spreads), system_card(home.health.checks)], className="stack"
    )
    return html.Div([left, right], className="home-columns")


def system_card(checks: Mapping[str, Check]) -> html.Section:
    """Show how database, Redis, workers and disk are."""
    rows = [
        html.Div(
            [
                icon(CHECK_ICONS[check.status], className=f"check-{check.status}"),
                html.Span(CHECK_TITLES.get(name, name), className="check-name"),
                html.Span(check.message, className="muted"),
                *_gauge(name, check),
            ],
            className="check-row",
        )
        for name, check in checks.items()
    ]
    return card(*rows, title="System")


def _gauge(name: str, check: Check) -> list[Any]:
    """Draw how full the disk is where that is worth a look."""
    if name != "disk" or check.status == "ok":
        return []
    try:
        gauge = disk_gauge(disk_state(), small=True)
    except OSError:
        return []
    link = dcc.Link("See what takes the room", href="/settings?tab=storage", className="small")
    return [html.Div([gauge, link], className="check-gauge")]


def skeleton() -> html.Div:
    """Hold the place of the overview while it is read."""
    lines = [dmc.Skeleton(height=28, mb=10) for _ in range(6)]
    return html.Div([card(*lines), card(*lines[:4])], className="home-columns")


def href_of(run: ExperimentEntity) -> str:
    """Give the screen that shows a run best: its results when there are some, else its course."""
    screen = "results" if run.accuracy is not None and run.status.ended else "monitor"
    return f"/experiment/{run.id}/{screen}"


def _try_it(dataset: DatasetEntity | None) -> html.Section:
    words = "A small set of real recordings is here already. Train a first model in a minute."
    if dataset is None:
        button: Any = html.P("The bundled recordings are being prepared …", role="status")
    else:
        words = f"{dataset.name}: {dataset.summary}" if dataset.summary else words
        button = _button("Try it on a bundled recording", f"/experiment/new?dataset={dataset.id}")
    return card(
        icon("lightning-charge"),
        html.H2("See a model learn"),
        html.P(words),
        button,
        className="home-path",
    )


def _bring_your_own() -> html.Section:
    return card(
        icon("cloud-arrow-up"),
        html.H2("Your own recordings"),
        html.P(
            [
                "CSV, NPZ, MATLAB, WAV or Parquet. Drop the files, check what was understood. None "
                "at hand? ",
                dcc.Link("Simulate a bearing", href="/datasets/simulate"),
                ".",
            ]
        ),
        _button("Bring your own", "/datasets", quiet=True),
        className="home-path",
    )


def _button(label: str, href: str, *, quiet: bool = False) -> dcc.Link:
    kind = "button-quiet" if quiet else "button-filled"
    return dcc.Link(label, href=href, className=f"button {kind}")


def _active_row(item: Active) -> html.Div:
    run = item.run
    title = dcc.Link(run.name, href=f"/experiment/{run.id}/monitor", className="home-run-name")
    percent = 0 if run.status is Status.PENDING else round(item.fraction * 100)
    words = _progress_words(item)
    bar = dmc.Progress(value=percent, size="sm", **{"aria-label": f"{percent} % done"})
    return html.Div(
        [
            html.Div([title, status_chip(run.status)], className="home-run-head"),
            bar,
            html.Div(words, className="muted small", title=words),
        ],
        className="home-run",
    )


def _progress_words(item: Active) -> str:
    run = item.run
    if run.status is Status.PENDING:
        return f"waits for a worker · {run.dataset_name}"
    done = item.snapshot.get("current_epoch") or run.epochs_done
    words = [f"{item.fraction * 100:.0f} %"]
    if run.epochs_total:
        words.append(f"step {done} of {run.epochs_total}")
    if item.eta_seconds is not None and run.status is Status.RUNNING:
        words.append(f"{format_duration(item.eta_seconds)} left")
    return " · ".join([*words, run.dataset_name])


def _recent_card(runs: Sequence[ExperimentEntity], spreads: Mapping[int, Spread]) -> html.Section:
    links = [dcc.Link("All experiments", href="/experiments", className="small")]
    same = on_one_split(runs)
    if len(same) > 1:
        compare = f"Compare the {len(same)} on one split"
        links.insert(0, dcc.Link(compare, href=compare_address(same), className="small"))
    if not runs:
        waiting = empty_state(
            "hourglass-split", "No run has ended yet", "Its result will stand here."
        )
        return card(waiting, title="Recent runs")
    rows = [_recent_row(run, spreads) for run in runs]
    head = html.Tr([html.Th(name) for name in ("Name", "Status", "Accuracy", "Ended")])
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain home-recent")
    return card(
        html.Div(table, className="scroll-x"),
        title="Recent runs",
        actions=[html.Div(links, className="row")],
    )


def _recent_row(run: ExperimentEntity, spreads: Mapping[int, Spread]) -> html.Tr:
    name = html.Div(dcc.Link(run.name, href=href_of(run)), className="clip", title=run.name)
    return html.Tr(
        [
            html.Td([name, html.Div(run.dataset_name, className="muted small clip")]),
            html.Td(status_chip(run.status)),
            html.Td(
                [_score(run), *_leak_warning(run), *_mean_line(run, spreads)], className="nowrap"
            ),
            html.Td(relative_time(run.finished_at), className="nowrap muted"),
        ]
    )


def _best_card(runs: Sequence[ExperimentEntity], spreads: Mapping[int, Spread]) -> html.Section:
    help_text = "Highest macro-F1 among runs whose split does not leak. The 95 % interval is that "
    help_text += "of the accuracy; compare runs only on the same split."
    if not runs:
        message = html.P("No result on a clean split yet.", className="muted")
        return card(message, title="Best per data set", help=help_text)
    rows = [_best_row(run, spreads) for run in runs]
    return card(html.Div(rows, className="home-best"), title="Best per data set", help=help_text)


def _best_row(run: ExperimentEntity, spreads: Mapping[int, Spread]) -> html.Div:
    link = dcc.Link(run.name, href=href_of(run))
    facts = [link, f" · {run.split_name}" if run.split_name else ""]
    return html.Div(
        [
            html.Div(
                [
                    html.Span(run.dataset_name, className="clip", title=run.dataset_name),
                    html.B(_score(run), className="nowrap"),
                ],
                className="home-best-head",
            ),
            html.Div(facts, className="muted small"),
            *_mean_line(run, spreads),
        ]
    )


def _mean_line(run: ExperimentEntity, spreads: Mapping[int, Spread]) -> list[html.Div]:
    """Say what the repeats of a run say together, and that it is the best of them."""
    spread = spreads.get(run.study_id or 0)
    if spread is None or spread.accuracy is None:
        return []
    mean = spread.accuracy
    words = f"mean of {spread.n} seeds {format_score(mean.value, mean.low, mean.high)}"
    best = f"best of {spread.n}; " if run.id == spread.best_id else ""
    link = dcc.Link(words, href=f"/study/{spread.study_id}")
    return [html.Div([best, link], className="muted small")]


def _leak_warning(run: ExperimentEntity) -> list[Any]:
    return [" ", leaky_badge()] if run.leaky and run.accuracy is not None else []


def _score(run: ExperimentEntity) -> str:
    metrics = run.metrics
    return format_score(run.accuracy, metrics.get("accuracy_low"), metrics.get("accuracy_high"))
