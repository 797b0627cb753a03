"""Times features, fits and whole runs, side by side with a plain PyTorch loop and with aeon.

    python tests/benchmarks/bench_speed.py [--repeats 3] [--only features quick ...]
        [--aeon-python /path/to/python]

aeon needs an environment of its own (``python -m venv E; E/bin/pip install aeon "numpy<2.4"``); its
rows are left out, in words, where none is named. Times are wall times; run it on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from integrations.core.data.dataset import Dataset, DatasetWriter, Recording  # noqa: E402
from integrations.core.data.defaults import apply_suggestions  # noqa: E402
from integrations.core.data.splits import split  # noqa: E402
from integrations.core.data.windows import WindowIndex, class_indices, gather  # noqa: E402
from integrations.core.signal.features import compute_features  # noqa: E402
from integrations.core.testing import RecordingContext  # noqa: E402
from integrations.core.training.transfer_path import augment_with_path  # noqa: E402
from integrations.presets import load_preset, presets  # noqa: E402
from integrations.registry import families  # noqa: E402

SAMPLES = 2048
RATE_HZ = 12_000.0
RPM = 1797.0
THREADS = 2
CLASSES = ("normal", "inner", "ball", "outer")
AEON = """
import json, sys, time
import numpy as np
from aeon.transformations.collection.convolution_based import MiniRocket
from sklearn.linear_model import RidgeClassifierCV
from sklearn.preprocessing import StandardScaler
data = np.load(sys.argv[1])
x, y = data["x"], data["y"]
def run():
    began = time.perf_counter()
    rocket = MiniRocket(n_kernels=10000, random_state=0, n_jobs=int(sys.argv[3]))
    features = StandardScaler().fit_transform(rocket.fit_transform(x))
    RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(features, y)
    return time.perf_counter() - began
print(json.dumps([run() for _ in range(int(sys.argv[2]) + 1)]))
"""


def write_signals(folder: Path, train: int, test: int) -> Dataset:
    """Noise in four classes, each with bursts at its own rate; every record is one window."""
    rng = np.random.default_rng(3)
    time_s = np.arange(SAMPLES) / RATE_HZ
    properties = {"bpfo": 3.5848, "bpfi": 5.4152, "bsf": 2.357, "ftf": 0.3983}
    with DatasetWriter(folder, name="bench", channels=["a"], properties=properties) as writer:
        for number in range(train + test):
            klass = number % len(CLASSES)
            carrier = np.sin(2 * np.pi * 3000 * time_s)
            phase = rng.uniform(0, 2 * np.pi)
            burst = np.maximum(0, np.sin(2 * np.pi * (40 * klass) * time_s + phase)) ** 8
            wave = rng.standard_normal(SAMPLES) + 2 * bool(klass) * burst * carrier
            part = "train" if number < train else "test"
            fields: dict[str, str | float] = {"rpm": RPM}
            recording = Recording(
                f"{number}", CLASSES[klass], f"{number}", 0, RATE_HZ, 0, fields, part
            )
            writer.add(wave, recording)
    return Dataset(folder)


def timed(work: Callable[[], object], repeats: int) -> list[float]:
    """Wall seconds of each repeat, after one that warms up."""
    work()
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


def row(what: str, seconds: list[float], note: str = "") -> None:
    """Print one line of the table."""
    middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
    sys.stdout.write(f"| {what} | {middle:.2f} s ({low:.2f}–{high:.2f}) | {note} |\n")
    sys.stdout.flush()


def config_for(family: str, name: str, data: Dataset, **sections: dict[str, Any]) -> Any:
    """A preset on published split and whole windows, with some settings replaced."""
    given: dict[str, Any] = {**load_preset(family, name).config}
    for section, values in {"data": {"window_samples": SAMPLES}, **sections}.items():
        given[section] = {**given.get(section, {}), **values}
    return apply_suggestions(families()[family].Config.model_validate(given), data.info)


def run(family: str, config: Any, data: Dataset) -> None:
    """Fit once, with everything reported and checkpointed."""
    with tempfile.TemporaryDirectory() as folder:
        families()[family].fit(config, data, RecordingContext(Path(folder), threads=THREADS))


def features(data: Dataset, repeats: int) -> None:
    """Standard features with fault orders of 1 430 signals."""
    index = WindowIndex(np.arange(1430), np.zeros(1430, dtype=np.int64), SAMPLES)
    row("features of 1 430 × 2 048", timed(lambda: compute_features(data, index), repeats))


def classical(folder: Path, repeats: int) -> None:
    """A whole classical run over 1 430 signals: features, fit, test, panels, saved model."""
    data = write_signals(folder / "classical", 1144, 286)
    config = config_for("classical", "quick_test", data)
    seconds = timed(lambda: run("classical", config, data), repeats)
    row("classical Quick test, 1 430 signals, whole run with folds and explanations", seconds)
    for name in ("quick_test", "standard"):
        config = config_for("classical", name, data)
        once = timed(lambda c=config: features_and_fit(c, data, folder), repeats)  # type: ignore[misc]
        row(f"classical {name}: features and scores of 1 430 signals, one fit", once)


def features_and_fit(config: Any, data: Dataset, folder: Path) -> None:
    """Compute every window's features and fit one model on them."""
    from integrations.classical.train import Run

    once = Run(config, data, RecordingContext(folder / "fit", threads=THREADS))
    index = WindowIndex(np.arange(1430), np.zeros(1430, dtype=np.int64), SAMPLES)
    part = once.part(index, 0.0, 1.0)
    once.learner(part.table, part.labels)


