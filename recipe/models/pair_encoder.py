"""A small image encoder that compares each image with the one before it.

An encoder of single images leaves the comparison to the language model. Networks for optical flow (FlowNet-C, arXiv
1504.06852) instead correlate the features of both images at every displacement in a small window, and later layers find
the matching displacement. This learns the direction of camera motion from a thousand rows, without pretraining.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["PairEncoder", "PairEncoderShape", "correlation"]


@dataclass(frozen=True)
class PairEncoderShape:
    """Sizes of a `PairEncoder`."""

    width: int = 64
    """Channels of the compared features, at an eighth of the image's size."""
    deep_width: int = 128
    """Channels of the layers after the comparison."""
    reach: tuple[int, int] = (2, 5)
    """Largest displacement, vertical and horizontal, in cells of eight pixels."""
    grid: int = 4
    """Tokens along each side: an image becomes ``grid * grid`` tokens."""
    out: int = 128
    """Length of a token."""

    @property
    def displacements(self) -> int:
        return (2 * self.reach[0] + 1) * (2 * self.reach[1] + 1)


class PairEncoder(nn.Module):  # type: ignore[misc]
    """(n, 3, h, w) images and the index of the image before each -> (n, grid * grid, out) tokens."""

    def __init__(self, shape: PairEncoderShape) -> None:
        super().__init__()
        self.shape = shape
        width, deep = shape.width, shape.deep_width
        self.stem = nn.Sequential(
            _convolution(3, width // 2, kernel=5, stride=2),
            _convolution(width // 2, width, stride=2),
            _convolution(width, width, stride=2),
            nn.Conv2d(width, width, 3, padding=1),
        )
        self.merge = nn.Sequential(
            _convolution(2 * width + shape.displacements, width, kernel=1),
            _convolution(width, deep, stride=2),
            _convolution(deep, deep),
        )
        self.project = nn.Linear(deep, shape.out)

    def forward(self, images: Tensor, before: Tensor) -> Tensor:
        here = self.stem(images)
        there = here[before]
        compared = correlation(here, there, self.shape.reach)
        merged = self.merge(torch.cat([here, there, compared], dim=1))
        cells = functional.adaptive_avg_pool2d(merged, self.shape.grid)
        tokens: Tensor = self.project(cells.flatten(2).transpose(1, 2))
        return tokens


def correlation(here: Tensor, there: Tensor, reach: tuple[int, int]) -> Tensor:
    """Cosine similarity of the features at every place with those of ``there`` at every displacement within ``reach``.

    (n, c, h, w) twice -> (n, displacements, h, w); displacements run row by row, from up and left to down and right.
    Zero where the displaced place lies outside the image.
    """
    height, width = here.shape[2:]
    here, there = (functional.normalize(one, dim=1).flatten(2) for one in (here, there))
    # One matrix product of all pairs of places, then a selection: faster than many shifted products.
    all_pairs = here.transpose(1, 2) @ there
    places, inside = _displaced(height, width, reach, here.device)
    near = all_pairs.gather(2, places.expand(len(here), -1, -1)) * inside
    return near.transpose(1, 2).unflatten(2, (height, width))


@lru_cache(maxsize=16)
def _displaced(height: int, width: int, reach: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """For every place, the flat index of every displaced place, and True if it is inside: (h * w, d) each."""
    with torch.inference_mode(False):  # The cached tensors must also work in training.
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        down, across = (torch.arange(-most, most + 1) for most in reach)
        row = (rows.flatten()[:, None, None] + down[None, :, None]).expand(-1, -1, len(across)).flatten(1)
        column = (columns.flatten()[:, None, None] + across[None, None, :]).expand(-1, len(down), -1).flatten(1)
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        places = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
        return places.to(device), inside.to(device)


def _convolution(inside: int, outside: int, kernel: int = 3, stride: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, padding=kernel // 2), nn.GroupNorm(8, outside), nn.GELU()
    )
