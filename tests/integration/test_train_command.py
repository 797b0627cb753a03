"""Training from the command line, with and without a bench that serves."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.test_process_life import app, assert_refused
from tests.support.bench import running_bench
from tests.support.servers import processes_of

QUICK = ["--preset", "quick_test", "--set", "training.epochs=2"]


def figures(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if re.match(r"^ +\d+/|Accuracy|Macro", line)]


def test_the_same_command_twice_gives_the_same_numbers_and_a_report(tmp_path: Path) -> None:
    command = ["train", "--family", "cnn1d", "--dataset", "Gun Point", *QUICK]
    first, second = app(tmp_path, *command), app(tmp_path, *command)
    for done in (first, second):
        assert done.returncode == 0, done.stderr
        assert re.search(r"Accuracy +\d+\.\d % \(\d+\.\d–\d+\.\d\)", done.stdout)
        report = re.search(r"^Report +(.+)$", done.stdout, re.MULTILINE)
        assert report is not None
        assert Path(report[1]).read_bytes().startswith(b"%PDF")
    assert figures(first) == figures(second)
    assert len(figures(first)) == 4
    assert processes_of(tmp_path) == []


def test_beside_a_serving_bench_its_worker_trains(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        done = app(tmp_path, "train", "--family", "cnn1d", "--dataset", "gun_point", *QUICK)
        assert done.returncode == 0, done.stderr
        assert bench.get("/api/experiments")["total"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--family", "nonsense", "--dataset", "gun_point"], ["nonsense", "cnn1d"]),
        (["--family", "cnn1d", "--dataset", "nonsense"], ["nonsense", "gun_point"]),
        (["--family", "cnn1d", "--dataset", "gun_point", "--preset", "x"], ["x", "quick_test"]),
        (
            ["--family", "cnn1d", "--dataset", "gun_point", "--set", "training.epochs=0"],
            ["training.epochs", "greater than or equal to 1"],
        ),
        (["--family", "cnn1d", "--dataset", "gun_point", "--set", "nonsense"], ["nonsense"]),
        (
            ["--family", "cnn1d", "--dataset", "gun_point", "--set", "data.window_samples=9999"],
            ["9999", "window"],
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, arguments: list[str], words: list[str]
) -> None:
    shared = tmp_path_factory.getbasetemp() / "refused"
    shared.mkdir(exist_ok=True)
    assert_refused(app(shared, "train", *arguments), *words)
