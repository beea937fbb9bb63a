"""Shadows on the ground and on the object, from height maps.

Each map is drawn once for each scene. Every point of the object is projected to the ground, along the sun's rays or
straight down, with its height as depth. For the shadow on the ground, the lowest height over a texel is the distance of
the occluder, which gives the softness of the shadow. For the shadow of the object on itself, a point is in shadow if it
is lower than the greatest height over its texel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from viewpoint100k.geometry import exact

__all__ = ["GROUND_MAP_SIZE", "SUN_MAP_SIZE", "GroundMap", "combine_shadows", "ground_visibility", "spread_shadow"]

Floats = NDArray[np.float64]

GROUND_MAP_SIZE = 160
"""Texels along each side of the maps for ground shadows."""
SUN_MAP_SIZE = 384
"""Texels along each side of the map for shadows of the object on itself."""
_MARGIN = 0.55
"""Margin of a map around the object's footprint, radii, because soft shadows are wider."""


@dataclass(frozen=True, eq=False)
class GroundMap:
    """A rectangle of the ground in the unit frame, and the range of heights that the maps store as depth 0 to 1."""

    origin: Floats
    """(2,): its corner with the smallest x and y."""
    size: Floats
    """(2,): its sides."""
    ground: float
    """Height of the ground."""
    top: float
    """Height of the object above the ground, with a small margin."""

    @classmethod
    def around(cls, corners: Floats, ground: float, directions: list[Floats]) -> GroundMap:
        """The map that covers a box (8, 3) projected to the ground along each of these directions."""
        places = np.concatenate([corners[:, :2] - _slope(d) * (corners[:, 2:] - ground) for d in directions])
        low, high = places.min(axis=0) - _MARGIN, places.max(axis=0) + _MARGIN
        return cls(low, high - low, ground, float(corners[:, 2].max() - ground) * 1.01 + 1e-3)

    def clip_from_unit(self, direction: Floats) -> Floats:
        """(4, 4): from the unit frame to clip space: projects along ``direction`` to the ground, height as depth."""
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
        """(4, 4): the same to texture coordinates and depth in [0, 1]."""
        halve = np.diag([0.5, 0.5, 0.5, 1.0])
        halve[:3, 3] = 0.5
        return exact.matmul(halve, self.clip_from_unit(direction))


def _slope(direction: Floats) -> Floats:
    """(2,): horizontal shift of a projected point per unit of its height."""
    return np.asarray(direction[:2] / direction[2])


def ground_visibility(
    along_sun: NDArray[np.float32], straight_down: NDArray[np.float32], covers: GroundMap, sun_spread: float
) -> NDArray[np.uint8]:
    """(n, n, 2): visibility of the sun and of the environment at each texel of the ground; 255 is full.

    Both maps (n, n) hold the lowest height of the object over each texel, 0 to 1 of ``covers.top``; 1 means no object.
    The shadow of a point at height h is blurred by a Gaussian. For the sun, its width is the sun's angular width times
    h; for the environment about h (the cosine-weighted form factor of a small patch).
    """
    texel = float(covers.size.max()) / len(along_sun)
    x, y = (covers.size / covers.size.max()).tolist()
    aspect = (x, y)
    sun = spread_shadow(along_sun, covers.top * sun_spread * 1.3 / texel, 0.8, aspect)
    sky = spread_shadow(straight_down, covers.top * 0.6 / texel, 1.2, aspect)
    return combine_shadows(sun, sky, _edge_window(len(along_sun)))


@compiled
def combine_shadows(
    sun: NDArray[np.float32], sky: NDArray[np.float32], window: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """(n, n, 2): `ground_visibility` from the shadows of sun and sky (n, n), 0 to 1.

    Both are multiplied by ``window`` (n, n), which is 0 at the edges.
    """
    reaches = np.stack([1 - window * sun, 1 - 0.78 * window * sky], axis=-1)
    return (np.clip(reaches, 0, 1) * 255 + 0.5).astype(np.uint8)


@compiled
def spread_shadow(
    heights: NDArray[np.float32], sigma_at_top: float, least: float, aspect: tuple[float, float]
) -> NDArray[np.float32]:
    """(n, n): the covered texels, each blurred by its own height. Sigmas in texels of the longer side; ``aspect``: the
    map's width and height over the longer of them."""
    n = len(heights)
    covered = heights < 1
    sigmas = np.maximum(heights * sigma_at_top, least)
    fraction, octave = np.frexp(sigmas / least)
    position = octave - 1 + (2 * fraction - 1)  # A piecewise linear log2.
    total = np.zeros((n, n), dtype=np.float32)
    for k in range(int(np.ceil(position.max())) + 1):
        weight = (np.clip(1 - np.abs(position - k), 0, 1) * covered).astype(np.float32)
        if weight.any():
            sigma = least * (1 << k)
            columns = _used(weight.any(axis=0))
            along_y = np.zeros_like(weight)
            along_y[:, columns] = exact.gaussian_blur(weight[:, columns], float(sigma / aspect[1]), axis=0, edge="zero")
            rows = _used(along_y.any(axis=1))
            total[rows] += exact.gaussian_blur(along_y[rows], float(sigma / aspect[0]), axis=1, edge="zero")
    return np.clip(total, 0, 1)


def _used(line: NDArray[np.bool_]) -> slice:
    """From the first to the last True. The rest is 0, and stays 0 when the other axis is blurred."""
    places = np.flatnonzero(line)
    return slice(int(places[0]), int(places[-1]) + 1)


@lru_cache(maxsize=4)
def _edge_window(n: int) -> NDArray[np.float32]:
    """(n, n): 1, falling to 0 at the edge, because there is no shadow outside a map."""
    line = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.12 * n), 0, 1)
    ramp = line * line * (3 - 2 * line)
    return np.outer(ramp, ramp).astype(np.float32)
