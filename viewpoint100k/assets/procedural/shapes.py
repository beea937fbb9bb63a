"""A shape without colour: vertices, normals, texture coordinates, triangles; and how shapes are moved and joined.

Objects are built facing +X, with +Y to their left and +Z up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["Axis", "Shape", "box", "join", "surface", "unit"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Axis = Literal["x", "y", "z"]

_AXES = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True, eq=False)
class Shape:
    """Triangles, counter-clockwise from outside. Every method gives a new shape."""

    positions: Floats
    """(n, 3)"""
    normals: Floats
    """(n, 3), unit length."""
    uvs: Floats
    """(n, 2), (0, 0) at a picture's top left."""
    triangles: Integers
    """(m, 3)"""

    def at(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Shape:
        """Moved by (x, y, z)."""
        return Shape(self.positions + np.array([x, y, z]), self.normals, self.uvs, self.triangles)

    def turn(self, axis: Axis, degrees: float) -> Shape:
        """Turned about an axis through the origin, by the right-hand rule."""
        i = (_AXES[axis] + 1) % 3
        j = (i + 1) % 3
        c, s = exact.cos_deg(float(degrees)), exact.sin_deg(float(degrees))

        def turned(vectors: Floats) -> Floats:
            result = vectors.copy()
            result[:, i] = c * vectors[:, i] - s * vectors[:, j]
            result[:, j] = s * vectors[:, i] + c * vectors[:, j]
            return result

        return Shape(turned(self.positions), turned(self.normals), self.uvs, self.triangles)

    def scale(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Shape:
        """Stretched about the origin by positive factors."""
        factors = np.array([x, y, z])
        return replace(self, positions=self.positions * factors, normals=unit(self.normals / factors))

    def mirror(self, axis: Axis) -> Shape:
        """Reflected in the plane through the origin across ``axis``; still the right way out."""
        factors = np.ones(3)
        factors[_AXES[axis]] = -1
        return replace(
            self,
            positions=self.positions * factors,
            normals=self.normals * factors,
            triangles=self.triangles[:, ::-1],
        )

    def bent(self, positions: Floats) -> Shape:
        """The same triangles with their vertices elsewhere (n, 3); the normals are worked out anew, creases kept."""
        a, b, c = (positions[self.triangles[:, i]] for i in range(3))
        faces = np.cross(b - a, c - a)
        normals = np.zeros_like(positions)
        for i in range(3):
            for k in range(3):
                normals[:, k] += np.bincount(self.triangles[:, i], faces[:, k], len(positions))
        return replace(self, positions=positions, normals=unit(normals))

    def mapped(
        self, axis: Axis, low: tuple[float, float] | None = None, high: tuple[float, float] | None = None
    ) -> Shape:
        """Textured by projection along ``axis``, one picture over the shape's own bounds.

        The picture stands upright and reads rightly from +X, from -Y, or from above with +X to the right.
        """
        i, j = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}[axis]
        flat = self.positions[:, [i, j]]
        lowest = flat.min(axis=0) if low is None else np.asarray(low)
        highest = flat.max(axis=0) if high is None else np.asarray(high)
        uvs = (flat - lowest) / np.maximum(highest - lowest, 1e-9)
        uvs[:, 1] = 1 - uvs[:, 1]
        return replace(self, uvs=uvs)

    def tiled(self, size: float, along: Axis = "x") -> Shape:
        """Textured with a picture that repeats every ``size``, projected along each vertex's main direction.

        The picture's u runs ``along`` an axis where the face allows it: wood grain follows a plank.
        """
        facing = np.abs(self.normals).argmax(axis=1)
        first = _AXES[along]
        order = [first, (first + 1) % 3, (first + 2) % 3]
        u_axis = np.array([next(o for o in order if o != f) for f in range(3)])[facing]
        v_axis = 3 - facing - u_axis
        rows = np.arange(len(facing))
        uvs = np.stack([self.positions[rows, u_axis], -self.positions[rows, v_axis]], axis=1) / size
        return replace(self, uvs=uvs)


def join(shapes: Iterable[Shape]) -> Shape:
    """Several shapes as one."""
    parts = tuple(shapes)
    starts = np.cumsum([0] + [len(p.positions) for p in parts[:-1]])
    return Shape(
        np.concatenate([p.positions for p in parts]),
        np.concatenate([p.normals for p in parts]),
        np.concatenate([p.uvs for p in parts]),
        np.concatenate([p.triangles + start for p, start in zip(parts, starts, strict=True)]),
    )


def unit(vectors: Floats) -> Floats:
    """Vectors (..., 3) brought to unit length; a null vector becomes +Z."""
    squared = exact.dot(vectors, vectors)[..., None]
    null = squared < 1e-24
    if null.any():
        vectors = np.where(null, [0.0, 0.0, 1.0], vectors)
        squared = np.where(null, 1.0, squared)
    return np.asarray(vectors / np.sqrt(squared))


def surface(points: Floats, u: Floats, v: Floats, wrap_columns: bool = False) -> Shape:
    """A grid of points (rows, columns, 3) as a smooth surface; outside is ``along columns`` x ``along rows``.

    Two equal rows or columns in succession make a hard edge. A first or last row that is one point is a pole. With
    ``wrap_columns`` the first and last column are the same points and the surface is smooth across them. ``u`` and
    ``v`` hold texture coordinates, each broadcast to (rows, columns).
    """
    rows, columns, _ = points.shape
    first, second = points[1:, 1:] - points[:-1, :-1], points[1:, :-1] - points[:-1, 1:]
    sides = np.zeros((rows - 1, columns + 1, 3))
    quads = sides[:, 1:-1]
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        np.subtract(first[..., j] * second[..., k], first[..., k] * second[..., j], out=quads[..., i])
    if wrap_columns:
        sides[:, 0], sides[:, -1] = quads[:, -1], quads[:, 0]
    across = sides[:, 1:] + sides[:, :-1]
    normals = np.zeros((rows, columns, 3))
    normals[:-1] += across
    normals[1:] += across
    keep = np.ones((rows - 1, columns - 1, 2), dtype=bool)
    keep &= (points[1:] != points[:-1]).any(axis=(1, 2))[:, None, None]
    keep &= (points[:, 1:] != points[:, :-1]).any(axis=(0, 2))[None, :, None]
    for pole, half in ((0, 0), (-1, 1)):
        if np.ptp(points[pole], axis=0).max() < 1e-9:
            normals[pole] = exact.cumulative(normals[pole])[-1]
            keep[pole, :, half] = False
    uvs = np.empty((rows, columns, 2))
    uvs[..., 0], uvs[..., 1] = u, v
    triangles = _grid_triangles(rows, columns)[keep.reshape(-1, 2)]
    return Shape(points.reshape(-1, 3), unit(normals.reshape(-1, 3)), uvs.reshape(-1, 2), triangles)


def box(x: float, y: float, z: float, bevel: float = 0.0, steps: int = 1) -> Shape:
    """A box of these lengths about the origin, its edges rounded with radius ``bevel`` in ``2 * steps`` strips.

    Each face holds one whole picture, upright and read from outside.
    """
    half = np.array([x, y, z]) / 2
    bevel = min(bevel, 0.999 * float(half.min()))
    corners, normals, triangles, u_axis, u_sign, v_axis, v_sign = _box_grid(steps if bevel > 0 else 0)
    positions = corners * (half - bevel) + normals * bevel if bevel > 0 else corners * half
    rows = np.arange(len(positions))
    u = 0.5 + 0.5 * u_sign * positions[rows, u_axis] / half[u_axis]
    v = 0.5 - 0.5 * v_sign * positions[rows, v_axis] / half[v_axis]
    return Shape(positions, normals, np.stack([u, v], axis=1), triangles)


@lru_cache(maxsize=512)
def _grid_triangles(rows: int, columns: int) -> Integers:
    """((rows - 1) * (columns - 1), 2, 3): two triangles for each quad of a grid."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + columns + 1], axis=1)
    upper = np.stack([corner, corner + columns + 1, corner + columns], axis=1)
    triangles = np.stack([lower, upper], axis=1)
    triangles.flags.writeable = False
    return triangles


@lru_cache(maxsize=8)
def _box_grid(steps: int) -> tuple[Floats, Floats, Integers, Integers, Floats, Integers, Floats]:
    """What boxes of any size share: corner signs, normals, triangles, and each face's picture axes and their signs.

    The face's grid lines lie at equal angles of the rounded edge, so that neighbouring faces meet at 45 degrees.
    """
    # Short of 45 degrees by next to nothing: the main direction of each normal, see `tiled`, is that of its own face.
    lines = exact.tan(np.linspace(0, np.pi / 4 - 1e-9, steps + 1)) if steps else np.array([0.0])
    offset = np.concatenate([-lines[::-1], lines])
    sign = np.repeat([-1.0, 1.0], len(lines))
    n = len(offset)
    corners, normals, triangles, axes = [], [], [], []
    # (face axis, its sign, the axis that is the picture's right, its sign, the axis that is its top, its sign)
    faces = [
        (0, 1, 1, 1, 2, 1),
        (0, -1, 1, -1, 2, 1),
        (1, 1, 0, -1, 2, 1),
        (1, -1, 0, 1, 2, 1),
        (2, 1, 0, 1, 1, 1),
        (2, -1, 0, 1, 1, -1),
    ]
    for count, (face, outward, right, right_sign, top, top_sign) in enumerate(faces):
        corner, normal = np.zeros((n, n, 3)), np.zeros((n, n, 3))
        corner[..., face] = normal[..., face] = outward
        corner[..., right], normal[..., right] = right_sign * sign[None, :], right_sign * offset[None, :]
        corner[..., top], normal[..., top] = top_sign * sign[:, None], top_sign * offset[:, None]
        corners.append(corner.reshape(-1, 3))
        normals.append(unit(normal.reshape(-1, 3)))
        triangles.append(_grid_triangles(n, n).reshape(-1, 3) + count * n * n)
        axes.append(np.tile([right, right_sign, top, top_sign], (n * n, 1)))
    table = np.concatenate(axes)
    signs = table.astype(np.float64)
    return (
        np.concatenate(corners),
        np.concatenate(normals),
        np.concatenate(triangles),
        table[:, 0],
        signs[:, 1],
        table[:, 2],
        signs[:, 3],
    )
