"""What the monitor says, decided from data alone: pure functions, no components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dash_app.components import format_duration, format_number, format_percent, format_rough
from dash_app.pages._experiment import forecast_words
from dash_app.pages.experiment_monitor.curves import label
from dash_app.pages.experiment_monitor.trail import Track, Trail
from storage.entities import ExperimentEntity, Status

KEEPER_SECONDS = 5.0
"""Within this time after a lease ran out a living worker takes the run up."""
PATIENT_EPOCHS = 4
CARDS = ("val_loss", "val_accuracy", "val_macro_f1", "train_loss")
ORDER_WORDS = {
    "pause": "Pausing: the current batch is being finished.",
    "stop": "Stopping: the best model so far is kept and evaluated.",
    "cancel": "Cancelling: the current batch is being finished.",
}


@dataclass(frozen=True)
class Picture:
    """Everything known at one poll.

    Attributes:
        redis: False when Redis did not answer and only the database speaks.
        ahead: Waiting runs that will start earlier, None when not asked.
        starts_in_seconds: Expected time until a waiting run starts, None when nobody knows.
        trouble: Why no run starts at all, "" while runs start.
        silence_seconds: Time since the last sign of life, None while none is missing.
        lease_seconds: Silence after which another worker takes the run up.
    """

    entity: ExperimentEntity
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)
    redis: bool = True
    ahead: int | None = None
    starts_in_seconds: float | None = None
    trouble: str = ""
    silence_seconds: float | None = None
    lease_seconds: float = 15.0
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def word(self) -> str:
        """What a row is called: "epoch", or "fold" in cross-validation."""
        return step_word(self.entity.config)

    @property
    def elapsed_seconds(self) -> float | None:
        """Seconds from start to end, or to now."""
        if self.entity.started_at is None:
            return None
        return ((self.entity.finished_at or self.now) - self.entity.started_at).total_seconds()


@dataclass(frozen=True)
class Answer:
    """How far, how long still, is it learning.

    Attributes:
        status: Colours the bar.
        outlook_level: "good", "calm", "done", "warning" or "" (nothing to say).
    """

    fraction: float
    status: str
    headline: str
    remaining: str
    outlook: str
    outlook_level: str
    times: str


@dataclass(frozen=True)
class MetricCard:
    """One figure: its newest value, which way it moved and the best so far.

    Attributes:
        direction: "up", "down" or "".
        better: Whether the move is an improvement; None when it did not move.
    """

    name: str
    value: str
    direction: str
    better: bool | None
    detail: str


@dataclass(frozen=True)
class Notice:
    """A banner with an optional way on: "results" or "" (none)."""

    level: str
    text: str
    way: str = ""


def step_word(config: Mapping[str, Any]) -> str:
    """Tell what a row of this run is called."""
    if "training" not in config:
        return "step"
    training = config["training"]
    return "fold" if "folds" in training and "epochs" not in training else "epoch"


def split_words(config: Mapping[str, Any]) -> str:
    """Say how the data will be divided, before the run has divided them."""
    data = config.get("data", {})
    if data.get("split") == "field":
        return f"test on {data.get('split_field')} {', '.join(data.get('test_values', []))}"
    words = {"published": "published split", "random_windows": "random windows (leaky split)"}
    return words.get(str(data.get("split")), "split by group")


def answer(picture: Picture) -> Answer:
    """Say the answer first."""
    entity = picture.entity
    done, total = _done(picture), _total(picture)
    fraction = float(picture.snapshot.get("progress") or entity.progress or 0.0)
    if entity.status is Status.COMPLETED:
        fraction = 1.0
    level, outlook = ("", "") if entity.status is Status.PENDING else _outlook(picture)
    return Answer(
        fraction=min(1.0, max(0.0, fraction)),
        status=entity.status.value,
        headline=_headline(picture, done, total),
        remaining=_remaining(picture, fraction),
        outlook=outlook,
        outlook_level=level,
        times=_times(picture),
    )


def notice(picture: Picture) -> Notice | None:
    """Give the one banner that matters most, or None."""
    entity = picture.entity
    ended = _END_NOTICES.get(entity.status)
    if ended is not None:
        return ended(picture)
    waiting = picture.snapshot.get("waiting") if entity.status is Status.RUNNING else ""
    if waiting:
        return Notice("warning", str(waiting))
    if picture.silence_seconds is not None:
        return Notice("warning", _silence(picture.silence_seconds, picture.lease_seconds))
    if picture.trouble:
        return Notice("warning", picture.trouble)
    if not picture.redis:
        return Notice(
            "warning",
            "Live updates are off because Redis does not answer. The page shows what the database "
            "has and asks again by itself.",
        )
    if entity.control in ORDER_WORDS and entity.status is Status.RUNNING:
        return Notice("info", ORDER_WORDS[entity.control])
    if entity.status is Status.PAUSED:
        return Notice("info", "Paused. The checkpoint is on disk; resume whenever you like.")
    return None


def _silence(seconds: float, lease_seconds: float) -> str:
    left = max(1, round(lease_seconds + KEEPER_SECONDS - seconds))
    return (
        f"Its worker fell silent {format_duration(round(seconds))} ago. Unless it speaks again, "
        f"another one takes the run up from its last checkpoint within {left} s."
    )


def cards(picture: Picture) -> tuple[MetricCard, ...]:
    """Give the metric cards, in a fixed order."""
    make = _fold_card if picture.word == "fold" else _epoch_card
    named = [(name, picture.trail.track(name)) for name in _card_names(picture.trail)]
    found = [make(name, track) for name, track in named if track is not None]
    if picture.word == "fold":
        found += _fold_time(picture.trail.track("epoch_seconds"))
    return tuple(found)


def poll_milliseconds(picture: Picture) -> int:
    """Ask often while epochs are short; the event stream wakes the page in between anyway.

    Never seldom enough to miss that two signs of life of the worker are missing.
    """
    track = picture.trail.track("epoch_seconds")
    seconds = None if track is None or not track.count else track.total / track.count
    if not picture.redis:
        return 2000
    if seconds is None or seconds < 5:
        return 500
    return 2000 if seconds < 60 else 3000


def _card_names(trail: Trail) -> list[str]:
    known = [name for name in CARDS if trail.track(name)]
    others = [
        name
        for name in (trail.tracks or {})
        if name not in known and (name.startswith("val_") or "loss" in name)
    ]
    return (known + others)[:4]


def _epoch_card(name: str, track: Track) -> MetricCard:
    lower_is_better = "loss" in name
    best, at = (track.low, track.low_at) if lower_is_better else (track.high, track.high_at)
    direction, better = "", None
    if track.last is not None and track.before is not None and track.last != track.before:
        direction = "up" if track.last > track.before else "down"
        better = (direction == "down") == lower_is_better
    detail = "no value yet" if best is None else f"best {_value(name, best)} at epoch {at}"
    value = "not a number" if track.last is None else _value(name, track.last)
    return MetricCard(_card_title(name), value, direction, better, detail)


def _fold_card(name: str, track: Track) -> MetricCard:
    if not track.count:
        return MetricCard(_card_title(name), "not a number", "", None, "")
    mean = _value(name, track.total / track.count)
    spread = f"{_value(name, track.low)} to {_value(name, track.high)}"
    folds = f"{track.count} fold{'s' if track.count > 1 else ''}"
    return MetricCard(_card_title(name), mean, "", None, f"mean of {folds}, {spread}")


def _fold_time(track: Track | None) -> list[MetricCard]:
    if track is None or not track.count:
        return []
    span = f"{format_duration(track.low)} to {format_duration(track.high)}"
    return [MetricCard("Time per fold", format_duration(track.total / track.count), "", None, span)]


def _card_title(name: str) -> str:
    return label(name) if name.endswith(("accuracy", "f1")) else f"{label(name)} loss"


def _value(name: str, value: float | None) -> str:
    if "loss" in name or value is None or not 0 <= value <= 1:
        return format_number(value, 3)
    return format_percent(value)


def _done(picture: Picture) -> int:
    return max(picture.trail.rows, picture.entity.epochs_done)


def _total(picture: Picture) -> int:
    return int(picture.snapshot.get("total_epochs") or picture.entity.epochs_total)


def _headline(picture: Picture, done: int, total: int) -> str:
    entity, word = picture.entity, picture.word
    after = f" after {word} {done} of {total}" if done and total else ""
    if entity.status is Status.PENDING:
        return f"Resuming{after}" if done else "Waiting for a worker"
    if entity.status is Status.RUNNING:
        if picture.redis and not picture.snapshot and not done:
            return "Starting"
        at = f"{word.capitalize()} {min(done + 1, total)} of {total}" if total else "Running"
        return str(picture.snapshot.get("message") or at)
    said = {
        Status.PAUSED: f"Paused{after}",
        Status.COMPLETED: f"Finished{after}",
        Status.STOPPED: f"Stopped{after}",
        Status.CANCELLED: f"Cancelled{after}",
        Status.FAILED: f"Failed{after}",
    }
    return said[entity.status]


def _remaining(picture: Picture, fraction: float) -> str:
    if picture.entity.status is Status.PENDING:
        return _queue(picture)
    if picture.entity.status is not Status.RUNNING:
        return ""
    seconds = picture.snapshot.get("eta_seconds")
    if seconds is None and picture.elapsed_seconds and 0.02 < fraction < 1:
        seconds = picture.elapsed_seconds * (1 - fraction) / fraction
    return "" if seconds is None else f"about {_rough_duration(float(seconds))} left"


def _rough_duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 10 else format_duration(seconds)


def _queue(picture: Picture) -> str:
    ahead, seconds = picture.ahead, picture.starts_in_seconds
    if ahead is None:
        return ""
    place = "next in the queue" if ahead == 0 else f"number {ahead + 1} in the queue"
    if seconds is None:
        return f"{place}, start not known"
    soon = "at any moment" if seconds < 2 else f"in about {format_rough(seconds)}"
    return f"{place}, starts {soon}"


def _times(picture: Picture) -> str:
    elapsed = picture.elapsed_seconds
    if elapsed is None:
        return ""
    ended = picture.entity.status.ended
    verb = "took" if ended else "running for"
    if picture.entity.status in (Status.PENDING, Status.PAUSED):
        verb, elapsed = "trained for", picture.entity.seconds
    forecast = forecast_words(picture.entity)
    end = f" · forecast {forecast}" if forecast and not ended else ""
    track = picture.trail.track("epoch_seconds")
    if picture.word == "fold" or track is None or not track.count:
        return f"{verb} {format_duration(elapsed)}{end}"
    pace = f"{format_duration(track.total / track.count)} per {picture.word}"
    return f"{verb} {format_duration(elapsed)} · {pace}{end}"


def _outlook(picture: Picture) -> tuple[str, str]:
    if not picture.trail.rows:
        if picture.entity.status.ended:
            return "", ""
        return "calm", f"Curves appear when the first {picture.word} has ended."
    if picture.word == "fold":
        return _fold_outlook(picture)
    return _epoch_outlook(picture)


def _fold_outlook(picture: Picture) -> tuple[str, str]:
    track = picture.trail.track("val_accuracy")
    if track is None or not track.count:
        return "", ""
    mean, folds = track.total / track.count, track.count
    span = f" ({track.low * 100:.1f}–{track.high * 100:.1f})" if track.low and track.high else ""
    over = f"over {folds} folds" if folds > 1 else "in the first fold"
    return "good", f"{format_percent(mean)}{span} of held-out windows recognised {over}."


def _epoch_outlook(picture: Picture) -> tuple[str, str]:
    name, patience = _monitored(picture.entity.config)
    track = picture.trail.track(name)
    if track is None:
        return "", ""
    shown = f"validation {label(name).removeprefix('Validation').strip().lower() or 'loss'}"
    if track.last is None:
        return "warning", f"The newest {shown} is not a number. A lower learning rate may help."
    best, at = (track.low, track.low_at) if "loss" in name else (track.high, track.high_at)
    waited = picture.trail.rows - at
    if picture.entity.status.ended:
        return "done", f"The best {shown}, {_value(name, best)}, came at epoch {at}."
    if waited == 0:
        return "good", f"Learning: epoch {at} has the best {shown} so far, {_value(name, best)}."
    ago = f"{waited} epoch{'s' if waited > 1 else ''}"
    if waited < PATIENT_EPOCHS:
        return "good", f"Learning: the best {shown}, {_value(name, best)}, was {ago} ago."
    return "warning", _stalled(picture.trail, shown, _value(name, best), waited, at, patience)


def _stalled(trail: Trail, shown: str, best: str, waited: int, at: int, patience: int) -> str:
    text = f"No better {shown} for {waited} epochs (best {best} at epoch {at})."
    training = trail.track("train_loss")
    if training is not None and training.low_at == trail.rows:
        text += " Training still improves, so the model may be memorising."
    if patience:
        text += f" The run ends by itself after {patience} epochs without a better one."
    return text


def _monitored(config: Mapping[str, Any]) -> tuple[str, int]:
    monitor = config.get("checkpoints", {}).get("monitor", "val_loss")
    return str(monitor), int(config.get("training", {}).get("patience", 0) or 0)


def _completed(picture: Picture) -> Notice:
    accuracy = picture.entity.accuracy
    said = "" if accuracy is None else f" Correct on {format_percent(accuracy)} of test windows."
    return Notice("success", f"The run is finished.{said}", "results")


def _stopped(picture: Picture) -> Notice:
    if picture.entity.accuracy is None:
        return Notice("info", "The run was stopped before there was a model to evaluate.")
    said = format_percent(picture.entity.accuracy)
    return Notice(
        "info",
        f"The run was stopped; its best model was kept and is correct on {said} of test windows.",
        "results",
    )


def _failed(picture: Picture) -> Notice:
    return Notice("error", picture.entity.error or "The run ended by an error; the log says more.")


def _cancelled(picture: Picture) -> Notice:
    kept = "Its checkpoint is kept: Retry goes on from there." if picture.trail.rows else ""
    return Notice("info", f"The run was cancelled and not evaluated. {kept}".strip())


_END_NOTICES = {
    Status.COMPLETED: _completed,
    Status.STOPPED: _stopped,
    Status.FAILED: _failed,
    Status.CANCELLED: _cancelled,
}
