"""From guesses to verdicts. All scores are collected first, because each verdict depends on the number of tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.intervals import Estimate, estimate, lower_bound
from viewpoint100k.check.audits.problems import DIRECTION
from viewpoint100k.check.audits.results import AuditResult, AuditSettings, Verdict
from viewpoint100k.check.labels.definitions import Definition

__all__ = ["Measured", "judge", "limit_of_type", "mean_of_types", "measure", "of_each_form"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A score without its verdict."""

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


def limit_of_type(
    problem: str, cue: str, definition: Definition | None, settings: AuditSettings
) -> tuple[float | None, str]:
    """The largest allowed score above chance of a guess from one image (``cue``), and a note.

    The side to which the camera goes around the object can be independent of either image, because a circle has no
    ends. A step along a limited range must start and end inside the range, so one image reveals a little. Types that
    one image answers by definition are not judged.
    """
    if problem == DIRECTION:
        return settings.image_threshold, ""
    if definition is not None and cue in definition.told_by:
        return None, "this type is about one image by its nature, as its template says"
    return settings.type_threshold, ""


def mean_of_types(
    audit: str, results: Sequence[tuple[Floats, Floats, NDArray[np.str_]]], settings: AuditSettings
) -> Iterator[Measured]:
    """The unweighted mean over the types that have enough rows for a verdict.

    Args:
        results: credit (n,), chance (n,) and assets (n,) of each type.
    """
    enough = [result for result in results if len(result[0]) >= settings.min_rows]
    if not enough:
        return
    total = sum(len(credit) for credit, _, _ in enough)
    weights = [total / (len(enough) * len(credit)) for credit, _, _ in enough]
    credit = np.concatenate([weight * one for weight, (one, _, _) in zip(weights, enough, strict=True)])
    chance = np.concatenate([weight * one for weight, (_, one, _) in zip(weights, enough, strict=True)])
    assets = np.concatenate([one for _, _, one in enough])
    detail = f"mean of {len(enough)} types, each counting alike"
    yield measure(audit, "mean of types", credit, chance, assets, settings, settings.mean_threshold, detail)


def of_each_form(
    audit: str,
    results: Sequence[tuple[Floats, Floats, NDArray[np.str_], NDArray[np.str_]]],
    settings: AuditSettings,
    threshold: float,
) -> Iterator[Measured]:
    """The same guesses by form of answer, where there are several: all types of a form together.

    Args:
        results: credit (n,), chance (n,), assets (n,) and forms of answer (n,) of each problem.
    """
    if not results:
        return
    credit, chance, assets, forms = (np.concatenate(parts) for parts in zip(*results, strict=True))
    for form in np.unique(forms) if len(np.unique(forms)) > 1 else ():
        of = forms == form
        yield measure(audit, f"answer by {form}", credit[of], chance[of], assets[of], settings, threshold)


def judge(measured: Sequence[Measured], settings: AuditSettings) -> tuple[AuditResult, ...]:
    """Gives each score a verdict. The tolerated error is divided by the number of judged scores (Bonferroni)."""
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
