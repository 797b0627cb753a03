"""One setting → one labelled input; how it looks is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.forms.fields import PICKERS, FieldKind, FieldSpec
from dash_app.forms.validation import amount
from dash_app.forms.values import parse_number

SLIDER_STEPS = 200
DEBOUNCE_MS = 250


def part_id(form: str, part: str, path: str) -> dict[str, str]:
    """Give the id of a part of a setting: field, switch, slider, wrap, was or options.

    Dots separate ids from properties in Dash, so the path is written with slashes.
    """
    return {"type": f"{form}-{part}", "path": path.replace(".", "/")}


def path_of(component_id: dict[str, str]) -> str:
    """Give the dotted path of the setting that a part belongs to."""
    return component_id["path"].replace("/", ".")


def field_id(form: str, path: str) -> dict[str, str]:
    """Give the id of a setting's input (its ``value`` counts)."""
    return part_id(form, "field", path)


def switch_id(form: str, path: str) -> dict[str, str]:
    """Give the id of a setting's switch (its ``checked`` counts)."""
    return part_id(form, "switch", path)


def field_input(
    form: str,
    spec: FieldSpec,
    value: Any,
    *,
    error: str = "",
    hidden: bool = False,
    choices: Sequence[str] | None = None,
    options: Sequence[dict[str, str]] = (),
    was: str = "",
) -> html.Div:
    """Draw one setting: label, input, help on hover and focus, error, and what it was before.

    Args:
        form: Name of the form; the ids of all its parts begin with it.
        spec: The setting.
        value: Its raw value (see ``to_values``).
        error: Sentence shown below with a red border.
        hidden: True when another setting makes this one pointless.
        choices: The only values a text or list may take; None leaves it free.
        options: Finished experiments to choose from (value and label), for such a setting.
        was: Former value in words, shown when it differs.
    """
    children = (
        _picker(form, spec, value, error, options)
        if spec.kind in PICKERS
        else _draw(form, spec, value, error, choices)
    )
    note = html.Div(was, id=part_id(form, "was", spec.path), className="field-was")
    return html.Div(
        [*children, note],
        id=part_id(form, "wrap", spec.path),
        className=f"field field-{spec.kind}",
        hidden=hidden,
    )


def as_client_spec(spec: FieldSpec, original: Any = None) -> dict[str, Any]:
    """Give what the browser needs to check a setting by itself (see assets/wizard.js)."""
    return {
        "path": spec.path,
        "kind": str(spec.kind),
        "ge": spec.ge,
        "le": spec.le,
        "above": spec.above,
        "below": spec.below,
        "unit": spec.unit,
        "optional": spec.optional,
        "show_if": spec.show_if,
        "original": original,
        "labels": dict(spec.options),
        "low": "" if spec.ge is None else amount(spec, spec.ge),
        "high": "" if spec.le is None else amount(spec, spec.le),
    }


def _draw(
    form: str, spec: FieldSpec, value: Any, error: str, choices: Sequence[str] | None
) -> list[Any]:
    common: dict[str, Any] = {
        "label": spec.title,
        "description": spec.help or None,
        "error": error or None,
    }
    if spec.kind is FieldKind.SWITCH:
        return [dmc.Switch(id=switch_id(form, spec.path), checked=bool(value), **common)]
    common["id"] = field_id(form, spec.path)
    if spec.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        return _number(form, spec, value, common)
    return [_text_like(spec, value, common, choices)]


def _picker(
    form: str, spec: FieldSpec, value: Any, error: str, options: Sequence[dict[str, str]]
) -> list[Any]:
    """Draw a picker; a new list in its store of options reaches the input (see wizard.js)."""
    several = spec.kind is FieldKind.EXPERIMENTS
    common: dict[str, Any] = {
        "id": field_id(form, spec.path),
        "data": list(options),
        "label": spec.title,
        "description": spec.help or None,
        "error": error or None,
        "searchable": True,
        "clearable": True,
        "nothingFoundMessage": "No finished run that suits",
        "maxDropdownHeight": 320,
    }
    if several:
        chosen = [str(item) for item in value or []]
        picker = dmc.MultiSelect(
            value=chosen, placeholder="Add a finished run", hidePickedOptions=True, **common
        )
    else:
        picker = dmc.Select(value=str(value) if value else None, placeholder="None", **common)
    return [picker, dcc.Store(id=part_id(form, "options", spec.path), data=list(options))]


def _text_like(
    spec: FieldSpec, value: Any, common: dict[str, Any], choices: Sequence[str] | None
) -> Any:
    if spec.kind is FieldKind.CHOICE:
        data = [{"value": raw, "label": words} for raw, words in spec.options]
        return dmc.Select(
            data=data, value=value or None, allowDeselect=spec.optional, clearable=spec.optional,
            **common,
        )  # fmt: skip
    if spec.kind is FieldKind.LIST:
        return _list(value, common, choices)
    if choices is not None:
        return dmc.Select(data=list(choices), value=value or None, searchable=True, **common)
    return dmc.TextInput(
        value="" if value is None else str(value),
        debounce=DEBOUNCE_MS,
        rightSection=_unit(spec),
        rightSectionWidth=_unit_width(spec),
        **common,
    )


def _list(value: Any, common: dict[str, Any], choices: Sequence[str] | None) -> Any:
    if choices is None:
        values = list(value or [])  # sizes of layers may repeat
        return dmc.TagsInput(value=values, clearable=True, allowDuplicates=True, **common)
    return dmc.MultiSelect(
        data=list(choices), value=list(value or []), searchable=True, clearable=True, **common
    )


def _number(form: str, spec: FieldSpec, value: Any, common: dict[str, Any]) -> list[Any]:
    number = dmc.NumberInput(
        value=value,
        step=spec.step or 1,
        suffix=f" {spec.unit}" if spec.unit else "",
        allowDecimal=spec.kind is FieldKind.NUMBER,
        allowNegative=spec.ge is None or spec.ge < 0,
        # Out-of-range values stay and are explained rather than changed silently.
        clampBehavior="none",
        debounce=DEBOUNCE_MS,
        **common,
    )
    return [number, _slider(form, spec, value)] if has_slider(spec) else [number]


def has_slider(spec: FieldSpec) -> bool:
    """Tell whether a setting's range is small enough to be dragged."""
    if spec.kind is not FieldKind.NUMBER or None in (spec.step, spec.ge, spec.le):
        return False
    assert spec.step is not None and spec.ge is not None and spec.le is not None  # noqa: S101, PT018
    return (spec.le - spec.ge) / spec.step <= SLIDER_STEPS


def _slider(form: str, spec: FieldSpec, value: Any) -> dmc.Slider:
    position = parse_number(value)
    return dmc.Slider(
        id=part_id(form, "slider", spec.path),
        value=position if isinstance(position, int | float) else spec.ge,
        min=spec.ge,
        max=spec.le,
        step=spec.step,
        size="xs",
        label=None,
        updatemode="drag",
        thumbLabel=spec.title,
        className="field-slider",
    )


def _unit(spec: FieldSpec) -> Any:
    return html.Span(spec.unit, className="field-unit") if spec.unit else None


def _unit_width(spec: FieldSpec) -> int | None:
    return 16 + 8 * len(spec.unit) if spec.unit else None
