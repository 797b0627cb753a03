"""Forecasts: the probe of this machine, what is kept with a run, and old databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.core.data.dataset import read_info
from integrations.registry import families
from storage.settings import settings
from storage.stores.experiments import ExperimentStore
from tasks.forecast import forecast, probed_speeds
from tasks.machine import host_name
from tests.support.bench import wait_until
from tests.support.station import LEASE, Station, running_worker

PROBED = ("classical", "ensemble")


@pytest.fixture
def station(
    sqlite: str, redis_url: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Station:
    monkeypatch.setenv("REDIS_URL", redis_url)
    for name, value in LEASE.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return Station(data_folder)


def test_an_idle_worker_measures_the_machine_and_forecasts_rest_on_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNALBENCH_PROBE", ",".join(PROBED))
    with running_worker(station):
        wait_until(lambda: set(probed_speeds(host_name())) == set(PROBED), 240, "both probes")
    for name, speed in probed_speeds(host_name()).items():
        assert 0 < speed.low <= speed.mid <= speed.high, name
        assert speed.start_seconds > 0
    info = read_info(settings().datasets_folder / "toy")
    config = families()["classical"].Config.model_validate({"data": {"window_samples": 128}})
    cost = forecast("classical", config, info)
    assert cost.basis.startswith("a probe measured on this machine")
    assert 0 < cost.low < cost.seconds < cost.high
    assert "reference machine" in forecast("cnn1d", families()["cnn1d"].Config(), info).basis


def test_a_run_keeps_what_was_forecast_when_it_was_made(station: Station) -> None:
    made = station.new_run(3)
    kept = ExperimentStore().get(made.id).forecast
    assert kept is not None
    assert kept["low"] < kept["mid"] < kept["high"]
    assert "reference machine" in kept["basis"]
