"""Draws cameras at the middle of a motion. They see the object anywhere in the frame, large or small, from all sides.

The two cameras of a pair lie around a middle camera, half of the motion before it and half after. So the first image
is no more centred, level or average in size than the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact
from viewpoint100k.views.settings import Motions
from viewpoint100k.views.unit_angles import Angle, camera_axes, dotted, of_degrees, of_direction

__all__ = ["MiddleCameras", "draw_middle_cameras"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MiddleCameras:
    """n cameras that see an object at the origin; +Z is up, lengths are world units."""

    positions: Floats
    """(n, 3)"""
    heading: Angle
    tilt: Angle
    lean: Angle
    """The three angles, as `camera_axes` takes them."""
    possible: NDArray[np.bool_]
    """(n,): True if some camera shows the object at the place that was drawn."""


def draw_middle_cameras(
    points: Floats, ranges: Motions, tan_half_fov: float, count: int, rng: np.random.Generator
) -> MiddleCameras:
    """Draws cameras from ``ranges`` that show the object at places spread evenly over the part of the frame it fits.

    Args:
        points: (k, 3) outline of the object, world units.
        tan_half_fov: tangent of half the field of view.
    """
    azimuth = of_degrees(exact.uniform(rng, 0, 360, count))
    elevation = of_degrees(exact.uniform(rng, *ranges.elevation_deg, count))
    low, high = ranges.fill
    fill = exact.exp(exact.uniform(rng, exact.log(low), exact.log(high), count))
    outwards = np.stack([azimuth.cosine * elevation.cosine, azimuth.sine * elevation.cosine, elevation.sine], axis=-1)
    distance = _distances(points, azimuth, outwards, fill * tan_half_fov)
    room = (1 - fill) * tan_half_fov
    across, down = (exact.uniform(rng, -1, 1, count) * room for _ in range(2))
    lean = of_degrees(exact.uniform(rng, -ranges.lean_deg, ranges.lean_deg, count))
    heading, tilt, possible = _aimed(-outwards, across, down, lean)
    return MiddleCameras(outwards * distance[:, None], heading, tilt, lean, possible & (distance > 0))


def _distances(points: Floats, azimuth: Angle, outwards: Floats, reach: Floats) -> Floats:
    """(n,): the distance at which each camera, if it looked at the origin, would see ``points`` within ``reach``, a
    tangent.

    A point at (a, b, c) in the camera's axes lies at depth D + c from a distance D: ``max(|a|, |b|) <= reach (D + c)``.
    """
    right = np.stack([-azimuth.sine, azimuth.cosine, np.zeros_like(reach)], axis=-1)
    sideways = dotted(points[None], right[:, None])
    depth = -dotted(points[None], outwards[:, None])
    forward = -outwards
    down = np.stack(
        [
            -forward[:, 2] * right[:, 1],
            forward[:, 2] * right[:, 0],
            forward[:, 0] * right[:, 1] - forward[:, 1] * right[:, 0],
        ],
        axis=-1,
    )
    upright = dotted(points[None], down[:, None])
    nearest: Floats = (np.maximum(np.abs(sideways), np.abs(upright)) / reach[:, None] - depth).max(axis=1)
    return nearest


def _aimed(towards: Floats, across: Floats, down: Floats, lean: Angle) -> tuple[Angle, Angle, NDArray[np.bool_]]:
    """Heading and tilt of cameras that see the direction ``towards`` (n, 3), a unit vector, at (across, down) in the
    frame.

    With up as ``(-cos(tilt) sin(lean), -cos(tilt) cos(lean), sin(tilt))`` in the camera's axes, the height of the
    seen direction ``c`` gives ``p cos(tilt) + q sin(tilt) = towards_z``. The function solves this for the tilt.
    """
    length = np.sqrt(1 + across * across + down * down)
    x, y, z = across / length, down / length, 1 / length
    p, q = -(x * lean.sine + y * lean.cosine), z
    square, height = p * p + q * q, towards[:, 2]
    rest = square - height * height
    root = np.sqrt(np.maximum(rest, 0))
    tilt = of_direction(p * height + q * root, q * height - p * root)
    north = Angle(np.ones_like(x), np.zeros_like(x))
    right, below, forward = camera_axes(north, tilt, lean)
    seen = right * x[:, None] + below * y[:, None] + forward * z[:, None]
    heading = of_direction(towards[:, 1], towards[:, 0]).minus(of_direction(seen[:, 1], seen[:, 0]))
    return heading, tilt, rest > 0
