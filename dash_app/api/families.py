"""Model families: their texts, the JSON schema of their configuration, their presets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel

from dash_app.api._fields import PROBLEMS
from integrations import registry
from integrations.core.contract import Family
from integrations.presets import Preset, presets

router = APIRouter(prefix="/api/families", tags=["families"], responses=PROBLEMS)


class FamilyRow(BaseModel):
    """A family in brief; ``presets`` are names for POST /api/experiments."""

    name: str
    title: str
    summary: str
    kind: str
    presets: list[str]


class FamilyList(BaseModel):
    """All families."""

    items: list[FamilyRow]
    total: int


class FamilyDetail(BaseModel):
    """A family with the JSON schema of its configuration; the schema carries units and help."""

    name: str
    title: str
    summary: str
    kind: str
    config_schema: dict[str, Any]
    defaults: dict[str, Any]
    presets: list[Preset]


@router.get("")
def list_families() -> FamilyList:
    """Give the families that can be trained."""
    items = [_row(family) for family in registry.families().values()]
    return FamilyList(items=items, total=len(items))


@router.get("/{family}")
def get_family(family: Annotated[str, Path(max_length=64)]) -> FamilyDetail:
    """Give everything about one family."""
    try:
        found = registry.family(family)
    except registry.UnknownFamilyError as error:
        raise HTTPException(404, str(error)) from error
    return FamilyDetail(
        **_texts(found),
        config_schema=found.Config.model_json_schema(),
        defaults=found.Config().model_dump(mode="json"),
        presets=presets(found.name),
    )


def _row(family: Family) -> FamilyRow:
    return FamilyRow(**_texts(family), presets=[preset.name for preset in presets(family.name)])


def _texts(family: Family) -> dict[str, str]:
    return {key: getattr(family, key) for key in ("name", "title", "summary", "kind")}
