"""Checks of what a run was tested on."""

from __future__ import annotations

from integrations.core.checks.check import Action, ActionKind, Check, Finding, Severity
from integrations.core.checks.facts import Facts
from integrations.core.checks.words import count, named

FEW_GROUPS = 5
FEW_RECORDINGS = 3
IMBALANCE = 5.0


class LeakySplit(Check):
    """Pieces of one source on both sides."""

    code = "leaky-split"
    title = "Repeat the run with a split by group"
    severity = Severity.WARNING
    docs = (
        "Windows of one recording resemble each other more than those of another unit, so a model "
        "can recognise the recording instead of the fault (Kapoor & Narayanan 2023)."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Look at the split."""
        split = facts.evaluation.split
        if not split.leaky:
            return None
        return self.found(
            f"The split “{split.name}” has pieces of the same source in training and test, which "
            "flatters every figure here.",
            Action(ActionKind.CLONE, "Retrain with a group split", {"data.split": "group"}),
        )


class UntestedClasses(Check):
    """Classes without any test window."""

    code = "untested-classes"
    title = "Choose a split that tests every class"
    severity = Severity.WARNING
    docs = "Macro figures average the tested classes only; the others may not be recognised at all."

    def check(self, facts: Facts) -> Finding | None:
        """Look for classes of no support."""
        missing = [row.name for row in facts.evaluation.per_class if not row.support]
        if not missing:
            return None
        return self.found(
            f"No test window of {named(missing)}: nothing is known about them.",
            Action(ActionKind.CLONE, "Change the split"),
        )


class FewTestGroups(Check):
    """The interval rests on too little."""

    code = "few-test-groups"
    title = "Record more units before relying on this figure"
    severity = Severity.WARNING
    docs = (
        "How a model does on the next unit is seen from how it differs between units; windows of "
        "one unit are no substitute."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Count the groups of the test part."""
        split = facts.evaluation.split
        if split.test_groups >= FEW_GROUPS or split.leaky:
            return None
        return self.found(
            f"The test part holds {count(split.test_groups, 'group')}; how much units differ from "
            "one another can hardly be seen from so few.",
            _data(facts),
        )


class ThinClasses(Check):
    """Classes tested on one or two recordings."""

    code = "thin-classes"
    title = "Add recordings of rarely tested classes"
    docs = "With one or two recordings, recall and precision of a class are next to anecdotes."

    def check(self, facts: Facts) -> Finding | None:
        """Count the test recordings of each class."""
        thin = [row.name for row in facts.tested if row.n_recordings < FEW_RECORDINGS]
        if not thin:
            return None
        return self.found(
            f"{named(thin)}: fewer than {FEW_RECORDINGS} test recordings each, so their rows in "
            "the table say little.",
            _data(facts),
        )


class ClassImbalance(Check):
    """Accuracy is carried by the large classes."""

    code = "class-imbalance"
    title = "Read macro F1 rather than accuracy"
    docs = "Accuracy weighs classes by their windows; macro F1 gives each class the same weight."

    def check(self, facts: Facts) -> Finding | None:
        """Compare the largest class with the smallest."""
        if len(facts.tested) < 2:
            return None
        large = max(facts.tested, key=lambda row: row.support)
        small = min(facts.tested, key=lambda row: row.support)
        ratio = large.support / small.support
        if ratio < IMBALANCE:
            return None
        return self.found(
            f"“{large.name}” has {ratio:.0f} times the test windows of “{small.name}”, so accuracy "
            "mostly says how well the large class is recognised.",
            Action(ActionKind.METRICS, "See each class"),
        )


def _data(facts: Facts) -> Action | None:
    if not facts.dataset_id:
        return None
    return Action(ActionKind.DATA, "Open the data set", ids=(facts.dataset_id,))
