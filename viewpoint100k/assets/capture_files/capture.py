"""A capture as its source's files state it, before anything is made of it: what every reader of a layout yields."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.lenses import Lens

__all__ = ["StatedCapture", "StatedPhoto"]


@dataclass(frozen=True, eq=False)
class StatedPhoto:
    """One photo and its camera."""

    name: str
    """Of the image, relative to the source's folder."""
    camera_to_world: NDArray[np.float64]
    """(4, 4), OpenCV axes to the capture's own world; exactly rigid."""
    lens: Lens
    mask: str | None = None
    """Name of the mask's image."""


@dataclass(frozen=True, eq=False)
class StatedCapture:
    """The photos of one object."""

    photos: tuple[StatedPhoto, ...]
    sha256: str
    """Of what states the cameras: the annotations, or the model's files."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Names of photos that have no usable camera or no image, with their reasons."""
    points: NDArray[np.float64] | None = None
    """(n, 3) in the capture's own world."""
    points_are_object: bool = False
    """Whether the points are the object's alone."""
    visible: NDArray[np.bool_] | None = None
    """(photos, n): which points each of ``photos`` observes."""
    category: str = ""
    uri: str = ""
    license: str = ""
    """SPDX; empty where the layout states none."""
    creator: str = ""
    notes: tuple[str, ...] = ()
    """What was assumed or left out; see `CaptureAsset.notes`."""
