"""Understands an upload: which recordings it holds, their classes, groups, channels and rates.

Works on the facts of ``scan`` alone and never opens a file; the result is both what the screen
shows and the plan that ``convert`` carries out.
"""

from __future__ import annotations

import fnmatch
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from integrations.core.data.channels import choose_channels, find_channel, listed, signals_of
from integrations.core.data.dataset import field_text
from integrations.core.data.inspection import (
    FileView,
    Inspection,
    LengthStats,
    PlannedRecording,
)
from integrations.core.data.options import ImportOptions, LabelSource
from integrations.core.data.patterns import (
    CLASS_NAME,
    NamePattern,
    PatternError,
    compile_pattern,
    render,
    suggest_pattern,
)
from integrations.core.data.readers.base import number_text
from integrations.core.data.scan import (
    CLASS_COLUMNS,
    FileFacts,
    VariableFacts,
    list_files,
    scan_file,
)

MAX_CLASSES = 1000
MIN_SAMPLES = 8
CLASS_PARTS = (CLASS_NAME, "class", "label")
CONDITION_PARTS = frozenset({"rpm", "speed", "load", "hp"})
MAX_RESAMPLE = 1000.0


def inspect_upload(folder: Path, options: ImportOptions) -> Inspection:
    """Scan a folder and understand it, in this process.

    The web never calls this: it goes through the limited child of ``tasks.imports``.

    Raises:
        ReadError: There are too many files.
    """
    settings = options.read_settings()
    facts = [scan_file(folder, path, settings) for path in list_files(folder)]
    return understand(facts, options)


def understand(facts: Sequence[FileFacts], options: ImportOptions) -> Inspection:
    """Make a plan from facts and options; cheap, so that the screen asks at every change."""
    return _Understanding(facts, options).result()


