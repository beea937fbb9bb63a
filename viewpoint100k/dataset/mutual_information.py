"""Mutual information of two values of a pair, in bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from viewpoint100k.geometry import exact

__all__ = ["mutual_information_bits"]


def mutual_information_bits(joint: Mapping[tuple[str, str], int]) -> tuple[float, float]:
    """(mutual information, smaller of the two entropies) in bits, from counts of value pairs.

    Uses the correction of Miller and Madow (Miller 1955): each entropy is raised by (values seen - 1) / (2 n ln 2).
    Without it, independent answers appear to be dependent. The result is clipped to the possible range.
    """
    firsts, seconds = Counter[str](), Counter[str]()
    for (first, second), count in joint.items():
        firsts[first] += count
        seconds[second] += count
    one, two = _entropy_bits(firsts.values()), _entropy_bits(seconds.values())
    most = min(one, two)
    return min(max(one + two - _entropy_bits(joint.values()), 0.0), most), most


def _entropy_bits(counts: Iterable[int]) -> float:
    seen = np.array([count for count in counts if count > 0], dtype=np.float64)
    total = exact.total(seen)
    shares = seen / total
    correction = (len(seen) - 1) / (2 * total * exact.log(2.0))
    return float(correction - exact.total(shares * exact.log2(shares)))
