"""Component ids of the Overview tab."""

from __future__ import annotations

from typing import Any

from dash import ALL

ASKED = "overview-asked"
FINDINGS = "overview-findings"
RIVAL = "overview-rival"
CURVE = "overview-curve"
CURVE_MAKE = "overview-curve-make"
CURVE_SEEDS = "overview-curve-seeds"
CURVE_POLL = "overview-curve-poll"
BRING_BACK = "overview-bring-back"
DISMISSALS: dict[str, Any] = {"type": "finding-dismiss", "code": ALL}


def dismiss_id(code: str) -> dict[str, str]:
    """Give the id of the button that puts a finding aside."""
    return {"type": "finding-dismiss", "code": code}
