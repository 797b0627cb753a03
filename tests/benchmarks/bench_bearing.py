"""The honest ladder of bearing diagnosis: unseen loads, fault sizes, machines and rigs.

    python tests/benchmarks/bench_bearing.py [--protocol P2 P3 ...] [--family F ...]
        [--preset NAME] [--seeds N]

Every row says what was held back and how many recordings were tested. A recording's verdict is
the class with the largest mean probability over its windows. Intervals are 95 %: bootstrap over
groups (recordings or windows where there are fewer than five groups) for windows and macro-F1,
Wilson for recordings. Seconds are processor time on one core, fit, test and evaluation together.

CWRU is taken from ../shared/data/cwru of a checkout that has it, and skipped in words elsewhere.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bearing_sets as sets
import numpy as np
import sklearn.svm  # noqa: F401
import torch

from integrations.core.contract import (
    EarlierRun,
    Family,
    Severity,
    TrainingError,
)
from integrations.core.data.dataset import Dataset
from integrations.core.data.defaults import apply_suggestions
from integrations.core.data.splits import split
from integrations.core.evaluation.evaluate import evaluate, recording_probabilities
from integrations.core.evaluation.figures_of_merit import wilson
from integrations.core.evaluation.store import save_result
from integrations.core.testing import RecordingContext
from integrations.presets import load_preset, presets
from integrations.registry import families


@dataclass(frozen=True)
class Candidate:
    """A preset to run, with what is changed of it for a comparison."""

    preset: str
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    remark: str = ""


BESIDE = {
    "pinn": (Candidate("ablation_no_physics"),),
    "classical": (
        Candidate("order_domain"),
        Candidate("minirocket"),
        Candidate(
            "standard",
            {"model": {"kind": "extra_trees"}, "features": {"set": "standard"}},
            ", extra trees on standard features without order scores",
        ),
    ),
}
"""What is always run beside the chosen preset: ablations and contrasts."""
JOINS_OTHERS = "ensemble"
NEEDS_CWRU = ("P2", "P3", "rigs")


@dataclass(frozen=True)
class Fold:
    """One division of one data set, and what its row is called."""

    name: str
    data: Dataset
    settings: dict[str, Any]


@dataclass
class Runs:
    """What one preset achieved on the folds of a protocol, seed by seed."""

    title: str
    hits: list[float] = field(default_factory=list)
    f1: list[float] = field(default_factory=list)
    per_fold: dict[str, list[str]] = field(default_factory=dict)
    right: int = 0
    tested: int = 0
    seconds: float = 0.0
    window: int = 0


def folds(protocol: str, folder: Path) -> Iterator[Fold]:
    """Give the divisions of a protocol."""
    if protocol == "P2":
        data = sets.cwru(folder, sets.nine_faults, tested_load="3")
        yield Fold("3 hp", data, _held_back("load", "3"))
    elif protocol == "P3":
        data = sets.cwru(folder, sets.four_kinds)
        for size in ("7", "14", "21"):
            yield Fold(f"{size} mil", data, _held_back("fault size", size))
    elif protocol in ("journal", "rolling"):
        yield Fold("machines", sets.simulated(folder, protocol), {"split": "group"})
    elif protocol == "no_speed":
        yield Fold("machines", sets.without_speed(folder), {"split": "group"})
    elif protocol == "rigs":
        data = sets.two_rigs(folder)
        yield Fold("simulated → CWRU", data, _held_back("rig", "C"))
        yield Fold("CWRU → simulated", data, _held_back("rig", "S"))
    elif protocol == "machines":
        data = sets.simulated(folder, "rolling", machines=2, signals_per_class=60)
        for machine in sorted({recording.group for recording in data.info.recordings}):
            yield Fold(f"test {machine}", data, _held_back("machine", machine))


def _held_back(name: str, value: str) -> dict[str, Any]:
    return {"split": "field", "split_field": name, "test_values": [value]}


TITLES = {
    "P2": "CWRU 12 kHz drive end, 9 faults with size: train 0–2 hp, test 3 hp (same bearings)",
    "P3": "CWRU 12 kHz drive end, N/IR/B/OR: leave one fault size out (normal cut in time)",
    "journal": "Simulated journal bearings, 11 classes: whole machines held back",
    "no_speed": "Simulated journal bearings as a contrast: no tacho channel, no rpm given",
    "rolling": "Simulated rolling bearings, 4 classes: whole machines held back",
    "rigs": "Normal, inner, outer: train on one rig, test on the other (simulated, CWRU)",
    "machines": "Simulated rolling bearings: train on one machine, test on another geometry",
}


def candidates(family: Family, preset: str) -> list[tuple[Candidate, str]]:
    """Give what to run of a family with titles: the chosen preset, and what stands beside it."""
    titles = {p.name: p.title for p in presets(family.name)}
    wanted = [Candidate(preset), *BESIDE.get(family.name, ())]
    return [
        (each, f"{family.title}, {titles[each.preset]}{each.remark}")
        for each in wanted
        if each.preset in titles
    ]


def run(
    family: Family,
    candidate: Candidate,
    fold: Fold,
    seed: int,
    folder: Path,
    earlier: list[EarlierRun],
    runs: Runs,
) -> None:
    """Train once and add what it achieved."""
    given = dict(load_preset(family.name, candidate.preset).config)
    for section, values in {**candidate.changes, "data": fold.settings}.items():
        given[section] = {**given.get(section, {}), **values}
    given["seed"] = seed
    config = apply_suggestions(family.Config.model_validate(given), fold.data.info)
    folder.mkdir(parents=True)
    began = time.process_time()
    context = RecordingContext(folder, threads=1, earlier=list(earlier))
    result = family.fit(config, fold.data, context)
    parts = split(fold.data.info, config.data)
    found = evaluate(result, parts, fold.data.info)
    runs.seconds += time.process_time() - began
    kept = config.model_dump(mode="json")
    save_result(folder, result, found, family=family.name, config=kept, info=fold.data.info)
    digest = parts.summary.digest
    earlier.append(EarlierRun(len(earlier) + 1, runs.title, family.name, folder, digest))
    _, truth, probability = recording_probabilities(result.test)
    right = int((probability.argmax(axis=1) == truth).sum())
    head = found.headline
    runs.hits.append(head["accuracy"].value)
    runs.f1.append(head["macro_f1"].value)
    runs.right, runs.tested = runs.right + right, runs.tested + len(truth)
    runs.window = config.data.window_samples
    said = f"{_percent(head['accuracy'])}; {right}/{len(truth)}"
    runs.per_fold.setdefault(fold.name, []).append(said)


def _percent(figure: Any) -> str:
    return f"{figure.value:.1%} ({figure.low:.1%}–{figure.high:.1%})"


def measure(protocol: str, arguments: argparse.Namespace, folder: Path) -> list[Runs]:
    """Run every candidate on every fold and seed of a protocol."""
    found: dict[str, Runs] = {}
    last = sorted(families().values(), key=lambda family: family.name == JOINS_OTHERS)
    for fold in folds(protocol, folder / protocol):
        for seed in range(arguments.seeds):
            earlier: list[EarlierRun] = []
            for family in last:
                errors = [
                    p for p in family.problems(fold.data.info) if p.severity is Severity.ERROR
                ]
                if errors or (arguments.family and family.name not in arguments.family):
                    continue
                for candidate, title in candidates(family, arguments.preset):
                    runs = found.setdefault(title, Runs(title))
                    place = folder / "runs" / f"{protocol}-{fold.name}-{seed}-{title}"
                    try:
                        run(family, candidate, fold, seed, place, earlier, runs)
                    except TrainingError as error:
                        say(f"{title}, {fold.name}: {error}")
    return [runs for runs in found.values() if runs.hits]


def table(protocol: str, found: list[Runs], seeds: int) -> str:
    """Write a protocol's results as a Markdown table, best first."""
    names = list(dict.fromkeys(name for runs in found for name in runs.per_fold))
    rows = [
        f"\n### {TITLES[protocol]}\n",
        f"{seeds} seed{'s' if seeds > 1 else ''}. Each fold: windows (95 %); recordings right.\n",
        "| model | " + " | ".join(names) + " | windows, mean | macro-F1, mean | recordings "
        "| window | CPU s |",
        "| --- |" + " --- |" * (len(names) + 5),
    ]
    for runs in sorted(found, key=lambda each: -float(np.mean(each.hits))):
        cells = [" / ".join(runs.per_fold.get(name, ["–"])) for name in names]
        share = runs.right / runs.tested
        low, high = wilson(share, runs.tested // seeds)
        rows.append(
            f"| {runs.title} | " + " | ".join(cells) + f" | {_spread(runs.hits, seeds)} "
            f"| {_spread(runs.f1, seeds)} | {share:.1%} ({low:.1%}–{high:.1%}), "
            f"n = {runs.tested // seeds} | {runs.window} | {runs.seconds / seeds:.1f} |"
        )
    return "\n".join(rows)


def _spread(values: list[float], seeds: int) -> str:
    """Mean over folds, with the deviation over seeds where there are several."""
    by_seed = np.array(values).reshape(-1, seeds).mean(axis=0)
    return f"{by_seed.mean():.1%}" + (f" ± {by_seed.std(ddof=1):.1%}" if seeds > 1 else "")


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", nargs="*", choices=sorted(TITLES), default=list(TITLES))
    parser.add_argument("--family", nargs="*", default=[])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        for protocol in arguments.protocol:
            if protocol in NEEDS_CWRU and not sets.CWRU.is_dir():
                say(f"{protocol} skipped: the CWRU files are not in {sets.CWRU}.")
                continue
            found = measure(protocol, arguments, Path(temporary))
            if found:
                say(table(protocol, found, arguments.seeds))


if __name__ == "__main__":
    main()
