"""Finds assets that show the same object: uploaded again, recoloured, rescaled, rotated, decimated or converted.

Near duplicates must be in the same split, because a recoloured copy of a training object is no valid test object. Two
assets are near duplicates if their descriptors are close, see `Closeness`, or if a chain of such pairs connects them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.descriptors import Descriptor
from viewpoint100k.geometry import exact

__all__ = ["Closeness", "near_duplicates", "originals"]

Indices = NDArray[np.int64]

_CROWD = 32
"""Where more than so many descriptors share a cell, each is compared with so many of them, the next along one axis: in
a crowd of look-alikes that is enough to join them all, and the cost grows with their number, not with its square."""
_AXES = 3
"""Of the cells into which descriptors are sorted."""
_MOST_CELLS = 1000
"""Along one axis; they are wider than needed where the shapes differ more, so that numbers of cells fit 64 bits."""
_STEPS = 2**10
"""Steps of a cell's side by which the descriptors in it are ordered along a further axis."""
_SIFTED = 8
"""Further axes along which pairs are compared before their whole distance is."""
_AT_ONCE = 2**17
"""Pairs that are compared together, to bound memory."""


@dataclass(frozen=True)
class Closeness:
    """Thresholds on the distances of two descriptors.

    Calibrated on 30 scanned and modelled meshes and on procedural objects, 80 of each of 42 families. Rotated,
    mirrored, rescaled, recoloured and finely re-tessellated copies, and copies with positions rounded to 14 bits, are
    within 0.0005 of the original. For copies in the same colours with a tenth of the triangles removed (quadric
    decimation), all meshes and 95% of the procedural objects are found; with half of the triangles removed, 90% and
    67%. No two different meshes are taken for one object. Four pairs of the 3,360 procedural objects are: similar
    elephants and buses.
    """

    shape: float = 0.001
    """Shape distance up to which colours may differ: the copy may be recoloured."""
    shape_in_same_colors: float = 0.015
    """Shape distance up to which assets with equal colours count: the copy may be decimated or slightly edited."""
    colors: float = 0.05
    """Squared Hellinger distance up to which two colour histograms count as equal; 0 identical, 1 disjoint."""


def near_duplicates(
    descriptors: Mapping[str, Descriptor],
    known: Iterable[tuple[str, str]] = (),
    closeness: Closeness | None = None,
) -> tuple[tuple[str, ...], ...]:
    """Groups of two or more assets that show the same object, each in the order of ``descriptors``.

    Args:
        descriptors: descriptors by asset id.
        known: pairs of assets that are known to be the same; assets without a descriptor come last.
    """
    known = [pair for pair in known if pair[0] != pair[1]]
    names = list(dict.fromkeys([*descriptors, *(name for pair in known for name in pair)]))
    places = {name: place for place, name in enumerate(names)}
    pairs = np.array([(places[one], places[other]) for one, other in known], dtype=np.int64).reshape(-1, 2)
    groups = _joined(np.arange(len(names)), *pairs.T)
    if len(descriptors) > 1:
        groups = _join_close(groups, list(descriptors.values()), closeness or Closeness())
    members: dict[int, list[str]] = {}
    for name, group in zip(names, groups.tolist(), strict=True):
        members.setdefault(group, []).append(name)
    return tuple(tuple(group) for group in members.values() if len(group) > 1)


