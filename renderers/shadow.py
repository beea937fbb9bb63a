"""Shadows: where points of the object fall on the ground, and how dark the ground is there. Pure NumPy.

A map is drawn once per scene by sliding every point of the object along the sun's rays (or straight down) on to the
ground and keeping its height as depth. The lowest height over a place says how far off what shades it is, and so how
soft its shadow; the greatest says from where up the object itself has the sun.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["GROUND_MAP_SIZE", "SUN_MAP_SIZE", "GroundMap", "ground_visibility"]

Floats = NDArray[np.float64]

GROUND_MAP_SIZE = 160
"""Texels along each side of the maps that ground shadows are made from."""
SUN_MAP_SIZE = 384
"""Texels along each side of the map by which the object shades itself."""
_MARGIN = 0.55
"""Radii around the object's footprint that a map also covers: shadows spread."""


@dataclass(frozen=True, eq=False)
class GroundMap:
    """A rectangle of the ground, in the unit frame, and the height above it that the maps hold as depth 0 to 1."""

    origin: Floats
    """(2,): its corner with the least x and y."""
    size: Floats
    """(2,): its sides."""
    ground: float
    """Height of the ground."""
    top: float
    """Height of the object above the ground, and a little more."""

    @classmethod
    def around(cls, corners: Floats, ground: float, directions: list[Floats]) -> GroundMap:
        """The map that holds a box (8, 3) slid to the ground along each of these directions."""
        places = np.concatenate([corners[:, :2] - _slope(d) * (corners[:, 2:] - ground) for d in directions])
        low, high = places.min(axis=0) - _MARGIN, places.max(axis=0) + _MARGIN
        return cls(low, high - low, ground, float(corners[:, 2].max() - ground) * 1.01 + 1e-3)

    def clip_from_unit(self, direction: Floats) -> Floats:
        """(4, 4): points of the unit frame to clip space: slid along ``direction`` to the ground, height as depth."""
        slope = _slope(direction)
        matrix = np.eye(4)
        for axis in (0, 1):
            scale = 2 / self.size[axis]
            matrix[axis] = 0
            matrix[axis, axis] = scale
            matrix[axis, 2] = -slope[axis] * scale
            matrix[axis, 3] = (slope[axis] * self.ground - self.origin[axis]) * scale - 1
        matrix[2] = 0, 0, 2 / self.top, -2 * self.ground / self.top - 1
        return matrix

    def texture_from_unit(self, direction: Floats) -> Floats:
        """(4, 4): likewise, to texture coordinates and depth in [0, 1]."""
        halve = np.diag([0.5, 0.5, 0.5, 1.0])
        halve[:3, 3] = 0.5
        return halve @ self.clip_from_unit(direction)


def _slope(direction: Floats) -> Floats:
    """(2,): how far a point slides over the ground per unit of its height."""
    return np.asarray(direction[:2] / direction[2])


def ground_visibility(
    along_sun: NDArray[np.float32], straight_down: NDArray[np.float32], covers: GroundMap, sun_spread: float
) -> NDArray[np.uint8]:
    """(n, n, 2): how much of the sun, and of the light from everywhere, reaches each texel of the ground; 255 is all.

    Both maps (n, n) hold the lowest height of the object over each texel, 0 to 1 of ``covers.top``; 1 is nothing.
    What hangs h above the ground shades it through a Gaussian: of the sun's own width times h for the sun, and about
    as wide as h for the light of a whole sky (the cosine-weighted form factor of a small patch).
    """
    texel = float(covers.size.max()) / len(along_sun)
    aspect = covers.size / covers.size.max()
    sun = _spread(along_sun, covers.top * sun_spread * 1.3 / texel, 0.8, aspect)
    sky = _spread(straight_down, covers.top * 0.6 / texel, 1.2, aspect)
    window = _edge_window(len(along_sun))
    reaches = np.stack([1 - window * sun, 1 - 0.78 * window * sky], axis=-1)
    return (np.clip(reaches, 0, 1) * 255 + 0.5).astype(np.uint8)


def _spread(heights: NDArray[np.float32], sigma_at_top: float, least: float, aspect: Floats) -> NDArray[np.float32]:
    """(n, n): the covered texels, each blurred by its own height. Sigmas in texels of the longer side."""
    n = len(heights)
    covered = heights < 1
    sigmas = np.maximum(heights * sigma_at_top, least)
    levels = least * 2.0 ** np.arange(max(int(np.ceil(np.log2(max(sigma_at_top / least, 1)))), 0) + 1)
    position = np.log2(sigmas / least)
    fy, fx = np.fft.fftfreq(n)[:, None] / aspect[1], np.fft.rfftfreq(n)[None] / aspect[0]
    squared = (fx * fx + fy * fy).astype(np.float32)
    total = np.zeros(squared.shape, dtype=np.complex64)
    for k, sigma in enumerate(levels):
        weight = np.clip(1 - np.abs(position - k), 0, 1) * covered
        if weight.any():
            total += np.fft.rfft2(weight.astype(np.float32)) * np.exp(-2 * (np.pi * sigma) ** 2 * squared)
    return np.asarray(np.clip(np.fft.irfft2(total, s=(n, n)), 0, 1), dtype=np.float32)


@lru_cache(maxsize=4)
def _edge_window(n: int) -> NDArray[np.float32]:
    """(n, n): 1, falling to 0 at the very edge: beyond a map there is no shadow."""
    line = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.12 * n), 0, 1)
    ramp = line * line * (3 - 2 * line)
    return np.outer(ramp, ramp).astype(np.float32)
