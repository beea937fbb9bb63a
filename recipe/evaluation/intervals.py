"""Confidence intervals of shares of right answers, for rows that are correlated by object."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["clustered_change", "clustered_wilson", "wilson"]

_Z = 1.959963984540054
"""Normal quantile of a two-sided 95% interval."""


def wilson(share: float, rows: float) -> tuple[float, float]:
    """The 95% score interval of Wilson (1927) for a share of ``rows`` independent rows; ``rows`` may be fractional."""
    if rows <= 0:
        return 0.0, 1.0
    square = _Z * _Z / rows
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / rows + square / (4 * rows))
    return max(0.0, middle - half), min(1.0, middle + half)


def clustered_wilson(right: Sequence[float], clusters: Sequence[str]) -> tuple[float, float]:
    """The 95% interval of the mean of ``right``, (n,) of 0 and 1, whose rows share ``clusters``, (n,) names.

    Wilson's interval with the effective number of independent rows (Korn and Graubard 1998): the ratio of binomial
    variance to the variance between clusters, with Student's t for few clusters. If all rows are equal, the number of
    clusters is used. Unlike a bootstrap, it is valid at 0%, at 100%, and for ten rows.
    """
    values = np.asarray(right, dtype=np.float64)
    if not len(values):
        return 0.0, 1.0
    count, share = len(set(clusters)), float(values.mean())
    if count == 1:
        return wilson(share, 1.0)
    variance = _variance_of_mean(values, clusters)
    if variance == 0.0:  # All rows are equal, or all clusters have the same mean.
        return wilson(share, float(count) if share in (0.0, 1.0) else float(len(values)))
    from scipy.stats import t

    worth = share * (1 - share) / variance * (_Z / float(t.ppf(0.975, count - 1))) ** 2
    return wilson(share, min(float(len(values)), worth))


def clustered_change(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[str]
) -> tuple[float, tuple[float, float]]:
    """(mean change, its 95% interval) between two answers, 0 or 1, to each of n rows that share ``clusters``, (n,).

    It compares row by row, so the difficulty of rows cancels, and it is much narrower than two separate intervals. It
    uses Student's t over clusters; if no row changed, the upper limit of Wilson's interval for rare changes.
    """
    change = np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64)
    count = len(set(clusters))
    if count < 2:
        return (float(change.mean()) if len(change) else 0.0), (-1.0, 1.0)
    mean = float(change.mean())
    if not change.any():
        rare = wilson(0.0, float(count))[1]
        return 0.0, (-rare, rare)
    from scipy.stats import t

    half = float(t.ppf(0.975, count - 1)) * math.sqrt(_variance_of_mean(change, clusters))
    return mean, (max(-1.0, mean - half), min(1.0, mean + half))


def _variance_of_mean(values: NDArray[np.float64], clusters: Sequence[str]) -> float:
    """Variance of the mean of ``values``, (n,), from the deviations of the sums over at least two clusters."""
    names, place = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    sums = np.bincount(place, weights=values - values.mean())
    return float((sums**2).sum()) * len(names) / (len(names) - 1) / len(values) ** 2
