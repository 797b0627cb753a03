"""How the bench is: database, Redis, workers and disk, as they are at this moment."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
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
    """The bench as a whole: "down" without its database, "degraded" with another part away."""

    status: Literal["ok", "degraded", "down"]
    version: str
    checks: dict[str, Check]


class Sign(BaseModel):
    """A sign of life of the web process."""

    status: Literal["ok"] = "ok"
    version: str = VERSION


@router.get("/health", responses={503: {"model": Health, "description": "It does not work."}})
def get_health(
    response: Response,
    strict: Annotated[bool, Query(description="Answer 503 also when degraded")] = False,
) -> Health:
    """Ask every part how it is; 200 while the bench can be used, 503 when it is down."""
    found = queue.health()
    if found.status == "down" or (strict and found.status != "ok"):
        response.status_code = 503
    checks = {name: Check.model_validate(check) for name, check in found.checks.items()}
    return Health(status=found.status, version=VERSION, checks=checks)


@router.get("/health/live")
async def get_live() -> Sign:
    """Say that the web process answers; asks nothing else."""
    return Sign()


@router.get("/health/ready", responses={503: {"model": Check, "description": "Not now."}})
def get_ready(response: Response) -> Check:
    """Say whether pages can be served: 200 with a database, 503 without."""
    found = queue.database_check()
    if found.status != "ok":
        response.status_code = 503
    return Check.model_validate(found)
