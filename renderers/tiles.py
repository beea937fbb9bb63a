"""Divides an image into tiles and determines what each tile can show. Pure NumPy.

A software renderer executes both sides of every branch in a shader, so different pixels need different programs to save
work. Each tile is drawn by the program with only the features that it can show. Omitted features would contribute
exactly zero, so there are no visible seams.
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
"""Features of ``composite.frag``: ``OBJECT``, ``SKY``, ``GROUND``, ``SHADOW``."""
Indices = NDArray[np.uint16]
"""Triangles, as indices into `CORNERS`."""

TILES = 32
"""Tiles along each side of an image."""
_FINE = 2
"""Subdivision of a tile with background, whose light is computed at corners."""


def _corners() -> NDArray[np.float32]:
    line = np.linspace(0, 1, TILES * _FINE + 1, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def _squares(step: int) -> NDArray[np.uint16]:
    """(TILES * TILES, 6 * n): the triangles of each tile, from squares that are ``step`` corners wide."""
    across = TILES * _FINE + 1
    starts = np.arange(0, TILES * _FINE, step)
    top_left = (starts[:, None] * across + starts).astype(np.uint16)
    corners = np.array([0, step, step * across + step, 0, step * across + step, step * across], dtype=np.uint16)
    squares = top_left[..., None] + corners
    parts = _FINE // step
    grouped = squares.reshape(TILES, parts, TILES, parts, 6).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grouped.reshape(TILES * TILES, -1))


CORNERS = _corners()
"""(n, 2): all possible corners of triangles, 0 to 1 over the image from its top left."""
_COARSE_TILES, _FINE_TILES = _squares(_FINE), _squares(1)


def indices_of(tiles: Mask, features: Features) -> Indices:
    """The triangles of these tiles; tiles with background have finer ones."""
    table = _FINE_TILES if "SKY" in features else _COARSE_TILES
    return table[tiles.ravel()].ravel()


@dataclass(frozen=True, eq=False)
class GroundTiles:
    """The properties of the ground that tiles depend on. Lengths and positions are in the camera's frame."""

    height: float
    solid_radius: float
    """Distance from the origin up to which it covers the background."""
    shadow_box: tuple[float, float, float, float]
    """Rectangle of the shadow texture on the ground: left, bottom, 1/width, 1/height."""
    reaches: NDArray[np.uint8]
    """(n, n, 2): the shadow texture; 255 without shadow."""

    def shaded(self, places: Floats, hit: Mask) -> Mask:
        """The tiles that may show shadow, from the positions (TILES + 1, TILES + 1, 2) of their corners on the ground.

        ``hit`` (TILES + 1, TILES + 1) is True for corners whose rays hit the ground.
        """
        n = len(self.reaches)
        texels = (places - self.shadow_box[:2]) * self.shadow_box[2:] * n
        low, high = _least(texels), _most(texels)
        # Filtering reads texels up to one texel away. Outside, the texture continues as its edge, which has no shadow.
        first = np.clip(np.floor(low - 1.5), 0, n).astype(int)
        last = np.clip(np.ceil(high + 1.5), 0, n).astype(int)
        (x0, y0), (x1, y1) = np.moveaxis(first, -1, 0), np.moveaxis(last, -1, 0)
        sums = self._sums
        shaded = (sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) > 0
        return np.asarray(shaded | ~_at_all_corners(hit))

    @cached_property
    def _sums(self) -> NDArray[np.int64]:
        """(n + 1, n + 1): number of shaded texels above and to the left."""
        n = len(self.reaches)
        sums = np.zeros((n + 1, n + 1), dtype=np.int64)
        sums[1:, 1:] = (self.reaches < 255).any(axis=-1).cumsum(axis=0).cumsum(axis=1)
        return sums


@dataclass(frozen=True, eq=False)
class Tiling:
    """The tiles of one image."""

    width: int
    height: int
    box: tuple[float, float, float, float]
    """The box of pixels (left, top, right, bottom) that the object can cover."""

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
        """(left, top, right, bottom): the box of whole pixels around all tiles that can show the object."""
        rows, columns = (np.flatnonzero(some) for some in self._over_object)
        if not len(rows) or not len(columns):
            return 0, 0, 0, 0
        left, top = np.floor(self._x[columns[0]]), np.floor(self._y[rows[0]])
        right, bottom = np.ceil(self._x[columns[-1] + 1]), np.ceil(self._y[rows[-1] + 1])
        return int(left), int(top), int(right), int(bottom)

    def without_stage(self) -> dict[Features, Mask]:
        """Only the tiles that can show the object."""
        return {frozenset({"OBJECT"}): np.outer(*self._over_object)}

    def with_stage(self, camera: Camera, eye: Floats, ground: GroundTiles | None) -> dict[Features, Mask]:
        """All tiles, by the features that they can show.

        Args:
            eye: (3,), the camera's centre, in the frame of ``ground``.
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
        """The tiles that can show background, ground, and shadow. Half planes and discs are convex, also in an image,
        so a tile is inside one if all its corners are."""
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
    """True for tiles where all four corners are True, from the (n + 1, n + 1) corners."""
    return points[1:, 1:] & points[1:, :-1] & points[:-1, 1:] & points[:-1, :-1]


def _least(values: Floats) -> Floats:
    """(n, n, 2): the minimum over each tile's four corners, from the (n + 1, n + 1, 2) corners."""
    rows = np.minimum(values[1:], values[:-1])
    return np.minimum(rows[:, 1:], rows[:, :-1])


def _most(values: Floats) -> Floats:
    return -_least(-values)
