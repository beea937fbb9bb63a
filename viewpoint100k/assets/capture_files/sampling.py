"""Pictures looked at between their pixels, with operations that give the same bytes on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["sampled"]

_AT_ONCE = 2**14
"""Places that are looked at together, so that what is made of them stays in the cache."""


def sampled(pixels: NDArray[np.uint8], places: NDArray[np.float64], order: int) -> NDArray[np.uint8]:
    """(n, c) values of a picture (h, w, c) at ``places`` (n, 2), x and y counted from the centre of its first pixel.

    ``order`` is 0 for the nearest pixel, 1 for bilinear interpolation, rounded half up; beyond the edge the picture
    goes on as its edge. The same as ``scipy.ndimage.map_coordinates`` with the mode ``nearest``.
    """
    if order not in (0, 1):
        raise ValueError(f"order must be 0 or 1, not {order}")
    take = _bilinear if order else _nearest
    result = np.empty((len(places), pixels.shape[2]), dtype=np.uint8)
    for start in range(0, len(places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        result[part] = take(pixels, places[part])
    return result


def _nearest(pixels: NDArray[np.uint8], places: NDArray[np.float64]) -> NDArray[np.uint8]:
    column, row = (_inside(np.floor(places[:, axis] + 0.5), pixels.shape[1 - axis]) for axis in (0, 1))
    return np.asarray(pixels[row.astype(np.intp), column.astype(np.intp)])


def _bilinear(pixels: NDArray[np.uint8], places: NDArray[np.float64]) -> NDArray[np.uint8]:
    height, width, channels = pixels.shape
    x, y = _inside(places[:, 0], width), _inside(places[:, 1], height)
    column, row = np.floor(x), np.floor(y)
    right, down = (x - column)[:, None], (y - row)[:, None]
    first = row.astype(np.intp) * width + column.astype(np.intp)
    across = (column < width - 1).astype(np.intp)
    below = (row < height - 1).astype(np.intp) * width
    flat = pixels.reshape(-1, channels)
    upper = flat[first] * (1 - right) + flat[first + across] * right
    lower = flat[first + below] * (1 - right) + flat[first + below + across] * right
    return np.asarray(upper * (1 - down) + lower * down + 0.5).astype(np.uint8)


def _inside(place: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Places along an axis of so many pixels, those outside moved to the edge; NaN to the first."""
    return np.clip(np.nan_to_num(place), 0, size - 1)
