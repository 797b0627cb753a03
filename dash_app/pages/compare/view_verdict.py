"""The verdict, the figures side by side, and the pairs it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dash_app.components import (
    card,
    empty_state,
    format_count,
    format_duration,
    format_number,
    format_percent,
    icon,
    leaky_badge,
    term,
)
from dash_app.pages.compare.marks import difference, p_value, run_head, run_link
from dash_app.pages.compare.state import largest_comparable
from integrations.core.compare.verdict import Judgement, Pair, points
from integrations.core.evaluation.evaluation import Interval
from integrations.core.figures.comparison import metric_axis, metric_words
from storage.entities import ExperimentEntity
from tasks.comparison import ComparedRun, Comparison, chosen_epoch_values

ICONS = {
    "better": "award",
    "equivalent": "check-circle",
    "undecided": "question-circle",
    "refused": "slash-circle",
}
FIGURES = (
    ("accuracy", "Accuracy", "Share of test windows whose class is recognised."),
    ("macro_f1", "Macro F1", "Mean over classes of the harmonic mean of precision and recall."),
    ("macro_precision", "Macro precision", "Of what was given to a class, the share that belongs."),
    ("macro_recall", "Macro recall", "Of what belongs to a class, the share that is recognised."),
    ("recording_accuracy", "Recordings", "Recordings that are right when their windows vote."),
)
UNITS = {"groups": "group", "recordings": "recording", "windows": "window"}


def verdict_body(comparison: Comparison) -> Any:
    """Say what the comparison gives, and how it was reached."""
    judgement = comparison.judgement
    if judgement is None:
        return html.P(_not_yet(comparison), className="verdict-sentence muted")
    said: list[Any] = [
        html.P([icon(ICONS[judgement.kind]), judgement.sentence],
               className=f"verdict-sentence verdict-{judgement.kind}"),
    ]  # fmt: skip
    if judgement.details:
        said.append(html.Ul([html.Li(each) for each in judgement.details], className="small muted"))
    if judgement.kind == "refused":
        said += _way_out(comparison)
    return html.Div(said)


def metrics_card(comparison: Comparison, names: Sequence[str]) -> html.Section:
    """Set the figures of the runs side by side, on one scale."""
    head = [html.Th("Run"), *(html.Th(term(label, about)) for _, label, about in FIGURES),
            html.Th(term("Validation", "Accuracy on the validation part, which training looked "
                         "at: higher than on the test part is usual.")),
            html.Th("Training time", className="number"),
            html.Th("Parameters", className="number")]  # fmt: skip
    scales = {key: _scale(comparison.runs, key) for key, _, _ in FIGURES}
    rows = [
        html.Tr([html.Th(run_link(run.entity, i), scope="row"),
                 *(_figure(run, key, scales[key], comparison.judgement) for key, _, _ in FIGURES),
                 *_costs(run)])
        for i, run in enumerate(comparison.runs)
    ]  # fmt: skip
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)],
                       className="plain compare-table compare-figures")  # fmt: skip
    return card(
        html.Div(table, className="scroll-x", tabIndex=0, role="region",
                 **{"aria-label": "Figures of the runs"}),
        html.P(_scale_note(comparison), className="muted small"),
        _every_metric(comparison, names),
        title="Figures side by side",
        help="Each with its own 95 % interval. Intervals of two runs may overlap although a test "
        "on the same recordings tells them apart: the verdict above rests on that test.",
        actions=_downloads(comparison, "metrics"),
    )  # fmt: skip


def pairs_card(comparison: Comparison) -> Any:
    """List every pair with its effect, its test and what the test part could show."""
    judgement = comparison.judgement
    if judgement is None or not judgement.pairs:
        return None
    places = {run.entity.id: (run.entity, i) for i, run in enumerate(comparison.runs)}
    unit = UNITS.get(judgement.unit_name, "unit")
    head = [
        html.Th("Pair"),
        html.Th(term("Accuracy", "First minus second, in percentage points, with the 95 % "
                     "interval by independent units.")),
        html.Th(term("Macro F1", "First minus second; paired bootstrap, 10 000 resamples.")),
        html.Th(term(f"Better {unit}s", f"Test {unit}s on which the first or the second run "
                     "recognised more windows; all others are alike."), className="number"),
        html.Th(term("p", "Exact paired test, mid-p: how often a difference like this comes about "
                     "between equal runs."), className="number"),
        html.Th(term("p (Holm)", "Corrected for all pairs of this comparison."),
                className="number"),
        html.Th(term("Detectable", "The difference in accuracy that this test part would show "
                     "four times in five."), className="number"),
        html.Th("Says"),
        html.Th(html.Span("Details", className="visually-hidden")),
    ]  # fmt: skip
    rows = [_pair_row(pair, places, judgement) for pair in judgement.pairs]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)],
                       className="plain compare-table")  # fmt: skip
    note = []
    if judgement.cochran is not None:
        q, p = judgement.cochran
        note = [html.P(f"All runs together: Cochran's Q = {q:.1f}, p = {p_value(p)}.",
                       className="muted small")]  # fmt: skip
    return card(
        html.Div(table, className="scroll-x compare-pairs", tabIndex=0, role="region",
                 **{"aria-label": "Every pair of runs"}),
        *note,
        title="Every pair",
        help="What the verdict rests on.",
    )  # fmt: skip


def _not_yet(comparison: Comparison) -> str:
    if not comparison.runs:
        return "None of these experiments is there any more."
    said = " ".join(run.problem for run in comparison.runs if run.problem)
    return f"A verdict needs two runs with results. {said}".strip()


def _way_out(comparison: Comparison) -> list[Any]:
    chosen = largest_comparable([run.entity for run in comparison.runs])
    if not chosen:
        return [html.P("Everything that does not need a test is shown below.", className="small")]
    address = "/compare?ids=" + ",".join(map(str, chosen))
    return [
        html.P(
            [
                "Everything that does not need a test is shown below. ",
                dcc.Link(f"Compare only the {len(chosen)} on one split", href=address),
            ],
            className="small",
        )
    ]


def _figure(
    run: ComparedRun, key: str, scale: tuple[float, float], judgement: Judgement | None
) -> html.Td:
    interval = run.evaluation.headline.get(key) if run.evaluation else None
    if interval is None:
        return html.Td("–", className="muted")
    best = _carried(run.entity, key, judgement)
    value: list[Any] = [html.Strong(format_percent(interval.value), className="nowrap")]
    if best:
        value.append(html.Span([icon("award"), "best"], className="chip chip-completed"))
    bounds = f"{interval.low * 100:.1f}–{interval.high * 100:.1f}"
    return html.Td([html.Div(value, className="figure-line"), _bar(interval, scale),
                    html.Div(bounds, className="muted small nowrap")])  # fmt: skip


def _carried(run: ExperimentEntity, key: str, judgement: Judgement | None) -> bool:
    """Tell whether the numbers carry calling this run the best in this figure."""
    if judgement is None or judgement.winner_id != run.id:
        return False
    mine = [pair.from_side(run.id) for pair in judgement.pairs if run.id in (pair.a, pair.b)]
    if key == "accuracy":
        return True
    return key == "macro_f1" and all(pair.macro_f1.low > 0 for pair in mine)


def _costs(run: ComparedRun) -> list[html.Td]:
    held_out = run.evaluation.validation.get("accuracy") if run.evaluation else None
    entity = run.entity
    size = format_count(entity.n_parameters) if entity.n_parameters else "–"
    return [
        html.Td(format_percent(held_out)),
        html.Td(format_duration(entity.seconds) if entity.seconds else "–", className="number"),
        html.Td(size, className="number"),
    ]


def _scale(runs: Sequence[ComparedRun], key: str) -> tuple[float, float]:
    met = [run.evaluation.headline.get(key) for run in runs if run.evaluation]
    known = [interval for interval in met if interval is not None]
    low = min((interval.low for interval in known), default=0.0)
    high = max((interval.high for interval in known), default=1.0)
    room = max(0.02, 0.1 * (high - low))
    return max(0.0, low - room), min(1.0, high + room)


def _bar(interval: Interval, scale: tuple[float, float]) -> html.Div:
    low, high = scale
    width = max(high - low, 1e-9)

    def place(value: float) -> str:
        return f"{100 * (value - low) / width:.1f}%"

    length = f"{max(0.8, 100 * (interval.high - interval.low) / width):.1f}%"
    return html.Div(
        [
            html.Div(className="interval-range",
                     style={"left": place(interval.low), "width": length}),
            html.Div(className="interval-point", style={"left": place(interval.value)}),
        ],
        className="interval-bar",
        **{"aria-hidden": "true"},
    )  # fmt: skip


def _scale_note(comparison: Comparison) -> str:
    judgement = comparison.judgement
    if judgement is None or judgement.kind == "better":
        return "The bars of a column share one scale, which does not begin at nought."
    return (
        "The bars of a column share one scale, which does not begin at nought. No figure is marked "
        "as the best, because the numbers do not carry it."
    )


def _every_metric(comparison: Comparison, names: Sequence[str]) -> Any:
    values = chosen_epoch_values(comparison.runs)
    if not values:
        return None
    heads = [html.Th(run_head(run.entity, i)) for i, run in enumerate(comparison.runs)]
    epochs = [html.Td(_epoch_words(run), className="muted") for run in comparison.runs]
    rows = [html.Tr([html.Th("Chosen epoch", scope="row"), *epochs])]
    for key, row in values.items():
        cells = [html.Td(_value(key, value)) for value in row]
        rows.append(html.Tr([html.Th(metric_words(key), scope="row"), *cells]))
    del names
    table = html.Table(
        [html.Thead(html.Tr([html.Th("Metric"), *heads])), html.Tbody(rows)],
        className="plain compare-table",
    )
    return html.Details(
        [html.Summary("Every metric at the epoch whose weights were used"),
         html.Div(table, className="scroll-x")],
        className="compare-more",
    )  # fmt: skip


def _epoch_words(run: ComparedRun) -> str:
    if run.best_epoch:
        return f"{run.best_epoch} of {run.entity.epochs_done}"
    return f"last of {run.entity.epochs_done}" if run.entity.epochs_done else "–"


def _value(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key.endswith("_seconds"):
        return format_duration(value)
    return format_percent(value) if metric_axis(key).percent else format_number(value)


def _downloads(comparison: Comparison, table: str) -> list[Any]:
    numbers = ",".join(str(run.entity.id) for run in comparison.runs)
    return [
        html.A(
            label,
            href=f"/api/compare/table?ids={numbers}&table={table}&format={form}",
            download=f"{table}.{form}",
            className="link-button small",
        )
        for label, form in (("CSV", "csv"), ("LaTeX", "tex"))
    ]


def _pair_row(
    pair: Pair, places: dict[int, tuple[ExperimentEntity, int]], judgement: Judgement
) -> html.Tr:
    a, b = places[pair.a], places[pair.b]
    show = html.Button(
        "Look closer",
        className="link-button",
        **{"data-pair": f"{pair.a},{pair.b}",
           "aria-label": f"Look closer at #{pair.a} and #{pair.b}"},
    )  # fmt: skip
    return html.Tr(
        [
            html.Td([run_head(*a), html.Br(), run_head(*b)]),
            html.Td(difference(pair.accuracy)),
            html.Td(difference(pair.macro_f1)),
            html.Td(f"{pair.only_a} : {pair.only_b}", className="number"),
            html.Td(p_value(pair.p), className="number"),
            html.Td(p_value(pair.p_holm), className="number"),
            html.Td(f"{points(pair.detectable).lstrip('+')} points", className="number"),
            html.Td(_says(pair, judgement)),
            html.Td(show),
        ]
    )


def _says(pair: Pair, judgement: Judgement) -> Any:
    if pair.told_apart:
        word = "first better" if pair.accuracy.value > 0 else "second better"
        return html.Span([icon("award"), word], className="chip chip-completed")
    if pair.equivalent:
        margin = f"{judgement.delta * 100:g}"
        return html.Span([icon("check-circle"), f"equal within ±{margin}"],
                         className="chip chip-running")  # fmt: skip
    more = ""
    if pair.more_units:
        more = f"about {format_count(pair.more_units)} more {judgement.unit_name} would tell"
    return html.Span(
        [html.Span([icon("question-circle"), "open"], className="chip"),
         html.Div(more, className="muted small")],
    )  # fmt: skip


def nothing_chosen() -> html.Div:
    """Say how a comparison comes about."""
    return empty_state(
        "columns-gap",
        "Choose two to ten runs",
        "Add them above, or mark them in the list of experiments. Runs on the same data and split "
        "get a verdict; others are shown side by side.",
        actions=[dcc.Link("All experiments", href="/experiments", className="button button-quiet")],
    )


def leaks(run: ExperimentEntity) -> list[Any]:
    """Give the badge of a run whose split leaks."""
    return [leaky_badge()] if run.leaky else []
