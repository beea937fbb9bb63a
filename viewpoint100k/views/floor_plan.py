"""Draws a floor plan of a pair: the object in the middle, camera 1 at the bottom, and numbered places around it.

The plan is the image of a camera high above that looks straight down, with camera 1 at the bottom of the image. So the
stored cameras prove the answer of such a row, as they do for all rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import WORLD_UP, Camera, azimuth_deg, exact, intrinsics_from_fov
from viewpoint100k.views.drawing import Canvas, text_width
from viewpoint100k.views.pairs import Pair

__all__ = ["PLACES", "draw_sketch", "sketch_camera"]

PLACES = 8
"""Number of places around the object, 45 degrees apart. Camera 1 stands at number 8. They count counter-clockwise,
which starts to the right on the plan."""

_FOV_DEG = 40.0
_MARGIN = 1.35
"""Half the plan's width, in units of camera 1's distance to the object's upright axis."""

_PAPER, _INK, _OBJECT, _CAMERA = (250, 249, 245), (40, 44, 52), (196, 178, 150), (43, 95, 163)
_ORBIT = (214, 211, 202)


def sketch_camera(pair: Pair, size: int) -> Camera:
    """A camera straight above the object with camera 1 at the bottom of its image. (4, 4) pose, world +Z up."""
    towards = pair.cameras[0].position - pair.center
    across = exact.hypot(float(towards[0]), float(towards[1]))
    ahead = -np.array([towards[0], towards[1], 0.0]) / across
    pose = np.eye(4)
    pose[:3, 0] = np.cross(ahead, WORLD_UP)
    pose[:3, 1] = -ahead
    pose[:3, 2] = -WORLD_UP
    pose[:3, 3] = pair.center + WORLD_UP * across * _MARGIN / exact.tan_deg(_FOV_DEG / 2)
    return Camera(pose, intrinsics_from_fov(_FOV_DEG, size, size), size, size)


def draw_sketch(pair: Pair, size: int) -> NDArray[np.uint8]:
    """(size, size, 3) sRGB: the plan as `sketch_camera` sees it."""
    camera = sketch_camera(pair, size)
    towards = pair.cameras[0].position - pair.center
    across = exact.hypot(float(towards[0]), float(towards[1]))
    foot = azimuth_deg(pair.cameras[0].position, pair.center)
    around = foot + 45.0 * np.arange(1, PLACES + 1)
    places = pair.center + across * np.stack([exact.cos_deg(around), exact.sin_deg(around), np.zeros(PLACES)], axis=-1)
    middle, *spots = ((float(x), float(y)) for x, y in camera.project(np.concatenate([[pair.center], places]))[0])
    unit = size / 100
    canvas = Canvas(size, _PAPER)
    ring = exact.hypot(spots[0][0] - middle[0], spots[0][1] - middle[1])
    _circle(canvas, middle, ring, _PAPER, _ORBIT, unit / 3)
    _circle(canvas, middle, 9 * unit, _OBJECT, _INK, unit / 2)
    _centred(canvas, middle, "object", 2.9 * unit)
    for number, spot in enumerate(spots[:-1], start=1):
        _circle(canvas, spot, 6 * unit, _PAPER, _INK, unit / 2)
        _centred(canvas, spot, str(number), 4.8 * unit)
    x, y = spots[-1]
    # Camera 1 is an arrowhead that points up the plan, towards the object.
    tip, notch = (x, y - 6 * unit), (x, y + 2.5 * unit)
    canvas.triangle([tip, notch, (x - 5 * unit, y + 5 * unit)], _CAMERA)
    canvas.triangle([tip, (x + 5 * unit, y + 5 * unit), notch], _CAMERA)
    canvas.text((x + 8 * unit, y), "camera 1", 3.4 * unit, _CAMERA)
    return canvas.pixels()


def _circle(
    canvas: Canvas,
    middle: tuple[float, float],
    radius: float,
    fill: tuple[int, int, int],
    edge: tuple[int, int, int],
    width: float,
) -> None:
    canvas.disc(middle, radius, edge)
    canvas.disc(middle, radius - width, fill)


def _centred(canvas: Canvas, middle: tuple[float, float], text: str, height: float) -> None:
    canvas.text((middle[0] - text_width(text, height) / 2, middle[1]), text, height, _INK)
