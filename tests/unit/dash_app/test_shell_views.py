"""What the frame shows for an address and for running jobs."""

from __future__ import annotations

import json
from typing import Any

import plotly.utils
import pytest

from dash_app.shell_callbacks import name_of
from dash_app.shell_views import Jobs, breadcrumb, health_banners, jobs_pill, search_results


def text_of(component: Any) -> str:
    return json.dumps(component, cls=plotly.utils.PlotlyJSONEncoder, ensure_ascii=False)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", []),
        ("/experiments", ["Experiments"]),
        ("/experiment/new", ["New experiment"]),
        ("/experiment/7/results", ["Experiments", "Run 7", "Results"]),
        ("/experiment/clone/7", ["Experiments", "Run 7", "Clone"]),
        ("/datasets/3", ["Data", "Run 7"]),
        ("/nonesuch/x", []),
        ("//", []),
    ],
)
def test_the_breadcrumb_follows_the_address(path: str, words: list[str]) -> None:
    crumbs = [crumb.children for crumb in breadcrumb(path, "Run 7")]
    assert [crumb for crumb in crumbs if isinstance(crumb, str)] == words


def test_the_pill_leads_to_the_only_run_or_to_all_of_them() -> None:
    assert jobs_pill(Jobs()) is None
    assert jobs_pill(Jobs(1, 0, 0.4, only_id=12)).href == "/experiment/12/monitor"
    several = jobs_pill(Jobs(2, 3, 0.25))
    assert several.href == "/queue"
    assert "2 running, 3 waiting" in text_of(several)
    assert "25 %" in text_of(several)


def test_a_search_without_findings_says_so() -> None:
    assert "Nothing found" in text_of(search_results("zzzz", [], []))
    assert "/experiments" in text_of(search_results("history", [], []))


def test_troubles_become_banners_of_their_weight() -> None:
    shown = health_banners([("down", "No worker is alive."), ("warning", "0.9 GB free.")])
    assert [banner.role for banner in shown] == ["alert", "status"]


@pytest.mark.parametrize("path", ["/experiment/abc", "/experiment/" + "9" * 400, "/experiment/１"])
def test_an_address_without_a_usable_number_has_no_name(path: str) -> None:
    assert name_of(path) is None
