"""Sentences made from a run's numbers and configuration; every statement follows from a figure."""

from __future__ import annotations

import math

from integrations.core.evaluation.calibration import Calibration
from integrations.core.evaluation.evaluation import ClassMetrics, Evaluation
from integrations.core.evaluation.measures import Measures
from integrations.core.evaluation.reliability import Reliability
from integrations.core.figures.print_text import UNKNOWN, printable
from tasks.pdf.content import ReportContent
from tasks.pdf.numbers import count, counted, number, percent, with_interval

LARGE_GAP = 0.05
FEW_WINDOWS = 20
FEW_VALIDATION = 50
OVERFIT_GAP = 0.10
FEWEST_EPOCHS = 5
SIGNIFICANT = 0.05
ENOUGH_GROUPS = 5
LEAKY = (
    "Leaky split. Pieces of the same recording group were both trained on and tested. The figures "
    "are better than this model would be on new recordings; do not use them to promise anything."
)


def found(content: ReportContent) -> list[str]:
    """Say in a few sentences what the run found."""
    evaluation = content.evaluation
    sentences = [
        verdict(content),
        _against_guessing(evaluation),
        _recordings(evaluation),
        _classes(evaluation),
    ]
    return [sentence for sentence in sentences if sentence]


def rests_on(content: ReportContent) -> list[str]:
    """Say what the figures rest on: the test part, the intervals, validation against test."""
    evaluation, split = content.evaluation, content.evaluation.split
    if not split.test_windows:
        return []
    kept = (
        "of which some were also trained on"
        if split.leaky
        else "none of which was trained on or used to choose anything"
    )
    sentences = [
        f"The test part holds {counted(split.test_windows, 'window')} of "
        f"{counted(split.test_recordings, 'recording')} in {counted(split.test_groups, 'group')}, "
        f"{kept}. Intervals: {evaluation.interval_method}.",
        _generalisation(evaluation),
        _one_seed(content),
    ]
    return [sentence for sentence in sentences if sentence]


def _one_seed(content: ReportContent) -> str:
    seed = content.result.config.get("seed")
    if seed is None:
        return ""
    return (
        f"The intervals cover which recordings were tested. They do not cover what another seed "
        f"would have given: this is one run with seed {seed}."
    )


def verdict(content: ReportContent) -> str:
    """Say how well the model does, in one sentence."""
    evaluation, split = content.evaluation, content.evaluation.split
    accuracy = evaluation.headline.get("accuracy")
    if accuracy is None or not split.test_windows:
        return "Nothing was tested, so there is no verdict."
    seen = (
        "not all of which come from recordings it had never seen"
        if split.leaky
        else f"from {counted(split.test_recordings, 'recording')} that it had never seen"
    )
    return (
        f"{content.family_title} named the right one of {len(evaluation.classes)} classes for "
        f"{with_interval(accuracy)} of {counted(split.test_windows, 'test window')}, {seen}."
    )


def _against_guessing(evaluation: Evaluation) -> str:
    accuracy, total = (
        evaluation.headline.get("accuracy"),
        sum(r.support for r in evaluation.per_class),
    )
    if accuracy is None or not total:
        return ""
    usual = max(evaluation.per_class, key=lambda row: row.support)
    share = usual.support / total
    base = f"Always answering “{usual.name}” would reach {percent(share)}"
    if accuracy.low > share:
        return f"{base}; the whole interval lies above that."
    if accuracy.high < share:
        return f"{base}; the model is worse than that."
    return f"{base}, which lies inside the interval: the model is not shown to be better."


def _recordings(evaluation: Evaluation) -> str:
    figure, total = evaluation.headline.get("recording_accuracy"), evaluation.split.test_recordings
    if figure is None or total < 2 or not math.isfinite(figure.value):
        return ""
    right = round(figure.value * total)
    return (
        f"Taking the windows of a recording together, {count(right)} of {count(total)} test "
        f"recordings are named rightly: {with_interval(figure)}."
    )


