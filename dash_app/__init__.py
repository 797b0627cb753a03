"""What people see: one ASGI app with Dash for the pages and FastAPI for the REST routes."""

from __future__ import annotations

import logging
from contextvars import copy_context
from typing import Any

import dash
import numpy as np
import plotly.graph_objects as go
from dash.backends._fastapi import FastAPIDashServer
from dash.exceptions import DashException, DependencyException, PreventUpdate
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from dash_app import shell_callbacks  # noqa: F401 - registers the callbacks of the frame
from dash_app.api import mount_api
from dash_app.api._problems import problem
from dash_app.pages import register_pages
from dash_app.request_log import RequestLogMiddleware
from dash_app.request_metrics import RequestMetricsMiddleware
from dash_app.security import GuardMiddleware
from dash_app.shell import shell_layout, show_callback_error
from storage.settings import VERSION, settings

log = logging.getLogger("signalbench.web")


class ThreadedFastAPIServer(FastAPIDashServer):
    """Dash's FastAPI backend, except that callbacks run in threads.

    The original runs synchronous callbacks on the event loop, where one slow figure would hold up
    every log stream and every other viewer.
    """

    @staticmethod
    def create_app(name: str = "__main__", config: dict[str, Any] | None = None) -> FastAPI:
        """Give the FastAPI application that Dash builds on."""
        return FastAPI(
            title="Signalbench",
            version=VERSION,
            openapi_url="/api/openapi.json",
            docs_url=None,
            redoc_url=None,
        )

    def serve_callback(self, dash_app: Any) -> Any:
        """Give the route that runs callbacks."""

        async def dispatch(request: Request) -> Any:
            try:
                body = self.request_adapter().get_json()
                context = dash_app._initialize_context(body)
                function = dash_app._prepare_callback(context, body)
                values = dash_app._inputs_to_vals(context.inputs_list + context.states_list)
            except (LookupError, TypeError, ValueError, AttributeError, DashException):
                # Our pages send what Dash's own script makes; this was made by hand.
                return problem(400, "This is no callback of this page. Reload the page.")
            call = dash_app._execute_callback(function, values, context.outputs_list, context)
            try:
                answer = await run_in_threadpool(copy_context().run, call)
            except PreventUpdate:
                raise
            except DashException as error:
                # What a callback itself raises went to on_error; Dash found the request unfitting.
                log.warning("a request did not fit its callback: %s", error)
                return problem(400, "This is no callback of this page. Reload the page.")
            except Exception:
                # Dash would answer 500 without a word in the log.
                log.exception("a callback failed outside of itself")
                raise
            return context.dash_response.set_response(data=answer)

        return dispatch


def create_app() -> FastAPI:
    """Build the web application: REST routes first, then Dash's pages, then the guard around both.

    Returns:
        The ASGI app for uvicorn.
    """
    _warm_up_figures()
    app = dash.Dash(
        __name__,
        backend=ThreadedFastAPIServer,
        # Callbacks and layouts are plain functions, run in threads (see ThreadedFastAPIServer).
        use_async=False,
        use_pages=True,
        # Pages are registered explicitly: the folder scan would execute each page file twice.
        pages_folder="",
        # Pages bring their components later than the callbacks; False would call every layout.
        suppress_callback_exceptions=True,
        title="Signalbench",
        update_title=None,
        serve_locally=True,
        on_error=show_callback_error,
        assets_ignore=r".*LICENSE\.txt",
    )
    server: FastAPI = app.server
    mount_api(server)
    server.add_exception_handler(DependencyException, _no_such_script)
    register_pages()
    app.index_string = app.index_string.replace("<html>", '<html lang="en">')
    app.layout = shell_layout
    _add_dash_own_callbacks(app)
    server.add_middleware(
        GuardMiddleware, script_hashes=app.csp_hashes(), allowed_hosts=_allowed_hosts()
    )
    server.add_middleware(RequestMetricsMiddleware)
    server.add_middleware(RequestLogMiddleware)
    return server


def _add_dash_own_callbacks(app: dash.Dash) -> None:
    # Dash adds its routing callbacks at the first request to "/", too late for the hashes in the
    # Content-Security-Policy and for a first request to any other page.
    for function in app.backend._before_request_funcs:
        function()


async def _no_such_script(_request: Request, _error: Exception) -> JSONResponse:
    return problem(404, "There is no such script. Reload the page.")


def _allowed_hosts() -> frozenset[str]:
    given = {name.strip() for name in settings().allowed_hosts.split(",") if name.strip()}
    return frozenset({"localhost", "127.0.0.1", "[::1]", settings().host} | given)


def _warm_up_figures() -> None:
    # Sixteen simultaneous first requests otherwise meet a half-imported NumPy inside Plotly.
    go.Figure(go.Scatter(y=np.zeros(2))).to_plotly_json()
