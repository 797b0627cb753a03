"""Raw form values → a valid model, or a sentence at each field that is wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from dash_app.forms.fields import FieldKind, FieldSpec, all_fields
from dash_app.forms.values import nested, parse_number

Model = TypeVar("Model", bound=BaseModel)
NUMBERS = (FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.SCIENTIFIC)


@dataclass(frozen=True)
class Checked(Generic[Model]):
    """The outcome of reading a form.

    Attributes:
        config: The valid model, or None.
        errors: A sentence by dotted path; "" holds what belongs to no field.
    """

    config: Model | None
    errors: dict[str, str] = field(default_factory=dict)


def check(model: type[Model], values: dict[str, Any]) -> Checked[Model]:
    """Read a form: raw values by dotted path, e.g. {"training.epochs": 40}.

    Settings that are missing keep their defaults; unknown ones (of an older version) are ignored,
    and so is nonsense in a setting that has no effect and is not shown.
    """
    specs = all_fields(model)
    given = {path: raw for path, raw in values.items() if path in specs}
    known = {path: raw for path, raw in given.items() if _matters(specs[path], raw, given)}
    errors = {path: found for path, raw in known.items() if (found := complaint(specs[path], raw))}
    good = {path: _typed(specs[path], raw) for path, raw in known.items() if path not in errors}
    try:
        config = model.model_validate(nested(good))
    except ValidationError as error:
        for path, sentence in _placed(error, specs, known):
            errors.setdefault(path, sentence)
        return Checked(None, errors)
    return Checked(None if errors else config, errors)


def _matters(spec: FieldSpec, raw: Any, values: dict[str, Any]) -> bool:
    return is_shown(spec, values) or not complaint(spec, raw)


def complaint(spec: FieldSpec, raw: Any) -> str:
    """Say what is wrong with one raw value by itself; "" when nothing is."""
    if spec.kind in NUMBERS:
        return _number_complaint(spec, raw)
    allowed = [value for value, _ in spec.options]
    if spec.kind is FieldKind.CHOICE and raw not in allowed and not (spec.optional and not raw):
        return "Choose one of the options."
    return ""


def _number_complaint(spec: FieldSpec, raw: Any) -> str:
    if raw is None or raw == "":
        return "" if spec.optional else "Enter a number."
    value = parse_number(raw)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        example = ", e.g. 1e-3" if spec.kind is FieldKind.SCIENTIFIC else ""
        return f"“{raw}” is not a number. Enter one{example}."
    if spec.kind is FieldKind.INTEGER and value != int(value):
        return "Enter a whole number."
    return _range_complaint(spec, value)


def _range_complaint(spec: FieldSpec, value: float) -> str:
    if spec.ge is not None and (value < spec.ge or (spec.above and value == spec.ge)):
        word = "more than" if spec.above else "at least"
        return f"Must be {word} {amount(spec, spec.ge)}."
    if spec.le is not None and (value > spec.le or (spec.below and value == spec.le)):
        word = "less than" if spec.below else "at most"
        return f"Must be {word} {amount(spec, spec.le)}."
    return ""


def amount(spec: FieldSpec, value: float) -> str:
    """Write a limit with its unit: "8 samples"; whole numbers in full, others shortest."""
    text = f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:g}"
    return f"{text} {spec.unit}".strip()


def _typed(spec: FieldSpec, raw: Any) -> Any:
    if spec.kind in (FieldKind.LIST, FieldKind.EXPERIMENTS):
        return list(raw or [])
    if spec.kind is FieldKind.EXPERIMENT:
        return raw or 0
    if spec.optional and (raw is None or raw == ""):
        return None
    if spec.kind in NUMBERS:
        value = parse_number(raw)
        return int(value) if spec.kind is FieldKind.INTEGER else float(value)
    return "" if raw is None else raw


def _placed(
    error: ValidationError, specs: dict[str, FieldSpec], values: dict[str, Any]
) -> list[tuple[str, str]]:
    placed = []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"] if not isinstance(part, int))
        sentence = _sentence(item["msg"])
        if path not in specs:
            named = item.get("ctx", {}).get("field")
            path = named if named in specs else _culprit(path, sentence, specs, values)
        placed.append((path, sentence))
    return placed


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Assertion failed, ").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _culprit(
    section: str, sentence: str, specs: dict[str, FieldSpec], values: dict[str, Any]
) -> str:
    """Choose the field an error about a whole section is shown at.

    An empty setting that only matters because of another one comes first, then the setting that
    the sentence names by its longest title, then the section's first.
    """
    inside = [s for s in specs.values() if s.path.startswith(f"{section}." if section else "")]
    shown = [s for s in inside if is_shown(s, values)]
    empty = [s for s in shown if s.show_if and values.get(s.path) in ("", None, [])]
    if empty:
        return empty[0].path
    named = [s for s in shown if s.title.lower() in sentence.lower()]
    if named:
        return max(named, key=lambda s: len(s.title)).path
    return shown[0].path if shown else ""


def is_shown(spec: FieldSpec, values: dict[str, Any]) -> bool:
    """Tell whether a setting has an effect, given the values of its siblings."""
    return all(values.get(path) in allowed for path, allowed in spec.show_if.items())
