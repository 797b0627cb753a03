"""How the bench is: database, Redis, workers and disk, as they are at this moment."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from storage.settings import VERSION
from tasks import queue

router = APIRouter(prefix="/api", tags=["health"])


class Check(BaseModel):
    """One part of the bench; ``message`` says what is wrong and what to do."""

    model_config = ConfigDict(from_attributes=True)

    status: Literal["ok", "warning", "problem"]
    message: str


class Health(BaseModel):
    """The bench as a whole; it answers 200 also when a part is down, so that it can say so."""

    status: Literal["ok", "degraded", "down"]
    version: str
    checks: dict[str, Check]


@router.get("/health")
def get_health() -> Health:
    """Ask every part how it is."""
    found = queue.health()
    checks = {name: Check.model_validate(check) for name, check in found.checks.items()}
    return Health(status=found.status, version=VERSION, checks=checks)
