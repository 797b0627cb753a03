"""Shows what a model said about new recordings: a table, one recording's windows, what to doubt."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import html

from dash_app.components import banner, card, chart_card, format_percent, icon
from dash_app.pages.experiment_results import use_ids as ids
from integrations.core.figures.chart import Axis, Bars, Chart, Lines, Series
from integrations.core.prediction.outcome import PredictionOutcome, RecordingSaid
from storage.entities import JobEntity, JobStatus

MOST_CLASSES, MOST_BARS = 6, 12
WAITING = {
    JobStatus.QUEUED: "Waiting for a worker to predict the recordings.",
    JobStatus.RUNNING: "Predicting.",
}


def state_view(job: JobEntity, live: dict[str, Any]) -> Any:
    """Say where a prediction stands that is not done."""
    if job.status is JobStatus.FAILED:
        return banner("error", f"Nothing was predicted. {job.error}")
    message = str(live.get("message") or "") or WAITING.get(job.status, "")
    share = round(100 * float(live.get("progress") or 0.0))
    bar = html.Div(
        html.Div(style={"width": f"{share}%"}),
        className="upload-track",
        role="progressbar",
        **{"aria-label": "Prediction", "aria-valuenow": share},
    )
    return card(html.P(message, className="small"), bar)


def outcome_view(job: JobEntity, outcome: PredictionOutcome) -> list[Any]:
    """Show the table of recordings with the way to one of them."""
    downloads = [
        _download(job, "predictions.csv", "Recordings (CSV)"),
        _download(job, "windows.csv", "Windows (CSV)"),
    ]
    unlike = [each for each in outcome.recordings if each.unlike]
    parts: list[Any] = [_doubt(unlike, outcome)] if unlike else []
    parts.append(
        card(
            html.P(_summary(outcome), className="muted use-summary"),
            _grid(outcome),
            title=f"{len(outcome.recordings)} recording{'s' * (len(outcome.recordings) != 1)}",
            help="Choose a row to see what each of its windows says.",
            actions=[html.Div(downloads, className="row")],
        )
    )
    parts.append(html.Div(detail_view(outcome, 0), id=ids.DETAIL))
    if outcome.left_out:
        parts.append(_left_out(outcome))
    return parts


def detail_view(outcome: PredictionOutcome, number: int) -> Any:
    """Show one recording: every window's probabilities, or the bars of a single window."""
    said = outcome.recordings[number]
    chart = _course(outcome, said) if len(said.windows) > 1 else _bars(outcome, said)
    words = [html.P(said.warning, className="use-warning")] if said.warning else []
    return html.Div([*words, chart_card(chart)], className="stack")


def _summary(outcome: PredictionOutcome) -> list[Any]:
    if outcome.temperature == 1.0:
        trust = "Probabilities are as the model says them; Metrics → Calibration tells how far "
        trust += "to believe them."
    else:
        trust = f"Probabilities are mended by the temperature {outcome.temperature:.3g} learnt on "
        trust += "validation windows."
    return [" ".join([trust, *outcome.notes])]


def _doubt(unlike: list[RecordingSaid], outcome: PredictionOutcome) -> Any:
    names = ", ".join(f"“{each.name}”" for each in unlike[:3])
    more = f" and {len(unlike) - 3} more" if len(unlike) > 3 else ""
    verb = "lies" if len(unlike) == 1 else "lie"
    return banner(
        "warning",
        f"{names}{more} {verb} far from everything the model was trained on: its class may be "
        "none of those it knows, however sure it looks.",
    )


def _grid(outcome: PredictionOutcome) -> dag.AgGrid:
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Recording", "minWidth": 150, "flex": 3},
        {"field": "predicted", "headerName": "Class", "minWidth": 110, "flex": 2},
        {"field": "probability", "headerName": "Probability", "minWidth": 110, "flex": 1,
         "type": "rightAligned", "headerTooltip": "Mean over the windows"},
        {"field": "agree", "headerName": "Windows agree", "minWidth": 125, "flex": 1,
         "type": "rightAligned", "headerTooltip": "Windows that say the same class by themselves"},
        {"field": "place", "headerName": "Beside the training data", "minWidth": 170, "flex": 2,
         "tooltipField": "warning",
         "headerTooltip": "Distance to the nearest training windows, in units of the farthest "
         "validation window's, and how rare it is"},
    ]  # fmt: skip
    return dag.AgGrid(
        id=ids.GRID,
        rowData=[_row(number, each) for number, each in enumerate(outcome.recordings)],
        columnDefs=columns,
        defaultColDef={"sortable": True, "resizable": True},
        dashGridOptions={
            "rowSelection": {
                "mode": "singleRow",
                "checkboxes": False,
                "enableClickSelection": True,
            },
            "domLayout": "autoHeight" if len(outcome.recordings) <= 12 else "normal",
            "animateRows": False,
            "tooltipShowDelay": 200,
            "headerHeight": 38,
        },
        className="grid",
        style={"height": None if len(outcome.recordings) <= 12 else 460},
    )


def _row(number: int, said: RecordingSaid) -> dict[str, Any]:
    windows = len(said.windows)
    return {
        "id": number,
        "name": said.name,
        "predicted": said.predicted,
        "probability": format_percent(max(said.probability)),
        "agree": f"{round(said.agreement * windows)} of {windows}",
        "place": _place(said),
        "warning": said.warning,
    }


def _place(said: RecordingSaid) -> str:
    if said.distance is None or said.p_value is None:
        return "not known"
    if said.unlike:
        return f"unlike ({said.distance:.2g} × the farthest)"
    return f"usual (p = {said.p_value:.2g})"


def _course(outcome: PredictionOutcome, said: RecordingSaid) -> Chart:
    rate = said.sampling_rate_hz
    x = [window.start / rate if rate else float(window.start) for window in said.windows]
    order = sorted(range(len(outcome.classes)), key=lambda k: -said.probability[k])[:MOST_CLASSES]
    series = tuple(
        Series(
            outcome.classes[k], x, [window.probability[k] for window in said.windows],
            colour=k if k < 8 else None,
        )
        for k in order
    )  # fmt: skip
    return Lines(
        key="use-course",
        title=f"What each window of “{said.name}” says",
        x_axis=Axis("Start of the window", "s" if rate else "samples"),
        y_axis=Axis("Probability", percent=True, range=(0.0, 1.02)),
        series=series,
        help=f"The {len(order)} classes with the highest mean probability.",
    )


def _bars(outcome: PredictionOutcome, said: RecordingSaid) -> Chart:
    order = sorted(range(len(outcome.classes)), key=lambda k: -said.probability[k])[:MOST_BARS]
    return Bars(
        key="use-course",
        title=f"What the one window of “{said.name}” says",
        axis=Axis("Probability", percent=True, range=(0.0, 1.0)),
        categories=tuple(outcome.classes[k] for k in order),
        values=tuple(said.probability[k] for k in order),
    )


def _left_out(outcome: PredictionOutcome) -> html.Section:
    rows = [
        html.Tr([html.Td(each.name), html.Td(each.sentence)]) for each in outcome.left_out[:200]
    ]
    head = html.Tr([html.Th("File or recording"), html.Th("Why")])
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain why-table")
    return card(
        html.Div(table, className="scroll-x"), title=f"Not predicted: {len(outcome.left_out)}"
    )


def _download(job: JobEntity, name: str, label: str) -> html.A:
    return html.A(
        [icon("download"), label],
        href=f"/api/predictions/{job.id}/{name}",
        download="",
        className="button button-quiet",
    )
