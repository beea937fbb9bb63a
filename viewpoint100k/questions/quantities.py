"""The quantities that a template may ask about, each a number read from the poses of a pair.

``docs/templates.md`` lists them. `viewpoint100k.check.labels` computes each a second time by formulas of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from viewpoint100k.geometry import WORLD_UP, azimuth_deg, elevation_deg, exact, wrap_deg
from viewpoint100k.views.pairs import Pair

__all__ = ["QUANTITIES", "Quantity"]

Factor = str
"""What a camera motion is made of; see `viewpoint100k.views.motions`."""


@dataclass(frozen=True)
class Quantity:
    """A number that follows from a pair."""

    unit: str
    frame: str
    """The frame of reference: ``camera``, ``object``, ``world``, or ``images``."""
    meaning: str
    """What it measures, and which way is positive."""
    of: Callable[[Pair], float]
    factor: Factor | None = None
    """The part of a camera's motion that decides it alone, where there is one."""
    needs: str | None = None
    """What must be known of the object for it: ``front``, or ``answerability``."""
    mirror: int = 1
    """What becomes of it in the mirrored scene: 1 where it stays, -1 where it changes its sign."""
    in_one_image: bool = False
    """Whether one image may tell it by its nature; all other quantities compare two images."""


def _tilt_deg(pair: Pair) -> float:
    first, second = (exact.degrees(exact.asin(max(-1.0, min(1.0, float(c.forward[2]))))) for c in pair.cameras[:2])
    return second - first


def _bank_deg(pair: Pair) -> float:
    first, second = (exact.degrees(exact.atan2(-float(c.right[2]), float(c.up[2]))) for c in pair.cameras[:2])
    return wrap_deg(second - first)


def _rotation_deg(pair: Pair) -> float:
    first, second = (camera.camera_to_world[:3, :3] for camera in pair.cameras[:2])
    # The chord between two rotations (Frobenius norm): better conditioned near zero than the trace.
    chord = float(exact.norm((first - second).ravel())) / (2 * math.sqrt(2))
    return exact.degrees(2 * exact.asin(min(1.0, chord)))


def _translation(pair: Pair) -> float:
    return float(exact.norm(pair.cameras[1].position - pair.cameras[0].position)) / pair.radius


def _height(pair: Pair) -> float:
    return float(exact.dot(pair.cameras[1].position - pair.cameras[0].position, WORLD_UP)) / pair.radius


def _front(pair: Pair) -> np.ndarray:
    assert pair.front is not None, "a template that needs the front is asked only where it is known"
    return pair.front


def _front_azimuth_deg(pair: Pair) -> float:
    return wrap_deg(azimuth_deg(pair.cameras[1].position, pair.center) - azimuth_deg(_front(pair)))


def _own_left(pair: Pair) -> float:
    front = _front(pair)
    left = np.array([-front[1], front[0], 0.0])  # up x front
    step = pair.cameras[1].position - pair.cameras[0].position
    return float(exact.dot(step, left) / exact.norm(left)) / pair.radius


def _answerability(pair: Pair) -> float:
    assert pair.answerability is not None, "a template that needs the answerability is asked only where it is known"
    return pair.answerability


def _camera_elevation_deg(pair: Pair) -> float:
    return elevation_deg(pair.cameras[1].position, pair.center)


