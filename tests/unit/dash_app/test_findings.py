"""The way from a finding to the page where it is acted on, and what a clone makes of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from dash_app.findings import address_of
from dash_app.pages.experiment_clone.changes import asked_changes, asked_repeats, with_changes
from dash_app.pages.experiment_new.draft import Draft
from integrations.core.checks import Action, ActionKind


@pytest.mark.parametrize("kind", list(ActionKind))
def test_every_kind_of_action_leads_to_a_page_of_ours(kind: ActionKind) -> None:
    address = address_of(12, Action(kind, "Go", {"data.split": "group"}, (12, 41)))
    assert address.startswith("/")
    assert not address.startswith("//")


def test_the_changes_of_an_action_arrive_at_the_clone() -> None:
    settings = {"data.split": "group", "training.epochs": 80, "training.balance_classes": True}
    address = address_of(12, Action(ActionKind.CLONE, "Go", settings))
    query = parse_qs(urlsplit(address).query)
    draft = Draft(family="cnn1d", values={"data.split": "random_windows", "seed": 1})
    changed = with_changes(draft, asked_changes(query["set"][0]))
    assert changed.values == {
        "data.split": "group", "training.epochs": "80", "training.balance_classes": True,
        "seed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "nonsense", "=", "a=b", "__class__=1", "data.split", ["a", "b"], None, "x" * 9999]
)
def test_what_is_no_setting_changes_nothing(text: object) -> None:
    draft = Draft(family="cnn1d", values={"seed": 1})
    assert with_changes(draft, asked_changes(text)) == draft


@pytest.mark.parametrize(
    ("text", "count"),
    [("5", 5), ("0", 1), ("999", 20), ("-3", 1), ("5e3", 1), ("９", 1), (["2"], 1), ("9" * 99, 1)],
)
def test_repeats_of_an_address_stay_within_bounds(text: object, count: int) -> None:
    assert asked_repeats(text) == count


def test_repeats_of_a_repeat_lose_its_seed_from_their_name() -> None:
    draft = Draft(family="cnn1d", name="CNN · seed 3 (copy)")
    assert with_changes(draft, {}, 5).name == "CNN (copy)"
    assert with_changes(draft, {}, 1).name == "CNN · seed 3 (copy)"
