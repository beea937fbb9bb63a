"""A small network that sees where each place of one image went in the other. Needs torch.

Turn, tilt, roll and distance move all of an image in ways of their own; sideways and upward movement moves near things
more than far ones. The network compares each place of the first image with the places around it in the second
(a local correlation volume, as in FlowNet, Dosovitskiy et al. 2015), and reads the motion from the field of shifts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["FlowNetwork"]

_FEATURES = 32
_REACH = 4
"""Largest shift in either direction that is looked at, in places of the feature map: four pixels each."""


class FlowNetwork(nn.Module):  # type: ignore[misc, unused-ignore]
    """One encoder for both frames, their local correlation, the mean shift of each place, and a reader of all this."""

    def __init__(self, image_size: int, outputs: int) -> None:
        """``outputs``: number of outputs for a pair."""
        super().__init__()
        side = -(-image_size // 4)
        self.encoder = nn.Sequential(
            *_convolution(3, 24, kernel=5, stride=2),
            *_convolution(24, 40, stride=2),
            *_convolution(40, 48),
            nn.Conv2d(48, _FEATURES, 1),
        )
        self.sharpness = nn.Parameter(torch.tensor(2.0))
        shifts = (2 * _REACH + 1) ** 2
        self.narrow = nn.Sequential(*_convolution(shifts, 24, kernel=1))
        self.read = nn.Sequential(
            *_convolution(24 + 5 + 2 * _FEATURES, 64),
            *_convolution(64, 96, stride=2),
            *_convolution(96, 96, stride=2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(96 * (-(-side // 4)) ** 2, 160),
            nn.ReLU(),
        )
        self.answers = nn.Linear(160, outputs)
        self.register_buffer("_near", _neighbours(side), persistent=False)
        self.register_buffer("_shift", _shifts(), persistent=False)
        self.register_buffer("_place", _places(side), persistent=False)

    def encode(self, pixels: Tensor) -> Tensor:
        """(n, k, s, s) features of frames (n, 3, size, size) in [0, 1]."""
        features: Tensor = self.encoder(2 * pixels - 1)
        return features

    def changes(self, first: Tensor, second: Tensor) -> Tensor:
        """(n, outputs) from the features of two frames."""
        count, _, side, _ = first.shape
        one, two = (nn.functional.normalize(f.flatten(2), dim=1) for f in (first, second))
        alike = torch.einsum("ncp,ncq->npq", one, two)
        outside = nn.functional.pad(alike, (0, 1), value=-1.0)  # The neighbours beyond the edge of the frame.
        volume = outside.gather(2, self._near.expand(count, -1, -1))
        likely = torch.softmax(volume * self.sharpness.exp(), dim=2)
        shift, best = likely @ self._shift, volume.amax(dim=2, keepdim=True)
        seen = torch.cat([shift, best], dim=2).transpose(1, 2).reshape(count, 3, side, side)
        volume = self.narrow(volume.transpose(1, 2).reshape(count, -1, side, side))
        place = self._place.expand(count, -1, -1, -1)
        logits: Tensor = self.answers(self.read(torch.cat([volume, seen, place, first, second], dim=1)))
        return logits


def _convolution(channels: int, out: int, kernel: int = 3, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True)


def _shifts() -> Tensor:
    """(k, 2) of each place around a place: across and down, in [-1, 1]."""
    line = torch.arange(-_REACH, _REACH + 1, dtype=torch.float32) / _REACH
    return torch.cartesian_prod(line, line)


def _places(side: int) -> Tensor:
    """(1, 2, side, side) of each place in the frame: across and down, in [-1, 1]."""
    line = torch.linspace(-1, 1, side)
    down, across = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([across, down])[None]


def _neighbours(side: int) -> Tensor:
    """(1, side * side, k) indices of the places around each place, in the order of `_shifts`; side * side is none."""
    line = torch.arange(side)
    down, across = (axis.reshape(-1, 1) for axis in torch.meshgrid(line, line, indexing="ij"))
    step = (_shifts() * _REACH).round().long()
    x, y = across + step[:, 0], down + step[:, 1]
    inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    return torch.where(inside, y * side + x, side * side)[None]
