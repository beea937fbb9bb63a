"""What surfaces are made of: metal, plastic, wood, ceramic, fabric, rubber, glass, leather, brick."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.procedural.chance import Random, pick
from viewpoint100k.assets.procedural.colors import BLACK, CHROME, GLASS, Color
from viewpoint100k.assets.procedural.pictures import Picture
from viewpoint100k.assets.procedural.waves import wave
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.mesh import Material, Texture

__all__ = [
    "any_wood",
    "brick",
    "ceramic",
    "chrome",
    "fabric",
    "glass",
    "glow",
    "leather",
    "metal",
    "paint",
    "plastic",
    "printed",
    "rubber",
    "tinted",
    "wood",
]

_WOODS: tuple[Color, ...] = (
    (0.78, 0.6, 0.4),
    (0.62, 0.42, 0.25),
    (0.42, 0.26, 0.15),
    (0.86, 0.74, 0.56),
    (0.55, 0.3, 0.2),
    (0.3, 0.2, 0.14),
)


@lru_cache(maxsize=1024)
def linear(color: Color) -> tuple[float, float, float, float]:
    """The opaque base colour factor of an sRGB colour."""
    r, g, b = (c / 12.92 if c <= 0.04045 else exact.power((c + 0.055) / 1.055, 2.4) for c in color)
    return (r, g, b, 1.0)


def plastic(color: Color, roughness: float = 0.42) -> Material:
    """Moulded plastic."""
    return Material(linear(color), roughness=roughness)


def paint(color: Color) -> Material:
    """Glossy lacquer, as on a car."""
    return Material(linear(color), metallic=0.1, roughness=0.28)


def ceramic(color: Color) -> Material:
    """Glazed stoneware."""
    return Material(linear(color), roughness=0.22)


def rubber(color: Color = BLACK) -> Material:
    """Tyres and soles."""
    return Material(linear(color), roughness=0.9)


def metal(color: Color, roughness: float = 0.38) -> Material:
    """Bare or anodised metal."""
    return Material(linear(color), metallic=0.85, roughness=roughness)


def chrome() -> Material:
    """Bright polished metal."""
    return metal(CHROME, 0.22)


def glass(color: Color = GLASS) -> Material:
    """A dark pane; opaque, as it looks in daylight from outside."""
    return Material(linear(color), metallic=0.2, roughness=0.08)


def glow(color: Color) -> Material:
    """A lamp or a lit display."""
    r, g, b, _ = linear(color)
    return Material((r, g, b, 1.0), roughness=0.4, emissive=(0.55 * r, 0.55 * g, 0.55 * b))


def printed(picture: Picture, roughness: float = 0.5, metallic: float = 0.0) -> Material:
    """A surface that shows a picture."""
    return Material(base_color_texture=picture.texture(), roughness=roughness, metallic=metallic)


def tinted(color: Color, grain: NDArray[np.float64], roughness: float, depth: float = 1.0) -> Material:
    """A colour that varies with a grain (h, w) of values about 0 to 1; meant to be tiled."""
    shown = np.asarray(color)[None, None] * (1 - depth * (1 - grain[..., None]))
    pixels = (np.clip(shown, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Material(base_color_texture=Texture(pixels), roughness=roughness)


def any_wood(random: Random) -> Material:
    """Some species of timber."""
    return wood(random, pick(random, _WOODS))


def wood(random: Random, color: Color, size: int = 128) -> Material:
    """Planed timber; the grain runs along u. One tile suits about half the object's size."""
    turn = np.arange(size) / size
    phase = random.uniform(0, 1, 4)
    u, v = turn[None, :], turn[:, None]
    bend = 0.9 * wave(u + phase[0]) + 0.45 * wave(2 * u + phase[1] + 0.8 / (2 * np.pi) * wave(v))
    rings = wave(random.integers(4, 9) * v + (bend + 1.1 * wave(v + phase[2])) / (2 * np.pi))
    fibres = random.random((size, 1)) * 0.14 + np.repeat(random.random((size, size // 8)), 8, axis=1) * 0.07
    grain = 0.86 + 0.07 * rings - fibres
    return tinted(color, grain, 0.62)


def fabric(random: Random, color: Color) -> Material:
    """Woven cloth; one tile suits a tenth of the object's size."""
    threads = np.arange(64)
    weave = 0.5 + 0.5 * wave(threads / 8)
    over = ((threads[:, None] // 8 + threads[None, :] // 8) % 2).astype(np.float64)
    grain = 0.8 + 0.2 * np.where(over > 0, weave[:, None], weave[None, :]) - 0.08 * random.random((64, 64))
    return tinted(color, grain, 0.95)


def leather(color: Color) -> Material:
    """Soft, half matt hide."""
    return Material(linear(color), roughness=0.5)


def brick(random: Random, color: Color, mortar: Color = (0.75, 0.72, 0.68)) -> Material:
    """A wall in stretcher bond; a tile is 8 courses high."""
    size, course, length = 128, 16, 32
    rows, columns = np.arange(size)[:, None], np.arange(size)[None, :]
    shifted = (columns + (rows // course % 2) * (length // 2)) % size
    tone = random.uniform(0.75, 1.05, (size // course, size // length))[rows // course, shifted // length]
    joint = (rows % course < 2) | (shifted % length < 2)
    pixels = np.where(joint[..., None], np.asarray(mortar), np.asarray(color) * tone[..., None])
    return Material(base_color_texture=Texture((np.clip(pixels, 0, 1) * 255).astype(np.uint8)), roughness=0.9)
