"""Colours that go together. All are sRGB, 0 to 1."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

from viewpoint100k.assets.procedural.chance import Random, chance, pick

__all__ = [
    "BLACK",
    "CHROME",
    "CREAM",
    "DARK",
    "GLASS",
    "WHITE",
    "Color",
    "Palette",
    "brightness",
    "contrast",
    "palette",
    "shade",
    "vivid",
]

Color = tuple[float, float, float]

WHITE: Color = (0.95, 0.95, 0.94)
CREAM: Color = (0.93, 0.88, 0.76)
BLACK: Color = (0.06, 0.06, 0.07)
DARK: Color = (0.16, 0.17, 0.19)
GLASS: Color = (0.16, 0.24, 0.31)
CHROME: Color = (0.82, 0.83, 0.85)

_NEUTRALS: tuple[Color, ...] = (WHITE, CREAM, (0.72, 0.73, 0.75), (0.45, 0.47, 0.5), (0.22, 0.23, 0.26))


@dataclass(frozen=True)
class Palette:
    """Three colours that stand apart from each other."""

    main: Color
    second: Color
    accent: Color


def palette(random: Random, main: Color | None = None) -> Palette:
    """A palette around ``main`` (drawn where it is not given); each colour is the clearest of several draws."""
    first = _any_color(random) if main is None else main
    second = max((_any_color(random) for _ in range(4)), key=lambda c: contrast(c, first))
    accent = max((vivid(random) for _ in range(7)), key=lambda c: min(contrast(c, first), contrast(c, second)))
    return Palette(first, second, accent)


def vivid(random: Random) -> Color:
    """A saturated colour of any hue."""
    hue, saturation, value = random.random(), random.uniform(0.6, 0.95), random.uniform(0.6, 0.98)
    return colorsys.hsv_to_rgb(hue, saturation, value)


def shade(color: Color, factor: float) -> Color:
    """Darker below 1; above it lighter, towards white."""
    if factor <= 1:
        return (color[0] * factor, color[1] * factor, color[2] * factor)
    t = 1 - 1 / factor
    return (color[0] + (1 - color[0]) * t, color[1] + (1 - color[1]) * t, color[2] + (1 - color[2]) * t)


def contrast(a: Color, b: Color) -> float:
    """How far apart two colours look, about 0 to 1.7: lightness counts most."""
    red, green, blue = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    lightness = 0.3 * red + 0.59 * green + 0.11 * blue
    return math.sqrt(red * red + green * green + blue * blue) + 0.5 * abs(lightness)


def brightness(color: Color) -> float:
    """The sum of the three channels, 0 to 3: what is printed on a bright colour is dark."""
    return color[0] + color[1] + color[2]


def _any_color(random: Random) -> Color:
    if chance(random, 0.25):
        return pick(random, _NEUTRALS)
    hue, saturation, value = random.random(), random.uniform(0.3, 0.9), random.uniform(0.35, 0.95)
    return colorsys.hsv_to_rgb(hue, saturation, value)
