"""Turns an object into a solid of revolution with the same outline and colours, which looks alike from all sides.

Views of such a solid do not show which way the camera went around it. The correct answer is then "it cannot be told
from these images".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive

__all__ = ["turned_solid"]

_RINGS = 48
_SEGMENTS = 96
_THINNEST = 0.02
"""Radius of the solid at heights where the object has no surface."""


def turned_solid(points: NDArray[np.float64], colors: NDArray[np.float64]) -> Mesh:
    """A solid of revolution about the upright axis through the origin, with its farthest vertex at distance 1.

    Args:
        points: (n, 3) vertices of the object; at each height the vertex farthest from the axis gives the radius.
        colors: (k, 3) linear colours from the top of the object to its foot.
    """
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    heights = np.linspace(low, high, _RINGS)
    radii = _profile(points, heights)
    scale = 1 / exact.hypot(radii, heights).max()
    around = np.linspace(0, 2 * np.pi, _SEGMENTS, endpoint=False)
    rim = np.stack([exact.cos(around), exact.sin(around)], axis=-1)
    rings = np.concatenate([[[0.0]], radii[:, None], [[0.0]]])[:, None] * rim[None]
    levels = np.concatenate([[low], heights, [high]])
    positions = np.concatenate([rings, np.broadcast_to(levels[:, None, None], (*rings.shape[:2], 1))], axis=-1)
    shades = colors[np.round(exact.interpolate(levels, [low, high], [len(colors) - 1, 0])).astype(int)]
    painted = np.ones((*positions.shape[:2], 4))
    painted[..., :3] = shades[:, None]
    flat = (positions * scale).reshape(-1, 3).astype(np.float32)
    triangles = _triangles(len(levels))
    primitive = Primitive(
        flat,
        triangles,
        _normals(flat, triangles),
        colors=painted.reshape(-1, 4).astype(np.float32),
        material=Material(),
    )
    return Mesh((primitive,))


def _profile(points: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,): the object's radius about the axis at each height, slightly smoothed."""
    across = np.sqrt(points[:, 0] * points[:, 0] + points[:, 1] * points[:, 1])
    nearest = np.abs(points[:, 2, None] - heights).argmin(axis=1)
    radii = np.zeros(len(heights))
    np.maximum.at(radii, nearest, across)
    known = radii > 0
    filled = exact.interpolate(heights, heights[known], radii[known])
    padded = np.pad(filled, 1, mode="edge")
    smooth: NDArray[np.float64] = np.maximum((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, _THINNEST)
    return smooth


def _triangles(levels: int) -> NDArray[np.uint32]:
    """(m, 3): two triangles for each quad between neighbouring rings, counter-clockwise seen from outside."""
    ring, segment = np.meshgrid(np.arange(levels - 1), np.arange(_SEGMENTS), indexing="ij")
    beside = (segment + 1) % _SEGMENTS
    a, b = ring * _SEGMENTS + segment, ring * _SEGMENTS + beside
    c, d = a + _SEGMENTS, b + _SEGMENTS
    quads = np.stack([np.stack([a, b, d], axis=-1), np.stack([a, d, c], axis=-1)], axis=2)
    return quads.reshape(-1, 3).astype(np.uint32)


def _normals(positions: NDArray[np.float32], triangles: NDArray[np.uint32]) -> NDArray[np.float32]:
    corners = positions[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(positions)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], faces)
    lengths = exact.norm(normals, keepdims=True)
    upright = np.where(positions[:, 2:] > 0, 1.0, -1.0) * np.array([[0.0, 0.0, 1.0]])
    unit: NDArray[np.float32] = np.where(lengths > 1e-12, normals / np.maximum(lengths, 1e-12), upright).astype(
        np.float32
    )
    return unit
