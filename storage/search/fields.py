"""What the names of a search mean: columns, settings, metrics and held-out values of runs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from storage.models import Experiment, ExperimentHeldOut, ExperimentMetric, ExperimentParam
from storage.search.errors import SearchError
from storage.search.expression import Word

CLOSE_ENOUGH = 0.55


@dataclass(frozen=True)
class Column:
    """A column of the run list.

    Attributes:
        kind: number, duration, time, text, choice, key (always in small letters), truth, dataset
            or tag.
        sql: Where it lies; None where the kind says how to look.
        says: What it means, for the completion.
        nullable: Whether runs may have none.
    """

    kind: str
    says: str
    sql: ColumnElement[Any] | None = None
    nullable: bool = False


COLUMNS: dict[str, Column] = {
    "accuracy": Column("number", "test accuracy", Experiment.accuracy.expression, True),
    "macro_f1": Column("number", "test macro-F1", Experiment.macro_f1.expression, True),
    "family": Column("key", "model family", Experiment.family.expression),
    "status": Column("key", "where the run stands", Experiment.status.expression),
    "dataset": Column("dataset", "name of the data set"),
    "dataset_id": Column("number", "number of the data set", Experiment.dataset_id.expression),
    "tag": Column("tag", "a tag"),
    "name": Column("text", "name of the run", Experiment.name.expression),
    "note": Column("text", "note of the run", Experiment.note.expression),
    "error": Column("text", "why it failed", Experiment.error.expression),
    "preset": Column("choice", "preset it began with", Experiment.preset.expression),
    "created": Column("time", "when it was ordered", Experiment.created_at.expression),
    "started": Column("time", "when it began", Experiment.started_at.expression, True),
    "finished": Column("time", "when it ended", Experiment.finished_at.expression, True),
    "duration": Column("duration", "time it trained", Experiment.seconds.expression),
    "id": Column("number", "number of the run", Experiment.id.expression),
    "study": Column("number", "number of its study", Experiment.study_id.expression, True),
    "parent": Column("number", "run it was cloned from", Experiment.parent_id.expression, True),
    "epochs_done": Column("number", "epochs it did", Experiment.epochs_done.expression),
    "n_parameters": Column("number", "size of its model", Experiment.n_parameters.expression),
    "priority": Column("number", "0 to 9", Experiment.priority.expression),
    "progress": Column("number", "share that is done", Experiment.progress.expression),
    "host": Column("text", "machine it ran on", Experiment.host.expression),
    "split_name": Column("text", "split in words", Experiment.split_name.expression),
    "kept": Column("truth", "its files are kept", Experiment.kept.expression),
    "leaky": Column("truth", "its split leaks", Experiment.leaky.expression),
}
ALIASES = {
    "created_at": "created",
    "started_at": "started",
    "finished_at": "finished",
    "seconds": "duration",
    "tags": "tag",
    "dataset_name": "dataset",
    "data_set": "dataset",
    "model": "family",
    "f1": "macro_f1",
    "study_id": "study",
    "parent_id": "parent",
    "test.accuracy": "accuracy",
    "test_accuracy": "accuracy",
    "test.macro_f1": "macro_f1",
    "test_macro_f1": "macro_f1",
}


@dataclass(frozen=True)
class Named:
    """What a name was found to mean.

    Attributes:
        sort: "column", "param", "metric" or "held_out".
        key: Name of the column, path of the setting, key of the metric, or name of the field.
    """

    sort: str
    key: str


class Names:
    """Finds out what names mean; asks the database for settings and metrics only when needed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def params(self) -> list[str]:
        """Paths of all settings that runs have, sorted."""
        return distinct_keys(self._session, ExperimentParam.key)

    @cached_property
    def metrics(self) -> list[str]:
        """Keys of all metrics that runs have, sorted."""
        return distinct_keys(self._session, ExperimentMetric.key)

    @cached_property
    def held_out(self) -> list[str]:
        """Metadata fields whose values some run was tested on, sorted."""
        return distinct_keys(self._session, ExperimentHeldOut.field)

    def find(self, name: Word) -> Named:
        """Tell what a name means.

        Raises:
            SearchError: Nothing, or several things; the error suggests names.
        """
        found = self._exactly(name.text) or self._roughly(name)
        if found is None:
            raise self._unknown(name)
        return found

    def _exactly(self, text: str) -> Named | None:
        column = ALIASES.get(text.lower(), text.lower())
        if column in COLUMNS:
            return Named("column", column)
        if text in self.params:
            return Named("param", text)
        metric = next((key for key in _metric_keys(text) if key in self.metrics), None)
        if metric is not None:
            return Named("metric", metric)
        return Named("held_out", text) if text in self.held_out else None

    def _roughly(self, name: Word) -> Named | None:
        """Find a setting by the end of its path."""
        wanted = name.text.lower()
        found = [path for path in self.params if path.lower().endswith(f".{wanted}")]
        found = found or [path for path in self.params if path.lower() == wanted]
        if len(found) > 1:
            raise SearchError(
                f"“{name.text}” can mean {_listed(found)}. Write one of them out.",
                name.position, name.length, found,
            )  # fmt: skip
        return Named("param", found[0]) if found else None

    def _unknown(self, name: Word) -> SearchError:
        close = self.close_to(name.text)
        advice = f"Did you mean {_listed(close)}?" if close else "See the help for what there is."
        return SearchError(
            f"There is no column, setting or metric “{name.text}”. {advice}",
            name.position, name.length, close,
        )  # fmt: skip

    def close_to(self, text: str, most: int = 3) -> list[str]:
        """Give names that look like a text, best first."""
        known = [*COLUMNS, *self.metrics, *self.held_out, *self.params]
        wanted = text.lower()
        ends = {path.rpartition(".")[2]: path for path in reversed(known)}
        likely = difflib.get_close_matches(wanted, [*known, *ends], 2 * most, CLOSE_ENOUGH)
        return list(dict.fromkeys(ends.get(each, each) for each in likely))[:most]


def distinct_keys(session: Session, column: Any) -> list[str]:
    """Give the different values of an indexed column, jumping from one to the next in its index."""
    first = select(func.min(column).label("key")).cte("keys", recursive=True)
    following: Select[Any] = select(func.min(column)).where(column > first.c.key)
    jump = select(following.correlate(first).scalar_subquery()).where(first.c.key.is_not(None))
    keys = first.union_all(jump)
    return list(session.scalars(select(keys.c.key).where(keys.c.key.is_not(None))))


def _metric_keys(text: str) -> Sequence[str]:
    """Give the spellings of a metric: "val.macro_f1" is stored as "val_macro_f1"."""
    plain = text.replace(".", "_")
    if plain.startswith("validation_"):
        return text, plain, plain.replace("validation_", "val_", 1)
    return text, plain, plain.removeprefix("test_"), plain.replace("val_", "validation_", 1)


def _listed(names: Sequence[str]) -> str:
    shown = [f"“{name}”" for name in names[:4]]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
