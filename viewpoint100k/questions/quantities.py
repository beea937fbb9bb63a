"""The quantities that a template may ask about, each a number read from a pair's poses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewpoint100k.pairs import Pair

__all__ = ["QUANTITIES", "Quantity"]


@dataclass(frozen=True)
class Quantity:
    """A number that follows from a pair."""

    unit: str
    meaning: str
    """What it measures, in which frame, and which way is positive."""
    of: Callable[[Pair], float]


QUANTITIES: dict[str, Quantity] = {
    "translation_x": Quantity(
        "object radii",
        "movement from camera 1 to camera 2 along camera 1's right; positive to the right",
        lambda pair: pair.pose.translation_x / pair.radius,
    ),
    "translation_y": Quantity(
        "object radii",
        "movement from camera 1 to camera 2 along camera 1's image columns; positive downwards",
        lambda pair: pair.pose.translation_y / pair.radius,
    ),
    "translation_z": Quantity(
        "object radii",
        "movement from camera 1 to camera 2 along camera 1's optical axis; positive forwards",
        lambda pair: pair.pose.translation_z / pair.radius,
    ),
    "yaw_deg": Quantity(
        "degrees",
        "turn of the optical axis in camera 1's axes; positive to the right",
        lambda pair: pair.pose.yaw_deg,
    ),
    "pitch_deg": Quantity(
        "degrees",
        "tilt of the optical axis in camera 1's axes; positive upwards",
        lambda pair: pair.pose.pitch_deg,
    ),
    "roll_deg": Quantity(
        "degrees",
        "turn about the optical axis; positive clockwise as the photographer sees it",
        lambda pair: pair.pose.roll_deg,
    ),
    "object_translation": Quantity(
        "object radii",
        "place of camera 2 along the right hand of an upright observer at the object who faces camera 1",
        lambda pair: pair.object_translation / pair.radius,
    ),
    "azimuth_deg": Quantity(
        "degrees",
        "angle about world up at the object's centre from camera 1 to camera 2; positive counter-clockwise from above",
        lambda pair: pair.pose.azimuth_deg,
    ),
    "elevation_deg": Quantity(
        "degrees",
        "elevation of camera 2 seen from the object's centre, less that of camera 1",
        lambda pair: pair.pose.elevation_deg,
    ),
    "distance_ratio": Quantity(
        "times",
        "distance of camera 2 from the object's centre over that of camera 1",
        lambda pair: pair.pose.distance_ratio,
    ),
}
