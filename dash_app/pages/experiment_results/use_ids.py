"""Component ids of the Use tab and of the exports on the Artifacts tab."""

from __future__ import annotations

DROP = "use-drop"
RATE = "use-rate"
RPM = "use-rpm"
RESAMPLE = "use-resample"
IN_ORDER = "use-in-order"
INTERPOLATE = "use-interpolate"
OPTIONS = "use-options"
JOB = "use-job"
POLL = "use-poll"
RESULT = "use-result"
GRID = "use-grid"
DETAIL = "use-detail"
EARLIER = "use-earlier"
EARLIER_PLACE = "use-earlier-place"

EXPORTS = "exports-section"
EXPORTS_POLL = "exports-poll"
FILES = "results-files"


def make(what: str) -> dict[str, str]:
    """Give the id of the button that has an export made."""
    return {"type": "export-make", "what": what}
