"""Cameras, poses, camera conventions, meshes and seeds. NumPy only; no other room is imported here."""

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
