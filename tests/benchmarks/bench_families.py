"""Runs every preset on real data sets; ``--write`` puts the figures into the preset files.

    python tests/benchmarks/bench_families.py [--write] [--family F] [--preset P] [--dataset D ...]

An ensemble joins the runs made just before it on the same data and split; asked for alone, it is
given the quick and fast presets of the other families. Its seconds leave out those of its members.

CWRU is taken from ../shared/data/cwru of a checkout that has it, and skipped in words elsewhere.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import sklearn.svm  # noqa: E402,F401
import torch  # noqa: E402,F401 - loaded before the clock runs
import yaml  # noqa: E402
from scipy.signal import decimate  # noqa: E402

from integrations.core.config import FamilyConfig  # noqa: E402
from integrations.core.contract import EarlierRun, Family, Severity, TrainingError  # noqa: E402
from integrations.core.data.builtin import make  # noqa: E402
from integrations.core.data.dataset import Dataset, DatasetWriter, Recording  # noqa: E402
from integrations.core.data.defaults import apply_suggestions  # noqa: E402
from integrations.core.data.splits import split  # noqa: E402
from integrations.core.evaluation.evaluate import evaluate  # noqa: E402
from integrations.core.evaluation.store import save_result  # noqa: E402
from integrations.core.simulator.config import SimulatorConfig  # noqa: E402
from integrations.core.simulator.simulate import make_dataset  # noqa: E402
from integrations.core.testing import RecordingContext  # noqa: E402
from integrations.presets import FOLDER, Measured, Preset, presets  # noqa: E402
from integrations.registry import families  # noqa: E402

CWRU = ROOT.parent / "shared" / "data" / "cwru"
ROLLING = "rolling"
ROLLING_CONTENT = {"kind": "rolling", "signals_per_class": 60}
BUILTIN = ("osu_leaf", "gun_point", "basic_motions")
CWRU_SPLITS = {
    "cwru_size": {"split": "field", "split_field": "fault size", "test_values": ["14"]},
    "cwru_load": {"split": "field", "split_field": "load", "test_values": ["3"]},
}
ENSEMBLE, MEMBER_PRESETS = "ensemble", ("quick_test", "fast_iteration")
SPEEDS_RPM = ("1797", "1772", "1750", "1730")
ORDERS_6205 = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.357, "ftf": 0.3983}


def write_cwru(folder: Path) -> None:
    """Import the CWRU files: 12 kHz, the 48 kHz normal recording decimated by four."""
    with DatasetWriter(
        folder,
        name="CWRU drive end",
        channels=["DE"],
        unit="g",
        properties={"group_noun": "bearing", **ORDERS_6205},
    ) as writer:
        for path in sorted(CWRU.glob("*.npz")):
            speed, fault, *size = path.stem.split("_")
            with np.load(path, allow_pickle=False) as content:
                samples = content["DE"]
            fields: dict[str, str | float] = {
                "load": str(SPEEDS_RPM.index(speed)),
                "rpm": float(speed),
            }
            if fault == "Normal":
                samples = decimate(samples, 4, ftype="fir")
            else:
                fields["fault size"] = size[0]
            group = "_".join([fault, *size[:1]])
            writer.add(samples, Recording(path.stem, fault, group, 0, 12_000.0, fields=fields))


def data_sets(folder: Path, only: list[str]) -> Iterator[tuple[str, Dataset, dict[str, object]]]:
    """Give (key, data set, data settings) of every benchmark."""
    for key in BUILTIN:
        if not only or key in only:
            make(key, folder / key)
            yield key, Dataset(folder / key), {}
    if ROLLING in only:
        config = SimulatorConfig.model_validate({"content": ROLLING_CONTENT})
        make_dataset(config, folder / ROLLING)
        yield ROLLING, Dataset(folder / ROLLING), {}
    wanted = {key: split for key, split in CWRU_SPLITS.items() if not only or key in only}
    if not wanted:
        return
    if not CWRU.is_dir():
        say(f"CWRU skipped: {CWRU} is not here.")
        return
    write_cwru(folder / "cwru")
    for key, settings in wanted.items():
        yield key, Dataset(folder / "cwru"), settings


def measure(
    family: Family,
    preset: Preset,
    data: Dataset,
    settings: dict[str, object],
    folder: Path,
    earlier: list[EarlierRun],
) -> tuple[Measured, FamilyConfig]:
    """Run one preset once, and add the run to the earlier ones."""
    given = {**preset.config, "data": {**preset.config.get("data", {}), **settings}}
    config = apply_suggestions(family.Config.model_validate(given), data.info)
    folder.mkdir(parents=True)
    began = time.process_time()
    context = RecordingContext(folder, threads=1, earlier=list(earlier))
    result = family.fit(config, data, context)
    evaluation = evaluate(result, split(data.info, config.data), data.info)
    seconds = time.process_time() - began
    save_result(
        folder, result, evaluation,
        family=family.name, config=config.model_dump(mode="json"), info=data.info,
    )  # fmt: skip
    earlier.append(
        EarlierRun(
            len(earlier) + 1, f"{family.name} {preset.name}", family.name, folder,
            evaluation.split.digest,
        )
    )  # fmt: skip
    accuracy = evaluation.headline["accuracy"]
    measured = Measured(
        dataset=data.info.name,
        split=evaluation.split.name,
        accuracy=round(accuracy.value, 4),
        low=round(accuracy.low, 4),
        high=round(accuracy.high, 4),
        recordings=evaluation.split.test_recordings,
        seconds=max(0.1, round(seconds, 1)),
        machine=machine(),
    )
    return measured, config


def in_order(only: str | None) -> list[tuple[Family, Preset, bool]]:
    """Give what to run, an ensemble after what it may join, and whether it is reported."""
    found = sorted(families().values(), key=lambda family: family.name == ENSEMBLE)
    runs = [(family, preset) for family in found for preset in presets(family.name)]
    if only is None:
        return [(*run, True) for run in runs]
    members = [
        (*run, False)
        for run in runs
        if only == ENSEMBLE and run[0].name != ENSEMBLE and run[1].name in MEMBER_PRESETS
    ]
    return members + [(*run, True) for run in runs if run[0].name == only]


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def machine() -> str:
    """Name the machine in words."""
    return f"one CPU core ({platform.machine()}), processor time"


def write(family: str, preset: Preset) -> None:
    """Put the measured runs into the preset's file, after what people wrote there."""
    path = FOLDER / family / f"{preset.name}.yaml"
    text = path.read_text(encoding="utf-8").split("\nmeasured:")[0].rstrip()
    runs = [each.model_dump() for each in preset.measured]
    block = yaml.safe_dump({"measured": runs}, sort_keys=False, allow_unicode=True)
    path.write_text(f"{text}\n{block}", encoding="utf-8")


