"""What ``is:`` and ``has:`` ask for."""

from __future__ import annotations

import difflib

from sqlalchemy import ColumnElement, or_, select, true

from storage.entities import ENDED, Status
from storage.models import Artifact, Experiment, ExperimentTag
from storage.search.errors import SearchError
from storage.search.expression import Word

IS = ("kept", "leaky", "ended", "active", *(status.value for status in Status))
HAS = ("note", "tag", "result", "error", "study", "parent", "report")
ACTIVE = (Status.PENDING, Status.RUNNING, Status.PAUSED)


def flag_condition(kind: str, word: Word) -> ColumnElement[bool]:
    """Give the condition of ``is:word`` or ``has:word``.

    Raises:
        SearchError: There is no such word.
    """
    text = word.text.lower()
    known = IS if kind == "is" else HAS
    found = text if text in known else text.removesuffix("s")
    if found not in known:
        close = difflib.get_close_matches(text, known, 3, 0.5)
        raise SearchError(
            f"“{kind}:” does not know “{word.text}”. It knows {', '.join(known)}.",
            word.position, word.length, close or known,
        )  # fmt: skip
    return _is(found) if kind == "is" else _has(found)


def _is(word: str) -> ColumnElement[bool]:
    if word in ("kept", "leaky"):
        return {"kept": Experiment.kept, "leaky": Experiment.leaky}[word].is_(true())
    if word in ("ended", "active"):
        return Experiment.status.in_(sorted(ENDED if word == "ended" else ACTIVE))
    return Experiment.status == word


def _has(word: str) -> ColumnElement[bool]:
    tags = select(ExperimentTag.experiment_id)
    reports = select(Artifact.experiment_id).where(Artifact.kind == "report")
    return {
        "note": Experiment.note != "",
        "tag": Experiment.id.in_(tags),
        "result": or_(Experiment.accuracy.is_not(None), Experiment.macro_f1.is_not(None)),
        "error": Experiment.error != "",
        "study": Experiment.study_id.is_not(None),
        "parent": Experiment.parent_id.is_not(None),
        "report": Experiment.id.in_(reports),
    }[word]
