"""How different an object looks in two small pictures, of which each shows it whole and in the middle."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.views.colors import lengths

__all__ = ["Look", "change", "difference", "plain_look", "visible_difference"]

_BLEEDING = 2
"""Pixels over which the blur spreads the colour of unseen surface."""

_SMALLEST_MARK = 16
"""Smallest number of differing pixels: fewer may be an edge that moved by half a pixel."""

_REACH = (2, 5)
"""Largest shift in pixels, vertically and horizontally, to fit one view to another."""

_LIGHTNESS_STEPS = 64
"""Lightness is compared in whole multiples of this step, so that sums over pixels have no rounding error."""

_SHIFTS = sorted(
    itertools.product(range(-_REACH[0], _REACH[0] + 1), range(-_REACH[1], _REACH[1] + 1)),
    key=lambda shift: abs(shift[0]) + abs(shift[1]),
)
"""All such shifts, (down, right), the smallest first."""


@dataclass(frozen=True, eq=False)
class Look:
    """The object as one picture shows it."""

    lab: NDArray[np.float32]
    """(h, w, 3) CIELAB, blurred."""
    mask: NDArray[np.bool_]
    """(h, w): True on the object."""
    beyond: NDArray[np.bool_] | None
    """(h, w): True where the photograph ended, which counts nowhere; None if the picture is whole."""


def difference(seen: Look, other: Look, unknown: NDArray[np.bool_], plain: NDArray[np.float32]) -> float:
    """The delta E by which as many pixels as a mark has differ between ``seen`` and ``other``.

    Args:
        seen: it is first shifted to fit best, because the object need not stand on its own axis.
        unknown: (h, w), True for pixels of ``other`` whose surface no picture of the question shows. There only that
            counts by which ``seen`` also differs from the object's plain look.
        plain: (h, 1, 3), see `plain_look`.
    """
    shift = _best_shift(seen, other)
    values, mask = np.roll(seen.lab, shift, axis=(0, 1)), np.roll(seen.mask, shift, axis=(0, 1))
    found = _nearby_difference(values, other.lab)
    for _ in range(_BLEEDING):
        unknown = _spread(unknown)
    told = np.where(mask, np.minimum(found, lengths(values - plain)), 0.0)
    covered = other.mask | mask
    for beyond in (other.beyond, None if seen.beyond is None else np.roll(seen.beyond, shift, axis=(0, 1))):
        if beyond is not None:
            covered &= ~beyond
    return _marked(np.where(unknown, told, found), covered)


def visible_difference(one: Look, two: Look) -> float:
    """The delta E by which as many pixels as a mark has differ between two views that are both shown."""
    shift = _best_shift(one, two)
    values, mask = np.roll(one.lab, shift, axis=(0, 1)), np.roll(one.mask, shift, axis=(0, 1))
    return _marked(_nearby_difference(values, two.lab), two.mask | mask)


def _marked(difference: NDArray[np.float32], covered: NDArray[np.bool_]) -> float:
    """The greatest difference (h, w) that as many inner pixels of ``covered`` (h, w) as a mark has reach."""
    inside = difference[~_spread(~covered, beyond=True)]
    return 0.0 if len(inside) < _SMALLEST_MARK else float(np.partition(inside, -_SMALLEST_MARK)[-_SMALLEST_MARK])


def _best_shift(seen: Look, other: Look) -> tuple[int, int]:
    """The shift of ``seen``, (down, right) in pixels, that fits ``other`` best by lightness and outline."""
    down, right = _REACH
    ours, theirs = (np.rint(look.lab[..., 0] * _LIGHTNESS_STEPS).astype(np.int16) for look in (seen, other))
    around = np.pad(ours, ((down, down), (right, right)), mode="wrap")
    moved = np.lib.stride_tricks.sliding_window_view(around, theirs.shape)
    errors = np.abs(moved - theirs).sum(axis=(2, 3), dtype=np.int64)
    return _SHIFTS[int(np.argmin([errors[down - dy, right - dx] for dy, dx in _SHIFTS]))]


def _spread(mask: NDArray[np.bool_], beyond: bool = False) -> NDArray[np.bool_]:
    """The mask (h, w) with the four neighbours of each pixel; ``beyond`` is the value outside the image."""
    padded = np.pad(mask, 1, constant_values=beyond)
    grown: NDArray[np.bool_] = mask | padded[2:, 1:-1] | padded[:-2, 1:-1] | padded[1:-1, 2:] | padded[1:-1, :-2]
    return grown


def _nearby_difference(values: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Delta E (h, w) of each pixel of ``others`` to the most similar of the 3 x 3 ``values`` around it."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = values.shape
    around = [lengths(padded[dy : dy + height, dx : dx + width] - others) for dy in range(3) for dx in range(3)]
    difference: NDArray[np.float32] = np.min(around, axis=0)
    return difference


def plain_look(looks: Sequence[Look]) -> NDArray[np.float32]:
    """(h, 1, 3): the median colour of the object at each height of the image, over all of ``looks``."""
    both = np.concatenate([np.where(look.mask[..., None], look.lab, np.inf) for look in looks], axis=1)
    counts = np.isfinite(both[..., 0]).sum(axis=1)
    middle = np.sort(both, axis=1)[np.arange(len(both)), np.maximum(counts - 1, 0) // 2]
    return np.where(counts[:, None] > 0, middle, 0)[:, None]


def change(one: Look, two: Look) -> float:
    """The delta E that nine tenths of the pixels of either object stay below."""
    either = one.mask | two.mask
    if not either.any():
        return 0.0
    return float(np.quantile(lengths(one.lab[either] - two.lab[either]), 0.9))
