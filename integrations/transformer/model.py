"""A pre-norm transformer encoder over patches of the waveform."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from integrations.core.training.layers import Normalise, as_rows
from integrations.core.training.settings import Normalisation
from integrations.transformer.config import (
    ArchitectureConfig,
    Pooling,
    Positions,
    Step,
    embedding_plan,
    hidden_width,
)

SLOWEST_PERIOD = 10_000.0
"""Base of the periods of sinusoidal and rotary positions, as in the papers."""


class Transformer(nn.Module):
    """Maps windows to class scores.

    Patches as in Dosovitskiy et al. 2021 (ViT), optionally embedded by a convolution stem (Xiao
    et al. 2021, "Early convolutions help transformers see better"); pre-norm layers (Xiong et al.
    2020); rotary positions after Su et al. 2021 (RoFormer).
    """

    def __init__(
        self,
        config: ArchitectureConfig,
        normalisation: Normalisation,
        window_samples: int,
        channels: int,
        n_classes: int,
    ) -> None:
        super().__init__()
        plan = embedding_plan(config, window_samples, channels)
        self.positions = config.positions
        self.normalise = Normalise(normalisation, channels)
        self.embedding = _embedding(plan)
        tokens, width = plan[-1].length_out, config.width
        self.class_token: nn.Parameter | None = None
        if config.pooling is Pooling.CLASS_TOKEN:
            self.class_token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.place: nn.Parameter | None = None
        if config.positions is Positions.LEARNED:
            self.place = nn.Parameter(0.02 * torch.randn(1, tokens, width))
        elif config.positions is Positions.SINUSOIDAL:
            self.register_buffer("waves", _sinusoids(tokens, width)[None], persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, n_classes)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Score windows, shape (n, channels, samples) to (n, classes)."""
        tokens = self._tokens(windows)
        for layer in self.layers:
            tokens = layer(tokens)
        return self._classified(tokens)

    def attention(self, windows: torch.Tensor) -> list[torch.Tensor]:
        """Give every layer's attention, shape (n, heads, tokens, tokens) each; rows sum to 1.

        With a class token it is the first token.
        """
        tokens, maps = self._tokens(windows), []
        for layer in self.layers:
            maps.append(layer.attention(tokens))
            tokens = layer(tokens)
        return maps

    def _tokens(self, windows: torch.Tensor) -> torch.Tensor:
        tokens = self.embedding(as_rows(self.normalise(windows))).flatten(2).transpose(1, 2)
        if self.place is not None:
            tokens = tokens + self.place
        elif self.positions is Positions.SINUSOIDAL:
            tokens = tokens + self.get_buffer("waves")
        if self.class_token is not None:
            first = self.class_token.expand(len(tokens), -1, -1)
            tokens = torch.cat([first.to(tokens), tokens], dim=1)
        return self.dropout(tokens)

    def _classified(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = self.norm(tokens)
        pooled = tokens[:, 0] if self.class_token is not None else tokens.mean(dim=1)
        return self.classifier(self.dropout(pooled))


class _Layer(nn.Module):
    """Attention, then a feed-forward step, each on normed tokens and added to them."""

    def __init__(self, config: ArchitectureConfig) -> None:
        super().__init__()
        width, hidden = config.width, hidden_width(config)
        self.heads = config.heads
        self.rotary = config.positions is Positions.ROTARY
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_forward = nn.LayerNorm(width)
        self.forward_step = nn.Sequential(
            nn.Linear(width, hidden),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(hidden, width),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        query, key, value = self._projected(tokens)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))
        return tokens + self.dropout(self.forward_step(self.norm_forward(tokens)))

    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Shares that ``forward`` mixes tokens by, written out; shape (n, heads, t, t)."""
        query, key, _ = self._projected(tokens)
        return torch.softmax(query @ key.transpose(2, 3) / query.shape[3] ** 0.5, dim=3)

    def _projected(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries, keys and values, each (n, heads, t, width / heads)."""
        n, length, _ = tokens.shape
        all_three = self.query_key_value(self.norm_attention(tokens))
        split = all_three.view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind(0)
        if self.rotary:
            query, key = _turned(query), _turned(key)
        return query, key, value


def _embedding(plan: tuple[Step, ...]) -> nn.Sequential:
    """Convolutions of height 1, which in channels-last order are quicker than ``Conv1d``."""
    parts: list[nn.Module] = []
    for number, step in enumerate(plan):
        parts.append(
            nn.Conv2d(
                step.channels_in,
                step.channels_out,
                (1, step.kernel),
                stride=(1, step.stride),
                padding=(0, step.padding),
            )
        )
        if number + 1 < len(plan):
            parts += [nn.BatchNorm2d(step.channels_out), nn.ReLU()]
    return nn.Sequential(*parts).to(memory_format=torch.channels_last)


def _sinusoids(tokens: int, width: int) -> torch.Tensor:
    """Sines and cosines of falling frequency (Vaswani et al. 2017), shape (tokens, width)."""
    angles = _angles(tokens, width // 2)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _angles(tokens: int, pairs: int) -> torch.Tensor:
    speed = SLOWEST_PERIOD ** (-torch.arange(pairs, dtype=torch.float32) / pairs)
    return torch.arange(tokens, dtype=torch.float32)[:, None] * speed


def _turned(vectors: torch.Tensor) -> torch.Tensor:
    """Turn each pair of features by an angle that grows with the token's place."""
    pairs = vectors.shape[3] // 2
    angles = _angles(vectors.shape[2], pairs).to(vectors)
    first, second = vectors[..., :pairs], vectors[..., pairs:]
    cosine, sine = angles.cos(), angles.sin()
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=3)
