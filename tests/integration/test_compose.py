"""The services of docker-compose.yml, started with their own commands as plain processes."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.bench import REPOSITORY, Bench, free_port, wait_until
from tests.support.servers import running_postgres, running_redis

pytestmark = pytest.mark.postgres
RUN_SECONDS = 240


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    # ${NAME:-default} as Compose fills it in where nothing is set.
    parsed: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return parsed


@contextmanager
def service(
    compose: dict[str, Any], name: str, changes: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service's command with its environment; ``changes`` stands for Compose's network."""
    described = compose["services"][name]
    program, *arguments = shlex.split(described["command"])
    assert program == "python"
    # A variable without a value is handed on from the shell, where it is not set.
    given = {k: v for k, v in described["environment"].items() if v is not None}
    environment = {k: str(v) for k, v in (given | changes).items()}
    log = Path(changes["SIGNALBENCH_DATA"]) / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        grace = float(described["stop_grace_period"].removesuffix("s"))
        assert process.wait(grace) == 0, log.read_text()
        assert time.monotonic() - began < grace


def test_every_service_is_supervised_and_given_time_to_end(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"web", "worker", "redis", "postgres", "s3"}
    assert [name for name, s in compose["services"].items() if "profiles" in s] == ["s3"]
    for name, described in compose["services"].items():
        assert described["stop_grace_period"] == "40s", name
        assert described["restart"] == "unless-stopped", name
    for name in ("web", "redis", "postgres", "s3"):
        assert compose["services"][name]["healthcheck"]["test"], name
    assert compose["services"]["web"]["ports"] == ["127.0.0.1:8050:8050"]


def test_the_services_train_together(compose: dict[str, Any], tmp_path: Path) -> None:
    services = compose["services"]
    redis_program, *redis_options = shlex.split(services["redis"]["command"])
    assert redis_program == "redis-server"
    _, *postgres_options = shlex.split(services["postgres"]["command"])
    password = redis_options[redis_options.index("--requirepass") + 1]
    owner = services["postgres"]["environment"]["POSTGRES_USER"]
    port = free_port()
    with (
        running_redis(redis_options, password) as redis_url,
        running_postgres(owner, postgres_options) as postgres,
    ):
        assert f":{password}@redis:6379" in services["web"]["environment"]["REDIS_URL"]
        network = {
            "SIGNALBENCH_DATA": str(tmp_path),
            "DATABASE_URL": postgres.new_database(),
            "REDIS_URL": redis_url,
        }
        web = {**network, "SIGNALBENCH_PORT": str(port), "SIGNALBENCH_HOST": "127.0.0.1"}
        with (
            service(compose, "web", web) as process,
            service(compose, "worker", network),
        ):
            bench = Bench(f"http://127.0.0.1:{port}", tmp_path, process.pid)
            _await_health(services["web"], port)
            wait_until(lambda: bench.get("/api/health")["status"] == "ok", 60, "good health")
            _train_one(bench)


def _await_health(web: dict[str, Any], port: int) -> None:
    kind, program, *arguments = web["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    check = [sys.executable, *(part.replace("8050", str(port)) for part in arguments)]
    wait_until(
        lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0,
        90,
        "the health check",
    )


def _train_one(bench: Bench) -> None:
    datasets = wait_until(
        lambda: [d for d in bench.get("/api/datasets")["items"] if d["status"] == "ready"],
        90,
        "the built-in data",
    )
    created = bench.post(
        "/api/experiments",
        {
            "family": "cnn1d",
            "dataset_id": min(datasets, key=lambda d: d["n_samples"])["id"],
            "preset": "quick_test",
            "config": {"training": {"epochs": 2}},
        },
    )
    path = f"/api/experiments/{created['experiment_id']}"
    ended = ("completed", "failed", "cancelled")
    wait_until(lambda: bench.get(path)["status"] in ended, RUN_SECONDS, "the end of the run")
    found = bench.get(path)
    assert found["status"] == "completed", found["error"]
