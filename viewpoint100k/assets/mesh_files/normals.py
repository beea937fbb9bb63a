"""Computes shading normals for meshes without normals or with invalid ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.geometry.triangles import corner_batches, crossed

__all__ = ["computed_normals", "repaired_normals"]

_CREASE_DEG = 30.0
"""Faces that meet at a smaller angle are shaded as one smooth surface."""
_DENSE_TRIANGLES = 200_000
"""Meshes with more triangles get smooth normals: scans need no creases, and comparing all neighbours is slow."""
_MANY_FACES_AT_A_POINT = 64

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def computed_normals(positions: Floats, triangles: Indices, *, weld: bool) -> tuple[Indices, Indices, Floats]:
    """Normals for a mesh without any: smooth across edges under 30 degrees, sharp across others.

    Vertices at the same place count as one, so that triangle soup (STL) and UV seams are shaded smoothly too. Faces are
    weighted by area. With ``weld``, vertices with the same place and normal become one vertex; only for meshes without
    UVs and colours.

    Returns:
        For each new vertex, the old vertex it is a copy of, (k,); the triangles over the new vertices, (m, 3); and
        the unit normals of the new vertices, (k, 3).
    """
    if len(triangles) > _DENSE_TRIANGLES:
        return _smooth_normals(positions, triangles, weld)
    area_vectors = _area_vectors(positions, triangles)
    places = _places(positions)
    corner_normals = _unit(_creased_normals(places[triangles], area_vectors)).reshape(-1, 3)
    # Corners of one vertex that share a normal (to 1/512) stay one vertex.
    grid = np.round((corner_normals + 1.0) * 511.0).astype(np.int64)
    corners = triangles.reshape(-1)
    if weld:
        _, first_there = np.unique(places, return_index=True)
        corners = first_there[places[corners]]
    keys = (corners << 30) | (grid[:, 0] << 20) | (grid[:, 1] << 10) | grid[:, 2]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return corners[first], inverse.reshape(-1, 3).astype(np.int64), corner_normals[first]


def _smooth_normals(positions: Floats, triangles: Indices, weld: bool) -> tuple[Indices, Indices, Floats]:
    """As `computed_normals`, smooth across all edges: each place has one normal."""
    places = _places(positions)
    normals = _unit(_sums_at(places[triangles], _area_vectors(positions, triangles)))
    if weld:
        _, first_there = np.unique(places, return_index=True)
        triangles = first_there[places[triangles]]
    used = np.zeros(len(positions), dtype=bool)
    used[triangles] = True
    vertices = np.flatnonzero(used)
    return vertices, (np.cumsum(used) - 1)[triangles], normals[places[vertices]]


def repaired_normals(normals: Floats, positions: Floats, triangles: Indices) -> Floats:
    """(n, 3) unit normals: the given ones, and area-weighted ones where a given one is zero or not finite."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        lengths = exact.norm(normals)
        good = np.isfinite(lengths) & (lengths > 1e-20)
        unit: Floats = normals / lengths[:, None]
    if good.all():
        return unit
    smooth = _unit(_sums_at(triangles, _area_vectors(positions, triangles), len(positions)))
    return np.where(good[:, None], unit, smooth)


def _area_vectors(positions: Floats, triangles: Indices) -> Floats:
    """(m, 3): along each face's normal, as long as twice its area. Coordinates lie side by side in memory."""
    result = np.empty((3, len(triangles)))
    for some, a, b, c in corner_batches(positions, triangles):
        result[:, some] = crossed(b - a, c - a)
    return result.T


def _places(positions: Floats) -> Indices:
    """(n,): vertices at exactly the same place share a number."""
    # + 0.0 turns -0.0 into 0.0. One sort of 64-bit hashes is many times faster than one of rows.
    bits = np.ascontiguousarray(positions + 0.0).view(np.uint64)
    mixed = np.zeros(len(positions), dtype=np.uint64)
    for column in bits.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    _, inverse = np.unique(mixed, return_inverse=True)
    return inverse.reshape(-1)


def _sums_at(corners: Indices, face_vectors: Floats, count: int | None = None) -> Floats:
    """(k, 3): at each index of ``corners`` (m, 3), the sum of the vectors (m, 3) of the faces that have it."""
    size = int(corners.max()) + 1 if count is None else count
    flat = corners.reshape(-1)
    sums = [np.bincount(flat, weights=np.repeat(face_vectors[:, axis], 3), minlength=size) for axis in range(3)]
    return np.stack(sums, axis=1)


def _creased_normals(corners: Indices, area_vectors: Floats) -> Floats:
    """(m, 3, 3): at each corner, the sum of the area vectors of the faces around its place whose angle to the corner's
    face is below the crease angle."""
    face_of_corner = np.repeat(np.arange(len(corners)), 3)
    order = np.argsort(corners.reshape(-1), kind="stable")
    _, start, degree = np.unique(corners.reshape(-1)[order], return_index=True, return_counts=True)
    unit = _unit(area_vectors)
    result = area_vectors[face_of_corner].copy()
    for faces_around in np.unique(degree[(degree > 1) & (degree <= _MANY_FACES_AT_A_POINT)]):
        # All places with the same number of faces at once: (p, d) corners, compared (p, d, d).
        block = order[start[degree == faces_around][:, None] + np.arange(faces_around)]
        faces = face_of_corner[block]
        alike = exact.matmul(unit[faces], unit[faces].swapaxes(1, 2)) > exact.cos_deg(_CREASE_DEG)
        alike |= np.eye(faces_around, dtype=bool)
        summed = np.zeros((*faces.shape, 3))
        for around in range(faces_around):
            summed += alike[:, :, around, None] * area_vectors[faces[:, None, around]]
        result[block] = summed
    return result.reshape(-1, 3, 3)


def _unit(vectors: Floats) -> Floats:
    """The vectors (…, 3) at length 1; +Z for one without a direction."""
    lengths = exact.norm(vectors, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = vectors / lengths
    return np.where(lengths > 0, unit, np.array([0.0, 0.0, 1.0]))
