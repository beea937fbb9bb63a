"""Draws a floor plan of a pair: the object in the middle, camera 1 at the bottom, and numbered places around it.

The plan is the image of a camera high above that looks straight down, with camera 1 at the bottom of the image. So the
stored cameras prove the answer of such a row, as they do for all rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from viewpoint100k.geometry import WORLD_UP, Camera, azimuth_deg, exact, intrinsics_from_fov
from viewpoint100k.views.pairs import Pair

__all__ = ["PLACES", "draw_sketch", "sketch_camera"]

PLACES = 8
"""Number of places around the object, 45 degrees apart. Camera 1 stands at number 8. They count counter-clockwise,
which starts to the right on the plan."""

_FOV_DEG = 40.0
_MARGIN = 1.35
"""Half the plan's width, in units of camera 1's distance to the object's upright axis."""

_OVERSAMPLED = 4
_PAPER, _INK, _OBJECT, _CAMERA = (250, 249, 245), (40, 44, 52), (196, 178, 150), (43, 95, 163)


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
    camera = sketch_camera(pair, size * _OVERSAMPLED)
    towards = pair.cameras[0].position - pair.center
    across = exact.hypot(float(towards[0]), float(towards[1]))
    foot = azimuth_deg(pair.cameras[0].position, pair.center)
    around = foot + 45.0 * np.arange(1, PLACES + 1)
    places = pair.center + across * np.stack([exact.cos_deg(around), exact.sin_deg(around), np.zeros(PLACES)], axis=-1)
    pixels = camera.project(np.concatenate([[pair.center], places]))[0]
    image = Image.new("RGB", (camera.width, camera.height), _PAPER)
    draw = ImageDraw.Draw(image)
    unit = camera.width / 100
    middle = pixels[0]
    ring = float(exact.norm(pixels[1] - middle))
    _circle(draw, middle, ring, outline=(214, 211, 202), width=max(1, round(unit / 3)))
    _circle(draw, middle, 9 * unit, fill=_OBJECT, outline=_INK, width=round(unit / 2))
    font = ImageFont.load_default(size=6.5 * unit)
    draw.text(tuple(middle), "object", font=ImageFont.load_default(size=4 * unit), fill=_INK, anchor="mm")
    for number, place in enumerate(pixels[1:-1], start=1):
        _circle(draw, place, 6 * unit, fill=_PAPER, outline=_INK, width=round(unit / 2))
        draw.text(tuple(place), str(number), font=font, fill=_INK, anchor="mm")
    _arrowhead(draw, pixels[-1], unit)
    draw.text(
        (pixels[-1][0] + 8 * unit, pixels[-1][1]),
        "camera 1",
        font=ImageFont.load_default(size=4.5 * unit),
        fill=_CAMERA,
        anchor="lm",
    )
    shrunk = image.resize((size, size), Image.Resampling.BOX)
    return np.asarray(shrunk)


def _circle(draw: ImageDraw.ImageDraw, middle: NDArray[np.float64], radius: float, **style: object) -> None:
    (x, y) = middle
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), **style)  # type: ignore[arg-type]


def _arrowhead(draw: ImageDraw.ImageDraw, foot: NDArray[np.float64], unit: float) -> None:
    """Camera 1, which looks up the plan, towards the object."""
    x, y = foot
    corners = [(x, y - 6 * unit), (x - 5 * unit, y + 5 * unit), (x, y + 2.5 * unit), (x + 5 * unit, y + 5 * unit)]
    draw.polygon(corners, fill=_CAMERA)
