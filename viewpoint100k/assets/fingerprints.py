"""Finds captures that share a photograph, also if its file was renamed, encoded again or scaled.

A test on a photo that was trained on is no test, so such captures share a split. A photo's fingerprint is its grey
values in 12 x 12 cells. Two photos are alike where no cell differs by more than `LIMIT`.

Calibrated on one real capture and on renderings of 42 objects on one stage. Copies that were encoded again as JPEG of
quality 25 to 90 and scaled to 0.25 to 1 differed by at most 2. Different photos of the capture differed by at least 53,
and different objects on the same stage by at least 28.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viewpoint100k.assets.asset import CaptureAsset

__all__ = ["LIMIT", "fingerprint", "fingerprints_of", "shared_photos", "turned_fingerprint"]

LIMIT = 6
"""Largest difference of one cell, of 255, between two files of the same photo."""

_SIDE = 12
_CELLS = _SIDE * _SIDE
_FLATTEST = 4 * LIMIT
"""A picture whose cells differ by less, such as a black frame, says nothing about where it was taken."""
_BLOCK = 3
"""Cells along each side of a block. Sums over blocks are what the search tree compares."""
_NEIGHBOURS = 64
"""How many nearest photos each photo is compared with. Enough to connect all copies of a photo, because a chain of
pairs joins them."""


def fingerprint(image: Image.Image) -> bytes:
    """The mean grey values of a picture in 12 x 12 cells, row by row: 144 bytes."""
    return image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR).tobytes()


def turned_fingerprint(value: bytes, turns: int) -> bytes:
    """The fingerprint of the same picture, turned counter-clockwise by quarters."""
    return np.ascontiguousarray(np.rot90(_cells(value).reshape(_SIDE, _SIDE), turns)).tobytes()


def fingerprints_of(capture: CaptureAsset) -> bytes:
    """The fingerprints of all photos of a capture, one after the other. Raises ``AssetError`` for an unreadable one."""
    found = []
    for photo in capture.photos:
        if photo.fingerprint is not None:
            found.append(photo.fingerprint)
        else:
            with Image.open(io.BytesIO(photo.read())) as image:
                found.append(fingerprint(image))
    return b"".join(found)


def shared_photos(captures: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Pairs of captures that share a photo, each pair in the order of ``captures``. If several captures share a photo,
    not every pair is listed, but a chain of pairs joins them.

    Args:
        captures: for each asset id, what `fingerprints_of` gives.
    """
    names = [name for name, values in captures.items() for _ in range(len(values) // _CELLS)]
    cells = _cells(b"".join(captures.values())).reshape(-1, _CELLS)
    telling = np.flatnonzero(np.ptp(cells, axis=1) >= _FLATTEST) if len(cells) else np.zeros(0, dtype=np.int64)
    if len(telling) < 2:
        return []
    different, first, same = np.unique(cells[telling], axis=0, return_index=True, return_inverse=True)
    owner = telling[first]
    one, other = _candidates(different)
    differences = np.abs(different[one].astype(np.int16) - different[other].astype(np.int16)).max(axis=1, initial=0)
    alike = differences <= LIMIT
    photos = np.concatenate([[owner[same.ravel()], telling], [owner[one[alike]], owner[other[alike]]]], axis=1)
    pairs = ((names[photo], names[copy]) for photo, copy in np.sort(photos, axis=0).T)
    return [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]


def _cells(values: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(values, dtype=np.uint8)


def _candidates(cells: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places (k,) and (k,) of fingerprints (n, 144) that may be alike, of each the nearest `_NEIGHBOURS`.

    The sums over blocks of two alike photos differ by at most `LIMIT` times the number of cells in a block. The sums
    are whole numbers, so that the tree compares them without rounding.
    """
    from scipy.spatial import KDTree

    across = _SIDE // _BLOCK
    blocks = cells.reshape(-1, across, _BLOCK, across, _BLOCK).sum(axis=(2, 4), dtype=np.int64).reshape(len(cells), -1)
    reach = LIMIT * _BLOCK * _BLOCK
    ranks = range(1, min(_NEIGHBOURS + 1, len(cells)) + 1)
    _, others = KDTree(blocks).query(blocks, k=ranks, p=np.inf, distance_upper_bound=reach + 0.5, workers=-1)
    one, rank = np.nonzero(others < len(cells))
    other = others[one, rank].astype(np.int64)
    ordered = one < other
    backwards = one > other  # The neighbour may not have this one among its own nearest.
    return np.concatenate([one[ordered], other[backwards]]), np.concatenate([other[ordered], one[backwards]])
