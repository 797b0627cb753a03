"""Summarises attention over time for a few windows: what was looked at, and how heads differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from integrations.transformer.model import Transformer

AT_ONCE = 4
"""Windows whose attention is held in memory together."""
SIMILARITY_TOKENS = 64
TINY = 1e-12

Floats = npt.NDArray[np.float32]


def attention_extras(model: Transformer, windows: torch.Tensor) -> dict[str, Any]:
    """Summarise the attention a model pays to windows, shape (m, channels, samples).

    Returns:
        ``attention_rollout`` (m, tokens) and ``attention_heads`` (m, heads, tokens) of the last
        layer, both summing to 1 over the tokens; ``attention_level`` (m, tokens), the windows' RMS
        under each token; ``attention_time`` (tokens,), its place in samples;
        ``attention_entropy`` (layers, heads) from 0 (one token) to 1 (all alike);
        ``attention_distance`` (layers, heads) in samples; ``attention_similarity`` (layers ×
        heads, layers × heads), correlation of what two heads look at.
    """
    model.eval()
    with torch.inference_mode():
        parts = [_summary(model, windows[i : i + AT_ONCE]) for i in range(0, len(windows), AT_ONCE)]
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    patterns = joined.pop("patterns")
    samples = windows.shape[2]
    tokens = joined["attention_rollout"].shape[1]
    spacing = samples / tokens
    layers, heads = joined["entropy"].shape[1:]
    return {
        "attention_rollout": joined["attention_rollout"],
        "attention_heads": joined["attention_heads"],
        "attention_level": _level(windows, tokens),
        "attention_time": (np.arange(tokens) + 0.5) * spacing,
        "attention_entropy": joined["entropy"].mean(axis=0),
        "attention_distance": joined["distance"].mean(axis=0) * spacing,
        "attention_similarity": _similarity(patterns, layers * heads),
    }


def rollout(maps: list[torch.Tensor], first_only: bool) -> torch.Tensor:
    """Follow attention through the layers (Abnar & Zuidema 2020), shape (n, tokens).

    Every layer's heads are averaged, half of the stream goes past them (the residual), and the
    layers are multiplied.

    Args:
        maps: Attention of each layer, first to last, (n, heads, tokens, tokens).
        first_only: What the first token (the class token) collected; otherwise all on average.
    """
    flow = torch.eye(maps[0].shape[3]).to(maps[0]).expand(len(maps[0]), -1, -1)
    for layer in maps:
        mixed = 0.5 * layer.mean(dim=1) + 0.5 * torch.eye(layer.shape[3]).to(layer)
        flow = mixed @ flow
    return flow[:, 0] if first_only else flow.mean(dim=1)


def _summary(model: Transformer, windows: torch.Tensor) -> dict[str, Floats]:
    maps = model.attention(windows)
    classed = model.class_token is not None
    asked = maps[-1][:, :, 0] if classed else maps[-1].mean(dim=2)
    among = torch.stack([layer[:, :, int(classed) :, int(classed) :] for layer in maps], dim=1)
    among = among / among.sum(dim=4, keepdim=True).clamp(min=TINY)
    return {
        "attention_rollout": _shares(rollout(maps, classed), classed),
        "attention_heads": _shares(asked, classed),
        "entropy": _numbers(_entropy(among)),
        "distance": _numbers(_distance(among)),
        "patterns": _numbers(_coarse(among)),
    }


def _shares(attention: torch.Tensor, classed: bool) -> Floats:
    """Leave out the class token; the rest sums to 1."""
    kept = attention[..., int(classed) :]
    return _numbers(kept / kept.sum(dim=-1, keepdim=True).clamp(min=TINY))


def _entropy(among: torch.Tensor) -> torch.Tensor:
    """Entropy of each head's rows relative to its largest, (n, layers, heads)."""
    tokens = among.shape[-1]
    entropy = -(among * among.clamp(min=TINY).log()).sum(dim=-1).mean(dim=-1)
    return entropy / max(float(np.log(tokens)), TINY)


def _distance(among: torch.Tensor) -> torch.Tensor:
    """Mean tokens between the one that asks and those it looks at, (n, layers, heads)."""
    place = torch.arange(among.shape[-1], dtype=among.dtype, device=among.device)
    apart = (place[:, None] - place[None, :]).abs()
    return (among * apart).sum(dim=-1).mean(dim=-1)


def _coarse(among: torch.Tensor) -> torch.Tensor:
    """Average the maps of each head down to a bounded size, (n, layers × heads, cells)."""
    n, layers, heads, tokens, _ = among.shape
    size = min(tokens, SIMILARITY_TOKENS)
    flat = among.reshape(n * layers * heads, 1, tokens, tokens)
    small = torch.nn.functional.interpolate(flat, size=(size, size), mode="area")
    return small.reshape(n, layers * heads, size * size)


def _similarity(patterns: Floats, heads: int) -> Floats:
    """Correlation between heads over all windows and pairs of tokens; 0 where one is flat."""
    rows = patterns.swapaxes(0, 1).reshape(heads, -1).astype(np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)
    return np.asarray(rows @ rows.T, dtype=np.float32)


def _level(windows: torch.Tensor, tokens: int) -> Floats:
    """RMS of the first channel without its mean in equal pieces of the window, (m, tokens)."""
    first = windows[:, :1] - windows[:, :1].mean(dim=2, keepdim=True)
    power = torch.nn.functional.adaptive_avg_pool1d(first.square(), tokens)
    return _numbers(power[:, 0].sqrt())


def _numbers(values: torch.Tensor) -> Floats:
    return np.asarray(values.float().cpu().numpy())
