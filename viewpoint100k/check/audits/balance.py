"""Balance of answers, directions and letters, and mutual information between answers about the same pair."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.judging import Measured, measure
from viewpoint100k.check.audits.problems import MEASURED_FORMS, SampledRow
from viewpoint100k.check.audits.results import AuditSettings, Dependence
from viewpoint100k.check.audits.sampling import Sample
from viewpoint100k.check.labels.answer_forms import accepted_error
from viewpoint100k.check.labels.from_options import QUANTITIES
from viewpoint100k.dataset.mutual_information import mutual_information_bits

__all__ = ["balance_audits", "constant_replies", "dependences", "fair_share", "never_right"]

_RARE = 0.01
"""A meaning that is right in a smaller share of rows counts as never right; fair shares leave it out."""


_STILL_DEG = 2.0
"""Degrees: with a smaller azimuth change the camera went to neither side."""

_FEWEST_PAIRS = 50
"""Smallest number of shared pairs for which the dependence of two question types is reported."""


def balance_audits(rows: Sequence[SampledRow], assets: NDArray[np.str_], settings: AuditSettings) -> Iterator[Measured]:
    """Compares the most frequent answer of each type, side and letter with its fair share.

    Numbers in other forms of answer are not balanced: the camera motions decide how often each is right.
    """
    strata = np.array([row.stratum for row in rows], dtype=np.str_)
    meanings = np.array([row.meaning for row in rows], dtype=np.str_)
    kinds = np.array([row.question_type for row in rows], dtype=np.str_)
    numbers = np.array([row.answer_form in MEASURED_FORMS for row in rows])
    for kind in np.unique(kinds[~numbers]):
        chosen = kinds == kind
        # If the meaning is the option's text, wordings cannot be compared: each is compared with its own options.
        most, fair = np.zeros(len(rows)), np.zeros(len(rows))
        for stratum in np.unique(strata[chosen]):
            within = chosen & (strata == stratum)
            counts = Counter(meanings[within].tolist())
            most[within] = meanings[within] == counts.most_common(1)[0][0]
            fair[within] = fair_share(counts)
        detail = _chi_square(Counter(meanings[chosen].tolist()))
        yield _measure("balance_of_answers", str(kind), most[chosen], fair[chosen], assets[chosen], settings, detail)
    went = np.array([abs(row.azimuth_deg) > _STILL_DEG for row in rows])
    sides = np.array(["right" if row.azimuth_deg > 0 else "left" for row in rows])[went]
    if len(sides):
        counts = Counter(sides.tolist())
        most = (sides == counts.most_common(1)[0][0]).astype(np.float64)
        half = np.full(len(sides), 0.5)
        yield _measure("balance_of_directions", "azimuth", most, half, assets[went], settings, _chi_square(counts))
    for options in sorted({len(row.options) for row in rows if row.answer_index >= 0}):
        chosen = np.array([len(row.options) == options and row.answer_index >= 0 for row in rows])
        letters = np.array([row.answer for row in rows])[chosen]
        counts = Counter(letters.tolist())
        most = (letters == counts.most_common(1)[0][0]).astype(np.float64)
        fair = np.full(len(letters), 1 / options)
        yield _measure(
            "balance_of_letters", f"{options} options", most, fair, assets[chosen], settings, _chi_square(counts)
        )


def fair_share(counts: Counter[str]) -> float:
    """The share of each answer if all were equally frequent; answers that are hardly ever right are left out."""
    return 1 / max(2, sum(count >= _RARE * counts.total() for count in counts.values()))


def constant_replies(
    rows: Sequence[SampledRow], assets: NDArray[np.str_], settings: AuditSettings
) -> Iterator[Measured]:
    """How often the best constant reply is right within the error that the question accepts, by type, form and error.

    A wide accepted error makes every reply right. The limit is half of the rows, because "none" is the answer to a
    third. In a chat the side is known before the amount is asked, so its amounts are alike, and the score is reported.
    """
    places: dict[tuple[str, str, float], list[int]] = {}
    for place, row in enumerate(rows):
        error = accepted_error(row.question)
        if row.answer_form in ("number", "chat") and error is not None:
            places.setdefault((row.question_type, row.answer_form, error), []).append(place)
    for (kind, form, error), chosen in sorted(places.items()):
        values = np.array([float(rows[place].answer) for place in chosen])
        hits = [np.abs(values - value) <= error + 1e-9 for value in np.unique(values)]
        best = max(hits, key=lambda hit: int(hit.sum())).astype(np.float64)
        half = np.full(len(chosen), 0.5)
        threshold = settings.balance_threshold if form == "number" else None
        detail = f"up to {error:g} off"
        yield measure("constant_reply", kind, best, half, assets[chosen], settings, threshold, detail)


def never_right(sample: Sample) -> list[str]:
    """A sentence for each answer that some row offers and that is right in no row."""
    found: dict[str, list[str]] = {}
    answered: dict[str, set[str]] = {}
    for (kind, stratum), counts in sample.answers.items():
        if stratum == kind:
            answered[kind] = set(counts)
    for kind, right in sorted(answered.items()):
        for meaning in sorted(sample.offered[kind] - right):
            found.setdefault(meaning, []).append(kind)
    return [
        f'"{meaning}" is offered and never right in {", ".join(kinds)}: chance is that of the other answers'
        for meaning, kinds in found.items()
    ]


def dependences(sample: Sample) -> tuple[Dependence, ...]:
    """Mutual information between the answers to every two question types about the same pair.

    Uses rows that share a group. If there are none, uses the cameras of each row to compute the answers to all types,
    without the answer "none".
    """
    kinds = sorted({kind for kind, _ in sample.answers})
    found = []
    names = list(QUANTITIES)
    for first, second in itertools.combinations(kinds, 2):
        joint: Counter[tuple[str, str]] = Counter(
            (answers[first], answers[second])
            for answers in sample.by_group.values()
            if first in answers and second in answers
        )
        measured_on = "groups"
        if not joint and first in names and second in names:
            measured_on = "cameras"
            one, two = names.index(first), names.index(second)
            for signs, count in sample.directions.items():
                joint[signs[one], signs[two]] += count
        if joint.total() >= _FEWEST_PAIRS:
            bits, most = mutual_information_bits(joint)
            pairs = sum(joint.values())
            found.append(
                Dependence(first, second, bits, most, pairs, "groups" if measured_on == "groups" else "cameras")
            )
    return tuple(found)


def _measure(
    audit: str,
    problem: str,
    most: NDArray[np.float64],
    fair: NDArray[np.float64],
    assets: NDArray[np.str_],
    settings: AuditSettings,
    detail: str,
) -> Measured:
    return measure(audit, problem, most, fair, assets, settings, settings.balance_threshold, detail)


def _chi_square(counts: Counter[str]) -> str:
    """The counts as text, with Pearson's chi-square test against equal shares; the test assumes independent rows."""
    from scipy.stats import chisquare

    listed = ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
    if len(counts) < 2:
        return listed
    return f"{listed}; chi-square p = {chisquare(list(counts.values())).pvalue:.2g}"
