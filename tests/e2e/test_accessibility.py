"""axe-core finds nothing serious on any screen, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import WIDE, open_page
from tests.support.bench import Bench

SCREENS = {
    "/": ".health-row, .card",
    "/datasets": ".dataset-card",
    "/datasets/simulate": ".js-plotly-plot",
    "/datasets/{dataset}": ".js-plotly-plot",
    "/experiment/new?dataset={dataset}": "#wizard-summary dd",
    "/experiment/new?dataset={dataset}&step=2": "#wizard-summary dd",
    "/experiment/new?dataset={dataset}&step=3": "#wizard-summary dd",
    "/experiment/{run}/monitor": ".js-plotly-plot",
    "/experiment/{run}/results": ".card",
    "/experiment/{run}/results?tab=signals": "#signals-envelope .main-svg",
    "/settings?tab=notifications": ".empty-state, .channel",
    "/settings?tab=storage": ".gauge",
    "/experiments": ".ag-center-cols-container .ag-row",
    "/queue": ".queue-line",
    "/api/docs": "h1",
    "/nowhere": ".empty-state",
}
SETTLE_MS = 600
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def finished_run(bench: Bench) -> dict[str, int]:
    """Train a quick test once, so that every screen has something to show."""
    run = bench.start_run("classical")
    bench.wait_for_run(run)
    return {"run": run, "dataset": bench.ready_dataset("Gun")}


@pytest.fixture(params=["light", "dark"])
def themed_page(browser: Browser, bench: Bench, request: pytest.FixtureRequest) -> Iterator[Page]:
    yield from open_page(browser, bench, WIDE, color_scheme=request.param)


def test_axe_finds_nothing_serious(themed_page: Page, finished_run: dict[str, int]) -> None:
    grave: list[str] = []
    for path, content in SCREENS.items():
        themed_page.goto(path.format(**finished_run))
        themed_page.wait_for_selector(content)
        themed_page.wait_for_timeout(SETTLE_MS)
        found = Axe().run(themed_page).response["violations"]
        grave += [
            f"{path}: {rule['id']} on {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
            for rule in found
            if rule["impact"] in GRAVE
            for node in rule["nodes"][:3]
        ]
    assert not grave, "\n".join(grave)
