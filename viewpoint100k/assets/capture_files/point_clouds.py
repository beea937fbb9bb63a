"""Points of a capture from a PLY file."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.errors import AssetError

__all__ = ["evenly_chosen", "read_ply_points"]

_ELEMENT = re.compile(rb"^element[ \t]+(\S+)[ \t]+(\d+)", re.MULTILINE)


def read_ply_points(folder: SourceFolder, name: str, limits: CaptureLimits) -> NDArray[np.float64]:
    """(n, 3) vertices of a PLY file, world units of the file; those that are not finite are left out.

    Raises ``AssetError``: ``file_missing``, ``file_too_large``, ``too_many_points``, ``points_unreadable``.
    """
    import trimesh

    data = folder.read(name, limits.max_model_bytes)
    end = data.find(b"end_header", 0, 1 << 16)
    counts: dict[bytes, int] = {key: int(count) for key, count in _ELEMENT.findall(data[: max(end, 0)])}
    if not data.startswith(b"ply") or not counts.get(b"vertex"):
        raise AssetError("points_unreadable", f"{name} is not a PLY file with points")
    if int(sum(counts.values())) > 4 * limits.max_points or counts[b"vertex"] > limits.max_points:
        raise AssetError("too_many_points", f"{name} has {counts[b'vertex']:,} points, more than {limits.max_points:,}")
    if counts[b"vertex"] * 6 > len(data):
        raise AssetError("points_unreadable", f"{name} is too short for its {counts[b'vertex']:,} points")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            loaded: dict[str, Any] = trimesh.exchange.ply.load_ply(io.BytesIO(data), skip_materials=True)
            points = np.asarray(loaded["vertices"], dtype=np.float64).reshape(-1, 3)
    except Exception as error:  # trimesh raises whatever a broken file leads it to.
        raise AssetError("points_unreadable", f"{name} cannot be read: {type(error).__name__}") from error
    return points[np.isfinite(points).all(axis=1) & (np.abs(points) < 1e12).all(axis=1)]


def evenly_chosen(count: int, wanted: int) -> NDArray[np.int_]:
    """Indices of at most ``wanted`` of ``count`` things, evenly apart, first and last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int)) if count else np.arange(0)
