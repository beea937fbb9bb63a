"""Goes through the corners of many triangles, a batch at a time, with coordinates side by side in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["corner_batches", "crossed", "squared_lengths"]

_AT_ONCE = 2**13
"""Triangles in one batch, small enough for the CPU cache."""

Float = TypeVar("Float", np.float32, np.float64)


def corner_batches(
    positions: NDArray[Float], triangles: NDArray[Any]
) -> Iterator[tuple[slice, NDArray[Float], NDArray[Float], NDArray[Float]]]:
    """Yields which triangles a batch holds, and x, y and z, (3, k), of their first, second and third corners.

    Args:
        positions: (n, 3).
        triangles: (m, 3), indices into ``positions``.

    Raises ``IndexError`` for an index out of range.
    """
    columns = np.ascontiguousarray(positions.T)
    for start in range(0, len(triangles), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        a, b, c = np.ascontiguousarray(triangles[some].T).astype(np.intp)
        # Unlike indexing, `take` copies long rows of numbers without a detour.
        yield some, columns.take(a, axis=1), columns.take(b, axis=1), columns.take(c, axis=1)


def crossed(u: NDArray[Float], v: NDArray[Float]) -> tuple[NDArray[Float], NDArray[Float], NDArray[Float]]:
    """x, y and z of the cross products of vectors (3, k), in their own precision."""
    return u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]


def squared_lengths(x: NDArray[Float], y: NDArray[Float], z: NDArray[Float]) -> NDArray[Float]:
    """(k,): squared lengths of vectors, in their own precision."""
    return np.asarray(x * x + y * y + z * z)
