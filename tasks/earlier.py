"""Earlier runs as another run sees them: what they are, and the folder with their files."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.core.contract import EarlierRun
from integrations.core.evaluation.store import RUN
from storage.entities import ExperimentEntity, NotFoundError
from storage.stores.finished_runs import FinishedRuns


def earlier_runs(
    *, ids: Sequence[int] = (), split_digest: str = "", dataset_fingerprint: str = ""
) -> list[EarlierRun]:
    """Give finished experiments: those with these ids, or all on a split, newest first.

    Args:
        ids: Wanted numbers; those that are not finished are left out.
        split_digest: Identifies data, windows and split; used where there are no ids.
        dataset_fingerprint: Of the data set, where known; makes the look by split quicker.
    """
    store = FinishedRuns()
    if ids:
        found = store.with_ids(ids)
    elif split_digest:
        found = store.on_split(split_digest, dataset_fingerprint)
    else:
        found = []
    return [run for entity in found if (run := _described(store, entity)) is not None]


def _described(store: FinishedRuns, entity: ExperimentEntity) -> EarlierRun | None:
    try:
        folder = store.folder(entity.id, RUN)
    except NotFoundError:
        return None
    return EarlierRun(entity.id, entity.name, entity.family, folder, entity.split_digest)
