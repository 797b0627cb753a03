"""What a check is, and what it finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from integrations.core.checks.facts import Facts


class Severity(StrEnum):
    """WARNING: the headline cannot be taken at its face; INFO: something worth doing."""

    WARNING = "warning"
    INFO = "info"


class ActionKind(StrEnum):
    """What can be done about a finding; the screen knows the way."""

    CLONE = "clone"
    REPEAT = "repeat"
    LEARNING_CURVE = "learning-curve"
    ENSEMBLE = "ensemble"
    COMPARE = "compare"
    OPEN = "open"
    STUDY = "study"
    DATA = "data"
    METRICS = "metrics"
    FAILURES = "failures"


@dataclass(frozen=True)
class Action:
    """A step that follows from a finding.

    Attributes:
        label: On the button.
        settings: CLONE: new values by dotted path. REPEAT: {"repeats": 5}.
        ids: ENSEMBLE, COMPARE, OPEN: experiments. STUDY: the study. DATA: the data set.
    """

    kind: ActionKind
    label: str
    settings: dict[str, Any] = field(default_factory=dict)
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What a check found about one run.

    Attributes:
        code: Stable name of the check.
        title: What to do or to know.
        evidence: The numbers it follows from, in a sentence.
        docs: Why this matters, in a sentence or two.
    """

    code: str
    title: str
    evidence: str
    severity: Severity
    docs: str
    action: Action | None = None


class Check(ABC):
    """One rule.

    Attributes:
        code: Stable name; findings are put aside by it.
        title: What to do or to know when it applies.
        severity: How much it matters.
        docs: Why it matters, with the source where there is one.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity] = Severity.INFO
    docs: ClassVar[str]

    @abstractmethod
    def check(self, facts: Facts) -> Finding | None:
        """Say what was found, or None where the rule does not apply or was not measured."""

    def found(self, evidence: str, action: Action | None = None, *, title: str = "") -> Finding:
        """Give the finding.

        Args:
            evidence: The numbers it follows from.
            action: What to do about it.
            title: Replaces the general one.
        """
        return Finding(self.code, title or self.title, evidence, self.severity, self.docs, action)
