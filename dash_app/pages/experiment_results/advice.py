"""What to do next, each piece following from a number by one small rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dash_app.components import format_percent
from dash_app.pages.experiment_results.facts import Facts
from integrations.core.evaluation.evaluation import ClassMetrics

FEW_GROUPS = 5
FEW_RECORDINGS = 3
GAP = 0.10
WEAK_BELOW_ACCURACY = 0.15
IMBALANCE = 5.0
VOTE_GAIN = 0.03
MIN_EPOCHS = 5


@dataclass(frozen=True)
class Advice:
    """One recommendation.

    Attributes:
        code: Stable name of the rule.
        title: What to do or to know.
        evidence: The numbers it follows from.
        severity: "warning" when the headline cannot be taken at its face, else "info".
    """

    code: str
    title: str
    evidence: str
    severity: str = "info"


Rule = Callable[[Facts], Advice | None]


def recommendations(facts: Facts) -> list[Advice]:
    """Give all advice that applies, what questions the result first."""
    found = [advice for rule in RULES if (advice := rule(facts)) is not None]
    return sorted(found, key=lambda advice: advice.severity != "warning")


def leaky_split(facts: Facts) -> Advice | None:
    """Pieces of one source on both sides."""
    if not facts.evaluation.split.leaky:
        return None
    return Advice(
        "leaky-split",
        "Repeat the run with a split by group",
        f"The split “{facts.evaluation.split.name}” has pieces of the same source in training and "
        "test, which flatters every figure here.",
        "warning",
    )


def near_chance(facts: Facts) -> Advice | None:
    """Guessing would do as well."""
    chance = 1 / max(1, len(_tested(facts)))
    recall = facts.evaluation.headline["macro_recall"]
    if recall.low > chance:
        return None
    return Advice(
        "near-chance",
        "The model may have learnt nothing",
        f"Macro recall {format_percent(recall.value)} is not clearly above guessing "
        f"({format_percent(chance)} with {len(_tested(facts))} classes). Check labels and window "
        "length, or try another family.",
        "warning",
    )


def few_test_groups(facts: Facts) -> Advice | None:
    """The interval rests on too little."""
    groups = facts.evaluation.split.test_groups
    if groups >= FEW_GROUPS or facts.evaluation.split.leaky:
        return None
    return Advice(
        "few-test-groups",
        "Record more units before relying on this figure",
        f"The test part holds {groups} group{'s' if groups != 1 else ''}; how much units differ "
        "from one another can hardly be seen from so few.",
        "warning",
    )


def promised_more(facts: Facts) -> Advice | None:
    """Validation was far better than test."""
    promised = facts.evaluation.validation.get("accuracy")
    figure = facts.evaluation.headline["accuracy"]
    if promised is None or promised - figure.value < GAP or promised <= figure.high:
        return None
    return Advice(
        "validation-promised-more",
        "Test units differ from those trained on",
        f"Validation {format_percent(promised)}, test {format_percent(figure.value)}. Train on "
        "more varied units, or try features that depend less on the single unit.",
        "warning",
    )


def overfitting(facts: Facts) -> Advice | None:
    """Training far better than validation at the chosen epoch."""
    train, held_out = (facts.best_row.get(k) for k in ("train_accuracy", "val_accuracy"))
    if train is None or held_out is None or train - held_out < GAP:
        return None
    return Advice(
        "overfitting",
        "Regularise more, or add data",
        f"At epoch {facts.best_epoch} training was right on {format_percent(train)}, validation "
        f"on {format_percent(held_out)}: the model memorises. Raise dropout, weight decay or "
        "augmentation.",
    )


def still_improving(facts: Facts) -> Advice | None:
    """The best epoch was the last one."""
    last = len(facts.history)
    if last < MIN_EPOCHS or facts.best_epoch != last:
        return None
    planned = int(facts.config.get("training", {}).get("epochs", last))
    stopped = " when it was stopped" if facts.stopped and last < planned else ""
    return Advice(
        "still-improving",
        "Train longer",
        f"The last epoch ({last}) was the best one{stopped}, so validation was still improving.",
    )


def worst_class(facts: Facts) -> Advice | None:
    """One class is recognised far less than the rest."""
    tested = _tested(facts)
    if len(tested) < 2:
        return None
    worst = min(tested, key=lambda row: row.recall)
    if worst.recall > facts.accuracy - WEAK_BELOW_ACCURACY:
        return None
    return Advice(
        "worst-class",
        f"Look at “{worst.name}”",
        f"Only {format_percent(worst.recall)} of its {worst.support} test windows are recognised"
        f"{_mostly_taken_for(facts, worst)}.",
    )


def imbalance(facts: Facts) -> Advice | None:
    """Accuracy is carried by the large classes."""
    tested = _tested(facts)
    if len(tested) < 2:
        return None
    large, small = (pick(tested, key=lambda row: row.support) for pick in (max, min))
    ratio = large.support / small.support
    if ratio < IMBALANCE:
        return None
    return Advice(
        "class-imbalance",
        "Read macro F1 rather than accuracy",
        f"“{large.name}” has {ratio:.0f} times the test windows of “{small.name}”, so accuracy "
        "mostly says how well the large class is recognised.",
    )


def thin_classes(facts: Facts) -> Advice | None:
    """Classes tested on one or two recordings."""
    thin = [row.name for row in _tested(facts) if row.n_recordings < FEW_RECORDINGS]
    if not thin:
        return None
    named = ", ".join(f"“{name}”" for name in thin[:3])
    more = f" and {len(thin) - 3} more" if len(thin) > 3 else ""
    return Advice(
        "thin-classes",
        "Add recordings of rarely tested classes",
        f"{named}{more}: fewer than {FEW_RECORDINGS} test recordings each, so their rows in the "
        "table say little.",
    )


def untested_classes(facts: Facts) -> Advice | None:
    """Classes without any test window."""
    missing = [row.name for row in facts.evaluation.per_class if not row.support]
    if not missing:
        return None
    named = ", ".join(f"“{name}”" for name in missing[:3])
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return Advice(
        "untested-classes",
        "Choose a split that tests every class",
        f"No test window of {named}{more}: nothing is known about them.",
        "warning",
    )


def let_windows_vote(facts: Facts) -> Advice | None:
    """Averaging over a recording is clearly better than single windows."""
    voted = facts.evaluation.headline.get("recording_accuracy")
    if voted is None or voted.value - facts.accuracy < VOTE_GAIN:
        return None
    return Advice(
        "let-windows-vote",
        "Decide by recording, not by window",
        f"When the windows of a recording vote, {format_percent(voted.value)} of recordings are "
        f"right, against {format_percent(facts.accuracy)} of single windows.",
    )


def try_harder_test(facts: Facts) -> Advice | None:
    """Everything is right: the test may be too easy."""
    if facts.accuracy < 1.0 or facts.evaluation.split.leaky:
        return None
    return Advice(
        "try-harder-test",
        "Try a harder test",
        "Not one test window is wrong. Hold back a load, a speed or a fault size that training "
        "never saw to find out how far this carries.",
    )


RULES: tuple[Rule, ...] = (
    leaky_split,
    near_chance,
    untested_classes,
    promised_more,
    few_test_groups,
    worst_class,
    overfitting,
    still_improving,
    let_windows_vote,
    imbalance,
    thin_classes,
    try_harder_test,
)


def _tested(facts: Facts) -> list[ClassMetrics]:
    return [row for row in facts.evaluation.per_class if row.support]


def _mostly_taken_for(facts: Facts, row: ClassMetrics) -> str:
    return "".join(f"; {text}" for text in _confusions(facts, row))


def _confusions(facts: Facts, row: ClassMetrics) -> Iterator[str]:
    classes = facts.evaluation.classes
    index = classes.index(row.name)
    counts = [
        (0 if other == index else count, name)
        for other, (count, name) in enumerate(
            zip(facts.evaluation.confusion[index], classes, strict=True)
        )
    ]
    count, name = max(counts)
    if count:
        yield f"most often taken for “{name}” ({count})"