def fits(data: Dataset, repeats: int) -> None:
    """Whole runs with a bar."""
    cnn = config_for("cnn1d", "standard", data, training={"patience": 0})
    row(f"cnn1d Standard, {cnn.training.epochs} epochs", timed(lambda: run("cnn1d", cnn, data), 1))
    net = config_for(
        "resnet1d", "standard", data,
        architecture={"depth": "18", "width": 16}, training={"epochs": 15, "patience": 0},
    )  # fmt: skip
    row("resnet1d-18 width 16, 15 epochs", timed(lambda: run("resnet1d", net, data), repeats))


def quick(data: Dataset, repeats: int) -> None:
    """Every family's Quick test that learns from signals alone."""
    for name in families():
        if name != "ensemble":
            config = config_for(name, presets(name)[0].name, data)
            row(f"{name} Quick test", timed(lambda n=name, c=config: run(n, c, data), 1))  # type: ignore[misc]


def plain(data: Dataset, repeats: int) -> None:
    """Ours, with reports and checkpoints, against a bare loop over the same network."""
    for family, sections in (
        ("cnn1d", {"training": {"epochs": 15, "patience": 0}}),
        (
            "resnet1d",
            {
                "architecture": {"depth": "18", "width": 16},
                "training": {"epochs": 15, "patience": 0, "precision": "float32"},
            },
        ),
    ):
        config = config_for(family, "standard", data, **sections)
        ours, bare = [], []
        for turn in range(repeats + 1):
            began = time.perf_counter()
            run(family, config, data)
            middle = time.perf_counter()
            bare_loop(family, config, data)
            if turn:
                ours.append(middle - began)
                bare.append(time.perf_counter() - middle)
        ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
        row(f"{family}, {config.training.epochs} epochs: ours", ours, f"{ratio:.2f} × plain loop")
        row(f"{family}, {config.training.epochs} epochs: plain PyTorch loop", bare)


