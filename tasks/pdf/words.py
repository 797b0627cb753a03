"""Sentences made from a run's numbers and configuration; every statement follows from a figure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from integrations.core.evaluation.evaluation import ClassMetrics, Evaluation, SplitSummary
from tasks.pdf.content import ReportContent, Setting
from tasks.pdf.numbers import (
    count,
    counted,
    duration,
    number,
    percent,
    setting_value,
    with_interval,
)

LARGE_GAP = 0.05
FEW_WINDOWS = 20
FEW_VALIDATION = 50
ENOUGH_GROUPS = 5
LEAKY = (
    "Leaky split. Pieces of the same recording group were both trained on and tested. The figures "
    "are better than this model would be on new recordings; do not use them to promise anything."
)


def summary(content: ReportContent) -> list[str]:
    """Say in a few sentences what the run found."""
    evaluation = content.evaluation
    sentences = [
        _verdict(content),
        _against_guessing(evaluation),
        _recordings(evaluation),
        _classes(evaluation),
        _generalisation(evaluation),
        _rival(content),
    ]
    return [sentence for sentence in sentences if sentence]


def _verdict(content: ReportContent) -> str:
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


def _rival(content: ReportContent) -> str:
    mine = content.evaluation.headline.get("macro_f1")
    if content.rival is None or mine is None:
        return ""
    name, theirs = content.rival
    verb = {True: "above", False: "below"}[mine.value > theirs]
    if math.isclose(mine.value, theirs, abs_tol=5e-5):
        return f"The best other run on the same data and split, “{name}”, has the same macro F1."
    return (
        f"Its macro F1 of {percent(mine.value)} lies {verb} that of the best other run on the same "
        f"data and split, “{name}” ({percent(theirs)})."
    )


def confusions(evaluation: Evaluation, most: int) -> list[tuple[str, str, int, float]]:
    """List the most frequent mistakes: true class, said class, windows, share of the true class."""
    found = [
        (evaluation.classes[i], evaluation.classes[j], n, n / sum(row))
        for i, row in enumerate(evaluation.confusion)
        for j, n in enumerate(row)
        if i != j and n
    ]
    return sorted(found, key=lambda item: (-item[2], item[0], item[1]))[:most]


def methods(content: ReportContent) -> list[tuple[str, str]]:
    """Describe how the figures came about: (heading, paragraph), written from the configuration."""
    parts = [
        ("Data and split", f"{_windows(content)} {_division(content.evaluation.split)}"),
        ("Model", _model(content)),
        ("Training", _training(content)),
        ("Evaluation", _evaluation(content)),
    ]
    return [(heading, text) for heading, text in parts if text]


def _windows(content: ReportContent) -> str:
    data = content.result.config.get("data", {})
    samples, overlap = data.get("window_samples"), data.get("overlap")
    if not samples:
        return ""
    rates = {r.sampling_rate_hz for r in content.result.info.recordings}
    rate = next(iter(rates)) if len(rates) == 1 else None
    length = f" ({duration(samples / rate)})" if rate else ""
    if all(r.n_samples == samples for r in content.result.info.recordings):
        return f"Each recording is one window of {count(samples)} samples{length}."
    shared = f"; neighbours share {percent(overlap)}" if overlap else " without overlap"
    return f"Each recording is cut into windows of {count(samples)} samples{length}{shared}."


def _division(split: SplitSummary) -> str:
    kind = (
        "It is leaky: pieces of one group stand on both sides."
        if split.leaky
        else "No group stands on two sides."
    )
    return (
        f"The split ({split.name}) gives {counted(split.train_windows, 'window')} of "
        f"{counted(split.train_groups, 'group')} to training, {count(split.validation_windows)} of "
        f"{counted(split.validation_groups, 'group')} to validation and "
        f"{count(split.test_windows)} of {counted(split.test_groups, 'group')} "
        f"({counted(split.test_recordings, 'recording')}) to the test. {kind}"
    )


def _model(content: ReportContent) -> str:
    used = _other_sections(content.settings)
    text = f"{content.family_title}: {content.family_summary}"
    if content.n_parameters:
        text += f" It has {counted(content.n_parameters, 'trainable parameter')}."
    for section in dict.fromkeys(s.section for s in used):
        text += f" {section} – {_listed(s for s in used if s.section == section)}."
    return text


def _training(content: ReportContent) -> str:
    training = [s for s in content.settings if s.path.startswith("training.") and s.active]
    steps = len(content.result.history)
    listed = _listed(training)
    text = f"{listed[:1].upper()}{listed[1:]}." if listed else ""
    if steps:
        text += f" The run took {counted(steps, content.step_name.lower())}"
        text += f" and {duration(content.seconds)}." if content.seconds else "."
    if content.best_epoch and content.step_name == "Epoch":
        text += (
            f" The weights of epoch {content.best_epoch}, best on the validation part, were kept."
        )
    seed, split_seed = content.result.config.get("seed"), content.result.config.get("data", {})
    text += f" Seed {seed} fixes everything random in the training, split seed "
    text += f"{split_seed.get('seed', '–')} the division of the groups."
    return text.strip()


def _other_sections(settings: Iterable[Setting]) -> list[Setting]:
    left_out = ("data.", "training.", "checkpoints.")
    return [s for s in settings if s.active and "." in s.path and not s.path.startswith(left_out)]


def _listed(settings: Iterable[Setting]) -> str:
    return "; ".join(f"{_lower(s.title)}: {_value(s)}" for s in settings)


def _value(setting: Setting) -> str:
    unit = "" if setting.unit in setting.title.lower() else setting.unit
    return setting_value(setting.value, unit)


def _lower(title: str) -> str:
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _evaluation(content: ReportContent) -> str:
    return (
        "The test part was looked at once, with the finished model; nothing was chosen on it. "
        "Accuracy is the share of windows named rightly; macro figures average over the classes, "
        "each counting the same. A recording is named by the mean of its windows' probabilities. "
        f"Intervals of the window figures: {content.evaluation.interval_method}. The interval of "
        "the recording accuracy is Wilson's."
    )


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
    said.append(
        "The figures hold for recordings made like these: the same kind of machine, sensor, "
        "mounting and operating range. Other conditions need recordings of their own."
    )
    return said


def _small_classes(small: list[ClassMetrics]) -> str:
    listed = names([f"{row.name} ({row.support})" for row in small])
    return f"Fewer than {FEW_WINDOWS} test windows, so single mistakes weigh much: {listed}."


def names(items: list[str], most: int = 8) -> str:
    """List names, the first few when there are many."""
    rest = len(items) - most
    listed = ", ".join(items[:most])
    return f"{listed} and {rest} more" if rest > 0 else listed


def history_note(content: ReportContent) -> str:
    """Say where the training curves ended."""
    if not content.result.history:
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
    if content.step_name != "Epoch" or not figures:
        return ""
    return f"After the last epoch: {', '.join(figures)}."
