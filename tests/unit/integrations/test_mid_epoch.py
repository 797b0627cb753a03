"""A run left between two batches goes on at the next one, with the same numbers to the bit."""

from __future__ import annotations

import errno
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from integrations.core.contract import CheckpointError, Control, Family, FitResult, Interrupted
from integrations.core.data.dataset import Dataset
from integrations.core.files import is_full, waiting_when_full, write_atomically, write_proven
from integrations.core.testing import RecordingContext, toy_signals
from integrations.core.training.checkpoint import read_checkpoint
from integrations.registry import family

NEURAL = ("cnn1d", "resnet1d", "transformer", "spectrogram", "pinn")
EPOCHS = 3


@dataclass(frozen=True)
class Twin:
    """A family's undisturbed run and how often it asked for orders."""

    family: Family
    config: Any
    result: FitResult
    asked: int


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_signals(tmp_path_factory.mktemp("data") / "toy", groups=4)


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory, toy: Dataset) -> Twin:
    return undisturbed("cnn1d", toy, tmp_path_factory.mktemp("straight"))


def undisturbed(name: str, toy: Dataset, folder: Path) -> Twin:
    chosen = family(name)
    config = chosen.Config.model_validate(
        {
            "data": {"window_samples": 128},
            "training": {"epochs": EPOCHS, "patience": 0, "batch_size": 8},
        }
    )
    context = RecordingContext(folder)
    return Twin(chosen, config, chosen.fit(config, toy, context), context.asked)


def run_with_pauses(twin: Twin, toy: Dataset, folder: Path, pauses: list[int]) -> FitResult:
    """Leave the run at these batches; each attempt has a folder of its own, as on the bench."""
    resume_from: Path | None = None
    done = 0
    for number, at in enumerate(pauses):
        context = RecordingContext(
            folder / f"attempt-{number}",
            resume_from=resume_from,
            orders=lambda c, n=at - done: Control.PAUSE if c.asked > n else Control.RUN,  # type: ignore[misc]
        )
        with pytest.raises(Interrupted) as left:
            twin.family.fit(twin.config, toy, context)
        newest = left.value.checkpoint or (context.epochs[-1][3] if context.epochs else resume_from)
        done = at if newest else 0
        resume_from = carried_over(newest, folder / f"attempt-{number + 1}")
    last = RecordingContext(folder / f"attempt-{len(pauses)}", resume_from=resume_from)
    result = twin.family.fit(twin.config, toy, last)
    assert last.asked == twin.asked - done, "a finished batch was computed again"
    return result


def carried_over(newest: Path | None, attempt: Path) -> Path | None:
    if newest is None:
        return None
    target = attempt / "checkpoints"
    target.mkdir(parents=True)
    for path in newest.parent.iterdir():
        (target / path.name).hardlink_to(path)
    return target / newest.name


def assert_same(found: FitResult, straight: FitResult) -> None:
    def figures(history: list[dict[str, float]]) -> list[dict[str, float]]:
        return [{k: v for k, v in row.items() if k != "epoch_seconds"} for row in history]

    assert figures(found.history) == figures(straight.history)
    assert found.best_epoch == straight.best_epoch
    assert np.array_equal(found.test.probability, straight.test.probability)
    for mine, theirs in zip(found.model_files, straight.model_files, strict=True):
        assert mine.read_bytes() == theirs.read_bytes()
    for key in ("gradient_norm", "weight_norm", "update_ratio"):
        assert np.array_equal(found.extras[key], straight.extras[key])


def random_pauses(twin_asked: int, seed: int) -> list[int]:
    draw = random.Random(seed)
    return sorted(draw.sample(range(1, twin_asked), draw.randint(1, 4)))


@pytest.mark.parametrize("seed", range(4))
def test_a_run_paused_anywhere_ends_with_the_same_bits(
    cnn: Twin, toy: Dataset, tmp_path: Path, seed: int
) -> None:
    pauses = random_pauses(cnn.asked, seed)
    assert_same(run_with_pauses(cnn, toy, tmp_path, pauses), cnn.result)


