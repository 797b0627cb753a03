"""Turns what went wrong in a run into a sentence for the person who started it."""

from __future__ import annotations

import errno
import signal

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from integrations.core.contract import TrainingError
from integrations.core.data.dataset import DatasetError
from integrations.registry import UnknownFamilyError
from storage.entities import StorageError
from tasks import exit_codes

DISK_FULL = (
    "The disk is full. Delete old runs or data sets, then press Retry: it goes on from its last "
    "checkpoint."
)
OUT_OF_MEMORY = (
    "There was not enough memory. Choose shorter windows, less overlap or a smaller batch, and "
    "start again."
)


def sentence_for(error: BaseException) -> str | None:
    """Give the sentence for an error we know, None for an unexpected one."""
    if isinstance(error, TrainingError | DatasetError | StorageError | UnknownFamilyError):
        return str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"The setting {where} is not allowed: {first['msg']}. Clone the run and change it."
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    if isinstance(error, FileNotFoundError):
        return f"A file of this run or its data set is missing ({error.filename}). Import it again."
    if isinstance(error, OSError):
        return f"A file could not be used ({error.strerror}: {error.filename}). Check its rights."
    if isinstance(error, SQLAlchemyError):
        return "The database did not answer in time. Press Retry when it is back."
    return None


def unexpected(error: BaseException) -> str:
    """Word an error nobody foresaw; the log has the details."""
    return (
        f"Something unexpected happened ({type(error).__name__}). The run's log has the details; "
        "press Retry, or send the log to whoever looks after this bench."
    )


def death(code: int) -> str:
    """Word how a child process died, from its exit code."""
    if code == exit_codes.HUNG:
        return "The training process gave no sign of progress for too long and ended itself."
    if code < 0:
        return f"The training process was killed by {_signal_name(-code)}."
    return f"The training process ended unexpectedly (code {code})."


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, the machine's or the GPU's."""
    return isinstance(error, MemoryError) or _is_cuda_memory(error)


def _signal_name(number: int) -> str:
    try:
        return f"the signal {signal.Signals(number).name}"
    except ValueError:
        return f"signal {number}"


def _is_cuda_memory(error: BaseException) -> bool:
    """Torch's own class would have to be imported; its text has been the same for years."""
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text
    )
