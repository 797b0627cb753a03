"""How often verdicts are wrong: equal runs called different, planted differences missed.

Run by hand: ``python -m tests.benchmarks.bench_verdicts [--rounds 400]``. Every row simulates
runs on one test part and asks ``judge``; counts come with a Wilson interval.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import time
from collections.abc import Sequence

import numpy as np

from integrations.core.compare.contenders import Contender
from integrations.core.compare.differences import counts_of, macro_f1_difference
from integrations.core.compare.power import discordance, power
from integrations.core.compare.repeats import corrected_resampled_t
from integrations.core.compare.verdict import judge
from integrations.core.contract import Predictions
from integrations.core.evaluation.figures_of_merit import wilson

CLASSES = 11


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400)
    rounds = parser.parse_args().rounds
    equal_runs(rounds)
    windows_of_recordings(rounds)
    planted_difference(rounds)
    repeated_splits(rounds)
    bootstrap_time()


def equal_runs(rounds: int) -> None:
    """A/A: k equally good runs; any claim is false."""
    print("Equal runs on 400 recordings: any “better”, and any pair told apart (bar 5 %)")
    for k in (2, 3, 5, 10):
        better = pairs = 0
        for seed in range(rounds):
            rng = np.random.default_rng([seed, k])
            found = verdict(simulated(rng, [0.9] * k, 400), 400)
            better += found.kind == "better"
            pairs += any(pair.told_apart for pair in found.pairs)
        print(f"  {k:2d} runs: better {share(better, rounds)}; a pair {share(pairs, rounds)}")


def windows_of_recordings(rounds: int) -> None:
    """A/A where the windows of a recording share their luck; naive tests over windows fail here."""
    print("Equal runs, 40 recordings of 25 windows that succeed or fail together (bar 5 %)")
    by_recording = by_window = 0
    for seed in range(rounds):
        rng = np.random.default_rng([seed, 77])
        runs = clustered(rng, 2, 40, 25)
        recording = runs[0].test.recording
        by_recording += judge(runs, recording, "recordings").pairs[0].told_apart
        every = np.arange(len(recording))
        by_window += judge(runs, every, "recordings").pairs[0].told_apart
    print(f"  recordings resampled: {share(by_recording, rounds)}")
    print(f"  windows taken for independent: {share(by_window, rounds)} (why we do not)")


def planted_difference(rounds: int) -> None:
    """Three points better: found as often as the stated power says."""
    print("A run three points better, found against the power stated")
    for n in (400, 1000, 2500):
        found, stated = 0, []
        for seed in range(rounds):
            rng = np.random.default_rng([seed, n])
            runs = simulated(rng, [0.90, 0.93], n)
            found += verdict(runs, n).kind == "better"
            difference = runs[0].right.astype(np.int64) - runs[1].right
            stated.append(power(0.03, n, discordance(difference, n)))
        print(f"  {n:5d} recordings: found {share(found, rounds)}, stated "
              f"{statistics.mean(stated):.1%}")  # fmt: skip


def repeated_splits(rounds: int) -> None:
    """A/A over random splits of one data set: the corrected test against the plain one."""
    from scipy import stats

    print("Equal learners over 10 random splits of 200 recordings (bar 5 %)")
    corrected = plain = 0
    for seed in range(rounds):
        rng = np.random.default_rng([seed, 5])
        x = rng.normal(size=(200, 4))
        y = (x.sum(1) + rng.normal(size=200) > 0).astype(int)
        differences = []
        for _ in range(10):
            order = rng.permutation(200)
            test, train = order[:40], order[40:]
            scores = [centroid_accuracy(x[:, part], y, train, test) for part in ([0, 1], [2, 3])]
            differences.append(scores[0] - scores[1])
        corrected += corrected_resampled_t(differences, 160, 40)[1] < 0.05
        if np.std(differences) > 0:
            plain += float(stats.ttest_1samp(differences, 0).pvalue) < 0.05
    print(f"  corrected resampled t: {share(corrected, rounds)}; plain t: {share(plain, rounds)}")


def bootstrap_time() -> None:
    """Time 10,000 paired resamples of 1,430 items in 11 classes."""
    runs = simulated(np.random.default_rng(0), [0.968, 0.962], 1430)
    unit, times = np.arange(1430), []
    for _ in range(7):
        began = time.perf_counter()
        macro_f1_difference(counts_of(runs[0], unit), counts_of(runs[1], unit))
        times.append(time.perf_counter() - began)
    print("Macro-F1 difference, 10,000 paired resamples of 1,430 items: median "
          f"{statistics.median(times):.3f} s (bar 0.5 s)")  # fmt: skip


def verdict(runs: Sequence[Contender], n: int):  # type: ignore[no-untyped-def]
    """Judge runs whose every window is a recording."""
    return judge(runs, np.arange(n), "recordings")


def simulated(rng: np.random.Generator, accuracies: Sequence[float], n: int) -> list[Contender]:
    """Runs that share much of what is hard, as real ones do."""
    truth = rng.integers(0, CLASSES, n)
    hardness = rng.random(n)
    return [
        contender(number, truth, 0.6 * hardness + 0.4 * rng.random(n) < quantile(accuracy), rng)
        for number, accuracy in enumerate(accuracies, 1)
    ]


def clustered(rng: np.random.Generator, k: int, recordings: int, windows: int) -> list[Contender]:
    """Runs that fail on whole recordings, each on its own."""
    n = recordings * windows
    recording = np.repeat(np.arange(recordings), windows)
    truth = np.repeat(rng.integers(0, CLASSES, recordings), windows)
    runs = []
    for number in range(1, k + 1):
        ability = np.repeat(rng.beta(2, 0.5, recordings), windows)
        runs.append(contender(number, truth, rng.random(n) < ability, rng, recording))
    return runs


def contender(
    number: int,
    truth: np.ndarray,
    right: np.ndarray,
    rng: np.random.Generator,
    recording: np.ndarray | None = None,
) -> Contender:
    """A run that is right where it is said to be."""
    other = (truth + rng.integers(1, CLASSES, len(truth))) % CLASSES
    said = np.where(right, truth, other)
    where = np.arange(len(truth)) if recording is None else recording
    test = Predictions(where, np.arange(len(truth)), truth, np.eye(CLASSES)[said])
    return Contender(number, f"run {number}", test, "split", "data")


@functools.cache
def quantile(accuracy: float) -> float:
    """Threshold that 0.6·U + 0.4·V stays below with this probability (U, V uniform)."""
    grid = np.random.default_rng(99)
    mixed = 0.6 * grid.random(400_000) + 0.4 * grid.random(400_000)
    return float(np.quantile(mixed, accuracy))


def centroid_accuracy(x: np.ndarray, y: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    """Accuracy of the nearest class mean."""
    means = np.stack([x[train][y[train] == k].mean(0) for k in (0, 1)])
    nearest = ((x[test][:, None] - means) ** 2).sum(-1).argmin(1)
    return float((nearest == y[test]).mean())


def share(count: int, n: int) -> str:
    """Write a share with its interval."""
    low, high = wilson(count / n, n)
    return f"{count / n:.1%} ({low:.1%}–{high:.1%})"


if __name__ == "__main__":
    main()
