"""A model as the raw values its form holds, and typed text as numbers."""

from __future__ import annotations

from enum import Enum
from typing import Any

from pydantic import BaseModel

from dash_app.forms.fields import FieldKind, FieldSpec, all_fields


def to_values(config: BaseModel) -> dict[str, Any]:
    """Give the raw, JSON-ready form value of every setting by its dotted path."""
    return {path: raw_value(spec, _at(config, path)) for path, spec in _specs(config)}


def raw_value(spec: FieldSpec, value: Any) -> Any:
    """Write one setting the way its input holds it."""
    if value is None:
        return ""
    if spec.kind is FieldKind.SCIENTIFIC:
        return scientific(float(value))
    if spec.kind is FieldKind.EXPERIMENT:
        return str(value) if value else ""
    if spec.kind in (FieldKind.LIST, FieldKind.EXPERIMENTS):
        return [str(_plain(item)) for item in value]
    return _plain(value)


def scientific(value: float) -> str:
    """Write a number with the fewest digits that give it back: 0.001 → "1e-3", 0 → "0"."""
    if value == 0:
        return "0"
    for digits in range(17):
        text = f"{value:.{digits}e}"
        if float(text) == value:
            break
    mantissa, _, exponent = text.partition("e")
    return mantissa if int(exponent) == 0 else f"{mantissa}e{int(exponent)}"


def parse_number(raw: Any) -> Any:
    """Read typed text as a number; a decimal comma is accepted, anything else is given back."""
    if not isinstance(raw, str):
        return raw
    text = raw.strip().replace("\u2212", "-")
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return text


def same(first: Any, second: Any) -> bool:
    """Tell whether two raw values mean the same setting ("1e-3" and 0.001 do)."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    return bool(parse_number(first) == parse_number(second))


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted paths into the nested dict a model is validated from."""
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *parents, leaf = path.split(".")
        branch = tree
        for name in parents:
            branch = branch.setdefault(name, {})
        branch[leaf] = value
    return tree


def _specs(config: BaseModel) -> list[tuple[str, FieldSpec]]:
    return list(all_fields(type(config)).items())


def _at(config: BaseModel, path: str) -> Any:
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
