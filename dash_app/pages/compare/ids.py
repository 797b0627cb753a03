"""Component ids of the comparison."""

RUNS = "compare-runs"
ADD = "compare-add"
ADDRESS = "compare-address"
VERDICT = "compare-verdict"
DELTA = "compare-delta"
METRICS = "compare-metrics"
PAIRS = "compare-pairs"
CURVES = "compare_curves"
METRIC = "compare-metric"
OVER = "compare-over"
SMOOTH = "compare-smooth"
TICK = "compare-tick"
SETTINGS = "compare-settings"
ALL_SETTINGS = "compare-all-settings"
FIRST = "compare-a"
SECOND = "compare-b"
COUPLE = "compare-couple"
FIELD = "compare-field"
SLICES = "compare-slices"
PARALLEL = "compare-parallel"
REPEATS = "compare-repeats"
DATASETS = "compare-datasets"


def remove_id(run: int) -> dict[str, str | int]:
    """Give the id of the button that takes a run out of the comparison."""
    return {"type": "compare-remove", "run": run}
