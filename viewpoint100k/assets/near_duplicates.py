"""Which assets are the same object: re-uploaded, recoloured, rescaled, turned, decimated or saved in another format.

They must share a split: a test on a recoloured copy of a training object is no test. Two assets are near duplicates
where their descriptors are close, see `Closeness`; and so are all that a chain of such pairs joins.
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
"""Of each descriptor so many of its nearest are looked at: in a crowd of look-alikes that is enough to join them all,
and memory grows with the number of assets, not with that of pairs."""
_AT_ONCE = 2**14
"""Pairs that are compared together, to bound memory."""
_CROWD_EPS = 8.0
"""How much farther than the nearest those may be that are looked at in a crowd."""


_SPARE = 8
"""So many more are asked for, as rounding may change the order of neighbours at nearly the same distance."""


@dataclass(frozen=True)
class Closeness:
    """How alike two descriptors must be.

    Calibrated on 30 scanned and modelled meshes and on procedural objects, 80 of each of 42 families. Turned, mirrored,
    rescaled, recoloured, finely re-tessellated copies, and those whose positions were rounded to 14 bits, lay within
    0.0005 of the original. Of copies in the same colours with a tenth of the triangles removed (quadric decimation) all
    of the meshes and 95% of the procedural objects are found, with half of them removed 90% and 67%. No two of the
    meshes are taken for one object, and of the 3,360 procedural objects four pairs: elephants, and buses, of one make.
    """

    shape: float = 0.001
    """Distance between shapes up to which colour does not matter: the copy may have been painted anew."""
    shape_in_same_colors: float = 0.015
    """The same where colours agree: the copy may have been decimated or sculpted a little."""
    colors: float = 0.05
    """Squared Hellinger distance of two colour histograms up to which they agree; 0 the same, 1 nothing in common."""


def near_duplicates(
    descriptors: Mapping[str, Descriptor],
    known: Iterable[tuple[str, str]] = (),
    closeness: Closeness | None = None,
) -> tuple[tuple[str, ...], ...]:
    """Groups of two and more assets that are the same object, each in the order of ``descriptors``.

    Args:
        descriptors: by asset id.
        known: pairs of assets known to be the same otherwise; one without a descriptor comes last.
    """
    known = [pair for pair in known if pair[0] != pair[1]]
    places = {name: place for place, name in enumerate(dict.fromkeys([*descriptors, *(n for p in known for n in p)]))}
    pairs = np.array([(places[one], places[other]) for one, other in known], dtype=np.int64).reshape(-1, 2)
    if len(descriptors) > 1:
        pairs = np.concatenate([pairs, _close_pairs(list(descriptors.values()), closeness or Closeness())])
    return _joined(list(places), pairs)


def originals(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Every asset but the first of each group, with that first one: the ``twins`` of `viewpoint100k.plan.layout`."""
    return {name: group[0] for group in groups for name in group[1:]}


def _close_pairs(descriptors: Sequence[Descriptor], closeness: Closeness) -> NDArray[np.int64]:
    """(m, 2): indices of near duplicates; of assets with the very same shape, each beside the first of them."""
    shapes, first, same = np.unique(
        np.stack([d.shape for d in descriptors]), axis=0, return_index=True, return_inverse=True
    )
    original = first[same.ravel()]
    equal = np.flatnonzero(original != np.arange(len(original)))
    colors = np.sqrt(np.stack([descriptors[place].colors for place in first]))
    reach = max(closeness.shape, closeness.shape_in_same_colors)
    # The tree's distances may be off by their last bits: it finds more than are wanted, and exact ones decide.
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
    """(n, k) places of shapes within about ``reach``, the shape itself among them; n where there are fewer than k.

    They are the nearest. Where so many are within reach that it takes long to tell which are, they are some of these,
    with all that are nearer than a ninth of the farthest of them.
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
    """Of the candidates (n, k) for each shape (n, d), the nearest `_NEIGHBOURS` and itself: (m,) indices of both shapes
    of each pair, and their distances. Among equally near ones the index decides; one beyond all shapes stands for none.
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
    """(n,): squared Hellinger distances between histograms whose roots are the rows (n, k)."""
    return 1 - exact.dot(one, other)


def _joined(names: Sequence[str], pairs: NDArray[np.int64]) -> tuple[tuple[str, ...], ...]:
    """The connected components of two and more."""
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
