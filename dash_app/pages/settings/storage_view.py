"""Draws the storage tab: the disk, what goes when, and recent work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import dcc, html

from dash_app.components import format_bytes, format_count, icon, relative_time
from dash_app.disk_gauge import disk_gauge
from dash_app.pages.settings import storage_ids as ids
from storage.entities import JobEntity, JobStatus
from storage.stores.retention import EndedRun
from tasks.disk_usage import Share
from tasks.queue import DiskState
from tasks.retention_plan import Item

SHOWN_ITEMS = 50
SHOWN_NOTES = 20
SOON = timedelta(days=7)
KINDS = {
    "intermediate": "Checkpoints",
    "failed": "Failed or cancelled",
    "deleted": "Deleted",
    "upload": "Upload",
    "export": "Archive",
    "leftover": "Unused",
}
WORK = {"export-runs": "Export", "import-runs": "Import", "retention": "Clean-up"}
WORK_ICONS = {
    "export-runs": "box-arrow-up",
    "import-runs": "box-arrow-in-down",
    "retention": "trash",
}


def disk_view(state: DiskState, shares: Sequence[Share]) -> html.Div:
    """Draw the gauge and what takes the room."""
    whole = max(1, sum(share.bytes for share in shares))
    rows = [
        html.Div(
            [
                html.Span(share.label),
                html.Div(
                    html.Div(style={"width": f"{100 * share.bytes / whole:.1f}%"}),
                    className="share-track",
                ),
                html.Span(format_bytes(share.bytes), className="share-bytes"),
            ],
            className="share",
        )
        for share in shares
    ]
    total = format_bytes(sum(share.bytes for share in shares))
    head = html.H3(f"This bench uses {total}", className="shares-head")
    return html.Div([disk_gauge(state), html.Div([head, *rows], className="shares")])


def preview(items: Sequence[Item], now: datetime, automatic_from: datetime | None) -> html.Div:
    """Draw what goes when.

    Args:
        items: The plan, the first first.
        now: The present time.
        automatic_from: Before that nothing goes by itself; None when nothing ever does.
    """
    if not items:
        return html.Div(
            html.P("Nothing is old enough to go, now or later.", className="muted"),
            className="storage-preview",
        )
    rows = [_row(item, now) for item in items[:SHOWN_ITEMS]]
    head = html.Tr(
        [
            html.Th("What"),
            html.Th("Goes"),
            html.Th("Gives back", className="number"),
        ]
    )
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain")
    more = len(items) - SHOWN_ITEMS
    below = [html.P(f"and {format_count(more)} more later", className="muted small")]
    return html.Div(
        [
            _sums(items, now),
            html.P(when_words(items, now, automatic_from), className="muted small"),
            html.Div(table, className="scroll-x"),
            *(below if more > 0 else []),
        ],
        className="storage-preview",
    )


def when_words(items: Sequence[Item], now: datetime, automatic_from: datetime | None) -> str:
    """Say when something goes by itself."""
    if automatic_from is None:
        return "Nothing goes by itself; “Clean up now” removes what is due."
    if automatic_from > now:
        day = automatic_from.astimezone().strftime("%d %b %Y")
        return f"Nothing goes by itself before {day}, so that you can see this list first."
    if items[0].due <= now:
        return "What is due goes by itself within six hours."
    return "Nothing is due now."


def clean_up_words(items: Sequence[Item], now: datetime) -> list[Any]:
    """Say what a clean-up would remove now."""
    due = [item for item in items if item.due <= now]
    if not due:
        return [html.P("Nothing is due now, so nothing would be removed.")]
    counts = Counter(KINDS[item.kind].lower() for item in due)
    parts = [html.Li(f"{count} × {kind}") for kind, count in counts.most_common()]
    total = format_bytes(sum(item.bytes for item in due))
    things = "1 entry goes" if len(due) == 1 else f"{format_count(len(due))} entries go"
    return [
        html.P(f"{things} and {total} come back. This cannot be undone."),
        html.Ul(parts),
    ]


def work_view(jobs: Sequence[JobEntity]) -> Any:
    """List the newest exports, imports and clean-ups."""
    if not jobs:
        return None
    return html.Div([html.H3("Recent"), *[_work(job) for job in jobs]], className="storage-recent")


def _sums(items: Sequence[Item], now: datetime) -> html.Div:
    now_due = [item for item in items if item.due <= now]
    soon = [item for item in items if now < item.due <= now + SOON]
    later = [item for item in items if item.due > now + SOON]
    names = (("Due now", now_due), ("Within 7 days", soon), ("Later", later))
    return html.Div(
        [
            html.Div(
                [
                    html.Div(label, className="stat-label"),
                    html.Div(format_bytes(sum(i.bytes for i in found)), className="stat-value"),
                    html.Div(_entries(len(found)), className="stat-detail"),
                ],
                className="stat",
            )
            for label, found in names
        ],
        className="stats",
    )


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{format_count(count)} entries"


def _row(item: Item, now: datetime) -> html.Tr:
    what: Any = item.title
    if item.run is not None and not item.run.deleted:
        what = dcc.Link(item.title, href=f"/experiment/{item.run.id}/monitor")
    if item.run is not None and item.run.deleted:
        what = [f"{item.title} ", _bring_back(item.run)]
    return html.Tr(
        [
            html.Td(what),
            html.Td(_when(item.due, now), className="nowrap"),
            html.Td(format_bytes(item.bytes), className="number"),
        ]
    )


def _bring_back(run: EndedRun) -> html.Button:
    return html.Button(
        [icon("arrow-counterclockwise"), " Bring back"],
        id=ids.undelete(run.id),
        className="link-button nowrap",
        **{"aria-label": f"Bring back {run.name}"},
    )


def _when(due: datetime, now: datetime) -> html.Span:
    exact = due.astimezone().strftime("%Y-%m-%d %H:%M")
    left = due - now
    if left <= timedelta(0):
        return html.Span([icon("clock-history"), " due now"], title=exact, className="due-now")
    hours = left.total_seconds() / 3600
    words = f"in {hours:.0f} h" if hours < 48 else f"in {left.days} days"
    return html.Span(words, title=exact)


def _work(job: JobEntity) -> html.Div:
    words = html.Div(
        [
            html.Span([icon(WORK_ICONS[job.kind]), WORK[job.kind]], className="work-kind"),
            html.Span(work_words(job), className="work-words"),
            relative_time(job.finished_at or job.created_at),
        ],
        className="work-line",
    )
    notes = [*job.result.get("notes", []), *job.result.get("left_out", [])]
    return html.Div([words, *([_notes(notes)] if notes else [])], className="work")


def _notes(notes: Sequence[str]) -> html.Details:
    shown = [html.Li(text) for text in notes[:SHOWN_NOTES]]
    if len(notes) > SHOWN_NOTES:
        shown.append(html.Li(f"and {len(notes) - SHOWN_NOTES} more"))
    head = "1 note" if len(notes) == 1 else f"{len(notes)} notes"
    return html.Details([html.Summary(head), html.Ul(shown)], className="work-notes muted small")


def work_words(job: JobEntity) -> list[Any]:
    """Say what became of an export, import or clean-up."""
    if job.status is JobStatus.FAILED:
        return [html.Span([icon("x-octagon"), " ", job.error], className="said-error")]
    if job.status is not JobStatus.DONE:
        waits = "waiting for a worker" if job.status is JobStatus.QUEUED else "in work"
        return [html.Span(f"{waits} …", className="muted")]
    result = job.result
    if job.kind == "export-runs":
        size = format_bytes(result.get("bytes", 0))
        link = html.A(
            [icon("download"), " Download"],
            href=f"/api/exports/{job.id}/archive.zip",
            className="nowrap",
        )
        return [f"{_runs(result.get('experiments', 0))}, {size} · ", link]
    if job.kind == "import-runs":
        return [_came_in(len(result.get("imported", [])), result.get("skipped", 0))]
    items = result.get("items", 0)
    return [f"{_entries(items)} removed, {format_bytes(result.get('bytes', 0))} given back"]


def _came_in(new: int, known: int) -> str:
    if not new:
        return f"Nothing new: {_runs(known)} {'is' if known == 1 else 'are'} here already"
    return f"{_runs(new)} came in" + (f", {known} here already" if known else "")


def _runs(count: int) -> str:
    return "1 experiment" if count == 1 else f"{format_count(count)} experiments"
