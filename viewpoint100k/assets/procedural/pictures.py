"""Pictures painted with plain shapes: the patterns, stickers and signs on objects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.procedural.chance import Random, chance, pick
from viewpoint100k.assets.procedural.colors import Color, Palette, shade
from viewpoint100k.assets.procedural.lettering import any_label, any_number, lettering
from viewpoint100k.assets.procedural.waves import wave
from viewpoint100k.geometry.mesh import Texture

__all__ = ["Picture", "decorate", "emblazoned", "sticker", "wrapper"]


class Picture:
    """A canvas. Places are fractions of its width and height, from the top left; every method paints over."""

    def __init__(self, width: int, height: int, color: Color) -> None:
        self.pixels: NDArray[np.uint8] = np.empty((height, width, 3), dtype=np.uint8)
        self.pixels[:] = _bytes(color)

    def texture(self) -> Texture:
        """The picture, to be wrapped around something."""
        return Texture(self.pixels)

    def rectangle(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Parts beyond the edge are cut off."""
        h, w, _ = self.pixels.shape
        rows = slice(max(round(top * h), 0), max(round(bottom * h), 0))
        columns = slice(max(round(left * w), 0), max(round(right * w), 0))
        self.pixels[rows, columns] = _bytes(color)

    def disc(self, x: float, y: float, radius: float, color: Color, aspect: float | None = None) -> None:
        """``radius`` is a fraction of the height. ``aspect`` is the width over the height of what is covered, by
        default the picture's own: it keeps discs round on a surface that stretches the picture."""
        self._paint(x, y, radius, aspect, color, lambda dx, dy: dx * dx + dy * dy < 1)

    def star(
        self, x: float, y: float, radius: float, color: Color, points: int = 5, aspect: float | None = None
    ) -> None:
        """A star standing on two points, placed like a disc."""

        def inside(dx: NDArray[np.float64], dy: NDArray[np.float64]) -> NDArray[np.bool_]:
            angle = np.abs((_turns(dx, -dy) * points + 0.5) % 1 - 0.5) * 2
            return np.sqrt(dx * dx + dy * dy) < 1 - 0.58 * angle

        self._paint(x, y, radius, aspect, color, inside)

    def arrow(self, x: float, y: float, radius: float, color: Color, aspect: float | None = None) -> None:
        """An arrow to the right."""

        def inside(dx: NDArray[np.float64], dy: NDArray[np.float64]) -> NDArray[np.bool_]:
            head = (dx > 0) & (np.abs(dy) < 0.9 * (1 - dx))
            return np.asarray(head | ((dx <= 0) & (dx > -0.95) & (np.abs(dy) < 0.3)))

        self._paint(x, y, radius, aspect, color, inside)

    def text(
        self, text: str, x: float, y: float, height: float, color: Color, flip: str = "", width: float = 1.0
    ) -> None:
        """One line of capitals about (x, y). ``width`` stretches it; ``flip`` ("x", "y" or "xy") turns it for a surface
        whose texture coordinates run the other way."""
        dots = lettering(text)
        if "x" in flip:
            dots = dots[:, ::-1]
        if "y" in flip:
            dots = dots[::-1]
        h, w, _ = self.pixels.shape
        size_y = max(round(height * h), 5)
        size_x = max(round(size_y * dots.shape[1] / 7 * width), 3)
        top, left = round(y * h - size_y / 2), round(x * w - size_x / 2)
        rows, columns = np.arange(max(top, 0), min(top + size_y, h)), np.arange(max(left, 0), min(left + size_x, w))
        mask = dots[((rows - top) * 7 // size_y)[:, None], ((columns - left) * dots.shape[1] // size_x)[None, :]]
        window = (
            self.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) and len(columns) else None
        )
        if window is not None:
            window[mask] = _bytes(color)

    def stripes(self, across: int, down: int, share: float, color: Color) -> None:
        """Bands that repeat ``across`` times along the width and ``down`` along the height (slanting where both)."""
        u, v = self._grid()
        self.pixels[(across * u + down * v) % 1 < share] = _bytes(color)

    def checks(self, across: int, down: int, color: Color) -> None:
        """A chessboard of twice ``across`` by twice ``down`` fields."""
        u, v = self._grid()
        self.pixels[((2 * across * u).astype(int) + (2 * down * v).astype(int)) % 2 == 1] = _bytes(color)

    def dots(self, across: int, down: int, share: float, color: Color, aspect: float | None = None) -> None:
        """Staggered spots; ``share`` is their width in that of a cell."""
        u, v = self._grid()
        cell = (aspect or self.pixels.shape[1] / self.pixels.shape[0]) * down / across
        row = np.floor(2 * down * v)
        dx = (across * u + 0.5 * (row % 2)) % 1 - 0.5
        dy = ((2 * down * v) % 1 - 0.5) / 2 / cell
        self.pixels[dx * dx + dy * dy < np.square(share / 2)] = _bytes(color)

    def waves(self, across: int, down: int, share: float, color: Color) -> None:
        """Level bands that rise and fall."""
        u, v = self._grid()
        self.pixels[(down * v + 0.3 * wave(across * u)) % 1 < share] = _bytes(color)

    def patches(self, random: Random, share: float, color: Color) -> None:
        """Rounded spots of irregular outline, as on a cow; they meet across the picture's edges."""
        u, v = self._grid()
        field = np.zeros((self.pixels.shape[0], self.pixels.shape[1]))
        for _ in range(5):
            a, b = random.integers(-3, 4), random.integers(-3, 4)
            field += random.uniform(0.5, 1) * wave(a * u + b * v + random.uniform(0, 1))
        self.pixels[field > np.quantile(field[::4, ::4], 1 - share)] = _bytes(color)

    def speckle(self, random: Random, amount: float) -> None:
        """Slight unevenness of tone."""
        h, w, _ = self.pixels.shape
        tone = 1 + amount * (random.random((h // 2, w // 2)) - 0.5)
        tone = np.repeat(np.repeat(tone, 2, axis=0), 2, axis=1)[..., None]
        self.pixels[: tone.shape[0], : tone.shape[1]] = np.clip(self.pixels * tone, 0, 255).astype(np.uint8)

    def _grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        h, w, _ = self.pixels.shape
        return ((np.arange(w) + 0.5) / w)[None, :], ((np.arange(h) + 0.5) / h)[:, None]

    def _paint(
        self,
        x: float,
        y: float,
        radius: float,
        aspect: float | None,
        color: Color,
        inside: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]],
    ) -> None:
        h, w, _ = self.pixels.shape
        radius_y = radius * h
        radius_x = radius * w / (aspect or w / h)
        top, bottom = max(int(y * h - radius_y), 0), min(int(y * h + radius_y) + 2, h)
        left, right = max(int(x * w - radius_x), 0), min(int(x * w + radius_x) + 2, w)
        dx = ((np.arange(left, right) + 0.5 - x * w) / radius_x)[None, :]
        dy = ((np.arange(top, bottom) + 0.5 - y * h) / radius_y)[:, None]
        self.pixels[top:bottom, left:right][inside(dx, dy)] = _bytes(color)


def decorate(random: Random, picture: Picture, colors: Palette, aspect: float | None = None) -> None:
    """Covers a picture with one of many patterns in ``colors.second`` on what is there. It may be tiled."""
    color = colors.second
    shape = aspect or picture.pixels.shape[1] / picture.pixels.shape[0]
    n = int(random.integers(3, 7))
    across = max(round(n * shape), 2)
    share = random.uniform(0.3, 0.55)
    pattern = int(random.integers(9))
    if pattern == 0:
        picture.stripes(across, 0, share, color)
    elif pattern == 1:
        picture.stripes(0, n, share, color)
    elif pattern == 2:
        picture.stripes(across, n, share, color)
    elif pattern == 3:
        picture.checks(max(across // 2, 1), max(n // 2, 1), color)
    elif pattern == 4:
        picture.dots(across, max(n // 2, 1), random.uniform(0.4, 0.7), color, shape)
    elif pattern == 5:
        picture.waves(max(across // 2, 1), n, share, color)
    elif pattern == 6:
        picture.patches(random, share, color)
    elif pattern == 7:
        picture.rectangle(0, random.uniform(0.1, 0.4), 1, random.uniform(0.55, 0.8), color)
        picture.rectangle(0, 0.82, 1, 0.88, colors.accent)
    else:
        picture.stripes(across, 0, 0.25, color)
        picture.stripes(0, n, 0.25, shade(color, 0.8))


def sticker(random: Random, colors: Palette, width: int = 128, height: int = 96) -> Picture:
    """A label with a word, a number or a sign; it never equals its mirror image."""
    picture = Picture(width, height, colors.accent)
    ink, paper = colors.main, colors.second
    m = 0.07
    picture.rectangle(m, m * width / height, 1 - m, 1 - m * width / height, paper)
    ink = max((colors.main, colors.accent, (0.05, 0.05, 0.06), (0.96, 0.96, 0.96)), key=lambda c: _distance(c, paper))
    style = int(random.integers(4))
    if style == 0:
        word = any_label(random)
        picture.text(word, 0.5, 0.34, 1.1 * width / height / (len(word) + 1), ink)
        picture.rectangle(0.12, 0.58, 0.45, 0.85, colors.accent)
        picture.disc(0.72, 0.71, 0.13, ink)
    elif style == 1:
        picture.text(any_number(random), 0.55, 0.5, 0.6, ink)
        picture.rectangle(m, m * width / height, 0.2, 1 - m * width / height, colors.accent)
    elif style == 2:
        picture.arrow(0.5, 0.45, 0.3, ink)
        picture.rectangle(0.12, 0.78, 0.5, 0.87, colors.accent)
    else:
        picture.star(0.34, 0.48, 0.34, ink)
        picture.text(pick(random, ("7", "4", "R", "F", "K", "2")), 0.74, 0.48, 0.5, colors.accent)
    return picture


def emblazoned(
    random: Random, colors: Palette, width: int = 128, height: int = 128, aspect: float | None = None
) -> Picture:
    """A panel in three colours that never equals its mirror image: a pattern, a broad band off the middle, a sign."""
    picture = Picture(width, height, colors.main)
    shape = aspect or width / height
    if chance(random, 0.6):
        decorate(random, picture, colors, shape)
    start, broad = random.uniform(0.04, 0.1), random.uniform(0.24, 0.34)
    left = chance(random, 0.5)
    first = start if left else 1 - start - broad
    picture.rectangle(first, 0, first + broad, 1, colors.accent)
    middle = 0.66 if left else 0.34
    radius = min(0.24, 0.24 * shape)
    _badge(random, picture, middle, random.uniform(0.34, 0.66), radius, colors, shape)
    return picture


def wrapper(random: Random, colors: Palette, width: int = 256, height: int = 128, aspect: float = 3.0) -> Picture:
    """What goes around a turned body, u = 0.5 in front: signs in different places on all sides, on a pattern.

    ``aspect`` is the body's girth over its height.
    """
    picture = Picture(width, height, colors.main)
    if chance(random, 0.6):
        decorate(random, picture, colors, aspect)
    start = pick(random, (0.09, 0.62))
    stop = start + random.uniform(0.1, 0.2)
    picture.rectangle(start, 0, stop, 1, colors.accent)
    # A foot on one side of the band only: seen in a mirror it is on the other.
    picture.rectangle(stop, 0.72, stop + 0.12, 1, colors.accent)
    radius = min(0.27, 0.1 * aspect)
    for place in (0.05, 0.3, 0.53, 0.81):
        drop = random.uniform(-0.1, 0.1)
        _badge(random, picture, place + random.uniform(-0.02, 0.02), 0.5 + drop, radius, colors, aspect)
    return picture


def _badge(random: Random, picture: Picture, x: float, y: float, radius: float, colors: Palette, aspect: float) -> None:
    """A sign on a disc or a block of its own."""
    paper = pick(random, (colors.second, (0.95, 0.95, 0.93), (0.1, 0.1, 0.12)))
    ink = max((colors.main, colors.accent, (0.06, 0.06, 0.07), (0.96, 0.96, 0.95)), key=lambda c: _distance(c, paper))
    style = int(random.integers(4))
    stretch = picture.pixels.shape[1] / picture.pixels.shape[0] / aspect
    if style == 0:
        picture.disc(x, y, radius, paper, aspect)
        picture.text(any_number(random), x, y, 0.95 * radius, ink, width=stretch)
    elif style == 1:
        picture.disc(x, y, radius, paper, aspect)
        picture.arrow(x, y, 0.7 * radius, ink, aspect)
    elif style == 2:
        r = radius / aspect
        picture.rectangle(x - r, y - radius, x + r, y + 0.7 * radius, paper)
        picture.rectangle(x - r, y - radius, x - 0.4 * r, y - 0.3 * radius, ink)
        picture.text(
            pick(random, ("R", "K", "F", "G", "P", "E")), x + 0.3 * r, y - 0.1 * radius, radius, ink, width=stretch
        )
    else:
        picture.star(x, y, radius, paper, 5, aspect)
        picture.disc(x + 0.8 * radius / aspect, y - 0.6 * radius, 0.4 * radius, ink, aspect)


def _turns(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The angles of (x, y) in turns, -0.5 to 0.5, to 2e-6: fine enough to paint with.

    Source of the polynomial: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), 4.4.47.
    """
    across, along = np.abs(y), np.abs(x)
    ratio = np.minimum(across, along) / np.maximum(np.maximum(across, along), 1e-300)
    t = ratio * ratio
    angle = ratio * (0.999866 + t * (-0.3302995 + t * (0.180141 + t * (-0.085133 + t * 0.0208351)))) / (2 * np.pi)
    angle = np.where(across > along, 0.25 - angle, angle)
    angle = np.where(x < 0, 0.5 - angle, angle)
    return np.where(y < 0, -angle, angle)


def _bytes(color: Color) -> NDArray[np.uint8]:
    return np.array([round(255 * min(max(c, 0.0), 1.0)) for c in color], dtype=np.uint8)


def _distance(a: Color, b: Color) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2])
