"""Which parts of a picture need what. Pure NumPy.

A software renderer runs both sides of every branch in a shader: to leave work out, other pixels must be drawn by
another program. The picture is cut in tiles, and each is drawn with no more than it can show; what is left out
would have counted for exactly nothing, so that no seam can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from renderers.projection import ray_from_pixel
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.cameras import Camera

__all__ = ["CORNERS", "TILES", "Features", "GroundTiles", "Indices", "Tiling", "indices_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
"""(TILES, TILES): by row and column."""
Features = frozenset[str]
"""Of ``composite.frag``: ``OBJECT``, ``SKY``, ``GROUND``, ``SHADOW``."""
Indices = NDArray[np.uint16]
"""Triangles, as numbers of `CORNERS`."""

TILES = 32
"""Tiles along each side of a picture."""
_FINE = 2
"""Parts along each side of a tile that shows the background, whose light is worked out at corners."""


def _corners() -> NDArray[np.float32]:
    line = np.linspace(0, 1, TILES * _FINE + 1, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def _squares(step: int) -> NDArray[np.uint16]:
    """(TILES * TILES, 6 * n): the triangles of each tile, out of squares ``step`` corners wide."""
    across = TILES * _FINE + 1
    starts = np.arange(0, TILES * _FINE, step)
    top_left = (starts[:, None] * across + starts).astype(np.uint16)
    corners = np.array([0, step, step * across + step, 0, step * across + step, step * across], dtype=np.uint16)
    squares = top_left[..., None] + corners
    parts = _FINE // step
    grouped = squares.reshape(TILES, parts, TILES, parts, 6).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grouped.reshape(TILES * TILES, -1))


CORNERS = _corners()
"""(n, 2): every corner that a triangle may have, 0 to 1 over the picture from its top left."""
_COARSE_TILES, _FINE_TILES = _squares(_FINE), _squares(1)


def indices_of(tiles: Mask, features: Features) -> Indices:
    """The triangles of these tiles; those with a background in finer ones."""
    table = _FINE_TILES if "SKY" in features else _COARSE_TILES
    return table[tiles.ravel()].ravel()


@dataclass(frozen=True, eq=False)
class GroundTiles:
    """What of the ground decides on tiles. Lengths and places in the frame of the camera that it is asked for."""

    height: float
    solid_radius: float
    """Distance from the origin up to which it covers the background."""
    shadow_box: tuple[float, float, float, float]
    """Of the shadow texture on the ground: left, bottom, 1/width, 1/height."""
    reaches: NDArray[np.uint8]
    """(n, n, 2): that texture; 255 where there is no shadow."""

    def shaded(self, places: Floats, hit: Mask) -> Mask:
        """The tiles that may hold shadow: places (TILES + 1, TILES + 1, 2) of the tiles' corners on the ground,
        where they ``hit`` (TILES + 1, TILES + 1) it."""
        n = len(self.reaches)
        texels = (places - self.shadow_box[:2]) * self.shadow_box[2:] * n
        low, high = _least(texels), _most(texels)
        # A texel is read from as far as one away; what is out of the texture counts as its edge, which is unshaded.
        first = np.clip(np.floor(low - 1.5), 0, n).astype(int)
        last = np.clip(np.ceil(high + 1.5), 0, n).astype(int)
        (x0, y0), (x1, y1) = np.moveaxis(first, -1, 0), np.moveaxis(last, -1, 0)
        sums = self._sums
        shaded = (sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) > 0
        return np.asarray(shaded | ~_at_all_corners(hit))

    @cached_property
    def _sums(self) -> NDArray[np.int64]:
        """(n + 1, n + 1): how many shaded texels lie above and to the left."""
        n = len(self.reaches)
        sums = np.zeros((n + 1, n + 1), dtype=np.int64)
        sums[1:, 1:] = (self.reaches < 255).any(axis=-1).cumsum(axis=0).cumsum(axis=1)
        return sums


@dataclass(frozen=True, eq=False)
class Tiling:
    """The tiles of one picture."""

    width: int
    height: int
    box: tuple[float, float, float, float]
    """The pixels (left, top, right, bottom) that the object can cover."""

    @cached_property
    def _x(self) -> Floats:
        return np.linspace(0, self.width, TILES + 1)

    @cached_property
    def _y(self) -> Floats:
        return np.linspace(0, self.height, TILES + 1)

    @cached_property
    def _over_object(self) -> tuple[Mask, Mask]:
        """The rows, and the columns, of the tiles that can show the object."""
        rows = (self._y[1:] > self.box[1]) & (self._y[:-1] < self.box[3])
        columns = (self._x[1:] > self.box[0]) & (self._x[:-1] < self.box[2])
        return rows, columns

    @property
    def object_pixels(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom): whole pixels that hold every tile which can show the object."""
        rows, columns = (np.flatnonzero(some) for some in self._over_object)
        if not len(rows) or not len(columns):
            return 0, 0, 0, 0
        left, top = np.floor(self._x[columns[0]]), np.floor(self._y[rows[0]])
        right, bottom = np.ceil(self._x[columns[-1] + 1]), np.ceil(self._y[rows[-1] + 1])
        return int(left), int(top), int(right), int(bottom)

    def without_stage(self) -> dict[Features, Mask]:
        """The tiles that can show the object, alone."""
        return {frozenset({"OBJECT"}): np.outer(*self._over_object)}

    def with_stage(self, camera: Camera, eye: Floats, ground: GroundTiles | None) -> dict[Features, Mask]:
        """Every tile, by what it can show.

        Args:
            eye: (3,), the camera's centre, in the frame that ``ground`` is in.
        """
        over_object = np.outer(*self._over_object)
        sky, floor, shaded = _EVERYWHERE, ~_EVERYWHERE, ~_EVERYWHERE
        if ground is not None and eye[2] > ground.height:
            sky, floor, shaded = self._over_ground(camera, eye, ground)
        kinds = over_object + 2 * sky + 4 * floor + 8 * shaded
        names = ("OBJECT", "SKY", "GROUND", "SHADOW")
        return {
            frozenset(name for bit, name in enumerate(names) if kind >> bit & 1): kinds == kind
            for kind in np.unique(kinds).tolist()
        }

    def _over_ground(self, camera: Camera, eye: Floats, ground: GroundTiles) -> tuple[Mask, Mask, Mask]:
        """Which tiles can show background, which ground, and which shadow. Half planes and discs are convex, and stay
        so in a picture: where a tile's corners all lie in one, so does the tile."""
        to_world = ray_from_pixel(camera)
        rays = self._x[None, :, None] * to_world[:, 0] + self._y[:, None, None] * to_world[:, 1] + to_world[:, 2]
        lengths = exact.norm(rays)
        up = rays[..., 2] >= 0
        hit = rays[..., 2] < -2e-3 * lengths
        fall = np.where(hit, rays[..., 2], -1.0)
        places = eye[:2] + rays[..., :2] * ((ground.height - eye[2]) / fall)[..., None]
        solid = hit & (exact.norm(places) < 0.99 * ground.solid_radius)
        floor = ~_at_all_corners(up)
        return ~_at_all_corners(solid), floor, floor & ground.shaded(places, hit)


_EVERYWHERE: Mask = np.ones((TILES, TILES), dtype=bool)


def _at_all_corners(points: NDArray[np.bool_]) -> Mask:
    """Whether it holds at all four corners of each tile, from the (n + 1, n + 1) corners."""
    return points[1:, 1:] & points[1:, :-1] & points[:-1, 1:] & points[:-1, :-1]


def _least(values: Floats) -> Floats:
    """(n, n, 2): the least of each tile's four corners, from the (n + 1, n + 1, 2) corners."""
    rows = np.minimum(values[1:], values[:-1])
    return np.minimum(rows[:, 1:], rows[:, :-1])


def _most(values: Floats) -> Floats:
    return -_least(-values)
