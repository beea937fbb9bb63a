"""Estimates the object's position and size from masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files import pictures
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.placement import nearest_point
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, exact

__all__ = ["MaskBox", "center_and_radius", "read_mask_box"]

_SIZE = 256


@dataclass(frozen=True)
class MaskBox:
    """The box around a mask, in pixels of its photo."""

    left: float
    top: float
    right: float
    bottom: float


def read_mask_box(folder: SourceFolder, name: str, camera: Camera, limits: CaptureLimits) -> MaskBox | None:
    """The box around the mask in file ``name``; None where it cannot be read, is empty, or is cut by the edge.

    Lens distortion is ignored, because it moves the box by less than the accuracy that is needed.
    """
    scale = _SIZE / max(camera.width, camera.height)
    size = (max(1, round(camera.width * scale)), max(1, round(camera.height * scale)))
    try:
        data = folder.read(name, limits.max_photo_bytes)
        mask = pictures.decode_mask(data, name, limits, size)
    except AssetError:  # The photo's own check says so, with its reason.
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows) or mask[[0, -1]].any() or mask[:, [0, -1]].any():
        return None
    across, down = camera.width / size[0], camera.height / size[1]
    return MaskBox(columns[0] * across, rows[0] * down, (columns[-1] + 1) * across, (rows[-1] + 1) * down)


def center_and_radius(boxes: Sequence[tuple[Camera, MaskBox]]) -> tuple[NDArray[np.float64], float]:
    """The object's centre (3,) and radius, world units.

    The centre is the point nearest to the rays through the middles of the boxes. In each photo, the larger half side of
    the box gives the radius of a sphere with that outline. The result is the median over the photos, times 1.1, because
    a box is mostly a little smaller than the object. Raises ``AssetError`` with ``no_common_center``.
    """
    positions, directions = [], []
    for camera, box in boxes:
        middle = np.array([[(box.left + box.right) / 2, (box.top + box.bottom) / 2]])
        ray = camera.unproject(middle, np.ones(1))[0] - camera.position
        positions.append(camera.position)
        directions.append(exact.normalized(ray))
    center = nearest_point(np.array(positions), np.array(directions))
    radii = []
    for camera, box in boxes:
        slopes = np.array([box.right - box.left, box.bottom - box.top]) / 2 / camera.intrinsics[[0, 1], [0, 1]]
        slope = slopes.max()
        radii.append(exact.norm(camera.position - center) * slope / exact.hypot(1, slope))
    return center, 1.1 * float(np.median(radii))
