"""Angles as their cosine and sine, so that sums, halves and rotations need only products and square roots.

An `Angle` holds one value for each of n cameras. IEEE 754 fixes products and square roots to the last bit, so a
camera is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import exact

__all__ = ["Angle", "camera_axes", "dotted", "of_degrees", "of_direction", "of_sine"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Angle:
    """n angles."""

    cosine: Floats
    """(n,)"""
    sine: Floats
    """(n,)"""

    def plus(self, other: Angle) -> Angle:
        return Angle(
            self.cosine * other.cosine - self.sine * other.sine, self.sine * other.cosine + self.cosine * other.sine
        )

    def minus(self, other: Angle) -> Angle:
        return self.plus(Angle(other.cosine, -other.sine))

    def half(self) -> Angle:
        """Half of angles that lie between -180 and 180 degrees."""
        cosine = np.sqrt(np.maximum(1 + self.cosine, 0) / 2)
        return Angle(cosine, self.sine / (2 * np.maximum(cosine, 1e-300)))

    @property
    def tangent(self) -> Floats:
        return self.sine / self.cosine


def of_degrees(degrees: Floats) -> Angle:
    """Angles given in degrees (n,)."""
    return Angle(exact.cos_deg(degrees), exact.sin_deg(degrees))


def of_direction(along: Floats, aside: Floats) -> Angle:
    """The angle from one axis to another of vectors with these components (n,) along the two, of any length."""
    length = np.sqrt(along * along + aside * aside)
    length = np.where(length > 0, length, 1.0)
    return Angle(along / length, aside / length)


def of_sine(sine: Floats) -> Angle:
    """Angles between -90 and 90 degrees; a sine beyond 1 gives NaN."""
    with np.errstate(invalid="ignore"):
        return Angle(np.sqrt(1 - sine * sine), sine)


def dotted(one: Floats, two: Floats) -> Floats:
    """(...): dot products of vectors (..., 3), summed in the order of the axes."""
    product: Floats = one[..., 0] * two[..., 0] + one[..., 1] * two[..., 1] + one[..., 2] * two[..., 2]
    return product


def camera_axes(heading: Angle, tilt: Angle, lean: Angle) -> tuple[Floats, Floats, Floats]:
    """Right, down and forward axes of cameras, (n, 3) each, in the world (+Z up).

    Args:
        heading: of the optical axis, clockwise from above; 0 is along +Y.
        tilt: of the optical axis above the horizon.
        lean: about the optical axis, clockwise as the photographer sees it.
    """
    (ch, sh), (ct, st), (cl, sl) = ((a.cosine, a.sine) for a in (heading, tilt, lean))
    forward = np.stack([sh * ct, ch * ct, st], axis=-1)
    level = np.stack([ch, -sh, np.zeros_like(ch)], axis=-1)
    below = np.stack([sh * st, ch * st, -ct], axis=-1)
    right = level * cl[:, None] + below * sl[:, None]
    down = below * cl[:, None] - level * sl[:, None]
    return right, down, forward
