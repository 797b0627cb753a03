"""Checks of how far the headline and the probabilities can be believed."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from integrations.core.checks.check import Action, ActionKind, Check, Finding, Severity
from integrations.core.checks.facts import Facts
from integrations.core.checks.words import count, percent, with_interval
from integrations.core.evaluation.calibration import LEAST_MISTAKES

POOR_CALIBRATION = 0.03
MANY_RUNS = 5
LEAST_REPEATS = 3
WIDE_SPREAD = 0.02
SEEDS = 5
HALF_OF_95 = 1.96


class PoorCalibration(Check):
    """Probabilities are not what they say."""

    code = "poor-calibration"
    title = "Mend the probabilities by temperature scaling"
    docs = (
        "A threshold or a cost is only worth what the probabilities are; one temperature learnt on "
        "validation windows mends most overconfidence (Guo et al. 2017)."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Look at the calibration error, while no temperature is stored and one can be learnt."""
        said = facts.calibration
        if said is None or said.temperature is not None:
            return None
        if _validation_mistakes(facts) < LEAST_MISTAKES:
            return None
        if not said.shown or said.error.value < POOR_CALIBRATION:
            return None
        excess = said.overconfidence.value
        word = "too sure of itself" if excess > 0 else "less sure than it could be"
        return self.found(
            f"Expected calibration error {with_interval(said.error)}, more than chance would give; "
            f"the model is {word} by {percent(abs(excess))} on average.",
            Action(ActionKind.METRICS, "Calibrate on the Metrics tab"),
        )


class SeedLucky(Check):
    """The run is the luckiest of its repeats."""

    code = "seed-lucky"
    title = "Report the mean of the repeats, not this run"
    severity = Severity.WARNING
    docs = (
        "The best of several seeds is what luck adds to a model; the mean with its interval is "
        "what a colleague may expect (Bouthillier et al. 2021)."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Compare the run with its siblings."""
        repeats = facts.repeats
        if repeats is None or repeats.mean is None or len(repeats.scores) < LEAST_REPEATS:
            return None
        if repeats.mine < max(repeats.scores) or repeats.mine <= repeats.mean.high:
            return None
        return self.found(
            f"Macro F1 {percent(repeats.mine)} is the best of {len(repeats.scores)} seeds, whose "
            f"mean is {with_interval(repeats.mean)}.",
            Action(ActionKind.STUDY, "See the repeats", ids=(repeats.study_id,)),
        )


class UnsteadySeeds(Check):
    """The seed decides more than one would like."""

    code = "unsteady-seeds"
    title = "Steady the training before comparing it"
    docs = (
        "Where the seed alone moves the figure, a single run cannot tell two settings apart. More "
        "epochs, a lower learning rate or an ensemble of the seeds steady it."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Measure the spread of the repeats."""
        repeats = facts.repeats
        if repeats is None or repeats.mean is None or len(repeats.scores) < LEAST_REPEATS:
            return None
        mean = sum(repeats.scores) / len(repeats.scores)
        spread = sqrt(sum((s - mean) ** 2 for s in repeats.scores) / (len(repeats.scores) - 1))
        if spread < WIDE_SPREAD:
            return None
        return self.found(
            f"Over {len(repeats.scores)} seeds macro F1 lies between "
            f"{percent(min(repeats.scores))} and {percent(max(repeats.scores))}, a standard "
            f"deviation of {spread * 100:.1f} points.",
            Action(ActionKind.STUDY, "See the repeats", ids=(repeats.study_id,)),
        )


class BestOfMany(Check):
    """The best of many runs on one test part is partly the luckiest."""

    code = "best-of-many"
    title = "The best of many runs looks better than it is"
    docs = (
        "Choosing by the test figure uses the test part up: the largest of several noisy figures "
        "is too large on average (Cawley & Talbot 2010). Choose on validation, or test once more "
        "on recordings nobody has looked at."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Say how much luck the best of so many may hold."""
        if not facts.is_best or facts.same_split < MANY_RUNS:
            return None
        figure = facts.evaluation.headline["macro_f1"]
        excess = expected_maximum(facts.same_split) * (figure.high - figure.low) / 2 / HALF_OF_95
        repeat = {"repeats": SEEDS}
        return self.found(
            f"This is the best of {count(facts.same_split, 'run')} on one test part. Were all "
            f"equally good, the best would look up to {excess * 100:.1f} points better than it is.",
            None if facts.repeats else Action(ActionKind.REPEAT, f"Repeat with {SEEDS} seeds",
                                              repeat),
        )  # fmt: skip


def _validation_mistakes(facts: Facts) -> int:
    """Count what a temperature would be learnt from."""
    accuracy = facts.evaluation.validation.get("accuracy", 1.0)
    return round((1 - accuracy) * facts.evaluation.split.validation_windows)


def expected_maximum(n: int) -> float:
    """Expected largest of n standard normal numbers (Blom 1958)."""
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))
