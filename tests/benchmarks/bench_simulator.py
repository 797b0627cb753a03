"""How hard the simulator's data are: severity × signal-to-noise ratio, and cost of making them.

    python tests/benchmarks/bench_simulator.py [--per-class 52] [--kind journal]

Each cell makes a set of its own (26 machines, a quarter of them held back) and fits extra trees
twice: with the standard features alone and with the speed-aware physics scores beside them. The
interval is 95 % by machine. A forest on the metadata alone stands below the table: it must guess.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier  # noqa: E402

from integrations.core.config import DataConfig  # noqa: E402
from integrations.core.contract import FitResult, Predictions  # noqa: E402
from integrations.core.data.dataset import Dataset, DatasetInfo  # noqa: E402
from integrations.core.data.splits import Split, split  # noqa: E402
from integrations.core.data.windows import WindowIndex, class_indices  # noqa: E402
from integrations.core.evaluation.evaluate import evaluate  # noqa: E402
from integrations.core.signal.features import compute_features  # noqa: E402
from integrations.core.signal.orders import physics_scores  # noqa: E402
from integrations.core.simulator.config import SimulatorConfig  # noqa: E402
from integrations.core.simulator.simulate import make_dataset  # noqa: E402

SNR_DB = (20.0, 0.0, -10.0, -20.0)
SEVERITY = {"incipient": (0.2, 0.45), "mild": (0.45, 0.7), "moderate and severe": (0.7, 1.0)}
TREES = 300


def main() -> None:
    """Print the grid, the metadata classifier and the cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--per-class", type=int, default=52)
    parser.add_argument("--kind", choices=("journal", "rolling"), default="journal")
    given = parser.parse_args()
    print(f"Macro-F1, {given.kind} bearing, {given.per_class} signals per class, split by machine")
    print("severity | SNR | standard features | with physics scores")
    for name, severity in SEVERITY.items():
        for snr in SNR_DB:
            config = _config(given, severity, (snr, snr))
            with tempfile.TemporaryDirectory() as folder:
                make_dataset(config, Path(folder))
                print(f"{name} | {snr:+.0f} dB | {' | '.join(_cell(Dataset(Path(folder))))}")
    _metadata_and_cost(_config(given, (0.45, 1.0), (10.0, 25.0)))


def _config(
    given: argparse.Namespace, severity: tuple[float, float], snr: tuple[float, float]
) -> SimulatorConfig:
    return SimulatorConfig.model_validate(
        {
            "content": {"kind": given.kind, "signals_per_class": given.per_class},
            "severity": dict(zip(("lowest", "highest"), severity, strict=True)),
            "noise": dict(zip(("lowest_snr_db", "highest_snr_db"), snr, strict=True)),
        }
    )


def _division(info: DatasetInfo) -> Split:
    samples = info.recordings[0].n_samples
    return split(info, DataConfig(window_samples=samples, test_fraction=0.25))


def _cell(data: Dataset) -> list[str]:
    parts = _division(data.info)
    standard = [compute_features(data, part) for part in (parts.train, parts.test)]
    physics = [physics_scores(data, part) for part in (parts.train, parts.test)]
    both = [np.hstack(pair) for pair in zip(standard, physics, strict=True)]
    return [_score(data.info, parts, *tables) for tables in (standard, both)]


def _score(info: DatasetInfo, parts: Split, train: np.ndarray, test: np.ndarray) -> str:
    labels = class_indices(info)
    model = ExtraTreesClassifier(TREES, random_state=0)
    model.fit(train, labels[parts.train.recording])
    predicted = Predictions(
        recording=parts.test.recording,
        start=parts.test.start,
        truth=labels[parts.test.recording],
        probability=model.predict_proba(test),
    )
    made = FitResult(predicted, predicted, history=[], best_epoch=0, stopped=False)
    found = evaluate(made, parts, info).headline["macro_f1"]
    return f"{100 * found.value:.1f} % ({100 * found.low:.1f}–{100 * found.high:.1f})"


def _metadata_and_cost(config: SimulatorConfig) -> None:
    with tempfile.TemporaryDirectory() as folder:
        begin, cpu = time.perf_counter(), time.process_time()
        info = make_dataset(config, Path(folder))
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    parts, labels, table = _division(info), class_indices(info), _metadata(info)
    model = RandomForestClassifier(TREES, random_state=0)
    model.fit(_of(table, parts.train), _of(labels, parts.train))
    accuracy = float((model.predict(_of(table, parts.test)) == _of(labels, parts.test)).mean())
    print(f"Metadata alone: {100 * accuracy:.1f} % (chance {100 / len(info.classes):.1f} %)")
    print(f"Making {config.n_signals} signals: {cpu:.1f} s of one core, {wall:.1f} s by the clock")


def _metadata(info: DatasetInfo) -> np.ndarray:
    """Give all fields but the truth as numbers, shape (recordings, fields)."""
    names = [name for name in info.recordings[0].fields if name not in info.truth_fields]
    columns = []
    for name in names:
        values = [recording.fields[name] for recording in info.recordings]
        words = sorted({value for value in values if isinstance(value, str)})
        columns.append([words.index(v) if isinstance(v, str) else float(v) for v in values])
    return np.array(columns).T


def _of(table: np.ndarray, part: WindowIndex) -> np.ndarray:
    return np.asarray(table[part.recording])


if __name__ == "__main__":
    main()
