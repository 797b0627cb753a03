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
)
from dash_app.pages._experiment import compare_address
from dash_app.pages.compare.marks import difference_cell, p_value
from dash_app.pages.compare.state import largest_comparable
from dash_app.pages.compare.tables import Cell, Column, bar_of, drawn_table, run_cell
from integrations.core.compare.verdict import Judgement, Pair, points
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
ABOUT_VALIDATION = (
    "Accuracy on the validation part, which training looked at: higher than on the test part is "
    "usual."
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


def metrics_card(comparison: Comparison) -> html.Section:
    """Set the figures of the runs side by side, on one scale."""
    columns = [
        Column("Run"),
        *(Column(label, about) for _, label, about in FIGURES),
        Column("Validation", ABOUT_VALIDATION, number=True),
        Column("Training time", number=True),
        Column("Parameters", number=True),
    ]
    scales = {key: _scale(comparison.runs, key) for key, _, _ in FIGURES}
    rows = [
        [
            run_cell(run.entity, i, link=True),
            *(_figure(run, key, scales[key], comparison.judgement) for key, _, _ in FIGURES),
            *_costs(run),
        ]
        for i, run in enumerate(comparison.runs)
    ]
    return card(
        drawn_table("figures", columns, rows, label="Figures of the runs",
                    class_name="compare-figures"),
        html.P(_scale_note(comparison), className="muted small"),
        _every_metric(comparison),
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
    note = []
    if judgement.cochran is not None:
        q, p = judgement.cochran
        words = f"All runs together: Cochran's Q = {q:.1f}, p = {p_value(p)}."
        note = [html.P(words, className="muted small")]
    rows = [_pair_row(pair, places, judgement) for pair in judgement.pairs]
    return card(
        drawn_table("pairs", _pair_columns(judgement), rows, label="Every pair of runs",
                    class_name="compare-pairs"),
        *note,
        title="Every pair",
        help="What the verdict rests on.",
        actions=_downloads(comparison, "pairs"),
    )  # fmt: skip


def _pair_columns(judgement: Judgement) -> list[Column]:
    unit = UNITS.get(judgement.unit_name, "unit")
    return [
        Column("Pair"),
        Column("Accuracy", "First minus second, in percentage points, with the 95 % interval by "
               "independent units."),
        Column("Macro F1", "First minus second; paired bootstrap, 10 000 resamples."),
        Column(f"Better {unit}s", f"Test {unit}s on which the first or the second run recognised "
               "more windows; all others are alike.", number=True),
        Column("p", "Exact paired test, mid-p: how often a difference like this comes about "
               "between equal runs.", number=True),
        Column("p (Holm)", "Corrected for all pairs of this comparison.", number=True),
        Column("Detectable", "The difference in accuracy that this test part would show four "
               "times in five.", number=True),
        Column("Says"),
        Column(""),
    ]  # fmt: skip


def _not_yet(comparison: Comparison) -> str:
    if not comparison.runs:
        return "None of these experiments is there any more."
    said = " ".join(run.problem for run in comparison.runs if run.problem)
    return f"A verdict needs two runs with results. {said}".strip()


def _way_out(comparison: Comparison) -> list[Any]:
    chosen = largest_comparable([run.entity for run in comparison.runs])
    if not chosen:
        return [html.P("Everything that does not need a test is shown below.", className="small")]
    return [
        html.P(
            [
                "Everything that does not need a test is shown below. ",
                dcc.Link(
                    f"Compare only the {len(chosen)} on one split", href=compare_address(chosen)
                ),
            ],
            className="small",
        )
    ]


def _figure(
    run: ComparedRun, key: str, scale: tuple[float, float], judgement: Judgement | None
) -> Cell:
    interval = run.evaluation.headline.get(key) if run.evaluation else None
    if interval is None:
        return "–"
    cell: dict[str, Any] = {
        "strong": format_percent(interval.value),
        "bar": bar_of(interval, scale),
        "sub": f"{interval.low * 100:.1f}–{interval.high * 100:.1f}",
    }
    best = {"kind": "completed", "icon": "award", "word": "best"}
    return cell | ({"chip": best} if _carried(run.entity, key, judgement) else {})


def _carried(run: ExperimentEntity, key: str, judgement: Judgement | None) -> bool:
    """Tell whether the numbers carry calling this run the best in this figure."""
    if judgement is None or judgement.winner_id != run.id:
        return False
    mine = [pair.from_side(run.id) for pair in judgement.pairs if run.id in (pair.a, pair.b)]
    if key == "accuracy":
        return True
    return key == "macro_f1" and all(pair.macro_f1.low > 0 for pair in mine)


def _costs(run: ComparedRun) -> list[Cell]:
    held_out = run.evaluation.validation.get("accuracy") if run.evaluation else None
    entity = run.entity
    return [
        format_percent(held_out),
        format_duration(entity.seconds) if entity.seconds else "–",
        format_count(entity.n_parameters) if entity.n_parameters else "–",
    ]


def _scale(runs: Sequence[ComparedRun], key: str) -> tuple[float, float]:
    met = [run.evaluation.headline.get(key) for run in runs if run.evaluation]
    known = [interval for interval in met if interval is not None]
    low = min((interval.low for interval in known), default=0.0)
    high = max((interval.high for interval in known), default=1.0)
    room = max(0.02, 0.1 * (high - low))
    return max(0.0, low - room), min(1.0, high + room)


def _scale_note(comparison: Comparison) -> str:
    judgement = comparison.judgement
    if judgement is None or judgement.kind == "better":
        return "The bars of a column share one scale, which does not begin at nought."
    return (
        "The bars of a column share one scale, which does not begin at nought. No figure is marked "
        "as the best, because the numbers do not carry it."
    )


def _every_metric(comparison: Comparison) -> Any:
    values = chosen_epoch_values(comparison.runs)
    if not values:
        return None
    heads = [Column(run_cell(run.entity, i)) for i, run in enumerate(comparison.runs)]
    rows: list[list[Cell]] = [["Chosen epoch", *map(_epoch_words, comparison.runs)]]
    for key, row in values.items():
        rows.append([metric_words(key), *(_value(key, value) for value in row)])
    table = drawn_table("every-metric", [Column("Metric"), *heads], rows,
                        label="Every metric at the chosen epoch")  # fmt: skip
    summary = html.Summary("Every metric at the epoch whose weights were used")
    return html.Details([summary, table], className="compare-more")


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
) -> list[Cell]:
    return [
        [run_cell(*places[pair.a]), run_cell(*places[pair.b])],
        difference_cell(pair.accuracy),
        difference_cell(pair.macro_f1),
        f"{pair.only_a} : {pair.only_b}",
        p_value(pair.p),
        p_value(pair.p_holm),
        f"{points(pair.detectable).lstrip('+')} points",
        _says(pair, judgement),
        {"pair": f"{pair.a},{pair.b}"},
    ]


def _says(pair: Pair, judgement: Judgement) -> dict[str, Any]:
    if pair.told_apart:
        word = "first better" if pair.accuracy.value > 0 else "second better"
        return {"chip": {"kind": "completed", "icon": "award", "word": word}}
    if pair.equivalent:
        word = f"equal within ±{judgement.delta * 100:g}"
        return {"chip": {"kind": "running", "icon": "check-circle", "word": word}}
    more = ""
    if pair.more_units:
        more = f"about {format_count(pair.more_units)} more {judgement.unit_name} would tell"
    return {"chip": {"kind": "", "icon": "question-circle", "word": "open"}, "sub": more}


def nothing_chosen() -> html.Div:
    """Say how a comparison comes about."""
    return empty_state(
        "columns-gap",
        "Choose two to ten runs",
        "Add them above, or mark them in the list of experiments. Runs on the same data and split "
        "get a verdict; others are shown side by side.",
        actions=[dcc.Link("All experiments", href="/experiments", className="button button-quiet")],
    )