def bare_loop(family: str, config: Any, data: Dataset) -> None:
    """Train the same network the way a notebook does: one tensor, one loop, no reports."""
    parts = split(data.info, config.data)
    torch.set_num_threads(THREADS)
    labels = torch.from_numpy(class_indices(data.info))
    x, y = torch.from_numpy(gather(data, parts.train)), labels[parts.train.recording]
    held_x, held_y = (
        torch.from_numpy(gather(data, parts.validation)),
        labels[parts.validation.recording],
    )
    test_x = torch.from_numpy(gather(data, parts.test))
    model = network(family, config, data)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.training.learning_rate)
    size = config.training.batch_size
    steps = config.training.epochs * -(-len(x) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.training.learning_rate, total_steps=steps
    )
    for epoch in range(config.training.epochs):
        model.train()
        order = torch.randperm(len(x))
        for number, first in enumerate(range(0, len(x), size)):
            rows = order[first : first + size]
            (batch,) = augment_with_path((x[rows],), config.augmentation, 0, epoch, number)
            loss = torch.nn.functional.cross_entropy(model(batch), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
        model.eval()
        with torch.inference_mode():
            said = torch.cat([model(part).argmax(1) for part in held_x.split(256)])
            float((said == held_y).float().mean())
    with torch.inference_mode():
        torch.cat([model(part) for part in (*test_x.split(256), *held_x.split(256))])


def network(family: str, config: Any, data: Dataset) -> torch.nn.Module:
    """Build a family's network untrained."""
    channels, classes = len(data.info.channels), len(data.info.classes)
    if family == "cnn1d":
        from integrations.cnn1d.model import Cnn1d

        mode = config.input.normalisation
        return Cnn1d(config.architecture, mode, SAMPLES, channels, classes)
    from integrations.resnet1d.model import Resnet1d

    return Resnet1d(config, SAMPLES, channels, classes)


def rocket(data: Dataset, repeats: int, aeon_python: str) -> None:
    """MiniRocket with ridge, ours and aeon's, fitted on the same 1 600 windows."""
    from integrations.classical.config import ClassicalConfig

    given = {
        "data": {"window_samples": SAMPLES},
        "model": {"kind": "minirocket"},
        "training": {"folds": 2, "importance_repeats": 0},
    }
    config = apply_suggestions(ClassicalConfig.model_validate(given), data.info)
    row("MiniRocket, whole run, 2 folds", timed(lambda: run("classical", config, data), repeats))
    fit_only(data, repeats)
    if not aeon_python:
        sys.stdout.write("aeon skipped: no --aeon-python was named.\n")
        return
    parts = split(data.info, config.data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "windows.npz"
        labels = class_indices(data.info)[parts.train.recording]
        np.savez(path, x=gather(data, parts.train), y=labels)
        command = [aeon_python, "-c", AEON, str(path), str(repeats), str(THREADS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        first, *rest = json.loads(done.stdout)
    row("MiniRocket + ridge fit, aeon, compiled", rest)
    row("MiniRocket + ridge fit, aeon, first call", [first])


def fit_only(data: Dataset, repeats: int) -> None:
    """Our transform and ridge on 1 600 windows."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.preprocessing import StandardScaler

    from integrations.core.signal.minirocket import fit_minirocket

    index = WindowIndex(np.arange(1600), np.zeros(1600, dtype=np.int64), SAMPLES)
    windows, labels = gather(data, index), class_indices(data.info)[:1600]

    def fit() -> None:
        transform = fit_minirocket(windows, 10_000, seed=0)
        table = StandardScaler().fit_transform(transform.transform(windows))
        RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(table, labels)

    row("MiniRocket + ridge fit, ours", timed(fit, repeats))


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--aeon-python", default="")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data = write_signals(folder / "bench", 2000, 200)
        parts: dict[str, Callable[[], None]] = {
            "features": lambda: features(data, chosen.repeats),
            "classical": lambda: classical(folder, chosen.repeats),
            "fits": lambda: fits(data, chosen.repeats),
            "rocket": lambda: rocket(data, chosen.repeats, chosen.aeon_python),
            "plain": lambda: plain(data, chosen.repeats),
            "quick": lambda: quick(data, chosen.repeats),
        }
        sys.stdout.write("| what | wall time, median (range) | note |\n| --- | --- | --- |\n")
        for name, part in parts.items():
            if not chosen.only or name in chosen.only:
                part()


if __name__ == "__main__":
    main()
