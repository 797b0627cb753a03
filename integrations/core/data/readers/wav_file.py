"""WAV audio (RIFF, 8 to 32-bit integers and floats), parsed by its chunks and read in blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from integrations.core.data.readers.base import (
    BLOCK_SAMPLES,
    BlockArray,
    ReadError,
    ReadFile,
    ReadSettings,
    Variable,
    ends_early,
)

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MAX_CHUNKS = 1000


@dataclass(frozen=True)
class Layout:
    """Where the samples of a WAV file lie and how they are written."""

    code: int
    channels: int
    rate: int
    bits: int
    offset: int
    frames: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8


class WavSource:
    """Reads channels of the data chunk; integers are scaled to ±1 (full scale)."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self._path = path
        self._layout = layout

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the channels named "channel 1" and so on."""
        picks = [int(name.rsplit(" ", 1)[1]) - 1 for name in names]
        layout = self._layout
        with self._path.open("rb") as file:
            file.seek(layout.offset)
            done = 0
            while done < layout.frames:
                rows = min(BLOCK_SAMPLES, layout.frames - done)
                raw = file.read(rows * layout.frame_bytes)
                if len(raw) < rows * layout.frame_bytes:
                    raise ends_early(done, layout.frames, "the sound")
                frames = _decode(raw, layout).reshape(rows, layout.channels)
                yield np.ascontiguousarray(frames[:, picks].T)
                done += rows

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give nothing: sound has no text columns."""
        yield from ()


class WavReader:
    """Sound and vibration recorders' usual format."""

    format = "WAV"
    extensions = (".wav", ".wave")

    def recognises(self, head: bytes) -> bool:
        """Look for RIFF … WAVE."""
        return head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """Walk the chunks and check their sizes against the file's."""
        size = path.stat().st_size
        with path.open("rb") as file:
            layout, declared = _walk(file, size)
        settings.limits.check_columns(layout.channels)
        warnings: tuple[str, ...] = ()
        if layout.frames < declared:
            if not settings.keep_whole_part or not layout.frames:
                raise ends_early(layout.frames, declared, "the sound")
            warnings = ("The file was cut short; only the part that is whole is used.",)
        return ReadFile(
            path=path,
            format=self.format,
            variables=tuple(
                Variable(f"channel {i + 1}", "number", layout.frames)
                for i in range(layout.channels)
            ),
            source=WavSource(path, layout),
            sampling_rate_hz=float(layout.rate),
            rate_source="the WAV header",
            warnings=warnings,
        )


def _walk(file: IO[bytes], size: int) -> tuple[Layout, int]:
    if file.read(12)[8:12] != b"WAVE":
        raise ReadError("The file is no WAV file although its name says so. Export it again.")
    form: tuple[int, int, int, int] | None = None
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, length = struct.unpack("<4sI", head)
        if name == b"fmt ":
            form = _form(file.read(min(length, 40)))
            file.seek(max(0, length - 40) + length % 2, 1)
        elif name == b"data":
            if form is None:
                break
            return _layout(form, file.tell(), length, size)
        else:
            file.seek(length + length % 2, 1)
    raise ReadError("The WAV file holds no samples. Export it again.")


def _form(raw: bytes) -> tuple[int, int, int, int]:
    if len(raw) < 16:
        raise ReadError("The head of the WAV file is cut short. Export it again.")
    code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", raw[:16])
    if code == EXTENSIBLE and len(raw) >= 26:
        code = struct.unpack("<H", raw[24:26])[0]
    known = (code == PCM and bits in (8, 16, 24, 32)) or (code == FLOAT and bits in (32, 64))
    if not known:
        raise ReadError(
            f"The WAV file uses coding {code} with {bits} bits. Export it as 16-bit PCM or float."
        )
    if not channels or not rate:
        raise ReadError("The head of the WAV file names no channels or no rate. Export it again.")
    return code, channels, rate, bits


def _layout(
    form: tuple[int, int, int, int], offset: int, length: int, size: int
) -> tuple[Layout, int]:
    code, channels, rate, bits = form
    frame = channels * bits // 8
    available = size - offset
    streamed = length in (0, 0xFFFFFFFF)
    declared = (available if streamed else length) // frame
    frames = min(declared, available // frame)
    if declared == 0:
        raise ReadError("The WAV file holds no samples. Record something and export it again.")
    return Layout(code, channels, rate, bits, offset, frames), declared


def _decode(raw: bytes, layout: Layout) -> BlockArray:
    if layout.code == FLOAT:
        return np.frombuffer(raw, dtype=f"<f{layout.bits // 8}").astype(np.float64)
    if layout.bits == 8:
        return (np.frombuffer(raw, dtype=np.uint8).astype(np.float64) - 128.0) / 128.0
    if layout.bits == 24:
        wide = np.zeros((len(raw) // 3, 4), dtype=np.uint8)
        wide[:, 1:] = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 3)
        return wide.view("<i4").reshape(-1).astype(np.float64) / 2.0**31
    whole = np.frombuffer(raw, dtype=f"<i{layout.bits // 8}").astype(np.float64)
    return np.asarray(whole / 2.0 ** (layout.bits - 1))
