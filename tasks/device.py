"""The device a run trains on; apart from ``machine`` because it may load torch."""

from __future__ import annotations

from tasks.machine import likely_device


def training_device() -> str:
    """Give "cuda" where a GPU can be used; torch is imported only where that is likely."""
    if likely_device() == "cpu":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
