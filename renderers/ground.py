"""The appearance of the ground: tileable two-channel patterns and their colours."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from renderers.fourier import real_field, waves
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.seeding import generator

__all__ = [
    "PATTERNS",
    "PATTERN_SIZE",
    "GroundLook",
    "choose_ground",
    "noise_from_waves",
    "paint_pattern",
    "pattern_bytes",
    "wave_amplitudes",
]

Floats = NDArray[np.floating]

PATTERN_SIZE = 512
"""Texels along each side of a pattern."""


@dataclass(frozen=True, eq=False)
class GroundLook:
    """The ground of one stage. Each texel of the pattern selects one of two colours and a brightness."""

    pattern: str
    """A key of `PATTERNS`."""
    color_0: NDArray[np.float64]
    """(3,): linear albedo where the pattern is 0."""
    color_1: NDArray[np.float64]
    """(3,): linear albedo where the pattern is 1."""
    pattern_from_ground: NDArray[np.float64]
    """(2, 2): from positions on the ground (radii) to texture coordinates."""
    fade: tuple[float, float]
    """Distances from the object, in radii, between which the ground fades into the background."""

    @property
    def mean_color(self) -> NDArray[np.float64]:
        """(3,): approximate mean colour."""
        return (self.color_0 + self.color_1) / 2


def choose_ground(rng: np.random.Generator, object_luminance: float) -> GroundLook:
    """Chooses a ground for an object of this mean luminance: clearly lighter than a dark object, and the reverse."""
    names = list(PATTERNS)
    name = names[int(rng.integers(len(names)))]
    pattern = PATTERNS[name]
    draw, other = rng.random(), rng.random()
    if object_luminance < 0.12:
        luminance = 0.3 + 0.3 * draw
    elif object_luminance < 0.35:
        luminance = 0.42 + 0.2 * draw if other < 0.75 else 0.1 + 0.06 * draw
    else:
        luminance = 0.14 + 0.16 * draw
    hue = rng.uniform(*pattern.hues) % 1.0
    saturation = rng.uniform(*pattern.saturations)
    contrast = rng.uniform(*pattern.contrasts)
    colors = []
    for sign in (-1, 1):
        turned = (hue + sign * rng.uniform(0, 0.02)) % 1.0
        color = np.array(colorsys.hsv_to_rgb(turned, saturation, 1.0))
        wanted = luminance * (1 + sign * contrast)
        colors.append(np.minimum(color * wanted / exact.dot(color, [0.2126, 0.7152, 0.0722]), 0.85))
    if rng.random() < 0.5:
        colors.reverse()
    sine, cosine = exact.sincos(float(rng.uniform(0, 2 * np.pi)))
    scale = 1 / rng.uniform(*pattern.sizes)
    turn = scale * np.array([[cosine, -sine], [sine, cosine]])
    fade_start = rng.uniform(4.0, 7.0)
    return GroundLook(name, colors[0], colors[1], turn, (fade_start, fade_start * rng.uniform(2.2, 4.0)))


@dataclass(frozen=True)
class _Pattern:
    paint: Callable[[np.random.Generator], tuple[Floats, Floats]]
    """Returns the colour index and the brightness around 1, (n, n) each."""
    sizes: tuple[float, float]
    """Size of one tile of the pattern on the ground, radii."""
    hues: tuple[float, float] = (0.0, 1.0)
    saturations: tuple[float, float] = (0.0, 0.25)
    contrasts: tuple[float, float] = (0.05, 0.2)


def paint_pattern(name: str) -> NDArray[np.uint8]:
    """(n, n, 2): the pattern's colour index and half its brightness. It depends only on the name."""
    choice, brightness = PATTERNS[name].paint(generator("ground pattern", name))
    return pattern_bytes(np.ascontiguousarray(choice), np.ascontiguousarray(brightness))


@compiled
def pattern_bytes(choice: Floats, brightness: Floats) -> NDArray[np.uint8]:
    """(n, n, 2): bytes of a colour index (n, n) and of half a brightness (n, n)."""
    channels = np.stack([choice, brightness / 2], axis=-1)
    return np.asarray(np.clip(channels, 0, 1) * 255 + 0.5, dtype=np.uint8)


