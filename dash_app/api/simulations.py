"""Simulated data sets: order one from a configuration."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from dash_app.api._dataset_models import Accepted
from dash_app.api._fields import PROBLEMS, Name
from dash_app.api._problems import ProblemError
from integrations.core.simulator.config import SimulatorConfig
from storage.entities import DatasetStatus
from tasks.queue import QueueError, order_simulation

router = APIRouter(prefix="/api/datasets", tags=["datasets"], responses=PROBLEMS)


class NewSimulation(BaseModel):
    """What to simulate; everything left out keeps its default."""

    model_config = ConfigDict(extra="forbid")

    config: SimulatorConfig = Field(default_factory=SimulatorConfig)
    name: Name = ""


@router.post("/simulate", status_code=202)
def simulate_dataset(body: NewSimulation | None = None) -> Accepted:
    """Make a data set with the bearing simulator, in the background.

    ``GET /api/datasets/{id}`` tells when the set is ready; deleting it ends the job.
    """
    asked = body or NewSimulation()
    try:
        job = order_simulation(asked.config, asked.name)
    except QueueError as error:
        raise ProblemError(422, str(error)) from error
    return Accepted(id=job.dataset_id or 0, job_id=job.id, status=DatasetStatus.IMPORTING)
