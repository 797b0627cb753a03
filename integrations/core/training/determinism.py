"""Everything random as a function of numbers we store, and torch held to deterministic kernels."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

ORDER, AUGMENTATION, EPOCH, WEIGHTS, TRANSFER_PATH = 1, 2, 3, 4, 5
"""Purposes that keep streams of the same seed apart."""


def derived_seed(*numbers: int) -> int:
    """Mix numbers into one well-spread 63-bit seed."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def epoch_order(seed: int, epoch: int, n: int) -> npt.NDArray[np.int64]:
    """Order in which an epoch visits its n windows; a function of its arguments alone."""
    return np.random.default_rng([seed, ORDER, epoch]).permutation(n)


def seed_everything(*numbers: int) -> None:
    """Seed the global generators of torch, NumPy and Python."""
    seed = derived_seed(*numbers)
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


def random_states() -> dict[str, Any]:
    """Give the states of all global generators as plain values and tensors."""
    name, keys, position, has_gauss, cached = np.random.get_state()
    version, internal, gauss = random.getstate()
    states: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": [
            name,
            torch.from_numpy(np.asarray(keys, dtype=np.int64)),
            position,
            has_gauss,
            cached,
        ],
        "python": [version, list(internal), gauss],
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def restore_random_states(states: dict[str, Any]) -> None:
    """Put all global generators back where a checkpoint found them."""
    torch.set_rng_state(states["torch"])
    name, keys, position, has_gauss, cached = states["numpy"]
    words = keys.numpy().astype(np.uint32)
    np.random.set_state((name, words, position, has_gauss, cached))
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])


@contextmanager
def deterministic_torch(threads: int) -> Iterator[None]:
    """Run torch with deterministic kernels and a fixed number of threads, then restore."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(max(1, threads))
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.set_num_threads(before[1])