def _noise(rng: np.random.Generator, fall: float, stretch: tuple[float, float] = (1, 1), cut: float = 256) -> Floats:
    """(n, n): periodic noise of deviation 1 whose amplitude falls with frequency to the power ``fall``."""
    n = PATTERN_SIZE
    knots = np.concatenate([np.arange(0, 64, 1 / 16), np.arange(64, 3 * cut + 1)])
    table = exact.power(np.maximum(knots, 1), -fall) * exact.exp(-(knots / cut) * (knots / cut))
    amplitudes = wave_amplitudes(knots, table, n // 2, stretch)
    # The sum of so many waves is normally distributed, whatever the distribution of each.
    real, imaginary = (rng.random((n, n), np.float32) for _ in range(2))
    return noise_from_waves(real, imaginary, amplitudes, *waves(n, real.dtype))


@compiled
def wave_amplitudes(
    knots: NDArray[np.float64], table: NDArray[np.float64], half: int, stretch: tuple[float, float]
) -> Floats:
    """(half + 1, half + 1): amplitudes of waves by their frequencies along both axes, which ``stretch`` multiplies.

    ``table`` (k,) has the amplitudes at the frequencies ``knots`` (k,), ascending from 0. A constant has none.
    """
    line = np.arange(half + 1)
    fy, fx = line[:, None] * stretch[0], line[None] * stretch[1]
    frequency = np.sqrt((fx * fx + fy * fy).astype(np.float64))
    return np.where(frequency > 0, exact.interpolate(frequency, knots, table), 0).astype(np.float32)


@compiled
def noise_from_waves(real: Floats, imaginary: Floats, amplitudes: Floats, cosines: Floats, sines: Floats) -> Floats:
    """(n, n): the sum of waves of these ``amplitudes`` (n / 2 + 1, n / 2 + 1), divided by its deviation.

    Their phases come from random numbers (n, n) from 0 to 1. ``cosines`` and ``sines``: see `renderers.fourier.waves`.
    """
    n = len(real)
    of_column = np.minimum(np.arange(n), n - np.arange(n))  # The second half of a spectrum has negative frequencies.
    amplitude = amplitudes[of_column[:, None], of_column]
    values = real_field(amplitude * (real - 0.5), amplitude * (imaginary - 0.5), cosines, sines)
    return (values.astype(np.float64) / exact.std(values)).astype(np.float32)


def _coordinates() -> tuple[Floats, Floats]:
    """Row and column coordinates (n, 1) and (1, n) in [0, 1)."""
    line = (np.arange(PATTERN_SIZE, dtype=np.float32) + 0.5) / PATTERN_SIZE
    return line[:, None], line[None]


def _grid(rows: int, columns: int, joint: float, shift: float = 0.0) -> tuple[NDArray[np.int64], Floats]:
    """(n, n) cell numbers of a brick or tile pattern, and 1 inside cells, 0 in joints of width ``joint`` (of a tile
    of the texture); odd rows move by ``shift`` of a cell."""
    y, x = _coordinates()
    row = np.floor(y * rows)
    odd = (row[:, 0] % 2).astype(np.int64)
    moved = x * columns + shift * np.array([[0], [1]], dtype=np.float32)  # Even rows, and odd rows.
    column = (np.floor(moved) % columns)[odd]
    gap_y = np.minimum(y * rows - row, 1 - (y * rows - row)) / rows
    gap_x = (np.minimum(moved % 1, 1 - moved % 1) / columns)[odd]
    inside = np.clip((np.minimum(gap_x, gap_y) - joint / 2) * PATTERN_SIZE * 0.7 + 0.5, 0, 1)
    return (row * columns + column).astype(np.int64), inside.astype(np.float32)


def _plain(rng: np.random.Generator) -> tuple[Floats, Floats]:
    return 0.5 + 0.2 * _noise(rng, 1.4), 1 + 0.02 * _noise(rng, 0.4)


def _concrete(rng: np.random.Generator) -> tuple[Floats, Floats]:
    speckle = np.clip(np.abs(_noise(rng, 0.2)) - 2.3, 0, 1)
    return 0.5 + 0.28 * _noise(rng, 1.1), 1 + 0.05 * _noise(rng, 0.5) - 0.25 * speckle


def _checker(rng: np.random.Generator) -> tuple[Floats, Floats]:
    y, x = _coordinates()
    odd = ((np.floor(4 * x) + np.floor(4 * y)) % 2).astype(np.float32)
    _, inside = _grid(4, 4, 0.003)
    return odd + 0.06 * _noise(rng, 1.3), (0.85 + 0.15 * inside) * (1 + 0.02 * _noise(rng, 0.6))


def _tiles(rng: np.random.Generator) -> tuple[Floats, Floats]:
    cell, inside = _grid(4, 4, 0.012)
    tone = rng.uniform(0.2, 1.0, 16).astype(np.float32)[cell]
    return tone + 0.12 * _noise(rng, 1.2), (0.62 + 0.38 * inside) * (1 + 0.02 * _noise(rng, 0.8))


def _bricks(rng: np.random.Generator) -> tuple[Floats, Floats]:
    cell, inside = _grid(8, 4, 0.012, 0.5)
    tone = rng.uniform(0.0, 1.0, 32).astype(np.float32)[cell]
    return tone + 0.15 * _noise(rng, 0.9), (0.7 + 0.3 * inside) * (1 + 0.06 * _noise(rng, 0.5))


def _planks(rng: np.random.Generator) -> tuple[Floats, Floats]:
    cell, inside = _grid(8, 2, 0.004, 0.37)
    tone = rng.uniform(0.15, 0.85, 16).astype(np.float32)[cell]
    offsets = rng.integers(0, PATTERN_SIZE, 16)[cell]
    grain = _noise(rng, 0.9, (1, 14))
    y, x = np.indices(grain.shape)
    grain = grain[(y * 1 + offsets) % PATTERN_SIZE, (x + offsets) % PATTERN_SIZE]
    return tone + 0.2 * grain, (0.72 + 0.28 * inside) * (1 + 0.06 * grain)


def _fabric(rng: np.random.Generator) -> tuple[Floats, Floats]:
    y, x = _coordinates()
    weave = exact.sin_deg(360 * 64 * x) * exact.sin_deg(360 * 64 * y)
    threads = _noise(rng, 0.3, (1, 10)) + _noise(rng, 0.3, (10, 1))
    return 0.5 + 0.2 * _noise(rng, 1.2) + 0.12 * threads, 1 + 0.1 * weave.astype(np.float32) + 0.04 * threads


def _striped(rng: np.random.Generator) -> tuple[Floats, Floats]:
    y, x = _coordinates()
    edges = np.sort(rng.uniform(0, 1, 14))
    tone = rng.uniform(0, 1, 15).astype(np.float32)[np.searchsorted(edges, x[0])]
    weave = exact.sin_deg(360 * 64 * y) * np.ones_like(x)
    return tone[None] + 0.08 * _noise(rng, 0.6), 1 + 0.06 * weave.astype(np.float32) + 0.03 * _noise(rng, 0.3)


def _marble(rng: np.random.Generator) -> tuple[Floats, Floats]:
    vein = np.abs(_noise(rng, 1.7) + 0.12 * _noise(rng, 1.0))
    return np.clip(1.2 * vein, 0, 1) * 0.8 + 0.1 * _noise(rng, 1.3), 1 + 0.02 * _noise(rng, 0.8)


def _carpet(rng: np.random.Generator) -> tuple[Floats, Floats]:
    return 0.5 + 0.25 * _noise(rng, 1.0), 1 + 0.13 * _noise(rng, 0.1, cut=140)


_WOOD = (0.04, 0.11)

PATTERNS: dict[str, _Pattern] = {
    "plain": _Pattern(_plain, (4, 8), saturations=(0.0, 0.4), contrasts=(0.0, 0.08)),
    "concrete": _Pattern(_concrete, (3, 6), saturations=(0.0, 0.12), contrasts=(0.08, 0.2)),
    "checker": _Pattern(_checker, (2, 5), saturations=(0.0, 0.35), contrasts=(0.2, 0.5)),
    "tiles": _Pattern(_tiles, (2, 5), saturations=(0.0, 0.35), contrasts=(0.05, 0.15)),
    "bricks": _Pattern(_bricks, (2, 4), hues=(-0.02, 0.1), saturations=(0.1, 0.45), contrasts=(0.1, 0.25)),
    "planks": _Pattern(_planks, (2.5, 6), hues=_WOOD, saturations=(0.3, 0.6), contrasts=(0.15, 0.35)),
    "fabric": _Pattern(_fabric, (1.5, 3), saturations=(0.05, 0.5), contrasts=(0.05, 0.15)),
    "striped": _Pattern(_striped, (2, 5), saturations=(0.05, 0.5), contrasts=(0.1, 0.3)),
    "marble": _Pattern(_marble, (3, 7), saturations=(0.0, 0.2), contrasts=(0.08, 0.2)),
    "carpet": _Pattern(_carpet, (1.5, 4), saturations=(0.1, 0.5), contrasts=(0.08, 0.2)),
}
