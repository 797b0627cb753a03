"""The verdict and the Overview tab."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dash_app.components import (
    card,
    empty_state,
    format_count,
    format_duration,
    format_score,
    icon,
    relative_time,
    term,
)
from dash_app.pages._experiment import against_forecast, family_title
from dash_app.pages.experiment_results import overview_ids as ids
from dash_app.pages.experiment_results.verdict import Verdict, comparison, per_recording, shown
from integrations.core.checks import Facts
from integrations.core.compare.verdict import Judgement
from integrations.core.evaluation.evaluation import Evaluation, Interval
from storage.entities import ExperimentEntity
from tasks.study_results import Spread

POLL_MS = 3000

FIGURES = (
    ("accuracy", "Accuracy", "Share of test windows whose class is recognised."),
    (
        "macro_precision",
        "Macro precision",
        "Of the windows given to a class, the share that belongs there; the mean over classes.",
    ),
    (
        "macro_recall",
        "Macro recall",
        "Of a class's windows, the share that is recognised; the mean over classes.",
    ),
    (
        "macro_f1",
        "Macro F1",
        "Harmonic mean of precision and recall; the mean over classes, rare ones count the same.",
    ),
)


def verdict_section(said: Verdict, evaluation: Evaluation) -> html.Div:
    """Draw the verdict."""
    votes = per_recording(evaluation)
    parts: list[Any] = [
        html.P(
            [
                html.Span("Correct on ", className="verdict-lead"),
                html.Strong(said.figure, className="verdict-figure"),
                html.Span(f" {said.sentence}", className="verdict-lead"),
            ],
            className="verdict-sentence",
        )
    ]
    if said.caution:
        parts.append(
            html.P([icon("exclamation-triangle"), said.caution], className="verdict-caution")
        )
    small = [f"In brackets: {evaluation.interval_method}.", f"{votes}." if votes else ""]
    parts.append(html.P(" ".join(filter(None, small)), className="muted small"))
    return html.Div(parts)


def overview_tab(entity: ExperimentEntity, facts: Facts, spread: Spread | None) -> html.Div:
    """Draw figures and facts of the run; what needs other runs is filled in by callbacks."""
    notes = facts.evaluation.notes
    follows = card(html.Div(_waiting(), id=ids.FINDINGS), title="What follows from the numbers")
    rival = card(
        html.Div(_waiting(), id=ids.RIVAL),
        title="Compared with the best other run",
        help="The best run on the same data and exactly the same split, by an exact paired test.",
    )
    kept = card(html.Ul([html.Li(note) for note in notes]), title="To keep in mind")
    left = [follows, html.Div(id=ids.CURVE)]
    right = [
        rival,
        *([repeats_card(entity, spread)] if spread else []),
        card(_facts(entity, facts), title="Summary"),
        *([kept] if notes else []),
    ]
    return html.Div(
        [
            dcc.Store(id=ids.ASKED, data=entity.id),
            dcc.Interval(id=ids.CURVE_POLL, interval=POLL_MS, disabled=True),
            html.Div(
                [_figure(name, label, about, facts) for name, label, about in FIGURES],
                className="grid-4",
            ),
            html.Div(
                [html.Div(left, className="stack"), html.Div(right, className="stack")],
                className="grid-2 overview-columns",
            ),
        ],
        className="stack",
    )


def repeats_card(entity: ExperimentEntity, spread: Spread) -> html.Section:
    """Say where a repeat stands among its siblings."""
    best = spread.n > 1 and entity.id == spread.best_id
    label = html.Span(f"best of {spread.n}", className="chip chip-warning") if best else None
    rows = [
        ("Runs", f"{spread.n} finished, with other seeds"),
        ("Accuracy", _mean(spread.accuracy)),
        ("Macro F1", _mean(spread.macro_f1)),
        ("This run", [format_score(entity.macro_f1), " ", label] if label
         else format_score(entity.macro_f1)),
    ]  # fmt: skip
    cells = [cell for name, value in rows for cell in (html.Dt(name), html.Dd(value))]
    return card(
        html.Dl(cells, className="facts"),
        title="Repeats of this run",
        help="Means over the seeds with 95 % t intervals: what to report, rather than the best.",
        actions=[dcc.Link("All repeats", href=f"/study/{spread.study_id}", className="small")],
    )


def _mean(interval: Interval | None) -> str:
    return "known from two runs on" if interval is None else f"mean {shown(interval)}"


def _waiting() -> html.Div:
    lines = [html.Div(className="skeleton-line advice-waiting") for _ in range(2)]
    return html.Div(lines, **{"aria-hidden": "true"})


def _figure(name: str, label: str, about: str, facts: Facts) -> html.Div:
    figure = facts.evaluation.headline[name]
    validation = facts.evaluation.validation.get(name)
    below = "" if validation is None else f"validation {validation * 100:.1f} %"
    return html.Div(
        [
            html.Div(term(label, about), className="stat-label"),
            html.Div(f"{figure.value * 100:.1f} %", className="figure-value"),
            _interval_bar(figure),
            html.Div(
                [
                    html.Span(f"{figure.low * 100:.1f}–{figure.high * 100:.1f}"),
                    html.Span(below, className="nowrap"),
                ],
                className="stat-detail figure-below",
            ),
        ],
        className="card figure",
    )


def _interval_bar(figure: Interval) -> html.Div:
    left, width = figure.low * 100, max(0.6, (figure.high - figure.low) * 100)
    return html.Div(
        [
            html.Div(
                className="interval-range", style={"left": f"{left:.1f}%", "width": f"{width:.1f}%"}
            ),
            html.Div(className="interval-point", style={"left": f"{figure.value * 100:.1f}%"}),
        ],
        className="interval-bar",
        role="img",
        **{"aria-label": f"{shown(figure)} on a scale from 0 to 100 %"},
    )


def rival_table(
    entity: ExperimentEntity, rival: ExperimentEntity | None, judgement: Judgement | None
) -> Any:
    """Set the run beside the best other one, with the verdict of the paired test."""
    if rival is None:
        return html.P(
            "No other run on the same data and split yet. Clone this one with another family to "
            "get a comparison.",
            className="muted",
        )
    link = dcc.Link(rival.name, href=f"/experiment/{rival.id}/results")
    head = html.Tr(
        [
            html.Th(html.Span("Figure", className="visually-hidden")),
            html.Th("This run", className="number"),
            html.Th(link, className="number"),
        ]
    )
    rows = [
        html.Tr([html.Td(label), _score_cell(entity, key), _score_cell(rival, key)])
        for key, label in (("accuracy", "Accuracy"), ("macro_f1", "Macro F1"))
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain rivals")
    said = judgement.sentence if judgement else _by_intervals(entity, rival)
    more = dcc.Link(
        ["Compare them in detail", icon("arrow-right")],
        href=f"/compare?ids={entity.id},{rival.id}",
        className="advice-action",
    )
    return html.Div(
        [html.P(said, className="rival"), html.Div(table, className="scroll-x"), html.P(more)]
    )


def _by_intervals(entity: ExperimentEntity, rival: ExperimentEntity) -> str:
    said = comparison(entity.metrics, rival.metrics)
    return said.sentence if said else ""


def _score_cell(run: ExperimentEntity, key: str) -> html.Td:
    metrics = run.metrics
    text = format_score(metrics.get(key), metrics.get(f"{key}_low"), metrics.get(f"{key}_high"))
    value, bracket, interval = text.partition(" (")
    parts = [html.Span(value, className="nowrap")]
    if bracket:
        parts += [" ", html.Span(f"({interval}", className="nowrap")]
    return html.Td(parts, className="number")


def _facts(entity: ExperimentEntity, facts: Facts) -> html.Dl:
    split = facts.evaluation.split
    pairs: list[tuple[str, Any]] = [
        ("Model", family_title(entity.family)),
        ("Preset", entity.preset.replace("_", " ") or "own settings"),
        ("Data", dcc.Link(entity.dataset_name, href=f"/datasets/{entity.dataset_id}")),
        ("Split", split.name),
        ("Windows", f"{format_count(split.train_windows)} training, "
                    f"{format_count(split.validation_windows)} validation, "
                    f"{format_count(split.test_windows)} test"),
        ("Groups", f"{split.train_groups} training, {split.validation_groups} validation, "
                   f"{split.test_groups} test"),
        *([("Best epoch", f"{facts.best_epoch} of {len(facts.history)}")]
          if facts.best_epoch else []),
        *([("Parameters", format_count(entity.n_parameters))] if entity.n_parameters else []),
        ("Training time", _time(entity)),
        ("Finished", relative_time(entity.finished_at)),
        ("Machine", entity.host or "–"),
        ("Seed", str(entity.config.get("seed", "–"))),
    ]  # fmt: skip
    cells = [cell for name, value in pairs for cell in (html.Dt(name), html.Dd(value))]
    return html.Dl(cells, className="facts")


def _time(entity: ExperimentEntity) -> Any:
    """Say what the run took, held against what was forecast when it was created."""
    said, kept = against_forecast(entity), entity.forecast
    if not said or not kept:
        return format_duration(entity.seconds or None)
    about = (
        "The forecast was made when the run was created, from counted work and the speed of "
        f"{kept['basis']}; in brackets the range to expect."
    )
    return term(said, about)


def unfinished(entity: ExperimentEntity) -> html.Div:
    """Fill the page of a run that has no results."""
    words = {
        "failed": ("x-octagon", "This run failed", entity.error or "Its log says why."),
        "cancelled": (
            "slash-circle",
            "This run was cancelled",
            "It was not evaluated, so there are no results. Retry goes on from its checkpoint.",
        ),
    }
    symbol, title, text = words.get(
        entity.status,
        ("hourglass-split", "No results yet", f"The run is {entity.status}. Its results appear "
         "here when it has ended."),
    )  # fmt: skip
    way = dcc.Link("Open the monitor", href=f"/experiment/{entity.id}/monitor",
                   className="button button-quiet")  # fmt: skip
    return html.Div(empty_state(symbol, title, text, actions=[way]), className="card")
