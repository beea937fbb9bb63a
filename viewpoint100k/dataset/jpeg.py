"""Encodes images. All images of a data set use the same settings."""

from __future__ import annotations

import numpy as np
import simplejpeg
from numpy.typing import NDArray

__all__ = ["encode_jpeg"]


def encode_jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """JPEG bytes of (h, w, 3) sRGB pixels; chroma is not subsampled."""
    return bytes(simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB", colorsubsampling="444"))
