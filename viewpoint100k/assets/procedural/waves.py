"""Sine waves in pictures, from a table: many times faster than sines to the last bit, and alike to the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["wave"]

_PLACES = 4096
_SINES = exact.sin_deg((np.arange(_PLACES) + 0.5) * (360 / _PLACES))


def wave(turns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sines of angles that are given in turns, to 0.0008."""
    return np.asarray(_SINES[np.floor(turns * _PLACES).astype(np.int64) & (_PLACES - 1)])
