"""Places two cameras around a middle one, half of a motion before it and half after, so that the two images are alike.

Each part of the motion has the requested size, whatever the others are. A part that is none is not exactly zero: it is
the tremble of a hand, too small for a question. The middle camera is drawn the same way for every motion, so the
swapped pair of a motion is as likely as the pair of the reverse motion.

What one image reveals about the motion is then how much closer to the edge of its range a first image lies than a
second: the size of a step relative to the width of its range. docs/pairs.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact, intrinsics_from_fov
from viewpoint100k.views.middle_cameras import MiddleCameras, draw_middle_cameras
from viewpoint100k.views.motions import Motion
from viewpoint100k.views.settings import Motions
from viewpoint100k.views.unit_angles import Angle, camera_axes, dotted, of_degrees, of_direction, of_sine

__all__ = ["place_pair"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_CANDIDATES = 16
"""Number of middle cameras drawn at a time."""

_ROUNDS = 40
"""Number of rounds before a motion is given up for an object. The first round nearly always succeeds."""

_EDGE = 0.985
"""Share of the half frame that the object may reach."""

_CLEARANCE = 0.2
"""Smallest height of a camera above the ground that the object stands on, object radii."""

_NEAREST = 1.5
"""Smallest distance of a camera to the object's centre, object radii."""

_STEEPEST = 0.93
"""Sine of the greatest elevation of a camera: left and right are undefined straight above the object."""

_STEEPEST_AXIS = 0.975
"""Sine of the steepest angle of an optical axis against the horizon, 77 degrees."""

_HALVES = (-1, 1)


@dataclass(frozen=True, eq=False)
class _Steps:
    """The full size of each part of a motion for n candidates; angles are stored as halves, as the code uses them."""

    sideways: Floats
    """(n,) world units, signed."""
    height: Floats
    root_ratio: Floats
    """(n,) square root of the second camera's distance divided by the first's."""
    turn: Angle
    half_tilt: Angle
    half_roll: Angle


def place_pair(
    points: Floats, motion: Motion, ranges: Motions, size: int, rng: np.random.Generator
) -> tuple[Camera, Camera] | None:
    """Two cameras around an object centred on the origin, where the second follows ``motion``; None if none fits.

    The whole object is in both images, and fills a share of each within ``ranges.fill_limits``.

    Args:
        points: (k, 3) `viewpoint100k.views.motions.outline` of the object, world units.
        size: pixels along each side of the image.
    """
    ground = float(points[:, 2].min())
    for _ in range(_ROUNDS):
        fov_deg = exact.uniform(rng, *ranges.fov_deg)
        half_fov = of_degrees(np.array([fov_deg / 2]))
        reach = float(half_fov.tangent[0])
        middle = draw_middle_cameras(points, ranges, reach, _CANDIDATES, rng)
        steps = _draw_steps(middle, motion, ranges, rng)
        poses = _around(middle, steps, motion, ranges, rng) if motion.around_deg else _aside(middle, steps, motion)
        fits = middle.possible
        for pose in poses:
            fits = fits & _shown_whole(points, pose, reach, ranges) & _standable(pose[:, :3, 3], ground)
            fits &= _held_upright(pose)
        if motion.around_deg:
            fits &= _goes_the_way(*poses, motion, ranges)
        elif motion.sideways and motion.sideways_for == "camera":
            fits &= _moves_by_both(*poses, motion, ranges)
        if fits.any():
            chosen = int(np.argmax(fits))
            intrinsics = intrinsics_from_fov(fov_deg, size, size)
            first, second = (Camera(pose[chosen], intrinsics, size, size) for pose in poses)
            return first, second
    return None


def _draw_steps(middle: MiddleCameras, motion: Motion, ranges: Motions, rng: np.random.Generator) -> _Steps:
    """Draws sizes within their ranges. Two parts that shift the object to the same side are drawn small."""
    count = len(middle.positions)
    sizes, tremble = ranges.sizes, ranges.tremble
    distance = np.sqrt(dotted(middle.positions, middle.positions))
    across, upright = motion.sideways * motion.turn > 0, motion.height * motion.tilt > 0

    def moved(sign: int, span: tuple[float, float], is_alike: bool) -> Floats:
        if sign == 0:
            return tremble * exact.uniform(rng, -1, 1, count)
        return sign * np.maximum(distance * _size(span, is_alike, ranges, count, rng), ranges.least_move)

    def turned(sign: int, span: tuple[float, float], is_alike: bool) -> Floats:
        if sign == 0:
            return ranges.tremble_deg * exact.uniform(rng, -1, 1, count)
        return sign * _size(span, is_alike, ranges, count, rng)

    ratio = 1 + tremble * exact.uniform(rng, -1, 1, count) / distance
    if motion.distance:
        ratio = _size(sizes.distance_ratio, False, ranges, count, rng)
    root = np.sqrt(ratio)
    return _Steps(
        sideways=moved(motion.sideways, sizes.sideways, across),
        height=moved(motion.height, sizes.height, upright),
        root_ratio=1 / root if motion.distance < 0 else root,
        turn=of_degrees(turned(motion.turn, sizes.turn_deg, across)),
        half_tilt=of_degrees(turned(motion.tilt, sizes.tilt_deg, upright) / 2),
        half_roll=of_degrees(turned(motion.roll, sizes.roll_deg, False) / 2),
    )


