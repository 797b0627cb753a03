"""The search language by itself: what it understands, how it says what it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.search import (
    And,
    Compare,
    Expression,
    Flag,
    Not,
    Or,
    Range,
    SearchError,
    Text,
    Within,
    Word,
    parse,
    write,
)
from storage.search.literals import number_in, seconds_of, span_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LETTERS = st.characters(codec="utf-8", min_codepoint=32)
WORDS = st.builds(
    Word,
    st.one_of(
        st.sampled_from(["and", "or", "not in", "in", "val.macro_f1", "-7d", "3..9", 'a"b', "\\"]),
        st.text(LETTERS, max_size=12),
    ),
)
NAMES = WORDS.filter(lambda word: word.text.lower() not in ("is", "has"))
ITEMS = st.one_of(WORDS, st.builds(Range, WORDS, WORDS))
CONDITIONS = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Compare, NAMES, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~", "!~"]), WORDS),
    st.builds(Within, NAMES, st.lists(ITEMS, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Flag, st.sampled_from(["is", "has"]), WORDS),
)
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    CONDITIONS,
    lambda parts: st.one_of(
        st.builds(Not, parts),
        st.builds(And, st.lists(parts, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def compare(name: str, operator: str, value: str) -> Compare:
    return Compare(Word(name), operator, Word(value))


def problem_with(text: str) -> SearchError | None:
    try:
        parse(text)
    except SearchError as error:
        return error
    return None


def refused(text: str) -> SearchError:
    with pytest.raises(SearchError) as caught:
        parse(text)
    return caught.value


@given(EXPRESSIONS)
@hypothesis_settings(max_examples=120, deadline=None)
def test_what_is_written_out_is_read_back_as_the_same(expression: Expression) -> None:
    assert parse(write(expression)) == expression


@given(st.text(st.sampled_from(list("ab1.:=<>!~()\"'\\, \n")) | LETTERS, max_size=60))
@hypothesis_settings(max_examples=120, deadline=None)
def test_any_text_is_understood_or_refused_where_it_is_wrong(text: str) -> None:
    error = problem_with(text)
    if error is not None:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).endswith(".")


def test_the_example_of_the_help_means_what_it_says() -> None:
    wanted = "family = cnn1d and val.macro_f1 > 0.95 and load in (1, 2) or tag:keep"
    all_three = And(
        (
            compare("family", "=", "cnn1d"),
            compare("val.macro_f1", ">", "0.95"),
            Within(Word("load"), (Word("1"), Word("2"))),
        )
    )
    assert parse(wanted) == Or((all_three, compare("tag", "=", "keep")))


def test_words_beside_one_another_must_both_be_met() -> None:
    assert parse("motor is:kept") == And((Text(Word("motor")), Flag("is", Word("kept"))))
    assert parse("  ") == And()


def test_ranges_lists_and_opposites_are_understood() -> None:
    assert parse("id in 3..9") == parse("id between 3 and 9")
    assert parse("id NOT IN (1, 3..9)") == Within(
        Word("id"), (Word("1"), Range(Word("3"), Word("9"))), negated=True
    )
    assert parse("not a or b") == Or((Not(Text(Word("a"))), Text(Word("b"))))


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("accuracy >", 10, "After “>” a value is missing"),
        ("accuracy > = 3", 11, "Before “=” a value is missing"),
        ("(a or b", 7, "opened and never closed"),
        ("a or b)", 6, "never opened"),
        ("name = 'a", 7, "quotation mark"),
        ("a or", 4, "a condition is missing"),
        ("a:b:c", 3, "does not belong here"),
        ("a\x00b", 1, "cannot be read"),
        ("a\ud800", 1, "cannot be read"),
    ],
)
def test_an_error_says_where_and_what(text: str, position: int, said: str) -> None:
    error = refused(text)
    assert error.position == position
    assert said in str(error)


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 900 + "a" + ")" * 900,
        "not " * 450 + "a",
        ("not (" * 20 + "not not not ") * 5 + "a",
        "a " * 900,
        "x" * 3000,
        "id in (" + ",".join("1" for _ in range(900)) + ")",
    ],
)
def test_what_is_too_long_or_nested_too_deeply_is_refused(hostile: str) -> None:
    assert len(str(refused(hostile))) < 120


def test_numbers_durations_and_times_are_read_with_their_units() -> None:
    assert [number_in(text) for text in ("95%", "1e-3", "-.5", "1e999", "nan", "3d")] == [
        pytest.approx(0.95), 0.001, -0.5, None, None, None,
    ]  # fmt: skip
    assert [seconds_of(Word(text)) for text in ("90", "5m", "1h30m", "1.5d")] == [
        90, 300, 5400, 129_600,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2026", 365 * 86_400), ("2026-02", 28 * 86_400), ("2026-11-01", 86_400),
     ("2026-11-01T10:30", 60), ("-7d", 0), ("today", 86_400), ("now", 0)],
)  # fmt: skip
def test_a_date_is_as_long_as_what_it_names(text: str, seconds: int) -> None:
    span = span_of(Word(text), NOW)
    assert (span.end - span.start).total_seconds() == pytest.approx(seconds, abs=3600)


@pytest.mark.parametrize("text", ["2026-02-30", "0001-01-01", "-999999999d", "soon", "9999"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SearchError):
        span_of(Word(text), NOW)
