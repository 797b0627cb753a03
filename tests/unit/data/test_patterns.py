"""File-name patterns: what a person writes, and what is guessed for her."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.core.data.patterns import PatternError, compile_pattern, render, suggest_pattern

CWRU = [
    f"{rpm}_{fault}_{size}_DE12.npz"
    for rpm in (1730, 1750, 1772, 1797)
    for fault in ("B", "IR", "ORat6")
    for size in (7, 14, 21)
] + ["1797_Normal.npz"]


def test_parts_in_brackets_may_be_missing() -> None:
    pattern = compile_pattern("{rpm}_{fault}[_{size}_DE12]")
    assert pattern.fields("1730_B_14_DE12.npz") == {"rpm": "1730", "fault": "B", "size": "14"}
    assert pattern.fields("1797_Normal.npz") == {"rpm": "1797", "fault": "Normal"}
    assert pattern.fields("readme.npz") is None


def test_a_pattern_may_name_the_extension_and_folders() -> None:
    assert compile_pattern("{a}_{b}.npz").fields("x_y.csv") is None
    assert compile_pattern("{day}/{machine}/*").fields("mon/m1/rec.csv") == {
        "day": "mon", "machine": "m1",
    }  # fmt: skip


def test_the_shared_bearing_names_are_understood_without_help() -> None:
    suggested = suggest_pattern(CWRU)
    assert suggested == "{rpm}_{fault}[at{position}][_{size}_DE12]"
    pattern = compile_pattern(suggested)
    assert pattern.fields("1730_ORat6_7_DE12.npz") == {
        "rpm": "1730", "fault": "OR", "position": "6", "size": "7",
    }  # fmt: skip
    assert all(pattern.fields(name) for name in CWRU)


def test_the_part_with_words_for_health_is_the_class() -> None:
    names = ["a_ok_1.csv", "b_worn_2.csv", "b_ok_3.csv", "c_worn_1.csv"]
    assert suggest_pattern(names) == "{part}_{fault}_{number}"


def test_names_without_common_parts_suggest_nothing() -> None:
    assert suggest_pattern(["a.csv"]) == ""
    assert suggest_pattern(["abc.csv", "x-y-z.csv", "1_2_3_4.csv"]) == ""


@pytest.mark.parametrize(
    "text", ["{a", "a}", "{a}_{a}", "{1}", "{}", "[{a}", "{a}]", "{a}{b}{c}{d}", "[[[[{a}]]]]"]
)
def test_a_wrong_pattern_gets_a_sentence(text: str) -> None:
    with pytest.raises(PatternError, match=r"\.$"):
        compile_pattern(text)


def test_missing_parts_vanish_from_a_template_with_their_separators() -> None:
    assert render("{fault}-{position}-{size}", {"fault": "Normal"}) == "Normal"
    assert render("{fault}-{position}-{size}", {"fault": "B", "size": 7.0}) == "B-7"


@given(st.text(max_size=60))
def test_any_text_makes_a_pattern_or_a_sentence(text: str) -> None:
    try:
        compile_pattern(text).fields("1730_B_14_DE12.npz")
    except PatternError as error:
        assert str(error).endswith(".")  # noqa: PT017 - reading it well is fine too


@example(["-", "²"])
@given(st.lists(st.text(min_size=1, max_size=30), max_size=8))
def test_a_suggestion_always_compiles(names: list[str]) -> None:
    suggested = suggest_pattern(names)
    if suggested:
        compile_pattern(suggested)


def test_matching_a_long_evil_name_is_quick() -> None:
    pattern = compile_pattern("{a}b{c}d[_{e}][-{f}]_{g}")
    start = time.perf_counter()
    for _ in range(20):
        pattern.fields("b" * 250 + "d" * 240)
    assert time.perf_counter() - start < 5
