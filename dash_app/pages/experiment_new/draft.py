"""What the user has decided so far; lives in the browser's session and survives a reload."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_NAME = 200


class Draft(BaseModel):
    """An experiment in the making.

    Attributes:
        preset: Key of the preset the values began with ("saved-3" for the user's own).
        values: Raw value of every setting by dotted path.
        name: "" lets the bench make one.
        original: The values of the run that is cloned; {} otherwise.
        revision: Grows whenever values come from elsewhere than the form, which then is redrawn.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    dataset_id: int | None = None
    family: str = ""
    preset: str = ""
    values: dict[str, Any] = Field(default_factory=dict)
    name: str = Field("", max_length=MAX_NAME)
    expert: bool = False
    parent_id: int | None = None
    parent_name: str = ""
    original: dict[str, Any] = Field(default_factory=dict)
    revision: int = 0

    def changed(self, **values: Any) -> Draft:
        """Give a draft with other decisions, to be redrawn."""
        return self.model_copy(update={**values, "revision": self.revision + 1})


def read_draft(stored: Any) -> Draft | None:
    """Read what the browser kept; None when there is nothing, or nothing of ours."""
    try:
        return Draft.model_validate(stored) if stored else None
    except ValidationError:
        return None
