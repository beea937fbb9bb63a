"""How different an object looks in two small pictures, of which each shows it whole and in the middle."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.runtime.compiled import compiled
from viewpoint100k.views.colors import lengths

__all__ = ["Look", "changes_less", "difference", "plain_look", "visible_difference"]

Singles = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BLEEDING = 2
"""Pixels over which the blur spreads the colour of unseen surface."""

_SMALLEST_MARK = 16
"""Smallest number of differing pixels: fewer may be an edge that moved by half a pixel."""

_REACH = (2, 5)
"""Largest shift in pixels, vertically and horizontally, to fit one view to another."""

_LIGHTNESS_STEPS = 64
"""Steps per unit of lightness, which is compared in whole steps: sums over pixels then have no rounding error."""

_MOST = 0.9
"""The share of an object's pixels that decides how much it changes."""

_SHIFTS = np.array(
    sorted(
        itertools.product(range(-_REACH[0], _REACH[0] + 1), range(-_REACH[1], _REACH[1] + 1)),
        key=lambda shift: abs(shift[0]) + abs(shift[1]),
    ),
    dtype=np.int32,
)
"""(n, 2): all such shifts, (down, right), the smallest first."""


@dataclass(frozen=True, eq=False)
class Look:
    """The object as one picture shows it."""

    lab: Singles
    """(h, w, 3) CIELAB, blurred."""
    mask: Mask
    """(h, w): True on the object."""
    beyond: Mask | None
    """(h, w): True where the photograph ended, which counts nowhere; None if the picture is whole."""


def difference(seen: Look, other: Look, unknown: Mask, plain: Singles) -> float:
    """The delta E by which as many pixels as a mark has differ between ``seen`` and ``other``.

    Args:
        seen: it is first shifted to fit best, because the object need not stand on its own axis.
        unknown: (h, w), True for pixels of ``other`` whose surface no picture of the question shows. There only that
            counts by which ``seen`` also differs from the object's plain look.
        plain: (h, 1, 3), see `plain_look`.
    """
    return _difference(seen, other, unknown, plain)


def visible_difference(one: Look, two: Look) -> float:
    """The delta E by which as many pixels as a mark has differ between two views that are both shown."""
    return _difference(one, two, None, None)


def _difference(seen: Look, other: Look, unknown: Mask | None, plain: Singles | None) -> float:
    pictures = (seen.lab, seen.mask, seen.beyond, other.lab, other.mask, other.beyond)
    return mark_difference(*pictures, unknown, plain, _SHIFTS, _LIGHTNESS_STEPS, _BLEEDING, _SMALLEST_MARK)


@compiled
def mark_difference(
    seen: Singles,
    seen_mask: Mask,
    seen_beyond: Mask | None,
    other: Singles,
    other_mask: Mask,
    other_beyond: Mask | None,
    unknown: Mask | None,
    plain: Singles | None,
    shifts: NDArray[np.int32],
    lightness_steps: int,
    bleeding: int,
    smallest_mark: int,
) -> float:
    """See `difference`. ``unknown`` and ``plain`` are both None if no surface is unseen.

    Args:
        seen, other: (h, w, 3) CIELAB, with masks (h, w) as in `Look`.
        shifts: (n, 2), of which one is chosen for ``seen``: (down, right) in pixels.
        lightness_steps: steps per unit of lightness in the comparison that chooses it.
        bleeding: pixels by which ``unknown`` grows.
        smallest_mark: number of differing pixels.
    """
    shift = _best_shift(seen, other, shifts, lightness_steps)
    values, mask = np.roll(seen, shift, axis=(0, 1)), np.roll(seen_mask, shift, axis=(0, 1))
    found = _nearby_difference(values, other)
    if unknown is not None and plain is not None:
        for _ in range(bleeding):
            unknown = _spread(unknown)
        told = np.where(mask, np.minimum(found, lengths(values - plain)), np.float32(0))
        found = np.where(unknown, told, found)
    covered = other_mask | mask
    for beyond in (other_beyond, None if seen_beyond is None else np.roll(seen_beyond, shift, axis=(0, 1))):
        if beyond is not None:
            covered &= ~beyond
    inside = found[~_spread(~covered, beyond=True)]
    return 0.0 if len(inside) < smallest_mark else float(np.partition(inside, -smallest_mark)[-smallest_mark])


def _best_shift(seen: Singles, other: Singles, shifts: NDArray[np.int32], lightness_steps: int) -> tuple[int, int]:
    """The shift of ``seen``, (down, right) in pixels, that fits ``other`` best by lightness and outline."""
    down, right = np.abs(shifts).max(axis=0).tolist()
    ours, theirs = (np.rint(lab[..., 0] * lightness_steps).astype(np.int16) for lab in (seen, other))
    around = np.pad(ours, ((down, down), (right, right)), mode="wrap")
    moved = np.lib.stride_tricks.sliding_window_view(around, theirs.shape)
    errors = np.abs(moved - theirs).sum(axis=(2, 3), dtype=np.int64)
    best = int(np.argmin(errors[down - shifts[:, 0], right - shifts[:, 1]]))
    return int(shifts[best, 0]), int(shifts[best, 1])


def _spread(mask: Mask, beyond: bool = False) -> Mask:
    """The mask (h, w) with the four neighbours of each pixel; ``beyond`` is the value outside the image."""
    padded = np.pad(mask, 1, constant_values=beyond)
    grown: Mask = mask | padded[2:, 1:-1] | padded[:-2, 1:-1] | padded[1:-1, 2:] | padded[1:-1, :-2]
    return grown


def _nearby_difference(values: Singles, others: Singles) -> Singles:
    """Delta E (h, w) of each pixel of ``others`` to the most similar of the 3 x 3 ``values`` around it."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width, _ = values.shape
    around = [lengths(padded[dy : dy + height, dx : dx + width] - others) for dy in range(3) for dx in range(3)]
    difference: Singles = np.min(around, axis=0)
    return difference


def plain_look(looks: Sequence[Look]) -> Singles:
    """(h, 1, 3): the median colour of the object at each height of the image, over all of ``looks``."""
    return median_rows([look.lab for look in looks], [look.mask for look in looks])


@compiled
def median_rows(pictures: Sequence[Singles], masks: Sequence[Mask]) -> Singles:
    """(h, 1, 3): the lower median of each channel over the masked pixels of a row of all pictures; 0 without any."""
    both = np.concatenate([np.where(m[..., None], lab, np.inf) for lab, m in zip(pictures, masks, strict=True)], axis=1)
    counts = np.isfinite(both[..., 0]).sum(axis=1)
    middle = np.sort(both, axis=1)[np.arange(len(both)), np.maximum(counts - 1, 0) // 2]
    return np.where(counts[:, None] > 0, middle, 0)[:, None]


def changes_less(one: Look, two: Look, limit: float) -> bool:
    """True if nine tenths of the pixels of either object change by less than ``limit``, delta E."""
    changed = changes(one.lab, two.lab, one.mask, two.mask)
    below, rank = int(np.count_nonzero(changed < limit)), int(_MOST * (len(changed) - 1))
    if abs(below - rank) > 2 or len(changed) == 0:  # The quantile lies between the entries of two ranks next to this.
        return below >= rank
    return bool(np.quantile(changed, _MOST) < limit)


@compiled
def changes(one: Singles, two: Singles, one_mask: Mask, two_mask: Mask) -> Singles:
    """(n,): delta E between two pictures (h, w, 3) at the pixels where either mask is true."""
    either = one_mask | two_mask
    return lengths(one[either] - two[either])
