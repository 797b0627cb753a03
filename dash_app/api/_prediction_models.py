"""What the routes of predictions take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from integrations.core.prediction.options import PredictionOptions
from integrations.core.prediction.outcome import PredictionOutcome
from storage.entities import JobStatus

MOST_RECORDINGS, MOST_SAMPLES, MOST_CHANNELS = 200, 2_000_000, 64
Number = Annotated[float, Field(allow_inf_nan=False, ge=-3e38, le=3e38)]
Samples = Annotated[list[Number], Field(min_length=1, max_length=MOST_SAMPLES)]


class SentRecording(BaseModel):
    """One recording as numbers: a list per channel, in the model's order, all of one length."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] = "recording"
    channels: Annotated[list[Samples], Field(min_length=1, max_length=MOST_CHANNELS)]
    sampling_rate_hz: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = None


class SentRecordings(BaseModel):
    """Recordings sent as numbers; larger ones go as files."""

    model_config = ConfigDict(extra="forbid")

    recordings: Annotated[list[SentRecording], Field(min_length=1, max_length=MOST_RECORDINGS)]
    options: PredictionOptions = PredictionOptions()


class PredictionState(BaseModel):
    """How far a prediction is; ``outcome`` is there when it is done.

    ``message`` is what is being done, ``error`` why it failed, in a sentence.
    """

    id: int
    experiment_id: int
    status: JobStatus
    url: str
    progress: float
    message: str
    error: str
    outcome: PredictionOutcome | None
    created_at: datetime
