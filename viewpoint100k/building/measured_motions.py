"""Which pairs of a capture's photographs show a camera motion that is asked for part by part.

A hand that holds a camera makes moves that are no orbits: it steps aside without turning, turns without stepping aside,
comes closer. The motion between two photographs is measured, and pairs are sorted into the nine cells of sideways and
turn, each to one side, to the other or not at all. What lies between "some" and "none" is in no cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact
from viewpoint100k.views.motions import Motion

__all__ = ["MeasuredMotions"]

_NONE, _SOME = 0.02, 0.19
"""Of a movement, object radii: at most the one is none, at least the other is some. What templates ask about keeps
clear of both by the same margins."""
_NONE_DEG, _SOME_DEG = 1.0, 7.2
"""Likewise of a turn."""
_NONE_RATIO, _SOME_RATIO = 1.02, 1.09
"""Likewise of the farther distance over the closer."""
_UNSORTED = 9
"""The level of what is neither some nor none."""

Levels = NDArray[np.int64]


class MeasuredMotions:
    """The motions between every two of a capture's photographs, in either order."""

    def __init__(self, cameras: Sequence[Camera]) -> None:
        positions = np.array([camera.position for camera in cameras])
        right, forward = (np.array([c.camera_to_world[:3, axis] for c in cameras]) for axis in (0, 2))
        steps = positions[None] - positions[:, None]
        ahead, aside = _along(forward, forward), _along(right, forward)
        self.azimuths_deg = _azimuth_changes(positions)
        """(n, n) azimuth change from the first, the row, to the second, the column; degrees."""
        self.sideways = _levels(_along(right, steps), _NONE, _SOME)
        self.turn = _levels(exact.degrees(exact.atan2(aside, ahead)), _NONE_DEG, _SOME_DEG)
        self.height = _levels(positions[None, :, 2] - positions[:, None, 2], _NONE, _SOME)
        x, y, z = np.square(positions).T
        distances = np.sqrt(x + y + z)
        ratio = distances[None] / distances[:, None]
        farther = np.where(ratio >= 1, ratio, 1 / ratio)
        signed = np.where(ratio >= 1, farther - 1, 1 - farther)
        self.distance = _levels(signed, _NONE_RATIO - 1, _SOME_RATIO - 1)

    def fitting(self, motion: Motion, free: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(k, 2) pairs, of those that are ``free`` (n, n), that are in the motion's cell; of these the ones that agree
        with it best in height and distance. Tilt and roll are whatever they are."""
        if motion.around_deg is not None:
            low, high = motion.around_deg
            inside = free & (self.azimuths_deg >= low) & (self.azimuths_deg <= high)
        else:
            inside = free & (self.sideways == motion.sideways) & (self.turn == motion.turn)
        if not inside.any():
            return np.zeros((0, 2), dtype=np.int64)
        agreed = (self.height == motion.height).astype(np.int64) + (self.distance == motion.distance)
        best = int(agreed[inside].max())
        return np.argwhere(inside & (agreed == best))


def _along(axes: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n): what each row's axis (n, 3) has of a vector, one for each column (n, 3) or for each pair (n, n, 3)."""
    each = vectors if vectors.ndim == 3 else vectors[None]
    x, y, z = (axes[:, None, k] * each[..., k] for k in range(3))
    return np.asarray(x + y + z)


def _azimuth_changes(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    azimuths = exact.degrees(exact.atan2(positions[:, 1], positions[:, 0]))
    return np.asarray((azimuths[None] - azimuths[:, None] + 180.0) % 360.0 - 180.0)


def _levels(values: NDArray[np.float64], none: float, some: float) -> Levels:
    """-1, 0 or 1 of each value, and `_UNSORTED` between."""
    sizes = np.abs(values)
    signs = np.where(values > 0, 1, -1)
    return np.where(sizes <= none, 0, np.where(sizes >= some, signs, _UNSORTED)).astype(np.int64)
