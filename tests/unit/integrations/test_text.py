"""Numbers as people read them, on the screens and in the report."""

from __future__ import annotations

import math

import pytest

from integrations.core import text
from integrations.core.evaluation.evaluation import Interval
from tasks.pdf import numbers

BAD = (None, math.nan, math.inf)


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_number_is_an_en_dash(bad: float | None) -> None:
    written = (
        text.percent(bad), text.number(bad), text.duration(bad), text.span(0.1, bad),
        text.interval(bad, 0.1, 0.2),
    )  # fmt: skip
    assert set(written) == {text.NONE}
    assert text.interval(0.5, bad, 0.6) == "50.0 %"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (0.1707, "171 ms"),
        (0.97, "1.0 s"),
        (8.24, "8.2 s"),
        (59.4, "59 s"),
        (3599.9, "1 h 0 min"),
        (4_000_000, "1\u202f111 h 6 min"),
    ],
)
def test_a_duration_keeps_the_digits_that_matter(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


def test_counts_agree_with_their_noun() -> None:
    assert text.counted(1, "recording") == "1 recording"
    assert text.counted(1200, "class", "classes") == "1\u202f200 classes"


def test_negative_numbers_have_a_minus_sign() -> None:
    assert text.number(-0.01234567) == "−0.01235"


def test_the_report_writes_the_same_words_with_spaces_that_hold() -> None:
    assert numbers.percent(0.968) == "96.8\u00a0%"
    assert numbers.count(1_234_567) == "1\u00a0234\u00a0567"
    assert numbers.with_interval(Interval(value=0.968, low=0.951, high=0.98)) == (
        "96.8\u00a0% (95.1–98.0)"
    )
