"""MiniRocket counts what it says it counts, and repeats itself."""

from __future__ import annotations

import numpy as np
import pytest

from integrations.core.signal.minirocket import KERNELS, fit_minirocket, standardised


def windows(n: int = 12, channels: int = 1, samples: int = 150) -> np.ndarray:
    made = np.random.default_rng(0).standard_normal((n, channels, samples))
    return made.astype(np.float32)


def naive(row: np.ndarray, dilation: int, heavy: tuple[int, ...]) -> np.ndarray:
    weights = -np.ones(9)
    weights[list(heavy)] = 2
    padded = np.pad(row, 4 * dilation)
    return sum(
        weight * padded[k * dilation : k * dilation + len(row)] for k, weight in enumerate(weights)
    )


def test_features_equal_the_definition() -> None:
    x = windows()
    transform = fit_minirocket(x, 84 * 20, seed=0)
    found, row, column = transform.transform(x[:1])[0], standardised(x[:1])[0, 0], 0
    for number, (dilation, biases) in enumerate(
        zip(transform.dilations, transform.biases, strict=True)
    ):
        for kernel, heavy in enumerate(KERNELS):
            margin = 0 if (number + kernel) % 2 == 0 else 4 * dilation
            inside = naive(row, dilation, heavy)[margin : len(row) - margin]
            wanted = [(inside > bias).mean() for bias in biases[kernel]]
            got = found[column : column + len(wanted)]
            assert np.allclose(got, wanted, atol=1.5 / len(inside))
            column += len(wanted)
    assert column == transform.n_features == 84 * 20


@pytest.mark.parametrize("samples", [9, 10, 64, 2049])
@pytest.mark.parametrize("channels", [1, 3])
def test_any_length_and_channels_give_shares(samples: int, channels: int) -> None:
    x = windows(3, channels, samples)
    found = fit_minirocket(x, 500, seed=1).transform(x)
    assert found.shape == (3, 420)
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_same_seed_gives_the_same_features_and_the_unit_does_not_matter() -> None:
    x = windows(channels=2)
    first = fit_minirocket(x, 1000, seed=3).transform(x)
    assert np.array_equal(first, fit_minirocket(x, 1000, seed=3).transform(x))
    assert np.allclose(first, fit_minirocket(x, 1000, seed=3).transform(x * 1e-9), atol=0.01)
    assert not np.array_equal(first, fit_minirocket(x, 1000, seed=4).transform(x))
