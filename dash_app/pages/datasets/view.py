"""Draws the list of data sets as cards or as a table; pure functions of what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from dash_app.components import (
    empty_state,
    format_bytes,
    format_count,
    format_number,
    icon,
)
from dash_app.pages.datasets import ids
from storage.entities import DatasetEntity, DatasetStatus

SHOWN_CLASSES = 4
SIMULATOR = "simulator"
SOURCES = {
    "built-in": ("box-seam", "built in"),
    SIMULATOR: ("activity", "simulated"),
    "upload": ("person", "yours"),
}
SIMULATED_WORDS = {DatasetStatus.IMPORTING: "simulating", DatasetStatus.FAILED: "not made"}
CHIPS = {
    DatasetStatus.UPLOADED: ("chip-paused", "eye", "check and import"),
    DatasetStatus.IMPORTING: ("chip-running", "arrow-repeat", "importing"),
    DatasetStatus.FAILED: ("chip-failed", "x-octagon", "not imported"),
}


def filtered(items: Sequence[DatasetEntity], words: str) -> list[DatasetEntity]:
    """Keep the data sets whose name, summary or classes hold all the words."""
    wanted = words.lower().split()
    texts = [(" ".join([e.name, e.summary, *e.classes]).lower(), e) for e in items]
    return [entity for text, entity in texts if all(word in text for word in wanted)]


def cards(items: Sequence[DatasetEntity], words: str) -> list[Any]:
    """Give one card per data set, or what to do when there is none."""
    if items:
        return [_card(entity) for entity in items]
    if words:
        return [
            empty_state("search", "Nothing fits", f"No data set has “{words}” in name or classes.")
        ]
    return [
        empty_state(
            "database",
            "No data sets yet",
            "Drop recordings above. The built-in sets appear here when they are made, a few "
            "seconds after the first start.",
        )
    ]


def status_chip(entity: DatasetEntity) -> html.Span:
    """Show where a data set stands: its source when it is ready, else what is missing."""
    if entity.status is DatasetStatus.READY:
        name, word = SOURCES[source_of(entity)]
        return html.Span([icon(name), word], className="chip")
    style, name, word = CHIPS[entity.status]
    if entity.source == SIMULATOR:
        word = SIMULATED_WORDS.get(entity.status, word)
    return html.Span([icon(name), word], className=f"chip {style}")


def source_of(entity: DatasetEntity) -> str:
    """Give where a data set comes from, a key of ``SOURCES``."""
    source = "built-in" if entity.builtin_key else entity.source
    return source if source in SOURCES else "upload"


def rate_text(rate: float | None) -> str:
    """Write a sampling rate the way people say it; slow ones as a period."""
    if rate is None:
        return "rate unknown"
    if rate >= 1000:
        return f"{format_number(rate / 1000, 5)} kHz"
    if rate >= 0.1:
        return f"{format_number(rate, 5)} Hz"
    seconds = 1 / rate
    return (
        f"every {format_number(seconds / 3600)} h" if seconds >= 3600 else f"every {seconds:.4g} s"
    )


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: "1 class", "3 classes"."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{format_count(count)} {noun if count == 1 else plural}"


def _card(entity: DatasetEntity) -> html.Article:
    address = f"/datasets/{entity.id}"
    ready = entity.status is DatasetStatus.READY
    return html.Article(
        [
            html.Div(
                [
                    dcc.Link(entity.name, href=address, className="dataset-name"),
                    status_chip(entity),
                ],
                className="dataset-head",
            ),
            _picture(entity) if ready else html.P(_waiting_words(entity), className="dataset-wait"),
            html.P(entity.summary, className="small muted dataset-summary") if ready else None,
            html.Div(_facts(entity), className="small dataset-facts") if ready else None,
            html.Div(_classes(entity.classes), className="dataset-classes") if ready else None,
        ],
        className="card dataset-card",
    )


def _picture(entity: DatasetEntity) -> html.Img:
    version = entity.fingerprint[:8]
    address = f"/api/datasets/{entity.id}/thumbnail.svg?v={version}"
    return html.Img(src=address, alt="", className="dataset-picture", width="320", height="72")


def _waiting_words(entity: DatasetEntity) -> str:
    if entity.status is DatasetStatus.FAILED:
        return entity.error
    if entity.status is DatasetStatus.IMPORTING:
        made = entity.source == SIMULATOR
        return "The signals are being made." if made else "The recordings are being read."
    return "Open it to check what was understood, then import it."


def _facts(entity: DatasetEntity) -> str:
    return " · ".join(
        [
            counted(entity.n_recordings, "recording"),
            counted(entity.n_groups, "group"),
            counted(entity.n_channels, "channel"),
            rate_text(entity.sampling_rate_hz),
        ]
    )


def _classes(classes: Sequence[str]) -> list[Any]:
    shown = [html.Span(name, className="class-tag", title=name) for name in classes[:SHOWN_CLASSES]]
    more = len(classes) - SHOWN_CLASSES
    return [*shown, html.Span(f"+{more} classes", className="muted small")] if more > 0 else shown


def table(items: Sequence[DatasetEntity]) -> dag.AgGrid:
    """Give the data sets as a sortable table."""
    number = {"type": "rightAligned", "minWidth": 105, "flex": 1}
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Name", "cellRenderer": "DatasetLink", "minWidth": 170,
         "flex": 3},
        {"field": "status", "headerName": "State", "minWidth": 150},
        {"field": "recordings", "headerName": "Recordings", **number},
        {"field": "groups", "headerName": "Groups", **number},
        {"field": "classes", "headerName": "Classes", **number},
        {"field": "channels", "headerName": "Channels", **number},
        {"field": "rate", "headerName": "Sampling rate", **number, "minWidth": 130},
        {"field": "size", "headerName": "Size", **number},
        {"field": "source", "headerName": "Source", "width": 110},
    ]  # fmt: skip
    return dag.AgGrid(
        id=ids.GRID,
        rowData=[_row(entity) for entity in items],
        columnDefs=columns,
        defaultColDef={"sortable": True, "resizable": True},
        dashGridOptions={
            "domLayout": "autoHeight",
            "animateRows": False,
            "headerHeight": 38,
        },
        className="grid",
        style={"height": None},
    )


def _row(entity: DatasetEntity) -> dict[str, Any]:
    ready = entity.status is DatasetStatus.READY
    return {
        "id": entity.id,
        "name": entity.name,
        "status": "ready" if ready else CHIPS[entity.status][2],
        "recordings": entity.n_recordings or None,
        "groups": entity.n_groups or None,
        "classes": len(entity.classes) or None,
        "channels": entity.n_channels or None,
        "rate": rate_text(entity.sampling_rate_hz) if ready else "",
        "size": format_bytes(entity.bytes) if ready else "",
        "source": SOURCES[source_of(entity)][1],
    }


def seen(items: Sequence[DatasetEntity]) -> list[Any]:
    """Give what tells two states of the list apart, so that nothing is drawn twice."""
    return [[e.id, str(e.status), e.name, e.fingerprint[:8], e.error] for e in items]
