"""Textures on the device: mip-mapped, sRGB for colours, scaled down to a maximum size."""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Texture

if TYPE_CHECKING:
    import moderngl

__all__ = ["linear_from_srgb", "shrink", "srgb_from_linear", "upload"]

_SRGB8_ALPHA8 = 0x8C43
_GL_TEXTURE_2D, _GL_TEXTURE_WRAP_S, _GL_TEXTURE_WRAP_T, _GL_MIRRORED_REPEAT = 0x0DE1, 0x2802, 0x2803, 0x8370


@lru_cache(maxsize=1)
def linear_from_srgb() -> NDArray[np.float32]:
    """(256,): linear values of 8-bit sRGB; IEC 61966-2-1."""
    s = np.arange(256) / 255
    return np.where(s <= 0.04045, s / 12.92, exact.power((s + 0.055) / 1.055, 2.4)).astype(np.float32)


def srgb_from_linear(linear: NDArray[Any]) -> NDArray[np.float64]:
    """sRGB codes, 0 to 1, of linear values, which are clipped to that range; IEC 61966-2-1."""
    c = np.clip(np.asarray(linear, dtype=np.float64), 0, 1)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * exact.power(c, 1 / 2.4) - 0.055)


def shrink(pixels: NDArray[np.uint8], max_size: int, srgb: bool) -> NDArray[np.uint8]:
    """(h, w, 4): the image, scaled down by an integer factor so that neither side exceeds ``max_size``.

    Colours are averaged as linear light, not as sRGB codes. Opaque alpha is added if it is missing.
    """
    height, width, channels = pixels.shape
    factor = -(-max(height, width) // max_size)
    if factor > 1:
        pixels = _block_means(
            pixels[: max(height // factor, 1) * factor, : max(width // factor, 1) * factor], factor, srgb
        )
        height, width = pixels.shape[:2]
    if channels == 4:
        return np.ascontiguousarray(pixels)
    full = np.empty((height, width, 4), dtype=np.uint8)
    for channel in range(3):  # One channel at a time is four times as fast.
        full[..., channel] = pixels[..., channel]
    full[..., 3] = 255
    return full


def _block_means(pixels: NDArray[np.uint8], factor: int, srgb: bool) -> NDArray[np.uint8]:
    ys, xs = min(factor, pixels.shape[0]), min(factor, pixels.shape[1])
    to_light, to_code = _light_tables()
    if not srgb:
        to_light, to_code = _linear_tables()
    shape = (pixels.shape[0] // ys, pixels.shape[1] // xs, pixels.shape[2])
    total = np.zeros(shape, dtype=np.uint32)
    for y in range(ys):
        for x in range(xs):
            total += to_light[pixels[y::ys, x::xs][: shape[0], : shape[1]]]
    mean: NDArray[np.uint8] = to_code[total // (ys * xs)]
    if pixels.shape[2] == 4 and srgb:
        alpha = pixels[..., 3].reshape(shape[0], ys, shape[1], xs)
        mean[..., 3] = alpha.sum(axis=(1, 3), dtype=np.int64) / (ys * xs) + 0.5
    return mean


@lru_cache(maxsize=1)
def _light_tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Tables from sRGB codes to 16-bit linear light and back."""
    light = linear_from_srgb().astype(np.float64)
    middles = (light[1:] + light[:-1]) / 2
    codes = np.searchsorted(middles, np.arange(65536) / 65535)
    return (light * 65535 + 0.5).astype(np.uint16), codes.astype(np.uint8)


@lru_cache(maxsize=1)
def _linear_tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    steps = np.arange(65536)
    return (np.arange(256) * 257).astype(np.uint16), ((steps + 128) // 257).astype(np.uint8)


def upload(
    context: moderngl.Context, texture: Texture, srgb: bool, max_size: int, anisotropy: float
) -> moderngl.Texture:
    """A texture on the device, mip-mapped; ``anisotropy``: at most so many samples along a slanted footprint."""
    import moderngl

    pixels = shrink(texture.pixels, max_size, srgb)
    height, width = pixels.shape[:2]
    options: dict[str, Any] = {"internal_format": _SRGB8_ALPHA8} if srgb else {}
    made = context.texture((width, height), 4, pixels, alignment=4, **options)
    made.build_mipmaps()
    made.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
    made.anisotropy = anisotropy
    _wrap(made, texture.wrap)
    return made


def _wrap(made: moderngl.Texture, wrap: tuple[str, str]) -> None:
    made.repeat_x, made.repeat_y = (mode != "clamp" for mode in wrap)
    for mode, axis in zip(wrap, (_GL_TEXTURE_WRAP_S, _GL_TEXTURE_WRAP_T), strict=True):
        if mode == "mirror":  # which moderngl has no name for
            made.use(0)
            _gl().glTexParameteri(_GL_TEXTURE_2D, axis, _GL_MIRRORED_REPEAT)


@lru_cache(maxsize=1)
def _gl() -> ctypes.CDLL:
    """The OpenGL library itself; its calls go to the current context."""
    return ctypes.CDLL(find_library("GL") or "libGL.so.1")
