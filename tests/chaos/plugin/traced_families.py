"""Our families as a third party would offer them, which write a line before every batch.

The lines tell which process computed which run under which fencing token, and when: what proves
that no batch is computed by an owner that has lost its lease. Found by an entry point that
``tests.chaos.patient`` writes; light, because the web loads it too.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from integrations.classical.family import FAMILY as CLASSICAL_FAMILY
from integrations.cnn1d.family import FAMILY as CNN1D_FAMILY
from integrations.core.config import FamilyConfig
from integrations.core.contract import (
    Control,
    Family,
    FitResult,
    Problem,
    RunContext,
    StoredResult,
)
from integrations.core.data.dataset import Dataset, DatasetInfo
from integrations.core.figures.chart import Chart
from integrations.transformer.family import FAMILY as TRANSFORMER_FAMILY

FOLDER = "CHAOS_TRACE"
"""Environment variable: where the lines go; apart from the data, whose disk may be full."""
HANG = "CHAOS_HANG"
"""Environment variable: path of a file; while it is there, fits hang at their next batch."""


class TracedContext:
    """Everything the bench's context is, and a line per batch."""

    def __init__(self, inner: RunContext) -> None:
        self._inner = inner
        _runner, number, token = sys.argv[:3]
        folder = Path(os.environ[FOLDER]) / number
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / f"{token}-{os.getpid()}").open("ab", buffering=0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def control(self) -> Control:
        """Give the order; note that a batch begins, unless the order is to leave before it."""
        order = self._inner.control()
        if order not in (Control.PAUSE, Control.CANCEL):
            self._file.write(f"{time.time():.6f}\n".encode())
        while os.path.exists(os.environ.get(HANG, "")):
            time.sleep(0.1)
        return order


class TracedFamily:
    """One of our families under another name."""

    kind = "signal"

    def __init__(self, inner: Family) -> None:
        self._inner = inner
        self.name = f"traced_{inner.name}"
        self.title = f"{inner.title}, traced"
        self.summary = inner.summary
        self.Config: type[FamilyConfig] = inner.Config

    def problems(self, info: DatasetInfo) -> list[Problem]:
        """Say what the family itself says."""
        return self._inner.problems(info)

    def fit(self, config: FamilyConfig, data: Dataset, context: RunContext) -> FitResult:
        """Train as the family itself does, with a line per batch."""
        return self._inner.fit(config, data, TracedContext(context))

    def panels(self, result: StoredResult) -> list[Chart]:
        """Draw what the family itself draws."""
        return self._inner.panels(result)


CLASSICAL = TracedFamily(CLASSICAL_FAMILY)
CNN1D = TracedFamily(CNN1D_FAMILY)
TRANSFORMER = TracedFamily(TRANSFORMER_FAMILY)
