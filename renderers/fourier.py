"""A discrete Fourier transform with the same bits on every machine; the last bit of NumPy's depends on the CPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["real_field"]

Floats = NDArray[np.floating]


def real_field(real: Floats, imaginary: Floats) -> Floats:
    """(n, n): the real part of the inverse transform of a spectrum (n, n), without its factor 1 / n^2; n a power of 2.

    Of the dtype of its parts, float32 or float64.

    Cooley and Tukey (1965), with separate real and imaginary parts, because compilers may fuse complex products.
    """
    for axis in (0, 1):
        real, imaginary = _transformed(np.moveaxis(real, axis, 0), np.moveaxis(imaginary, axis, 0))
        real, imaginary = np.moveaxis(real, 0, axis), np.moveaxis(imaginary, 0, axis)
    return real


def _transformed(real: Floats, imaginary: Floats) -> tuple[Floats, Floats]:
    """The inverse transform along the first axis, by Stockham's order of the steps, which needs no reversal of bits."""
    n = len(real)
    assert n & (n - 1) == 0, "the length is a power of two"
    shape = real.shape[1:]
    re, im = real.reshape(n, 1, *shape), imaginary.reshape(n, 1, *shape)
    while len(re) > 1:
        half = len(re) // 2
        turns = 180.0 * np.arange(half) / half
        waves = exact.cos_deg(turns), exact.sin_deg(turns)
        cosine, sine = (w.astype(real.dtype).reshape(half, 1, *([1] * len(shape))) for w in waves)
        (a, b), (c, d) = (re[:half], im[:half]), (re[half:], im[half:])
        difference = a - c, b - d
        turned_re = difference[0] * cosine - difference[1] * sine
        turned_im = difference[0] * sine + difference[1] * cosine
        re = np.concatenate([a + c, turned_re], axis=1)
        im = np.concatenate([b + d, turned_im], axis=1)
    return re.reshape(n, *shape), im.reshape(n, *shape)
