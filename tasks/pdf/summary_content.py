"""What a summary report over several runs is made of: plain values, no database, no layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from integrations.core.compare.verdict import Judgement
from integrations.core.evaluation.evaluation import Evaluation, Interval
from integrations.core.figures.chart import Chart
from tasks.report_options import ReportOptions


@dataclass(frozen=True)
class SummaryRun:
    """One of the runs.

    Attributes:
        evaluation: None while it has no results; ``problem`` then says why.
        settings: "seed 0" and the like, in a line.
    """

    id: int
    name: str
    status: str
    family_title: str
    preset: str
    dataset: str
    fingerprint: str
    split: str
    digest: str
    leaky: bool
    seconds: float
    n_parameters: int
    seed: str
    finished_at: datetime | None
    evaluation: Evaluation | None
    problem: str = ""


@dataclass(frozen=True)
class RepeatsLine:
    """A study of repeats that runs belong to: its mean over seeds with the t interval."""

    name: str
    runs: int
    accuracy: Interval | None
    best: float


@dataclass(frozen=True)
class SummaryContent:
    """Everything a summary report says.

    Attributes:
        groups: Runs that were tested on the same data and split, best first; the figures of
            different groups cannot be ranked against one another.
        judgement: None with fewer than two runs that have results.
        differing: Settings that differ: title, then the value of each run in ``runs``.
        charts: Ranking, curves and classes, by key.
        agreement: How many test windows all, some and none of the runs recognise; "" unknown.
    """

    runs: tuple[SummaryRun, ...]
    groups: tuple[tuple[SummaryRun, ...], ...]
    judgement: Judgement | None
    differing: tuple[tuple[str, ...], ...]
    ranking: tuple[Chart, ...]
    curves: tuple[Chart, ...]
    classes: Chart | None
    repeats: tuple[RepeatsLine, ...]
    agreement: str
    made_at: datetime
    options: ReportOptions = field(default_factory=ReportOptions)

    @property
    def title(self) -> str:
        """What the cover says."""
        return self.options.title or f"Comparison of {len(self.runs)} runs"
