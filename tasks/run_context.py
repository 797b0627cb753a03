"""What a running fit sees of the bench: commits its epochs and passes on the user's orders."""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.exc import OperationalError

from integrations.core.contract import Control, EarlierRun, Interrupted
from integrations.core.evaluation.store import RUN
from storage.artifacts import run_folder
from storage.run_log import RunLog
from storage.stores.experiments import ExperimentStore
from storage.stores.runs import Epoch, RunStore
from tasks.broadcast import Broadcast
from tasks.earlier import earlier_runs
from tasks.pulse import Pulse
from tasks.run_files import RunFiles, finite

log = logging.getLogger("signalbench.runner")
COMMIT_RETRY_SECONDS = 0.5
RECENT_EPOCHS = 10
ENOUGH_FRACTION = 0.02


class BenchContext:
    """Implements ``integrations.core.contract.RunContext`` over the database and Redis."""

    def __init__(
        self, pulse: Pulse, broadcast: Broadcast, files: RunFiles, run_log: RunLog
    ) -> None:
        self.folder: Path = files.folder
        self.resume_from: Path | None = None
        self.threads = 1
        self.device = "cpu"
        self.newest: Path | None = None
        self._pulse = pulse
        self._broadcast = broadcast
        self._files = files
        self._log = run_log
        self._runs = RunStore()
        self._durations: list[float] = []
        self._first_commit = True
        self.begin_fit()

    def begin_fit(self) -> None:
        """Start the clocks that the remaining time is estimated from."""
        self._fit_began = self._epoch_began = time.monotonic()
        self._fraction_before: float | None = None

    def report_epoch(
        self, epoch: int, total: int, metrics: Mapping[str, float], checkpoint: Path | None = None
    ) -> None:
        """Commit one finished epoch with its metrics and newest checkpoint, exactly once.

        Raises:
            LeaseLostError: Another worker owns the run; this process must end.
            Interrupted: An order came while the database was away.
        """
        self._pulse.order()
        values = finite({key: float(value) for key, value in metrics.items()})
        where, digest = self._files.pointer(checkpoint)
        commit = Epoch(epoch, total, values, self._pulse.seconds, where, digest)
        new = self._commit(commit)
        self.newest = checkpoint or self.newest
        self._pulse.room.found("files")
        if self._first_commit and checkpoint is not None:
            self._first_commit = False
            self._files.drop_older_attempts()
        self._files.shared.committed()
        self._measure_epoch()
        self._pulse.fraction = epoch / max(1, total)
        remaining = (total - epoch) * statistics.median(self._durations)
        self._broadcast.update(
            current_epoch=epoch,
            total_epochs=total,
            progress=self._pulse.fraction,
            eta_seconds=remaining,
            **values,
        )
        if new:
            self._broadcast.epoch({"epoch": epoch, **values})

    def report_progress(self, fraction: float, message: str) -> None:
        """Say how far the run is between epochs; cheap, not durable."""
        self._pulse.sign_of_life()
        self._pulse.fraction = min(1.0, max(0.0, fraction))
        self._broadcast.update(
            progress=self._pulse.fraction, message=message, eta_seconds=self._eta(fraction)
        )

    def control(self) -> Control:
        """Give the newest order, as the heartbeat last heard it.

        Ends the process when another worker owns the run; waits while nobody can say.
        """
        self._pulse.room.found("files")
        return self._pulse.order()

    def log(self, level: str, message: str) -> None:
        """Write one line to the run's log; warnings and errors go into its timeline too."""
        self._broadcast.line(self._log.append(level, message))
        if level in ("warning", "error"):
            self._pulse.note(level, "log", message)

    def earlier_runs(self, *, ids: Sequence[int] = (), split_digest: str = "") -> list[EarlierRun]:
        """Give finished experiments: those with these ids, or all on that split, newest first."""
        found = earlier_runs(ids=ids, split_digest=split_digest)
        for run in found:
            run_folder(ExperimentStore().artifacts(run.id), RUN, models=True)
        return found

    def _commit(self, epoch: Epoch) -> bool:
        """Wait for a database that is away; the heartbeat ends us when the lease is over."""
        while True:
            try:
                return self._runs.commit_epoch(self._pulse.lease, epoch)
            except OperationalError as error:
                log.warning("The database did not take epoch %d: %s", epoch.number, error)
                time.sleep(COMMIT_RETRY_SECONDS)
            order = self._pulse.order()
            if order in (Control.PAUSE, Control.CANCEL):
                raise Interrupted(order)

    def _measure_epoch(self) -> None:
        now = time.monotonic()
        self._durations = [*self._durations[-RECENT_EPOCHS + 1 :], now - self._epoch_began]
        self._epoch_began = now

    def _eta(self, fraction: float) -> float | None:
        """Time left by the share done since this attempt began; None while that says nothing."""
        if self._fraction_before is None:
            self._fraction_before, self._fit_began = fraction, time.monotonic()
        gained = fraction - self._fraction_before
        if gained < ENOUGH_FRACTION:
            return None
        return (time.monotonic() - self._fit_began) * (1.0 - fraction) / gained
