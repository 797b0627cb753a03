"""What the history reads from its address and shows in its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dash_app.api.experiments_csv import safe_cell
from dash_app.pages.experiments.actions import why_not_joined
from dash_app.pages.experiments.columns import MENU, Shown, columns, shown_of_address
from dash_app.pages.experiments.fields import STANDARD, cell, title
from dash_app.pages.experiments.filters import (
    LONGEST_SEARCH,
    NEWEST_FIRST,
    Filters,
    filters_of,
    filters_of_address,
    query_of,
    sorts_of_address,
)
from dash_app.pages.experiments.groups import Slot, best_words, slots, spread_words, total_rows
from dash_app.pages.experiments.rows import varying
from dash_app.pages.experiments.search_box import EXAMPLES, error_words
from storage.entities import ExperimentEntity, Status
from storage.search import SearchError, parse
from storage.stores.experiment_groups import GroupRow, Spread


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


def test_the_table_is_sorted_by_its_columns_any_metric_and_any_setting() -> None:
    assert sorts_of_address({"sort": "accuracy", "order": "asc"}) == (("accuracy", False),)
    several = {"sort": ["metric:val_loss", "param:data.overlap"], "order": ["asc", "desc"]}
    assert sorts_of_address(several) == (("metric:val_loss", False), ("param:data.overlap", True))
    for nonsense in ("password", "curve", "menu", {"a": 1}, None):
        assert sorts_of_address({"sort": nonsense}) == NEWEST_FIRST
    defined = columns([Shown("name"), Shown("seconds")], [("seconds", False)])
    sorted_by = {column["colId"]: column.get("initialSort") for column in defined}
    assert sorted_by["seconds"] == "asc"
    assert {value for key, value in sorted_by.items() if key != "seconds"} == {None}


def test_columns_of_an_address_keep_order_width_and_side() -> None:
    found = shown_of_address(
        {"cols": "status~~r,metric:val_loss~120,name~300~l,odd%2Cone,nonsense"}
    )
    assert found == [
        Shown("status", None, "right"), Shown("metric:val_loss", 120), Shown("name", 300, "left"),
    ]  # fmt: skip
    assert [item.column for item in shown_of_address({"cols": "seconds"})] == ["name", "seconds"]
    assert [item.column for item in shown_of_address({"cols": ",,~~,"})] == list(STANDARD)
    assert columns(found)[-1]["colId"] == MENU


def test_days_are_whole_and_in_order() -> None:
    found = filters_of("", (), (), (), (), ["2026-11-05", "2026-11-01"])
    assert (found.since, found.until) == (date(2026, 11, 1), date(2026, 11, 5))
    query = query_of(found, {})
    assert query.since is not None
    assert query.until is not None
    assert (query.until - query.since).total_seconds() == pytest.approx(5 * 86400, abs=3601)
    assert filters_of("", (), (), (), (), ["nonsense", 7]) == Filters()


def test_rows_of_groups_and_of_unfolded_members_are_found_by_number() -> None:
    rows = [group("a", 3), group("b", 200), group("c", 1)]
    assert total_rows(rows, ["b", "gone"]) == 203
    assert [slot.group.key for slot in slots(rows, [], 0, 50)] == ["a", "b", "c"]
    found = slots(rows, ["b"], 100, 150)
    assert found == [Slot(rows[1], 98, 50)]
    assert slots(rows, ["b"], 200, 250) == [Slot(rows[1], 198, 2), Slot(rows[2])]


def test_a_group_says_mean_spread_and_best_of_how_many() -> None:
    spread = Spread(5, 0.931, 0.0204, 0.91, 0.95, 0.9, 0.96)
    assert spread_words(spread) == "93.1 ± 2.0 %"
    assert best_words(spread) == "best of 5: 96.0 %"
    assert (spread_words(Spread(1, 0.9, maximum=0.9)), best_words(Spread(1, 0.9))) == ("90.0 %", "")
    assert spread_words(Spread(0)) == "–"


def test_only_columns_that_differ_are_left() -> None:
    cells: Mapping[str, list[Any]] = {
        "a": [1, 1, 1],
        "b": [1, 2, 1],
        "c": [None, None],
        "d": [1, None],
    }
    assert varying(cells) == ["b", "d"]


def test_metrics_and_settings_are_written_for_people() -> None:
    assert title("metric:val_macro_f1") == "Validation macro F1"
    assert title("param:nobody.knows_this") == "Knows this"
    assert cell("metric:val_macro_f1", 0.91234) == "91.2 %"
    assert cell("metric:val_loss", 0.012345) == "0.01235"
    assert [cell("param:x", value) for value in ("True", "", 32, 0.001)] == [
        "yes",
        "–",
        "32",
        "0.001",
    ]


def test_every_example_of_the_help_can_be_parsed() -> None:
    for example, _ in EXAMPLES:
        parse(example)


def test_an_error_of_a_search_marks_its_place() -> None:
    text = "accuracy > 0.9 and acuracy < 1"
    said, place = error_words(text, SearchError("There is no “acuracy”.", 19, 7))
    assert said.children == "There is no “acuracy”."
    assert next(part for part in place.children if not isinstance(part, str)).children == "acuracy"
    assert error_words("a =", SearchError("A value is missing.", 3))[1].children[2].children == "▁"


def test_a_request_for_rows_becomes_a_page() -> None:
    request = {
        "startRow": 100,
        "endRow": 150,
        "sortModel": [{"colId": "menu", "sort": "asc"}, {"colId": "name", "sort": "asc"}],
    }
    query = query_of(Filters(search="a"), request)
    assert (query.where, query.offset, query.limit) == ("a", 100, 50)
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


def group(key: str, n: int) -> GroupRow:
    return GroupRow(key, key, n, Spread(0), Spread(0), (), f"family = {key}")


NOW = datetime(2026, 11, 21, tzinfo=UTC)
ENTITY = ExperimentEntity(
    id=1, task_id="t", owner_id="local", name="Run", family="cnn1d", preset="", dataset_id=1,
    dataset_name="Data", dataset_fingerprint="f", config={}, status=Status.COMPLETED, control="",
    priority=5, token=1, attempts=1, epochs_done=1, epochs_total=1, progress=1.0,
    split_name="by group", split_digest="s", leaky=False, accuracy=0.9, macro_f1=0.9, metrics={},
    n_parameters=0, work_units=0.0, seconds=1.0, host="", error="", note="", tags=[],
    parent_id=None, created_at=NOW, started_at=NOW, finished_at=NOW,
)  # fmt: skip
