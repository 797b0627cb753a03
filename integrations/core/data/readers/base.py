"""What every file reader gives, what it may use up, and how it says no."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from integrations.core.data.dataset import DatasetError

BlockArray = npt.NDArray[np.float64]
BLOCK_SAMPLES = 1 << 18
TIME_NAMES = frozenset(
    {"t", "time", "times", "zeit", "temps", "tiempo", "tempo", "timestamp", "seconds", "sec"}
)
RATE_NAMES = frozenset(
    {
        "fs", "sr", "samplingrate", "samplerate", "samplingfrequency", "samplefrequency",
        "samplingratehz", "sampleratehz", "fsamp", "fshz", "abtastrate",
    }
)  # fmt: skip


class ReadError(DatasetError):
    """A file cannot be used; the text is one sentence that says why and what to do."""


@dataclass(frozen=True)
class ReadLimits:
    """How much a single uploaded file may ask of this machine.

    Attributes:
        max_expanded_bytes: Bytes a file may unpack to.
        max_ratio: Unpacked bytes per stored byte; a higher one is a bomb, not a measurement.
        ratio_floor_bytes: Files that unpack to less are never bombs.
        max_columns: Columns or variables in a file.
        max_line_bytes: Longest line of a text file.
    """

    max_expanded_bytes: int = 16 << 30
    max_ratio: float = 200.0
    ratio_floor_bytes: int = 1 << 20
    max_columns: int = 4096
    max_line_bytes: int = 1 << 20

    def check_expansion(self, expanded: int, stored: int, what: str) -> None:
        """Refuse what would unpack to too much.

        Raises:
            ReadError: Too large as a whole, or too large for the bytes it is stored in.
        """
        if expanded > self.max_expanded_bytes:
            raise ReadError(
                f"{what} claims {byte_text(expanded)} of values, more than the "
                f"{byte_text(self.max_expanded_bytes)} allowed. Export a shorter part."
            )
        if expanded > self.ratio_floor_bytes and expanded > self.max_ratio * max(stored, 1):
            raise ReadError(
                f"{what} claims {byte_text(expanded)} of values but stores only "
                f"{byte_text(stored)}. Export it again without compression."
            )

    def check_columns(self, count: int) -> None:
        """Refuse a file with more columns than anyone records.

        Raises:
            ReadError: There are more than ``max_columns``.
        """
        if count > self.max_columns:
            raise ReadError(
                f"The file has {number_text(count)} columns, at most "
                f"{number_text(self.max_columns)} are allowed. Put one value per line and one "
                "channel per column, or choose another delimiter."
            )


@dataclass(frozen=True)
class ReadSettings:
    """What the user decided about reading, besides the limits.

    Attributes:
        delimiter: Column delimiter of text files; None finds it.
        decimal: Decimal mark of text files; None finds it.
        keep_whole_part: Take what is whole of a file that was cut short.
    """

    limits: ReadLimits = field(default_factory=ReadLimits)
    delimiter: str | None = None
    decimal: str | None = None
    keep_whole_part: bool = False


@dataclass(frozen=True)
class Variable:
    """One column or array of a file.

    Attributes:
        length: Number of values; None where only reading the file tells.
    """

    name: str
    kind: Literal["number", "text"]
    length: int | None


class Source(Protocol):
    """Reads the values of an opened file piece by piece, never whole."""

    def blocks(self, names: Sequence[str]) -> Iterator[BlockArray]:
        """Give the named number variables in order, each block (len(names), rows), float64.

        Raises:
            ReadError: The values cannot be read.
        """

    def texts(self, name: str) -> Iterator[list[str]]:
        """Give a text variable, block by block."""


@dataclass(frozen=True)
class ReadFile:
    """An opened file: what it holds, and a source to read it from.

    Attributes:
        format: Name of the format as people say it, e.g. "CSV".
        variables: Columns or arrays in file order, names unique.
        scalars: Single numbers that stand in the file, e.g. ``{"RPM": 1796.0}``.
        labels: Single texts that stand in the file, e.g. ``{"fault": "inner race"}``.
        sampling_rate_hz: Samples per second where the file says so.
        rate_source: Where the rate came from, in words.
        warnings: Sentences the user should read although the file is usable.
    """

    path: Path
    format: str
    variables: tuple[Variable, ...]
    source: Source
    scalars: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    sampling_rate_hz: float | None = None
    rate_source: str = ""
    warnings: tuple[str, ...] = ()


class Reader(Protocol):
    """One file format.

    Attributes:
        format: Name of the format as people say it.
        extensions: Lower-case extensions with the dot.
    """

    format: str
    extensions: tuple[str, ...]

    def recognises(self, head: bytes) -> bool:
        """Say whether these first bytes of a file are this format's."""

    def open(self, path: Path, settings: ReadSettings) -> ReadFile:
        """Open a file without loading its values.

        Raises:
            ReadError: The file is not usable, with a sentence for the user.
        """


def unique_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Make names unique by numbering repeats; give the names and sentences about the changes."""
    used: set[str] = set()
    result: list[str] = []
    repeated: list[str] = []
    for raw in names:
        name = clean_text(raw) or f"column {len(result) + 1}"
        candidate, number = name, 2
        while candidate in used:
            candidate, number = f"{name} ({number})", number + 1
        if candidate != name and name not in repeated:
            repeated.append(name)
        used.add(candidate)
        result.append(candidate)
    return result, [
        f"More than one column is called “{name}”; the later ones are numbered, check which is "
        "which."
        for name in repeated[:5]
    ]


def clean_text(text: str, limit: int = 120) -> str:
    """Make text from a file safe to show: no control or direction marks, at most ``limit`` long."""
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join("".join(kept).split())[:limit]


def rate_from_scalars(scalars: dict[str, float]) -> tuple[float | None, str]:
    """Find a sampling rate among single numbers by their names; give it with its source."""
    for name, value in scalars.items():
        last = name.rsplit(".", 1)[-1]
        plain = "".join(c for c in last.lower() if c.isalnum())
        if plain in RATE_NAMES and np.isfinite(value) and value > 0:
            return value, f"variable “{name}”"
    return None, ""


def ends_early(got: int, expected: int, what: str) -> ReadError:
    """Word the refusal of a file that was cut short."""
    return ReadError(
        f"The file ends after {number_text(got)} of {number_text(expected)} values in {what}. "
        "Export it again, or import the part that is whole."
    )


def number_text(value: int) -> str:
    """Write a count with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def byte_text(count: int) -> str:
    """Write a number of bytes the way people read it."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.1f} {unit}"
