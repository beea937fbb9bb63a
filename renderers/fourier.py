"""A discrete Fourier transform with the same bits on every machine; the last bit of NumPy's depends on the CPU."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["real_field", "waves"]

Floats = NDArray[np.floating]

_TOGETHER = 64
"""Columns that are transformed together: few enough for the cache of a core."""


def real_field(real: Floats, imaginary: Floats, cosines: Floats, sines: Floats) -> Floats:
    """(n, n): the real part of the inverse transform of a spectrum (n, n), without its factor 1 / n^2; n a power of 2.

    ``cosines`` and ``sines`` (n - 1,) are those of `waves`. All arrays have one dtype, float32 or float64.

    Cooley and Tukey (1965), with separate real and imaginary parts, because compilers may fuse complex products.
    """
    assert len(real) & (len(real) - 1) == 0, "the length is a power of two"
    for _ in range(2):
        turned_real, turned_imaginary = np.empty_like(real), np.empty_like(real)
        for start in range(0, len(real), _TOGETHER):
            columns = slice(start, start + _TOGETHER)
            re, im = _transformed(real[:, columns], imaginary[:, columns], cosines, sines)
            turned_real[columns], turned_imaginary[columns] = re.T, im.T
        real, imaginary = turned_real, turned_imaginary
    return real


def _transformed(real: Floats, imaginary: Floats, cosines: Floats, sines: Floats) -> tuple[Floats, Floats]:
    """The inverse transform of columns (n, m), by Stockham's order of the steps, which needs no reversal of bits."""
    n, m = real.shape
    re, im = (np.ascontiguousarray(part).reshape(n, 1, m) for part in (real, imaginary))
    while len(re) > 1:
        half, done = len(re) // 2, re.shape[1]
        first = n - 2 * half
        cosine, sine = (waves[first : first + half, None, None] for waves in (cosines, sines))
        (a, b), (c, d) = (re[:half], im[:half]), (re[half:], im[half:])
        over, under = a - c, b - d
        re, im = np.empty((half, 2 * done, m), real.dtype), np.empty((half, 2 * done, m), real.dtype)
        np.add(a, c, out=re[:, :done])
        np.add(b, d, out=im[:, :done])
        np.subtract(over * cosine, under * sine, out=re[:, done:])
        np.add(over * sine, under * cosine, out=im[:, done:])
    return re.reshape(n, m), im.reshape(n, m)


@lru_cache(maxsize=4)
def waves(n: int, dtype: np.dtype[np.floating]) -> tuple[Floats, Floats]:
    """(n - 1,) each: cosines and sines of half a turn in n / 2, n / 4 ... 1 steps, one after another."""
    halves = [n >> k for k in range(1, n.bit_length())]
    turns = np.concatenate([180.0 * np.arange(half) / half for half in halves] or [np.empty(0)])
    return exact.cos_deg(turns).astype(dtype), exact.sin_deg(turns).astype(dtype)
