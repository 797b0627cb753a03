"""Forecasts: the probe of this machine, what is kept with a run, and old databases."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from integrations.core.data.dataset import read_info
from integrations.registry import families
from storage.database import engine, make_engine, migration_config
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


def test_a_database_of_version_0_1_is_brought_up_to_date_with_its_runs(
    any_database: str, station_rows: None
) -> None:
    with engine().connect() as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("experiment")}
    assert "forecast" in columns
    assert ExperimentStore().get(1).forecast is None


@pytest.fixture
def station_rows(any_database: str) -> None:
    """Take the database back to 0.1.1, put a run of that time in, and upgrade it again."""
    from storage.models import Dataset, Experiment

    config = migration_config(any_database)
    command.downgrade(config, "v0_1_1")
    old = make_engine(any_database)
    with old.begin() as connection:
        for table, given in ((Dataset.__table__, DATASET), (Experiment.__table__, EXPERIMENT)):
            columns = [c for c in table.columns if c.name != "forecast"]
            values = {c.name: given.get(c.name, _blank(c)) for c in columns}
            connection.execute(sa.insert(sa.table(table.name, *map(_bare, columns))), values)
    old.dispose()
    command.upgrade(config, "head")


DATASET = {"id": 1, "name": "old", "status": "ready", "source": "upload"}
EXPERIMENT = {"id": 1, "task_id": "t", "name": "old run", "family": "cnn1d", "dataset_id": 1,
              "dataset_fingerprint": "f", "config": {}, "status": "completed"}  # fmt: skip


def _bare(column: sa.Column[object]) -> sa.ColumnClause[object]:
    return sa.column(column.name, column.type)


def _blank(column: sa.Column[object]) -> object:
    """Give a value that the column takes: its default, nothing, or an empty one."""
    if column.nullable:
        return None
    default = column.default
    if default is None:
        return ""
    return default.arg(None) if callable(default.arg) else default.arg
