"""What the classical family can show: which features its model relies on."""

from __future__ import annotations

import numpy as np

from integrations.core.contract import StoredResult
from integrations.core.figures.chart import Axis, Bars, Chart

SHOWN = 20


def panels(result: StoredResult) -> list[Chart]:
    """Give the charts; none when the importance was not measured."""
    rise = np.asarray(result.extras.get("importance", ()), dtype=np.float64)
    spread = np.asarray(result.extras.get("importance_spread", ()), dtype=np.float64)
    names = result.extras.get("feature_names", [])
    if len(rise) == 0 or len(rise) != len(names) or len(spread) != len(rise):
        return []
    finite = np.flatnonzero(np.isfinite(rise) & np.isfinite(spread))
    order = finite[np.argsort(-rise[finite], kind="stable")][:SHOWN]
    if len(order) == 0:
        return []
    return [
        Bars(
            key="feature_importance",
            title=f"The model relies most on {names[order[0]]}",
            axis=Axis("Rise of the validation log loss when shuffled", "nats"),
            categories=tuple(str(names[i]) for i in order),
            values=tuple(rise[order].tolist()),
            low=tuple((rise - spread)[order].tolist()),
            high=tuple((rise + spread)[order].tolist()),
            help="Each feature is shuffled on the validation part; bars show how much worse the "
            "model gets, with the standard deviation over the shuffles. Features that say the "
            "same stand in for one another and look weaker than they are.",
        )
    ]
