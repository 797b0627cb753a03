"""What the frame shows, as pure functions of what the stores say: pill, breadcrumb, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import banner, icon
from dash_app.components.basics import STATUS_ICONS
from storage.entities import DatasetEntity, ExperimentEntity

PAGES = (
    ("Home", "house", "/"),
    ("Data sets", "database", "/datasets"),
    ("New experiment", "plus-circle", "/experiment/new"),
    ("Experiments (history)", "table", "/experiments"),
    ("Compare", "columns-gap", "/compare"),
    ("Queue", "list-ol", "/queue"),
    ("Settings", "gear", "/settings"),
    ("REST interface", "braces", "/api/docs"),
)
SECTIONS = {
    "datasets": ("Data", "/datasets"),
    "experiments": ("Experiments", "/experiments"),
    "experiment": ("Experiments", "/experiments"),
    "study": ("Experiments", "/experiments"),
    "compare": ("Compare", "/compare"),
    "queue": ("Queue", "/queue"),
    "settings": ("Settings", "/settings"),
}
LAST_WORDS = {"monitor": "Monitor", "results": "Results"}


@dataclass(frozen=True)
class Jobs:
    """What runs and waits right now; ``fraction`` is the mean progress of the running ones."""

    running: int = 0
    waiting: int = 0
    fraction: float = 0.0
    only_id: int | None = None

    @property
    def signature(self) -> list[int]:
        """Give what the pill shows, to see whether it must be drawn again."""
        return [self.running, self.waiting, round(self.fraction * 100), self.only_id or 0]


def jobs_pill(jobs: Jobs) -> Any:
    """Draw the pill that leads to what runs; nothing when nothing does."""
    if not jobs.running and not jobs.waiting:
        return None
    words = [f"{jobs.running} running"] if jobs.running else []
    words += [f"{jobs.waiting} waiting"] if jobs.waiting else []
    status = "running" if jobs.running else "pending"
    href = f"/experiment/{jobs.only_id}/monitor" if jobs.only_id is not None else "/queue"
    ring = dmc.RingProgress(
        sections=[{"value": jobs.fraction * 100, "color": "var(--accent)"}],
        size=20,
        thickness=3,
        rootColor="var(--border)",
    )
    percent = f"{jobs.fraction * 100:.0f} %" if jobs.running else ""
    return dcc.Link(
        [
            ring if jobs.running else icon(STATUS_ICONS[status]),
            html.Span(
                [words[0], *(html.Span(f", {more}", className="jobs-more") for more in words[1:])],
                className="jobs-words",
            ),
            html.Span(percent, className="jobs-percent"),
        ],
        href=href,
        className="jobs-pill",
        title=f"{', '.join(words)}. Open what runs.",
    )


def breadcrumb(path: str, name: str | None) -> list[Any]:
    """Give the way to a page; ``name`` is that of the experiment or data set it is about."""
    parts = [part for part in path.split("/") if part]
    if not parts or parts[0] not in SECTIONS:
        return []
    title, href = SECTIONS[parts[0]]
    if parts[:2] == ["experiment", "new"]:
        return [_crumb("New experiment")]
    if len(parts) == 1:
        return [_crumb(title)]
    last = [_crumb(LAST_WORDS[parts[-1]])] if parts[-1] in LAST_WORDS else []
    last = [_crumb("Clone")] if parts[:2] == ["experiment", "clone"] else last
    named = [html.Span(name, title=name, className="crumb crumb-name")] if name else []
    return _joined([dcc.Link(title, href=href, className="crumb"), *named, *last])


def search_results(
    text: str, experiments: Sequence[ExperimentEntity], datasets: Sequence[DatasetEntity]
) -> list[Any]:
    """List what a search found; without a text, the newest experiments and all pages."""
    wanted = text.strip().lower()
    pages = [entry for entry in PAGES if wanted in entry[0].lower()]
    groups = [
        _group("Experiments", [_experiment_link(item) for item in experiments]),
        _group("Data sets", [_dataset_link(item) for item in datasets]),
        _group("Pages", [_result(symbol, title, "", href) for title, symbol, href in pages]),
    ]
    shown = [group for group in groups if group is not None]
    nothing = html.P("Nothing found. Try a shorter word, a tag or a data set's name.")
    return shown or [nothing]


def health_banners(troubles: Sequence[tuple[str, str]]) -> list[Any]:
    """Say across the page what is wrong with the bench: pairs of status and sentence."""
    return [banner("error" if status == "down" else "warning", text) for status, text in troubles]


def _joined(crumbs: list[Any]) -> list[Any]:
    separated: list[Any] = []
    for crumb in crumbs:
        separated += [icon("chevron-right", className="crumb-gap"), crumb] if separated else [crumb]
    return separated


def _crumb(text: str) -> html.Span:
    return html.Span(text, className="crumb", **{"aria-current": "page"})


def _group(title: str, links: list[Any]) -> html.Section | None:
    return html.Section([html.H3(title), *links]) if links else None


def _experiment_link(item: ExperimentEntity) -> dcc.Link:
    screen = "results" if item.status.ended else "monitor"
    detail = f"{item.status} · {item.dataset_name}"
    return _result(STATUS_ICONS[item.status], item.name, detail, f"/experiment/{item.id}/{screen}")


def _dataset_link(item: DatasetEntity) -> dcc.Link:
    detail = f"{item.n_recordings} recordings" if item.n_recordings else str(item.status)
    return _result("database", item.name, detail, f"/datasets/{item.id}")


def _result(symbol: str, title: str, detail: str, href: str) -> dcc.Link:
    words = [html.Span(title, className="result-title"), html.Span(detail, className="muted small")]
    # The REST page is not one of Dash's, so its link has to leave the app.
    return dcc.Link(
        [icon(symbol), *words],
        href=href,
        className="search-result",
        refresh=href.startswith("/api"),
    )
