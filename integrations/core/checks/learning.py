"""Checks of how a run learnt, and of what more data or epochs would bring."""

from __future__ import annotations

from integrations.core.checks.check import Action, ActionKind, Check, Finding, Severity
from integrations.core.checks.facts import Facts
from integrations.core.checks.words import in_points, percent, with_interval

GAP = 0.10
MIN_EPOCHS = 5
MOST_EPOCHS = 2000
FEW_POINTS = 0.01
"""Less macro F1 than this for twice the data is not worth recording it."""


class NearChance(Check):
    """Guessing would do as well."""

    code = "near-chance"
    title = "The model may have learnt nothing"
    severity = Severity.WARNING
    docs = "Macro recall of guessing is one over the number of classes, however large each is."

    def check(self, facts: Facts) -> Finding | None:
        """Hold macro recall against guessing."""
        classes = len(facts.tested)
        recall = facts.evaluation.headline["macro_recall"]
        chance = 1 / max(1, classes)
        if recall.low > chance:
            return None
        return self.found(
            f"Macro recall {with_interval(recall)} is not clearly above guessing "
            f"({percent(chance)} with {classes} classes). Check labels and window length, or try "
            "another family.",
            Action(ActionKind.CLONE, "Change the settings"),
        )


class PromisedMore(Check):
    """Validation was far better than test."""

    code = "validation-promised-more"
    title = "Test units differ from those trained on"
    severity = Severity.WARNING
    docs = (
        "The best epoch is chosen on validation, so a small lead of validation is expected; a "
        "large one says that its units resemble the training units more than the test units do."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Compare validation with test."""
        promised = facts.evaluation.validation.get("accuracy")
        figure = facts.evaluation.headline["accuracy"]
        if promised is None or promised - figure.value < GAP or promised <= figure.high:
            return None
        return self.found(
            f"Validation {percent(promised)}, test {with_interval(figure)}. Train on more varied "
            "units, or try features that depend less on the single unit.",
        )


class Overfitting(Check):
    """Training far better than validation at the chosen epoch."""

    code = "overfitting"
    title = "Regularise more, or add data"
    docs = "A model that memorises its training windows is surer and worse on new ones."

    def check(self, facts: Facts) -> Finding | None:
        """Compare training with validation at the best epoch."""
        train, held_out = (facts.best_row.get(k) for k in ("train_accuracy", "val_accuracy"))
        if train is None or held_out is None or train - held_out < GAP:
            return None
        return self.found(
            f"At epoch {facts.best_epoch} training was right on {percent(train)}, validation on "
            f"{percent(held_out)}: the model memorises. Raise dropout, weight decay or "
            "augmentation.",
            _more_decay(facts),
        )


class StillImproving(Check):
    """The best epoch was the last one."""

    code = "still-improving"
    title = "Train longer"
    docs = "A run whose validation still improves at its end has not shown what it can do."

    def check(self, facts: Facts) -> Finding | None:
        """Look whether the last epoch was the best."""
        last = len(facts.history)
        if last < MIN_EPOCHS or facts.best_epoch != last:
            return None
        planned = int(facts.config.get("training", {}).get("epochs", last))
        stopped = " when it was stopped" if facts.stopped and last < planned else ""
        epochs = min(MOST_EPOCHS, 2 * planned)
        longer = {"training.epochs": epochs}
        return self.found(
            f"The last epoch ({last}) was the best one{stopped}, so validation was still "
            "improving.",
            Action(ActionKind.CLONE, f"Train for {epochs} epochs", longer),
        )


class CurveRises(Check):
    """The learning curve still rises at the whole data."""

    code = "learning-curve-rises"
    title = "Collect more recordings"
    docs = (
        "Error falls with the amount of data by a power law over wide ranges (Hestness et al. "
        "2017); what it predicts beyond the data is an extrapolation."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Look at the gain that the law predicts for twice the data."""
        curve = facts.curve
        if curve is None or curve.gain is None:
            return None
        if curve.gain.low <= 0 or curve.gain.value < FEW_POINTS:
            return None
        hungry = curve.hungriest
        title = f"Collect more of “{hungry.name}”" if hungry else ""
        also = f"; F1 of “{hungry.name}” would gain {in_points(hungry.gain)}" if hungry else ""
        return self.found(
            "The learning curve still rises: twice the training data would add "
            f"{in_points(curve.gain)} of macro F1 by its power law{also} (extrapolated).",
            Action(ActionKind.STUDY, "See the curve", ids=(curve.study_id,)),
            title=title,
        )


class CurveFlat(Check):
    """More of the same would bring next to nothing."""

    code = "learning-curve-flat"
    title = "Change the model or the sensors rather than record more of the same"
    docs = (
        "Where the learning curve is flat, further recordings of the same conditions add little; "
        "other conditions, another model or cleaner labels may."
    )

    def check(self, facts: Facts) -> Finding | None:
        """Look whether even the high end of the predicted gain is small."""
        curve = facts.curve
        if curve is None or curve.gain is None or curve.gain.high >= FEW_POINTS:
            return None
        return self.found(
            "The learning curve is flat: twice the training data would add "
            f"{in_points(curve.gain)} of macro F1 by its power law (extrapolated).",
            Action(ActionKind.STUDY, "See the curve", ids=(curve.study_id,)),
        )


def _more_decay(facts: Facts) -> Action:
    decay = facts.config.get("training", {}).get("weight_decay")
    if not isinstance(decay, int | float) or decay <= 0:
        return Action(ActionKind.CLONE, "Change the settings")
    stronger = {"training.weight_decay": float(f"{min(1.0, 3 * decay):.3g}")}
    return Action(ActionKind.CLONE, "Clone with three times the weight decay", stronger)
