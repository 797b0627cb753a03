"""Do new recordings fit a model: channels, sampling rate, length; sentences where they do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integrations.core.data.channels import channel_label, listed
from integrations.core.data.dataset import DatasetError, Recording
from integrations.core.prediction.options import PredictionOptions

RATE_TOLERANCE = 1e-3


class FitError(DatasetError):
    """Recordings do not fit the model; the text says what to do."""


@dataclass(frozen=True)
class ChosenChannels:
    """Channels of the files in the model's order, and what should be known of the choice."""

    names: tuple[str, ...]
    note: str = ""


def match_channels(
    wanted: Sequence[str], offered: Sequence[str], options: PredictionOptions
) -> ChosenChannels:
    """Find the model's channels among those that the files have.

    A number in a name may differ, as in ``X097_DE_time`` for ``X_DE_time``.

    Args:
        wanted: The model's channel names.
        offered: Channel names that all files have.
        options: Whether the order counts where the names differ.

    Raises:
        FitError: They cannot be matched without the user's leave.
    """
    found = [_named(name, offered) for name in wanted]
    if all(found):
        return ChosenChannels(tuple(name for name in found if name))
    if len(offered) == len(wanted) and (options.channels_in_order or len(wanted) == 1):
        pairs = [f"“{a}” as “{b}”" for a, b in zip(offered, wanted, strict=True)]
        return ChosenChannels(tuple(offered), f"Channels were taken as {', '.join(pairs[:6])}.")
    missing = [name for name, one in zip(wanted, found, strict=True) if not one]
    has = f"The files have {listed(offered)}." if offered else "The files have none in common."
    leave = (
        " If they are the same in this order, allow “Take channels in order”."
        if len(offered) == len(wanted)
        else ""
    )
    raise FitError(f"The model needs the channel {listed(missing)}. {has}{leave}")


def rate_question(
    wanted_hz: float | None, rates: Iterable[float | None], options: PredictionOptions
) -> str:
    """Say what must be known or allowed about sampling rates; "" when they fit.

    Args:
        wanted_hz: Of the model; None where its data had none, and any rate is taken.
        rates: Of the recordings, None where unknown.
        options: What the user said.
    """
    if wanted_hz is None:
        return ""
    known = {rate for rate in rates if rate is not None}
    if len(known) < len(set(rates)):
        return (
            f"The model was trained at {wanted_hz:g} Hz, and some recordings do not say their "
            "sampling rate. Enter it."
        )
    other = sorted(rate for rate in known if not same_rate(rate, wanted_hz))
    if other and not options.resample:
        shown = listed([f"{rate:g} Hz" for rate in other], quote=False)
        return (
            f"The model was trained at {wanted_hz:g} Hz; recordings have {shown}. Allow "
            "“Resample”, or record at the model's rate. What a lower rate left out stays lost."
        )
    return ""


def same_rate(one: float, other: float) -> bool:
    """Tell whether two sampling rates are the same for a model."""
    return abs(one - other) <= RATE_TOLERANCE * other


def too_short(recording: Recording, window_samples: int) -> str:
    """Say that a recording does not hold a window; "" when it does."""
    if recording.n_samples >= window_samples:
        return ""
    return (
        f"It holds {recording.n_samples} samples; the model looks at windows of {window_samples}. "
        "Record longer."
    )


def _named(name: str, offered: Sequence[str]) -> str:
    if name in offered:
        return name
    for each in offered:
        starred = re.sub(r"\d+", "*", each)
        if name in (channel_label(each), channel_label(starred)):
            return each
    return ""
