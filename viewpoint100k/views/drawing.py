"""Draws discs, triangles and a few words by arithmetic alone.

Fonts and their rasteriser change from one version of Pillow to the next, and the bytes of a stored picture with them.
Here each pixel follows from comparisons of numbers that IEEE 754 fixes, so every machine draws the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["Canvas", "text_width"]

Color = tuple[int, int, int]
"""sRGB bytes."""
Point = tuple[float, float]
"""Pixels, to the right and down from the picture's top left corner."""
Pixels = NDArray[np.uint8]

_OVERSAMPLED = 4
_STEP_DEG = 22.5
"""Arcs are drawn as chords over this angle."""
_HEIGHT = 14.0
"""Of a digit, in the units of `_SIGNS`."""
_STROKE = 2.0
"""Width of a line, in the same units."""
_GAP = 3.0
"""Between two signs."""

# Each sign: its width, its lines as corners, and its arcs (centre x, centre y, radius, from, to; degrees, counter-
# clockwise from +x). x points right from the sign's left edge, y up from the line on which it stands.
_Sign = tuple[float, Sequence[Sequence[Point]], Sequence[tuple[float, float, float, float, float]]]
_SIGNS: dict[str, _Sign] = {
    " ": (4, [], []),
    "a": (10, [[(10, 10), (10, 0)]], [(5, 5, 5, 0, 360)]),
    "b": (10, [[(0, 15), (0, 0)]], [(5, 5, 5, 0, 360)]),
    "c": (9, [], [(5, 5, 5, 45, 315)]),
    "e": (10, [[(0, 5), (10, 5)]], [(5, 5, 5, 0, 315)]),
    "j": (3, [[(3, 10), (3, -2)], [(3, 14), (3, 14)]], [(0, -2, 3, 270, 360)]),
    "m": (12, [[(0, 10), (0, 0)], [(6, 7), (6, 0)], [(12, 7), (12, 0)]], [(3, 7, 3, 0, 180), (9, 7, 3, 0, 180)]),
    "o": (10, [], [(5, 5, 5, 0, 360)]),
    "r": (7, [[(0, 10), (0, 0)]], [(5, 5, 5, 67.5, 180)]),
    "t": (6, [[(2, 15), (2, 3)], [(-1, 10), (6, 10)]], [(5, 3, 3, 180, 270)]),
    "1": (5, [[(0, 11), (4, 14), (4, 0)]], []),
    "2": (9, [[(8.4, 7.25), (0, 0), (9, 0)]], [(4.5, 9.5, 4.5, -30, 180)]),
    "3": (8, [], [(4, 10.5, 3.5, -90, 150), (4, 3.5, 3.5, -150, 90)]),
    "4": (10, [[(7, 0), (7, 14), (0, 4), (10, 4)]], []),
    "5": (9, [[(8, 14), (1.5, 14), (1, 7)]], [(4.5, 4.5, 4.5, -150, 142.5)]),
    "6": (9, [[(0.5, 6.5), (6, 14)]], [(4.5, 4.5, 4.5, 0, 360)]),
    "7": (9, [[(0, 14), (9, 14), (3, 0)]], []),
}


def text_width(text: str, height: float) -> float:
    """How wide `Canvas.text` draws ``text``, in the unit of ``height``. Raises ``KeyError`` for a sign it lacks."""
    widths = [_SIGNS[sign][0] for sign in text]
    return float(exact.total(np.array(widths) + _GAP)) / _HEIGHT * height - _GAP / _HEIGHT * height