def _classes(evaluation: Evaluation) -> str:
    tested = [row for row in evaluation.per_class if row.support]
    if len(tested) < 2:
        return ""
    weakest, strongest = min(tested, key=lambda r: r.f1), max(tested, key=lambda r: r.f1)
    if weakest.f1 == strongest.f1:
        return f"All tested classes are recognised equally well (F1 {percent(weakest.f1)})."
    text = (
        f"“{strongest.name}” is recognised best (F1 {percent(strongest.f1)}), “{weakest.name}” "
        f"least well (F1 {percent(weakest.f1)})"
    )
    return f"{text}; {_mistake(evaluation)}." if confusions(evaluation, 1) else f"{text}."


def _mistake(evaluation: Evaluation) -> str:
    true, said, mistaken, share = confusions(evaluation, 1)[0]
    return (
        f"the most frequent mistake takes “{true}” for “{said}” ({counted(mistaken, 'window')}, "
        f"{percent(share)} of that class)"
    )


def _generalisation(evaluation: Evaluation) -> str:
    test, validation = evaluation.headline.get("accuracy"), evaluation.validation.get("accuracy")
    if test is None or validation is None or not math.isfinite(validation):
        return ""
    gap = validation - test.value
    said = f"On the validation part the accuracy was {percent(validation)}"
    points = f"{abs(gap) * 100:.1f} percentage points"
    if abs(gap) > LARGE_GAP and evaluation.split.validation_windows < FEW_VALIDATION:
        few = counted(evaluation.split.validation_windows, "validation window")
        side = "above" if gap > 0 else "below"
        return f"{said}, {points} {side} the test; with {few} that may be chance."
    if gap > LARGE_GAP:
        return f"{said}, {points} above the test: the test recordings differ from those it learnt."
    if gap < -LARGE_GAP:
        return f"{said}, {points} below the test: the parts differ in difficulty."
    return f"{said}, within {LARGE_GAP * 100:.0f} points of the test."


def confusions(evaluation: Evaluation, most: int) -> list[tuple[str, str, int, float]]:
    """List the most frequent mistakes: true class, said class, windows, share of the true class."""
    found = [
        (evaluation.classes[i], evaluation.classes[j], n, n / sum(row))
        for i, row in enumerate(evaluation.confusion)
        for j, n in enumerate(row)
        if i != j and n
    ]
    return sorted(found, key=lambda item: (-item[2], item[0], item[1]))[:most]


def limits(content: ReportContent) -> list[str]:
    """Say what the figures cannot tell."""
    evaluation, split = content.evaluation, content.evaluation.split
    said = list(dict.fromkeys((*split.notes, *evaluation.notes)))
    if not any("test groups" in note for note in said) and split.test_groups < ENOUGH_GROUPS:
        said.append(
            f"The test part holds only {counted(split.test_groups, 'group')}: how much groups "
            "differ from one another is hardly measured."
        )
    untested = [row.name for row in evaluation.per_class if not row.support]
    if untested:
        said.append(f"Never tested, for lack of test windows: {names(untested)}.")
    small = [row for row in evaluation.per_class if 0 < row.support < FEW_WINDOWS]
    if small:
        said.append(_small_classes(small))
    if content.result.info.recordings and content.status == "stopped":
        said.append("The run was stopped early by a person; the best model up to then was tested.")
    if unprintable(content):
        said.append(
            "Some names hold characters that this report's typefaces lack; each is printed as ▯. "
            "The screens show them whole."
        )
    said.append(
        "The figures hold for recordings made like these: the same kind of machine, sensor, "
        "mounting and operating range. Other conditions need recordings of their own."
    )
    return said


def unprintable(content: ReportContent) -> bool:
    """Tell whether a name of the run has to be printed with a stand-in character."""
    info = content.result.info
    texts = (content.title, content.name, content.note, info.name, *info.classes, *info.channels)
    return any(UNKNOWN in printable(text) for text in texts)


def _small_classes(small: list[ClassMetrics]) -> str:
    listed = names([f"{row.name} ({row.support})" for row in small])
    return f"Fewer than {FEW_WINDOWS} test windows, so single mistakes weigh much: {listed}."


def names(items: list[str], most: int = 8) -> str:
    """List names, the first few when there are many."""
    rest = len(items) - most
    listed = ", ".join(items[:most])
    return f"{listed} and {rest} more" if rest > 0 else listed


