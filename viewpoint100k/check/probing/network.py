"""A small network that predicts from two frames how far the camera went around the object. Needs torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["BINS", "PairNetwork", "direction_score", "soft_bins"]

BINS = 36
"""Number of bins around the circle, ten degrees each."""

_SPREAD_DEG = 8.0
"""Standard deviation of the target angle, so that near misses score better than far ones."""

_FEATURES, _NARROW = 96, 48


class PairNetwork(nn.Module):  # type: ignore[misc, unused-ignore]
    """One encoder for both frames, then features of what each frame shows where, and of which places look alike."""

    def __init__(self, image_size: int, outputs: int = BINS) -> None:
        """``outputs``: number of outputs for a pair."""
        super().__init__()
        self._places = -((-image_size // 8) ** 2)
        self.encoder = nn.Sequential(
            *_convolution(3, 32, kernel=5, stride=2),
            *_convolution(32, 48, stride=2),
            *_convolution(48, _FEATURES, stride=2),
            *_convolution(_FEATURES, _FEATURES),
        )
        self.narrow = nn.Conv2d(_FEATURES, _NARROW, 1)
        side = -(-image_size // 8)
        self.pose = nn.Sequential(nn.Flatten(), nn.Linear(_NARROW * side**2, 96), nn.ReLU(), nn.Linear(96, BINS))
        self.compare = nn.Sequential(
            *_convolution(2 * _NARROW + side**2, 96),
            *_convolution(96, 128, stride=2),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(128 * (-(-side // 2)) ** 2, 128),
            nn.ReLU(),
            nn.Linear(128, outputs),
        )

    def encode(self, pixels: Tensor) -> Tensor:
        """(n, k, s, s) features of frames (n, 3, size, size) in [0, 1]."""
        features: Tensor = self.narrow(self.encoder(2 * pixels - 1))
        return features

    def changes(self, first: Tensor, second: Tensor) -> Tensor:
        """(n, outputs) logits of the azimuth change, or of answers, from the features of two frames."""
        one, two = (nn.functional.normalize(f.flatten(2), dim=1) for f in (first, second))
        alike = torch.einsum("ncp,ncq->npq", one, two).reshape(len(first), -1, *first.shape[2:])
        logits: Tensor = self.compare(torch.cat([first, second, alike], dim=1))
        return logits

    def poses(self, features: Tensor) -> Tensor:
        """(n, BINS) logits of the azimuth from which each frame shows the object, counted from its front."""
        logits: Tensor = self.pose(features)
        return logits


def _convolution(channels: int, out: int, kernel: int = 3, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True)


def _middles(like: Tensor) -> Tensor:
    return (torch.arange(BINS, dtype=like.dtype) + 0.5) * (360 / BINS) - 180


def soft_bins(angles_deg: Tensor) -> Tensor:
    """(n, BINS): each angle (n,) as a distribution over the circle."""
    away = (angles_deg[:, None] - _middles(angles_deg) + 180) % 360 - 180
    return torch.softmax(-0.5 * (away / _SPREAD_DEG) ** 2, dim=1)


def direction_score(logits: Tensor) -> Tensor:
    """(n,): how much likelier a positive azimuth change is than a negative one, in [-1, 1]."""
    likely: Any = torch.softmax(logits, dim=1)
    score: Tensor = likely[:, BINS // 2 :].sum(dim=1) - likely[:, : BINS // 2].sum(dim=1)
    return score
