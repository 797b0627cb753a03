"""The exports on the Artifacts tab: what a model can be taken away as, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, format_bytes, icon, term
from dash_app.pages.experiment_results import use_ids as ids
from integrations.core.evaluation.evaluation import Interval
from integrations.core.export.report import Latency, OnnxReport, QuantisedReport
from storage.entities import ArtifactEntity, ExperimentEntity, JobStatus
from tasks.export_orders import Export, ExportState, export_states, int8_report, onnx_report

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WORDS = {
    Export.PACKAGE: (
        "file-earmark-zip",
        "Everything in one zip",
        "Model, graph, predictions and settings with a manifest of hashes and a script that uses "
        "the graph without Signalbench.",
    ),
    Export.ONNX: (
        "diagram-3",
        "ONNX",
        "The network as a graph for onnxruntime, checked against PyTorch on real test windows.",
    ),
    Export.INT8: (
        "lightning",
        "ONNX in 8 bits",
        "Smaller and often quicker; its ranges come from training windows, what it costs is "
        "measured on the test part.",
    ),
    Export.TABLE: (
        "table",
        "Predictions as Parquet",
        "Every validation and test window with its probabilities, typed.",
    ),
    Export.TENSORBOARD: (
        "graph-up",
        "TensorBoard log",
        "The metrics of every epoch as an event file.",
    ),
}


def exports_card(entity: ExperimentEntity, files: Sequence[ArtifactEntity]) -> html.Section:
    """Draw the card."""
    states = export_states(entity, files)
    return card(
        html.Div(exports_content(entity, states, files), id=ids.EXPORTS),
        dcc.Interval(
            id=ids.EXPORTS_POLL, interval=1000, disabled=not any(each.busy for each in states)
        ),
        title="Take the model away",
        help="Made on request in the background and kept with the run's files.",
    )


def exports_content(
    entity: ExperimentEntity, states: Sequence[ExportState], files: Sequence[ArtifactEntity]
) -> list[Any]:
    """Draw one line per form, then what was measured of the graphs."""
    by_form = {state.what: state for state in states}
    lines = [_line(entity, by_form[what]) for what in WORDS if not by_form[what].cannot]
    cannot = {state.cannot for state in states if state.cannot}
    return [
        html.Ul(lines, className="export-list"),
        *(html.P(sentence, className="muted small") for sentence in sorted(cannot)),
        *_figures(files),
    ]


def _line(entity: ExperimentEntity, state: ExportState) -> html.Li:
    symbol, title, words = WORDS[state.what]
    told: list[Any] = [
        html.Div(title, className="export-title"),
        html.Div(words, className="muted small"),
    ]
    if state.busy:
        told.append(html.Div("Being made.", className="small"))
    elif state.job is not None and state.job.status is JobStatus.FAILED:
        text = f"It could not be made. {state.job.error}"
        told.append(html.Div(text, className="small export-error"))
    return html.Li(
        [
            icon(symbol),
            html.Div(told, className="export-words"),
            html.Div(_actions(entity, state), className="export-actions"),
        ]
    )


def _actions(entity: ExperimentEntity, state: ExportState) -> list[Any]:
    file, title = state.file, WORDS[state.what][1]
    parts: list[Any] = []
    if file is not None:
        parts.append(
            html.A(
                [icon("download"), format_bytes(file.bytes)],
                href=f"/api/experiments/{entity.id}/artifacts/{quote(file.name)}",
                download="",
                className="button button-filled",
                **{"aria-label": f"Download {title}"},
            )
        )
    parts.append(
        dmc.Button(
            "Make again" if file is not None else "Make",
            id=ids.make(state.what.value),
            loading=state.busy,
            variant="default",
            attributes={"root": {"aria-label": f"Make {title}"}},
        )
    )
    return parts


def _figures(files: Sequence[ArtifactEntity]) -> list[Any]:
    whole, small = onnx_report(files), int8_report(files)
    if whole is None:
        return []
    head = ["PyTorch", "ONNX", *(["ONNX in 8 bits"] if small else [])]
    rows = [
        _row("Size", whole.torch_bytes, whole.bytes, small.bytes if small else None),
        _times("One window", "one_ms", whole, small),
        _times(f"{whole.onnx.batch} windows at once", "batch_ms", whole, small),
        _agreement(whole, small),
    ]
    if small is not None:
        rows.append(_accuracy(small))
    table = html.Table(
        [
            html.Thead(html.Tr([html.Td(), *(html.Th(text, className="number") for text in head)])),
            html.Tbody(rows),
        ],
        className="plain",
    )
    words = (
        f"Median times on one thread of the machine that made them. Opset {whole.opset}; "
        f"{whole.runtime}."
    )
    return [
        html.Div(table, className="scroll-x export-figures"),
        html.P(words, className="muted small"),
        *_inputs(whole),
    ]


def _row(label: Any, *values: int | None) -> html.Tr:
    cells = [html.Td(format_bytes(value), className="number") for value in values if value]
    return html.Tr([html.Td(label), *cells])


def _times(label: str, name: str, whole: OnnxReport, small: QuantisedReport | None) -> html.Tr:
    # The 8-bit graph and the float one were timed side by side, in another minute than PyTorch.
    shown: list[Latency] = [whole.torch, whole.onnx]
    cells = [html.Td(_ms(getattr(each, name)), className="number") for each in shown]
    if small is not None:
        before, after = getattr(small.float32, name), getattr(small.int8, name)
        text = f"{_ms(after)} (float then: {_ms(before)})"
        cells.append(html.Td(text, className="number"))
    return html.Tr([html.Td(label), *cells])


def _agreement(whole: OnnxReport, small: QuantisedReport | None) -> html.Tr:
    label = term(
        "Same as trained",
        f"Largest difference of a probability over {whole.windows_checked} test windows; for 8 "
        "bits the share of test windows given the same class as by the float graph.",
    )
    cells = ["", f"to {_power(whole.largest_difference)}"]
    if small is not None:
        cells.append(f"{100 * small.agreement:.1f} % same class")
    return html.Tr([html.Td(label), *(html.Td(text, className="number") for text in cells)])


def _accuracy(small: QuantisedReport) -> html.Tr:
    label = term(
        "Test accuracy",
        f"In brackets the difference to the float graph with its 95 % interval over {small.units}, "
        "in percentage points.",
    )
    whole = f"{100 * small.float_accuracy:.1f} %"
    texts = [whole, whole, f"{100 * small.accuracy:.1f} % ({_points(small.difference)})"]
    return html.Tr([html.Td(label), *(html.Td(text, className="number") for text in texts)])


def _points(difference: Interval) -> str:
    value, low, high = (100 * each for each in (difference.value, difference.low, difference.high))
    return f"{_signed(value)}; {_signed(low)} to {_signed(high)}"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−").replace("+0.0", "0.0")


def _power(value: float) -> str:
    digits, _, exponent = f"{value:.0e}".partition("e")
    return f"{digits} × 10{str(int(exponent)).translate(RAISED)}" if value else "the last digit"


def _ms(value: float) -> str:
    return f"{value:.3g} ms"


def _inputs(report: OnnxReport) -> list[Any]:
    if [each.name for each in report.inputs] == ["windows"]:
        return []
    words = "; ".join(f"“{each.name}”: {each.about}" for each in report.inputs)
    text = f"The graph reads prepared inputs, which your program has to make: {words}."
    return [html.P(text, className="muted small")]
