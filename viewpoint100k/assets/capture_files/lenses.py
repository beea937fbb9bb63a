"""Lens distortion, and the pinhole camera of an undistorted image.

An undistorted picture keeps the principal point and the pixel count of the photo. Its focal length is the shortest at
which all of its pixels lie inside the photo. So it is cropped to valid pixels (COLMAP's ``blank_pixels = 0``), without
black corners, which would reveal the lens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.errors import AssetError, MissingExtraError
from viewpoint100k.geometry import exact

__all__ = ["Distortion", "Lens", "colmap_lens", "fisheye", "polynomial", "undistorted"]

Floats = NDArray[np.float64]

Distortion = Callable[[Floats], Floats]
"""Maps (n, 2) ideal image points, as the tangents x / z and y / z, to those of the photo, in units of focal length."""

_ZOOMS = (0.6, 2.0)
"""Smallest and largest factor on the focal length. Outside them the stated distortion cannot be that of a photo."""
_EDGE = 33
_MAX_TANGENT = 20.0


@dataclass(frozen=True, eq=False)
class Lens:
    """Intrinsics and distortion of a photo's camera, as its source states them."""

    intrinsics: Floats
    """(3, 3) pixels; the centre of the top-left pixel is (0.5, 0.5)."""
    width: int
    height: int
    distortion: Distortion | None = None

    def __post_init__(self) -> None:
        focal = self.intrinsics[[0, 1], [0, 1]]
        size = np.array([self.width, self.height])
        if not (np.isfinite(self.intrinsics).all() and (size >= 1).all() and (size <= 65535).all()):
            raise ValueError("the camera has no size, or numbers that are not finite")
        # A view of 0.3 to 175 degrees, with the optical axis somewhere near the picture.
        if (focal < size.max() / 50).any() or (focal > size.max() * 200).any():
            raise ValueError(
                f"focal lengths {focal[0]:.4g}, {focal[1]:.4g} do not fit {self.width}x{self.height} pixels"
            )
        if not 0.2 < focal[0] / focal[1] < 5 or (np.abs(self.intrinsics[:2, 2] - size / 2) > 2 * size.max()).any():
            raise ValueError("the camera's pixel aspect ratio or its principal point cannot be that of a photo")

    def resized(self, width: int, height: int) -> Lens:
        """The same lens over another pixel grid."""
        scale = np.diag([width / self.width, height / self.height, 1.0])
        return replace(self, intrinsics=exact.matmul(scale, self.intrinsics), width=width, height=height)

    def bend(self, tangents: Floats) -> Floats:
        """(n, 2) pixels of the photo at which ideal image points (n, 2) are seen."""
        seen = tangents if self.distortion is None else self.distortion(tangents)
        return np.asarray(seen * self.intrinsics[[0, 1], [0, 1]] + self.intrinsics[:2, 2])


def undistorted(lens: Lens) -> Lens:
    """The pinhole that the photo is resampled for; ``lens`` itself where it is one.

    Raises ``AssetError`` with ``bad_camera`` for a distortion that folds the picture, or that leaves no part of it.
    """
    if lens.distortion is None:
        return lens
    low, high = _ZOOMS
    with np.errstate(all="ignore"):
        if not _fits(lens, high):
            raise AssetError("bad_camera", "the lens's distortion is too strong to be that of a photo")
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if _fits(lens, middle) else (middle, high)
        straight = _zoomed(lens, high)
        if not _is_one_to_one(lens, straight):
            raise AssetError("bad_camera", "the lens's distortion folds the picture over itself")
    return straight


def polynomial(
    radial: Sequence[float],
    tangential: Sequence[float] = (0.0, 0.0),
    denominator: Sequence[float] = (),
    prism: Sequence[float] = (0.0, 0.0, 0.0, 0.0),
) -> Distortion | None:
    """The Brown-Conrady model as OpenCV writes it; None where all is zero.

    ``radial`` k1, k2, k3 … and ``denominator`` k4, k5, k6 of the powers of r^2, ``tangential`` p1, p2, ``prism`` s1 to
    s4. Source: OpenCV, "Camera Calibration and 3D Reconstruction".
    """
    if not any([*radial, *tangential, *denominator, *prism]):
        return None
    above, below = np.array([1.0, *radial]), np.array([1.0, *denominator])
    (p1, p2), (s1, s2, s3, s4) = tangential, prism

    def bend(tangents: Floats) -> Floats:
        x, y = tangents.T
        r2 = x * x + y * y
        scale = np.polyval(above[::-1], r2) / np.polyval(below[::-1], r2)
        bent_x = x * scale + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + s1 * r2 + s2 * r2 * r2
        bent_y = y * scale + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + s3 * r2 + s4 * r2 * r2
        return np.column_stack([bent_x, bent_y])

    return bend


