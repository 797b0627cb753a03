"""Chooses the number format of the multiplications by what the processor has."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from integrations.core.contract import RunContext
from integrations.core.training.settings import Precision


def bf16_available(device: str) -> bool:
    """Say whether the device multiplies bfloat16 in hardware."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(  # torch has no public probe
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def chosen_precision(wanted: Precision, pays: bool, context: RunContext) -> Precision:
    """Give the format a run will train in.

    Args:
        wanted: What the config says.
        pays: The family was measured to gain from bfloat16.
        context: Tells the device; a format it lacks is replaced with a warning.
    """
    available = bf16_available(context.device)
    if wanted is Precision.BFLOAT16 and not available:
        context.log("warning", "This processor has no bfloat16; training in float32 instead.")
    use = available and (wanted is Precision.BFLOAT16 or (wanted is Precision.AUTO and pays))
    return Precision.BFLOAT16 if use else Precision.FLOAT32


def autocast(device: str, precision: Precision) -> AbstractContextManager[object]:
    """Give the context in which a forward pass runs."""
    if precision is Precision.FLOAT32:
        return nullcontext()
    return torch.autocast(device, dtype=torch.bfloat16)
