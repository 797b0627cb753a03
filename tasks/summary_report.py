"""The job "summary-report": one PDF over several runs, with a verdict on them."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from integrations.core.compare.contenders import same_windows
from integrations.core.evaluation.evaluation import Interval
from integrations.core.figures.chart import Axis, Bars, Chart, Heatmap
from storage.entities import ExperimentEntity
from storage.settings import settings
from storage.shared_files import shared_files
from tasks.comparison import ComparedRun, Comparison, compare_runs
from tasks.comparison_groups import repeats_of
from tasks.pdf.numbers import count, percent
from tasks.pdf.summary_content import RepeatsLine, SummaryContent, SummaryRun
from tasks.pdf.summary_document import build_summary_pdf
from tasks.report_content import ReportError
from tasks.report_options import ReportOptions, report_options
from tasks.report_rivals import differing, overlaid, step_name_of, title_of

log = logging.getLogger("signalbench.reports")
METRICS = ("val_loss", "val_accuracy")
MOST_CLASSES = 40


def make_summary(job_id: int, ids: Sequence[int], options: ReportOptions | None = None) -> str:
    """Write the summary report of several runs; gives its file name among the exports.

    Raises:
        ReportError: There are fewer than two runs, or it cannot be laid out.
        OSError: The disk is full.
    """
    content = load_summary(ids, datetime.now(UTC), options or report_options())
    name = f"summary-{job_id}.pdf"
    target = settings().exports_folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="summary-", dir=target.parent) as folder:
        path = Path(folder) / name
        try:
            build_summary_pdf(content, path)
        except OSError:
            raise
        except Exception as error:  # the report writer: one of the four borders
            log.exception("The summary report of %s failed", list(ids))
            raise ReportError(
                "The summary report could not be laid out. The worker's log has the details; the "
                "comparison page shows the same figures."
            ) from error
        path.replace(target)
    shared_files().publish(target)
    return name


def load_summary(ids: Sequence[int], made_at: datetime, options: ReportOptions) -> SummaryContent:
    """Gather what the summary report of several runs says.

    Raises:
        ReportError: Fewer than two of the runs are there.
    """
    comparison = compare_runs(ids)
    if len(comparison.runs) < 2:
        raise ReportError("A summary report needs two runs or more; the others were deleted.")
    runs = tuple(_run(each) for each in comparison.runs)
    return SummaryContent(
        runs=runs,
        groups=_groups(runs),
        judgement=comparison.judgement,
        differing=differing([run.entity for run in comparison.runs]),
        ranking=_ranking(runs),
        curves=_curves(comparison),
        classes=_classes(comparison),
        repeats=_repeats(comparison.runs),
        agreement=_agreement(comparison),
        made_at=made_at,
        options=options,
    )


def _run(each: ComparedRun) -> SummaryRun:
    entity = each.entity
    return SummaryRun(
        id=entity.id,
        name=entity.name,
        status=entity.status.value,
        family_title=title_of(entity.family),
        preset=entity.preset.replace("_", " "),
        dataset=entity.dataset_name,
        fingerprint=entity.dataset_fingerprint,
        split=entity.split_name,
        digest=entity.split_digest,
        leaky=entity.leaky,
        seconds=entity.seconds,
        n_parameters=entity.n_parameters,
        seed=_seeds(entity),
        finished_at=entity.finished_at,
        evaluation=each.evaluation,
        problem=each.problem,
    )


def _seeds(entity: ExperimentEntity) -> str:
    split = entity.config.get("data", {}).get("seed", "–")
    return f"{entity.config.get('seed', '–')} / {split}"


def _accuracy(run: SummaryRun) -> float:
    figure = run.evaluation.headline.get("accuracy") if run.evaluation else None
    return figure.value if figure else -1.0


def _groups(runs: Sequence[SummaryRun]) -> tuple[tuple[SummaryRun, ...], ...]:
    groups: dict[tuple[str, str], list[SummaryRun]] = {}
    for run in runs:
        if run.evaluation is not None:
            groups.setdefault((run.fingerprint, run.digest), []).append(run)
    return tuple(tuple(sorted(group, key=lambda run: -_accuracy(run))) for group in groups.values())


def _ranking(runs: Sequence[SummaryRun]) -> tuple[Chart, ...]:
    tested = sorted((run for run in runs if run.evaluation), key=lambda run: -_accuracy(run))
    if not tested:
        return ()
    found = [
        (run, run.evaluation.headline[key])
        for key in ("accuracy",)
        for run in tested
        if run.evaluation is not None and key in run.evaluation.headline
    ]
    return (_bars("ranking_accuracy", "Accuracy of test windows", found),)


def _bars(key: str, what: str, found: Sequence[tuple[SummaryRun, Interval]]) -> Bars:
    best, worst = found[0][1], found[-1][1]
    apart = worst.high < best.low
    title = (
        f"{what}: the intervals of the best and the last run lie apart"
        if apart and len(found) > 1
        else f"{what}: the intervals overlap"
    )
    return Bars(
        key=key,
        title=title,
        axis=Axis(what, percent=True, range=(0.0, 1.0)),
        categories=tuple(f"#{run.id} {run.name}" for run, _ in found),
        values=tuple(figure.value for _, figure in found),
        low=tuple(figure.low for _, figure in found),
        high=tuple(figure.high for _, figure in found),
        help="95 % intervals of each run alone. Whether two runs differ is said by the paired "
        "test, not by these.",
    )


def _curves(comparison: Comparison) -> tuple[Chart, ...]:
    alike = tuple(run for run in comparison.runs if step_name_of(run.entity.config) == "Epoch")
    return overlaid(alike, METRICS) if len(alike) > 1 else ()


def _classes(comparison: Comparison) -> Heatmap | None:
    tested = [run for run in comparison.tested if run.evaluation is not None]
    known = {run.evaluation.classes for run in tested if run.evaluation}
    if len(tested) < 2 or len(known) != 1:
        return None
    classes = next(iter(known))[:MOST_CLASSES]
    values = [
        tuple(row.f1 for row in run.evaluation.per_class[: len(classes)])
        for run in tested
        if run.evaluation is not None
    ]
    spread = [max(column) - min(column) for column in zip(*values, strict=True)]
    widest = int(np.argmax(spread))
    return Heatmap(
        key="classes",
        title=f"The runs differ most on “{classes[widest]}” "
        f"(F1 {percent(min(v[widest] for v in values))} to "
        f"{percent(max(v[widest] for v in values))})",
        x_axis=Axis("Class"),
        y_axis=Axis("Run"),
        columns=classes,
        rows=tuple(f"#{run.entity.id}" for run in tested),
        values=tuple(values),
        value_axis=Axis("F1", percent=True, range=(0.0, 1.0)),
        texts=tuple(tuple(f"{value:.0%}" for value in row) for row in values),
        help="F1 on the test part, each run's own.",
    )


def _repeats(runs: Sequence[ComparedRun]) -> tuple[RepeatsLine, ...]:
    return tuple(
        RepeatsLine(each.study.name, len(each.runs), each.figures.get("accuracy"), each.best)
        for each in repeats_of(runs)
    )


def _agreement(comparison: Comparison) -> str:
    """Count the test windows that all, some and none of the runs recognise."""
    contenders = [run.contender for run in comparison.tested if run.contender is not None]
    if len(contenders) < 2 or comparison.judgement is None or not comparison.judgement.pairs:
        return ""
    if not same_windows(contenders):
        return ""
    right = np.stack([contender.right for contender in contenders])
    everyone, nobody = int(right.all(axis=0).sum()), int((~right).all(axis=0).sum())
    some = right.shape[1] - everyone - nobody
    return (
        f"Of {count(right.shape[1])} test windows all runs recognise {count(everyone)}, some of "
        f"them {count(some)}, and none {count(nobody)}."
    )