class _Understanding:
    """Works out one decision after the other; each may rest on those before it."""

    def __init__(self, facts: Sequence[FileFacts], options: ImportOptions) -> None:
        self.facts = facts
        self.good = [f for f in facts if f.status == "ok"]
        self.options = options
        self.problems: list[str] = []
        self.questions: list[str] = []
        self.notes: list[str] = []
        self.common = _common_folder([f.shown for f in self.good])
        self.suggested = suggest_pattern([f.path for f in self.good])
        self.pattern = self._pattern()
        self.fields = {f.path: self._fields_of(f) for f in self.good}
        self.label_source, self.label_template = self._label_source()
        self.group_source, self.group_template = self._group_source()
        self.choices, notes = choose_channels(self.good, options.channels, options.label_column)
        self.notes += notes

    def result(self) -> Inspection:
        recordings = [r for facts in self.good for r in self._recordings(facts)]
        recordings = self._judged(recordings)
        wanted = [r for r in recordings if r.wanted]
        self._ask(wanted)
        self._note_single_groups(wanted)
        rates = Counter(
            "unknown" if r.sampling_rate_hz is None else f"{r.sampling_rate_hz:g}" for r in wanted
        )
        return Inspection(
            files=[_view(f) for f in self.facts],
            recordings=recordings,
            channels=self.choices,
            classes=dict(sorted(Counter(r.label for r in wanted).items())),
            n_groups=len({r.group for r in wanted}),
            label_source=self.label_source,
            label_template=self.label_template,
            group_source=self.group_source,
            group_template=self.group_template,
            pattern=self.pattern.text if self.pattern else "",
            suggested_pattern=self.suggested,
            field_names=sorted({name for fields in self.fields.values() for name in fields}),
            sampling_rates=dict(rates),
            lengths=_lengths(wanted),
            questions=self.questions,
            problems=self.problems,
            notes=self.notes,
        )

    def _pattern(self) -> NamePattern | None:
        text = self.suggested if self.options.pattern is None else self.options.pattern
        try:
            return compile_pattern(text) if text else None
        except PatternError as error:
            self.problems.append(str(error))
            return None

    def _fields_of(self, facts: FileFacts) -> dict[str, str | float]:
        found: dict[str, str | float] = {}
        if self.pattern:
            found |= self.pattern.fields(facts.path) or {}
        for derived in self.options.derived:
            key = field_text(found.get(derived.source, ""))
            if key in derived.values:
                found[derived.name] = derived.values[key]
        return found

    def _label_source(self) -> tuple[str, str]:
        template = self.options.label_template
        source = self.options.label_source
        if source == "auto":
            source = "pattern" if template else self._guess_label_source()
        if source == "pattern" and not template:
            names = self.pattern.names if self.pattern else ()
            pick = next((n for n in CLASS_PARTS if n in names), names[0] if names else "")
            template = f"{{{pick}}}" if pick else ""
            if pick == CLASS_NAME and "position" in names:
                template = "{fault}"
        return source, template

    def _guess_label_source(self) -> LabelSource:
        if self._label_column():
            return "column"
        if self.pattern and any(name in self.pattern.names for name in CLASS_PARTS):
            return "pattern"
        folders = {f.path.rsplit("/", 2)[-2] for f in self.good if "/" in f.path}
        if len(folders) > 1:
            return "folder"
        return "single"

    def _label_column(self) -> str:
        if self.options.label_column:
            return self.options.label_column
        counts: Counter[str] = Counter()
        for facts in self.good:
            names = [v.name for v in facts.variables if v.runs] + list(facts.labels)
            counts.update(n for n in set(names) if n.rsplit(".", 1)[-1].lower() in CLASS_COLUMNS)
        best = counts.most_common(1)
        return best[0][0] if best and best[0][1] == len(self.good) else ""

    def _group_source(self) -> tuple[str, str]:
        source, template = self.options.group_source, self.options.group_template
        if source != "auto":
            return source, template
        if template:
            return "pattern", template
        names = self.pattern.names if self.pattern else ()
        parts = [n for n in (*CLASS_PARTS, "position", "size") if n in names]
        if "size" in parts and CONDITION_PARTS & set(names):
            self.notes.append(
                "Recordings of the same fault and size at different speeds form one group: they "
                "come from one damaged part, and a split must not divide it."
            )
            return "pattern", "-".join(f"{{{name}}}" for name in parts)
        return "file", ""

    def _recordings(self, facts: FileFacts) -> list[PlannedRecording]:
        chosen = [choice.name for choice in self.choices if choice.chosen]
        signals = signals_of(facts, self.options.label_column)
        picked = [find_channel(name, signals) for name in chosen]
        columns = [v for v in picked if v is not None]
        missing = [n for n, found in zip(chosen, picked, strict=True) if found is None]
        problem = self._column_problem(columns, missing)
        length = columns[0].length if columns else 0
        rate, rate_source = self._rate(facts)
        base = PlannedRecording(
            file=facts.path,
            name=facts.shown.removeprefix(self.common),
            label="",
            label_source=self.label_source,
            group="",
            fields=self.fields[facts.path],
            columns=[v.name for v in columns],
            stop=length,
            sampling_rate_hz=rate,
            rate_source=rate_source,
            n_bad=sum(v.n_bad for v in columns),
            problem=problem,
        )
        return [self._labelled(base, facts, run) for run in self._runs(facts, length)]

    def _column_problem(self, columns: list[VariableFacts], missing: list[str]) -> str:
        if missing:
            return f"{listed(missing)} is not in this file. Choose channels that all files have."
        if not columns:
            return "No channel is chosen. Choose at least one."
        if len({v.length for v in columns}) > 1:
            sizes = listed([f"{v.name}: {number_text(v.length)}" for v in columns], quote=False)
            return f"The channels have different lengths ({sizes}). Choose those of one length."
        return ""

    def _rate(self, facts: FileFacts) -> tuple[float | None, str]:
        name = facts.path.rsplit("/", 1)[-1]
        for rule in self.options.rate_rules:
            if fnmatch.fnmatchcase(name, rule.match) or fnmatch.fnmatchcase(facts.path, rule.match):
                return rule.sampling_rate_hz, f"your rule for {rule.match}"
        if facts.sampling_rate_hz:
            return facts.sampling_rate_hz, facts.rate_source
        if self.options.sampling_rate_hz:
            return self.options.sampling_rate_hz, "entered by you"
        return None, ""

    def _runs(self, facts: FileFacts, length: int) -> list[tuple[str, int, int]]:
        """Cut a file where its class column changes; one piece when there is none."""
        column = self._label_column() if self.label_source == "column" else ""
        variable = next((v for v in facts.variables if v.name == column and v.runs), None)
        if variable is None or (length and variable.length != length):
            return [(facts.labels.get(column, ""), 0, length)]
        pieces, start = [], 0
        for text, count in variable.runs:
            pieces.append((text, start, start + count))
            start += count
        return pieces

    def _labelled(
        self, base: PlannedRecording, facts: FileFacts, run: tuple[str, int, int]
    ) -> PlannedRecording:
        text, start, stop = run
        whole = (start, stop) == (0, base.stop)
        label = self._label(facts, text)
        name = base.name if whole else f"{base.name} [{start}–{stop}]"
        return base.model_copy(
            update={
                "name": name,
                "label": label,
                "group": self._group(facts, base),
                "start": start,
                "stop": stop,
                "problem": base.problem or self._label_problem(label),
            }
        )

    def _label(self, facts: FileFacts, text: str) -> str:
        if self.label_source == "column":
            return text
        if self.label_source == "folder":
            return facts.shown.rsplit("/", 2)[-2] if "/" in facts.shown else ""
        if self.label_source == "pattern":
            return render(self.label_template, self.fields[facts.path])
        return "all"

    def _label_problem(self, label: str) -> str:
        if label:
            return ""
        return {
            "pattern": "The name does not fit the pattern, so its class is unknown. Edit it.",
            "folder": "The file lies in no folder that names its class. Drop the folder with it.",
        }.get(self.label_source, "The class column is empty here. Fill it or choose another.")

    def _group(self, facts: FileFacts, base: PlannedRecording) -> str:
        if self.group_source == "pattern":
            return render(self.group_template, self.fields[facts.path]) or base.name
        if self.group_source == "folder":
            return facts.shown.rpartition("/")[0] or base.name
        if self.group_source == "column":
            column = self.options.group_column
            known = facts.labels.get(column) or facts.scalars.get(column)
            return field_text(known) if known is not None else base.name
        return base.name

    def _judged(self, recordings: list[PlannedRecording]) -> list[PlannedRecording]:
        classes = {r.label for r in recordings if not r.problem}
        if len(classes) > MAX_CLASSES:
            self.problems.append(
                f"{number_text(len(classes))} classes were found, at most "
                f"{number_text(MAX_CLASSES)} are allowed. Check which part "
                "of the name or which column is the class."
            )
        return [self._judge(recording) for recording in recordings]

    def _judge(self, recording: PlannedRecording) -> PlannedRecording:
        if recording.problem:
            return recording
        problem, left_out = "", False
        if recording.n_samples < MIN_SAMPLES:
            noun = "sample" if recording.n_samples == 1 else "samples"
            problem = (
                f"It holds {recording.n_samples} {noun}, at least {MIN_SAMPLES} are needed. "
                "Record longer."
            )
        elif recording.n_bad and self.options.nan_policy == "refuse":
            noun = "value is" if recording.n_bad == 1 else "values are"
            problem = (
                f"{number_text(recording.n_bad)} {noun} missing, infinite or too large. Mend the "
                "file, or choose to interpolate or leave such recordings out."
            )
        elif recording.n_bad and self.options.nan_policy == "drop":
            left_out = True
        problem = problem or self._rate_problem(recording)
        return recording.model_copy(update={"problem": problem, "left_out": left_out})

    def _rate_problem(self, recording: PlannedRecording) -> str:
        target, rate = self.options.target_sampling_rate_hz, recording.sampling_rate_hz
        if not target:
            return ""
        if rate is None:
            return "Its sampling rate is not known, so it cannot be resampled. Enter the rate."
        if not 1 / MAX_RESAMPLE <= target / rate <= MAX_RESAMPLE:
            return f"{rate:g} Hz cannot sensibly be resampled to {target:g} Hz. Check both rates."
        return ""

    def _note_single_groups(self, wanted: list[PlannedRecording]) -> None:
        groups: dict[str, set[str]] = {}
        for recording in wanted:
            groups.setdefault(recording.label, set()).add(recording.group)
        lonely = [label for label, found in sorted(groups.items()) if len(found) == 1]
        if lonely and len(groups) > 1:
            verb = "comes" if len(lonely) == 1 else "come"
            self.notes.append(
                f"{listed(lonely)} {verb} from one group only, so a split by group can learn it "
                "or test it, not both. Add recordings of other parts if you have them."
            )

    def _ask(self, wanted: list[PlannedRecording]) -> None:
        rates = {r.sampling_rate_hz for r in wanted}
        if None in rates:
            unknown = sum(r.sampling_rate_hz is None for r in wanted)
            self.questions.append(
                f"What is the sampling rate? {number_text(unknown)} of {number_text(len(wanted))} "
                "recordings do not say it."
            )
        known = sorted(rate for rate in rates if rate is not None)
        if len(known) > 1 and not self.options.target_sampling_rate_hz:
            shown = listed([f"{rate:g} Hz" for rate in known], quote=False)
            self.questions.append(
                f"The recordings have different rates ({shown}). To which one should all be "
                "resampled?"
            )
        if wanted and len({r.label for r in wanted}) == 1:
            self.questions.append("Only one class was found. Where does the class stand?")


def _common_folder(paths: Sequence[str]) -> str:
    """Give the folder all files lie in, with its slash; it says nothing about any of them."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0] + "/")
    return "".join(shared)


def _view(facts: FileFacts) -> FileView:
    return FileView(
        path=facts.path,
        shown=facts.shown,
        size_bytes=facts.size_bytes,
        format=facts.format,
        status=facts.status,
        sentence=facts.sentence,
        warnings=facts.warnings,
        variables=[v.name for v in facts.variables],
    )


def _lengths(recordings: list[PlannedRecording]) -> LengthStats:
    sizes = sorted(r.n_samples for r in recordings)
    if not sizes:
        return LengthStats()
    return LengthStats(
        shortest=sizes[0],
        median=sizes[math.floor(len(sizes) / 2)],
        longest=sizes[-1],
        total=sum(sizes),
    )
