"""Which way is up in a capture, whose world has no up of its own.

Two witnesses. The *cameras' axes*: people hold a camera level, so one of its image axes (the right one, or the down
one where it was turned by 90 degrees) is horizontal. The plain mean of the up axes, which is often taken, is right on a
full circle only: on half a circle at an elevation of 30 degrees it is tilted by 20 degrees, and a photo taken in
portrait, or from above, pulls it anywhere. Up as what is perpendicular to the level axes has neither fault
(nerfstudio's ``vertical`` orientation, ``auto_orient_and_center_poses``, is the same without turned cameras). The
*orbit*: where the cameras' positions lie in a plane, its normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact

__all__ = ["MAX_UP_DISAGREEMENT_DEG", "Up", "angle_between_deg", "estimate_up", "orbit_normal", "roll_deg"]

Floats = NDArray[np.float64]

MAX_UP_DISAGREEMENT_DEG = 20.0
"""Where the two witnesses disagree by this much a capture is dropped. A walk that steadily climbs, or a hand that
always leans, explains about 10 degrees; and seen from 45 degrees of elevation, an error of 20 changes the azimuth
between two views by up to 20 degrees, the smallest change that is asked about."""

_LEVEL_DEG = 5.0
"""How level a hand holds a camera: standard deviation of the tilt of its level axis."""

_TURNS_DEG = np.array([0.0, 90.0, -90.0, 180.0])
_TURN_SHARES = np.array([0.75, 0.08, 0.08, 0.01])
"""How often a camera is held so; what is left is any way whatever."""

_LOWEST_DEG, _SOFTNESS_DEG = -20.0, 5.0
_BELOW_SHARE = 0.1
"""An object stands on something: a camera more than 20 degrees below its centre is this rare against one above it."""

_AMBIGUITY = exact.log(20.0)
"""A second direction for up is ruled out where it is this much (of likelihood, 20 to 1) less likely than the first."""
_ANOTHER_DEG = 30.0

_ORBIT_TILT_DEG = 5.0
"""How far an orbit's plane is from level: what its normal can be trusted to."""
_THIN = 0.35
"""Positions lie in a plane where they extend across it less than this part of how far they extend along its shorter
side."""

_FEWEST_LEVEL = 0.7
"""The share of cameras that must be held level, upright or turned. Cameras held at random reach 0.3 to 0.7, hands that
are off by 4 degrees 0.95, and a capture with eight of thirteen photos turned or from above 0.89."""

_MAX_CAMERAS = 128
_PRIOR_COUNT = 4.0
_GRID = 6000


@dataclass(frozen=True, eq=False)
class Up:
    """An estimate of up."""

    direction: Floats
    """(3,): unit vector in the capture's own world."""
    disagreement_deg: float
    """Angle between the two witnesses; where there is no orbit, two standard errors of the one."""

    @property
    def confidence(self) -> float:
        """1 where the witnesses agree wholly, 0 at `MAX_UP_DISAGREEMENT_DEG`."""
        return max(0.0, 1.0 - self.disagreement_deg / MAX_UP_DISAGREEMENT_DEG)


def estimate_up(poses: Floats, center: Floats) -> Up:
    """Up, from camera-to-world poses (n, 4, 4) that look at an object about ``center`` (3,).

    The likeliest direction given how cameras are held and that few stand below the object, then the least-squares
    solution among the level axes, with the orbit's normal as one more measurement. Raises ``AssetError`` with
    ``up_uncertain`` where the witnesses disagree by `MAX_UP_DISAGREEMENT_DEG` or more, where another direction is as
    likely, or where most cameras are held at odd angles.
    """
    poses = poses[np.unique(np.linspace(0, len(poses) - 1, _MAX_CAMERAS).round().astype(int))]
    start = _likeliest(poses, center)
    from_axes, precision = _level_fit(poses, start)
    normal = orbit_normal(poses[:, :3, 3])
    if normal is None:
        tangent_precision = exact.symmetric_eigen(precision)[0][1]
        disagreement = float(np.degrees(2 / np.sqrt(max(tangent_precision, 1e-12))))
        direction = from_axes
    else:
        normal = normal if exact.dot(normal, from_axes) > 0 else -normal
        disagreement = angle_between_deg(from_axes, normal)
        doubt = np.eye(3) - np.outer(normal, normal)
        direction = _least(precision + doubt / np.square(np.radians(_ORBIT_TILT_DEG)), from_axes)
    if disagreement >= MAX_UP_DISAGREEMENT_DEG:
        raise AssetError(
            "up_uncertain",
            f"the cameras leave up uncertain by {disagreement:.0f} degrees: no left or right can be asked",
        )
    return Up(direction, disagreement)


def orbit_normal(positions: Floats) -> Floats | None:
    """(3,) unit normal of the plane in which ``positions`` (n, 3) lie, of either sign; None where there is none."""
    if len(positions) < 5:
        return None
    _, extents, axes = exact.svd(positions - exact.mean(positions, axis=0))
    # A short arc bends too little for its plane to be known: `extents[1]` is then no larger than its unevenness.
    if extents[1] < 1e-9 * max(extents[0], 1e-300) or extents[2] > _THIN * extents[1]:
        return None
    return np.asarray(axes[2])