class Canvas:
    """A square picture. Lengths are pixels of the finished picture; edges are smoothed."""

    def __init__(self, size: int, paper: Color) -> None:
        self._pixels = np.full((size * _OVERSAMPLED, size * _OVERSAMPLED, 3), paper, dtype=np.uint8)

    def disc(self, middle: Point, radius: float, color: Color) -> None:
        """All points up to ``radius`` from ``middle``."""
        x, y, radius = (_OVERSAMPLED * length for length in (*middle, radius))
        for row in range(max(0, ceil(y - radius - 0.5)), min(len(self._pixels), floor(y + radius - 0.5) + 1)):
            half = sqrt(radius * radius - (row + 0.5 - y) * (row + 0.5 - y))
            self._pixels[row, max(0, ceil(x - half - 0.5)) : max(0, floor(x + half - 0.5) + 1)] = color

    def stroke(self, start: Point, end: Point, width: float, color: Color) -> None:
        """A straight line with round ends."""
        reach = width / 2
        x, y, inside = self._around([start, end], reach)
        across, down = (end[0] - start[0]), (end[1] - start[1])
        length = across * across + down * down
        along = np.clip(((x - start[0]) * across + (y - start[1]) * down) / length, 0, 1) if length else 0.0
        right, below = x - start[0] - along * across, y - start[1] - along * down
        inside[right * right + below * below <= reach * reach] = color

    def triangle(self, corners: Sequence[Point], color: Color) -> None:
        """The inside of three corners, given clockwise as one sees them."""
        x, y, inside = self._around(corners, 0.0)
        covered = np.ones(inside.shape[:2], dtype=bool)
        for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            covered &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0
        inside[covered] = color

    def text(self, left_middle: Point, text: str, height: float, color: Color) -> None:
        """Digits ``height`` tall, and the letters that `_SIGNS` has; ``left_middle``: the middle of its left edge."""
        scale = height / _HEIGHT
        left, foot = left_middle[0], left_middle[1] + height / 2
        for sign in text:
            for corners in _lines(sign):
                points = [(left + x * scale, foot - y * scale) for x, y in corners]
                for start, end in pairwise(points):
                    self.stroke(start, end, _STROKE * scale, color)
            left += (_SIGNS[sign][0] + _GAP) * scale

    def pixels(self) -> Pixels:
        """(size, size, 3) sRGB: each the mean of 4 x 4 that were drawn."""
        size = len(self._pixels) // _OVERSAMPLED
        added = np.full((size, size, 3), _OVERSAMPLED * _OVERSAMPLED // 2, dtype=np.uint16)
        for row in range(_OVERSAMPLED):
            for column in range(_OVERSAMPLED):
                added += self._pixels[row::_OVERSAMPLED, column::_OVERSAMPLED]
        return (added // (_OVERSAMPLED * _OVERSAMPLED)).astype(np.uint8)

    def _around(self, points: Sequence[Point], reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64], Pixels]:
        """Centres of the pixels around ``points``: x (1, w), y (h, 1); and these pixels, (h, w, 3), to be written."""
        spans = []
        for axis in (0, 1):
            values = [point[axis] for point in points]
            first = max(0, int((min(values) - reach) * _OVERSAMPLED) - 1)
            spans.append(slice(first, max(first, int((max(values) + reach) * _OVERSAMPLED) + 2)))
        inside = self._pixels[spans[1], spans[0]]
        height, width, _ = inside.shape
        x = (spans[0].start + np.arange(width) + 0.5) / _OVERSAMPLED
        y = (spans[1].start + np.arange(height) + 0.5) / _OVERSAMPLED
        return x[None, :], y[:, None], inside


@cache
def _lines(sign: str) -> list[list[Point]]:
    """The corners of each line of a sign, arcs among them, in the units of `_SIGNS`."""
    _, lines, arcs = _SIGNS[sign]
    drawn = [list(line) for line in lines]
    for x, y, radius, start, end in arcs:
        steps = max(1, int((end - start) / _STEP_DEG))
        angles = start + (end - start) / steps * np.arange(steps + 1)
        across, up = radius * exact.cos_deg(angles), radius * exact.sin_deg(angles)
        drawn.append([(x + float(dx), y + float(dy)) for dx, dy in zip(across, up, strict=True)])
    return drawn
