"""Checks of where a model is weak, and of how to use it."""

from __future__ import annotations

from collections.abc import Iterator

from integrations.core.checks.check import Action, ActionKind, Check, Finding, Severity
from integrations.core.checks.facts import Facts
from integrations.core.checks.words import count, named, percent, with_interval
from integrations.core.evaluation.evaluation import ClassMetrics

WEAK_BELOW_ACCURACY = 0.15
VOTE_GAIN = 0.03
SIGNIFICANT = 0.05
MUCH = 0.10
UNLIKE_SHARE = 0.05


class WorstClass(Check):
    """One class is recognised far less than the rest."""

    code = "worst-class"
    title = "Look at the class that is recognised least"
    docs = "The failures of one class often have one cause: label, sensor, or a neighbouring fault."

    def check(self, facts: Facts) -> Finding | None:
        """Take the class of least recall."""
        if len(facts.tested) < 2:
            return None
        worst = min(facts.tested, key=lambda row: row.recall)
        if worst.recall > facts.accuracy - WEAK_BELOW_ACCURACY:
            return None
        mostly = "".join(f"; {text}" for text in _confusions(facts, worst))
        return self.found(
            f"Only {percent(worst.recall)} of its {worst.support} test windows are recognised"
            f"{mostly}.",
            Action(ActionKind.FAILURES, "See its failures"),
            title=f"Look at “{worst.name}”",
        )


class WorstSlice(Check):
    """One condition is served worse than the rest."""

    code = "worst-slice"
    title = "One condition is served worse than the rest"
    severity = Severity.WARNING
    docs = (
        "An average hides the load, speed or machine on which a model fails. The p-value is "
        "corrected for all conditions that were looked at (Holm 1979)."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Look whether the worst condition is worse beyond chance."""
        worst = facts.worst_slice
        if worst is None or worst.p_holm is None or worst.p_holm >= SIGNIFICANT:
            return None
        return self.found(
            f"Where {worst.field} is {worst.value}, accuracy is {with_interval(worst.accuracy)} "
            f"over {count(worst.windows, 'window')}, against {percent(facts.accuracy)} overall "
            f"(p = {worst.p_holm:.2g} after correction).",
            Action(ActionKind.METRICS, "See all conditions"),
            title=f"Weak where {worst.field} is {worst.value}",
        )


class RobustnessDrop(Check):
    """A mild disturbance costs much."""

    code = "robustness-drop"
    title = "Train with noise or dropped channels"
    docs = "What a laboratory recording does not contain, a plant will: noise and dead channels."

    def check(self, facts: Facts) -> Finding | None:
        """Look at the mildest disturbance that costs much."""
        weak = facts.weakness
        if weak is None or weak.clean - weak.disturbed.value < MUCH:
            return None
        return self.found(
            f"With {weak.disturbance} accuracy falls from {percent(weak.clean)} to "
            f"{with_interval(weak.disturbed)}. Augmentation with noise makes a model sturdier.",
            Action(ActionKind.METRICS, "See the robustness"),
        )


class LabelSuspects(Check):
    """Some labels may be wrong."""

    code = "label-suspects"
    title = "Check the labels of suspect recordings"
    docs = (
        "A second model that never saw a recording's group names another class with confidence "
        "(confident learning, Northcutt et al. 2021). A wrong label costs training and test alike."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Count the suspects of the failure analysis."""
        found = facts.failures
        if found is None or not found.suspects:
            return None
        return self.found(
            f"{count(len(found.suspects), 'recording')} of {found.checked} look like another class "
            f"than their label says: {named(found.suspects)}.",
            Action(ActionKind.FAILURES, "See the suspects"),
        )


class UnlikeTraining(Check):
    """Many test windows resemble nothing trained on."""

    code = "unlike-training"
    title = "Train on conditions like those of the test"
    docs = (
        "A model extrapolates on windows far from everything it was trained on; the distance is "
        "that to the nearest training windows, its usual size taken from validation windows."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Compare the share of unlike windows with what chance would give."""
        found = facts.failures
        if found is None or not found.measured:
            return None
        share = found.unlike / found.measured
        if share < UNLIKE_SHARE:
            return None
        return self.found(
            f"{percent(share)} of the test windows lie farther from the training data than "
            f"{percent(1 - found.alpha)} of the validation windows; by chance it would be "
            f"{percent(found.alpha)}.",
            Action(ActionKind.FAILURES, "See the failures"),
        )


class LetWindowsVote(Check):
    """Averaging over a recording is clearly better than single windows."""

    code = "let-windows-vote"
    title = "Decide by recording, not by window"
    docs = "Mistakes of single windows average out where a recording holds many of them."

    def check(self, facts: Facts) -> Finding | None:
        """Compare the vote of recordings with single windows."""
        voted = facts.evaluation.headline.get("recording_accuracy")
        if voted is None or voted.value - facts.accuracy < VOTE_GAIN:
            return None
        return self.found(
            f"When the windows of a recording vote, {with_interval(voted)} of recordings are "
            f"right, against {percent(facts.accuracy)} of single windows.",
        )


class TryHarderTest(Check):
    """Everything is right: the test may be too easy."""

    code = "try-harder-test"
    title = "Try a harder test"
    docs = "A test without mistakes tells good models from bad ones no more."

    def check(self, facts: Facts) -> Finding | None:
        """Look whether nothing is wrong."""
        if facts.accuracy < 1.0 or facts.evaluation.split.leaky:
            return None
        return self.found(
            "Not one test window is wrong. Hold back a load, a speed or a fault size that training "
            "never saw to find out how far this carries.",
            Action(ActionKind.CLONE, "Hold back a condition"),
        )


def _confusions(facts: Facts, row: ClassMetrics) -> Iterator[str]:
    classes = facts.evaluation.classes
    index = classes.index(row.name)
    counts = [
        (0 if other == index else number, name)
        for other, (number, name) in enumerate(
            zip(facts.evaluation.confusion[index], classes, strict=True)
        )
    ]
    number, name = max(counts)
    if number:
        yield f"most often taken for “{name}” ({number})"
