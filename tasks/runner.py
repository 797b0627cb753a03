"""The child process of one experiment: ``python -m tasks.runner ID TOKEN`` trains and ends.

Heavy imports happen only after the heartbeat has begun: they can take longer than a lease.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import platform
import shutil
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from integrations.core.config import FamilyConfig
from integrations.core.contract import (
    CheckpointError,
    Control,
    Family,
    FitResult,
    Interrupted,
)
from integrations.core.data.dataset import Dataset, DatasetError
from integrations.core.files import is_full, waiting_when_full
from integrations.registry import family
from storage import run_log
from storage.artifacts import artifacts
from storage.entities import (
    DatasetEntity,
    ExperimentEntity,
    LeaseLostError,
    Status,
    StorageError,
)
from storage.log_setup import remember, set_up_logging
from storage.settings import settings
from storage.shared_files import shared_files
from storage.stores.datasets import DatasetStore
from storage.stores.experiments import ExperimentStore
from storage.stores.leases import Lease
from storage.stores.runs import ClaimedRun, Finished, Place, RunStore
from tasks import exit_codes
from tasks.broadcast import Broadcast
from tasks.dataset_files import dataset_folder
from tasks.device import training_device
from tasks.machine import first_machine, gpu_memory, threads_of_run, worker_name
from tasks.memory import memory_of_machine, peak_of_this_process
from tasks.memory_advice import memory_sentence
from tasks.pulse import HANDED_BACK, Pulse
from tasks.run_context import BenchContext
from tasks.run_files import RunFiles, finite
from tasks.sentences import is_out_of_memory, sentence_for, unexpected
from tasks.time_limit import TimeLimit

log = logging.getLogger("signalbench.runner")
NO_DATABASE = (
    "Handed back because the database did not answer; it goes on from its last checkpoint."
)
LEAVE_SECONDS = 2.0
"""How long to try to say that we leave; the keeper sorts it out where the database is away."""
NICE, NICE_LATER, LOW_PRIORITY = 5, 10, 3
"""Pages and heartbeats go before training, and training before what can wait."""
FALL_BACKS = 5
"""How often a fit is begun again from an older checkpoint."""
SPARE_DISK_BYTES, SPARE_DISK_SHARE = 500_000_000, 0.1
"""Left free at the start of a run, besides its checkpoints; less on a small disk."""
VERIFY_BYTES = 512_000_000
"""Samples up to this size are hashed again before training; larger ones are checked by size."""
Result = TypeVar("Result")
NUMBER_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def main() -> int:
    """Train the run named on the command line."""
    parser = argparse.ArgumentParser(prog="tasks.runner")
    parser.add_argument("id", type=int)
    parser.add_argument("token", type=int)
    given = parser.parse_args()
    worker = worker_name(os.getppid())
    set_up_logging("runner", experiment=given.id, token=given.token, worker=worker)
    try:
        return Run(Lease(given.id, given.token)).execute()
    except LeaseLostError as error:
        log.warning("%s", error)
        return exit_codes.LEASE_LOST
    except OperationalError as error:
        log.warning("The database is away; the keeper will give the run back: %s", error)
        return exit_codes.LEASE_LOST


class Run:
    """One attempt at one experiment."""

    def __init__(self, lease: Lease) -> None:
        self._runs = RunStore()
        self._claimed: ClaimedRun = self._runs.claimed(lease)
        self._lease = lease
        remember(task_id=self._claimed.task_id)
        self._broadcast = Broadcast(self._claimed.task_id)
        limit = self._claimed.time_limit_seconds or settings().time_limit_seconds
        self._pulse = Pulse(lease, self._broadcast, TimeLimit(limit, self._claimed.seconds))
        self._files = RunFiles(self._claimed)
        self._log: run_log.RunLog | None = None

    def execute(self) -> int:
        """Train, evaluate and commit; whatever happens ends in the database.

        Raises:
            LeaseLostError: Another worker owns the run.
        """
        self._pulse.start()
        # Of this thread and those it starts; the heartbeat's stays as it is.
        os.nice(NICE_LATER if self._claimed.priority <= LOW_PRIORITY else NICE)
        shared_files().wait_long(self._tell_of_waiting)
        try:
            self._with_room(lambda: self._files.shared.take_over(self._claimed.checkpoint))
            self._announce()
            finished = self._train()
            self._pulse.last_word(lambda: self._runs.finish(self._lease, finished))
            self._end(finished.status.value, "Finished.", progress=1.0, eta_seconds=0.0)
            if finished.status is Status.COMPLETED:
                self._files.drop()
        except Interrupted as left:
            return self._leave(left)
        except LeaseLostError:
            raise
        except OperationalError as error:
            return self._leave_for_want_of_database(error)
        except Exception as error:  # the border of a task: everything ends in a sentence
            self._fail(error)
        return exit_codes.DONE

    def _with_room(self, work: Callable[[], Result]) -> Result:
        """Do something that may be repeated, again and again where the disk is full."""
        while True:
            try:
                return work()
            except OSError as error:
                if not is_full(error):
                    raise
                self._pulse.wait_for_room(error)

    def _leave(self, left: Interrupted) -> int:
        """Pause, cancel or hand the run back, at the batch where the fit left it."""
        place = self._place(left)
        seconds = self._pulse.seconds
        if left.control is Control.PAUSE and self._pulse.control != "pause":
            where = left.where or "from its last checkpoint"
            why = HANDED_BACK.format(where=where)
            self._pulse.last_word(
                lambda: self._runs.hand_back(self._lease, why, seconds, place), LEAVE_SECONDS
            )
            self._end(Status.PENDING.value, "Waiting for a worker.", eta_seconds=None)
            return exit_codes.HANDED_BACK
        self._pulse.last_word(
            lambda: self._runs.obeyed(self._lease, left.control.value, seconds, place),
            LEAVE_SECONDS,
        )
        word = "paused" if left.control is Control.PAUSE else "cancelled"
        self._end(word, f"{word.capitalize()}.", eta_seconds=None)
        return exit_codes.DONE

    def _leave_for_want_of_database(self, error: OperationalError) -> int:
        """Hand the run back when its database is there again: a restart of it ends no run."""
        log.warning("The database did not answer, so the run is handed back: %s", error)
        self._pulse.last_word(
            lambda: self._runs.hand_back(self._lease, NO_DATABASE, self._pulse.seconds, Place())
        )
        self._end(Status.PENDING.value, "Waiting for a worker.", eta_seconds=None)
        return exit_codes.HANDED_BACK

    def _place(self, left: Interrupted) -> Place:
        try:
            return Place(*self._files.pointer(left.checkpoint), left.where)
        except (OSError, StorageError) as error:
            log.warning("Leaving for the last epoch's checkpoint: %s", error)
            return Place()

    def _announce(self) -> None:
        epochs = ExperimentStore().epochs(self._lease.id)
        rows = [{"epoch": row.epoch, **row.values} for row in epochs]
        self._broadcast.begin(rows, run_log.read(self._lease.id))
        self._broadcast.update(
            status=Status.RUNNING.value,
            progress=ExperimentStore().get(self._lease.id).progress,
            current_epoch=self._claimed.epochs_done,
            message="Loading libraries and data",
            eta_seconds=None,
        )

    def _train(self) -> Finished:
        experiment = ExperimentStore().get(self._lease.id)
        chosen = family(experiment.family)
        config = chosen.Config.model_validate(experiment.config)
        self._log = run_log.RunLog(self._lease.id)
        context = BenchContext(self._pulse, self._broadcast, self._files, self._log)
        context.resume_from = context.newest = self._with_room(self._start)
        context.threads = threads_of_run(self._lease.id)
        data = _open_data(experiment, DatasetStore().get(experiment.dataset_id))
        if context.resume_from is None and not experiment.epochs_done:
            self._await_disk(config, data)
        self._broadcast.update(total_epochs=config.workload(data.info).steps)
        context.log("info", f"Training {chosen.title} on “{data.info.name}”.")
        context.device = self._device(context)
        result = self._fit(chosen, config, data, context)
        return self._with_room(lambda: self._evaluate(experiment, config, data, result, context))

    def _await_disk(self, config: FamilyConfig, data: Dataset) -> None:
        """Begin only where checkpoints find room; until then wait, and say for how much."""
        try:
            _check_disk(config, data)
        except OSError as error:
            self._pulse.note("warning", "disk", str(error.strerror))
            self._with_room(lambda: _check_disk(config, data))

    def _device(self, context: BenchContext) -> str:
        """Give the device to train on, and say so when the first attempt had another one."""
        device = training_device()
        first = first_machine(self._lease.id, "device", device)
        if first != device:
            words = {"cpu": "the CPU", "cuda": "a GPU"}
            context.log(
                "warning",
                f"This run began on {words.get(str(first), first)} and goes on on "
                f"{words.get(device, device)}; its last digits may differ from an undisturbed run.",
            )
        return device

    def _fit(
        self, chosen: Family, config: FamilyConfig, data: Dataset, context: BenchContext
    ) -> FitResult:
        """Fit; where a checkpoint turns out to be of no use, from the one before it."""
        for attempt in range(FALL_BACKS, -1, -1):
            context.begin_fit()
            self._pulse.sign_of_life()
            self._pulse.in_fit = True
            try:
                with waiting_when_full(self._pulse.wait_for_room):
                    return chosen.fit(config, data, context)
            except CheckpointError as error:
                if not attempt:
                    raise
                context.resume_from = self._fall_back(error.path)
            except OSError as error:
                if not is_full(error) or not attempt:
                    raise
                self._pulse.wait_for_room(error)
                context.resume_from = context.newest
            finally:
                self._pulse.in_fit = False
        raise AssertionError  # the last attempt returns or raises

    def _start(self) -> Path | None:
        """Give the checkpoint to go on from; a damaged one costs the time since the one before."""
        committed = self._files.prepare()
        if committed is None or self._files.is_whole(committed):
            return committed
        return self._fall_back(committed)

    def _fall_back(self, unusable: Path) -> Path | None:
        older = self._files.older_than(unusable)
        instead = f"going on from {older.name} instead" if older else "starting from the beginning"
        sentence = f"The checkpoint {unusable.name} is missing or damaged; {instead}."
        self._write_down("warning", sentence)
        self._pulse.note("warning", "checkpoint", sentence)
        return older

    def _evaluate(
        self,
        experiment: ExperimentEntity,
        config: FamilyConfig,
        data: Dataset,
        result: FitResult,
        context: BenchContext,
    ) -> Finished:
        from integrations.core.data.splits import split
        from integrations.core.evaluation.evaluate import evaluate
        from integrations.core.evaluation.measures import measure, write_measures
        from integrations.core.evaluation.store import save_result

        self._broadcast.update(message="Evaluating on the test part")
        evaluation = evaluate(result, split(data.info, config.data), data.info, config.seed)
        saved = save_result(
            self._files.results, result, evaluation,
            family=experiment.family, config=experiment.config, info=data.info,
        )  # fmt: skip
        accuracy = evaluation.headline["accuracy"]
        context.log(
            "info",
            f"Test accuracy {accuracy.value:.1%} ({accuracy.low:.1%}–{accuracy.high:.1%}), "
            f"{evaluation.interval_method}.",
        )
        detail = measure(result.test, evaluation, data.info, config.seed)
        written = (
            write_measures(self._files.results, detail),
            self._files.write_config(experiment, _versions()),
            self._files.write_log(),
        )
        stored = self._files.store(artifacts(), result, (*saved, *written))
        metrics: dict[str, float] = {"best_epoch": float(result.best_epoch)}
        for name, interval in evaluation.headline.items():
            metrics[name] = interval.value
            metrics[f"{name}_low"], metrics[f"{name}_high"] = interval.low, interval.high
        metrics |= {f"validation_{name}": value for name, value in evaluation.validation.items()}
        summary = evaluation.split
        return Finished(
            Status.STOPPED if result.stopped else Status.COMPLETED,
            {key: value for key, value in finite(metrics).items() if value is not None},
            summary.name, summary.digest, summary.leaky, result.n_parameters, self._pulse.seconds,
            stored, self._pulse.limit.stopped if result.stopped and self._pulse.out_of_time else "",
        )  # fmt: skip

    def _fail(self, error: Exception) -> None:
        sentence = sentence_for(error)
        if is_out_of_memory(error):
            sentence = self._memory_sentence(error)
        if sentence is None:
            sentence = unexpected(error)
            log.error("The run failed", exc_info=error)
            self._write_down("error", "".join(traceback.format_exception(error)))
        self._write_down("error", sentence)
        self._pulse.last_word(lambda: self._runs.fail(self._lease, sentence))
        self._end(Status.FAILED.value, sentence, eta_seconds=None)

    def _memory_sentence(self, error: BaseException) -> str:
        config = ExperimentStore().get(self._lease.id).config
        gpu = gpu_memory() if "cuda" in str(error).lower() else {}
        if gpu:
            used, total = gpu["gpu_memory_bytes"], gpu["gpu_memory_total_bytes"]
            return memory_sentence(config, int(used), int(total), "the GPU")
        return memory_sentence(config, peak_of_this_process(), memory_of_machine())

    def _tell_of_waiting(self, sentence: str) -> None:
        """Say on the monitor and in the timeline that an outage of the file store is waited for."""
        self._write_down("warning", sentence)
        self._broadcast.update(message=sentence)
        self._pulse.note("warning", "waiting", sentence)

    def _write_down(self, level: str, message: str) -> None:
        try:
            # Two that write would give one number to two lines.
            written = self._log or run_log.RunLog(self._lease.id)
            self._broadcast.line(written.append(level, message))
        except OSError as error:
            log.warning("The run's log takes no line: %s", error)

    def _end(self, status: str, message: str, **values: float | None) -> None:
        self._broadcast.update(status=status, message=message, **values)
        self._broadcast.close()
        self._files.shared.publish_log()


def _open_data(experiment: ExperimentEntity, entity: DatasetEntity) -> Dataset:
    """Open the data set and make sure that it is the one the experiment was made for.

    Raises:
        DatasetError: It is missing, changed or damaged.
    """
    data = Dataset(dataset_folder(entity.folder))
    if data.info.fingerprint != experiment.dataset_fingerprint:
        raise DatasetError(
            f"“{entity.name}” is not the data this run was made for any more. Clone the run to use "
            "the present data."
        )
    data.signal(0)
    if data.info.n_samples_total * len(data.info.channels) * 4 <= VERIFY_BYTES:
        data.verify()
    return data


def _check_disk(config: FamilyConfig, data: Dataset) -> None:
    """See that two checkpoints fit beside some spare room.

    Raises:
        OSError: They do not.
    """
    disk = shutil.disk_usage(settings().data)
    spare = min(SPARE_DISK_BYTES, SPARE_DISK_SHARE * disk.total)
    needed, free = 2 * config.workload(data.info).checkpoint_bytes + spare, disk.free
    if free < needed:
        raise OSError(
            errno.ENOSPC,
            f"Only {_size(free)} of disk are free and this run wants {_size(needed)}. It begins by "
            "itself when there is room: delete old runs or data sets.",
        )


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: version(name) for name in NUMBER_LIBRARIES
    }


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # torch takes seconds to be taken down, in which the slot would stay taken.
    os._exit(code)
