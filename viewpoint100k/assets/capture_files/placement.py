"""Where the object of a capture is and how large: the map to a world with +Z up, its centre at 0 and its radius 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.up import Up, estimate_up
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, exact

__all__ = ["Placement", "nearest_point", "object_in_cloud", "place", "radius_from_view", "rotation_to_up", "turned"]

Floats = NDArray[np.float64]

_FILL = 0.7
"""The part of a photo's shorter side that an object's sphere is taken to span where nothing says how large it is."""
_QUANTILES = (0.01, 0.99)
"""Points outside these, along each axis, are taken for stray ones."""
_FEWEST_POINTS = 50


@dataclass(frozen=True, eq=False)
class Placement:
    """How a capture's own world is laid out."""

    matrix: Floats
    """(4, 4) similarity from the capture's own world to the normalised one."""
    up_confidence: float


def place(
    cameras: Sequence[Camera],
    center: Floats,
    radius: float,
    points: Floats | None = None,
    points_are_object: bool = False,
    up: Floats | None = None,
) -> Placement:
    """The similarity that turns up to +Z, the object's centre to 0, and its radius to 1.

    Azimuth 0 is where the first camera stands (the next one, where that looks straight down): nothing depends then on
    the world that the source happens to use.

    Args:
        cameras: all that have a pose, in the capture's own world.
        center: (3,) of the object as far as the cameras and masks tell; see `nearest_point`.
        radius: likewise, world units; see `radius_from_view`.
        points: (n, 3), of the object alone, or of the whole scene where ``points_are_object`` is false. They go before
            the two arguments above; see `object_in_cloud`.
        up: (3,) unit vector, where the user has said so; estimated otherwise.

    Raises ``AssetError`` with ``up_uncertain``.
    """
    poses = np.array([camera.camera_to_world for camera in cameras])
    found = Up(up, 0.0) if up is not None else estimate_up(poses, center)
    upright = rotation_to_up(found.direction)
    if points is not None:
        within = None if points_are_object else radius
        in_cloud = object_in_cloud(exact.matmul(points, upright.T), exact.matvec(upright, center), within)
        if in_cloud is not None:
            center, radius = exact.matvec(upright.T, in_cloud[0]), in_cloud[1]
    rotation = exact.matmul(_heading_turn(upright, cameras, center), upright)
    matrix = np.eye(4)
    matrix[:3, :3] = rotation / radius
    matrix[:3, 3] = -exact.matvec(rotation, center) / radius
    return Placement(matrix, found.confidence)


def nearest_point(positions: Floats, directions: Floats) -> Floats:
    """(3,) the point nearest to all rays from ``positions`` (n, 3) along unit ``directions`` (n, 3), in the sense of
    least squares.

    Raises ``AssetError`` (``no_common_center``) where the rays are nearly parallel, or most of them lead away from that
    point.
    """
    across = np.eye(3) - directions[:, :, None] * directions[:, None, :]
    form = exact.total(across, axis=0)
    spread, _ = exact.symmetric_eigen(form)
    if not spread[0] >= 1e-4 * spread[2] > 0:
        raise AssetError("no_common_center", "the cameras look in parallel: they walk around nothing")
    center = exact.solve(form, exact.total(exact.matvec(across, positions), axis=0))
    ahead = exact.dot(center - positions, directions)
    distance = exact.norm(center - positions)
    # 45 degrees off the axis is outside the frame of nearly every photo.
    if (ahead > distance * np.sqrt(0.5)).mean() < 0.5 or not np.median(distance) > 1e-9:
        raise AssetError("no_common_center", "most cameras look away from the place that they have in common")
    return np.asarray(center)


def radius_from_view(cameras: Sequence[Camera], center: Floats) -> float:
    """The object's radius if its sphere spans `_FILL` of the shorter side in the median photo, world units."""
    radii = []
    for camera in cameras:
        focal = (camera.intrinsics[0, 0] + camera.intrinsics[1, 1]) / 2
        slope = _FILL * min(camera.width, camera.height) / 2 / focal
        # The sphere's outline is tangent to it: the sine of the half angle, not its tangent.
        radii.append(exact.norm(camera.position - center) * slope / exact.hypot(1, slope))
    return float(np.median(radii))


def object_in_cloud(points: Floats, near: Floats, within: float | None) -> tuple[Floats, float] | None:
    """Centre (3,) and radius of the object in a cloud (n, 3); None where too few points are there.

    Of a cloud of the object alone: the middle of its box without stray points, and the distance of the farthest of
    what is in the box. Of a whole scene, those within ``within`` of ``near`` (3,) are taken for the object's;
    the surroundings reach in there too, so they move the centre by their median alone and never change the radius.
    """
    if within is not None:
        center = near
        for _ in range(3):
            inside = points[exact.norm(points - center) < within]
            if len(inside) < _FEWEST_POINTS or exact.norm(np.median(inside, axis=0) - near) > within / 2:
                return None
            center = np.median(inside, axis=0)
        return np.asarray(center), within
    if len(points) < _FEWEST_POINTS:
        return None
    low, high = np.quantile(points, _QUANTILES, axis=0)
    kept = points[((points >= low) & (points <= high)).all(axis=1)]
    center = (low + high) / 2
    radius = float(exact.norm(kept - center).max()) if len(kept) else 0.0
    return (center, radius) if radius > 1e-12 else None


def rotation_to_up(up: Floats) -> Floats:
    """(3, 3) rotation that turns the unit vector ``up`` (3,) to +Z, by the shortest way."""
    x, y, z = up
    if z < -1 + 1e-12:
        return np.diag([1.0, -1.0, -1.0])
    cross = np.array([[0, 0, -x], [0, 0, -y], [x, y, 0]])
    return np.asarray(np.eye(3) + cross + exact.matmul(cross, cross) / (1 + z))


def turned(matrix: Floats, camera_to_world: Floats) -> Floats:
    """(4, 4) pose of a camera under a similarity (4, 4): its position is mapped, its axes are only turned."""
    scale = exact.cbrt(exact.det3(matrix[:3, :3]))
    pose = np.eye(4)
    pose[:3, :3] = exact.matmul(matrix[:3, :3] / scale, camera_to_world[:3, :3])
    pose[:3, 3] = exact.transform_points(matrix, camera_to_world[:3, 3])
    return pose


def _heading_turn(upright: Floats, cameras: Sequence[Camera], center: Floats) -> Floats:
    """(3, 3) turn about +Z that puts the first camera that does not stand above the object at azimuth 0."""
    for camera in cameras:
        x, y, z = exact.matvec(upright, camera.position - center)
        reach = exact.hypot(x, y)
        if reach > 0.1 * abs(z):
            turn: Floats = np.array([[x, y, 0], [-y, x, 0], [0, 0, reach]]) / reach
            return turn
    return np.eye(3)
