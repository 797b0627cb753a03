"""axe-core finds nothing serious on any screen, in light and in dark."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

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
    "/experiment/{run}/results?tab=failures": "#failures-detail .main-svg",
    "/experiment/{run}/results?tab=metrics": ".js-plotly-plot",
    "/experiment/{run}/results?tab=use": ".card",
    "/compare?ids={run}": "h1",
    "/models": ".empty-state, .models-table",
    "/settings?tab=notifications": ".empty-state, .channel",
    "/settings?tab=storage": ".gauge",
    "/experiments": ".ag-center-cols-container .ag-row",
    "/queue": ".queue-line",
    "/api/docs": "h1",
    "/nowhere": ".empty-state",
}
SETTLE_MS = 600
GRAVE = ("serious", "critical")
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


@pytest.fixture(scope="module")
def finished_run(bench: Bench) -> dict[str, int]:
    """Train a quick test once, so that every screen has something to show."""
    run = bench.start_run("classical")
    bench.wait_for_run(run)
    return {"run": run, "dataset": bench.ready_dataset("Gun")}


def test_axe_finds_nothing_serious(wide_page: Page, finished_run: dict[str, int]) -> None:
    grave: list[str] = []
    for path, content in SCREENS.items():
        wide_page.emulate_media(color_scheme="light")
        wide_page.goto(path.format(**finished_run))
        wide_page.wait_for_selector(content)
        wide_page.wait_for_timeout(SETTLE_MS)
        grave += complaints(wide_page, f"{path} (light)")
        wide_page.emulate_media(color_scheme="dark")
        wide_page.wait_for_timeout(SETTLE_MS)
        grave += complaints(wide_page, f"{path} (dark)", CONTRAST)
    assert not grave, "\n".join(grave)


def complaints(page: Page, where: str, options: dict[str, Any] | None = None) -> list[str]:
    """Let axe look at the page as it is; give what is serious."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{where}: {rule['id']} on {node['html'][:160]} ({node.get('failureSummary', '')[:200]})"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:3]
    ]
