"""Prominence finds lines where they are, in the right height, and lets gradients through."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from integrations.pinn.losses import frequency_loss, sommerfeld_loss
from integrations.pinn.prominence import PADDING, amplitude_spectrum, band_prominences, prominence

SAMPLES = 2048
LINE = 0.05


def windows(amplitude: float, n: int = 16, cycles: float = LINE) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(n, 1, SAMPLES, generator=generator, dtype=torch.float64)
    tone = torch.cos(2 * torch.pi * cycles * torch.arange(SAMPLES, dtype=torch.float64))
    return noise + amplitude * tone


def at(low: float, high: float, n: int = 16) -> torch.Tensor:
    return torch.tensor([[low, high]]).repeat(n, 1)[:, None, :]


def heights(signal: torch.Tensor, low: float, high: float, envelope: bool = False) -> torch.Tensor:
    return band_prominences(amplitude_spectrum(signal, envelope), at(low, high, len(signal)))[:, 0]


def test_a_tone_stands_out_where_it_is_and_nowhere_else() -> None:
    signal = windows(1.0)
    assert heights(signal, 0.99 * LINE, 1.01 * LINE).min() > 2.0
    assert heights(signal, 1.39 * LINE, 1.41 * LINE).median() < 1.2


def test_ten_times_the_amplitude_is_a_height_of_log_ten_more() -> None:
    low, high = (heights(windows(a), 0.99 * LINE, 1.01 * LINE).mean() for a in (2.0, 20.0))
    assert float(high - low) == pytest.approx(np.log(10), abs=0.1)


def test_height_does_not_depend_on_the_level_of_the_signal() -> None:
    signal = windows(1.0)
    same = heights(1e4 * signal, 0.99 * LINE, 1.01 * LINE)
    assert torch.allclose(same, heights(signal, 0.99 * LINE, 1.01 * LINE), atol=1e-6)


def test_the_envelope_spectrum_shows_the_rate_of_modulation() -> None:
    time = torch.arange(SAMPLES, dtype=torch.float64)
    carrier = torch.cos(2 * torch.pi * 0.3 * time) * (1 + torch.cos(2 * torch.pi * LINE * time))
    signal = 0.2 * windows(0.0) + carrier
    assert heights(signal, 0.99 * LINE, 1.01 * LINE, envelope=True).min() > 2.0
    assert heights(signal, 0.99 * LINE, 1.01 * LINE).median() < 1.2


def test_prominence_is_differentiable_with_respect_to_the_signal() -> None:
    signal = windows(0.3, n=2).requires_grad_()
    place = torch.full((2,), LINE * PADDING * SAMPLES, dtype=torch.float64)
    prominence(amplitude_spectrum(signal, False), place - 2, place + 2).sum().backward()
    assert signal.grad is not None
    assert torch.isfinite(signal.grad).all()
    louder = signal + 0.01 * signal.grad / signal.grad.norm()
    before, after = (heights(x, 0.99 * LINE, 1.01 * LINE).sum() for x in (signal, louder))
    assert after > before


@pytest.mark.parametrize("band", [(np.nan, np.nan), (0.6, 0.61), (0.4999, 0.51)])
def test_a_line_that_cannot_be_placed_has_no_height(band: tuple[float, float]) -> None:
    assert (heights(windows(1.0), *band) == 0).all()


def test_missing_lines_are_charged_and_further_lines_are_not() -> None:
    probability = torch.tensor([[0.9, 0.1]])
    no_line_asked = torch.tensor([[-torch.inf, -torch.inf]])
    there, absent = torch.tensor([[-9.0, -torch.inf]]), torch.tensor([[2.0, -torch.inf]])
    assert frequency_loss(probability, no_line_asked) == 0
    assert frequency_loss(probability, there) < 1e-3
    assert frequency_loss(probability, absent) > 1.5


def test_the_charge_falls_with_the_probability_of_the_class_without_lines() -> None:
    scores = torch.zeros(1, 2, requires_grad=True)
    shortfall = torch.tensor([[2.0, -torch.inf]])
    frequency_loss(torch.softmax(scores, dim=1), shortfall).backward()
    assert scores.grad is not None
    assert scores.grad[0, 0] > 0 > scores.grad[0, 1]


def test_unknown_sommerfeld_numbers_are_no_target() -> None:
    told = torch.tensor([1.0, 5.0], requires_grad=True)
    loss = sommerfeld_loss(told, torch.tensor([0.0, torch.nan]))
    loss.backward()
    assert loss == 1.0
    assert told.grad is not None
    assert told.grad.tolist() == [2.0, 0.0]
    assert sommerfeld_loss(told, torch.full((2,), torch.nan)) == 0