def originals(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Maps every asset of a group except the first to the first: the ``twins`` of `viewpoint100k.plan.layout`."""
    return {name: group[0] for group in groups for name in group[1:]}


def _join_close(groups: Indices, descriptors: Sequence[Descriptor], closeness: Closeness) -> Indices:
    """(n,): the group of each asset once near duplicates are joined; ``groups`` (n,) are those before.

    The descriptors are those of the first assets.
    """
    shapes = np.stack([descriptor.shape for descriptor in descriptors])
    colors = np.sqrt(np.stack([descriptor.colors for descriptor in descriptors]))
    # Copies lie so much closer than the wider limit that they are found in a crowd of look-alikes, too.
    for reach in sorted({closeness.shape, closeness.shape_in_same_colors}):
        for one, other in _candidates(shapes, reach):
            apart = groups[one] != groups[other]
            one, other = one[apart], other[apart]
            distances = exact.norm(shapes[one].astype(np.float64) - shapes[other])
            within = distances <= reach
            one, other, distances = one[within], other[within], distances[within]
            close = distances <= closeness.shape
            alike = distances <= closeness.shape_in_same_colors
            close |= alike & (_hellinger(colors[one], colors[other]) <= closeness.colors)
            groups = _joined(groups, one[close], other[close])
    return groups


def _candidates(shapes: NDArray[np.float32], reach: float) -> Iterator[tuple[Indices, Indices]]:
    """Indices of the shapes (n, d) of each pair within ``reach``, and of others, in batches; fewer in crowds.

    Shapes are sorted into cells, as wide as ``reach`` along the axes on which they differ most, and within a cell along
    a further axis. The neighbours of a shape are in its own cell and in those around it.
    """
    ordered = np.sort(shapes, axis=0).astype(np.float64)
    spread = ordered[3 * len(ordered) // 4] - ordered[len(ordered) // 4]
    by_spread = np.argsort(-spread, kind="stable")
    axes = by_spread[: _AXES + 1]
    extent = float((ordered[-1, axes] - ordered[0, axes]).max())
    side = max(reach * (1 + 1e-6), extent / _MOST_CELLS) or 1.0
    places = (shapes[:, axes].astype(np.float64) - ordered[0, axes]) / side
    widths = np.floor(places.max(axis=0)).astype(np.int64) + 3  # No neighbour of a first or a last cell is another.
    keys = np.zeros(len(shapes), dtype=np.int64)
    for axis in range(_AXES):
        keys = keys * widths[axis] + np.floor(places[:, axis]).astype(np.int64)
    keys = keys * (widths[-1] * _STEPS) + np.floor((places[:, -1] + 1) * _STEPS).astype(np.int64)
    by_key = np.argsort(keys, kind="stable")
    keys = keys[by_key]
    for offset in itertools.product((0, 1, -1), repeat=_AXES):
        step = 0
        for axis in range(_AXES):
            step = step * int(widths[axis]) + offset[axis]
        if step >= 0:
            for one, other in _windows(keys, by_key, step * int(widths[-1]) * _STEPS):
                yield _sifted(shapes, one, other, by_spread[_AXES + 1 :][:_SIFTED], side)


def _windows(keys: Indices, indices: Indices, step: int) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of ``indices`` (n,) whose sorted ``keys`` differ by about ``step``: the nearest where there are many."""
    one = np.arange(len(keys))
    last = np.searchsorted(keys, keys + step + _STEPS + 1, side="right")
    if step:
        first = np.searchsorted(keys, keys + step - _STEPS - 1, side="left")
        middle = np.searchsorted(keys, keys + step, side="left")
        first = np.maximum(first, np.minimum(middle - _CROWD // 2, last - _CROWD))
    else:
        first = one + 1
    counts = np.minimum(last - first, _CROWD)
    for nth in range(int(counts.max())):
        there = np.flatnonzero(counts > nth)
        for start in range(0, len(there), _AT_ONCE):
            some = there[start : start + _AT_ONCE]
            yield indices[some], indices[first[some] + nth]


def _sifted(
    shapes: NDArray[np.float32], one: Indices, other: Indices, axes: Indices, reach: float
) -> tuple[Indices, Indices]:
    """The pairs whose shapes differ by no more than ``reach`` along each of the axes."""
    for axis in axes:
        column = shapes[:, axis].astype(np.float64)
        near = np.abs(column[one] - column[other]) <= reach
        one, other = one[near], other[near]
    return one, other


def _joined(groups: Indices, one: Indices, other: Indices) -> Indices:
    """(n,): the groups (n,) once those of each pair of members are joined; each has the number of its first member."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(one):
        return groups
    graph = coo_array((np.ones(len(one), dtype=bool), (groups[one], groups[other])), shape=(len(groups),) * 2)
    _, component = connected_components(graph, directed=False)
    _, first, group = np.unique(component[groups], return_index=True, return_inverse=True)
    return np.asarray(first[group.ravel()], dtype=np.int64)


def _hellinger(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,): squared Hellinger distances between histograms, given by their square roots (n, k)."""
    return 1 - exact.dot(one, other)