def training_health(content: ReportContent) -> list[str]:
    """Say where the training curves ended, and whether they look healthy."""
    sentences = [_end_of_history(content), _memorising(content), _unfinished(content)]
    return [sentence for sentence in sentences if sentence]


def _end_of_history(content: ReportContent) -> str:
    if not content.result.history or content.step_name != "Epoch":
        return ""
    last = content.result.history[-1]
    figures = [
        f"{words} {number(last[key], 3) if 'loss' in key else percent(last[key])}"
        for key, words in (
            ("train_loss", "training loss"),
            ("val_loss", "validation loss"),
            ("val_accuracy", "validation accuracy"),
        )
        if key in last
    ]
    return f"After the last epoch: {', '.join(figures)}." if figures else ""


def _memorising(content: ReportContent) -> str:
    row = _best_row(content)
    train, held_out = row.get("train_accuracy", math.nan), row.get("val_accuracy", math.nan)
    if not (math.isfinite(train) and math.isfinite(held_out)):
        return ""
    gap = f"{abs(train - held_out) * 100:.1f} points"
    if train - held_out >= OVERFIT_GAP:
        return (
            f"At epoch {content.best_epoch} training was right {gap} more often than validation: "
            "the model memorises part of what it was trained on."
        )
    side = "above" if train > held_out else "below"
    return (
        f"At epoch {content.best_epoch} training accuracy lay {gap} {side} validation: no sign of "
        "memorising."
    )


def _unfinished(content: ReportContent) -> str:
    steps = len(content.result.history)
    if content.step_name != "Epoch" or steps < FEWEST_EPOCHS or content.best_epoch != steps:
        return ""
    return "The last epoch was the best one, so more epochs may still help."


def _best_row(content: ReportContent) -> dict[str, float]:
    history = content.result.history
    if content.step_name != "Epoch" or not 0 < content.best_epoch <= len(history):
        return {}
    return history[content.best_epoch - 1]


def worst_slice(measures: Measures) -> str:
    """Name the condition that is recognised least well, and whether chance explains it."""
    worst, n = measures.worst_slice, sum(len(table.rows) for table in measures.slices)
    if worst is None or n < 2:
        return ""
    named = f"{worst.field} {worst.value} ({with_interval(worst.accuracy)})"
    if worst.p_holm is None:
        return (
            f"Least well recognised: {named}. There are too few groups to say whether that is "
            "more than chance."
        )
    told = (
        f"below all other test windows by more than chance (p = {worst.p_holm:.2g} after Holm's "
        f"correction for {n} conditions)"
        if worst.p_holm < SIGNIFICANT
        else f"which chance explains as well (p = {worst.p_holm:.2g} after Holm's correction for "
        f"{n} conditions)"
    )
    return f"Least well recognised: {named}, {told}."


def believable(found: Reliability) -> str:
    """Say whether the probabilities can be taken at their word."""
    side = "too sure" if found.overconfidence.value > 0 else "not sure enough"
    if not found.shown_to_be_off:
        return (
            f"The plain calibration error of {percent(found.ece_plain)} is no more than chance "
            f"gives a perfectly calibrated model on this test part (up to "
            f"{percent(found.ece_by_chance)}), so nothing speaks against the probabilities."
        )
    return (
        f"The plain calibration error of {percent(found.ece_plain)} is more than chance gives a "
        f"perfectly calibrated model ({percent(found.ece_by_chance)}): the model is {side} by "
        f"{percent(abs(found.overconfidence.value))} on average."
    )


def at_temperature(found: Calibration) -> str:
    """Say what a learnt temperature changed on the test part."""
    before, after = found.test_before, found.test_after
    return (
        f"A temperature of {found.temperature:.2f} was learnt on {counted(found.windows, 'window')}"
        f" of the validation part. On the test part, looked at once, the calibration error went "
        f"from {with_interval(before.ece)} to {with_interval(after.ece)}, the log loss from "
        f"{number(before.log_loss, 3)} to {number(after.log_loss, 3)}. The named classes stay the "
        "same. The probabilities in this report are those before."
    )
