"""Camera motions with independent parts, so that no part reveals another.

On an orbit that looks at the object, moving right, turning left and going around always occur together. Here a motion
has separate parts: sideways, height, distance, turn, tilt and roll. Each is negative, positive or none.
`viewpoint100k.views.half_steps` places two cameras for a motion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["LEVELS", "SOME", "Motion", "check_levels", "outline"]

Floats = NDArray[np.float64]

LEVELS: Mapping[str, tuple[str, ...]] = {
    "sideways": ("left", "none", "right"),
    "turn": ("left", "none", "right"),
    "height": ("down", "none", "up"),
    "distance": ("closer", "none", "farther"),
    "tilt": ("down", "none", "up"),
    "roll": ("counter_clockwise", "none", "clockwise"),
    "around": ("left", "right"),
    "object": ("as_it_is", "mirrored", "symmetric"),
}
"""The parts of a motion and their values, from negative to positive; ``some`` is either side. ``around`` moves and
turns the camera together, around the object. ``object`` is not a motion but what the images show: the object as it
is; its mirror image in the second image; or, in both images and without a stage, a solid of revolution that looks alike
from all sides."""

SOME = "some"

_DIRECTIONS = 96


@dataclass(frozen=True)
class Motion:
    """The camera motion between two images: -1, 0 or 1 for each part, in the order of `LEVELS`."""

    sideways: int = 0
    turn: int = 0
    height: int = 0
    distance: int = 0
    tilt: int = 0
    roll: int = 0
    around_deg: tuple[float, float] | None = None
    """Signed range of the azimuth change if the camera goes around the object; it then moves and turns together."""
    sideways_for: Literal["camera", "object"] = "camera"
    """The axis of ``sideways``: camera 1's right axis, or the direction to the left of an upright observer at the
    object who faces camera 1. The two differ slightly if the object is not in the middle of the frame."""

    @property
    def cell(self) -> tuple[int, int]:
        """(sideways, turn), whether specified directly or caused by going around."""
        if self.around_deg is None:
            return self.sideways, self.turn
        side = 1 if self.around_deg[0] > 0 else -1
        return side, -side


def check_levels(levels: Mapping[str, str]) -> None:
    """Raises ``ValueError`` if ``levels`` contain a part of a motion, or a value, that is not in `LEVELS`."""
    for part, level in levels.items():
        if part not in LEVELS:
            raise ValueError(f"{part!r} is not a part of a motion; known: {', '.join(LEVELS)}")
        known = LEVELS[part] if part == "object" else (*LEVELS[part], SOME)
        if level not in known:
            raise ValueError(f"{part} cannot be {level!r}; it is one of {', '.join(known)}")


def outline(points: Floats) -> Floats:
    """(k, 3): those of ``points`` (n, 3) that lie farthest in directions spread over the sphere (Fibonacci lattice)."""
    index = np.arange(_DIRECTIONS) + 0.5
    z = 1 - 2 * index / _DIRECTIONS
    sine, cosine = exact.sincos(np.pi * (1 + math.sqrt(5)) * index)
    radius = np.sqrt(1 - z * z)
    x, y, z = np.stack([radius * cosine, radius * sine, z]).astype(np.float32)
    a, b, c = points.astype(np.float32).T[..., None]
    farthest = (a * x + b * y + c * z).argmax(axis=0)
    extremes: Floats = points[np.unique(farthest)]
    return extremes