@pytest.mark.parametrize("name", [name for name in NEURAL if name != "cnn1d"])
def test_every_neural_family_goes_on_in_the_middle_of_an_epoch(
    name: str, toy: Dataset, tmp_path: Path
) -> None:
    twin = undisturbed(name, toy, tmp_path / "straight")
    per_epoch = twin.asked // EPOCHS
    pauses = [per_epoch // 2, per_epoch + 1, 2 * per_epoch + per_epoch // 2]
    assert_same(run_with_pauses(twin, toy, tmp_path, pauses), twin.result)


def test_a_pause_says_where_and_the_next_epoch_drops_its_file(
    cnn: Twin, toy: Dataset, tmp_path: Path
) -> None:
    per_epoch = cnn.asked // EPOCHS
    context = RecordingContext(
        tmp_path, orders=lambda c: Control.PAUSE if c.asked > per_epoch + 3 else Control.RUN
    )
    with pytest.raises(Interrupted) as left:
        cnn.family.fit(cnn.config, toy, context)
    assert left.value.where == f"in epoch 2 after batch 3 of {per_epoch}"
    assert left.value.checkpoint == tmp_path / "checkpoints" / "epoch-0001_00003.pt"
    again = RecordingContext(tmp_path, resume_from=left.value.checkpoint)
    cnn.family.fit(cnn.config, toy, again)
    assert ("info", "Resuming in epoch 2 after batch 3; 3 epochs planned.") in again.lines
    assert not list((tmp_path / "checkpoints").glob("*_*"))


def test_a_cancelled_run_writes_nothing_more(cnn: Twin, toy: Dataset, tmp_path: Path) -> None:
    context = RecordingContext(
        tmp_path, orders=lambda c: Control.CANCEL if c.asked > 3 else Control.RUN
    )
    with pytest.raises(Interrupted) as left:
        cnn.family.fit(cnn.config, toy, context)
    assert left.value.checkpoint is None
    assert not (tmp_path / "checkpoints").exists()


def test_the_older_checkpoint_is_there_until_the_newer_one_is_reported(
    cnn: Twin, toy: Dataset, tmp_path: Path
) -> None:
    class Watching(RecordingContext):
        def report_epoch(self, epoch: int, *rest: Any) -> None:
            kept = {path.name for path in (tmp_path / "checkpoints").iterdir()}
            assert {f"epoch-{n:04d}.pt" for n in range(max(1, epoch - 2), epoch + 1)} <= kept
            super().report_epoch(epoch, *rest)

    cnn.family.fit(cnn.config, toy, Watching(tmp_path))


def test_a_checkpoint_of_rubbish_names_itself(cnn: Twin, toy: Dataset, tmp_path: Path) -> None:
    rubbish = tmp_path / "epoch-0001_00003.pt"
    rubbish.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(CheckpointError) as refused:
        cnn.family.fit(cnn.config, toy, RecordingContext(tmp_path, resume_from=rubbish))
    assert refused.value.path == rubbish


@pytest.fixture
def full_disk() -> Path:
    # Every write to it fails with "no space left on device".
    return Path("/dev/full")


def test_a_write_waits_for_room_and_leaves_no_piece(tmp_path: Path, full_disk: Path) -> None:
    waited: list[OSError] = []

    def write(file: Any) -> None:
        if len(waited) < 2:
            file.write(b"half")
            with full_disk.open("wb", buffering=0) as full:
                full.write(b"x")
        file.write(b"whole")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, write)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    with waiting_when_full(waited.append):
        write_atomically(path, write)
    assert path.read_bytes() == b"whole"
    assert all(is_full(error) for error in waited)
    assert waited[0].errno == errno.ENOSPC


def test_what_does_not_load_is_not_proven(tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        raise CheckpointError("no", path)

    with pytest.raises(CheckpointError):
        write_proven(tmp_path / "file", b"content", refuse)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_bytes_are_refused_in_words(
    cnn: Twin, toy: Dataset, tmp_path: Path, seed: int
) -> None:
    context = RecordingContext(tmp_path)
    cnn.family.fit(cnn.config, toy, context)
    whole = context.epochs[-1][3]
    assert whole is not None
    content = whole.read_bytes()
    draw = random.Random(seed)
    damaged = tmp_path / "damaged.pt"
    for piece in (b"rubbish", b"", b"\x80\x04.", content[: draw.randrange(len(content))]):
        damaged.write_bytes(piece)
        with pytest.raises(CheckpointError):
            read_checkpoint(damaged, "cpu")
