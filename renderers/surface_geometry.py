"""Which way a mesh's triangles face. Pure NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["facing_outwards"]

Positions = NDArray[np.float32]
Triangles = NDArray[np.uint32]


def facing_outwards(
    positions: Positions, normals: NDArray[np.float32], triangles: Triangles
) -> tuple[NDArray[np.float32], Triangles]:
    """Complete normals (n, 3), and triangles (m, 3) that are counter-clockwise as seen from their normals' side.

    Winding and normals disagree in many files; the normals count, because they determine the shading. A vertex without
    a normal gets the area-weighted mean of its faces' normals.
    """
    faces = _doubled_areas(positions, triangles)
    squared = exact.dot(normals, normals)
    missing = ~(squared > 1e-12)  # or not a number
    if missing.any():
        normals = np.where(missing[:, None], _mean_faces(len(positions), triangles, faces), normals)
    around = normals[triangles[:, 0]] + normals[triangles[:, 1]] + normals[triangles[:, 2]]
    inwards = exact.dot(around, faces) < 0
    if inwards.any():
        triangles = np.where(inwards[:, None], triangles[:, ::-1], triangles)
    return normals, triangles


def _doubled_areas(positions: Positions, triangles: Triangles) -> NDArray[np.float32]:
    """(m, 3): vectors along each triangle's normal with twice its area as length."""
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    (x, y, z), (u, v, w) = (b - a).T, (c - a).T
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)


def _mean_faces(count: int, triangles: Triangles, faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 3): direction of the sum of the normals of each vertex's faces; straight up if they cancel."""
    sums = np.zeros((count, 3), dtype=np.float32)
    for corner in range(3):
        np.add.at(sums, triangles[:, corner], faces)
    lengths = exact.norm(sums, keepdims=True)
    return np.where(lengths > 0, sums / np.maximum(lengths, 1e-30), [0.0, 0.0, 1.0]).astype(np.float32)
