"""Cameras, poses and their conventions. Pure NumPy; this module imports nothing else of the project.

Conventions, everywhere in this project:

* Camera axes are OpenCV's: +X right, +Y down, +Z forward. The world is right-handed with +Z up.
* ``camera_to_world`` is (4, 4) float64 and maps camera points to world points as column vectors.
* ``intrinsics`` is (3, 3) float64 in pixels; the centre of the top-left pixel is (0.5, 0.5).
* The motion from camera 1 to camera 2 is ``inv(camera_to_world_1) @ camera_to_world_2``, in camera 1's axes.
* Angles are degrees where a name ends in ``_deg``; lengths are world units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.geometry import exact

__all__ = [
    "WORLD_UP",
    "Camera",
    "RelativePose",
    "azimuth_deg",
    "elevation_deg",
    "euler_deg",
    "intrinsics_from_fov",
    "look_at",
    "object_translation",
    "orbit",
    "relative_pose",
    "rotation_from_euler",
    "wrap_deg",
]

Floats = NDArray[np.float64]

WORLD_UP: Floats = np.array([0.0, 0.0, 1.0])
WORLD_UP.flags.writeable = False

_RIGID_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera: its pose, its intrinsics and its image size.

    Raises ``ValueError`` if the pose is not rigid, the intrinsics are not those of a pinhole, or the image is empty.
    """

    camera_to_world: Floats
    """(4, 4), OpenCV camera axes to world, world units."""
    intrinsics: Floats
    """(3, 3) upper triangular, pixels, no skew."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""

    def __post_init__(self) -> None:
        pose = np.array(self.camera_to_world, dtype=np.float64)
        matrix = np.array(self.intrinsics, dtype=np.float64)
        _check_rigid(pose)
        _check_pinhole(matrix)
        if self.width < 1 or self.height < 1:
            raise ValueError(f"an image must have at least one pixel, not {self.width}x{self.height}")
        pose.flags.writeable = matrix.flags.writeable = False
        object.__setattr__(self, "camera_to_world", pose)
        object.__setattr__(self, "intrinsics", matrix)

    @classmethod
    def look_at(
        cls,
        eye: ArrayLike,
        target: ArrayLike = (0.0, 0.0, 0.0),
        *,
        fov_deg: float = 45.0,
        width: int = 512,
        height: int = 512,
        up: ArrayLike = WORLD_UP,
    ) -> Camera:
        """A camera at ``eye`` (3,) whose optical axis meets ``target`` (3,), image top towards ``up``; world units.

        ``fov_deg`` is the field of view across the shorter side. Raises ``ValueError`` as `look_at` and
        `intrinsics_from_fov` do.
        """
        return cls(look_at(eye, target, up), intrinsics_from_fov(fov_deg, width, height), width, height)

    @cached_property
    def world_to_camera(self) -> Floats:
        """(4, 4): the inverse of ``camera_to_world``."""
        inverse: Floats = exact.inverse_rigid(self.camera_to_world)
        inverse.flags.writeable = False
        return inverse

    @property
    def position(self) -> Floats:
        """(3,): the camera's centre in the world."""
        return self.camera_to_world[:3, 3]

    @cached_property
    def direction_deg(self) -> tuple[float, float]:
        """`azimuth_deg` and `elevation_deg` of the camera as seen from the world's origin."""
        return azimuth_deg(self.position), elevation_deg(self.position)

    @property
    def right(self) -> Floats:
        """(3,): the unit vector to the image's right, in the world."""
        return self.camera_to_world[:3, 0]

    @property
    def up(self) -> Floats:
        """(3,): the unit vector to the image's top, in the world."""
        return -self.camera_to_world[:3, 1]

    @property
    def forward(self) -> Floats:
        """(3,): the unit vector along the optical axis, in the world."""
        return self.camera_to_world[:3, 2]

    def project(self, points: ArrayLike) -> tuple[Floats, Floats]:
        """Pixels (n, 2) and depths (n,) along +Z of world points (n, 3).

        A point behind the camera has a depth <= 0, and its pixel is meaningless.
        """
        world = np.asarray(points, dtype=np.float64)
        local = exact.matmul(world - self.position, self.camera_to_world[:3, :3])
        depth = local[:, 2]
        safe = np.where(np.abs(depth) < 1e-12, 1e-12, depth)
        focal = self.intrinsics[[0, 1], [0, 1]]
        pixels = local[:, :2] / safe[:, None] * focal + self.intrinsics[:2, 2]
        return pixels, depth

    def unproject(self, pixels: ArrayLike, depth: ArrayLike) -> Floats:
        """World points (n, 3) seen at pixels (n, 2) at depths (n,) along +Z."""
        uv = np.asarray(pixels, dtype=np.float64)
        z = np.asarray(depth, dtype=np.float64)
        focal = self.intrinsics[[0, 1], [0, 1]]
        local = np.empty((len(uv), 3))
        local[:, :2] = (uv - self.intrinsics[:2, 2]) / focal * z[:, None]
        local[:, 2] = z
        return exact.matmul(local, self.camera_to_world[:3, :3].T) + self.position

    def resized(self, width: int, height: int) -> Camera:
        """The same view sampled on another pixel grid."""
        if (width, height) == (self.width, self.height):
            return self
        return Camera(self.camera_to_world, self.intrinsics_at(width, height), width, height)

    def intrinsics_at(self, width: int, height: int) -> Floats:
        """(3, 3): the intrinsics of the same view sampled on another pixel grid."""
        if (width, height) == (self.width, self.height):
            return self.intrinsics
        return np.array([[width / self.width], [height / self.height], [1.0]]) * self.intrinsics


