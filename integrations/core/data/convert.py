"""Carries out the plan of an import: reads, mends, resamples and writes recording by recording."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from integrations.core.data.channels import channel_label
from integrations.core.data.dataset import (
    DatasetError,
    DatasetInfo,
    DatasetWriter,
    FloatArray,
    Recording,
    read_info,
)
from integrations.core.data.inspection import Inspection, PlannedRecording
from integrations.core.data.options import ImportOptions
from integrations.core.data.readers import ReadError, ReadFile, open_file
from integrations.core.data.readers.base import unique_names

log = logging.getLogger(__name__)
IN_MEMORY_BYTES = 64 << 20
MAX_DENOMINATOR = 10_000
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Skipped:
    """A recording or file that was not imported, with the sentence that says why."""

    name: str
    sentence: str


def convert(
    folder: Path,
    plan: Inspection,
    options: ImportOptions,
    target: Path,
    on_progress: Progress = lambda fraction, message: None,
) -> tuple[DatasetInfo, list[Skipped]]:
    """Write the planned recordings as a data set into ``target``.

    Raises:
        ReadError: Nothing could be imported.
        OSError: The disk is full.
    """
    skipped = [Skipped(f.shown, f.sentence) for f in plan.files if f.status == "problem"]
    skipped += [Skipped(r.name, r.problem) for r in plan.recordings if r.problem]
    if plan.problems:
        raise ReadError(plan.problems[0])
    channels, _ = unique_names([channel_label(name) for name in plan.chosen_channels])
    writer = DatasetWriter(
        target,
        name=options.name,
        channels=channels,
        kind=options.kind,
        unit=options.unit,
        properties=dict(options.properties),
    )
    done = imported = 0
    wanted = plan.wanted
    with writer:
        for file, recordings in _by_file(wanted):
            on_progress(done / max(len(wanted), 1), recordings[0].name)
            try:
                for planned, samples in _pieces_of(folder / file, recordings, options):
                    writer.add(samples, _described(planned, samples, options))
                    imported += 1
            except DatasetError as error:
                skipped.append(Skipped(recordings[0].name, str(error)))
            done += len(recordings)
        if not imported:
            raise ReadError(_nothing(skipped))
        on_progress(1.0, "Computing the fingerprint")
    return read_info(target), skipped


def _pieces_of(
    path: Path, recordings: list[PlannedRecording], options: ImportOptions
) -> Iterator[tuple[PlannedRecording, FloatArray]]:
    opened = open_file(path, options.read_settings())
    for planned, samples in _pieces(opened, recordings):
        yield planned, prepare(samples, planned.sampling_rate_hz, options)


def _described(planned: PlannedRecording, samples: FloatArray, options: ImportOptions) -> Recording:
    return Recording(
        name=planned.name,
        label=planned.label,
        group=planned.group,
        n_samples=samples.shape[1],
        sampling_rate_hz=options.target_sampling_rate_hz or planned.sampling_rate_hz,
        fields=planned.fields,
    )


def _by_file(recordings: list[PlannedRecording]) -> Iterator[tuple[str, list[PlannedRecording]]]:
    files: dict[str, list[PlannedRecording]] = {}
    for recording in recordings:
        files.setdefault(recording.file, []).append(recording)
    yield from files.items()


def _pieces(
    opened: ReadFile, recordings: list[PlannedRecording]
) -> Iterator[tuple[PlannedRecording, FloatArray]]:
    """Read a file once, front to back, and cut the recordings out of its blocks."""
    waiting = sorted(recordings, key=lambda r: r.start)
    current: tuple[PlannedRecording, FloatArray] | None = None
    row = 0
    with np.errstate(over="ignore"):
        for block in opened.source.blocks(recordings[0].columns):
            end = row + block.shape[1]
            while waiting and waiting[0].start < end:
                if current is None:
                    current = (waiting[0], _room(len(block), waiting[0].n_samples))
                planned, room = current
                first, last = max(row, planned.start), min(end, planned.stop)
                room[:, first - planned.start : last - planned.start] = block[
                    :, first - row : last - row
                ]
                if planned.stop > end:
                    break
                yield current
                waiting.pop(0)
                current = None
            row = end
    if waiting:
        raise ReadError("The file is shorter than before. It changed after it was uploaded.")


def _room(n_channels: int, n_samples: int) -> FloatArray:
    """Give memory for a recording; a large one lies in an unnamed file, not in memory."""
    shape = (n_channels, n_samples)
    if n_channels * n_samples * 4 <= IN_MEMORY_BYTES:
        return np.empty(shape, dtype=np.float32)
    with tempfile.TemporaryFile() as file:
        file.truncate(n_channels * n_samples * 4)
        return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)


def prepare(samples: FloatArray, rate: float | None, options: ImportOptions) -> FloatArray:
    """Interpolate missing values and resample, channel by channel.

    Args:
        samples: Shape (channels, n_samples).
        rate: Its sampling rate in Hz.
        options: What to do about missing values, and the rate to resample to.

    Raises:
        ReadError: A channel holds no good value at all, or the rates do not go together.
    """
    if options.nan_policy == "interpolate":
        for channel in samples:
            interpolate(channel)
    target = options.target_sampling_rate_hz
    if target is None or rate is None or target == rate:
        return samples
    up, down = resample_ratio(rate, target)
    if up == down:
        return samples
    return np.stack([resample(channel, up, down) for channel in samples])


def interpolate(channel: npt.NDArray[np.float32]) -> None:
    """Replace values that are not finite by the line between their neighbours, in place.

    Raises:
        ReadError: There is no good value to start from.
    """
    good = np.isfinite(channel)
    if good.all():
        return
    if not good.any():
        raise ReadError("A channel holds no good value at all. Leave this recording out.")
    at = np.flatnonzero(good)
    bad = np.flatnonzero(~good)
    channel[bad] = np.interp(bad, at, channel[at]).astype(np.float32)


def resample_ratio(rate: float, target: float) -> tuple[int, int]:
    """Give small whole numbers up/down with target = rate · up / down.

    Raises:
        ReadError: No such numbers exist to within a millionth.
    """
    ratio = Fraction(target / rate).limit_denominator(MAX_DENOMINATOR)
    if ratio == 0 or abs(float(ratio) - target / rate) > 1e-6 * target / rate:
        raise ReadError(
            f"{rate:g} Hz does not go into {target:g} Hz by whole numbers. Choose a target rate "
            "such as half or a quarter of it."
        )
    return ratio.numerator, ratio.denominator


def resample(channel: npt.NDArray[np.float32], up: int, down: int) -> npt.NDArray[np.float32]:
    """Resample one channel through SciPy's polyphase filter (Kaiser window, anti-aliasing)."""
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(channel, up, down, padtype="line"), dtype=np.float32)


def _nothing(skipped: list[Skipped]) -> str:
    if skipped:
        return f"Nothing could be imported. {skipped[0].name}: {skipped[0].sentence}"
    return "Nothing could be imported. The upload holds no recordings."
