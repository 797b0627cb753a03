"""The same fit without checkpoints, heartbeats, reports and orders: what durability is added to.

python bare_fit.py DATASET-FOLDER SCRATCH CONFIG-JSON SKIPPED prints the seconds of the epochs after
the skipped ones. The best weights are kept in memory, because every trainer keeps them somewhere.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from integrations.core.data.dataset import Dataset
from integrations.core.data.defaults import apply_suggestions
from integrations.core.testing import RecordingContext
from integrations.core.training.checkpoint import Checkpoints
from integrations.core.training.state import TrainState
from integrations.registry import family
from tasks.runner import NICE

_best: dict[str, Any] = {}


def _keep_best(_self: Checkpoints, state: TrainState) -> None:
    if state.best_epoch == state.epoch:
        _best["weights"] = copy.deepcopy(state.model.state_dict())


def _load_best(_self: Checkpoints, state: TrainState) -> None:
    state.model.load_state_dict(_best["weights"])


class BareContext(RecordingContext):
    """Notes when an epoch ends and nothing else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ends: list[float] = []

    def report_epoch(
        self, epoch: int, total: int, metrics: Mapping[str, float], checkpoint: Path | None = None
    ) -> None:
        """Note the moment."""
        self.ends.append(time.perf_counter())


def main() -> None:
    """Fit once and print."""
    folder, scratch, config, skipped = sys.argv[1:5]
    import torch

    torch.set_num_threads(1)
    os.nice(NICE)
    Checkpoints.on_epoch_end = _keep_best  # type: ignore[assignment,method-assign]
    Checkpoints.load_best = _load_best  # type: ignore[assignment,method-assign]
    chosen = family("cnn1d")
    data = Dataset(Path(folder))
    checked = apply_suggestions(chosen.Config.model_validate(json.loads(config)), data.info)
    context = BareContext(Path(scratch))
    chosen.fit(checked, data, context)
    print(context.ends[-1] - context.ends[int(skipped) - 1])


if __name__ == "__main__":
    main()
