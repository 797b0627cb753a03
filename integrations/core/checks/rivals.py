"""Checks against other finished runs on the same data and split."""

from __future__ import annotations

from integrations.core.checks.check import Action, ActionKind, Check, Finding, Severity
from integrations.core.checks.facts import Facts, Rival
from integrations.core.checks.words import count, in_points

DIFFERENT_ERRORS = 0.5
MANY_TIMES = 3.0
SECONDS_THAT_MATTER = 30.0
CLOSE = 0.02


class EnsemblePartner(Check):
    """Another run makes other mistakes."""

    code = "ensemble-partner"
    title = "Join it with another run"
    docs = (
        "Models that err on different windows correct each other (Kuncheva & Whitaker 2003). The "
        "gain is measured on the validation part, so that nothing is chosen on the test part."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Take the partner of the largest gain that is no accident."""
        partners = [
            rival
            for rival in facts.rivals
            if rival.error_correlation < DIFFERENT_ERRORS and rival.gain and rival.gain.low > 0
        ]
        if not partners:
            return None
        best = max(partners, key=_gain)
        if best.gain is None:
            return None
        return self.found(
            f"On validation its errors correlate only {best.error_correlation:.2f} with those of "
            f"“{best.name}”; both together gained {in_points(best.gain)} of accuracy over the "
            "better one there.",
            Action(ActionKind.ENSEMBLE, "Make the ensemble", ids=(facts.experiment_id, best.id)),
            title=f"Ensemble with #{best.id}",
        )


class BetterRival(Check):
    """Another run is better beyond chance."""

    code = "better-rival"
    title = "Another run is better"
    severity = Severity.WARNING
    docs = "Both were tested on the same windows, so the difference is paired by test unit."

    def check(self, facts: Facts) -> Finding | None:
        """Take the rival that leads by most."""
        ahead = [rival for rival in facts.rivals if rival.difference.high < 0]
        if not ahead:
            return None
        best = min(ahead, key=lambda rival: rival.difference.value)
        return self.found(
            f"Accuracy of this run less that of “{best.name}” on the same test windows: "
            f"{in_points(best.difference)}.",
            Action(ActionKind.COMPARE, "Compare them", ids=(facts.experiment_id, best.id)),
            title=f"#{best.id} is better on the same test",
        )


class SmallerRival(Check):
    """A much smaller model does as well."""

    code = "smaller-rival"
    title = "A smaller model may do"
    docs = (
        "A smaller model that cannot be told from a larger one is quicker to use and to deploy; "
        "that no difference was seen does not prove that there is none."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Take the smallest rival that this run is not better than."""
        fits = [
            rival
            for rival in facts.rivals
            if 0 < rival.n_parameters * MANY_TIMES <= facts.n_parameters and _keeps_up(rival)
        ]
        if not fits:
            return None
        smallest = min(fits, key=lambda rival: rival.n_parameters)
        ratio = facts.n_parameters / smallest.n_parameters
        return self.found(
            f"“{smallest.name}” has {ratio:.0f} times fewer parameters and this run is not shown "
            f"to be better: {in_points(smallest.difference)} of accuracy.",
            Action(ActionKind.COMPARE, "Compare them", ids=(facts.experiment_id, smallest.id)),
            title=f"#{smallest.id} is smaller and no worse than can be seen",
        )


class QuickerRival(Check):
    """A run that took a fraction of the time does as well."""

    code = "quicker-rival"
    title = "A quicker run may do"
    docs = "Time saved on each run is time for repeats, other seeds and more data."

    def check(self, facts: Facts) -> Finding | None:
        """Take the quickest rival that this run is not better than."""
        fits = [
            rival
            for rival in facts.rivals
            if 0 < rival.seconds * MANY_TIMES <= facts.seconds and _keeps_up(rival)
        ]
        if not fits or facts.seconds < SECONDS_THAT_MATTER:
            return None
        quickest = min(fits, key=lambda rival: rival.seconds)
        return self.found(
            f"“{quickest.name}” trained in {count(round(quickest.seconds), 'second')}, this run in "
            f"{count(round(facts.seconds), 'second')}, and it is not shown to be better: "
            f"{in_points(quickest.difference)} of accuracy.",
            Action(ActionKind.COMPARE, "Compare them", ids=(facts.experiment_id, quickest.id)),
            title=f"#{quickest.id} trained {facts.seconds / quickest.seconds:.0f} times quicker",
        )


def _keeps_up(rival: Rival) -> bool:
    return rival.difference.low <= 0 and rival.difference.value < CLOSE


def _gain(rival: Rival) -> float:
    return rival.gain.value if rival.gain else 0.0
