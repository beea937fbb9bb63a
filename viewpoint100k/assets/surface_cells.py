"""Merges the small triangles of dense meshes by the cells of a grid, so that a mesh of millions costs no more than one
of a hundred thousand. What is merged does not depend on how the surface is cut into triangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.mesh import Primitive
from viewpoint100k.geometry.triangles import corner_batches, crossed, squared_lengths

__all__ = ["Triangles", "measured", "merged", "sampled"]

_CELLS = 2**10
"""Cells along each axis. What lies beyond is in the outermost."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Triangles:
    """Triangles of one primitive. Lengths and places are relative to the mesh's centroid."""

    middles: Floats
    """(3, m): x, y and z of their centres."""
    areas: Floats
    """(m,)"""
    longest: Floats
    """(m,): square of the longest edge."""
    distances: Floats
    """(m,): mean square distance of the corners from the centroid."""


def measured(primitive: Primitive, centroid: NDArray[np.float64]) -> Triangles:
    """Measures all triangles of a primitive."""
    places = (primitive.positions - centroid).astype(np.float32)
    count = len(primitive.triangles)
    result = Triangles(np.empty((3, count), np.float32), *(np.empty(count, np.float32) for _ in range(3)))
    for some, a, b, c in corner_batches(places, primitive.triangles):
        u, v, w = b - a, c - a, c - b
        result.middles[:, some] = (a + b + c) / np.float32(3)
        result.areas[some] = np.sqrt(squared_lengths(*crossed(u, v))) / np.float32(2)
        result.longest[some] = np.maximum.reduce([squared_lengths(*edge) for edge in (u, v, w)])
        result.distances[some] = (squared_lengths(*a) + squared_lengths(*b) + squared_lengths(*c)) / np.float32(3)
    return result


def merged(middles: Floats, areas: Floats, side: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The triangles in each cell of a grid as one point: their centre of mass (k, 3) and their area (k,).

    Args:
        middles: (3, m) centres.
        areas: (m,).
        side: length of a cell.
    """
    keys = np.zeros(middles.shape[1], dtype=np.uint32)
    for axis in middles:
        place = np.floor(axis / np.float32(side)) + np.float32(_CELLS // 2)
        keys = keys * np.uint32(_CELLS) + np.clip(place, 0, _CELLS - 1).astype(np.uint32)
    cells, inverse = np.unique(keys, return_inverse=True)
    whole = np.bincount(inverse, weights=areas, minlength=len(cells))
    moments = [np.bincount(inverse, weights=axis * areas, minlength=len(cells)) for axis in middles]
    there = whole > 0
    centers = np.stack(moments, axis=1)[there] / whole[there, None]
    return centers, np.asarray(whole[there], dtype=np.float64)


def sampled(count: int, stretch: int) -> NDArray[np.int64]:
    """Indices of some of ``count`` things: one of each ``stretch``, at a place that looks random."""
    starts = np.arange(0, count, stretch)
    chance = (np.arange(len(starts)) * 0x9E3779B1 & 0xFFFFFFFF) * stretch >> 32
    return np.minimum(starts + chance, count - 1)
