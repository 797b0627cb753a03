"""What was understood of an upload: the verdict, open questions, classes and every recording."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import html

from dash_app.components import banner, card, format_count, format_number
from dash_app.pages.dataset_detail import ids
from dash_app.pages.datasets.view import counted, rate_text
from integrations.core.data.inspection import Inspection, PlannedRecording

MAX_ROWS = 3000
MAX_CLASS_ROWS = 300
MAX_PROBLEMS = 200


def result(plan: Inspection) -> list[Any]:
    """Draw everything that follows from the form."""
    return [
        _verdict(plan),
        *_questions(plan),
        *_not_imported(plan),
        html.Div([_classes(plan), _lengths(plan)], className="grid-2"),
        *_recordings(plan),
    ]


def import_label(plan: Inspection | None) -> str:
    """Say on the button what it will do."""
    count = len(plan.wanted) if plan else 0
    return f"Import {counted(count, 'recording')}" if count else "Nothing to import"


def _verdict(plan: Inspection) -> html.Div:
    if plan.problems:
        return banner("error", " ".join(plan.problems))
    wanted = plan.wanted
    if not wanted:
        return banner("error", "No recording can be imported as things stand. See why below.")
    left = sum(not r.wanted for r in plan.recordings)
    left += sum(f.status == "problem" for f in plan.files)
    words = (
        f"{counted(len(wanted), 'recording')} in {counted(len(plan.classes), 'class')} and "
        f"{counted(plan.n_groups, 'group')} will be imported."
    )
    if not left:
        return banner("success", words)
    return banner("warning", f"{words} {format_count(left)} will not; the list below says why.")


def _questions(plan: Inspection) -> list[Any]:
    said = (("warning", plan.questions), ("info", plan.notes))
    return [banner(level, _sentences(texts)) for level, texts in said if texts]


def _sentences(texts: list[str]) -> Any:
    if len(texts) == 1:
        return texts[0]
    return html.Ul([html.Li(text) for text in texts], className="question-list")


def _classes(plan: Inspection) -> html.Section:
    rows = [
        html.Tr([html.Td(name), html.Td(format_count(count), className="number")])
        for name, count in list(plan.classes.items())[:MAX_CLASS_ROWS]
    ]
    head = html.Thead(html.Tr([html.Th("Class"), html.Th("Recordings", className="number")]))
    table = html.Table([head, html.Tbody(rows)], className="plain")
    return card(html.Div(table, className="tall-table", tabIndex=0), title="Classes")


def _lengths(plan: Inspection) -> html.Section:
    lengths = plan.lengths
    rates = ", ".join(
        f"{rate_text(None if rate == 'unknown' else float(rate))} ({format_count(count)})"
        for rate, count in list(plan.sampling_rates.items())[:5]
    )
    chosen = ", ".join(plan.chosen_channels) or "none"
    facts = [
        ("Channels", chosen),
        ("Sampling rate", rates or "–"),
        ("Shortest", f"{format_count(lengths.shortest)} samples"),
        ("Median", f"{format_count(lengths.median)} samples"),
        ("Longest", f"{format_count(lengths.longest)} samples"),
        ("All together", f"{format_count(lengths.total)} samples"),
        ("Fields", ", ".join(plan.field_names) or "none"),
    ]
    parts = [part for name, value in facts for part in (html.Dt(name), html.Dd(value))]
    return card(html.Dl(parts, className="facts"), title="Signals")


def _not_imported(plan: Inspection) -> list[Any]:
    """List what stays out with its whole sentence; a cell of the grid would cut it."""
    found = [(f.shown, f.sentence) for f in plan.files if f.status == "problem"]
    found += [(r.name, r.problem) for r in plan.recordings if r.problem]
    found += [
        (r.name, "Left out because values are missing.") for r in plan.recordings if r.left_out
    ]
    if not found:
        return []
    rows = [html.Tr([html.Td(name), html.Td(text)]) for name, text in found[:MAX_PROBLEMS]]
    head = html.Thead(html.Tr([html.Th("File or recording"), html.Th("Why")]))
    table = html.Table([head, html.Tbody(rows)], className="plain why-table")
    more = len(found) - MAX_PROBLEMS
    rest = html.P(f"and {format_count(more)} more", className="muted small") if more > 0 else None
    title = f"Not imported ({format_count(len(found))})"
    return [card(html.Div(table, className="tall-table", tabIndex=0), rest, title=title)]


def _recordings(plan: Inspection) -> list[Any]:
    rows = [_row(recording) for recording in plan.wanted]
    if not rows:
        return []
    more = f"The first {format_count(MAX_ROWS)} are shown." if len(rows) > MAX_ROWS else ""
    grid = dag.AgGrid(
        id=ids.GRID,
        rowData=rows[:MAX_ROWS],
        columnDefs=_columns(plan),
        defaultColDef={"sortable": True, "resizable": True},
        dashGridOptions={
            "animateRows": False,
            "enableCellTextSelection": True,
            "rowHeight": 34,
            "headerHeight": 38,
        },
        className="grid",
        style={"height": f"{min(460, 60 + 34 * max(len(rows), 2))}px"},
    )
    title = f"Recordings to import ({format_count(len(rows))})"
    return [card(grid, html.P(more, className="muted small") if more else None, title=title)]


def _columns(plan: Inspection) -> list[dict[str, Any]]:
    fields = [
        {"field": f"field {name}", "headerName": name, "width": 110}
        for name in plan.field_names[:12]
    ]
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Recording", "minWidth": 200, "flex": 1},
        {"field": "label", "headerName": "Class", "width": 100},
        {"field": "group", "headerName": "Group", "width": 120},
        {"field": "samples", "headerName": "Samples", "type": "rightAligned", "width": 110},
        {"field": "rate", "headerName": "Rate", "type": "rightAligned", "width": 110},
        {"field": "rate_source", "headerName": "Rate from", "width": 150},
    ]
    return [{**column, "tooltipField": column["field"]} for column in columns + fields]


def _row(recording: PlannedRecording) -> dict[str, Any]:
    rate = recording.sampling_rate_hz
    return {
        "name": recording.name,
        "label": recording.label,
        "group": recording.group,
        "samples": format_count(recording.n_samples),
        "rate": "unknown" if rate is None else f"{format_number(rate, 7)} Hz",
        "rate_source": recording.rate_source,
        **{f"field {key}": value for key, value in recording.fields.items()},
    }
