"""What a person chooses about reports: which sections, and who is named on the cover."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.stores.stored_settings import StoredSettings

KEY = "report"
Line = Annotated[str, Field(max_length=200)]


class Section(StrEnum):
    """Sections that may be left out; cover, summary, limits and identity are always there."""

    METHODS = "methods"
    DATA = "data"
    RESULTS = "results"
    TRAINING = "training"
    FAILURES = "failures"
    EXPLANATIONS = "explanations"
    COMPARISON = "comparison"
    RECOMMENDATIONS = "recommendations"
    CONFIGURATION = "configuration"


SECTION_TITLES = {
    Section.METHODS: "Methods",
    Section.DATA: "Data",
    Section.RESULTS: "Results",
    Section.TRAINING: "Training",
    Section.FAILURES: "Failure gallery",
    Section.EXPLANATIONS: "Inside the model",
    Section.COMPARISON: "Comparison with the baseline",
    Section.RECOMMENDATIONS: "Recommendations",
    Section.CONFIGURATION: "Configuration",
}


class ReportOptions(BaseModel):
    """Choices for one report; kept as the house's own by ``keep_report_options``."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    title: Line = Field("", description="On the cover; empty takes the experiment's name.")
    author: Line = Field("", description="Named on the cover and in the file.")
    organisation: Line = Field("", description="Named on the cover.")
    note: Annotated[str, Field(max_length=2000)] = Field(
        "", description="Stands on the cover, e.g. a project number or who may read it."
    )
    sections: tuple[Section, ...] = Field(tuple(Section), description="Sections to include.")

    def has(self, section: Section) -> bool:
        """Tell whether a section is wanted."""
        return section in self.sections


def report_options() -> ReportOptions:
    """Give the choices of this house; the defaults where none were made or they cannot be read."""
    try:
        return ReportOptions.model_validate(StoredSettings().get(KEY))
    except ValidationError:
        return ReportOptions()


def keep_report_options(options: ReportOptions) -> None:
    """Keep the choices of this house; the title belongs to one report and is not kept."""
    StoredSettings().put(KEY, options.model_dump(mode="json", exclude={"title"}))


def chosen(options: ReportOptions | None) -> dict[str, Any]:
    """Give the part of a job's payload that holds the choices; {} for the house's own."""
    return {} if options is None else {"options": options.model_dump(mode="json")}
