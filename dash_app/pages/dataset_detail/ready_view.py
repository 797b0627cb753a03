"""A ready data set: its facts, a look at any recording, its windows, recordings and origin."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import numpy as np
from dash import html

from dash_app.components import banner, card, format_bytes, format_count, format_duration, stat
from dash_app.pages.dataset_detail import ids
from dash_app.pages.datasets.view import rate_text
from integrations.core.config import DataConfig
from integrations.core.data.dataset import DatasetInfo, field_text
from integrations.core.data.windows import window_bytes, windows_per_recording
from storage.entities import DatasetEntity

MAX_ROWS = 3000
SHOWN_PROPERTIES = ("source", "citation", "licence")
HIDDEN_PROPERTIES = (
    "summary", "note", "builtin", "simulator", "channel_units", "group_noun", "truth_fields",
    *SHOWN_PROPERTIES,
)  # fmt: skip


def ready_body(
    entity: DatasetEntity, info: DatasetInfo, left_out: list[dict[str, Any]]
) -> list[Any]:
    """Draw the screen of a ready data set; the waves come by callback."""
    note = info.properties.get("note")
    return [
        banner("info", str(note)) if note else None,
        _left_out(left_out),
        card(_stats(entity, info), className="dataset-stats"),
        _look(info),
        html.Div([_windows(entity, info), _origin(entity, info)], className="grid-2"),
        _recordings(info),
    ]


def _stats(entity: DatasetEntity, info: DatasetInfo) -> html.Div:
    seconds = [
        r.n_samples / r.sampling_rate_hz for r in info.recordings if r.sampling_rate_hz is not None
    ]
    duration = format_duration(sum(seconds)) if len(seconds) == len(info.recordings) else "–"
    return html.Div(
        [
            stat("Recordings", format_count(entity.n_recordings)),
            stat("Classes", format_count(len(entity.classes))),
            stat(f"{_group_noun(info)}s".capitalize(), format_count(entity.n_groups)),
            stat("Channels", format_count(entity.n_channels)),
            stat("Sampling rate", rate_text(entity.sampling_rate_hz)),
            stat("Duration", duration),
            stat("Size", format_bytes(entity.bytes)),
        ],
        className="stats",
    )


def _group_noun(info: DatasetInfo) -> str:
    return str(info.properties.get("group_noun") or "group")


def _look(info: DatasetInfo) -> html.Section:
    first = _one_per_class(info)
    choices = [
        {"value": str(i), "label": f"{info.recordings[i].name} · {info.recordings[i].label}"}
        for i in [*first, *(j for j in range(len(info.recordings)) if j not in set(first))][
            :MAX_ROWS
        ]
    ]
    channels = [{"value": str(i), "label": name} for i, name in enumerate(info.channels)]
    return html.Section(
        [
            html.Div(
                [
                    dmc.Select(
                        id=ids.RECORDING,
                        label="Recording",
                        data=choices,
                        value=choices[0]["value"],
                        searchable=True,
                        allowDeselect=False,
                        limit=200,
                    ),
                    dmc.Select(
                        id=ids.CHANNEL,
                        label="Channel",
                        data=channels,
                        value="0",
                        allowDeselect=False,
                        display="none" if len(channels) == 1 else None,
                    ),
                ],
                className="wave-tools",
            ),
            html.Div(
                [dmc.Skeleton(height=350), dmc.Skeleton(height=350)],
                id=ids.WAVES,
                className="grid-2",
            ),
        ],
        **{"aria-label": "A look at a recording"},
    )


def _one_per_class(info: DatasetInfo) -> list[int]:
    first: dict[str, int] = {}
    for index, recording in enumerate(info.recordings):
        first.setdefault(recording.label, index)
    return [first[label] for label in sorted(first)]


def _windows(entity: DatasetEntity, info: DatasetInfo) -> html.Section:
    shortest = min(r.n_samples for r in info.recordings)
    return card(
        html.Div(
            [
                dmc.NumberInput(
                    id=ids.WINDOW,
                    label="Window length",
                    suffix=" samples",
                    value=entity.window_samples or min(1024, shortest),
                    min=4,
                    max=shortest,
                    step=64 if shortest > 256 else 1,
                    debounce=300,
                    thousandSeparator="\u202f",
                ),
                dmc.NumberInput(
                    id=ids.OVERLAP,
                    label="Overlap",
                    suffix=" %",
                    value=round(entity.overlap * 100),
                    min=0,
                    max=95,
                    step=5,
                    debounce=300,
                ),
                dmc.Button("Use as default", id=ids.WINDOW_SAVE, variant="default"),
            ],
            className="window-tools",
        ),
        html.Div(id=ids.WINDOW_TABLE),
        title="Windows",
        help="Models learn from pieces of recordings. This is a view: the samples are not copied, "
        "and each experiment may choose its own.",
        className="stack",
    )


def window_table(info: DatasetInfo, window_samples: int, overlap: float) -> Any:
    """Count the windows that a length and an overlap give, per class."""
    shortest = min(r.n_samples for r in info.recordings)
    if window_samples > shortest:
        return banner(
            "warning",
            f"The shortest recording has {format_count(shortest)} samples. Choose a window that "
            "fits into it.",
        )
    config = DataConfig(window_samples=window_samples, overlap=overlap)
    counts = windows_per_recording(info, config)
    labels = np.array([recording.label for recording in info.recordings])
    rows = [
        html.Tr(
            [
                html.Td(name),
                html.Td(format_count(int((labels == name).sum())), className="number"),
                html.Td(format_count(int(counts[labels == name].sum())), className="number"),
            ]
        )
        for name in info.classes[:300]
    ]
    head = html.Thead(
        html.Tr(
            [
                html.Th("Class"),
                html.Th("Recordings", className="number"),
                html.Th("Windows", className="number"),
            ]
        )
    )
    total = f"{format_count(int(counts.sum()))} windows in all"
    rate = {r.sampling_rate_hz for r in info.recordings}
    known = rate.pop() if len(rate) == 1 else None
    span = f", each {format_duration(window_samples / known)}" if known else ""
    memory = format_bytes(window_bytes(info, config))
    return html.Div(
        [
            html.P(f"{total}{span}; {memory} when all are in memory.", className="muted small"),
            html.Div(
                html.Table([head, html.Tbody(rows)], className="plain"),
                className="tall-table",
                tabIndex=0,
            ),
        ],
        className="stack",
    )


def _origin(entity: DatasetEntity, info: DatasetInfo) -> html.Section:
    facts: list[tuple[str, Any]] = [("About", entity.summary)] if entity.summary else []
    facts += [
        (n.capitalize(), info.properties[n]) for n in SHOWN_PROPERTIES if n in info.properties
    ]
    facts += [("Channels", _channels(info)), ("Unit", info.unit or "not given")]
    facts += _grouping(entity, info)
    facts += [(k, _shown(v)) for k, v in info.properties.items() if k not in HIDDEN_PROPERTIES]
    facts += [(k, ", ".join(v[:12])) for k, v in info.field_values().items()]
    facts += [("Fingerprint", html.Span(entity.fingerprint, className="mono"))]
    parts = [part for name, value in facts for part in (html.Dt(name), html.Dd(value))]
    return card(html.Dl(parts, className="facts"), title="About these data")


def _channels(info: DatasetInfo) -> str:
    units = info.properties.get("channel_units")
    known = units if isinstance(units, dict) else {}
    return ", ".join(f"{c} ({known[c]})" if c in known else c for c in info.channels)


def _grouping(entity: DatasetEntity, info: DatasetInfo) -> list[tuple[str, Any]]:
    noun = _group_noun(info)
    facts: list[tuple[str, Any]] = []
    if "group_noun" in info.properties:
        words = f"{format_count(entity.n_groups)}; a split by group never divides one"
        facts.append((f"{noun}s".capitalize(), words))
    if info.truth_fields:
        listed = ", ".join(info.truth_fields)
        facts.append(("Truth", f"{listed}: to look at and to split by, never a model's input"))
    return facts


def _shown(value: Any) -> str:
    return field_text(value) if isinstance(value, str | float | int) else str(value)


def _left_out(items: list[dict[str, Any]]) -> Any:
    if not items:
        return None
    lines = [html.Li([html.Strong(i["name"]), f": {i['sentence']}"]) for i in items[:20]]
    more = len(items) - 20
    if more > 0:
        lines.append(html.Li(f"and {format_count(more)} more"))
    one = len(items) == 1
    words = "file or recording was" if one else "files or recordings were"
    return banner(
        "warning",
        html.Details(
            [
                html.Summary(f"{format_count(len(items))} {words} left out."),
                html.Ul(lines, className="question-list"),
            ]
        ),
    )


def _recordings(info: DatasetInfo) -> html.Section:
    fields = list(info.field_values())[:12]
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Recording", "minWidth": 200, "flex": 1},
        {"field": "label", "headerName": "Class", "minWidth": 120},
        {"field": "group", "headerName": "Group", "minWidth": 140},
        {"field": "samples", "headerName": "Samples", "type": "rightAligned", "width": 110},
        {"field": "rate", "headerName": "Rate", "type": "rightAligned", "width": 120},
        *({"field": f"field {n}", "headerName": n, "width": 110} for n in fields),
        {"field": "split", "headerName": "Published split", "width": 130},
    ]
    if not any(r.published_split for r in info.recordings):
        columns.pop()
    rows = [
        {
            "name": r.name,
            "label": r.label,
            "group": r.group,
            "samples": r.n_samples,
            "rate": rate_text(r.sampling_rate_hz),
            "split": r.published_split or "",
            **{f"field {k}": v for k, v in r.fields.items()},
        }
        for r in info.recordings[:MAX_ROWS]
    ]
    more = "" if len(info.recordings) <= MAX_ROWS else f", the first {format_count(MAX_ROWS)}"
    grid = dag.AgGrid(
        id=ids.GRID,
        rowData=rows,
        columnDefs=columns,
        defaultColDef={"sortable": True, "resizable": True, "filter": True},
        dashGridOptions={
            "animateRows": False,
            "enableCellTextSelection": True,
            "rowHeight": 34,
            "headerHeight": 38,
        },
        className="grid",
        style={"height": f"{min(480, 60 + 34 * len(rows))}px"},
    )
    return card(grid, title=f"Recordings ({format_count(len(info.recordings))}{more})")
