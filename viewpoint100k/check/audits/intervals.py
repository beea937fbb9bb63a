"""Confidence intervals of scores. Rows of one asset are not independent, so the bootstrap resamples whole assets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "estimate", "lower_bound"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A score, and the score of a constant answer on the same rows."""

    score: float
    chance: float
    interval: tuple[float, float]
    """95% interval of the score."""
    error: float
    """Standard error of ``score - chance``."""
    rows: int
    assets: int


def estimate(credit: Floats, chance: Floats, assets: NDArray[np.str_], resamples: int, seed: int) -> Estimate:
    """Mean credit and chance, with a bootstrap over assets (Davison and Hinkley 1997, section 3.8).

    Each resample gives score and chance from the same rows, so that common errors cancel in their difference.

    Args:
        credit: (n,) in [0, 1], the credit of the guess at each row.
        chance: (n,) the same for the constant answer.
        assets: (n,) the asset of each row.
    """
    _, cluster = np.unique(assets, return_inverse=True)
    count = int(cluster.max()) + 1
    sums = np.column_stack(
        [np.bincount(cluster, weights=w, minlength=count) for w in (credit, chance, np.ones_like(credit))]
    )
    rng = np.random.default_rng(seed)
    drawn = np.stack([np.bincount(rng.integers(count, size=count), minlength=count) @ sums for _ in range(resamples)])
    scores, chances = drawn[:, 0] / drawn[:, 2], drawn[:, 1] / drawn[:, 2]
    low, high = np.quantile(scores, [0.025, 0.975])
    return Estimate(
        score=float(credit.mean()),
        chance=float(chance.mean()),
        interval=(float(low), float(high)),
        error=float((scores - chances).std(ddof=1)),
        rows=len(credit),
        assets=count,
    )


def lower_bound(measured: Estimate, error: float) -> float:
    """Lower confidence bound of the score at level 1 - ``error``.

    It uses Student's t, because the standard error of a few assets is uncertain.
    """
    from scipy.stats import t

    return measured.score - float(t.ppf(1 - error, max(measured.assets - 1, 1))) * measured.error
