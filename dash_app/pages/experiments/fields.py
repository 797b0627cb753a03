"""What a column of the history can hold: facts of the run, any metric, any setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from dash_app.components import format_number, format_percent
from integrations.registry import families

METRIC, PARAM = "metric:", "param:"
LONGEST_KEY = 120
YES_NO: dict[float | str, str] = {"True": "yes", "False": "no", "None": "–", "": "–", "[]": "–"}
SHARES = ("accuracy", "f1", "precision", "recall", "kappa", "auc")
PARTS = {
    "val": "Validation", "train": "Training", "test": "Test", "best": "Best", "low": "lower bound",
    "high": "upper bound", "f1": "F1", "auc": "AUC", "ece": "ECE", "mcc": "MCC", "lr": "LR",
}  # fmt: skip


class Field(NamedTuple):
    """A fact of a run: its words, the width of its column, how it is drawn and sorted."""

    title: str
    width: int
    renderer: str = "HistoryText"
    number: bool = False
    sorts: bool = True
    help: str = ""


FACTS: dict[str, Field] = {
    "name": Field("Name", 280, "HistoryName"),
    "status": Field("Status", 146, "HistoryStatus"),
    "family": Field("Family", 138),
    "dataset_name": Field("Data set", 170),
    "accuracy": Field(
        "Accuracy (95 %)", 190, "HistoryScore", True,
        help="Share of test windows named rightly, with its interval by recording.",
    ),
    "macro_f1": Field(
        "Macro-F1", 110, "HistoryScore", True,
        help="Mean over the classes of F1 on the test windows: every class counts the same.",
    ),
    "curve": Field("Validation", 110, "HistoryCurve", sorts=False),
    "split": Field("Split", 190, "HistorySplit", sorts=False),
    "seconds": Field("Duration", 110, number=True),
    "created_at": Field("Created", 110, "HistoryTime"),
    "tags": Field("Tags", 180, "HistoryTags", sorts=False),
    "id": Field("Number", 90, number=True),
    "preset": Field("Preset", 130),
    "n_parameters": Field("Parameters", 120, number=True, help="Trainable numbers of the model."),
    "epochs": Field("Epochs", 90, number=True, sorts=False),
    "started_at": Field("Started", 160),
    "finished_at": Field("Ended", 160),
    "memory": Field("Memory", 100, number=True, sorts=False, help="The most its process used."),
    "host": Field("Computer", 130, sorts=False),
    "study": Field("Study", 170, sorts=False, help="Repeats or a learning curve it belongs to."),
    "note": Field("Note", 220, sorts=False),
}  # fmt: skip
STANDARD = (
    "name", "status", "family", "dataset_name", "accuracy", "macro_f1", "curve", "split",
    "seconds", "created_at", "tags",
)  # fmt: skip


def known(column: Any) -> bool:
    """Tell whether something is the id of a column."""
    if not isinstance(column, str) or len(column) > LONGEST_KEY:
        return False
    return column in FACTS or (column.startswith((METRIC, PARAM)) and column.isprintable())


def sortable(column: Any) -> bool:
    """Tell whether the table can be ordered by a column."""
    return known(column) and (column not in FACTS or FACTS[column].sorts)


def title(column: str) -> str:
    """Give a column's heading."""
    if column in FACTS:
        return FACTS[column].title
    if column.startswith(METRIC):
        return metric_title(column.removeprefix(METRIC))
    key = column.removeprefix(PARAM)
    return _setting_titles().get(key, key.rpartition(".")[2].replace("_", " ").capitalize())


def metric_title(key: str) -> str:
    """Give a metric's words: "val_macro_f1" is "Validation macro F1"."""
    words = [PARTS.get(part, part) for part in key.replace(".", "_").split("_") if part]
    said = " ".join(words)
    return said[:1].upper() + said[1:]


def metric_value(key: str, value: float | None) -> str:
    """Write a metric: shares as percent, the rest with sensible digits."""
    parts = key.replace(".", "_").split("_")
    return format_percent(value) if any(part in SHARES for part in parts) else format_number(value)


def cell(column: str, value: float | str) -> str:
    """Write the value of a metric or a setting."""
    if column.startswith(METRIC) and not isinstance(value, str):
        return metric_value(column.removeprefix(METRIC), value)
    return format_number(value, 6) if isinstance(value, float) else YES_NO.get(value, str(value))


@cache
def _setting_titles() -> dict[str, str]:
    found: dict[str, str] = {}
    for family in families().values():
        schema = family.Config.model_json_schema()
        for path, words in _titles(schema, schema.get("$defs", {})):
            found.setdefault(path, words)
    return found


def _titles(
    schema: Mapping[str, Any], shared: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str]]:
    for name, part in schema.get("properties", {}).items():
        target = shared.get(str(part.get("$ref", "")).rpartition("/")[2])
        if target is not None and "properties" in target:
            yield from _titles(target, shared, f"{prefix}{name}.")
        elif part.get("title"):
            yield f"{prefix}{name}", str(part["title"])
