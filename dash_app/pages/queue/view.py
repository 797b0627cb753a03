"""Draws the lists of the queue."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import banner, format_duration, icon, status_chip
from dash_app.pages.queue import words
from tasks.queue import JobLine, QueueLook, RunningLine, WaitingLine, WorkerLine

MOVES = (
    ("first", "chevron-bar-up", "Run {name} first"),
    ("sooner", "chevron-up", "Raise the priority of {name}"),
    ("later", "chevron-down", "Lower the priority of {name}"),
    ("cancel", "x-lg", "Cancel {name}"),
)
LATE_BEAT_SECONDS, SILENT_SECONDS = 7.0, 15.0


def trouble_view(look: QueueLook) -> Any:
    """Say why nothing starts, if so."""
    return banner("warning", look.trouble) if look.trouble else None


def running_view(look: QueueLook) -> Any:
    """List what is trained now."""
    if not look.running:
        return html.P("Nothing runs.", className="muted")
    return html.Ul([_running(line) for line in look.running], className="queue-list")


def waiting_view(look: QueueLook) -> Any:
    """List what waits, in the order it will start."""
    if not look.waiting:
        return html.P("Nothing waits. A new run starts at once.", className="muted")
    names = ("#", "Experiment", "Priority", "Takes", "Starts", "")
    head = html.Thead(html.Tr([html.Th(name) for name in names]))
    body = html.Tbody([_waiting(line) for line in look.waiting])
    table: list[Any] = [html.Table([head, body], className="plain queue-table")]
    if look.n_waiting > len(look.waiting):
        more = f"and {look.n_waiting - len(look.waiting)} more"
        table.append(dcc.Link(more, href="/experiments?status=pending", className="small"))
    return table


def jobs_view(look: QueueLook) -> Any:
    """List the background jobs that run or wait."""
    if not look.jobs:
        return html.P("None.", className="muted")
    return html.Ul([_job(line) for line in look.jobs], className="queue-list")


def workers_view(look: QueueLook) -> Any:
    """List the living workers."""
    lost = [_worker(WorkerLine(worker)) for worker in look.lost]
    if not look.workers and not lost:
        return html.P("None is alive. Restart Signalbench.", className="muted")
    return html.Ul([*(_worker(line) for line in look.workers), *lost], className="queue-list")


def _running(line: RunningLine) -> html.Li:
    run, percent = line.run, round(line.fraction * 100)
    silence = words.silence_words(line)
    said = words.progress_words(line)
    below = (
        html.Div([icon("exclamation-triangle"), silence], className="small queue-silent")
        if silence
        else html.Div(said, className="muted small clip", title=said)
    )
    return html.Li(
        [
            html.Div(
                [_name(run.id, run.name), status_chip(run.status, run.control)],
                className="queue-head",
            ),
            html.Div(
                [
                    dmc.Progress(value=percent, size="sm", **{"aria-label": f"{percent} % done"}),
                    below,
                ],
                className="queue-progress",
            ),
            html.Div(_button(run.id, run.name, *MOVES[-1]), className="queue-actions"),
        ],
        className="queue-item",
    )


def _waiting(line: WaitingLine) -> html.Tr:
    run = line.run
    why = "A run before it does not say how long it takes." if not _known(line) else None
    return html.Tr(
        [
            html.Td(line.position, className="number queue-position"),
            html.Td(
                [
                    _name(run.id, run.name),
                    html.Div(run.dataset_name, className="muted small clip"),
                ],
                className="queue-name",
            ),
            _cell("Priority", words.priority_words(run.priority)),
            _cell("Takes", words.takes_words(line)),
            _cell("Starts", html.Span(words.start_words(line), title=why)),
            html.Td(
                html.Div(
                    [
                        _button(run.id, run.name, *move, disabled=words.has_no_use(line, move[0]))
                        for move in MOVES
                    ],
                    className="queue-actions",
                )
            ),
        ],
        id=f"queue-row-{run.id}",
    )


def _known(line: WaitingLine) -> bool:
    return line.starts_in_seconds is not None


def _cell(label: str, value: Any) -> html.Td:
    return html.Td(value, className="nowrap", **{"data-label": label})


def _button(
    number: int, name: str, how: str, symbol: str, text: str, *, disabled: bool = False
) -> html.Button:
    said = text.format(name=f"“{name}”")
    return html.Button(
        icon(symbol),
        title=text.format(name="this run"),
        disabled=disabled,
        className=f"queue-button queue-{how}",
        **{"aria-label": said, "data-run": str(number), "data-how": how, "data-name": name},
    )


def _name(number: int, name: str) -> dcc.Link:
    href = f"/experiment/{number}/monitor"
    return dcc.Link(name, href=href, title=name, className="queue-title")


def _job(line: JobLine) -> html.Li:
    job = line.job
    title: Any = words.job_title(line)
    if job.experiment_id is not None:
        title = [title, " of ", _about("experiment", job.experiment_id)]
    elif job.dataset_id is not None:
        title = [title, ": ", _about("data set", job.dataset_id)]
    said = words.job_words(line)
    return html.Li(
        [
            html.Span(title),
            html.Span(said, className="muted small clip", title=said),
        ],
        className="queue-line",
    )


def _about(what: str, number: int) -> dcc.Link:
    href = f"/datasets/{number}" if what == "data set" else f"/experiment/{number}/monitor"
    return dcc.Link(f"{what} {number}", href=href)


def _worker(line: WorkerLine) -> html.Li:
    worker = line.worker
    process = str(worker.facts.get("pid", "")) or worker.name
    late = worker.age_seconds > LATE_BEAT_SECONDS
    seen = f"silent for {format_duration(round(worker.age_seconds))}" if late else "alive"
    said = seen if worker.age_seconds > SILENT_SECONDS else f"{words.worker_words(line)} · {seen}"
    return html.Li(
        [
            html.Span(
                [
                    icon(
                        "exclamation-triangle" if late else "check-circle",
                        className="queue-late" if late else "queue-alive",
                    ),
                    html.B(worker.host, className="clip"),
                    html.Span(f"process {process}", className="muted small nowrap"),
                ],
                className="queue-worker",
            ),
            html.Span(said, className="muted small"),
        ],
        className="queue-line",
    )
