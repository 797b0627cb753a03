"""Recommendations: small checks of a finished run, each following from numbers."""

from integrations.core.checks.check import Action, ActionKind, Check, Finding, Severity
from integrations.core.checks.facts import Facts
from integrations.core.checks.registry import CHECKS, findings

__all__ = ["CHECKS", "Action", "ActionKind", "Check", "Facts", "Finding", "Severity", "findings"]
