"""Words the death of a run's process: what happened, and what to change should it go on so."""

from __future__ import annotations

import signal

from storage.entities import StorageError
from storage.stores.experiments import ExperimentStore
from tasks.memory import MemoryWatch, memory_of_machine
from tasks.memory_advice import HOW_ON, what_to_try
from tasks.sentences import death

MOST_SHARE = 0.7
"""A process killed with that much of the memory is taken to have died of it."""
LOOK_AT_LOG = "Its log has the last words; Retry tries again from the last checkpoint."


def death_of_run(experiment_id: int, code: int, memory: MemoryWatch | None) -> tuple[str, str]:
    """Give a sentence about a death, and one of advice for a run that is given up.

    Args:
        experiment_id: The run.
        code: Exit code of its process.
        memory: What was seen of its memory.
    """
    if memory is None or code != -signal.SIGKILL:
        return death(code), LOOK_AT_LOG
    total = memory_of_machine()
    used = f"it took {memory.peak_bytes / 1e9:.1f} GB of the machine's {total / 1e9:.1f} GB"
    if memory.killed_for_memory():
        how = f"The system ended the training process because memory ran out: {used}."
    elif memory.peak_bytes > MOST_SHARE * total:
        how = f"The training process was killed, very likely because memory ran out: {used}."
    else:
        return f"{death(code)[:-1]}; {used}.", LOOK_AT_LOG
    return how, f"{_advice(experiment_id)} {HOW_ON}"


def _advice(experiment_id: int) -> str:
    try:
        return what_to_try(ExperimentStore().get(experiment_id).config)
    except StorageError:
        return what_to_try({})