@dataclass(frozen=True)
class RelativePose:
    """The motion from camera 1 to camera 2. Answers are derived from these numbers. See `relative_pose`."""

    azimuth_deg: float
    """Signed angle about world up, at the object's centre, from camera 1 to camera 2; (-180, 180]."""
    elevation_deg: float
    """Elevation of camera 2 above the object's centre minus that of camera 1."""
    yaw_deg: float
    """Rotation of the optical axis in camera 1's axes; positive to the right."""
    pitch_deg: float
    """Tilt of the optical axis in camera 1's axes; positive upwards."""
    roll_deg: float
    """Rotation about the optical axis after yaw and pitch; positive clockwise as seen by the photographer."""
    translation_x: float
    """Movement along camera 1's right, world units."""
    translation_y: float
    """Movement along camera 1's down, world units."""
    translation_z: float
    """Movement along camera 1's forward axis, world units."""
    distance_ratio: float
    """Distance of camera 2 to the object's centre divided by that of camera 1."""


def relative_pose(camera_1: Camera, camera_2: Camera, center: ArrayLike = (0.0, 0.0, 0.0)) -> RelativePose:
    """The motion from ``camera_1`` to ``camera_2`` around an object at ``center`` (3,), world units."""
    # Small matrices are multiplied in Python's numbers, see `_check_rigid`.
    second = camera_2.camera_to_world.T.tolist()
    motion = [[_dot4(row, column) for column in second] for row in camera_1.world_to_camera[:3].tolist()]
    yaw, pitch, roll = euler_deg([row[:3] for row in motion])
    (away_1, azimuth_1, elevation_1), (away_2, azimuth_2, elevation_2) = (
        _seen_from(center, camera) for camera in (camera_1, camera_2)
    )
    return RelativePose(
        azimuth_deg=wrap_deg(azimuth_2 - azimuth_1),
        elevation_deg=elevation_2 - elevation_1,
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        translation_x=motion[0][3],
        translation_y=motion[1][3],
        translation_z=motion[2][3],
        distance_ratio=math.sqrt(_dot(away_2, away_2)) / math.sqrt(_dot(away_1, away_1)),
    )


def object_translation(camera_1: Camera, camera_2: Camera, center: ArrayLike) -> float:
    """Position of camera 2 along the right-hand direction of an observer at ``center`` who faces camera 1.

    The observer stands upright (world up). World units; negative is to the observer's left.
    """
    middle = np.asarray(center, dtype=np.float64)
    facing = camera_1.position - middle
    observers_right = exact.cross(facing, WORLD_UP)
    length = float(exact.norm(observers_right))
    if length < 1e-9:
        raise ValueError("camera 1 is straight above or below the object: an observer facing it has no left or right")
    return float(exact.dot(camera_2.position - middle, observers_right)) / length


def azimuth_deg(position: ArrayLike, center: ArrayLike = (0.0, 0.0, 0.0)) -> float:
    """Angle of ``position`` around world up as seen from ``center``: 0 at +X, 90 at +Y; (-180, 180]."""
    x, y, _ = _from(center, position)
    return exact.degrees(exact.atan2(y, x))


def elevation_deg(position: ArrayLike, center: ArrayLike = (0.0, 0.0, 0.0)) -> float:
    """Angle of ``position`` above the horizontal plane through ``center``; [-90, 90]."""
    x, y, z = _from(center, position)
    return exact.degrees(exact.atan2(z, exact.hypot(x, y)))


def wrap_deg(angle: float) -> float:
    """``angle`` wrapped into (-180, 180]."""
    wrapped = math.remainder(angle, 360.0)
    return 180.0 if wrapped == -180.0 else wrapped


