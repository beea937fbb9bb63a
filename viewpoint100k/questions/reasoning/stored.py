"""Measures the columns of a row for the checker, with plain ``math`` on tuples, in the world's axes.

It shares no formula with the writer, which works in camera 1's axes. Here, lengths along an axis are signed volumes,
angles come from cross products, and places in an image from projected points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MEASURES", "PLACES", "StoredViews", "Undefined", "read_views"]

Vector = tuple[float, float, float]


class Undefined(ValueError):
    """The stored cameras do not define a quantity, so no claim about it can be true."""


@dataclass(frozen=True)
class _View:
    right: Vector
    down: Vector
    forward: Vector
    position: Vector
    focal: Vector
    """Focal lengths: pixels along x and y, and in halves of the shorter side."""
    principal_point: tuple[float, float]
    size: tuple[float, float]
    """Pixels."""


@dataclass(frozen=True)
class StoredViews:
    """The cameras and the object of one row, world units."""

    views: tuple[_View, ...]
    center: Vector
    radius: float
    front: Vector | None

    @property
    def first(self) -> _View:
        return self.views[0]

    @property
    def second(self) -> _View:
        if len(self.views) < 2:
            raise Undefined("there is no second image")
        return self.views[1]

    def view(self, image: int) -> _View:
        """The view of an image. Images are counted from 1."""
        if not 1 <= image <= len(self.views):
            raise Undefined(f"there is no image {image}")
        return self.views[image - 1]

    def sight(self, image: int) -> Vector:
        """The vector from the object's centre to a camera."""
        return _minus(self.view(image).position, self.center)

    @property
    def step(self) -> Vector:
        return _minus(self.second.position, self.first.position)


def read_views(row: Mapping[str, Any]) -> StoredViews:
    """The cameras and the object of a row. Raises ``ValueError`` if the columns contain none."""
    try:
        views = tuple(_read_view(stored) for stored in row["cameras"])
        x, y, z = (float(v) for v in row["object_center"])
        front = row.get("object_front")
        known = None if front is None else (float(front[0]), float(front[1]), float(front[2]))
        return StoredViews(views, (x, y, z), float(row["object_radius"]), known)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"the row has no cameras and object to check a text against: {error}") from error


def _read_view(stored: Mapping[str, Any]) -> _View:
    m, k = stored["camera_to_world"], stored["intrinsics"]
    right, down, forward, position = ((m[i], m[i + 4], m[i + 8]) for i in range(4))
    width, height = stored["width"], stored["height"]
    focal = (k[0], k[4], 2 * k[0] / min(width, height))
    return _View(right, down, forward, position, focal, (k[2], k[5]), (width, height))


# --- vectors ---------------------------------------------------------------------------------------------------------


def _minus(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _triple(a: Vector, b: Vector, c: Vector) -> float:
    return _dot(a, _cross(b, c))


def _along(point: Vector, direction: Vector, length: float) -> Vector:
    scale = length / math.hypot(*direction)
    return (
        point[0] + scale * direction[0],
        point[1] + scale * direction[1],
        point[2] + scale * direction[2],
    )


def _between_deg(a: Vector, b: Vector) -> float:
    return math.degrees(math.atan2(math.hypot(*_cross(a, b)), _dot(a, b)))


def _plan_turn_deg(a: Vector, b: Vector) -> float:
    """The angle from a to b, counter-clockwise as seen from above."""
    if min(math.hypot(a[0], a[1]) / math.hypot(*a), math.hypot(b[0], b[1]) / math.hypot(*b)) < 0.01:
        raise Undefined("a direction is straight up or down")
    return math.degrees(math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]))


def _pixel(view: _View, point: Vector) -> tuple[float, float]:
    """Pixel coordinates of a world point. Raises `Undefined` if it is not in front of the camera."""
    ray = _minus(point, view.position)
    depth = _triple(view.right, view.down, ray)
    if depth < 0.01 * math.hypot(*ray):
        raise Undefined("the object is not in front of the camera")
    u = view.principal_point[0] + view.focal[0] * _dot(ray, view.right) / depth
    v = view.principal_point[1] + view.focal[1] * _dot(ray, view.down) / depth
    return u, v


def _place(view: _View, point: Vector) -> tuple[float, float]:
    """The place of a point: half widths to the right of the image's middle, and half heights above it."""
    u, v = _pixel(view, point)
    return 2 * u / view.size[0] - 1, 1 - 2 * v / view.size[1]


# --- measures of the pair --------------------------------------------------------------------------------------------


def _moved_x(row: StoredViews) -> float:
    return _triple(row.step, row.first.down, row.first.forward) / row.radius


def _moved_y(row: StoredViews) -> float:
    return -_triple(row.first.right, row.step, row.first.forward) / row.radius


def _moved_z(row: StoredViews) -> float:
    return _triple(row.first.right, row.first.down, row.step) / row.radius


def _height(row: StoredViews) -> float:
    return (row.second.position[2] - row.first.position[2]) / row.radius


def _distance(row: StoredViews) -> float:
    return math.log(math.hypot(*row.sight(2)) / math.hypot(*row.sight(1)))


