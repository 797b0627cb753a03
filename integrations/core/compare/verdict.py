"""The verdict on several runs in words, and the pairwise evidence it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np

from integrations.core.compare.contenders import (
    Contender,
    IntArray,
    by_recording,
    refusal,
    same_windows,
)
from integrations.core.compare.differences import (
    RESAMPLES,
    accuracy_difference,
    counts_of,
    macro_f1_difference,
)
from integrations.core.compare.paired import cochran, holm, mid_p, right_per_unit
from integrations.core.compare.power import ALPHA, detectable, discordance, units_needed
from integrations.core.evaluation.evaluation import Interval

DELTA = 0.01
FEWEST_UNITS = 5
"""Below this many groups or recordings nothing is claimed: windows of one are not independent."""
FEWEST_RESAMPLES = 1000
MOST_NAMED = 3
Kind = Literal["refused", "better", "equivalent", "undecided"]


@dataclass(frozen=True)
class Pair:
    """Two runs on the same test recordings; differences are ``a`` minus ``b``.

    Attributes:
        a: Experiment number of the one run.
        b: Experiment number of the other.
        accuracy: Difference of accuracies with its 95 % interval.
        macro_f1: Difference of macro-F1 with its 95 % paired bootstrap interval.
        only_a: Test units on which ``a`` recognised more windows.
        only_b: Test units on which ``b`` recognised more windows.
        p: Exact paired test with mid-p, see ``paired.mid_p``.
        p_holm: The same after Holm's correction over all pairs.
        equivalent: The 90 % interval lies within ±δ (two one-sided tests at 5 %).
        detectable: Difference of accuracies that this test part shows with 80 % power.
        more_units: About how many more test units would show a difference as large as the one
            met; None where there is none.
    """

    a: int
    b: int
    accuracy: Interval
    macro_f1: Interval
    only_a: int
    only_b: int
    p: float
    p_holm: float
    equivalent: bool
    detectable: float
    more_units: int | None

    @property
    def told_apart(self) -> bool:
        """The runs differ: test and interval agree."""
        return self.p_holm < ALPHA and not self.accuracy.low <= 0 <= self.accuracy.high

    def from_side(self, number: int) -> Pair:
        """Give the pair with this run as ``a``."""
        if number == self.a:
            return self
        return replace(
            self,
            a=self.b,
            b=self.a,
            accuracy=_turned(self.accuracy),
            macro_f1=_turned(self.macro_f1),
            only_a=self.only_b,
            only_b=self.only_a,
        )


@dataclass(frozen=True)
class Judgement:
    """What a comparison says.

    Attributes:
        kind: "better" where one run beats every other, "equivalent" where all do equally well
            within ±δ, "undecided" otherwise, "refused" where no test applies.
        sentence: The verdict.
        details: How it was reached and what it leaves open, in sentences.
        winner_id: The run that beats every other; None where the numbers do not carry one.
        pairs: All pairs, () where refused.
        cochran: Q and p over all runs; None for two runs and where units hold several recordings.
        unit_name: What was compared one by one: "groups" or "recordings".
        n_units: How many of them.
        delta: Margin of equivalence.
    """

    kind: Kind
    sentence: str
    details: tuple[str, ...] = ()
    winner_id: int | None = None
    pairs: tuple[Pair, ...] = ()
    cochran: tuple[float, float] | None = None
    unit_name: str = ""
    n_units: int = 0
    delta: float = DELTA


def judge(
    contenders: Sequence[Contender],
    units: IntArray,
    unit_name: str,
    delta: float = DELTA,
    seed: int = 0,
) -> Judgement:
    """Compare runs on the test recordings they share.

    Args:
        contenders: Two or more, each once.
        units: What is independent of one another: the number of the group or recording of each
            test window of the first run, shape (n,).
        unit_name: "groups", "recordings", or "windows" where there are too few of either.
        delta: Accuracies closer than this count as equal.
        seed: Of the bootstrap.
    """
    reason = refusal(contenders)
    if reason:
        return Judgement("refused", reason, delta=delta)
    whole = not same_windows(contenders)
    if whole:
        _, first = np.unique(contenders[0].test.recording, return_index=True)
        units = units[first] if unit_name != "windows" else np.arange(len(first))
        contenders = [by_recording(contender) for contender in contenders]
        unit_name = "recordings" if unit_name == "windows" else unit_name
    n_units = len(np.unique(units))
    if unit_name == "windows" or n_units < FEWEST_UNITS:
        return _too_few(contenders, unit_name, n_units, delta)
    pairs = _pairs(contenders, units, delta, seed)
    decided = _decide(contenders, pairs, unit_name, n_units, delta)
    details = [*_how(pairs, unit_name, n_units, len(contenders)), *decided.details]
    if whole:
        details.insert(0, "The windows differ, so the decisions on whole recordings are compared.")
    alone = n_units == len(units) and len(contenders) > 2
    return replace(
        decided,
        details=tuple(details),
        pairs=pairs,
        cochran=cochran([c.right for c in contenders]) if alone else None,
        unit_name=unit_name,
        n_units=n_units,
        delta=delta,
    )


def points(share: float) -> str:
    """Write a difference of shares in percentage points."""
    text = f"{share * 100:+.1f}".replace("-", "−")
    return "0.0" if text[1:] == "0.0" else text


def _pairs(
    contenders: Sequence[Contender], units: IntArray, delta: float, seed: int
) -> tuple[Pair, ...]:
    right = [right_per_unit(contender.right, units) for contender in contenders]
    counts = [counts_of(contender, units) for contender in contenders]
    places = list(combinations(range(len(contenders)), 2))
    raw = [mid_p(right[i] - right[j]) for i, j in places]
    resamples = max(FEWEST_RESAMPLES, RESAMPLES // len(places))
    found = []
    for (i, j), p, corrected in zip(places, raw, holm(raw), strict=True):
        macro_f1 = macro_f1_difference(counts[i], counts[j], seed, resamples)
        evidence = _evidence(right[i] - right[j], len(units), delta, ALPHA / len(places))
        a, b = contenders[i].id, contenders[j].id
        found.append(Pair(a=a, b=b, macro_f1=macro_f1, p=p, p_holm=corrected, **evidence))
    return tuple(found)


def _evidence(difference: IntArray, windows: int, delta: float, alpha: float) -> dict[str, Any]:
    n_units = len(difference)
    accuracy = accuracy_difference(difference, windows)
    narrow = accuracy_difference(difference, windows, level=0.90)
    discordant = discordance(difference, windows)
    needed = units_needed(accuracy.value, discordant, alpha)
    return {
        "accuracy": accuracy,
        "only_a": int((difference > 0).sum()),
        "only_b": int((difference < 0).sum()),
        "equivalent": -delta < narrow.low and narrow.high < delta,
        "detectable": detectable(n_units, discordant, alpha),
        "more_units": None if needed is None else max(0, needed - n_units),
    }


def _decide(
    contenders: Sequence[Contender],
    pairs: Sequence[Pair],
    unit_name: str,
    n_units: int,
    delta: float,
) -> Judgement:
    names = {contender.id: f"“{contender.name}” (#{contender.id})" for contender in contenders}
    best = max(contenders, key=lambda contender: contender.right.mean())
    mine = [p.from_side(best.id) for p in pairs if best.id in (p.a, p.b)]
    beaten = [pair for pair in mine if pair.told_apart]
    if len(beaten) == len(mine):
        return Judgement("better", _better(names, mine, unit_name, n_units), winner_id=best.id)
    if all(pair.equivalent for pair in pairs):
        return Judgement("equivalent", _equal(names, pairs, delta))
    left = [pair for pair in mine if not pair.told_apart]
    more = _more(left, unit_name)
    if len(contenders) == 2:
        return Judgement("undecided", _open(names, left[0], more))
    told = [f"{names[best.id]} beats {names[pair.b]}." for pair in beaten]
    sentence = (
        f"No run is shown to be the best. {names[best.id]} has the highest accuracy, but cannot be "
        f"told from {_named(names, left)}. {more}".strip()
    )
    return Judgement("undecided", sentence, tuple(told))


def _better(names: dict[int, str], mine: list[Pair], unit_name: str, n_units: int) -> str:
    closest = min(mine, key=lambda pair: pair.accuracy.value)
    others = names[closest.b] if len(mine) == 1 else f"each of the {len(mine)} others"
    figure = f"{points(closest.accuracy.value)} points of accuracy ({_range(closest.accuracy)})"
    what = figure if len(mine) == 1 else f"against the closest, {names[closest.b]}, {figure}"
    return f"{names[closest.a]} is better than {others}: {what}, on the same {n_units} {unit_name}."


def _equal(names: dict[int, str], pairs: Sequence[Pair], delta: float) -> str:
    widest = max(pairs, key=lambda pair: abs(pair.accuracy.value))
    who = _listed([names[n] for n in dict.fromkeys(n for p in pairs for n in (p.a, p.b))])
    return (
        f"{who} do equally well: their accuracies lie within ±{delta * 100:g} points of each other "
        f"(largest difference {points(abs(widest.accuracy.value))} points)."
    )


def _open(names: dict[int, str], pair: Pair, more: str) -> str:
    return (
        f"{names[pair.a]} and {names[pair.b]} cannot be told apart: the difference is "
        f"{points(pair.accuracy.value)} points ({_range(pair.accuracy)}). {more}"
    ).strip()


def _more(left: Sequence[Pair], unit_name: str) -> str:
    wanted = [pair.more_units for pair in left]
    if any(more is None for more in wanted):
        return "No difference was met at all, so it cannot be said how many more would show one."
    most = max((more for more in wanted if more is not None), default=0)
    if most == 0:
        return ""
    return f"If it is real, about {_rounded(most):,} more test {unit_name} would show it."


def _how(pairs: Sequence[Pair], unit_name: str, n_units: int, n_runs: int) -> list[str]:
    worst = max(pair.detectable for pair in pairs)
    correction = "" if n_runs == 2 else f", corrected for {len(pairs)} pairs after Holm"
    return [
        f"Exact paired test with mid-p (McNemar's, over {unit_name}){correction}, on the same "
        f"{n_units} test {unit_name}.",
        f"With this test part a difference of {worst * 100:.1f} points would be found four times "
        "in five.",
    ]


def _too_few(
    contenders: Sequence[Contender], unit_name: str, n_units: int, delta: float
) -> Judgement:
    few = "groups and recordings" if unit_name == "windows" else unit_name
    recordings = len(np.unique(contenders[0].test.recording))
    return Judgement(
        "undecided",
        f"The test part has too few {few} ({min(n_units, recordings)}) to tell runs apart: windows "
        "of one recording are no independent evidence. Test on more recordings.",
        unit_name=unit_name,
        n_units=n_units,
        delta=delta,
    )


def _named(names: dict[int, str], left: Sequence[Pair]) -> str:
    if len(left) > MOST_NAMED:
        return f"{len(left)} others"
    return _listed([names[pair.b] for pair in left])


def _turned(interval: Interval) -> Interval:
    return Interval(value=-interval.value, low=-interval.high, high=-interval.low)


def _range(interval: Interval) -> str:
    return f"95 % {points(interval.low)} to {points(interval.high)}"


def _rounded(number: int) -> int:
    """Two digits are all that such an estimate is worth."""
    scale = 10 ** max(0, len(str(number)) - 2)
    return int(round(number / scale) * scale)


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
