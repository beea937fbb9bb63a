"""CIELAB and CIE 1976 delta E of images, in single precision, with operations that give equal results everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.runtime.compiled import compiled

__all__ = ["CIELAB_TABLES", "blurred", "cielab", "lab", "lengths"]

Singles = NDArray[np.float32]

_STEPS = 8192
"""Entries in the table of CIELAB's f. Linear interpolation between two entries is off by 1e-6 at most."""

_XYZ_FROM_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
"""Linear sRGB to CIE XYZ, IEC 61966-2-1. White is the sum of each row."""


def lab(pixels: NDArray[np.uint8]) -> Singles:
    """CIELAB (D65, CIE 15:2004) of sRGB pixels (..., 3); L in 0 to 100."""
    return cielab(pixels.reshape(-1, 3), *CIELAB_TABLES).reshape(pixels.shape)


@compiled
def cielab(pixels: NDArray[np.uint8], linear: Singles, f_table: Singles, xyz_from_rgb: Singles) -> Singles:
    """CIELAB (n, 3) of sRGB pixels (n, 3).

    Args:
        linear: (256,), the linear values of the codes.
        f_table: CIELAB's f at equal steps from 0 to 1.
        xyz_from_rgb: (3, 3), linear sRGB to CIE XYZ; white is the sum of each row.
    """
    red, green, blue = (linear[pixels[:, channel]] for channel in range(3))
    f = [_f((red * r + green * g + blue * b) / (r + g + b), f_table) for r, g, b in xyz_from_rgb]
    return np.stack([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])], axis=-1)


def lengths(vectors: Singles) -> Singles:
    """(...) from (..., 3): vector lengths; for a difference of two colours, CIE 1976 delta E."""
    squares: Singles = vectors[..., 0] * vectors[..., 0]
    squares = squares + vectors[..., 1] * vectors[..., 1]
    return np.sqrt(squares + vectors[..., 2] * vectors[..., 2])


def blurred(images: Singles, sigma: float) -> Singles:
    """(n, h, w, c): a Gaussian blur of ``sigma`` pixels; the image is continued by reflection at its edges."""
    return exact.gaussian_blur(exact.gaussian_blur(images, sigma, axis=1), sigma, axis=2).astype(np.float32, copy=False)


def _f(relative: Singles, table: Singles) -> Singles:
    """CIELAB's f of values from 0 to 1, from its table."""
    steps = len(table) - 1
    place = relative * np.float32(steps)
    below = np.minimum(place.astype(np.int32), steps - 1)
    start = table[below]
    value: Singles = start + (place - below.astype(np.float32)) * (table[below + 1] - start)
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


CIELAB_TABLES = (_srgb_to_linear(), _f_table(), _XYZ_FROM_RGB)
"""The last three arguments of `cielab`."""
