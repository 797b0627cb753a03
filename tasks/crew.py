"""Whether somebody trains what waits: the health checks of workers and runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from storage.stores.observations import Backlog, backlog
from storage.stores.workers import WorkerEntity, WorkerStore

PATIENCE_SECONDS = 30.0
"""So long a run may wait beside a free slot, or a lease be over, before something is wrong."""


class Verdict(NamedTuple):
    """What a look found, and in words what is so and what to do."""

    status: Literal["ok", "warning", "problem"]
    message: str


def look_at_workers() -> Verdict:
    """Judge the workers by their signs of life and by what they say of themselves."""
    store = WorkerStore()
    return judge_workers(store.alive(), store.lost())


def look_at_runs() -> Verdict:
    """Judge whether runs that wait or run are looked after."""
    return judge_runs(backlog(), WorkerStore().alive())


def judge_workers(alive: Sequence[WorkerEntity], lost: Sequence[WorkerEntity]) -> Verdict:
    """Say how many can train; one that fell silent without a word is a problem."""
    missing = "; ".join(f"{w.name} fell silent {_ago(w.age_seconds)} ago" for w in lost)
    if not alive:
        since = f" ({missing})" if missing else ""
        return Verdict(
            "problem", f"No worker is alive, so nothing is trained{since}. Restart Signalbench."
        )
    slots = sum(worker.slots for worker in alive)
    text = f"{len(alive)} alive, {slots} {'run' if slots == 1 else 'runs'} at a time"
    if missing:
        return Verdict(
            "problem",
            f"{text}, but {missing}. Its runs go on elsewhere; start it again, or look at its "
            "machine.",
        )
    deaf = [worker.name for worker in alive if worker.facts.get("redis") is False]
    if deaf:
        return Verdict(
            "warning",
            f"{text}, but Redis does not answer to {', '.join(deaf)}. Its runs go on without live "
            "figures.",
        )
    cut_off = [worker.name for worker in alive if worker.facts.get("files") is False]
    if cut_off:
        return Verdict(
            "warning",
            f"{text}, but the file store does not answer to {', '.join(cut_off)}, so runs wait "
            "for it. Run python app.py doctor there.",
        )
    return Verdict("ok", text)


def judge_runs(found: Backlog, alive: Sequence[WorkerEntity]) -> Verdict:
    """Say what runs and waits; nobody to train it, or nobody who takes it, is a problem."""
    if found.silent_seconds > PATIENCE_SECONDS:
        return Verdict(
            "problem",
            f"A run's worker fell silent {_ago(found.silent_seconds)} ago and no other took over. "
            "Restart Signalbench; the run goes on from its checkpoint.",
        )
    slots = sum(worker.slots for worker in alive)
    text = f"{found.running} running, {found.waiting} waiting"
    if found.waiting and not slots:
        return Verdict("problem", f"{text}, and no worker trains. Start one: python app.py worker")
    # A worker that has just come has had no time to claim.
    patience = min(found.first_waits_seconds, max((_age(worker) for worker in alive), default=0.0))
    if found.waiting and found.running < slots and patience > PATIENCE_SECONDS:
        return Verdict(
            "problem",
            f"{text}, though a worker is free. It may lack room on its disk or hang; restart "
            "Signalbench.",
        )
    return Verdict("ok", text)


def _age(worker: WorkerEntity) -> float:
    return float(worker.facts.get("alive_seconds", 0.0))


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