def fisheye(radial: Sequence[float]) -> Distortion:
    """OpenCV's fisheye: the angle from the axis times 1 + k1 a^2 + k2 a^4 …"""
    series = np.array([1.0, *radial])

    def bend(tangents: Floats) -> Floats:
        radius = exact.norm(tangents, keepdims=True)
        angle = exact.atan(radius)
        return np.asarray(tangents * (angle * np.polyval(series[::-1], angle * angle) / np.maximum(radius, 1e-12)))

    return bend


def colmap_lens(model: str, params: Sequence[float], width: int, height: int) -> Lens:
    """A COLMAP camera. The pinholes are read as they are; every other model's formula is pycolmap's own.

    Raises ``ValueError`` for parameters that make no camera, ``MissingExtraError`` where pycolmap is needed but not
    installed.
    """
    if model in ("SIMPLE_PINHOLE", "PINHOLE"):
        fx, fy, cx, cy = params if len(params) == 4 else (params[0], *params)
        return Lens(_matrix(fx, fy, cx, cy), width, height)
    try:
        import pycolmap
    except ImportError as error:
        raise MissingExtraError("pycolmap", "captures") from error
    if model in ("EQUIRECTANGULAR", "INVALID") or not hasattr(pycolmap.CameraModelId, model):
        raise ValueError(f"camera model {model} is not one of a photo")
    camera = pycolmap.Camera(model=model, width=width, height=height, params=list(params))
    fx, fy = camera.focal_length_x, camera.focal_length_y
    cx, cy = camera.principal_point_x, camera.principal_point_y

    def bend(tangents: Floats) -> Floats:
        rays = np.column_stack([tangents, np.ones(len(tangents))])
        pixels = np.asarray(camera.img_from_cam(rays), dtype=np.float64).reshape(-1, 2)
        return np.asarray((pixels - [cx, cy]) / [fx, fy])

    return Lens(_matrix(fx, fy, cx, cy), width, height, bend)


def _zoomed(lens: Lens, zoom: float) -> Lens:
    return replace(lens, intrinsics=exact.matmul(np.diag([zoom, zoom, 1.0]), _uncentred(lens, zoom)), distortion=None)


def _uncentred(lens: Lens, zoom: float) -> Floats:
    """The intrinsics with the principal point divided by the zoom, so that zooming leaves it where it was."""
    matrix = lens.intrinsics.copy()
    matrix[:2, 2] /= zoom
    return matrix


def _fits(lens: Lens, zoom: float) -> bool:
    """Whether the edge of the undistorted picture lies inside the photo."""
    straight = _zoomed(lens, zoom)
    u, v = np.linspace(0, lens.width, _EDGE), np.linspace(0, lens.height, _EDGE)
    edge = np.concatenate(
        [np.column_stack([u, np.full(_EDGE, y)]) for y in (0, lens.height)]
        + [np.column_stack([np.full(_EDGE, x), v]) for x in (0, lens.width)]
    )
    tangents = _tangents(straight, edge)
    if np.abs(tangents).max() > _MAX_TANGENT:
        return False
    seen = lens.bend(tangents)
    return bool(np.isfinite(seen).all() and (seen >= -1e-6).all() and (seen <= [lens.width, lens.height]).all())


def _is_one_to_one(lens: Lens, straight: Lens) -> bool:
    """Whether neighbours stay neighbours over the whole picture: the map's Jacobian keeps its sign and its size."""
    u, v = np.meshgrid(np.linspace(0, lens.width, _EDGE), np.linspace(0, lens.height, _EDGE))
    seen = lens.bend(_tangents(straight, np.column_stack([u.ravel(), v.ravel()]))).reshape(_EDGE, _EDGE, 2)
    if not np.isfinite(seen).all():
        return False
    across, down = np.diff(seen, axis=1)[:-1], np.diff(seen, axis=0)[:, :-1]
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    return bool((area > 0.05 * np.median(np.abs(area))).all())


def _tangents(straight: Lens, pixels: Floats) -> Floats:
    return np.asarray((pixels - straight.intrinsics[:2, 2]) / straight.intrinsics[[0, 1], [0, 1]])


def _matrix(fx: float, fy: float, cx: float, cy: float) -> Floats:
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
