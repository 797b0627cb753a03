"""What a form must know of each setting, read from the pydantic model once."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dash_app.forms.words import in_words


class FieldKind(StrEnum):
    """Which input a setting is entered with."""

    INTEGER = "integer"
    NUMBER = "number"
    SCIENTIFIC = "scientific"
    CHOICE = "choice"
    SWITCH = "switch"
    LIST = "list"
    TEXT = "text"
    EXPERIMENT = "experiment"
    EXPERIMENTS = "experiments"


PICKERS = (FieldKind.EXPERIMENT, FieldKind.EXPERIMENTS)
"""Inputs that choose finished experiments; what there is to choose depends on the draft."""


@dataclass(frozen=True)
class FieldSpec:
    """One setting as a form shows it.

    Attributes:
        path: Dotted path in the model, e.g. "training.learning_rate".
        ge: Smallest allowed value; ``above`` tells that it is itself excluded.
        options: Pairs of raw value and words, for choices.
        show_if: Dotted path of a sibling to the raw values with which this setting matters.
        optional: True when nothing at all (None) may be entered.
    """

    path: str
    title: str
    help: str
    kind: FieldKind
    default: Any
    unit: str = ""
    ge: float | None = None
    le: float | None = None
    above: bool = False
    below: bool = False
    step: float | None = None
    options: tuple[tuple[str, str], ...] = ()
    show_if: dict[str, list[Any]] = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True)
class SectionSpec:
    """A group of settings under one heading; path "" holds those outside any section."""

    path: str
    title: str
    help: str
    fields: tuple[FieldSpec, ...]


@cache
def sections_of(model: type[BaseModel]) -> tuple[SectionSpec, ...]:
    """Give the sections of a model's form in the model's order, loose settings last.

    Raises:
        TypeError: A field has a type that no input exists for.
    """
    found = _sections(model, "", "", "")
    loose = [section for section in found if not section.path]
    return tuple([section for section in found if section.path] + loose)


def all_fields(model: type[BaseModel]) -> dict[str, FieldSpec]:
    """Give every setting of a model by its dotted path."""
    return {spec.path: spec for section in sections_of(model) for spec in section.fields}


def _sections(model: type[BaseModel], path: str, title: str, text: str) -> list[SectionSpec]:
    own: list[FieldSpec] = []
    nested: list[SectionSpec] = []
    for name, info in model.model_fields.items():
        inner = info.annotation
        below = f"{path}{name}"
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            heading = " · ".join(part for part in (title, info.title or in_words(name)) if part)
            nested += _sections(inner, f"{below}.", heading, _first_line(inner))
        else:
            own.append(_spec(below, name, info))
    if not own:
        return nested
    heading = title or ("General" if path == "" else in_words(path.rstrip(".")))
    return [SectionSpec(path.rstrip("."), heading, text, tuple(own)), *nested]


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0]


def _spec(path: str, name: str, info: FieldInfo) -> FieldSpec:
    extra: dict[str, Any] = {}
    if isinstance(info.json_schema_extra, dict):
        extra.update(info.json_schema_extra)
    annotation, optional = _without_none(info.annotation)
    parent = path[: -len(name)]
    show_if: dict[str, list[Any]] = extra.get("show_if", {})
    return FieldSpec(
        path=path,
        title=info.title or in_words(name),
        help=info.description or "",
        kind=_kind(path, annotation, extra),
        default=info.get_default(call_default_factory=True),
        unit=str(extra.get("unit") or ""),
        step=_as_float(extra.get("step")),
        options=_options(annotation, extra.get("labels", {})),
        show_if={f"{parent}{key}": list(values) for key, values in show_if.items()},
        optional=optional,
        **_bounds(info),
    )


def _bounds(info: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in info.metadata:
        if isinstance(item, annotated_types.Ge):
            found["ge"] = item.ge
        elif isinstance(item, annotated_types.Gt):
            found |= {"ge": item.gt, "above": True}
        elif isinstance(item, annotated_types.Le):
            found["le"] = item.le
        elif isinstance(item, annotated_types.Lt):
            found |= {"le": item.lt, "below": True}
    return found


def _kind(path: str, annotation: Any, extra: dict[str, Any]) -> FieldKind:
    if extra.get("widget"):
        return FieldKind(extra["widget"])
    simple = {bool: FieldKind.SWITCH, int: FieldKind.INTEGER, str: FieldKind.TEXT}
    if annotation is float:
        return FieldKind.SCIENTIFIC if extra.get("scale") == "log" else FieldKind.NUMBER
    if annotation in simple:
        return simple[annotation]
    if get_origin(annotation) is Literal or _is_enum(annotation):
        return FieldKind.CHOICE
    if get_origin(annotation) in (list, tuple, set, frozenset):
        return FieldKind.LIST
    raise TypeError(f"No input exists for “{path}” of type {annotation}.")


def _options(annotation: Any, labels: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    if _is_enum(annotation):
        values = [str(member.value) for member in annotation]
    elif get_origin(annotation) is Literal:
        values = [str(value) for value in get_args(annotation)]
    else:
        return ()
    return tuple((value, str(labels.get(value) or in_words(value))) for value in values)


def _is_enum(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Enum)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    rest = [part for part in get_args(annotation) if part is not type(None)]
    return (rest[0] if len(rest) == 1 else annotation), len(rest) < len(get_args(annotation))


def _as_float(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
