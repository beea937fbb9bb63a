"""Places the cameras for one use of a mesh: a walk around it with the given turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry import Camera, exact, intrinsics_from_fov, look_at, orbit
from viewpoint100k.views.settings import Views

__all__ = ["fitting_distance", "walk"]

Floats = NDArray[np.float64]


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
    nearest = max(
        fitting_distance(points, float(azimuth), float(elevation), fov_deg, fill)
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


def fitting_distance(points: Floats, azimuth_deg: float, elevation_deg: float, fov_deg: float, fill: float) -> float:
    """Distance from the origin at which ``points`` (n, 3) span at most ``fill`` of a square frame's width and height.

    A camera that looks at the origin from distance D sees a point at (a, b, c) in its axes at depth D + c. The point
    is inside the span if ``max(|a|, |b|) <= fill tan(fov / 2) (D + c)``.
    """
    local = exact.matmul(points, orbit(1.0, azimuth_deg, elevation_deg)[:3, :3])
    reach = np.abs(local[:, :2]).max(axis=1) / (fill * exact.tan_deg(fov_deg / 2))
    return float((reach - local[:, 2]).max())