QUANTITIES: Mapping[str, Quantity] = {
    "translation_x": Quantity(
        "object radii",
        "camera",
        "movement from camera 1 to camera 2 along camera 1's right; positive to the right",
        lambda pair: pair.pose.translation_x / pair.radius,
        factor="sideways",
        mirror=-1,
    ),
    "translation_y": Quantity(
        "object radii",
        "camera",
        "movement from camera 1 to camera 2 along camera 1's image columns; positive downwards",
        lambda pair: pair.pose.translation_y / pair.radius,
    ),
    "translation_z": Quantity(
        "object radii",
        "camera",
        "movement from camera 1 to camera 2 along camera 1's optical axis; positive forwards",
        lambda pair: pair.pose.translation_z / pair.radius,
    ),
    "translation": Quantity(
        "object radii", "world", "distance between the two cameras' places; never negative", _translation
    ),
    "height": Quantity(
        "object radii",
        "world",
        "height of camera 2 above camera 1; positive where camera 2 is higher",
        _height,
        factor="height",
    ),
    "yaw_deg": Quantity(
        "degrees",
        "camera",
        "turn of the optical axis in camera 1's axes; positive to the right",
        lambda pair: pair.pose.yaw_deg,
        factor="turn",
        mirror=-1,
    ),
    "pitch_deg": Quantity(
        "degrees",
        "camera",
        "angle of camera 2's optical axis above camera 1's horizontal plane; positive upwards",
        lambda pair: pair.pose.pitch_deg,
    ),
    "tilt_deg": Quantity(
        "degrees",
        "world",
        "angle of the optical axis above the horizon, camera 2 less camera 1; positive upwards",
        _tilt_deg,
        factor="tilt",
    ),
    "roll_deg": Quantity(
        "degrees",
        "camera",
        "turn about the optical axis once yaw and pitch are done; positive clockwise as the photographer sees it",
        lambda pair: pair.pose.roll_deg,
        mirror=-1,
    ),
    "bank_deg": Quantity(
        "degrees",
        "world",
        "lean of the camera against the horizon, about its optical axis, camera 2 less camera 1; positive clockwise as "
        "the photographer sees it",
        _bank_deg,
        factor="roll",
        mirror=-1,
    ),
    "rotation_deg": Quantity(
        "degrees", "camera", "angle of the whole rotation between the two cameras; never negative", _rotation_deg
    ),
    "object_translation": Quantity(
        "object radii",
        "object",
        "place of camera 2 along the right hand of an upright observer at the object who faces camera 1",
        lambda pair: pair.object_translation / pair.radius,
        factor="around",
        mirror=-1,
    ),
    "azimuth_deg": Quantity(
        "degrees",
        "object",
        "angle about world up at the object's centre from camera 1 to camera 2; positive counter-clockwise from above, "
        "which is to the right of someone who faces the object",
        lambda pair: pair.pose.azimuth_deg,
        factor="around",
        mirror=-1,
    ),
    "elevation_deg": Quantity(
        "degrees",
        "object",
        "elevation of camera 2 seen from the object's centre, less that of camera 1",
        lambda pair: pair.pose.elevation_deg,
    ),
    "camera_elevation_deg": Quantity(
        "degrees",
        "object",
        "elevation of camera 2 seen from the object's centre",
        _camera_elevation_deg,
        in_one_image=True,
    ),
    "distance_ratio": Quantity(
        "times",
        "object",
        "distance of camera 2 from the object's centre over that of camera 1; below 1 is closer",
        lambda pair: pair.pose.distance_ratio,
        factor="distance",
    ),
    "front_azimuth_deg": Quantity(
        "degrees",
        "object",
        "angle about world up from the object's front to camera 2: 0 in front, 90 at its own left, 180 behind",
        _front_azimuth_deg,
        needs="front",
        mirror=-1,
        in_one_image=True,
    ),
    "own_left": Quantity(
        "object radii",
        "object",
        "movement from camera 1 to camera 2 towards the object's own left, as its front would name it",
        _own_left,
        needs="front",
        mirror=-1,
        in_one_image=True,
    ),
    "mirrored": Quantity(
        "of 1",
        "images",
        "1 where the second image shows the mirror image of the object, 0 where it shows the object",
        lambda pair: float(pair.mirrored),
    ),
    "answerability": Quantity(
        "CIE delta E / 100",
        "images",
        "how different the second image would have been, had the camera gone the other way",
        _answerability,
        needs="answerability",
        in_one_image=True,
    ),
}
