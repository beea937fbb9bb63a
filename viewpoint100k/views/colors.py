"""CIELAB and CIE 1976 delta E of pictures, in single precision and in operations that are the same on every machine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["blurred", "lab", "lengths"]

Singles = NDArray[np.float32]

_STEPS = 8192
"""Of the table of CIELAB's f. Between two entries the line is off by 1e-6 at most."""

_XYZ_FROM_RGB = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
"""Linear sRGB to CIE XYZ, IEC 61966-2-1. White is the sum of each row."""


def lab(pixels: NDArray[np.uint8]) -> Singles:
    """CIELAB (D65, CIE 15:2004) of sRGB pixels (..., 3); L in 0 to 100."""
    red, green, blue = (_SRGB_TO_LINEAR[pixels[..., channel]] for channel in range(3))
    f = [_f((red * r + green * g + blue * b) / (r + g + b)) for r, g, b in _SINGLE_ROWS]
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])], axis=-1)


def lengths(vectors: Singles) -> Singles:
    """(...) from (..., 3): of the difference of two colours, CIE 1976 delta E."""
    squares: Singles = vectors[..., 0] * vectors[..., 0]
    squares = squares + vectors[..., 1] * vectors[..., 1]
    return np.sqrt(squares + vectors[..., 2] * vectors[..., 2])


def blurred(images: Singles, sigma: float) -> Singles:
    """(n, h, w, c): a Gaussian blur of ``sigma`` pixels; beyond its edge an image goes on as its mirror image."""
    weights = _gaussian(sigma)
    return _weighted_neighbours(_weighted_neighbours(images, weights, axis=1), weights, axis=2)


def _weighted_neighbours(images: Singles, weights: Singles, axis: int) -> Singles:
    """Sums along ``axis`` of each entry and its neighbours, the middle one first, then pair by pair outwards."""
    reach, count = len(weights) // 2, images.shape[axis]
    padding = [(0, 0)] * images.ndim
    padding[axis] = (reach, reach)
    wide = np.moveaxis(np.pad(images, padding, mode="symmetric"), axis, 0)
    summed = wide[reach : reach + count] * weights[reach]
    for away in range(1, reach + 1):
        pair = wide[reach - away : reach - away + count] + wide[reach + away : reach + away + count]
        summed += pair * weights[reach + away]
    return np.moveaxis(summed, 0, axis)


@lru_cache(maxsize=4)
def _gaussian(sigma: float) -> Singles:
    """(2 r + 1,): weights whose sum is 1, out to four sigma."""
    reach = int(4 * sigma + 0.5)
    away = np.arange(-reach, reach + 1) / sigma
    weights = exact.exp(-0.5 * away * away)
    return np.asarray(weights / exact.total(weights)).astype(np.float32)


def _f(relative: Singles) -> Singles:
    """CIELAB's f of values from 0 to 1, from its table."""
    place = relative * np.float32(_STEPS)
    below = np.minimum(place.astype(np.int32), _STEPS - 1)
    start = _F[below]
    value: Singles = start + (place - below.astype(np.float32)) * (_F[below + 1] - start)
    return value


def _f_table() -> Singles:
    """f at 0, 1 / _STEPS, ... 1."""
    relative = np.arange(_STEPS + 1) / _STEPS
    knee = 6 / 29
    line = relative / (3 * knee * knee) + 4 / 29
    return np.where(relative > knee * knee * knee, exact.cbrt(relative), line).astype(np.float32)


def _srgb_to_linear() -> Singles:
    """IEC 61966-2-1, for each of the 256 values."""
    value = np.arange(256) / 255
    return np.where(value <= 0.04045, value / 12.92, exact.power((value + 0.055) / 1.055, 2.4)).astype(np.float32)


_F = _f_table()
_SRGB_TO_LINEAR = _srgb_to_linear()
_SINGLE_ROWS = tuple(tuple(np.float32(entry) for entry in row) for row in _XYZ_FROM_RGB)
