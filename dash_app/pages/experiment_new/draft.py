"""What the user has decided so far; lives in the browser's session and survives a reload."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.queue import MOST_REPEATS

MAX_NAME = 200
LEAST_LIMIT_HOURS, MOST_LIMIT_HOURS = 0.05, 720


class Draft(BaseModel):
    """An experiment in the making.

    Attributes:
        preset: Key of the preset the values began with ("saved-3" for the user's own).
        values: Raw value of every setting by dotted path.
        name: "" lets the bench make one.
        priority: 0 to 9; larger ones run first.
        repeats: How often it is run, with other seeds.
        vary_split: Each repeat gets its own split as well.
        time_limit: Longest training time in hours as typed; "" for the installation's.
        original: The values of the run that is cloned; {} otherwise.
        revision: Grows whenever values come from elsewhere than the form, which then is redrawn.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    dataset_id: int | None = None
    family: str = ""
    preset: str = ""
    values: dict[str, Any] = Field(default_factory=dict)
    name: str = Field("", max_length=MAX_NAME)
    priority: int = Field(5, ge=0, le=9)
    time_limit: float | str = ""
    repeats: int = Field(1, ge=1, le=MOST_REPEATS)
    vary_split: bool = False
    expert: bool = False
    parent_id: int | None = None
    parent_name: str = ""
    original: dict[str, Any] = Field(default_factory=dict)
    revision: int = 0

    @property
    def time_limit_seconds(self) -> int | None:
        """Longest training time in seconds, None for the installation's or when it is no number."""
        try:
            hours = float(self.time_limit)
        except ValueError:
            return None
        within = LEAST_LIMIT_HOURS <= hours <= MOST_LIMIT_HOURS
        return round(hours * 3600) if within else None

    def changed(self, **values: Any) -> Draft:
        """Give a draft with other decisions, to be redrawn."""
        return self.model_copy(update={**values, "revision": self.revision + 1})


def read_draft(stored: Any) -> Draft | None:
    """Read what the browser kept; None when there is nothing, or nothing of ours."""
    try:
        return Draft.model_validate(stored) if stored else None
    except ValidationError:
        return None
