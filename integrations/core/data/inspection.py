"""What was understood of an upload, as JSON: the screen shows it and ``convert`` carries it out."""

from __future__ import annotations

from pydantic import BaseModel, Field


class PlannedRecording(BaseModel):
    """One recording as it will be imported.

    Attributes:
        columns: Names of the file's variables, in the order of the data set's channels.
        start: First row in the file; rows up to ``stop`` belong to it.
        problem: Why it will not be imported; "" when it will.
        left_out: It is left out because the user said so, which is no problem.
    """

    file: str
    name: str
    label: str
    label_source: str
    group: str
    fields: dict[str, str | float] = Field(default_factory=dict)
    columns: list[str] = Field(default_factory=list)
    start: int = 0
    stop: int = 0
    sampling_rate_hz: float | None = None
    rate_source: str = ""
    n_bad: int = 0
    problem: str = ""
    left_out: bool = False

    @property
    def n_samples(self) -> int:
        """Samples per channel as they stand in the file."""
        return self.stop - self.start

    @property
    def wanted(self) -> bool:
        """It will be imported."""
        return not self.problem and not self.left_out


class FileView(BaseModel):
    """One file for the screen."""

    path: str
    shown: str
    size_bytes: int
    format: str
    status: str
    sentence: str
    warnings: list[str] = Field(default_factory=list)
    variables: list[str] = Field(default_factory=list)


class ChannelChoice(BaseModel):
    """A channel one can take, and in how many files it is."""

    name: str
    n_files: int
    chosen: bool


class LengthStats(BaseModel):
    """How long the recordings are, in samples."""

    shortest: int = 0
    median: int = 0
    longest: int = 0
    total: int = 0


class Inspection(BaseModel):
    """What was understood of an upload; ``ready`` says whether it can be imported so."""

    files: list[FileView]
    recordings: list[PlannedRecording]
    channels: list[ChannelChoice]
    classes: dict[str, int]
    n_groups: int
    label_source: str
    label_template: str
    group_source: str
    group_template: str
    pattern: str
    suggested_pattern: str
    field_names: list[str]
    sampling_rates: dict[str, int]
    lengths: LengthStats
    questions: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)

    @property
    def wanted(self) -> list[PlannedRecording]:
        """The recordings that will be imported."""
        return [recording for recording in self.recordings if recording.wanted]

    @property
    def chosen_channels(self) -> list[str]:
        """Channel names of the data set."""
        return [channel.name for channel in self.channels if channel.chosen]

    @property
    def ready(self) -> bool:
        """At least one recording can be imported and nothing forbids it."""
        return bool(self.wanted) and not self.problems
