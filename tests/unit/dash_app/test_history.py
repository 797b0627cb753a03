"""What the history reads from its address and shows in its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dash_app.api.experiments_csv import safe_cell
from dash_app.pages.experiments.actions import why_not_joined
from dash_app.pages.experiments.columns import columns
from dash_app.pages.experiments.filters import (
    LONGEST_SEARCH,
    Filters,
    filters_of_address,
    query_of,
    sort_of_address,
)
from storage.entities import ExperimentEntity, Status


def test_the_address_is_read_whether_a_filter_stands_once_or_often() -> None:
    found = filters_of_address({"status": "running", "tag": ["a", "b"], "dataset_id": ["3", "4"]})
    assert found == Filters(statuses=("running",), tags=("a", "b"), dataset_ids=(3, 4))
    assert found.any
    assert not filters_of_address({}).any


def test_nonsense_in_the_address_is_left_out() -> None:
    hostile = {
        "search": "x" * 10_000 + "\0",
        "status": ["nonesuch", "", None],
        "dataset_id": ["1e30", "-1", "9" * 400, "0", "１"],
        "family": {"a": 1},
        "unknown": "1",
    }
    assert filters_of_address(hostile) == Filters(search="x" * LONGEST_SEARCH)


def test_only_columns_of_the_table_are_sorted_by() -> None:
    assert sort_of_address({"sort": "accuracy", "order": "asc"}) == ("accuracy", False)
    assert sort_of_address({"sort": "password"}) == ("created_at", True)
    assert sort_of_address({"sort": ["name", "id"]}) == ("created_at", True)
    sorted_by = {column["field"]: column.get("sort") for column in columns("seconds", False)}
    assert sorted_by["seconds"] == "asc"
    assert {value for key, value in sorted_by.items() if key != "seconds"} == {None}


def test_a_request_for_rows_becomes_a_page() -> None:
    request = {
        "startRow": 100,
        "endRow": 150,
        "sortModel": [{"colId": "menu", "sort": "asc"}, {"colId": "name", "sort": "asc"}],
    }
    query = query_of(Filters(search="a"), request)
    assert (query.search, query.offset, query.limit) == ("a", 100, 50)
    assert query.sort == (("name", False),)
    huge = query_of(Filters(), {"startRow": -5, "endRow": 10**9})
    assert (huge.offset, huge.limit) == (0, 1000)


def test_cells_of_the_export_cannot_become_formulas() -> None:
    for start in ("=1+1", "+1", "-1", "@x", "\t=1", "  =1"):
        assert safe_cell(start) == f"'{start}"
    assert safe_cell("plain = text") == "plain = text"
    assert safe_cell(-1.5) == -1.5


def test_runs_on_other_data_or_another_split_are_not_joined() -> None:
    def run(name: str, **changes: object) -> ExperimentEntity:
        return replace(ENTITY, name=name, **changes)

    pair = [run("one"), run("two")]
    assert why_not_joined(pair) == ""
    assert "“late” has no results yet" in why_not_joined([*pair, run("late", accuracy=None)])
    assert "other data" in why_not_joined([*pair, run("odd", dataset_fingerprint="g")])
    assert "another split" in why_not_joined([*pair, run("odd", split_digest="t")])


NOW = datetime(2026, 11, 21, tzinfo=UTC)
ENTITY = ExperimentEntity(
    id=1, task_id="t", owner_id="local", name="Run", family="cnn1d", preset="", dataset_id=1,
    dataset_name="Data", dataset_fingerprint="f", config={}, status=Status.COMPLETED, control="",
    priority=5, token=1, attempts=1, epochs_done=1, epochs_total=1, progress=1.0,
    split_name="by group", split_digest="s", leaky=False, accuracy=0.9, macro_f1=0.9, metrics={},
    n_parameters=0, work_units=0.0, seconds=1.0, host="", error="", note="", tags=[],
    parent_id=None, created_at=NOW, started_at=NOW, finished_at=NOW,
)  # fmt: skip
