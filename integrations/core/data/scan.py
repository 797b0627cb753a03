"""Looks through the files of an upload once and writes down facts, as plain JSON.

Understanding (``inspect``) works on these facts alone, so that a person can correct it on the
screen without any file being read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from integrations.core.data.readers import ReadError, ReadFile, ReadSettings, open_file
from integrations.core.data.readers.base import TIME_NAMES, BlockArray, clean_text, number_text

log = logging.getLogger(__name__)
CACHE = ".signalbench-scan.json"
CACHE_VERSION = 1
MAX_FILES = 20_000
MAX_RUNS = 100_000
PREVIEW_FILES = 24
PREVIEW_COLUMNS = 6
PREVIEW_SAMPLES = 2048
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
CLASS_COLUMNS = frozenset(
    {"label", "labels", "class", "classes", "target", "fault", "condition", "state", "klasse"}
)
UNEVEN = 0.01


class VariableFacts(BaseModel):
    """What is known of one column or array.

    Attributes:
        n_bad: Values that are missing, infinite or beyond 32-bit floats.
        step_s: Mean step of a time column in seconds.
        runs: Text (or class number) with the number of rows it holds for, in order.
        preview: The first values, so that a wave and a spectrum can be shown before the import.
    """

    name: str
    kind: Literal["number", "text", "time"]
    length: int = 0
    n_bad: int = 0
    minimum: float | None = None
    maximum: float | None = None
    step_s: float | None = None
    uneven: bool = False
    runs: list[tuple[str, int]] = Field(default_factory=list)
    preview: list[float | None] = Field(default_factory=list)


class FileFacts(BaseModel):
    """What is known of one file of an upload; paths are relative, with forward slashes."""

    path: str
    shown: str
    size_bytes: int = 0
    modified_ns: int = 0
    status: Literal["ok", "problem", "ignored"] = "ok"
    sentence: str = ""
    format: str = ""
    warnings: list[str] = Field(default_factory=list)
    variables: list[VariableFacts] = Field(default_factory=list)
    scalars: dict[str, float] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    sampling_rate_hz: float | None = None
    rate_source: str = ""


def list_files(folder: Path) -> list[str]:
    """Give the relative paths of everything under an upload folder, links included, sorted.

    Raises:
        ReadError: There are more files than one upload may hold.
    """
    found: list[str] = []
    for where, folders, files in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(where) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        base = Path(where).relative_to(folder)
        found.extend((base / name).as_posix() for name in [*files, *links])
        if len(found) > MAX_FILES:
            raise ReadError(
                f"The upload holds more than {number_text(MAX_FILES)} files. Import it in parts."
            )
    return sorted(path for path in found if not path.startswith(".signalbench"))


def scan_file(
    folder: Path, relative: str, settings: ReadSettings, *, preview: bool = False
) -> FileFacts:
    """Read one file through and write down what it holds; never raises for a bad file.

    Args:
        folder: The upload's folder.
        relative: The file's path in it.
        settings: Limits and what the user decided about reading.
        preview: Keep the first values of the first few columns.
    """
    path = folder / relative
    facts = FileFacts(path=relative, shown=shown_path(relative))
    if _is_rubbish(relative):
        return facts.model_copy(update={"status": "ignored", "sentence": "A system file."})
    try:
        about = path.lstat()
        facts.size_bytes, facts.modified_ns = about.st_size, about.st_mtime_ns
        if not stat.S_ISREG(about.st_mode):
            raise ReadError("This is a link, not a file. Upload the file itself.")
        opened = open_file(path, settings)
        _fill(facts, opened, PREVIEW_SAMPLES if preview else 0)
    except ReadError as error:
        return _problem(facts, str(error))
    except MemoryError:
        return _problem(facts, "Reading it takes more memory than allowed. Save a shorter part.")
    except Exception:
        log.exception("A reader failed on an uploaded file", extra={"file": facts.shown})
        return _problem(facts, "The file is damaged in a way no reader expected. Export it again.")
    return facts


def remembered(folder: Path, settings: ReadSettings) -> dict[str, FileFacts]:
    """Give the facts found earlier with the same settings, by path, without opening any file."""
    try:
        raw = json.loads((folder / CACHE).read_bytes())
        if raw["settings"] != _settings_key(settings):
            return {}
        facts = [FileFacts.model_validate(item) for item in raw["facts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {item.path: item for item in facts}


def remember(folder: Path, settings: ReadSettings, facts: Sequence[FileFacts]) -> None:
    """Write the facts beside the files; a folder we may not write is looked at again each time."""
    payload = {"settings": _settings_key(settings), "facts": [f.model_dump() for f in facts]}
    with contextlib.suppress(OSError):
        temporary = folder / (CACHE + ".tmp")
        temporary.write_text(json.dumps(payload), encoding="utf-8")
        temporary.replace(folder / CACHE)


def is_current(folder: Path, facts: FileFacts | None) -> bool:
    """Tell whether a file is still the one the facts were taken from."""
    if facts is None:
        return False
    try:
        about = (folder / facts.path).lstat()
    except OSError:
        return False
    return (about.st_size, about.st_mtime_ns) == (facts.size_bytes, facts.modified_ns)


def _settings_key(settings: ReadSettings) -> str:
    return hashlib.sha256(f"{CACHE_VERSION} {settings}".encode()).hexdigest()


def shown_path(relative: str) -> str:
    """Make a path safe to show."""
    return clean_text(relative.encode("utf-8", "replace").decode(), 255) or "(no name)"


def _problem(facts: FileFacts, sentence: str) -> FileFacts:
    return FileFacts(
        path=facts.path,
        shown=facts.shown,
        size_bytes=facts.size_bytes,
        modified_ns=facts.modified_ns,
        status="problem",
        sentence=sentence,
    )


def _is_rubbish(relative: str) -> bool:
    parts = relative.lower().split("/")
    return any(part in IGNORED_NAMES or part.startswith((".", "~$")) for part in parts)


def _fill(facts: FileFacts, opened: ReadFile, keep: int) -> None:
    facts.format = opened.format
    facts.warnings = list(opened.warnings)
    facts.scalars = {k: v for k, v in opened.scalars.items() if math.isfinite(v)}
    facts.labels = dict(opened.labels)
    facts.sampling_rate_hz, facts.rate_source = opened.sampling_rate_hz, opened.rate_source
    numbers = [v.name for v in opened.variables if v.kind == "number"]
    texts = [v.name for v in opened.variables if v.kind == "text"]
    if not numbers:
        raise ReadError("The file holds no columns of numbers. Check that it is a recording.")
    found = {facts.name: facts for facts in _scan_numbers(opened, numbers, keep)}
    found |= {name: _scan_text(opened, name) for name in texts}
    facts.variables = [found[v.name] for v in opened.variables if v.name in found]
    _use_time_column(facts)


def _scan_numbers(opened: ReadFile, names: list[str], keep: int) -> Iterator[VariableFacts]:
    lengths = {v.name: v.length for v in opened.variables}
    for group in _same_length(names, lengths):
        tallies = [
            _Tally(name, keep=keep if names.index(name) < PREVIEW_COLUMNS else 0) for name in group
        ]
        for block in opened.source.blocks(group):
            for tally, values in zip(tallies, block, strict=True):
                tally.add(values)
        yield from (tally.facts() for tally in tallies)


def _same_length(names: list[str], lengths: dict[str, int | None]) -> list[list[str]]:
    groups: dict[int | None, list[str]] = {}
    for name in names:
        groups.setdefault(lengths[name], []).append(name)
    return list(groups.values())


def _scan_text(opened: ReadFile, name: str) -> VariableFacts:
    facts = VariableFacts(name=name, kind="text")
    for texts in opened.source.texts(name):
        facts.length += len(texts)
        _extend_runs(facts.runs, ((text, len(list(same))) for text, same in groupby(texts)))
    return facts


def _extend_runs(runs: list[tuple[str, int]], pieces: Iterable[tuple[str, int]]) -> None:
    for text, count in pieces:
        if runs and runs[-1][0] == text:
            runs[-1] = (text, runs[-1][1] + count)
        elif len(runs) < MAX_RUNS:
            runs.append((text, count))


@dataclass
class _Tally:
    """Running facts about one column: extremes, bad values, steps, and runs of class numbers."""

    name: str
    length: int = 0
    n_bad: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    first: float = math.nan
    last: float = math.nan
    step_low: float = math.inf
    step_high: float = -math.inf
    runs: list[tuple[str, int]] = field(default_factory=list)
    measured: bool = False
    keep: int = 0
    kept: list[float | None] = field(default_factory=list)

    def add(self, values: BlockArray) -> None:
        """Take one more block."""
        with np.errstate(over="ignore", invalid="ignore"):
            good = np.isfinite(values.astype(np.float32))
        if len(self.kept) < self.keep:
            self._keep_some(values, good)
        n_good = int(good.sum())
        self.n_bad += values.size - n_good
        if n_good:
            self.minimum = min(self.minimum, float(values[good].min()))
            self.maximum = max(self.maximum, float(values[good].max()))
        if self._may_be_time:
            self._add_steps(values)
        if self._is_class:
            self._add_runs(values, good)
        self.length += values.size

    def facts(self) -> VariableFacts:
        """Give what was found."""
        step = self._step()
        return VariableFacts(
            name=self.name,
            kind="time" if step else "number",
            length=self.length,
            n_bad=self.n_bad,
            minimum=self.minimum if math.isfinite(self.minimum) else None,
            maximum=self.maximum if math.isfinite(self.maximum) else None,
            step_s=step,
            uneven=bool(step) and self.step_high - self.step_low > UNEVEN * _mean(self),
            runs=self.runs,
            preview=self.kept,
        )

    @property
    def _plain(self) -> str:
        return re.split(r"[^a-z]", self.name.lower().strip())[0]

    @property
    def _may_be_time(self) -> bool:
        return self._plain in TIME_NAMES or self._plain in ("date", "datetime", "when", "datum")

    @property
    def _is_class(self) -> bool:
        return not self.measured and self.name.lower() in CLASS_COLUMNS

    def _add_steps(self, values: BlockArray) -> None:
        if not self.length:
            self.first = float(values[0])
            steps = np.diff(values)
        else:
            steps = np.diff(values, prepend=self.last)
        self.last = float(values[-1])
        if steps.size:
            self.step_low = min(self.step_low, float(np.nanmin(steps, initial=math.inf)))
            self.step_high = max(self.step_high, float(np.nanmax(steps, initial=-math.inf)))

    def _keep_some(self, values: BlockArray, good: npt.NDArray[np.bool_]) -> None:
        wanted = self.keep - len(self.kept)
        pairs = zip(values[:wanted].tolist(), good[:wanted].tolist(), strict=True)
        self.kept += [float(f"{value:.6g}") if fine else None for value, fine in pairs]

    def _add_runs(self, values: BlockArray, good: npt.NDArray[np.bool_]) -> None:
        if good.all() and np.array_equal(values, np.rint(values)):
            starts = np.flatnonzero(np.diff(values, prepend=np.nan))
            counts = np.diff(starts, append=values.size)
            pieces = zip(values[starts].tolist(), counts.tolist(), strict=True)
            _extend_runs(self.runs, ((f"{value:g}", count) for value, count in pieces))
        else:
            self.measured, self.runs = True, []

    def _step(self) -> float | None:
        rises = self._may_be_time and self.length > 1 and self.n_bad == 0 and self.step_low >= 0
        mean = _mean(self) if rises else 0.0
        return mean * _unit_scale(self.name) if mean > 0 else None


def _mean(tally: _Tally) -> float:
    return (tally.last - tally.first) / max(tally.length - 1, 1)


def _unit_scale(name: str) -> float:
    unit = re.search(r"[\[(/_ ]\s*(ns|[uµμ]s|ms|s|sec|min|h)\s*[\])]?$", name.lower())
    if unit is None:
        return 1.0
    return {"n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "s": 1.0, "h": 3600.0}.get(
        unit.group(1)[0], 60.0 if unit.group(1) == "min" else 1e-3
    )


def _use_time_column(facts: FileFacts) -> None:
    time = next((v for v in facts.variables if v.kind == "time"), None)
    if time is None or not time.step_s:
        return
    if facts.sampling_rate_hz is None:
        facts.sampling_rate_hz = _rounded(1.0 / time.step_s)
        facts.rate_source = f"column “{time.name}”"
    if time.uneven:
        facts.warnings.append(
            f"The steps of “{time.name}” are uneven; the mean rate is used. Resample the recording "
            "if its timing matters."
        )


def _rounded(rate: float) -> float:
    nearest = round(rate)
    close = nearest > 0 and abs(rate - nearest) < 2e-4 * rate
    return float(nearest) if close else float(f"{rate:.7g}")
