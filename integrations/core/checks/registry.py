"""All checks, in one place; a new one is added here and to the cases of their common test."""

from __future__ import annotations

from collections.abc import Collection

from integrations.core.checks import data, learning, rivals, trust, use
from integrations.core.checks.check import Check, Finding, Severity
from integrations.core.checks.facts import Facts

CHECKS: tuple[Check, ...] = (
    data.LeakySplit(),
    learning.NearChance(),
    data.UntestedClasses(),
    trust.SeedLucky(),
    rivals.BetterRival(),
    use.WorstSlice(),
    learning.PromisedMore(),
    data.FewTestGroups(),
    use.WorstClass(),
    use.LabelSuspects(),
    use.UnlikeTraining(),
    learning.CurveRises(),
    learning.CurveFlat(),
    trust.UnsteadySeeds(),
    learning.Overfitting(),
    learning.StillImproving(),
    rivals.EnsemblePartner(),
    use.RobustnessDrop(),
    trust.PoorCalibration(),
    use.LetWindowsVote(),
    trust.BestOfMany(),
    rivals.SmallerRival(),
    rivals.QuickerRival(),
    data.ClassImbalance(),
    data.ThinClasses(),
    use.TryHarderTest(),
)
"""What weighs most comes first."""


def findings(facts: Facts, dismissed: Collection[str] = ()) -> list[Finding]:
    """Give all findings that apply, what questions the result first.

    Args:
        facts: The run.
        dismissed: Codes of the checks that somebody has put aside for it.
    """
    wanted = [check for check in CHECKS if check.code not in dismissed]
    found = [finding for check in wanted if (finding := check.check(facts)) is not None]
    return sorted(found, key=lambda finding: finding.severity is not Severity.WARNING)
