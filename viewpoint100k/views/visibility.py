"""Checks that the object stands out from its background: a white cup before a white wall is in frame, but unseen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.runtime.compiled import compiled
from viewpoint100k.views.colors import CIELAB_TABLES, cielab, lengths

__all__ = ["LOW_CONTRAST", "contrast"]

LOW_CONTRAST = "low_contrast"
"""Reason code of a frame whose object cannot be distinguished from its background."""

_BLUR_OF_EDGES = 1.5
"""Pixels of the image on either side of an edge that mix both sides."""

_MOST_PLACES = 600
"""Number of sampled places along the rim. The rank of their median is within a twentieth of that of all places."""

Places = NDArray[np.int64]
Singles = NDArray[np.float32]


def contrast(color_image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Difference between the object and its background along the object's rim: the median CIE 1976 delta E.

    Where rows and columns of the mask cross the object's outline, the function compares the colour slightly inside with
    the colour slightly outside. Half of the rim differs by more than the result, so the object may blend into a wall on
    one side if the other side stands out. A difference of 2.3 is the least that people notice in a laboratory;
    100 is black against white. In a test, rendered objects were faded into their background: those below 5 were hard to
    see. The minimum over 432 frames of real and procedural objects on their stages was 7. Colours inside the object do
    not count, nor does its shadow except where it meets the rim.

    Args:
        color_image: (H, W, 3) sRGB.
        mask: (h, w), true on the object; of the same view, in any resolution.

    Returns 0 if the mask shows no rim: it has no object pixels, or only object pixels.
    """
    height, width = color_image.shape[:2]
    away_down, away_right = (
        max(1, math.ceil(_BLUR_OF_EDGES * mask.shape[axis] / size)) for axis, size in enumerate((height, width))
    )
    return rim_difference(color_image, mask, away_down, away_right, _MOST_PLACES, *CIELAB_TABLES)


@compiled
def rim_difference(
    color_image: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    away_down: int,
    away_right: int,
    most_places: int,
    linear: Singles,
    f_table: Singles,
    xyz_from_rgb: Singles,
) -> float:
    """See `contrast`. The last three arguments are those of `viewpoint100k.views.colors.cielab`.

    ``away_down`` and ``away_right`` are distances from the outline in pixels of the mask, along columns and along rows.
    """
    inside, outside = _rim(mask, away_down, away_right)
    if inside.shape[1] == 0:
        return 0.0
    step = max(inside.shape[1] // most_places, 1)
    both = [_colors(color_image, mask.shape, places[:, ::step]) for places in (inside, outside)]
    one, other = (cielab(pixels, linear, f_table, xyz_from_rgb) for pixels in both)
    return float(np.median(lengths(one - other)))


def _rim(mask: NDArray[np.bool_], away_down: int, away_right: int) -> tuple[Places, Places]:
    """Pixels of the mask (2, n) slightly inside and slightly outside the outline: along rows, then along columns."""
    crossings = []
    for axis, away in ((1, away_right), (0, away_down)):
        along = mask if axis == 1 else mask.T
        line, before = np.nonzero(along[:, 1:] != along[:, :-1])
        rising = along[line, before + 1]
        pair = []
        for side in (True, False):
            edge = np.where(rising == side, before + 1, before)
            ahead = np.clip(edge + np.where(rising == side, away, -away), 0, along.shape[1] - 1)
            there = np.where(along[line, ahead] == side, ahead, edge)  # do not cross a thin leg to its other side
            pair.append(np.stack([line, there] if axis == 1 else [there, line]))
        crossings.append(pair)
    inside, outside = (np.concatenate(places, axis=1) for places in zip(*crossings, strict=True))
    return inside, outside


def _colors(color_image: NDArray[np.uint8], mask_shape: tuple[int, ...], places: Places) -> NDArray[np.uint8]:
    """(n, 3): the colours of the image at the centres of pixels of a mask of another size."""
    height, width = color_image.shape[:2]
    row = ((places[0] + 0.5) * height / mask_shape[0]).astype(np.int64)
    column = ((places[1] + 0.5) * width / mask_shape[1]).astype(np.int64)
    found: NDArray[np.uint8] = color_image[row, column]
    return found
