"""The controls by which a person corrects what was understood of an upload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components import card, icon
from dash_app.pages.dataset_detail.ids import form_field
from integrations.core.data.inspection import Inspection
from integrations.core.data.scan import FileFacts

SOURCES = {
    "pattern": "the file name",
    "folder": "the folder",
    "column": "a column or variable",
    "single": "nowhere, all are one class",
    "file": "each file is its own group",
}
DEBOUNCE = 350


def review_form(
    plan: Inspection, values: dict[str, Any], facts: Sequence[FileFacts]
) -> html.Section:
    """Draw the form with its values; hints tell what is in force where nothing is entered."""
    draw = _Drawer(values)
    return card(
        html.Div(
            [
                draw.text("name", "Name of the data set"),
                _part("Classes", _classes(draw, plan, facts)),
                _part("Groups", _groups(draw, plan)),
                _part("Channels and sampling rate", _signals(draw, plan)),
                _part("Missing values and broken files", _broken(draw)),
                dmc.Accordion(
                    dmc.AccordionItem(
                        [
                            dmc.AccordionControl("More: derived fields, facts, text tables"),
                            dmc.AccordionPanel(html.Div(_more(draw), className="review-form")),
                        ],
                        value="more",
                    ),
                    variant="contained",
                ),
            ],
            className="review-form",
        ),
        title="What it is",
        help="Correct here what was not understood; the result at the side follows at once.",
    )


def _classes(draw: _Drawer, plan: Inspection, facts: Sequence[FileFacts]) -> list[Any]:
    now = SOURCES.get(plan.label_source, plan.label_source)
    columns = sorted({n for f in facts for n in _label_names(f)})
    return [
        draw.select(
            "label_source",
            "The class stands in",
            [
                ("auto", f"found by itself: {now}"),
                ("pattern", "the file name"),
                ("folder", "the folder"),
                ("column", "a column or variable"),
                ("single", "nowhere, all are one class"),
            ],
        ),
        draw.text(
            "pattern",
            "File names look like",
            hint="{name} is a part, [ ] may be missing, * is anything.",
            placeholder="{rpm}_{fault}[_{size}]",
            mono=True,
        ),
        html.Div(
            [
                draw.text(
                    "label_template",
                    "Class from the name",
                    placeholder=plan.label_template or "{fault}",
                    mono=True,
                ),
                draw.select(
                    "label_column", "Class column", [("", "found by itself"), *_pairs(columns)]
                ),
            ],
            className="two",
        ),
    ]


def _groups(draw: _Drawer, plan: Inspection) -> list[Any]:
    now = f"found by itself: {plan.group_template or SOURCES.get(plan.group_source, '')}"
    return [
        draw.select(
            "group_source",
            "Recordings belong together by",
            [
                ("auto", now),
                ("file", "nothing: each file is its own group"),
                ("folder", "the folder"),
                ("pattern", "parts of the file name"),
            ],
            hint="What came from one bearing, patient or day. A split never divides a group.",
        ),
        draw.text(
            "group_template",
            "Group from the name",
            placeholder=plan.group_template or "{fault}-{size}",
            mono=True,
        ),
    ]


def _signals(draw: _Drawer, plan: Inspection) -> list[Any]:
    offered = [c.name for c in plan.channels]
    return [
        dmc.TagsInput(
            id=form_field("channels"),
            label="Channels",
            data=offered,
            value=draw.values["channels"],
            description="Columns or variables that every recording has.",
        ),
        html.Div(
            [
                draw.number("sampling_rate_hz", "Rate if unknown", "Hz"),
                draw.number("target_sampling_rate_hz", "Resample to", "Hz"),
            ],
            className="two",
        ),
        draw.area(
            "rate_rules",
            "Rates of single files",
            "1797_Normal* = 48000",
            "One rule per line; it goes before what the file says.",
        ),
        draw.text("unit", "Unit of the samples", placeholder="g, V, µm …"),
    ]


def _broken(draw: _Drawer) -> list[Any]:
    return [
        draw.select(
            "nan_policy",
            "A recording with missing values is",
            [
                ("refuse", "reported as a problem"),
                ("drop", "left out"),
                ("interpolate", "mended by a line across the gap"),
            ],
        ),
        draw.select(
            "keep_whole_part",
            "A file that was cut short is",
            [("no", "reported as a problem"), ("yes", "used up to where it is whole")],
        ),
    ]


def _more(draw: _Drawer) -> list[Any]:
    return [
        draw.area(
            "derived",
            "Fields made from others",
            "load from rpm: 1797=0, 1772=1, 1750=2, 1730=3",
            "One per line; a split can hold back their values.",
        ),
        draw.area(
            "properties",
            "Facts about the whole set",
            "BPFO = 3.5848",
            "One per line, e.g. the orders of a bearing.",
        ),
        html.Div(
            [
                draw.select(
                    "csv_delimiter",
                    "Columns divided by",
                    [("auto", "found by itself"), (",", "comma"), (";", "semicolon"),
                     ("\t", "tab"), ("|", "bar"), (" ", "blanks")],
                ),
                draw.select(
                    "csv_decimal",
                    "Decimal mark",
                    [("auto", "found by itself"), (".", "point"), (",", "comma")],
                ),
            ],
            className="two",
        ),
    ]  # fmt: skip


class _Drawer:
    """Draws labelled controls that carry the form's ids and values."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def text(
        self, name: str, label: str, *, hint: str = "", placeholder: str = "", mono: bool = False
    ) -> dmc.TextInput:
        return dmc.TextInput(
            id=form_field(name),
            label=label,
            description=hint or None,
            placeholder=placeholder,
            value=self.values[name],
            debounce=DEBOUNCE,
            className="mono-input" if mono else "",
        )

    def area(self, name: str, label: str, placeholder: str, hint: str) -> dmc.Textarea:
        return dmc.Textarea(
            id=form_field(name),
            label=label,
            description=hint,
            placeholder=placeholder,
            value=self.values[name],
            autosize=True,
            minRows=1,
            maxRows=6,
            debounce=DEBOUNCE,
            className="mono-input",
        )

    def number(self, name: str, label: str, unit: str) -> dmc.NumberInput:
        return dmc.NumberInput(
            id=form_field(name),
            label=label,
            value="" if self.values[name] is None else self.values[name],
            suffix=f" {unit}",
            min=0,
            hideControls=True,
            debounce=DEBOUNCE,
        )

    def select(
        self, name: str, label: str, options: Sequence[tuple[str, str]], hint: str = ""
    ) -> dmc.Select:
        return dmc.Select(
            id=form_field(name),
            label=label,
            description=hint or None,
            value=self.values[name],
            data=[{"value": value, "label": text} for value, text in options],
            allowDeselect=False,
            rightSection=icon("chevron-expand"),
        )


def _part(title: str, children: list[Any]) -> html.Div:
    return html.Div([html.H3(title), *children], className="form-part")


def _label_names(facts: FileFacts) -> list[str]:
    return [*facts.labels, *(v.name for v in facts.variables if v.runs)]


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names if name][:200]
