"""CIELAB and CIE 1976 delta E of images, in single precision, with operations that give equal results everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["blurred", "lab", "lengths"]

Singles = NDArray[np.float32]

_STEPS = 8192
"""Entries in the table of CIELAB's f. Linear interpolation between two entries is off by 1e-6 at most."""

_XYZ_FROM_RGB = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
"""Linear sRGB to CIE XYZ, IEC 61966-2-1. White is the sum of each row."""


def lab(pixels: NDArray[np.uint8]) -> Singles:
    """CIELAB (D65, CIE 15:2004) of sRGB pixels (..., 3); L in 0 to 100."""
    red, green, blue = (_SRGB_TO_LINEAR[pixels[..., channel]] for channel in range(3))
    f = [_f((red * r + green * g + blue * b) / (r + g + b)) for r, g, b in _SINGLE_ROWS]
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])], axis=-1)


def lengths(vectors: Singles) -> Singles:
    """(...) from (..., 3): vector lengths; for a difference of two colours, CIE 1976 delta E."""
    squares: Singles = vectors[..., 0] * vectors[..., 0]
    squares = squares + vectors[..., 1] * vectors[..., 1]
    return np.sqrt(squares + vectors[..., 2] * vectors[..., 2])


def blurred(images: Singles, sigma: float) -> Singles:
    """(n, h, w, c): a Gaussian blur of ``sigma`` pixels; the image is continued by reflection at its edges."""
    return exact.gaussian_blur(exact.gaussian_blur(images, sigma, axis=1), sigma, axis=2).astype(np.float32, copy=False)


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
