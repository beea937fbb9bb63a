"""Cameras, poses, camera conventions, meshes and seeds. NumPy only; this package imports no other of the project."""

from viewpoint100k.geometry.cameras import (
    WORLD_UP,
    Camera,
    RelativePose,
    azimuth_deg,
    elevation_deg,
    euler_deg,
    intrinsics_from_fov,
    look_at,
    object_translation,
    orbit,
    relative_pose,
    rotation_from_euler,
    wrap_deg,
)

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
