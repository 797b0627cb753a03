"""Random streams: what is drawn depends on the seed and a number alone, never on the order."""

from __future__ import annotations

import numpy as np

Stream = np.random.Generator

_MACHINE, _CONDITION = 0x6D61, 0x636F


def of_signal(seed: int, index: int) -> Stream:
    """The stream of one signal."""
    return _stream(seed, index)


def of_machine(seed: int, number: int) -> Stream:
    """The stream of one machine, numbered from 1."""
    return _stream(seed, _MACHINE, number)


def of_condition(seed: int, number: int) -> Stream:
    """The stream of one operating condition, numbered from 1, which all classes share."""
    return _stream(seed, _CONDITION, number)


def _stream(*entropy: int) -> Stream:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def log_uniform(stream: Stream, low: float, high: float) -> float:
    """Draw evenly on a logarithmic scale."""
    return float(np.exp(stream.uniform(np.log(low), np.log(high))))