def _yaw(row: StoredViews) -> float:
    first, ahead = row.first, row.second.forward
    sine, cosine = _triple(first.down, first.forward, ahead), _dot(first.forward, ahead)
    if math.hypot(sine, cosine) < 0.01:
        raise Undefined("camera 2 looks along camera 1's upright axis")
    return math.degrees(math.atan2(sine, cosine))


def _pitch(row: StoredViews) -> float:
    return 90 - _between_deg(row.second.forward, (-row.first.down[0], -row.first.down[1], -row.first.down[2]))


def _roll(row: StoredViews) -> float:
    """The roll relative to a camera that reached camera 2's direction from camera 1's by yaw and pitch only."""
    level = _cross(row.first.down, row.second.forward)
    if math.hypot(*level) < 0.01:
        raise Undefined("camera 2 looks along camera 1's upright axis")
    sine = _triple(row.second.forward, level, row.second.right)
    return math.degrees(math.atan2(sine, _dot(level, row.second.right)))


def _leaning_deg(view: _View, upright: Vector) -> float:
    """The lean, in the image, of a line along ``upright`` that crosses the optical axis; positive to the right."""
    ahead = _along(view.position, view.forward, 10.0)
    foot = _pixel(view, ahead)
    tip = _pixel(view, (ahead[0] + upright[0], ahead[1] + upright[1], ahead[2] + upright[2]))
    return math.degrees(math.atan2((tip[0] - foot[0]) / view.focal[0], -(tip[1] - foot[1]) / view.focal[1]))


def _lean(row: StoredViews) -> float:
    down = row.first.down
    return _leaning_deg(row.second, (-down[0], -down[1], -down[2]))


def _horizon(row: StoredViews) -> float:
    before, after = (_leaning_deg(view, (0.0, 0.0, 1.0)) for view in row.views[:2])
    return math.remainder(after - before, 360)


def _bank(row: StoredViews) -> float:
    """Turn about the optical axis from a level right axis to the camera's own: camera 2's minus camera 1's."""
    turns = []
    for view in row.views[:2]:
        level: Vector = (view.forward[1], -view.forward[0], 0.0)
        if math.hypot(*level) < 0.25:
            raise Undefined("a camera looks straight up or down")
        sine = _triple(view.forward, level, view.right)
        turns.append(math.degrees(math.atan2(sine, _dot(level, view.right))))
    return math.remainder(turns[1] - turns[0], 360)


def _tilt(row: StoredViews) -> float:
    before, after = (math.atan2(v.forward[2], math.hypot(v.forward[0], v.forward[1])) for v in row.views[:2])
    return math.degrees(after - before)


def _far_point(row: StoredViews) -> tuple[float, float, float]:
    """Camera 1's axis, as a direction in camera 2's axes."""
    ahead, second = row.first.forward, row.second
    return _dot(ahead, second.right), _dot(ahead, second.down), _dot(ahead, second.forward)


def _background_x(row: StoredViews) -> float:
    x, _, z = _far_point(row)
    return math.degrees(math.atan2(x, z))


def _background_y(row: StoredViews) -> float:
    return math.degrees(math.asin(max(-1.0, min(1.0, -_far_point(row)[1]))))


def _azimuth(row: StoredViews) -> float:
    return _plan_turn_deg(row.sight(1), row.sight(2))


def _elevation_of(sight: Vector) -> float:
    return math.degrees(math.atan2(sight[2], math.hypot(sight[0], sight[1])))


def _elevation(row: StoredViews) -> float:
    return _elevation_of(row.sight(2)) - _elevation_of(row.sight(1))


def _object_side(row: StoredViews) -> float:
    first, second = row.sight(1), row.sight(2)
    return -math.hypot(second[0], second[1]) * math.sin(math.radians(_plan_turn_deg(first, second))) / row.radius


def _known_front(row: StoredViews) -> Vector:
    if row.front is None:
        raise Undefined("the object's front is not known")
    return row.front


def _front_side(row: StoredViews) -> float:
    second = row.sight(2)
    around = math.radians(_plan_turn_deg(_known_front(row), second))
    return -math.hypot(second[0], second[1]) * math.sin(around) / row.radius


def _own_side(row: StoredViews) -> float:
    ahead = _known_front(row)
    length = math.hypot(ahead[0], ahead[1])
    if length < 0.05:
        raise Undefined("the object's front points straight up or down")
    return (ahead[1] * row.step[0] - ahead[0] * row.step[1]) / length / row.radius


def _flank(row: StoredViews, towards: Vector) -> float:
    """Angle from camera 1's line of sight to camera 2's, in the plane of the first and one of camera 1's axes."""
    first, second = row.sight(1), row.sight(2)
    axis = _cross(first, towards)
    length = math.hypot(*axis)
    if length < 0.05 * math.hypot(*first):
        raise Undefined("camera 1 looks at the object from the side")
    return math.degrees(math.atan2(_triple(axis, first, second) / length, _dot(first, second)))


def _lens(row: StoredViews) -> float:
    return math.log(row.second.focal[2] / row.first.focal[2])


