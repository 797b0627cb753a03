"""Every screen: takes any query, has a heading, labels its inputs, shares the graph settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dash
import pytest
from dash.development.base_component import Component

from dash_app.components import GRAPH_CONFIG
from tests.support.finished_run import Toy, finished_run
from tests.support.web import web

PAGES_FOLDER = Path(__file__).resolve().parents[2] / "dash_app" / "pages"
ASSETS = PAGES_FOLDER.parent / "assets"
LABELLED = frozenset(
    {"TextInput", "Textarea", "Select", "MultiSelect", "TagsInput", "NumberInput", "Slider",
     "Checkbox", "Switch", "SegmentedControl", "ActionIcon", "Burger", "Autocomplete"}
)  # fmt: skip
QUERIES: tuple[dict[str, Any], ...] = (
    {},
    {"surprise": "1", "utm_source": ["a", "b"]},
    {"search": "x" * 10_000, "status": "nonesuch", "dataset": "9" * 400, "sort": "password"},
    {name: ["1", "2"] for name in ("dataset", "family", "step", "tab", "sort", "order", "status")},
    {"dataset": "-1", "tab": "<script>", "family": "../../etc", "ids": "1,2,a"},
)


def _pages() -> list[str]:
    return sorted(folder.parent.name for folder in PAGES_FOLDER.glob("*/page.py"))


def _registered(folder: str) -> dict[str, Any]:
    web()
    module = f"dash_app.pages.{folder}.page"
    found = [
        page
        for page in dash.page_registry.values()
        if getattr(page["layout"], "__module__", "") == module
    ]
    assert found, f"{module} registers no page"
    return dict(found[0])


@pytest.fixture
def numbers(sqlite: str) -> dict[str, str]:
    number = finished_run(Toy())
    return {"experiment_id": str(number), "dataset_id": "1", "run_id": str(number)}


def _layouts(page: dict[str, Any], numbers: dict[str, str]) -> Iterator[Any]:
    names = re.findall(r"<(\w+)>", page["path_template"] or "")
    hostile = ("0", "-1", "9" * 400, "abc", "1e5", "<script>")
    for query in QUERIES:
        yield page["layout"](**{name: numbers.get(name, "1") for name in names}, **query)
    for value in hostile if names else ():
        yield page["layout"](**dict.fromkeys(names, value))


@pytest.mark.parametrize("folder", _pages())
def test_a_page_takes_any_address(folder: str, numbers: dict[str, str]) -> None:
    for layout in _layouts(_registered(folder), numbers):
        assert "page" in (layout.className or "").split()


@pytest.mark.parametrize("folder", _pages())
def test_a_page_labels_its_inputs_and_shares_the_graph_settings(
    folder: str, numbers: dict[str, str]
) -> None:
    page = _registered(folder)
    for layout in _layouts(page, numbers):
        for component in _walk(layout):
            name = type(component).__name__
            if name == "Graph":
                assert component.config == GRAPH_CONFIG
            assert name not in ("Markdown", "DangerouslySetInnerHTML", "Iframe")
            if name in LABELLED:
                assert _has_label(component), f"{folder}: {component.to_plotly_json()}"


@pytest.mark.parametrize("folder", _pages())
def test_a_page_has_one_title(folder: str) -> None:
    assert _registered(folder)["title"]


def test_no_script_makes_code_or_markup_of_text() -> None:
    for script in ASSETS.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for forbidden in ("eval(", "new Function", "innerHTML", "dangerouslySetInnerHTML"):
            assert forbidden not in text, f"{script.name} uses {forbidden}"


def test_no_page_uses_another_graph_config_or_inline_javascript() -> None:
    for source in PAGES_FOLDER.parent.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        if "dcc.Graph(" in text:
            assert "config=GRAPH_CONFIG" in text, f"{source.name} draws a graph of its own"
        assert "dangerously_allow" not in text
        assert "dcc.Markdown" not in text
        for match in re.findall(r"clientside_callback\(\s*([^\s,]+)", text):
            assert match.startswith("ClientsideFunction"), f"{source.name}: {match}"


def _has_label(component: Component) -> bool:
    names = ("label", "aria-label", "aria-labelledby", "thumbLabel")
    return any(getattr(component, name, None) for name in names) or _labelled_inside(component)


def _labelled_inside(component: Component) -> bool:
    props = component.to_plotly_json()["props"]
    inner = (props.get("attributes") or {}).get("input", {})
    return any(key.startswith("aria-label") and v for key, v in [*props.items(), *inner.items()])


def _walk(node: Any) -> Iterator[Component]:
    if isinstance(node, Component):
        yield node
        node = node.children if hasattr(node, "children") else None
    if isinstance(node, list | tuple):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, Component):
        yield from _walk(node)