def rotation_from_euler(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """(3, 3) rotation ``R_y(yaw) R_x(pitch) R_z(roll)`` in OpenCV camera axes, the inverse of `euler_deg`."""
    (cy, cp, cr), (sy, sp, sr) = _cos_sin(yaw_deg, pitch_deg, roll_deg)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return exact.matmul(exact.matmul(yaw, pitch), roll)


def euler_deg(rotation: ArrayLike) -> tuple[float, float, float]:
    """(yaw, pitch, roll) of a (3, 3) rotation given in OpenCV camera axes.

    Yaw is ``atan2(f.x, f.z)`` of the rotated forward axis f. Pitch is its angle above the x-z plane. Roll is the
    remaining rotation about the axis. These are the intrinsic Y-X-Z Euler angles (``as_euler("YXZ")`` in SciPy).
    """
    r = np.asarray(rotation, dtype=np.float64).tolist()
    yaw = exact.atan2(r[0][2], r[2][2])
    pitch = exact.atan2(-r[1][2], exact.hypot(r[0][2], r[2][2]))
    roll = exact.atan2(r[1][0], r[1][1])
    return exact.degrees(yaw), exact.degrees(pitch), exact.degrees(roll)


def look_at(eye: ArrayLike, target: ArrayLike, up: ArrayLike = WORLD_UP) -> Floats:
    """(4, 4) camera-to-world of a camera at ``eye`` that looks at ``target``, with the image top towards ``up``.

    Raises ``ValueError`` if eye and target coincide, or if the view is along ``up``.
    """
    position, seen, above = (np.asarray(v, dtype=np.float64).tolist() for v in (eye, target, up))
    ahead = [there - here for there, here in zip(seen, position, strict=True)]
    distance = math.sqrt(_dot(ahead, ahead))
    if distance < 1e-12:
        raise ValueError("a camera cannot look at the point it stands on")
    forward = [entry / distance for entry in ahead]
    aside = _cross(forward, above)
    sine = math.sqrt(_dot(aside, aside))
    if sine < 1e-9:
        raise ValueError("a camera that looks along the up vector has no upright pose")
    right = [entry / sine for entry in aside]
    columns = zip(right, _cross(forward, right), forward, position, strict=True)
    return np.array([*columns, (0.0, 0.0, 0.0, 1.0)])


def orbit(distance: float, azimuth_deg: float, elevation_deg: float, center: ArrayLike = (0.0, 0.0, 0.0)) -> Floats:
    """(4, 4) camera-to-world of an upright camera on a sphere around ``center``, looking at it."""
    (ca, ce), (sa, se) = _cos_sin(azimuth_deg, elevation_deg)
    middle = np.asarray(center, dtype=np.float64).tolist()
    toward = (ca * ce, sa * ce, se)
    return look_at([here + float(distance) * part for here, part in zip(middle, toward, strict=True)], middle)


def intrinsics_from_fov(fov_deg: float, width: int, height: int) -> Floats:
    """(3, 3) pixels, square pixels, centred, with the field of view ``fov_deg`` across the shorter side."""
    if not 0 < fov_deg < 180:
        raise ValueError(f"a field of view must lie between 0 and 180 degrees, not {fov_deg}")
    focal = min(width, height) / 2 / exact.tan_deg(fov_deg / 2)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def _cos_sin(*angles_deg: float) -> tuple[list[float], list[float]]:
    angles = [float(angle) for angle in angles_deg]
    return [exact.cos_deg(angle) for angle in angles], [exact.sin_deg(angle) for angle in angles]


def _check_rigid(pose: Floats) -> None:
    # In Python's numbers: for matrices as small as these, a call into NumPy costs more than the arithmetic.
    if pose.shape != (4, 4) or not all(map(math.isfinite, pose.ravel().tolist())):
        raise ValueError("camera_to_world must be a finite (4, 4) matrix")
    x, y, z, last = pose.tolist()
    if not all(abs(entry - wanted) <= _RIGID_TOLERANCE for entry, wanted in zip(last, (0, 0, 0, 1), strict=True)):
        raise ValueError("camera_to_world must have the last row 0 0 0 1")
    off = (_dot(x, x) - 1, _dot(y, y) - 1, _dot(z, z) - 1, _dot(x, y), _dot(x, z), _dot(y, z))
    if not max(map(abs, off)) <= _RIGID_TOLERANCE or _dot(x, _cross(y, z)) < 0:
        raise ValueError("camera_to_world must be a rotation and a translation, without scale or reflection")


def _check_pinhole(matrix: Floats) -> None:
    entries = matrix.tolist()
    finite = matrix.shape == (3, 3) and all(math.isfinite(entry) for row in entries for entry in row)
    if not finite or min(entries[0][0], entries[1][1]) <= 0:
        raise ValueError("intrinsics must be a finite (3, 3) matrix with positive focal lengths")
    (fx, _, cx), (_, fy, cy), _ = entries
    if entries != [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]:
        raise ValueError("intrinsics must have the form [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]")


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _dot4(a: Sequence[float], b: Sequence[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]


def _from(center: ArrayLike, position: ArrayLike) -> list[float]:
    """The vector from ``center`` to ``position``."""
    here, there = (np.asarray(point, dtype=np.float64).tolist() for point in (center, position))
    return [b - a for a, b in zip(here, there, strict=True)]


def _seen_from(center: ArrayLike, camera: Camera) -> tuple[list[float], float, float]:
    """The vector from ``center`` to a camera, and its azimuth and elevation, degrees."""
    away = _from(center, camera.position)
    if away == camera.position.tolist() and 0.0 not in away:  # A zero may have lost its sign, which azimuths depend on.
        return away, *camera.direction_deg
    return away, azimuth_deg(away), elevation_deg(away)


def _cross(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
