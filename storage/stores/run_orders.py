"""What an order does to a run in each status: one table, so that no screen has its own idea."""

from __future__ import annotations

from dataclasses import dataclass

from storage.entities import ConflictError, Status

ORDERS = ("pause", "resume", "stop", "cancel")


@dataclass(frozen=True)
class Effect:
    """What an order changes: the status, the control word left for the runner, and the event."""

    status: Status
    control: str
    event: str


_EFFECTS: dict[tuple[Status, str], Effect] = {
    (Status.PENDING, "pause"): Effect(Status.PAUSED, "", "Paused before it began."),
    (Status.PENDING, "cancel"): Effect(Status.CANCELLED, "", "Cancelled before it began."),
    (Status.PENDING, "stop"): Effect(Status.PENDING, "stop", "Stop ordered."),
    (Status.RUNNING, "pause"): Effect(Status.RUNNING, "pause", "Pause ordered."),
    (Status.RUNNING, "stop"): Effect(Status.RUNNING, "stop", "Stop ordered."),
    (Status.RUNNING, "cancel"): Effect(Status.RUNNING, "cancel", "Cancel ordered."),
    (Status.RUNNING, "resume"): Effect(Status.RUNNING, "", "Pause order withdrawn."),
    (Status.PAUSED, "resume"): Effect(Status.PENDING, "", "Resumed; waiting for a worker."),
    (Status.PAUSED, "stop"): Effect(Status.PENDING, "stop", "Stop ordered; waiting for a worker."),
    (Status.PAUSED, "cancel"): Effect(Status.CANCELLED, "", "Cancelled."),
}


def effect_of(order: str, name: str, status: Status, control: str, epochs_done: int) -> Effect:
    """Give the effect of an order, or say why there is none.

    Raises:
        ConflictError: The order does not fit the run's state, or there is no such order.
    """
    if order not in ORDERS:
        raise ConflictError(f"“{order}” is no order. Known: {', '.join(ORDERS)}.")
    effect = _EFFECTS.get((status, order))
    if effect is None:
        raise ConflictError(_refusal(order, name, status))
    if status is Status.RUNNING and order == "resume" and control != "pause":
        raise ConflictError(f"“{name}” is running already.")
    if status is Status.RUNNING and control == "cancel":
        raise ConflictError(f"“{name}” is being cancelled.")
    if status is not Status.RUNNING and order == "stop" and epochs_done == 0:
        raise ConflictError(f"“{name}” has learnt nothing yet that could be kept. Cancel it.")
    return effect


def possible_orders(status: Status, control: str, epochs_done: int) -> tuple[str, ...]:
    """Give the orders that have an effect on a run as it is, "retry" among them."""
    found = [order for order in ORDERS if _has_effect(order, status, control, epochs_done)]
    again = status in (Status.FAILED, Status.CANCELLED, Status.STOPPED)
    return (*found, *(("retry",) if again else ()))


def _has_effect(order: str, status: Status, control: str, epochs_done: int) -> bool:
    if status is Status.RUNNING and order == control:
        return False
    try:
        effect_of(order, "", status, control, epochs_done)
    except ConflictError:
        return False
    return True


def _refusal(order: str, name: str, status: Status) -> str:
    if status.ended:
        hint = (
            "Clone it to run it anew." if status is Status.COMPLETED else "Retry starts it again."
        )
        return f"“{name}” has ended ({status}), so {order} has no effect. {hint}"
    return f"“{name}” is {status}, so {order} has no effect."
