"""Top view of a pair: the object, the cameras and their viewing directions; camera 1 is at the bottom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DrawnCamera", "TopView", "top_view"]

_REACH = 78.0
"""Drawing units from the object's centre to the furthest camera."""
_SIGHT = 26.0
_MARGIN = 9.0
_LABEL = 13.0
"""Smallest distance between the centres of two labels, drawing units."""
_STRAIGHT_DOWN = -0.999
"""Upward component of the optical axis below which a camera looks straight down."""

Point = tuple[float, float]


@dataclass(frozen=True)
class DrawnCamera:
    """A camera in drawing units: x to the right, y down, the object at (0, 0)."""

    at: Point
    ahead: Point
    """The end of the line along the optical axis."""
    edges: tuple[Point, Point]
    """The ends of the left and right edges of its field of view."""
    label: Point
    number: int = 0
    """Number of its image, from 1."""
    mirrored: bool = False
    """True if its image is mirrored left to right."""


@dataclass(frozen=True)
class TopView:
    cameras: tuple[DrawnCamera, ...]
    radius: float
    """Radius of the object's bounding sphere."""
    front: Point | None
    """The end of the arrow that starts at the object's centre and points to its front."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The bounding box of everything drawn: left, top, width, height."""
        drawn = [p for c in self.cameras for p in (c.at, c.ahead, *c.edges, c.label)]
        drawn += [(-self.radius, -self.radius), (self.radius, self.radius)]
        (left, right), (top, bottom) = ((min(v), max(v)) for v in zip(*drawn, strict=True))
        side = max(right - left, 120.0)
        middle = (left + right) / 2
        return (
            round(middle - side / 2 - _MARGIN, 1),
            round(top - _MARGIN, 1),
            round(side + 2 * _MARGIN, 1),
            round(bottom - top + 2 * _MARGIN, 1),
        )


def top_view(row: Mapping[str, Any]) -> TopView:
    """The pair seen from above, turned so that camera 1 is straight below the object.

    The drawing is not mirrored: camera 1's right is the drawing's right. A camera that looks straight down, as that of
    a floor plan does, is left out, because it would hide the object.
    """
    center = row["object_center"]
    poses = [camera["camera_to_world"] for camera in row["cameras"]]
    places = [(pose[3] - center[0], pose[7] - center[1]) for pose in poses]
    turn = -math.pi / 2 - math.atan2(places[0][1], places[0][0])
    furthest = max([math.hypot(*place) for place in places] + [row["object_radius"], 1e-9])
    scale = _REACH / furthest

    def drawn(x: float, y: float, factor: float) -> Point:
        across, up = math.cos(turn) * x - math.sin(turn) * y, math.sin(turn) * x + math.cos(turn) * y
        return round(factor * across, 2), round(-factor * up, 2)

    cameras: list[DrawnCamera] = []
    for number, (place, camera) in enumerate(zip(places, row["cameras"], strict=True), start=1):
        pose = camera["camera_to_world"]
        if pose[10] < _STRAIGHT_DOWN:
            continue
        at, half = drawn(*place, scale), math.atan2(camera["width"] / 2, camera["intrinsics"][0])
        heading = math.atan2(pose[6], pose[2])
        steps = [drawn(math.cos(heading + a), math.sin(heading + a), _SIGHT) for a in (0.0, half, -half)]
        ahead, left, right = ((at[0] + x, at[1] + y) for x, y in steps)
        away = math.hypot(*at) or 1.0
        label = _apart((at[0] + 12 * at[0] / away, at[1] + 12 * at[1] / away), [c.label for c in cameras])
        cameras.append(DrawnCamera(at, ahead, (left, right), label, number, camera["mirrored"]))
    front = row["object_front"]
    arrow = drawn(front[0], front[1], max(scale * row["object_radius"], 8.0)) if front else None
    return TopView(tuple(cameras), round(scale * row["object_radius"], 2), arrow)


def _apart(label: Point, others: Sequence[Point]) -> Point:
    """``label``, moved to the right until it does not overlap the others."""
    while any(math.dist(label, other) < _LABEL for other in others):
        label = (label[0] + _LABEL, label[1])
    return label


def points(*listed: Sequence[float]) -> str:
    """An SVG ``points`` attribute."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in listed)
