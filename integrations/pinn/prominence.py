"""How far order lines stand out of their surroundings, differentiable with respect to the signal.

Follows the frequency-consistency loss of physics-informed diagnosis: a fault must show its lines,
further lines are never held against it.
"""

from __future__ import annotations

import torch

PADDING = 2
"""Zero padding: a line between two bins loses 0.4 rather than 1.4 dB under a Hann window."""
FLOOR_BINS = 48
"""Bins on either side of a line whose median is its floor (half as many without padding)."""
GUARD_BINS = 4
"""Bins beside the band that a line's own flanks may fill."""
SMALLEST = 1e-12


def amplitude_spectrum(windows: torch.Tensor, envelope: bool) -> torch.Tensor:
    """Give the natural logarithm of the amplitude spectrum, averaged in power over channels.

    Args:
        windows: Shape (n, channels, samples).
        envelope: Take the spectrum of the squared envelope, in which the repetition rate of
            impacts is a line, rather than of the signal itself.

    Returns:
        Shape (n, PADDING * samples // 2 + 1); bin k is k / (PADDING * samples) cycles per sample.
    """
    signal = windows - windows.mean(dim=2, keepdim=True)
    if envelope:
        signal = squared_envelope(signal)
    samples = windows.shape[2]
    taper = torch.hann_window(samples, dtype=signal.dtype, device=signal.device)
    power = torch.fft.rfft(signal * taper, n=PADDING * samples).abs().square().mean(dim=1)
    scale = power.mean(dim=1, keepdim=True).clamp(min=SMALLEST)
    return 0.5 * torch.log(power / scale + SMALLEST)


def squared_envelope(signal: torch.Tensor) -> torch.Tensor:
    """Squared magnitude of the analytic signal with its mean removed, shape kept."""
    spectrum = torch.fft.fft(signal)
    samples = signal.shape[-1]
    keep = torch.zeros(samples, dtype=signal.dtype, device=signal.device)
    keep[1 : (samples + 1) // 2] = 2.0
    squared = torch.fft.ifft(spectrum * keep).abs().square()
    return squared - squared.mean(dim=-1, keepdim=True)


def prominence(log_spectrum: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """Height of the highest line of a band over the local median, in nepers (8.7 dB each).

    Args:
        log_spectrum: From ``amplitude_spectrum``, shape (n, bins).
        low: Lower border of the band per window in bins, shape (n,).
        high: Upper border of the band, shape (n,).

    Returns:
        Shape (n,); 0 where the band is not inside the spectrum.
    """
    bins = log_spectrum.shape[1]
    known = torch.isfinite(low) & torch.isfinite(high)
    first = torch.where(known, low, 0.0).floor().long()
    last = torch.where(known, high, 0.0).ceil().long()
    span = int((last - first).max()) + 2 * (FLOOR_BINS + GUARD_BINS) + 1
    offsets = torch.arange(span, device=log_spectrum.device)
    at = first[:, None] - FLOOR_BINS - GUARD_BINS + offsets
    inside = (at >= 1) & (at < bins)
    near = log_spectrum.gather(1, at.clamp(0, bins - 1))
    band = (at >= first[:, None]) & (at <= last[:, None]) & inside
    beside = (at < first[:, None] - GUARD_BINS) | (at > last[:, None] + GUARD_BINS)
    beside &= inside & (at <= last[:, None] + GUARD_BINS + FLOOR_BINS)
    height = near.masked_fill(~band, -torch.inf).amax(dim=1)
    floor = near.masked_fill(~beside, torch.nan).nanmedian(dim=1).values
    usable = band.any(dim=1) & beside.any(dim=1) & known & (last < bins)
    return torch.where(usable, height - floor, torch.zeros_like(height))


def band_prominences(log_spectrum: torch.Tensor, bands: torch.Tensor) -> torch.Tensor:
    """Prominence in each of several bands, none narrower than a line of the window itself.

    Args:
        log_spectrum: From ``amplitude_spectrum``, shape (n, bins).
        bands: Shape (n, n_bands, 2) in cycles per sample; NaN where a band is not known.

    Returns:
        Shape (n, n_bands) in nepers; 0 where a band is unknown or outside the spectrum.
    """
    length = 2 * (log_spectrum.shape[1] - 1)
    centre, half = bands.mean(dim=2) * length, (bands[..., 1] - bands[..., 0]) / 2 * length
    half = half.clamp(min=PADDING / 2)
    heights = [
        prominence(log_spectrum, centre[:, i] - half[:, i], centre[:, i] + half[:, i])
        for i in range(bands.shape[1])
    ]
    return torch.stack(heights, dim=1) if heights else log_spectrum.new_zeros(len(bands), 0)
