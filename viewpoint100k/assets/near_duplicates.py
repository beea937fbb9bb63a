"""Finds assets that show the same object: uploaded again, recoloured, rescaled, rotated, decimated or converted.

Near duplicates must be in the same split, because a recoloured copy of a training object is no valid test object. Two
assets are near duplicates if their descriptors are close, see `Closeness`, or if a chain of such pairs connects them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.descriptors import Descriptor
from viewpoint100k.geometry import exact

__all__ = ["Closeness", "near_duplicates", "originals"]

_NEIGHBOURS = 32
"""Number of nearest neighbours checked for each descriptor. It is enough to connect large groups of duplicates, and
memory grows with the number of assets, not of pairs."""
_AT_ONCE = 2**14
"""Number of pairs compared in one batch, to limit memory."""
_CROWD_EPS = 8.0
"""Relative tolerance of the search for nearest neighbours in large groups."""


_SPARE = 8
"""Extra neighbours in each search, because rounding may reorder neighbours at nearly the same distance."""


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
    places = {name: place for place, name in enumerate(dict.fromkeys([*descriptors, *(n for p in known for n in p)]))}
    pairs = np.array([(places[one], places[other]) for one, other in known], dtype=np.int64).reshape(-1, 2)
    if len(descriptors) > 1:
        pairs = np.concatenate([pairs, _close_pairs(list(descriptors.values()), closeness or Closeness())])
    return _joined(list(places), pairs)


def originals(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Maps every asset of a group except the first to the first: the ``twins`` of `viewpoint100k.plan.layout`."""
    return {name: group[0] for group in groups for name in group[1:]}


def _close_pairs(descriptors: Sequence[Descriptor], closeness: Closeness) -> NDArray[np.int64]:
    """(m, 2): indices of near duplicates. Assets with equal shape descriptors are paired with the first of them."""
    shapes, first, same = np.unique(
        np.stack([d.shape for d in descriptors]), axis=0, return_index=True, return_inverse=True
    )
    original = first[same.ravel()]
    equal = np.flatnonzero(original != np.arange(len(original)))
    colors = np.sqrt(np.stack([descriptors[place].colors for place in first]))
    reach = max(closeness.shape, closeness.shape_in_same_colors)
    # The tree's distances may differ in their last bits, so it searches a little farther and exact distances decide.
    one, other, distance = _nearest(shapes, _neighbours(shapes, reach * (1 + 1e-6)))
    within = (one != other) & (distance <= reach)
    close = within & (distance <= closeness.shape)
    for start in range(0, len(one), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        unlike = _hellinger(colors[one[some]], colors[other[some]])
        close[some] |= within[some] & (unlike <= closeness.colors)
    near = np.stack([first[one[close]], first[other[close]]], axis=1)
    return np.concatenate([np.stack([original[equal], equal], axis=1), near]).astype(np.int64)


def _neighbours(shapes: NDArray[np.float32], reach: float) -> NDArray[np.int64]:
    """(n, k): indices of shapes within about ``reach``, including the shape itself; n for fewer than k neighbours.

    They are the nearest ones. If very many are within reach, the search is approximate: it returns some of them, and
    certainly all that are nearer than a ninth of the distance of the farthest returned one.
    """
    from scipy.spatial import KDTree

    tree = KDTree(shapes)
    ranks = range(1, min(_NEIGHBOURS + 1 + _SPARE, len(shapes)) + 1)
    distances, others = tree.query(shapes, k=ranks, eps=_CROWD_EPS, distance_upper_bound=reach, workers=-1)
    alone = ~np.isfinite(distances[:, -1])
    _, others[alone] = tree.query(shapes[alone], k=ranks, distance_upper_bound=reach, workers=-1)
    return np.asarray(others, dtype=np.int64)


def _nearest(
    shapes: NDArray[np.float32], others: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The nearest `_NEIGHBOURS` candidates (n, k) of each shape (n, d), and itself.

    Returns (m,) indices of both shapes of each pair, and their distances. The index decides between equal distances. An
    index of n stands for no candidate.
    """
    one, rank = np.nonzero(others < len(shapes))
    other = others[one, rank]
    distance = np.empty(len(one))
    for start in range(0, len(one), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        distance[some] = exact.norm(shapes[one[some]].astype(np.float64) - shapes[other[some]])
    order = np.lexsort((other, distance, one))
    one, other, distance = one[order], other[order], distance[order]
    place = np.arange(len(one)) - np.searchsorted(one, one)
    near = place <= _NEIGHBOURS
    return one[near], other[near], distance[near]


def _hellinger(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,): squared Hellinger distances between histograms, given by their square roots (n, k)."""
    return 1 - exact.dot(one, other)


def _joined(names: Sequence[str], pairs: NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    """The connected components with two or more members."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(pairs):
        return ()
    rows, columns = pairs.T
    graph = coo_array((np.ones(len(pairs), dtype=bool), (rows, columns)), shape=(len(names), len(names)))
    _, component = connected_components(graph, directed=False)
    members: dict[int, list[str]] = {}
    for name, which in zip(names, component, strict=True):
        members.setdefault(int(which), []).append(name)
    return tuple(tuple(group) for group in members.values() if len(group) > 1)
