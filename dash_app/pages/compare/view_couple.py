"""Two runs closely: what explains their difference, where it lies, which recordings flipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components import card, chart_card, format_count, format_number
from dash_app.pages.compare import ids
from dash_app.pages.compare.marks import run_names
from dash_app.pages.compare.setting_titles import setting_title, specs_of
from dash_app.pages.compare.tables import Cell, Column, drawn_table
from dash_app.pages.compare.view_course import settings_of, value_text
from integrations.core.compare.courses import parting
from integrations.core.compare.gaps import (
    Flip,
    Gap,
    class_parts,
    confusion_change,
    field_parts,
    flipped,
    gaps,
)
from integrations.core.compare.setting_rows import setting_rows
from integrations.core.compare.verdict import points
from integrations.core.figures.chart import Bars
from integrations.core.figures.comparison import (
    confusion_change_chart,
    gap_chart,
    metric_axis,
    metric_words,
)
from integrations.core.figures.plotly_renderer import to_plotly
from storage.entities import ExperimentEntity
from tasks.comparison import Couple, course_of

MOST_FLIPS = 60
MOST_SETTINGS = 12
DIVERGING = [
    [0.0, "rgba(213,94,0,1)"], [0.5, "rgba(213,94,0,0)"],
    [0.5, "rgba(0,114,178,0)"], [1.0, "rgba(0,114,178,1)"],
]  # fmt: skip
"""From orange over nothing to blue, so that it reads on white and on black."""
PARTED = ("val_loss", "val_accuracy", "train_loss")


def couple_body(pair: Couple, a: ExperimentEntity, b: ExperimentEntity, field: str) -> list[Any]:
    """Draw everything that two runs on the same windows can be asked."""
    names = run_names([a, b])
    by_class = gaps(pair.a, pair.b, pair.unit, class_parts(pair.a, pair.classes))
    fields = _fields(pair)
    chosen = field if field in fields else _telling_field(pair, fields)
    change = confusion_change_chart(
        confusion_change(pair.a, pair.b, len(pair.classes)), pair.classes, *names
    )
    drawn = to_plotly(change)
    drawn["data"][0] |= {"colorscale": DIVERGING}
    return [
        html.Div(
            [
                explanation_card(a, b, by_class),
                _gap_card(gap_chart(by_class, "compare_classes", "class", *names)),
            ],
            className="grid-2",
        ),
        html.Div(
            [
                chart_card(change, figure=drawn),
                html.Div([_field_choice(fields, chosen), html.Div(id=ids.SLICES)],
                         className="stack-tight"),
            ],
            className="grid-2",
        ),
        _flips_card(pair, a, b),
    ]  # fmt: skip


def slices_card(pair: Couple, names: Sequence[str], field: str) -> Any:
    """Draw the differences over the values of a field of the recordings."""
    part = _fields(pair).get(field)
    if part is None:
        return None
    found = gaps(pair.a, pair.b, pair.unit, part)
    shown = [Gap(f"{field} {g.name}", g.windows, g.units, g.a, g.b, g.difference) for g in found]
    return _gap_card(gap_chart(shown, "compare_slices", "condition", *names))


def _gap_card(chart: Bars) -> html.Section:
    """Show differences around a visible nought."""
    drawn = to_plotly(chart)
    nought = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1,
              "line": {"color": "#8a939d", "width": 1}}  # fmt: skip
    drawn["layout"]["shapes"] = [nought]
    return chart_card(chart, figure=drawn)


def explanation_card(
    a: ExperimentEntity, b: ExperimentEntity, by_class: Sequence[Gap]
) -> html.Section:
    """Set the settings in which two runs differ beside where their courses part."""
    known = setting_rows([settings_of(a), settings_of(b)])
    rows = [row for row in known if row.differs and row.shared]
    specs = specs_of([a.family, b.family])
    first, second = run_names([a, b])
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th("Setting"), html.Th(first), html.Th(second)])),
            html.Tbody(
                [
                    html.Tr([html.Th(setting_title(row.setting, specs), scope="row"),
                             *(html.Td(value_text(v)) for v in row.values)])
                    for row in rows[:MOST_SETTINGS]
                ]
            ),
        ],
        className="plain compare-table",
    )  # fmt: skip
    more = len(rows) - MOST_SETTINGS
    facts = [*_parting_words(a, b), *_class_words(by_class, first, second)]
    nothing = html.P("Not one setting differs: what is left is chance.")
    return card(
        html.Ul([html.Li(fact) for fact in facts], className="compare-facts"),
        html.Div(table, className="scroll-x") if rows else nothing,
        *([html.P(f"{more} more settings differ.", className="muted small")] if more > 0 else []),
        *_family_words(a, b),
        title="What may explain the difference",
        help="Settings that differ, beside where the courses part. The runs differ in all of them "
        "at once, so none is shown to be the cause.",
    )


def _family_words(a: ExperimentEntity, b: ExperimentEntity) -> list[Any]:
    if a.family == b.family:
        return []
    words = "They are of two families, so each has settings that the other has not (see Settings)."
    return [html.P(words, className="muted small")]


def _parting_words(a: ExperimentEntity, b: ExperimentEntity) -> list[str]:
    for metric in PARTED:
        ours, theirs = course_of(a.id, metric), course_of(b.id, metric)
        if ours is None or theirs is None or min(len(ours.epochs), len(theirs.epochs)) < 3:
            continue
        word = metric_words(metric)
        found = parting(ours, theirs)
        if found is None:
            return [f"{word} runs alike to the end of what both were trained for."]
        upper, lower = run_names([a, b]) if found.difference > 0 else run_names([b, a])
        share = metric_axis(metric).percent
        size = abs(found.difference)
        far = f"{points(size).lstrip('+')} points" if share else format_number(size, 3)
        since = f"from epoch {found.epoch} on" if found.epoch > 1 else "from the first epoch on"
        return [f"{word} of “{upper}” lies above that of “{lower}” {since}, at the end by {far}."]
    return ["Their courses cannot be compared: at least one was not trained in epochs."]


def _class_words(by_class: Sequence[Gap], first: str, second: str) -> list[str]:
    clear = [gap for gap in by_class if gap.clear]
    if not clear:
        return ["On no class do the two clearly differ, intervals taken together."]
    most = max(clear, key=lambda gap: abs(gap.difference.value))
    better = first if most.difference.value > 0 else second
    far = points(abs(most.difference.value)).lstrip("+")
    return [f"Most of it lies in “{most.name}”: there “{better}” recognises {far} points more."]


def _fields(pair: Couple) -> dict[str, list[str]]:
    return field_parts(pair.info, pair.a.test.recording) if pair.info is not None else {}


def _telling_field(pair: Couple, fields: dict[str, list[str]]) -> str:
    """Choose the field over whose values the two differ most unequally."""

    def spread(name: str) -> float:
        met = [g.difference.value for g in gaps(pair.a, pair.b, pair.unit, fields[name])]
        return max(met) - min(met)

    return max(fields, key=spread, default="")


def _field_choice(fields: dict[str, list[str]], chosen: str) -> Any:
    if not fields:
        return card(
            html.P(
                "The test recordings have no field with two values, so there are no conditions to "
                "compare. Fields come with the data, e.g. load or speed.",
                className="muted",
            ),
            dcc.Store(id=ids.FIELD),
            title="By condition",
        )
    return html.Div(
        [
            html.Span("By condition", className="muted small"),
            dmc.Select(
                id=ids.FIELD, data=sorted(fields), value=chosen, size="xs", allowDeselect=False,
                **{"aria-label": "Field of the recordings"},
            ),
        ],
        className="row",
    )  # fmt: skip


def _flips_card(pair: Couple, a: ExperimentEntity, b: ExperimentEntity) -> html.Section:
    found = flipped(pair.a, pair.b)
    first, second = run_names([a, b])
    if not found:
        return card(
            html.P("There is none: both recognise exactly the same windows.", className="muted"),
            title="Recordings whose prediction flipped",
        )
    columns = [
        Column("Recording"),
        Column("True class"),
        Column(f"Only {first} is right", number=True),
        Column(f"Only {second} is right", number=True),
        Column(f"{first} says"),
        Column(f"{second} says"),
        Column("See it with"),
        Column(""),
    ]
    rows = [_flip_row(flip, pair, a, b) for flip in found[:MOST_FLIPS]]
    table = drawn_table("flips", columns, rows, label="Recordings whose prediction flipped",
                        class_name="compare-flips")  # fmt: skip
    only_a, only_b = sum(f.only_a for f in found), sum(f.only_b for f in found)
    more = len(found) - MOST_FLIPS
    note = f" The {MOST_FLIPS} with most such windows are listed." if more > 0 else ""
    return card(
        html.P(
            f"{format_count(len(found))} recordings hold windows that only one of the two "
            f"recognises: {format_count(only_a)} windows only “{first}”, {format_count(only_b)} "
            f"only “{second}”.{note}",
            className="muted",
        ),
        table,
        title="Recordings whose prediction flipped",
        help="Where the two differ, one is right and the other wrong; windows that both mistake in "
        "different ways are not counted.",
    )  # fmt: skip


def _flip_row(flip: Flip, pair: Couple, a: ExperimentEntity, b: ExperimentEntity) -> list[Cell]:
    known = pair.info is not None and flip.recording < len(pair.info.recordings)
    name = pair.info.recordings[flip.recording].name if known and pair.info else ""
    classes = pair.classes
    return [
        name or f"recording {flip.recording}",
        classes[flip.truth],
        f"{flip.only_a} of {flip.windows}",
        f"{flip.only_b} of {flip.windows}",
        classes[flip.said_a],
        classes[flip.said_b],
        _open(a, flip, name),
        _open(b, flip, name),
    ]


def _open(run: ExperimentEntity, flip: Flip, name: str) -> dict[str, str]:
    address = f"/experiment/{run.id}/results?tab=signals&record={flip.recording}&start={flip.start}"
    return {"text": f"#{run.id}", "href": address, "title": f"{name} with “{run.name}”"}
