"""Answers addresses under /api that do not exist, which Dash would otherwise show as a page."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.api_route(
    "/api/{rest:path}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
def unknown_address(rest: str) -> None:
    """Refuse with a sentence."""
    raise HTTPException(404, f"There is no /api/{rest[:100]}. See /api/docs for what there is.")
