"""Charts that every run has: curves of the training and the figures of the evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from integrations.core.evaluation.areas import Areas
from integrations.core.evaluation.classwise import ClassFigures
from integrations.core.evaluation.evaluation import Curve, Evaluation, Interval
from integrations.core.figures.chart import OKABE_ITO, Axis, Bars, Chart, Heatmap, Lines, Marker
from integrations.core.figures.chart import Series as Line

History = Sequence[dict[str, float]]
MAX_CURVES = 12
"""One-vs-rest curves drawn at most: those of the classes with the smallest area."""
MAX_BARS = 40
TRAINING, VALIDATION = 0, 1


def common_charts(
    history: History, evaluation: Evaluation, best_epoch: int = 0, step_name: str = "Epoch"
) -> list[Chart]:
    """Give all charts below that have something to show, in reading order."""
    charts: list[Chart | None] = [
        loss_curve(history, best_epoch, step_name),
        accuracy_curve(history, best_epoch, step_name),
        confusion_matrix(evaluation),
        f1_by_class(evaluation),
        roc(evaluation),
        precision_recall(evaluation),
    ]
    return [chart for chart in charts if chart is not None]


def loss_curve(history: History, best_epoch: int = 0, step_name: str = "Epoch") -> Lines | None:
    """Training and validation loss over epochs; None without a finite value."""
    return _history_lines(
        history,
        key="loss",
        title="Loss while training",
        y_axis=Axis("Cross-entropy loss"),
        metrics=(("train_loss", "Training", TRAINING), ("val_loss", "Validation", VALIDATION)),
        best_epoch=best_epoch,
        step_name=step_name,
        help_text="Validation rising while training falls is overfitting.",
    )


def accuracy_curve(history: History, best_epoch: int = 0, step_name: str = "Epoch") -> Lines | None:
    """Training and validation accuracy over epochs or folds; None without a finite value."""
    return _history_lines(
        history,
        key="accuracy",
        title="Accuracy while training",
        y_axis=Axis("Accuracy of windows", percent=True),
        metrics=(
            ("train_accuracy", "Training", TRAINING),
            ("val_accuracy", "Validation", VALIDATION),
            ("val_macro_f1", "Validation macro F1", 2),
        ),
        best_epoch=best_epoch,
        step_name=step_name,
        help_text="Training figures are met with augmentation on, so they may lie below.",
    )


def confusion_matrix(evaluation: Evaluation, normalised: bool = True) -> Heatmap:
    """Test windows by true and predicted class, as shares of the true class or as counts."""
    rows = [_shares(row) for row in evaluation.confusion]
    counts = evaluation.confusion
    texts = [
        [f"{share:.0%}" if normalised else str(count) for share, count in zip(*both, strict=True)]
        for both in zip(rows, counts, strict=True)
    ]
    values = rows if normalised else [[float(count) for count in row] for row in counts]
    return Heatmap(
        key="confusion" if normalised else "confusion_counts",
        title=_confusion_title(evaluation),
        x_axis=Axis("Predicted class"),
        y_axis=Axis("True class"),
        columns=evaluation.classes,
        rows=evaluation.classes,
        values=tuple(tuple(row) for row in values),
        value_axis=Axis("Share of the true class", percent=True, range=(0.0, 1.0))
        if normalised
        else Axis("Test windows"),
        texts=tuple(tuple(row) for row in texts),
        help="Each row is a true class; cells off the diagonal are mistakes.",
    )


def f1_by_class(evaluation: Evaluation, figures: Sequence[ClassFigures] = ()) -> Bars | None:
    """F1 of each tested class, weakest last; None when nothing was tested.

    Args:
        evaluation: The figures.
        figures: Gives the bars their intervals, where measured.
    """
    tested = [row for row in evaluation.per_class if row.support]
    ordered = sorted(tested, key=lambda row: -row.f1)[-MAX_BARS:]
    if not ordered:
        return None
    weakest = ordered[-1]
    known = {row.name: row.f1 for row in figures if row.f1 is not None}
    all_known = bool(known) and all(row.name in known for row in ordered)
    title = f"“{weakest.name}” is recognised least well (F1 {weakest.f1:.0%})"
    return Bars(
        key="f1_by_class",
        title="Every class is recognised without a mistake" if weakest.f1 == 1 else title,
        axis=Axis("F1 on test windows", percent=True, range=(0.0, 1.0)),
        categories=tuple(row.name for row in ordered),
        values=tuple(row.f1 for row in ordered),
        low=tuple(known[row.name].low for row in ordered) if all_known else None,
        high=tuple(known[row.name].high for row in ordered) if all_known else None,
        help="F1 is the harmonic mean of precision and recall.",
    )


def roc(evaluation: Evaluation, areas: Sequence[Areas] = ()) -> Lines | None:
    """One-vs-rest ROC curves; None when no class has both sides in the test part."""
    return _one_vs_rest(
        evaluation.roc,
        evaluation,
        known={each.class_name: each.auc for each in areas},
        key="roc",
        title="How well each class is told from the rest (ROC)",
        axes=(Axis("False positive rate", percent=True), Axis("True positive rate", percent=True)),
        area="AUC",
        chance=True,
    )


def precision_recall(evaluation: Evaluation, areas: Sequence[Areas] = ()) -> Lines | None:
    """One-vs-rest precision-recall curves; None when no class has test windows."""
    return _one_vs_rest(
        evaluation.pr,
        evaluation,
        known={each.class_name: each.average_precision for each in areas},
        key="precision_recall",
        title="Precision against recall of each class",
        axes=(Axis("Recall", percent=True), Axis("Precision", percent=True)),
        area="AP",
        chance=False,
    )


def _history_lines(
    history: History,
    *,
    key: str,
    title: str,
    y_axis: Axis,
    metrics: tuple[tuple[str, str, int], ...],
    best_epoch: int,
    step_name: str,
    help_text: str,
) -> Lines | None:
    series = [_metric_line(history, *metric) for metric in metrics]
    found = tuple(line for line in series if line is not None)
    if not found:
        return None
    best = (Marker(f"best: {best_epoch}", x=float(best_epoch)),) if best_epoch else ()
    x_axis = Axis(step_name)
    return Lines(key, title, x_axis, y_axis, found, markers=best, help=help_text)


def _metric_line(history: History, metric: str, name: str, colour: int) -> Line | None:
    points = [
        (float(i), row[metric])
        for i, row in enumerate(history, start=1)
        if math.isfinite(row.get(metric, math.nan))
    ]
    if not points:
        return None
    x, y = zip(*points, strict=True)
    return Line(name, x, y, points=len(points) < 3, colour=colour)


def _shares(row: tuple[int, ...]) -> list[float]:
    total = sum(row)
    return [count / total if total else 0.0 for count in row]


def _confusion_title(evaluation: Evaluation) -> str:
    mistakes = [
        (count, true, said)
        for true, row in enumerate(evaluation.confusion)
        for said, count in enumerate(row)
        if true != said and count
    ]
    if not mistakes:
        return "No test window was mistaken"
    _, true, said = max(mistakes, key=lambda mistake: mistake[0])
    return f"Most often “{evaluation.classes[true]}” is taken for “{evaluation.classes[said]}”"


def _one_vs_rest(
    curves: Sequence[Curve],
    evaluation: Evaluation,
    *,
    known: Mapping[str, Interval | None],
    key: str,
    title: str,
    axes: tuple[Axis, Axis],
    area: str,
    chance: bool,
) -> Lines | None:
    drawable = [curve for curve in curves if curve.area is not None and len(curve.x) > 1]
    weakest = sorted(drawable, key=lambda curve: curve.area or 0.0)[:MAX_CURVES]
    if not weakest:
        return None
    colour = {name: i % len(OKABE_ITO) for i, name in enumerate(evaluation.classes)}
    series = [
        Line(
            f"{c.class_name} ({area} {_area(c, known.get(c.class_name))})",
            c.x,
            c.y,
            colour=colour[c.class_name],
        )
        for c in weakest
    ]
    if chance:
        series.append(Line("Chance", (0.0, 1.0), (0.0, 1.0), dashed=True, colour=7))
    note = f" The {MAX_CURVES} weakest of {len(drawable)} classes are drawn."
    return Lines(
        key=key,
        title=title,
        x_axis=axes[0],
        y_axis=axes[1],
        series=tuple(series),
        square=True,
        help="Each class against all others." + (note if len(drawable) > MAX_CURVES else ""),
    )


def _area(curve: Curve, interval: Interval | None) -> str:
    bounds = f", {interval.low:.3f}–{interval.high:.3f}" if interval is not None else ""
    return f"{curve.area:.3f}{bounds}"
