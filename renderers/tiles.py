"""Which parts of a picture need what. Pure NumPy.

A software renderer runs both sides of every branch in a shader: to leave work out, other pixels must be drawn by
another program. The picture is cut in tiles, and each is drawn with no more than it can show; what is left out
would have counted for exactly nothing, so that no seam can be seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderers.projection import ray_from_pixel
from viewpoint100k.geometry import Camera

__all__ = ["TILES", "Features", "Tiles", "tiles_by_features"]

Features = frozenset[str]
"""Of ``composite.frag``: ``OBJECT``, ``SKY``, ``GROUND``."""
Tiles = NDArray[np.float32]
"""(n, 6, 2): two triangles a tile, in clip space."""

TILES = 16
"""Tiles along each side of a picture."""


def tiles_by_features(
    camera: Camera,
    box: tuple[float, float, float, float],
    *,
    staged: bool,
    eye: NDArray[np.float64],
    ground: tuple[float, float] | None,
) -> dict[Features, Tiles]:
    """Every tile that shows anything, by what it can show.

    Args:
        box: the pixels (left, top, right, bottom) that the object can cover.
        staged: whether there is a background.
        eye: (3,), the camera's centre, in the frame that ``ground`` is in.
        ground: its height, and the distance from the origin up to which it covers the background; None without one.
    """
    x = np.linspace(0, camera.width, TILES + 1)
    y = np.linspace(0, camera.height, TILES + 1)
    over_object = np.outer((y[1:] > box[1]) & (y[:-1] < box[3]), (x[1:] > box[0]) & (x[:-1] < box[2]))
    sky = np.full((TILES, TILES), staged)
    floor = np.zeros((TILES, TILES), dtype=bool)
    if staged and ground is not None:
        sky, floor = _sky_and_floor(camera, x, y, eye, *ground)
    kinds = over_object + 2 * sky + 4 * floor
    corners = _corners(x / camera.width * 2 - 1, y / camera.height * 2 - 1)
    names = ("OBJECT", "SKY", "GROUND")
    return {
        frozenset(name for bit, name in enumerate(names) if kind >> bit & 1): corners[kinds == kind]
        for kind in np.unique(kinds[kinds > 0]).tolist()
    }


def _sky_and_floor(
    camera: Camera,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    eye: NDArray[np.float64],
    height: float,
    solid_radius: float,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tiles can show background, and which ground. Half planes and discs are convex, and stay so in a picture:
    where a tile's corners all lie in one, so does the tile."""
    pixels = np.stack([*np.meshgrid(x, y), np.ones((len(y), len(x)))], axis=-1)
    rays = pixels @ ray_from_pixel(camera).T
    if eye[2] <= height:
        return np.full((TILES, TILES), True), np.full((TILES, TILES), False)
    up = rays[..., 2] >= 0
    fall = np.where(up, -1.0, rays[..., 2])
    places = eye[:2] + rays[..., :2] * ((height - eye[2]) / fall)[..., None]
    solid = (
        ~up & (np.linalg.norm(places, axis=-1) < 0.99 * solid_radius) & (fall < -2e-3 * np.linalg.norm(rays, axis=-1))
    )
    return ~_all_corners(solid), ~_all_corners(up)


def _all_corners(points: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n, n): whether it holds at all four corners of each tile, from the (n + 1, n + 1) corners."""
    return points[1:, 1:] & points[1:, :-1] & points[:-1, 1:] & points[:-1, :-1]


def _corners(x: NDArray[np.float64], y: NDArray[np.float64]) -> Tiles:
    """(n, n, 6, 2)."""
    left, right = (np.broadcast_to(v[None], (TILES, TILES)) for v in (x[:-1], x[1:]))
    top, bottom = (np.broadcast_to(v[:, None], (TILES, TILES)) for v in (y[:-1], y[1:]))
    triangles = ((left, top), (right, top), (right, bottom), (left, top), (right, bottom), (left, bottom))
    return np.stack([np.stack(corner, axis=-1) for corner in triangles], axis=2).astype(np.float32)
