"""Forms: model → raw values → model, and every error at the field it belongs to."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, model_validator

from dash_app.forms import (
    FieldKind,
    all_fields,
    as_client_spec,
    check,
    field_input,
    scientific,
    sections_of,
    to_values,
)
from dash_app.forms.values import nested, parse_number, same
from dash_app.forms.words import in_words
from integrations.core.config import FamilyConfig, Section, knob
from integrations.registry import families

FAMILIES = sorted(families())


class Colour(StrEnum):
    RED = "deep_red"
    BLUE = "blue"


class Inner(Section):
    rate: float = knob(1e-3, title="Rate", help="A rate.", ge=1e-6, le=1.0, scale="log")
    count: int = knob(4, title="Count", help="A count.", unit="pieces", ge=1, le=9)
    share: float = knob(0.5, title="Share", help="A share.", ge=0.0, le=1.0, step=0.1)
    colour: Colour = knob(Colour.RED, title="Colour", help="A colour.")
    shade: str = knob("", title="Shade", help="Of blue.", show_if={"colour": ["blue"]})

    @model_validator(mode="after")
    def _blue_has_a_shade(self) -> Self:
        if self.colour is Colour.BLUE and not self.shade:
            raise ValueError("Blue needs its name")
        if self.count == 9:
            raise ValueError("The share leaves room for eight pieces only.")
        return self


class Outer(BaseModel):
    inner: Inner = Field(default_factory=Inner, title="Inside")
    size: Literal["s", "l"] = knob("s", title="Size", help="A size.")
    limit: float | None = knob(None, title="Limit", help="None is no limit.", ge=0.0)
    marks: list[str] = knob([], title="Marks", help="Words.")


@pytest.mark.parametrize("name", FAMILIES)
def test_form_values_of_a_family_give_its_config_back(name: str) -> None:
    model = families()[name].Config
    assert check(model, to_values(model())).config == model()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_setting_of_a_family_has_an_input_with_label_and_help(name: str) -> None:
    model = families()[name].Config
    values = to_values(model())
    for spec in all_fields(model).values():
        assert spec.title
        assert spec.help
        field_input("test", spec, values[spec.path])
        as_client_spec(spec)


@given(
    rate=st.floats(1e-6, 1.0),
    count=st.integers(1, 8),
    share=st.floats(0, 1),
    limit=st.none() | st.floats(0, 1e12),
    marks=st.lists(st.text(min_size=1)),
)
def test_any_model_survives_the_way_through_its_form(
    rate: float, count: int, share: float, limit: float | None, marks: list[str]
) -> None:
    config = Outer(
        inner=Inner(rate=rate, count=count, share=share, colour=Colour.BLUE, shade="navy"),
        size="l",
        limit=limit,
        marks=marks,
    )
    assert check(Outer, to_values(config)).config == config


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_scientific_text_reads_back_as_the_same_number(value: float) -> None:
    assert parse_number(scientific(value)) == value


@pytest.mark.parametrize(
    ("value", "text"), [(0.001, "1e-3"), (0.0, "0"), (1.0, "1"), (2.5e-4, "2.5e-4"), (10.0, "1e1")]
)
def test_scientific_text_is_short(value: float, text: str) -> None:
    assert scientific(value) == text


@pytest.mark.parametrize("typed", ["1e-3", "0.001", "0,001", " 1E-3 "])
def test_numbers_are_accepted_as_people_type_them(typed: str) -> None:
    assert check(Outer, {"inner.rate": typed}).config == Outer()


@pytest.mark.parametrize(
    ("path", "raw", "sentence"),
    [
        ("inner.rate", "abc", "“abc” is not a number. Enter one, e.g. 1e-3."),
        ("inner.rate", "nan", "“nan” is not a number. Enter one, e.g. 1e-3."),
        ("inner.rate", "", "Enter a number."),
        ("inner.rate", "0", "Must be at least 1e-06."),
        ("inner.count", 0, "Must be at least 1 pieces."),
        ("inner.count", 10, "Must be at most 9 pieces."),
        ("inner.count", 2.5, "Enter a whole number."),
        ("inner.count", True, "“True” is not a number. Enter one."),
        ("inner.colour", "green", "Choose one of the options."),
        ("size", None, "Choose one of the options."),
    ],
)
def test_a_wrong_value_is_explained_at_its_field(path: str, raw: Any, sentence: str) -> None:
    assert check(Outer, {path: raw}).errors == {path: sentence}


def test_an_error_about_a_section_lands_at_the_empty_setting_it_asks_for() -> None:
    errors = check(Outer, {"inner.colour": "blue", "inner.shade": ""}).errors
    assert errors == {"inner.shade": "Blue needs its name."}


def test_an_error_about_a_section_lands_at_the_setting_it_names() -> None:
    assert list(check(Outer, {"inner.count": 9}).errors) == ["inner.share"]


def test_several_errors_are_all_found_at_once() -> None:
    errors = check(Outer, {"inner.rate": "x", "inner.count": 0, "limit": -1}).errors
    assert set(errors) == {"inner.rate", "inner.count", "limit"}


def test_missing_settings_keep_their_defaults_and_unknown_ones_are_ignored() -> None:
    assert check(Outer, {"gone.long.ago": 3}).config == Outer()


def test_an_incomplete_field_split_is_told_at_the_held_out_field() -> None:
    assert list(check(FamilyConfig, {"data.split": "field"}).errors) == ["data.split_field"]


def test_settings_are_grouped_by_section_and_loose_ones_come_last() -> None:
    assert [section.title for section in sections_of(Outer)] == ["Inside", "General"]
    assert all_fields(Outer)["inner.shade"].show_if == {"inner.colour": ["blue"]}
    assert all_fields(Outer)["inner.rate"].kind is FieldKind.SCIENTIFIC


def test_a_type_without_an_input_is_refused_loudly() -> None:
    class Odd(BaseModel):
        table: dict[str, int] = {}

    with pytest.raises(TypeError, match="table"):
        sections_of(Odd)


def test_identifiers_become_words() -> None:
    assert in_words("val_macro_f1") == "Validation macro F1"
    assert in_words("random_windows") == "Random windows"


def test_equal_settings_are_recognised_however_they_are_written() -> None:
    assert same("1e-3", 0.001)
    assert same(40, 40.0)
    assert not same(True, 1)
    assert not same("a", "b")


def test_dotted_paths_become_a_nested_config() -> None:
    assert nested({"a.b": 1, "a.c": 2, "d": 3}) == {"a": {"b": 1, "c": 2}, "d": 3}


class Joined(Section):
    start: int = knob(0, title="Start", help="A run.", ge=0, le=9, widget="experiment")
    members: list[int] = knob([], title="Members", help="Runs.", widget="experiments")


def test_pickers_of_experiments_hold_numbers_as_text_and_give_them_back() -> None:
    kinds = [spec.kind for spec in all_fields(Joined).values()]
    assert kinds == [FieldKind.EXPERIMENT, FieldKind.EXPERIMENTS]
    assert to_values(Joined()) == {"start": "", "members": []}
    config = Joined(start=4, members=[7, 12])
    assert to_values(config) == {"start": "4", "members": ["7", "12"]}
    assert check(Joined, to_values(config)).config == config
    assert check(Joined, {"start": None, "members": None}).config == Joined()
    assert check(Joined, {"start": "x", "members": []}).errors.keys() == {"start"}
    drawn = str(field_input("f", all_fields(Joined)["members"], ["7"], options=[OPTION]))
    assert "MultiSelect" in drawn
    assert OPTION["label"] in drawn


OPTION = {"value": "7", "label": "7: a run"}