def _size(span: tuple[float, float], is_alike: bool, ranges: Motions, count: int, rng: np.random.Generator) -> Floats:
    low, high = span
    return exact.uniform(rng, low, low + ranges.alike * (high - low) if is_alike else high, count)


def _aside(middle: MiddleCameras, steps: _Steps, motion: Motion) -> tuple[Floats, Floats]:
    """Poses (n, 4, 4) of both cameras, whose positions and directions change independently."""
    half_turn = _heading_change(middle, steps).half()
    (heading_1, tilt_1, lean_1), second = (_half_turned(middle, steps, half_turn, sign) for sign in _HALVES)
    if motion.sideways_for == "object":
        positions = _places_for_object(middle, steps)
    elif motion.sideways:
        positions = _places_for_camera(middle, steps, camera_axes(middle.heading, middle.tilt, middle.lean)[0])
    else:  # Measured along camera 1's axis, as the question does. Camera 2's axis may disagree after a turn.
        positions = _places_for_camera(middle, steps, camera_axes(heading_1, tilt_1, lean_1)[0])
    return _poses(positions[0], heading_1, tilt_1, lean_1), _poses(positions[1], *second)


def _half_turned(middle: MiddleCameras, steps: _Steps, half_turn: Angle, sign: int) -> tuple[Angle, Angle, Angle]:
    """Heading, tilt and lean of the first (-1) or second (1) camera."""
    if sign < 0:
        return (
            middle.heading.minus(half_turn),
            middle.tilt.minus(steps.half_tilt),
            middle.lean.minus(steps.half_roll),
        )
    return middle.heading.plus(half_turn), middle.tilt.plus(steps.half_tilt), middle.lean.plus(steps.half_roll)


def _heading_change(middle: MiddleCameras, steps: _Steps) -> Angle:
    """The change of heading that turns camera 2's axis by ``steps.turn`` in camera 1's axes.

    Let h be the change, f the second forward axis, and r and g the first right and forward axes. Then
    ``f . r = tan(turn) f . g`` has the form ``a sin(h) + b cos(h) = c``.
    """
    north = Angle(np.ones_like(steps.sideways), np.zeros_like(steps.sideways))
    _, tilt_1, lean_1 = _half_turned(middle, steps, north, -1)
    tilt_2 = middle.tilt.plus(steps.half_tilt)
    tangent = steps.turn.tangent
    a = tilt_2.cosine * lean_1.cosine
    b = tilt_2.cosine * (tilt_1.sine * lean_1.sine - tangent * tilt_1.cosine)
    c = tilt_2.sine * (tilt_1.cosine * lean_1.sine + tangent * tilt_1.sine)
    square = a * a + b * b
    root = np.sqrt(np.maximum(square - c * c, 0))
    return of_direction(b * c + a * root, a * c - b * root)


def _heights_and_distances(middle: MiddleCameras, steps: _Steps, sign: int) -> tuple[Floats, Floats]:
    """Height above the object's centre, and distance to it, of the first (-1) or second (1) camera."""
    distance = np.sqrt(dotted(middle.positions, middle.positions))
    farther = steps.root_ratio if sign > 0 else 1 / steps.root_ratio
    return middle.positions[:, 2] + sign * steps.height / 2, distance * farther


def _places_for_camera(middle: MiddleCameras, steps: _Steps, right: Floats) -> list[Floats]:
    """Positions (n, 3), ``steps.sideways`` apart along ``right`` (n, 3), with the given heights and distances.

    On the circle of that height and distance, the component along the horizontal of ``right`` fixes the position.
    """
    length = np.sqrt(right[:, 0] * right[:, 0] + right[:, 1] * right[:, 1])
    east, north = right[:, 0] / length, right[:, 1] / length
    side = np.where(middle.positions[:, 1] * east - middle.positions[:, 0] * north < 0, -1.0, 1.0)
    along = dotted(middle.positions, right)
    places = []
    for sign in _HALVES:
        height, distance = _heights_and_distances(middle, steps, sign)
        given = (along + sign * steps.sideways / 2 - height * right[:, 2]) / length
        square = distance * distance - height * height - given * given
        rest = side * np.sqrt(np.where(square >= 0, square, np.nan))
        places.append(np.stack([given * east - rest * north, given * north + rest * east, height], axis=-1))
    return places


def _places_for_object(middle: MiddleCameras, steps: _Steps) -> list[Floats]:
    """Positions (n, 3), the second ``steps.sideways`` to the left of an observer at the object who faces the first."""
    height, distance = _heights_and_distances(middle, steps, 1)
    square = distance * distance - height * height
    half_way = of_sine(steps.sideways / np.sqrt(np.where(square > 0, square, np.nan))).half()
    return _places_around(middle, steps, half_way)


