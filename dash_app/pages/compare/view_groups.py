"""Repeats as groups, and models over several data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dash_app.components import card, chart_card, format_percent, format_score, term
from dash_app.pages._experiment import family_title
from dash_app.pages.compare.marks import difference, p_value
from integrations.core.compare.pivot import Cell, Pivot
from integrations.core.compare.ranking import Ranking
from integrations.core.evaluation.evaluation import Interval
from integrations.core.figures.comparison import critical_difference_chart
from integrations.core.figures.plotly_renderer import to_plotly
from storage.entities import ExperimentEntity
from tasks.comparison import ComparedRun
from tasks.comparison_groups import (
    Repeats,
    RepeatsPair,
    pairs_of_repeats,
    ranking_of,
    repeats_of,
    table_over_data_sets,
)

ALPHA = 0.05
POINTS = "+.1f"


def repeats_card(runs: Sequence[ComparedRun]) -> Any:
    """Compare studies of repeats; nothing where no run belongs to one."""
    groups = repeats_of(runs)
    if not groups:
        return None
    pairs = pairs_of_repeats(groups, runs)
    head = ["Repeats", "Runs", "Accuracy, mean", "Macro F1, mean", "Best"]
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(word) for word in head])),
            html.Tbody([_group_row(group) for group in groups]),
        ],
        className="plain compare-table",
    )
    shared = all(group.one_split for group in groups)
    scope = (
        "All repeats share one split: this covers the luck of the seed, not that of the split."
        if shared
        else "The splits vary too: this covers the luck of seed and split."
    )
    return card(
        html.Div(table, className="scroll-x"),
        *[html.P(_pair_words(pair), className="compare-repeats") for pair in pairs],
        html.P(f"Intervals are t intervals over the repeats. {scope}", className="muted small"),
        title="Repeats",
        help="All finished runs of each study, also those not chosen here. Two studies are "
        "compared over the repeats with the same split and seed by the corrected resampled t test "
        "(Nadeau & Bengio 2003).",
    )


def datasets_card(runs: Sequence[ExperimentEntity]) -> Any:
    """Show models over data sets; nothing where there is one data set only."""
    if len({run.dataset_fingerprint for run in runs}) < 2:
        return None
    table = table_over_data_sets(runs)
    if not table.models:
        return None
    titled = Pivot(tuple(_titled(m) for m in table.models), table.data_sets, table.cells)
    ranking = ranking_of(table)
    return html.Div(
        [_pivot_card(titled, runs), *_ranks(titled, ranking)],
        className="grid-2" if ranking else "stack",
    )


def _titled(model: str) -> str:
    name, dot, rest = model.partition(" · ")
    bare, bracket, variant = name.partition(" (")
    return f"{family_title(bare)}{bracket}{variant}{dot}{rest.replace('_', ' ')}"


def _group_row(group: Repeats) -> html.Tr:
    number = len(group.runs)
    link = dcc.Link(group.study.name, href=f"/study/{group.study.id}")
    flatters = f"Best of {number}: the largest of several figures flatters; the mean does not."
    best = term(format_percent(group.best), flatters)
    return html.Tr(
        [
            html.Td(link),
            html.Td(str(number)),
            html.Td(_mean(group.figures["accuracy"])),
            html.Td(_mean(group.figures["macro_f1"])),
            html.Td(
                [best, html.Span(f" best of {number}", className="muted small")], className="nowrap"
            ),
        ]
    )


def _mean(interval: Interval | None) -> str:
    if interval is None:
        return "one repeat only"
    return format_score(interval.value, interval.low, interval.high)


def _pair_words(pair: RepeatsPair) -> list[Any]:
    names = f"“{pair.a.study.name}” against “{pair.b.study.name}”: "
    if pair.difference is None:
        return [names, pair.problem]
    told = pair.p_holm < ALPHA
    says = "they differ" if told else "they cannot be told apart"
    test = f", p = {p_value(pair.p_holm)} over {pair.n} paired repeats; {says}."
    return [names, *difference(pair.difference), test]


def _pivot_card(table: Pivot, runs: Sequence[ExperimentEntity]) -> html.Section:
    head = [html.Th("Model"), *(html.Th(name, className="number") for name in table.data_sets)]
    rows = [
        html.Tr([html.Th(model, scope="row"), *(_cell(cell) for cell in cells)])
        for model, cells in zip(table.models, table.cells, strict=True)
    ]
    numbers = ",".join(str(run.id) for run in runs)
    downloads = [
        html.A(label, href=f"/api/compare/table?ids={numbers}&table=pivot&format={form}",
               download=f"pivot.{form}", className="link-button small")
        for label, form in (("CSV", "csv"), ("LaTeX", "tex"))
    ]  # fmt: skip
    return card(
        html.Div(html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)],
                            className="plain compare-table"), className="scroll-x"),
        title="Models over data sets",
        help="Accuracy on the test part of each data set; where several runs stand behind a cell, "
        "their mean ± standard deviation and number. A number in brackets tells variants of one "
        "family apart that differ in settings other than the data's and the seed.",
        actions=downloads,
    )  # fmt: skip


def _cell(cell: Cell | None) -> html.Td:
    if cell is None:
        return html.Td("–", className="number muted")
    if cell.spread is None:
        return html.Td(format_percent(cell.mean), className="number")
    spread = f"{cell.mean * 100:.1f} ± {cell.spread * 100:.1f} %"
    return html.Td([spread, html.Span(f" n = {cell.n}", className="muted small")],
                   className="number")  # fmt: skip


def _ranks(table: Pivot, ranking: Ranking | None) -> list[Any]:
    if ranking is None:
        return [html.P("A ranking needs two models that both ran on two data sets or more.",
                       className="muted small")]  # fmt: skip
    chart = critical_difference_chart(table.models, ranking)
    drawn = to_plotly(chart)
    drawn["layout"]["yaxis"] |= {"visible": False}
    drawn["layout"] |= {"showlegend": False, "hovermode": "closest"}
    for trace in drawn["data"]:
        trace["line"] = {**trace["line"], "width": 4}
        trace["marker"]["size"] = 11
        trace["hovertemplate"] = "%{fullData.name}: rank %{x:.2f}<extra></extra>"
    friedman = ""
    if ranking.friedman_p is not None:
        friedman = f"Friedman p = {p_value(ranking.friedman_p)}; "
    names = table.models
    told = [f"“{names[p.a]}” and “{names[p.b]}” (p = {p_value(p.p_holm)})"
            for p in ranking.pairs if p.p_holm < ALPHA]  # fmt: skip
    pairs = f"told apart by Wilcoxon with Holm: {', '.join(told)}" if told else (
        "no pair is told apart by Wilcoxon with Holm"
    )  # fmt: skip
    few = " Six data sets are the fewest with which Wilcoxon's test can find anything." \
        if ranking.n_data_sets < 6 else ""  # fmt: skip
    return [
        html.Div(
            [chart_card(chart, figure=drawn, height=90 + 48 * len(names)),
             html.P(f"{friedman}{pairs}.{few}", className="muted small")],
            className="stack-tight",
        )
    ]  # fmt: skip