def main() -> None:
    """Measure and print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--family")
    parser.add_argument("--preset")
    parser.add_argument("--dataset", nargs="*", default=[])
    arguments = parser.parse_args()
    runs: dict[tuple[str, str], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for key, data, settings in data_sets(folder, arguments.dataset):
            earlier: list[EarlierRun] = []
            for family, preset, reported in in_order(arguments.family):
                if reported and arguments.preset not in (None, preset.name):
                    continue
                if any(p.severity is Severity.ERROR for p in family.problems(data.info)):
                    continue
                place = folder / "runs" / f"{key}-{family.name}-{preset.name}"
                try:
                    found, config = measure(family, preset, data, settings, place, earlier)
                except TrainingError as error:
                    say(f"{key:14} {family.name:11} {preset.name:17} skipped: {error}")
                    continue
                rate = config.workload(data.info).work_units / found.seconds
                say(
                    f"{key:14} {family.name:11} {preset.name:17} {found.accuracy:.3f} "
                    f"({found.low:.3f}–{found.high:.3f}) {found.seconds:7.1f} s "
                    f"{rate:.2e} units/s  {found.split}{'' if reported else ', a member'}"
                )
                if reported:
                    runs.setdefault((family.name, preset.name), []).append(found)
    if arguments.write:
        for (family_name, preset_name), measured in runs.items():
            preset = next(p for p in presets(family_name) if p.name == preset_name)
            write(family_name, preset.model_copy(update={"measured": tuple(measured)}))


if __name__ == "__main__":
    main()
