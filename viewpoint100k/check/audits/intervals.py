"""How sure a score is. Rows of one asset are not independent: whole assets are what is drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "estimate", "lower_bound"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A score beside what a constant answer scores on the same rows."""

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

    Score and chance are taken from the same resampled rows, so that what they share cancels.

    Args:
        credit: (n,) in [0, 1], what the guess at each row is worth.
        chance: (n,) the same for the constant answer.
        assets: (n,) what each row shows.
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
    """What the score exceeds but for a probability of ``error``; Student's t, as few assets give a rough error."""
    from scipy.stats import t

    return measured.score - float(t.ppf(1 - error, max(measured.assets - 1, 1))) * measured.error
