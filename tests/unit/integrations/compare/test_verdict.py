"""What is said of several runs, and when it must not be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from integrations.core.compare.contenders import Contender, error_correlation, flips
from integrations.core.compare.differences import (
    accuracy_difference,
    counts_of,
    macro_f1_difference,
)
from integrations.core.compare.power import detectable, discordance, power, units_needed
from integrations.core.compare.verdict import Judgement, judge
from integrations.core.contract import Predictions
from integrations.core.evaluation.figures_of_merit import counts_of_all, headline

CLASSES = 4


def contender(number: int, wrong: list[int], n: int = 400, per_recording: int = 1) -> Contender:
    """A run that mistakes the windows at these positions, and no other."""
    truth = np.arange(n) // per_recording % CLASSES
    said = truth.copy()
    said[wrong] = (said[wrong] + 1) % CLASSES
    test = Predictions(
        np.arange(n) // per_recording, np.arange(n) % per_recording * 10, truth,
        np.eye(CLASSES)[said],
    )  # fmt: skip
    return Contender(number, f"run {number}", test, "split", "data")


def recordings_of(runs: list[Contender]) -> np.ndarray:
    return runs[0].test.recording


def verdict(*runs: Contender, **more: float) -> Judgement:
    return judge(runs, recordings_of(list(runs)), "recordings", **more)  # type: ignore[arg-type]


GOOD, EQUAL = contender(1, list(range(10))), contender(2, list(range(5, 15)))
BAD = contender(3, list(range(100, 160)))


def test_a_clearly_better_run_is_named_with_its_interval() -> None:
    found = verdict(BAD, GOOD)
    assert (found.kind, found.winner_id) == ("better", 1)
    assert "“run 1” (#1) is better than “run 3” (#3): +12.5 points" in found.sentence
    assert "on the same 400 recordings" in found.sentence
    pair = found.pairs[0]
    assert (pair.only_a, pair.only_b) == (10, 60)
    assert pair.accuracy.high < 0
    assert pair.from_side(1).accuracy.low == -pair.accuracy.high


def test_equal_runs_are_equivalent_within_a_margin_and_undecided_within_a_smaller_one() -> None:
    assert verdict(GOOD, EQUAL, delta=0.05).kind == "equivalent"
    narrow = verdict(GOOD, EQUAL, delta=0.001)
    assert (narrow.kind, narrow.winner_id) == ("undecided", None)
    assert "No difference was met at all" in narrow.sentence


def test_a_small_difference_says_how_many_more_recordings_would_show_it() -> None:
    found = verdict(contender(1, list(range(8))), contender(2, list(range(4, 16))), delta=0.001)
    assert found.kind == "undecided"
    assert found.pairs[0].more_units
    assert "about 2,100 more test recordings would show it" in found.sentence


def test_of_three_runs_the_best_on_paper_is_no_winner_while_another_is_as_good() -> None:
    found = verdict(GOOD, EQUAL, BAD)
    assert (found.kind, found.winner_id) == ("undecided", None)
    assert "cannot be told from “run 2” (#2)" in found.sentence
    assert "“run 1” (#1) beats “run 3” (#3)." in found.details
    assert len(found.pairs) == 3
    assert found.cochran is not None
    assert found.cochran[1] < 1e-6


def test_other_data_or_another_split_are_refused_in_words() -> None:
    other_data = replace(EQUAL, fingerprint="else")
    assert "different data sets" in verdict(GOOD, other_data).sentence
    fewer = contender(2, [], n=300)
    found = verdict(GOOD, fewer)
    assert found.kind == "refused"
    assert "400 recordings" in found.sentence
    assert "of which 300 are the same" in found.sentence
    assert found.pairs == ()


def test_other_windows_of_the_same_recordings_are_compared_by_recording() -> None:
    short = contender(1, list(range(60)), n=400, per_recording=4)
    long = contender(2, list(range(30)), n=200, per_recording=2)
    # The two cut the same 100 recordings; a recording's class must not depend on its windows.
    found = judge([short, long], short.test.recording, "recordings")
    assert found.kind != "refused"
    assert found.n_units == 100
    assert "decisions on whole recordings" in found.details[0]


@pytest.mark.parametrize(("per_recording", "unit_name"), [(200, "windows"), (100, "recordings")])
def test_nothing_is_claimed_from_many_windows_of_few_recordings(
    per_recording: int, unit_name: str
) -> None:
    runs = [contender(1, [], per_recording=per_recording)]
    runs.append(contender(2, list(range(150)), per_recording=per_recording))
    found = judge(runs, recordings_of(runs), unit_name)
    assert (found.kind, found.pairs) == ("undecided", ())
    assert "no independent evidence" in found.sentence


def test_the_interval_of_macro_f1_holds_the_difference_and_is_repeatable() -> None:
    unit = recordings_of([GOOD])
    counts = counts_of(GOOD, unit), counts_of(BAD, unit)
    found = macro_f1_difference(*counts, seed=3)
    assert found == macro_f1_difference(*counts, seed=3)
    scores = [
        headline(counts_of_all(run.test.truth, run.test.predicted, CLASSES))["macro_f1"]
        for run in (GOOD, BAD)
    ]
    assert found.value == pytest.approx(float(scores[0] - scores[1]))
    assert found.low < found.value < found.high


def test_runs_that_never_differ_are_not_taken_to_be_equal_for_certain() -> None:
    interval = accuracy_difference(np.zeros(20, dtype=np.int64), 20)
    assert interval.value == 0
    assert interval.high > 0.05


def test_power_grows_with_units_and_is_what_the_needed_units_give() -> None:
    discordant = 0.1
    needed = units_needed(0.03, discordant)
    assert needed is not None
    assert power(0.03, needed, discordant) == pytest.approx(0.8, abs=0.01)
    assert power(0.03, needed // 2, discordant) < 0.6
    assert detectable(needed, discordant) == pytest.approx(0.03, abs=0.001)
    assert units_needed(0.0, discordant) is None
    assert 0 < discordance(np.zeros(50, dtype=np.int64), 50) < 0.05


def test_windows_on_which_runs_differ_and_how_their_mistakes_correlate() -> None:
    assert flips([GOOD, EQUAL]).tolist() == [*range(5), *range(10, 15)]
    assert error_correlation(GOOD, GOOD) == pytest.approx(1.0)
    assert error_correlation(GOOD, BAD) < 0.05
    assert np.isnan(error_correlation(GOOD, contender(4, [])))