def roll_deg(poses: Floats, up: Floats) -> Floats:
    """(n,) turn of each camera (n, 4, 4) about its optical axis from upright; positive where up is to the right."""
    return exact.degrees(exact.atan2(exact.dot(poses[:, :3, 0], up), -exact.dot(poses[:, :3, 1], up)))


def angle_between_deg(first: Floats, second: Floats) -> float:
    """Angle between two unit vectors (3,), accurate for small ones too."""
    return exact.degrees(2 * exact.atan2(float(exact.norm(first - second)), float(exact.norm(first + second))))


def _likeliest(poses: Floats, center: Floats) -> Floats:
    """The best direction of a grid over the sphere, unless another is nearly as good."""
    grid = _sphere(_GRID)
    likelihood = _log_likelihood(poses, center, grid)
    best = int(np.argmax(likelihood))
    elsewhere = exact.dot(grid, grid[best]) < exact.cos_deg(_ANOTHER_DEG)
    if likelihood[best] - likelihood[elsewhere].max() < _AMBIGUITY:
        raise AssetError("up_uncertain", "the cameras are held in too many ways to tell which way is up")
    return np.asarray(grid[best])


def _log_likelihood(poses: Floats, center: Floats, candidates: Floats) -> Floats:
    """(m,) of candidate directions (m, 3)."""
    rolls, spreads = _rolls(poses, candidates)
    shares, flat = _roll_shares(rolls, spreads)
    offsets = poses[:, :3, 3] - center
    sines = exact.matmul(candidates, (offsets / np.maximum(exact.norm(offsets, keepdims=True), 1e-12)).T)
    elevations = np.degrees(exact.asin(np.clip(sines, -1, 1)))
    above = 1 / (1 + exact.exp(-(elevations - _LOWEST_DEG) / _SOFTNESS_DEG))
    held = exact.log(exact.total(shares, axis=0) + flat)
    stood = exact.log(_BELOW_SHARE + (1 - _BELOW_SHARE) * above)
    return exact.total(held + stood, axis=1)


def _rolls(poses: Floats, candidates: Floats) -> tuple[Floats, Floats]:
    """(m, n) roll of each camera under each candidate, and its standard deviation, both degrees.

    A camera that looks along up has no roll to speak of: the deviation grows as up's share in the image shrinks.
    """
    x, y = exact.matmul(candidates, poses[:, :3, 0].T), -exact.matmul(candidates, poses[:, :3, 1].T)
    return np.degrees(exact.atan2(x, y)), _LEVEL_DEG / np.maximum(np.sqrt(x * x + y * y), 0.05)


def _roll_shares(rolls: Floats, spreads: Floats) -> tuple[Floats, Floats]:
    """(4, m, n) density of each way to hold a camera, and that of holding it any way whatever; per degree."""
    errors = (rolls[None] - _TURNS_DEG[:, None, None] + 180) % 360 - 180
    # Beyond about 100 degrees of deviation the wrapped normal is the uniform density.
    density = np.maximum(exact.exp(-0.5 * np.square(errors / spreads)) / (spreads * np.sqrt(2 * np.pi)), 1e-300)
    return _TURN_SHARES[:, None, None] * density, np.full_like(rolls, (1 - exact.total(_TURN_SHARES)) / 360)


def _level_fit(poses: Floats, start: Floats) -> tuple[Floats, Floats]:
    """The direction most perpendicular to the level axes, and the precision (3, 3) of that, per square radian.

    Iteratively reweighted: an axis counts by how likely the camera is held so that it is level.
    """
    right, down = poses[:, :3, 0], poses[:, :3, 1]
    up = start
    for _ in range(50):
        rolls, spreads = _rolls(poses, up[None])
        shares, flat = _roll_shares(rolls, spreads)
        all_ways = exact.total(shares, axis=0) + flat
        level, turned = ((shares[0] + shares[3]) / all_ways)[0], ((shares[1] + shares[2]) / all_ways)[0]
        scatter = exact.matmul((right * level[:, None]).T, right) + exact.matmul((down * turned[:, None]).T, down)
        previous, up = up, _least(scatter, up)
        if angle_between_deg(previous, up) < 1e-10:
            break
    count = float(exact.total(level + turned))
    if count < _FEWEST_LEVEL * len(poses):
        raise AssetError("up_uncertain", "most cameras are held at odd angles: nothing says which way is up")
    squared = float(exact.dot(up, exact.matvec(scatter, up))) + _PRIOR_COUNT * np.square(np.radians(_LEVEL_DEG))
    variance = squared / max(count + _PRIOR_COUNT - 2, 1.0)
    return up, scatter / variance


def _least(form: Floats, near: Floats) -> Floats:
    """The unit vector (3,) that a quadratic form (3, 3) is least for, on the side of ``near``."""
    vector = exact.symmetric_eigen(form)[1][:, 0]
    return vector if exact.dot(vector, near) > 0 else -vector


def _sphere(count: int) -> Floats:
    """(count, 3) unit vectors, evenly spread: the golden spiral."""
    index = np.arange(count) + 0.5
    z = 1 - 2 * index / count
    azimuth = np.pi * (1 + math.sqrt(5)) * index
    ring = np.sqrt(1 - z * z)
    return np.column_stack([ring * exact.cos(azimuth), ring * exact.sin(azimuth), z])