def _scale(row: StoredViews) -> float:
    """Logarithm of the ratio of lengths of a short level line through the object's centre, over the shorter side."""
    sizes = []
    for view in row.views[:2]:
        ends = [_pixel(view, _along(row.center, view.right, side * 0.01 * row.radius)) for side in (-1, 1)]
        sizes.append((ends[1][0] - ends[0][0]) / min(view.size))
    return math.log(sizes[1] / sizes[0])


def _shift(row: StoredViews, axis: int) -> float:
    return _place(row.second, row.center)[axis] - _place(row.first, row.center)[axis]


def _parallax(row: StoredViews) -> float:
    """Offset in image 2 of a near part of the object from a far part that it hides in image 1, in object radii."""
    if _between_deg(row.sight(1), row.sight(2)) > 85:
        raise Undefined("the images have too little in common")
    near, far = (_pixel(row.second, _along(row.center, row.sight(1), side * 0.05 * row.radius)) for side in (1, -1))
    depth = _dot(_minus(row.center, row.second.position), row.second.forward)
    return (near[0] - far[0]) * depth / row.second.focal[0] / (0.1 * row.radius)


def _kept(row: StoredViews, axis: int) -> float:
    """Place of the object's centre for a camera with camera 2's position and lens and camera 1's orientation."""
    first, second = row.first, row.second
    turned = _View(
        first.right, first.down, first.forward, second.position, second.focal, second.principal_point, second.size
    )
    ray = _minus(row.center, second.position)
    if _dot(ray, first.forward) < 0.05 * math.hypot(*ray):
        if axis == 1:
            raise Undefined("the object would be behind the camera")
        return math.copysign(math.inf, _dot(ray, first.right))
    return _place(turned, row.center)[axis]


def _beyond(row: StoredViews, axis: int) -> float:
    """Offset of the object from its place for a camera that did not turn, half widths or heights."""
    return _place(row.second, row.center)[axis] - _kept(row, axis)


def _moved(row: StoredViews) -> float:
    return math.dist(row.first.position, row.second.position) / row.radius


def _rotated(row: StoredViews) -> float:
    """Angle of the whole rotation, from the distances between old and new axes."""
    a, b = row.first, row.second
    chord = math.dist(a.right, b.right) ** 2 + math.dist(a.down, b.down) ** 2 + math.dist(a.forward, b.forward) ** 2
    return math.degrees(2 * math.asin(min(1.0, math.sqrt(chord / 8))))


def _seen_between(row: StoredViews) -> float:
    return _between_deg(row.sight(1), row.sight(2))


def _swap(row: StoredViews) -> float:
    """Cosine between camera 1's right and the right of an observer at the object who faces camera 1."""
    facing = row.sight(1)
    hand: Vector = (facing[1], -facing[0], 0.0)
    length = math.hypot(*hand)
    if length < 0.05 * math.hypot(*facing):
        raise Undefined("camera 1 is straight above or below the object")
    return _dot(row.first.right, hand) / length


MEASURES: Mapping[str, Callable[[StoredViews], float]] = {
    "moved_x": _moved_x,
    "moved_y": _moved_y,
    "moved_z": _moved_z,
    "height": _height,
    "distance": _distance,
    "yaw": _yaw,
    "pitch": _pitch,
    "roll": _roll,
    "lean": _lean,
    "horizon": _horizon,
    "bank": _bank,
    "tilt": _tilt,
    "background_x": _background_x,
    "background_y": _background_y,
    "azimuth": _azimuth,
    "elevation": _elevation,
    "top": _elevation,
    "object_side": _object_side,
    "front_side": _front_side,
    "own_side": _own_side,
    "flank_x": lambda row: _flank(row, row.first.right),
    "flank_y": lambda row: -_flank(row, row.first.down),
    "lens": _lens,
    "scale": _scale,
    "shift_x": lambda row: _shift(row, 0),
    "shift_y": lambda row: _shift(row, 1),
    "parallax": _parallax,
    "kept_x": lambda row: _kept(row, 0),
    "kept_y": lambda row: _kept(row, 1),
    "beyond_x": lambda row: _beyond(row, 0),
    "beyond_y": lambda row: _beyond(row, 1),
    "place": _moved,
    "direction": _rotated,
    "same_faces": _seen_between,
    "frame_swap": _swap,
}
"""The signed size of the quantity of a claim about the pair, by kind of claim."""


def _around(row: StoredViews, image: int) -> float:
    return _plan_turn_deg(row.sight(1), row.sight(image))


def _from_front(row: StoredViews, image: int) -> float:
    return _plan_turn_deg(_known_front(row), row.sight(image))


PLACES: Mapping[str, Callable[[StoredViews, int], float]] = {
    "place_x": lambda row, image: _place(row.view(image), row.center)[0],
    "place_y": lambda row, image: _place(row.view(image), row.center)[1],
    "around": _around,
    "faces": _from_front,
    "faces_two": _from_front,
    "looks_down": lambda row, image: _elevation_of(row.sight(image)),
}
"""The signed size of the quantity of a claim about one image, by kind of claim."""
