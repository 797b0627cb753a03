"""REST under /api: one router per resource, problem+json for every error."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from fastapi import FastAPI

from dash_app.api import _unknown
from dash_app.api._problems import install_problem_handlers


def mount_api(server: FastAPI) -> None:
    """Mount every module here that offers a ``router``, and the error handlers."""
    here = Path(__file__).parent
    install_problem_handlers(server)
    for module in pkgutil.iter_modules([str(here)]):
        if not module.name.startswith("_"):
            server.include_router(importlib.import_module(f"{__name__}.{module.name}").router)
    server.include_router(_unknown.router)
