"""The REST interface explained on one plain page, made from the OpenAPI document."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dash_app.api._docs_page import docs_page

router = APIRouter()


@router.get("/api/docs", include_in_schema=False)
def show_docs(request: Request) -> HTMLResponse:
    """Give the page; it needs no script, so it stands under our Content-Security-Policy."""
    return HTMLResponse(docs_page(request.app.openapi()))
