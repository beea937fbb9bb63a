"""From a pinhole camera to Blender's terms: focal length over a sensor, shift, and the shape of a pixel. Pure NumPy.

Blender's camera looks along its -Z with +Y up. With the sensor fitted to the image's width, everything it calls a shift
is in widths of the image; pixels are as tall as ``pixel_aspect`` says, and neither of its parts may be below 1.
(``BKE_camera_params_compute_viewplane`` in Blender's ``camera.cc``, which Cycles repeats.)
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
    """The part of a Blender camera that intrinsics decide."""

    focal_mm: float
    """Over a sensor of `SENSOR_WIDTH_MM`, fitted to the image's width."""
    shift: tuple[float, float]
    """To the right and up, in widths of the image."""
    pixel_aspect: tuple[float, float]
    """Width and height of a pixel; the smaller one is 1."""

    @classmethod
    def of(cls, camera: Camera) -> Lens:
        """The lens of a camera. Off centre by as much as its principal point, to the other side."""
        (fx, _, cx), (_, fy, cy) = camera.intrinsics[:2]
        tall = fx / fy  # a pixel's height over its width: the same focal length spans fewer of the taller ones
        return cls(
            focal_mm=float(fx * SENSOR_WIDTH_MM / camera.width),
            shift=(float(0.5 - cx / camera.width), float((cy - camera.height / 2) * tall / camera.width)),
            pixel_aspect=(float(max(1.0, 1 / tall)), float(max(1.0, tall))),
        )
