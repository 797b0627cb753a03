"""Component ids of the Failures tab."""

from __future__ import annotations

STATUS = "failures-status"
START = "failures-start"
POLL = "failures-poll"
SEEN = "failures-seen"
REVEALED = "failures-revealed"
COMMON = "failures-common"
LABELS = "failures-labels"
CELL = "failures-cell"
CELLS = "failures-cells"
CLEAR = "failures-clear"
REASON = "failures-reason"
LIST = "failures-list"
MORE = "failures-more"
ROW = "failures-row"
DETAIL = "failures-detail"
CHANNEL = "failures-channel"
EXPLAIN = "failures-explain"
NEIGHBOUR = "failures-neighbour"
MATRIX = "failures_confusion"
"""Key of the chart of the confusion matrix."""


def cell(true: int, predicted: int) -> dict[str, str | int]:
    """Id of the button of a cell."""
    return {"type": "failures-pair", "true": true, "predicted": predicted}


def opened(row: int) -> dict[str, str | int]:
    """Id of the button that opens a row of the predictions."""
    return {"type": "failures-open", "row": row}


def near(recording: int, start: int) -> dict[str, str | int]:
    """Id of the button that shows a training window."""
    return {"type": "failures-near", "recording": recording, "start": start}
