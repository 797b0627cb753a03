"""One folder per screen; each ``page.py`` offers ``register()``, each ``callbacks.py`` acts."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import dash


def register_pages() -> None:
    """Register every screen and its callbacks, in the order their folders sort."""
    here = Path(__file__).parent
    for module in pkgutil.iter_modules([str(here)]):
        if module.ispkg and (here / module.name / "page.py").exists():
            importlib.import_module(f"{__name__}.{module.name}.page").register()
            importlib.import_module(f"{__name__}.{module.name}.callbacks")
    for page in dash.page_registry.values():
        page["layout"] = with_single_values(page["layout"])


def with_single_values(layout: Callable[..., Any]) -> Callable[..., Any]:
    """Give a layout whose named parameters are always one text: of "?tab=a&tab=b" the last.

    Dash hands over a list when an address names a parameter twice; what a layout takes by
    ``**query`` stays as it came.
    """
    named = [
        name
        for name, parameter in inspect.signature(layout).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]

    @wraps(layout)
    def single(**query: Any) -> Any:
        several = {name: query[name] for name in named if isinstance(query.get(name), list)}
        return layout(**{**query, **{name: values[-1] for name, values in several.items()}})

    return single
