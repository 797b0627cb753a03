"""The data set on disk: a manifest and one file of float32 samples that is memory-mapped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
SAMPLES = "samples.f32"
FloatArray = npt.NDArray[np.float32]
Found = TypeVar("Found")


class DatasetError(Exception):
    """A data set cannot be read or written; the text tells the user what to do."""


@dataclass(frozen=True)
class Recording:
    """One recording as stored: where its samples lie and what is known about it.

    Attributes:
        name: Shown to people; usually the file name.
        label: Class name.
        group: What it came from (bearing, patient, day); a split never divides a group.
        n_samples: Samples per channel.
        sampling_rate_hz: Samples per second; None when the axis is not time or unknown.
        offset: First sample in the samples file, counted in float32 values.
        fields: Metadata people split and filter by, e.g. ``{"load": "3", "fault size": "14"}``.
        published_split: "train" or "test" where the source fixes it, else None.
    """

    name: str
    label: str
    group: str
    n_samples: int
    sampling_rate_hz: float | None = None
    offset: int = 0
    fields: dict[str, str | float] = field(default_factory=dict)
    published_split: str | None = None


@dataclass(frozen=True)
class DatasetInfo:
    """Everything known of a data set without touching its samples.

    Attributes:
        kind: "signal" here; later "spectrum", "trace", "image", "text", "layout".
        channels: Channel names, the same for all recordings.
        unit: Physical unit of the samples, e.g. "g"; "" when unknown.
        fingerprint: SHA-256 over samples and labels; identifies the version for ever.
        properties: Facts about the whole set, e.g. bearing geometry in orders.
    """

    name: str
    kind: str
    channels: tuple[str, ...]
    recordings: tuple[Recording, ...]
    unit: str = ""
    fingerprint: str = ""
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in a stable order (sorted)."""
        return tuple(sorted({recording.label for recording in self.recordings}))

    @property
    def n_samples_total(self) -> int:
        """Samples over all recordings, per channel."""
        return sum(recording.n_samples for recording in self.recordings)

    @property
    def truth_fields(self) -> tuple[str, ...]:
        """Metadata fields that tell the answer: fit to split by, never an input of a model."""
        return tuple(str(name) for name in self.properties.get("truth_fields", ()))

    def field_values(self) -> dict[str, tuple[str, ...]]:
        """Give each metadata field with its distinct values as text, for filters and splits."""
        values: dict[str, set[str]] = {}
        for recording in self.recordings:
            for key, value in recording.fields.items():
                values.setdefault(key, set()).add(field_text(value))
        return {key: tuple(sorted(found, key=_numeric_first)) for key, found in values.items()}


def once_per_data_set(function: Callable[[DatasetInfo], Found]) -> Callable[[DatasetInfo], Found]:
    """Keep what a function finds out about a data set with its info, which never changes."""
    key = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(info: DatasetInfo) -> Found:
        known = info.__dict__
        if key not in known:
            known[key] = function(info)
        found: Found = known[key]
        return found

    return kept


def common_rate(info: DatasetInfo) -> float | None:
    """Give the sampling rate of all recordings in Hz; None when unknown or not the same."""
    rates = {recording.sampling_rate_hz for recording in info.recordings}
    return rates.pop() if len(rates) == 1 else None


def field_text(value: str | float) -> str:
    """Write a metadata value the way screens and split settings spell it (3.0 → "3")."""
    return f"{value:g}" if isinstance(value, float | int) else value


