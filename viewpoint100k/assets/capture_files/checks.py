"""Checks whether left/right questions can use a photo. Each check returns a reason code, or None."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.up import roll_deg
from viewpoint100k.geometry import WORLD_UP, Camera, exact

__all__ = ["blurred", "mask_problem", "pose_problem"]


def pose_problem(camera: Camera, limits: CaptureLimits) -> str | None:
    """``from_above``, ``from_below``, ``rolled``, ``object_out_of_frame`` or ``object_too_small``.

    ``camera`` is in the normalised world: +Z up, the object within distance 1 of the origin.
    """
    pitch = exact.degrees(exact.asin(np.clip(camera.forward[2], -1, 1)))
    if abs(pitch) > limits.max_pitch_deg:
        return "from_above" if pitch < 0 else "from_below"
    if abs(float(roll_deg(camera.camera_to_world[None], WORLD_UP)[0])) > limits.max_roll_deg:
        return "rolled"
    pixels, depth = camera.project(np.zeros((1, 3)))
    if depth[0] <= 0:
        return "object_out_of_frame"
    reach = camera.intrinsics[[0, 1], [0, 1]] / depth[0]
    if _share_inside(pixels[0], reach, camera) < limits.min_in_frame:
        return "object_out_of_frame"
    if 2 * reach.min() < limits.min_object_size * min(camera.width, camera.height):
        return "object_too_small"
    return None


def mask_problem(mask: NDArray[np.bool_], limits: CaptureLimits) -> str | None:
    """``object_out_of_frame`` or ``object_too_small``, from the mask (h, w) of a photo."""
    if not mask.any():
        return "object_out_of_frame"
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    outline = 2 * (rows[-1] - rows[0] + 1 + columns[-1] - columns[0] + 1)
    on_edge = sum(int(edge.sum()) for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    if on_edge > limits.max_mask_on_edge * outline:
        return "object_out_of_frame"
    return "object_too_small" if np.count_nonzero(mask) / mask.size < limits.min_object_area else None


def blurred(sharpness: Mapping[str, float], limits: CaptureLimits) -> list[str]:
    """The photos whose sharpness is far below the median of all."""
    if len(sharpness) < 3:
        return []
    least = limits.min_sharpness * float(np.median(list(sharpness.values())))
    return [name for name, value in sharpness.items() if value < least]


def _share_inside(center: NDArray[np.float64], reach: NDArray[np.float64], camera: Camera) -> float:
    """The part of a disc about ``center`` (2,), of radii ``reach`` (2,), that is inside the image; all in pixels."""
    grid = np.linspace(-1, 1, 33)
    u, v = np.meshgrid(grid, grid)
    disc = np.column_stack([u.ravel(), v.ravel()])[(u * u + v * v <= 1).ravel()]
    places = center + disc * reach
    return float(((places >= 0) & (places < [camera.width, camera.height])).all(axis=1).mean())