def _places_around(middle: MiddleCameras, steps: _Steps, half_way: Angle) -> list[Floats]:
    """Positions (n, 3) at twice the azimuth ``half_way`` from each other, counter-clockwise from above."""
    azimuth = of_direction(middle.positions[:, 0], middle.positions[:, 1])
    places = []
    for sign, there in zip(_HALVES, (azimuth.minus(half_way), azimuth.plus(half_way)), strict=True):
        height, distance = _heights_and_distances(middle, steps, sign)
        square = distance * distance - height * height
        across = np.sqrt(np.where(square > 0, square, np.nan))
        places.append(np.stack([across * there.cosine, across * there.sine, height], axis=-1))
    return places


def _around(
    middle: MiddleCameras, steps: _Steps, motion: Motion, ranges: Motions, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Poses (n, 4, 4) of cameras that go around the object and keep it at about the same place in the frame."""
    assert motion.around_deg is not None
    count = len(middle.positions)
    half_way = of_degrees(exact.uniform(rng, *motion.around_deg, count) / 2)
    half_turn = of_degrees(ranges.aim_deg * exact.uniform(rng, -1, 1, count) / 2)
    beside = middle.heading.minus(of_direction(-middle.positions[:, 1], -middle.positions[:, 0]))
    poses = []
    for sign, place in zip(_HALVES, _places_around(middle, steps, half_way), strict=True):
        turned, tilt, lean = _half_turned(middle, steps, half_turn, sign)
        aimed = of_direction(-place[:, 1], -place[:, 0]).plus(beside).plus(turned.minus(middle.heading))
        poses.append(_poses(place, aimed, tilt, lean))
    return poses[0], poses[1]


def _poses(positions: Floats, heading: Angle, tilt: Angle, lean: Angle) -> Floats:
    """(n, 4, 4) camera-to-world."""
    right, down, forward = camera_axes(heading, tilt, lean)
    poses = np.zeros((len(positions), 4, 4))
    poses[:, :3, 0], poses[:, :3, 1], poses[:, :3, 2], poses[:, :3, 3] = right, down, forward, positions
    poses[:, 3, 3] = 1.0
    return poses


def _shown_whole(points: Floats, poses: Floats, reach: float, ranges: Motions) -> Bools:
    """(n,): True if a pose shows all ``points`` within the frame, neither too small nor too large."""
    offset = points[None] - poses[:, None, :3, 3]
    x, y, depth = (dotted(offset, poses[:, None, :3, axis]) for axis in range(3))
    ahead = depth > 0
    safe = np.where(ahead, depth, 1.0) * reach
    x, y = x / safe, y / safe
    inside = ahead & (np.abs(x) < _EDGE) & (np.abs(y) < _EDGE)
    # The frame is two units wide.
    span = np.maximum(x.max(axis=1) - x.min(axis=1), y.max(axis=1) - y.min(axis=1)) / 2
    low, high = ranges.fill_limits
    shown: Bools = inside.all(axis=1) & (span >= low) & (span <= high)
    return shown


def _standable(positions: Floats, ground: float) -> Bools:
    """(n,): True if a camera may stand there: above the ground, not inside the object, not straight above it."""
    distance = np.sqrt(dotted(positions, positions))
    low_enough = positions[:, 2] < distance * _STEEPEST
    standable: Bools = (positions[:, 2] > ground + _CLEARANCE) & low_enough & (distance > _NEAREST)
    return standable


def _moves_by_both(first: Floats, second: Floats, motion: Motion, ranges: Motions) -> Bools:
    """(n,): True if the camera moves far enough sideways along the right axis of either camera."""
    step = motion.sideways * (second[:, :3, 3] - first[:, :3, 3])
    least = np.minimum(dotted(step, first[:, :3, 0]), dotted(step, second[:, :3, 0]))
    moves: Bools = least > 0.95 * ranges.least_move
    return moves


def _held_upright(poses: Floats) -> Bools:
    """(n,): True if the camera's top points upwards and its axis is not nearly straight down, where headings end."""
    forward, down = poses[:, 2, 2], poses[:, 2, 1]
    held: Bools = (down < 0) & (np.abs(forward) < _STEEPEST_AXIS)
    return held


def _goes_the_way(first: Floats, second: Floats, motion: Motion, ranges: Motions) -> Bools:
    """(n,): whether a camera that goes around has moved to that side by enough, and turned to the other by enough, as
    either of the two has it."""
    side, turn = motion.cell
    step = side * (second[:, :3, 3] - first[:, :3, 3])
    moved = np.minimum(dotted(step, first[:, :3, 0]), dotted(step, second[:, :3, 0]))
    least = of_degrees(np.array([ranges.sizes.turn_deg[0]])).tangent[0]
    goes: Bools = moved > ranges.least_move
    for one, other, sign in ((first, second, turn), (second, first, -turn)):
        sine, cosine = sign * dotted(other[:, :3, 2], one[:, :3, 0]), dotted(other[:, :3, 2], one[:, :3, 2])
        # A turn of more than a right angle has a negative cosine.
        goes &= (sine > 0) & ((cosine <= 0) | (sine > least * cosine))
    return goes
