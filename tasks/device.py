"""The device a run trains on; apart from ``machine`` because it may load torch."""

from __future__ import annotations

import os

from tasks.machine import likely_device


def training_device() -> str:
    """Give "cuda" where a GPU can be used; torch is imported only where that is likely."""
    if likely_device() == "cpu" or os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
