"""From guesses to results: scores are collected first, and judged once it is known how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.intervals import Estimate, estimate, lower_bound
from viewpoint100k.check.audits.results import AuditResult, AuditSettings, Verdict

__all__ = ["Measured", "judge", "measure"]


@dataclass(frozen=True)
class Measured:
    """A score that awaits its verdict."""

    audit: str
    problem: str
    estimate: Estimate
    threshold: float | None
    detail: str = ""


def measure(
    audit: str,
    problem: str,
    credit: NDArray[np.float64],
    chance: NDArray[np.float64],
    assets: NDArray[np.str_],
    settings: AuditSettings,
    threshold: float | None,
    detail: str = "",
) -> Measured:
    """The score of one audit, row by row against chance; see `estimate`."""
    return Measured(
        audit, problem, estimate(credit, chance, assets, settings.resamples, settings.seed), threshold, detail
    )


def judge(measured: Sequence[Measured], settings: AuditSettings) -> tuple[AuditResult, ...]:
    """A verdict for each. The tolerated error is divided among all that are judged (Bonferroni)."""
    judged = sum(m.threshold is not None for m in measured)
    error = settings.family_error / max(judged, 1)
    return tuple(_result(m, lower_bound(m.estimate, error), settings) for m in measured)


def _result(measured: Measured, bound: float, settings: AuditSettings) -> AuditResult:
    found = measured.estimate
    verdict: Verdict = "pass"
    if measured.threshold is None:
        verdict = "reported"
    elif found.rows < settings.min_rows or found.assets < settings.min_assets:
        verdict = "not enough rows"
    elif bound > found.chance + measured.threshold:
        verdict = "fail"
    return AuditResult(
        audit=measured.audit,
        problem=measured.problem,
        score=found.score,
        chance=found.chance,
        interval=found.interval,
        lower_bound=bound,
        threshold=measured.threshold,
        rows=found.rows,
        assets=found.assets,
        verdict=verdict,
        detail=measured.detail,
    )
