"""Properties of a mesh's triangles for rendering: orientation, closedness and fineness. Pure NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["area_share", "encloses", "facing_outwards", "is_fine"]

Positions = NDArray[np.float32]
Triangles = NDArray[np.uint32]

_LONGEST_EDGE = 0.12
"""Largest edge of a fine triangle, radii."""
_LONGEST_CURVED_EDGE = 0.05
"""Largest edge of a fine triangle with different normals: a dozen pixels in an image."""
_CURVED = exact.cos_deg(25.0)
"""Smallest cosine between the normals at both ends of an edge that counts as flat."""
_COARSE_SHARE = 0.02
"""Largest share of a fine surface's area in coarse triangles."""


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


def encloses(positions: Positions, triangles: Triangles) -> bool:
    """True if the surface is closed and faces outwards, so that no back face is visible from outside.

    After vertices at the same place are merged, every directed edge must occur as often as its opposite, and each
    connected piece must enclose a positive volume. (A closed inner wall that faces inwards counts as open here.)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    places = _places(positions)
    corners = places[triangles]
    start, end = corners.ravel(), np.roll(corners, -1, axis=1).ravel()
    count = int(places.max()) + 1
    if not np.array_equal(np.sort(start * count + end), np.sort(end * count + start)):
        return False
    links = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(count, count))
    pieces, piece_of_place = connected_components(links, directed=False)
    piece = piece_of_place[corners[:, 0]]
    sums = np.stack([np.bincount(piece_of_place[places], axis, pieces) for axis in positions.T], axis=1)
    middles = sums / np.bincount(piece_of_place[places], minlength=pieces)[:, None]
    a, b, c = (positions[triangles[:, k]] - middles[piece] for k in range(3))
    volumes = np.bincount(piece, exact.dot(a, np.cross(b, c)), pieces)
    used = np.unique(piece)
    return bool((volumes[used] > 0).all())


def is_fine(positions: Positions, normals: NDArray[np.float32], triangles: Triangles) -> bool:
    """True if triangles are so small or flat that light can be computed only at their corners.

    ``positions`` (n, 3) are in radii of the object; ``normals`` (n, 3) have any length.
    """
    squares = exact.dot(normals, normals)
    unit = normals / np.sqrt(np.maximum(squares, 1e-24))[:, None]
    coarse = np.zeros(len(triangles), dtype=bool)
    for one, two in ((0, 1), (1, 2), (2, 0)):
        a, b = triangles[:, one], triangles[:, two]
        edge = positions[a] - positions[b]
        curved = exact.dot(unit[a], unit[b]) < _CURVED
        longest = np.where(curved, _LONGEST_CURVED_EDGE * _LONGEST_CURVED_EDGE, _LONGEST_EDGE * _LONGEST_EDGE)
        coarse |= exact.dot(edge, edge) > longest
    return area_share(positions, triangles, coarse) <= _COARSE_SHARE


def area_share(positions: Positions, triangles: Triangles, chosen: NDArray[np.bool_]) -> float:
    """Share of the surface area in the ``chosen`` (m,) triangles, 0 to 1."""
    if not chosen.any():
        return 0.0
    areas = exact.norm(_doubled_areas(positions, triangles))
    return float(exact.total(areas[chosen]) / max(float(exact.total(areas)), 1e-30))


def _doubled_areas(positions: Positions, triangles: Triangles) -> NDArray[np.float32]:
    """(m, 3): vectors along each triangle's normal with twice its area as length."""
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    (x, y, z), (u, v, w) = (b - a).T, (c - a).T
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1)


def _places(positions: Positions) -> NDArray[np.int64]:
    """(n,): a number for each vertex that is equal for vertices at exactly the same place."""
    bits = (positions + np.float32(0)).view(np.uint32).astype(np.uint64)  # -0 becomes 0
    # A hash with three odd multipliers: with a few million places, about one mesh in a million has a collision.
    first, second, third = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
    mixed = bits[:, 0] * first + bits[:, 1] * second + bits[:, 2] * third
    mixed ^= mixed >> np.uint64(29)
    return np.asarray(np.unique(mixed, return_inverse=True)[1], dtype=np.int64)


def _mean_faces(count: int, triangles: Triangles, faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 3): direction of the sum of the normals of each vertex's faces; straight up if they cancel."""
    sums = np.zeros((count, 3), dtype=np.float32)
    for corner in range(3):
        np.add.at(sums, triangles[:, corner], faces)
    lengths = exact.norm(sums, keepdims=True)
    return np.where(lengths > 0, sums / np.maximum(lengths, 1e-30), [0.0, 0.0, 1.0]).astype(np.float32)
