"""Normals and windings that agree with one another, whatever a file says. Pure NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["facing_outwards"]


def facing_outwards(
    positions: NDArray[np.float32], normals: NDArray[np.float32], triangles: NDArray[np.uint32]
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Normals (n, 3), none of them missing, and triangles (m, 3), counter-clockwise from the side they point to.

    Files whose winding and normals disagree are common, and the normals are what is seen. A vertex whose normal has no
    length gets the mean of its faces', weighted by area.
    """
    corners = positions[triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    missing = ~(lengths > 1e-6)  # or not a number
    if missing.any():
        normals = np.where(missing[:, None], _mean_faces(len(positions), triangles, faces), normals)
    inwards = np.einsum("ij,ij->i", normals[triangles].sum(axis=1), faces) < 0
    if inwards.any():
        triangles = np.where(inwards[:, None], triangles[:, ::-1], triangles)
    return normals, triangles


def _mean_faces(count: int, triangles: NDArray[np.uint32], faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 3): per vertex, the direction of the sum of its faces' normals; straight up where they cancel."""
    sums = np.zeros((count, 3), dtype=np.float32)
    for corner in range(3):
        np.add.at(sums, triangles[:, corner], faces)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths > 0, sums / np.maximum(lengths, 1e-30), np.array([0, 0, 1], dtype=np.float32))
