"""Limits of a capture, and thresholds for its photos."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CaptureLimits"]


@dataclass(frozen=True)
class CaptureLimits:
    """Bounds on a capture's files, checked before the memory they speak of is taken; and thresholds on its photos."""

    max_annotation_bytes: int = 2 * 1024**3
    """Of one annotation file once decompressed, which is read piece by piece; beyond it ``annotations_too_large``."""
    max_model_bytes: int = 256 * 1024**2
    """Of a COLMAP table or a point cloud; beyond it ``file_too_large``."""
    max_json_bytes: int = 32 * 1024**2
    """Of a transforms.json, which takes twenty times its size in memory; beyond it ``file_too_large``."""
    max_points: int = 1_000_000
    """Of a point cloud; beyond it ``too_many_points``."""
    kept_points: int = 20_000
    """Points that an asset keeps, evenly chosen."""
    max_frames: int = 5_000
    """Photos of one capture; beyond it ``too_many_photos``."""
    max_photos: int = 64
    """Photos of one capture that are opened, evenly chosen; the others are dropped as ``not_needed``."""
    max_photo_bytes: int = 64 * 1024**2
    """Of an image file; beyond it ``photo_too_large``."""
    max_photo_pixels: int = 64_000_000
    """Width times height as the image's header says; beyond it ``photo_too_large``."""
    max_image_size: int = 1024
    """Pixels along the longer side of what a row gets: a larger photo is scaled down."""

    min_quality: float = 0.5
    """Of a CO3D sequence's ``viewpoint_quality_score``; below it ``low_quality``."""
    max_roll_deg: float = 20.0
    """Beyond it ``rolled``."""
    max_pitch_deg: float = 70.0
    """Of the optical axis from the horizontal; beyond it ``from_above`` or ``from_below``. The camera's roll, and
    with it what is right, is off by the error of up times the tangent of this: 2.7 at 70 degrees, 5.7 at 80."""
    min_object_size: float = 0.1
    """Of the object's diameter over the image's shorter side; below it ``object_too_small``."""
    min_object_area: float = 0.005
    """Of the mask over the image; below it ``object_too_small``."""
    min_in_frame: float = 0.5
    """Of the object's disc, as its centre and radius have it; below it ``object_out_of_frame``."""
    max_mask_on_edge: float = 0.25
    """Of the outline of the mask's box, how much of the mask may run along the image's edges; beyond it
    ``object_out_of_frame``."""
    min_sharpness: float = 0.2
    """Variance of the Laplacian over the capture's median; below it ``blurred``. See `pictures.sharpness`."""
