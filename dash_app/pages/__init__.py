"""One folder per screen; each ``page.py`` offers ``register()``, each ``callbacks.py`` acts."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path


def register_pages() -> None:
    """Register every screen and its callbacks, in the order their folders sort."""
    here = Path(__file__).parent
    for module in pkgutil.iter_modules([str(here)]):
        if module.ispkg and (here / module.name / "page.py").exists():
            importlib.import_module(f"{__name__}.{module.name}.page").register()
            importlib.import_module(f"{__name__}.{module.name}.callbacks")
