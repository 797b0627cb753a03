"""What a person says about new recordings, and allows to be done to make them fit a model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PredictionOptions(BaseModel):
    """How to take new recordings; nothing is changed without being allowed here."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    sampling_rate_hz: float | None = Field(
        None, gt=0, le=1e9, description="Sampling rate in Hz of files that do not say it."
    )
    rpm: float | None = Field(
        None, gt=0, le=1e7, description="Shaft speed of recordings that do not say it."
    )
    resample: bool = Field(
        False, description="Resample recordings of another rate to the model's rate."
    )
    channels_in_order: bool = Field(
        False, description="Take the channels in their order where the names differ."
    )
    interpolate: bool = Field(
        False, description="Fill missing values by a line between their neighbours."
    )
