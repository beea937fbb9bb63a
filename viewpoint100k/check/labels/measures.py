"""Computes every quantity again from stored columns, with plain ``math`` on tuples, so that it can be checked by hand.

It uses triple products and angles in the world frame, where the builder multiplies matrices. Raises ``ValueError`` if
the cameras leave a quantity undefined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from viewpoint100k.geometry.row_cameras import StoredPair, Vector, cross, dot, minus, triple

__all__ = ["MEASURES", "azimuth_between", "tolerance"]


def _step(pair: StoredPair) -> Vector:
    return minus(pair.second.position, pair.first.position)


def _plan(pair: StoredPair, point: Vector) -> tuple[float, float]:
    """A point on the floor plan, relative to the object's centre."""
    x, y, _ = minus(point, pair.center)
    if math.hypot(x, y) <= 1e-6 * math.hypot(*minus(point, pair.center)):
        raise ValueError("a camera straight above or below the object has no place on the floor plan around it")
    return x, y


def _between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Degrees from a to b on the floor plan, counter-clockwise."""
    return math.degrees(math.atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]))


def azimuth_between(pair: StoredPair, first: Vector, second: Vector) -> float:
    """Degrees about world up, at the object's centre, from one position to another."""
    return _between(_plan(pair, first), _plan(pair, second))


def _yaw(pair: StoredPair) -> float:
    first, ahead = pair.first, pair.second.forward
    sine, cosine = triple(first.down, first.forward, ahead), dot(first.forward, ahead)
    if math.hypot(sine, cosine) < 1e-9:
        raise ValueError("camera 2 looks along camera 1's vertical, so it has no yaw")
    return math.degrees(math.atan2(sine, cosine))


def _roll(pair: StoredPair) -> float:
    level = cross(pair.first.down, pair.second.forward)
    if math.hypot(*level) < 1e-6:
        raise ValueError("camera 2 looks along camera 1's vertical, so it has no roll")
    return math.degrees(
        math.atan2(triple(pair.second.forward, level, pair.second.right), dot(level, pair.second.right))
    )


def _bank(pair: StoredPair) -> float:
    """Lean against the horizon: the angle about the optical axis from the level to the right axis."""
    leans = []
    for camera in (pair.first, pair.second):
        level = (camera.forward[1], -camera.forward[0], 0.0)
        if math.hypot(*level) < 1e-6:
            raise ValueError("a camera that looks straight up or down does not lean against the horizon")
        leans.append(math.atan2(triple(camera.forward, level, camera.right), dot(level, camera.right)))
    return math.degrees(math.remainder(leans[1] - leans[0], 2 * math.pi))


def _tilt(pair: StoredPair) -> float:
    one, two = (math.atan2(c.forward[2], math.hypot(*c.forward[:2])) for c in (pair.first, pair.second))
    return math.degrees(two - one)


def _rotation(pair: StoredPair) -> float:
    """Angle of the rotation between the cameras, from the trace and the antisymmetric part of its matrix.

    The entries of that matrix are the cosines between the cameras' axes.
    """
    one = (pair.first.right, pair.first.down, pair.first.forward)
    two = (pair.second.right, pair.second.down, pair.second.forward)
    r = [[dot(a, b) for b in two] for a in one]
    twist = math.hypot(r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1])
    return math.degrees(math.atan2(twist, r[0][0] + r[1][1] + r[2][2] - 1))


def _object_translation(pair: StoredPair) -> float:
    facing, place = _plan(pair, pair.first.position), minus(pair.second.position, pair.center)
    return -(facing[0] * place[1] - facing[1] * place[0]) / math.hypot(*facing) / pair.radius


def _elevation(pair: StoredPair, point: Vector) -> float:
    x, y, z = minus(point, pair.center)
    return math.degrees(math.atan2(z, math.hypot(x, y)))


def _front(pair: StoredPair) -> tuple[float, float]:
    if pair.front is None:
        raise ValueError("the object's front is not stored, so its own sides are unknown")
    if math.hypot(*pair.front[:2]) <= 1e-6:
        raise ValueError("the object's front points straight up or down, so that it has no left or right")
    return pair.front[0], pair.front[1]


def _own_left(pair: StoredPair) -> float:
    ahead, step = _front(pair), _step(pair)
    return (ahead[0] * step[1] - ahead[1] * step[0]) / math.hypot(*ahead) / pair.radius


def _told(pair: StoredPair) -> float:
    if pair.answerability is None:
        raise ValueError("answerability is null, and the answer follows from it")
    return pair.answerability


def _distance(pair: StoredPair, point: Vector) -> float:
    return math.hypot(*minus(point, pair.center))


MEASURES: Mapping[str, Callable[[StoredPair], float]] = {
    "translation_x": lambda p: triple(_step(p), p.first.down, p.first.forward) / p.radius,
    "translation_y": lambda p: triple(p.first.right, _step(p), p.first.forward) / p.radius,
    "translation_z": lambda p: triple(p.first.right, p.first.down, _step(p)) / p.radius,
    "translation": lambda p: math.dist(p.second.position, p.first.position) / p.radius,
    "height": lambda p: _step(p)[2] / p.radius,
    "yaw_deg": _yaw,
    "pitch_deg": lambda p: math.degrees(math.asin(max(-1.0, min(1.0, -dot(p.second.forward, p.first.down))))),
    "tilt_deg": _tilt,
    "roll_deg": _roll,
    "bank_deg": _bank,
    "rotation_deg": _rotation,
    "object_translation": _object_translation,
    "azimuth_deg": lambda p: azimuth_between(p, p.first.position, p.second.position),
    "elevation_deg": lambda p: _elevation(p, p.second.position) - _elevation(p, p.first.position),
    "camera_elevation_deg": lambda p: _elevation(p, p.second.position),
    "distance_ratio": lambda p: _distance(p, p.second.position) / _distance(p, p.first.position),
    "front_azimuth_deg": lambda p: _between(_front(p), _plan(p, p.second.position)),
    "own_left": _own_left,
    "mirrored": lambda p: float(p.mirrored),
    "answerability": _told,
}
"""Every quantity, by the name that templates use."""


def tolerance(value: float, quantity: str) -> float:
    """Largest allowed error of a stored value. The value, and the poses too, may have single precision."""
    return (1e-3 if "deg" in quantity else 1e-4) + 1e-5 * abs(value)
