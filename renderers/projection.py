"""From a pinhole camera to OpenGL's clip space, exactly. Pure NumPy.

Images are drawn upside down for OpenGL: the image's top row is the framebuffer's row 0. Reading back then needs no
flip, and a fragment's ``gl_FragCoord.xy`` is the pixel coordinate of this project's cameras.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderers.compiled import compiled
from viewpoint100k.geometry import Camera, exact
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["Frustum", "UnitFrame", "clip_from_camera", "metric_depth", "used_extent"]

Floats = NDArray[np.float64]

_NEAREST = 1e-3
"""Smallest ratio of near to far distance. With it, 24-bit depth is accurate to 1e-4 of the object's radius."""


@dataclass(frozen=True, eq=False)
class UnitFrame:
    """The unit frame: the world, moved and scaled so that the object fills the unit ball. Everything is drawn in it.

    So 32-bit floats are accurate enough for any size and position, and thresholds in shaders are in radii.
    """

    center: Floats
    """(3,): centre of the object's bounding box, world units."""
    radius: float
    """Half its diagonal, world units."""
    corners: Floats
    """(8, 3): corners of the bounding box, in this frame."""

    @classmethod
    def of(cls, mesh: Mesh) -> UnitFrame:
        """The frame of a mesh. A mesh without extent gets radius 1."""
        arrays = [(np.ascontiguousarray(p.positions), np.ascontiguousarray(p.triangles)) for p in mesh.primitives]
        extents = [extent for pair in arrays if (extent := used_extent(*pair)) is not None]
        low = np.min([low for low, _ in extents], axis=0).astype(np.float64) if extents else np.zeros(3)
        high = np.max([high for _, high in extents], axis=0).astype(np.float64) if extents else np.zeros(3)
        radius = float(exact.norm(high - low)) / 2
        if not np.isfinite(radius) or radius <= 0:
            radius = 1.0
        half = (high - low) / 2 / radius
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
        return cls((low + high) / 2, radius, signs * half)

    @property
    def lowest(self) -> float:
        """Height of the object's lowest point, in this frame."""
        return float(self.corners[:, 2].min())

    def camera_from_unit(self, camera: Camera) -> Floats:
        """(4, 4): points in this frame to camera axes, still in radii."""
        matrix = camera.world_to_camera.copy()
        matrix[:3, 3] = exact.transform_points(matrix, self.center) / self.radius
        return matrix

    def eye(self, camera: Camera) -> Floats:
        """(3,): the camera's centre, in this frame."""
        return (camera.position - self.center) / self.radius


@compiled
def used_extent(positions: NDArray[np.float32], triangles: NDArray[np.uint32]) -> NDArray[np.float32] | None:
    """(2, 3): least and greatest coordinates of the vertices that a triangle uses and that are finite, if any."""
    used = np.zeros(len(positions), dtype=bool)
    used[triangles] = True
    used &= np.isfinite(positions).all(axis=1)
    shown = positions[used]
    return np.stack([shown.min(axis=0), shown.max(axis=0)]) if len(shown) else None


@dataclass(frozen=True)
class Frustum:
    """Near and far plane, in radii along the optical axis."""

    near: float
    far: float

    @classmethod
    def around(cls, depths: Floats) -> Frustum:
        """The tightest planes around points at these depths, with a small margin."""
        far = max(float(depths.max()) * 1.001 + 1e-3, 2e-3)
        near = float(depths.min()) * 0.999 - 1e-3
        return cls(max(near, far * _NEAREST), far)


def clip_from_camera(camera: Camera, frustum: Frustum) -> Floats:
    """(4, 4): OpenCV camera axes to clip space, with the image's top at the framebuffer's row 0.

    ``pixel = fx x / z + cx`` and the viewport's ``pixel = (ndc + 1) width / 2`` give the first two rows; depth is
    OpenGL's usual map of [near, far] to [-1, 1].
    """
    (fx, _, cx), (_, fy, cy) = camera.intrinsics[:2]
    near, far = frustum.near, frustum.far
    matrix = np.zeros((4, 4))
    matrix[0, [0, 2]] = 2 * fx / camera.width, 2 * cx / camera.width - 1
    matrix[1, [1, 2]] = 2 * fy / camera.height, 2 * cy / camera.height - 1
    matrix[2, [2, 3]] = (far + near) / (far - near), -2 * far * near / (far - near)
    matrix[3, 2] = 1
    return matrix


def ray_from_pixel(camera: Camera) -> Floats:
    """(3, 3): from (pixel x, pixel y, 1) to a direction in the world, not of unit length."""
    return exact.matmul(camera.camera_to_world[:3, :3], exact.inverse3(camera.intrinsics))


def metric_depth(window: NDArray[np.float32], frustum: Frustum, radius: float) -> NDArray[np.float32]:
    """Depth along the optical axis, world units, from depth-buffer values in [0, 1]; ``inf`` for the clear value 1."""
    near, far = frustum.near, frustum.far
    depth = np.full(window.shape, np.inf, dtype=np.float32)
    seen = window < 1
    depth[seen] = radius * near * far / (far - window[seen].astype(np.float64) * (far - near))
    return depth
