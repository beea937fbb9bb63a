"""Places the cameras for one use of a mesh: a walk around it with the given turns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact, intrinsics_from_fov, look_at, orbit
from viewpoint100k.views.settings import Views

__all__ = ["OuterPoints", "fitting_distance", "walk"]

Floats = NDArray[np.float64]

_FEW = 20_000
"""So many points are all looked at."""
_GROUP = 256


def walk(
    points: Floats, turns_deg: Sequence[float], views: Views, size: int, rng: np.random.Generator
) -> tuple[Camera, ...]:
    """Cameras around an object centred on the origin. Each differs in azimuth from the one before by the given turn.

    The first azimuth is uniform over the full circle, so that no single image reveals a turn. The whole walk has one
    lens, one distance and one elevation; each frame varies them and its aim slightly. Every frame shows the whole
    object.

    Args:
        points: (n, 3) vertices of the object, world units.
        turns_deg: signed azimuth changes, one fewer than the cameras.
        size: pixels along each side of the image.
    """
    count = len(turns_deg) + 1
    azimuths = rng.uniform(0, 360) + np.concatenate([[0.0], np.cumsum(turns_deg)])
    low, high = views.elevation_deg
    jitter = rng.uniform(-views.elevation_jitter_deg, views.elevation_jitter_deg, count)
    elevations = np.clip(rng.uniform(low, high) + jitter, low, high)
    fov_deg = rng.uniform(*views.fov_deg)
    fill = rng.uniform(*views.fill)
    outer = OuterPoints(points)
    nearest = max(
        fitting_distance(outer, float(azimuth), float(elevation), fov_deg, fill)
        for azimuth, elevation in zip(azimuths, elevations, strict=True)
    )
    distances = nearest * rng.uniform(*views.distance_jitter, count)
    aims = rng.uniform(-views.aim_offset, views.aim_offset, (count, 2)) * exact.tan_deg(fov_deg / 2)
    intrinsics = intrinsics_from_fov(fov_deg, size, size)
    cameras = []
    for azimuth, elevation, distance, aim in zip(azimuths, elevations, distances, aims, strict=True):
        centred = orbit(float(distance), float(azimuth), float(elevation))
        beside = exact.matvec(centred[:3, :2], aim) * distance
        cameras.append(Camera(look_at(centred[:3, 3], beside), intrinsics, size, size))
    return tuple(cameras)


class OuterPoints:
    """Many points, of which only those are looked at that may lie farthest out.

    They are grouped as they follow each other, which in most meshes is near each other, with a box around each group.
    """

    def __init__(self, points: Floats) -> None:
        self._points = points
        count = len(points)
        starts = np.arange(0, count, _GROUP if count > _FEW else max(count, 1))
        low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
        self._corners = np.stack([np.where(pick, high, low) for pick in itertools.product((False, True), repeat=3)])
        self._slack = 1e-9 * float(np.abs(self._corners).max())

    def greatest(self, measure: Callable[[Floats], Floats]) -> float:
        """The greatest ``measure`` of all points. It takes points (n, 3), and must be convex."""
        if self._corners.shape[1] == 1:
            return float(measure(self._points).max())
        # A convex function is nowhere in a box greater than at one of its corners.
        bounds = np.max([measure(corner) for corner in self._corners], axis=0) + self._slack
        best = float(measure(self._groups([bounds.argmax()])).max())
        return max(best, float(measure(self._groups(np.flatnonzero(bounds >= best))).max()))

    def _groups(self, indices: Sequence[np.intp] | NDArray[np.intp]) -> Floats:
        return np.concatenate([self._points[i * _GROUP : (i + 1) * _GROUP] for i in indices])


def fitting_distance(
    points: OuterPoints, azimuth_deg: float, elevation_deg: float, fov_deg: float, fill: float
) -> float:
    """Distance from the origin at which ``points`` span at most ``fill`` of a square frame's width and height.

    A camera that looks at the origin from distance D sees a point at (a, b, c) in its axes at depth D + c. The point
    is inside the span if ``max(|a|, |b|) <= fill tan(fov / 2) (D + c)``.
    """
    axes = orbit(1.0, azimuth_deg, elevation_deg)[:3, :3]
    share = fill * exact.tan_deg(fov_deg / 2)

    def needed(places: Floats) -> Floats:
        across, down, ahead = exact.matmul(places, axes).T
        reach: Floats = np.maximum(np.abs(across), np.abs(down)) / share - ahead
        return reach

    return points.greatest(needed)
