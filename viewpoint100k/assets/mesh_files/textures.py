"""Decodes textures to small uint8 arrays, and converts colours to linear floats."""

from __future__ import annotations

import io
import warnings
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from viewpoint100k.assets.mesh_files.ktx2 import is_ktx2, png_of_ktx2
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact

__all__ = ["decode_texture", "srgb_to_linear"]

_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "BMP", "GIF", "TGA", "TIFF")
"""Allowed image formats. Some other decoders of Pillow are unsafe: that of EPS runs an interpreter."""
_SIXTEEN_BIT_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N")


def decode_texture(data: bytes, name: str, limits: MeshLimits, *, alpha: bool) -> NDArray[np.uint8]:
    """Decodes an image file to (h, w, 3), or (h, w, 4) where ``alpha`` is wanted and the image has any.

    A picture whose longer side exceeds ``limits.max_texture_size`` is scaled down, proportions kept; a JPEG is decoded
    at the smaller size in the first place. Colour profiles and EXIF rotation are ignored, as glTF demands. Raises
    ``AssetError``: ``texture_too_large`` from the header alone, ``texture_unreadable``.
    """
    if is_ktx2(data):
        data = png_of_ktx2(data, name, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                return _shrunken_pixels(image, name, limits, alpha)
    except Image.DecompressionBombError as error:
        raise AssetError("texture_too_large", f"the texture {name} is too large: {error}") from error
    except AssetError:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and more.
        raise AssetError("texture_unreadable", f"the texture {name} cannot be decoded: {error}") from error


def srgb_to_linear(values: ArrayLike) -> NDArray[np.float64]:
    """Linear intensities of sRGB values, both in [0, 1] (IEC 61966-2-1)."""
    srgb = np.clip(np.asarray(values, dtype=np.float64), 0.0, 1.0)
    # Powers are slow, and nearly all values are bytes.
    byte = np.round(np.nan_to_num(srgb) * 255).astype(np.intp)
    other = byte / 255 != srgb
    linear = np.asarray(_linear_bytes()[byte])
    linear[other] = _linear(srgb[other])
    return linear


@cache
def _linear_bytes() -> NDArray[np.float64]:
    """(256,): linear intensities of sRGB bytes."""
    return _linear(np.arange(256) / 255)


def _linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(srgb <= 0.04045, srgb / 12.92, exact.power((srgb + 0.055) / 1.055, 2.4))


def _shrunken_pixels(image: Image.Image, name: str, limits: MeshLimits, alpha: bool) -> NDArray[np.uint8]:
    width, height = image.size
    if width * height > limits.max_texture_pixels:
        raise AssetError(
            "texture_too_large",
            f"the texture {name} has {width}x{height} pixels, more than {limits.max_texture_pixels:,} in all",
        )
    scale = min(1.0, limits.max_texture_size / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image.draft("RGB", size)  # The JPEG decoder's own reduction by 2, 4 or 8; nothing for other formats.
    if image.mode in _SIXTEEN_BIT_MODES:
        # Pillow's own conversion clips 16 bits at 255 instead of scaling them.
        high_byte = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        image = Image.fromarray(high_byte)
    has_alpha = alpha and (image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info)
    mode = "RGBA" if has_alpha or "transparency" in image.info else "RGB"
    flat = image if image.mode == mode else image.convert(mode)  # Pillow would copy one that has it already.
    # Colour and alpha are resized apart: together, Pillow weights by alpha and turns what is transparent black.
    color = _resized(flat if flat.mode == "RGB" else flat.convert("RGB"), size)
    if not has_alpha:
        return np.asarray(color)
    return np.dstack([np.asarray(color), np.asarray(_resized(flat.getchannel("A"), size))])


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
