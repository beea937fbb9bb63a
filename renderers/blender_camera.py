"""Converts a pinhole camera to Blender's parameters: focal length, sensor, shift and pixel aspect. Pure NumPy.

Blender's camera looks along its -Z with +Y up. With the sensor fitted to the image's width, shifts are in image widths.
``pixel_aspect`` gives the shape of a pixel; neither of its parts may be below 1.
(``BKE_camera_params_compute_viewplane`` in Blender's ``camera.cc``; Cycles has the same formula.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewpoint100k.geometry.cameras import Camera

__all__ = ["FROM_BLENDER_CAMERA", "SENSOR_WIDTH_MM", "Lens"]

FROM_BLENDER_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])
"""(4, 4): Blender's camera axes to those of this project."""
SENSOR_WIDTH_MM = 36.0


@dataclass(frozen=True)
class Lens:
    """The parameters of a Blender camera that follow from the intrinsics."""

    focal_mm: float
    """Focal length for a sensor of `SENSOR_WIDTH_MM`, fitted to the image's width."""
    shift: tuple[float, float]
    """Shift to the right and up, in image widths."""
    pixel_aspect: tuple[float, float]
    """Width and height of a pixel; the smaller one is 1."""

    @classmethod
    def of(cls, camera: Camera) -> Lens:
        """The lens of a camera. Its shift is opposite to the offset of the principal point."""
        (fx, _, cx), (_, fy, cy) = camera.intrinsics[:2]
        tall = fx / fy  # a pixel's height over its width: the same focal length spans fewer of the taller ones
        return cls(
            focal_mm=float(fx * SENSOR_WIDTH_MM / camera.width),
            shift=(float(0.5 - cx / camera.width), float((cy - camera.height / 2) * tall / camera.width)),
            pixel_aspect=(float(max(1.0, 1 / tall)), float(max(1.0, tall))),
        )