def _numeric_first(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


class Dataset:
    """A stored data set opened for reading; samples are mapped, never loaded whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.info = read_info(folder)
        self._samples: FloatArray | None = None

    def signal(self, index: int) -> FloatArray:
        """Give one recording, shape (channels, n_samples), float32, read-only view.

        Raises:
            DatasetError: The samples file is missing or shorter than the manifest says.
        """
        recording = self.info.recordings[index]
        count = len(self.info.channels) * recording.n_samples
        flat = self._mapped()[recording.offset : recording.offset + count]
        return flat.reshape(len(self.info.channels), recording.n_samples)

    def verify(self) -> None:
        """Recompute the fingerprint.

        Raises:
            DatasetError: The stored samples are not those the fingerprint was made from.
        """
        digest = _fingerprint(self.info, (self.signal(i) for i in range(len(self.info.recordings))))
        if digest != self.info.fingerprint:
            raise DatasetError(
                f"The stored samples of “{self.info.name}” changed after import. "
                "Import the recordings again."
            )

    def _mapped(self) -> FloatArray:
        if self._samples is None:
            path = self.folder / SAMPLES
            expected = self.info.n_samples_total * len(self.info.channels)
            if not path.exists() or path.stat().st_size != expected * 4:
                raise DatasetError(
                    f"The samples of “{self.info.name}” are missing or cut short. "
                    "Import the recordings again."
                )
            self._samples = np.memmap(path, dtype=np.float32, mode="r")
        return self._samples


class DatasetWriter:
    """Writes a data set recording by recording, so that its size never has to fit in memory.

    Use as a context manager; leaving it normally writes the manifest, which makes the set valid.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        channels: Iterable[str],
        kind: str = "signal",
        unit: str = "",
        properties: dict[str, Any] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._info = DatasetInfo(
            name=name,
            kind=kind,
            channels=tuple(channels),
            recordings=(),
            unit=unit,
            properties=properties or {},
        )
        self._recordings: list[Recording] = []
        self._offset = 0
        self._file = (folder / SAMPLES).open("wb")

    def add(self, samples: npt.ArrayLike, recording: Recording) -> None:
        """Append one recording.

        Args:
            samples: Shape (channels, n_samples) or (n_samples,) for one channel.
            recording: Its description; offset and n_samples are filled in here.

        Raises:
            DatasetError: Wrong number of channels, no samples, or values that are not finite.
        """
        array = np.atleast_2d(np.asarray(samples, dtype=np.float32))
        if array.ndim != 2 or array.shape[0] != len(self._info.channels):
            raise DatasetError(
                f"“{recording.name}” has {array.shape[0]} channels, the data set has "
                f"{len(self._info.channels)}."
            )
        if array.shape[1] == 0:
            raise DatasetError(f"“{recording.name}” holds no samples.")
        if not np.isfinite(array).all():
            raise DatasetError(f"“{recording.name}” holds values that are not finite numbers.")
        self._file.write(np.ascontiguousarray(array).data)
        self._recordings.append(
            replace(recording, offset=self._offset, n_samples=int(array.shape[1]))
        )
        self._offset += array.size

    def close(self) -> DatasetInfo:
        """Finish the files and give the info with its fingerprint."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        info = replace(self._info, recordings=tuple(self._recordings))
        write_info(self._folder, info)
        dataset = Dataset(self._folder)
        signals = (dataset.signal(i) for i in range(len(info.recordings)))
        info = replace(info, fingerprint=_fingerprint(info, signals))
        write_info(self._folder, info)
        return info

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._file.close()


def read_info(folder: Path) -> DatasetInfo:
    """Read the manifest of a stored data set.

    Raises:
        DatasetError: There is none, or it is not one of ours.
    """
    try:
        raw = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if raw.pop("format_version") != FORMAT_VERSION:
            raise DatasetError("This data set was written by a newer Signalbench. Update this one.")
        recordings = tuple(Recording(**item) for item in raw.pop("recordings"))
        channels = tuple(raw.pop("channels"))
        return DatasetInfo(recordings=recordings, channels=channels, **raw)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"The data set in {folder.name} cannot be read. Import the recordings again."
        ) from error


def write_info(folder: Path, info: DatasetInfo) -> None:
    """Write the manifest atomically (temporary file, fsync, rename)."""
    payload = {"format_version": FORMAT_VERSION, **asdict(info)}
    temporary = folder / (MANIFEST + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(payload, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / MANIFEST)


def _fingerprint(info: DatasetInfo, signals: Iterator[FloatArray]) -> str:
    digest = hashlib.sha256()
    header = [info.kind, list(info.channels), [asdict(r) for r in info.recordings]]
    digest.update(json.dumps(header, sort_keys=True).encode())
    for signal in signals:
        digest.update(np.ascontiguousarray(signal).reshape(-1).data)
    return digest.hexdigest()
