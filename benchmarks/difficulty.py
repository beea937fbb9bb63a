"""Fits the difficulty score to the errors of the probe's network, and tests the fit on other objects.

    python -m benchmarks.difficulty DIR [--networks 4] [--epochs 10] [--max-rows 32000]

The objects of DIR are divided into as many parts as there are networks. Each network is trained on one part and answers
the pairs of all other parts, so that a network never answers a pair whose object it has seen. A second, independent
division makes two halves of the objects:

- The pairs of one half fit the weights (a logistic regression of being wrong; no weight is negative) and the scale. The
  scale is an isotonic regression of the error on the weighted sum: it gives the sums at which the expected error is
  0, 3.5, 7, ... 35%. They are the difficulties 0, 0.1, ... 1.
- The pairs of the other half test the fit: the accuracy in ten bins of the difficulty, with 95% intervals from a
  bootstrap over objects, and the accuracy that the difficulty predicts.

Prints JSON: the weights and the scale for `viewpoint100k.dataset.difficulty`, and the test of both the fitted numbers
and those in use. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from viewpoint100k.check.audits.intervals import estimate
from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.check.probing.scenes import Frames, read_frames
from viewpoint100k.dataset.difficulty import FEATURES, HIGHEST_ERROR, score

Floats = NDArray[np.float64]

CHOSEN = {"small": 0.3, "close": 0.5}
"""Weights that are chosen by hand, see `viewpoint100k.dataset.difficulty`."""

_ANSWERS_A_GROUP = 2000
"""Number of answers in a group of the isotonic regression. 400 to 4,000 gave nearly the same scale, and 2,000 the best
likelihood in a cross-validation on the half that is fitted."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers of several networks to m pairs."""

    features: Floats
    """(m, 5)"""
    wrong: Floats
    """(m,): number of wrong answers."""
    given: Floats
    """(m,): number of answers."""
    assets: NDArray[np.str_]
    """(m,)"""

    def of(self, chosen: NDArray[np.bool_]) -> Answers:
        """The answers to the chosen pairs."""
        return Answers(self.features[chosen], self.wrong[chosen], self.given[chosen], self.assets[chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=ProbeSettings.epochs)
    parser.add_argument("--max-rows", type=int, default=32_000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    settings = ProbeSettings(epochs=options.epochs, max_rows=options.max_rows, threads=options.threads)
    answers = answered(read_frames(options.folder, settings), settings, options.networks)
    print(json.dumps(fit_and_test(answers), indent=2))


def answered(frames: Frames, settings: ProbeSettings, networks: int) -> Answers:
    """The answers of each network to the pairs of all objects but its own."""
    from viewpoint100k.check.probing.training import sides, train  # Needs torch, unlike the rest of this module.

    assets = frames.asset[frames.pairs[:, 0]]
    part = dealt(assets, "fold", networks)
    wrong, given = np.zeros(len(part)), np.zeros(len(part))
    for number in range(networks):
        own, others = part == number, part != number
        print(f"network {number + 1} of {networks}: trained on {own.sum():,} pairs", file=sys.stderr, flush=True)
        network, _ = train(frames, np.unique(frames.pairs[own]), settings)
        said = sides(network, frames, frames.pairs[others]) > 0
        wrong[others] += said != (frames.change[others] > 0)
        given[others] += 1
    return Answers(frames.hardness, wrong, given, assets)


def dealt(assets: NDArray[np.str_], purpose: str, parts: int) -> NDArray[np.int64]:
    """(m,): the part to which each pair's asset belongs."""
    names, index = np.unique(assets, return_inverse=True)
    digests = [hashlib.sha256(f"{purpose} {name}".encode()).digest() for name in names]
    return np.array([int.from_bytes(digest[:8], "big") % parts for digest in digests])[index]


def fit_and_test(answers: Answers) -> dict[str, Any]:
    """The weights and the scale from one half of the objects, and their test on the other half."""
    fitting = dealt(answers.assets, "fit", 2) == 0
    one, other = answers.of(fitting), answers.of(~fitting)
    weights = np.round(fitted_weights(one), 2)
    tenths = np.round(fitted_scale((one.features * weights).sum(axis=1), one), 3)
    return {
        "pairs": len(answers.wrong),
        "answers": int(answers.given.sum()),
        "accuracy": round(1 - float(answers.wrong.sum() / answers.given.sum()), 4),
        "features": list(FEATURES),
        "median": np.round(np.median(answers.features, axis=0), 2).tolist(),
        "weights": weights.tolist(),
        "tenths": tenths.tolist(),
        "fitted, on the other half": bins(score(other.features, weights.tolist(), tenths.tolist()), other),
        "in use, on the other half": bins(score(other.features), other),
    }


def fitted_weights(answers: Answers) -> Floats:
    """(5,): the weights of a logistic regression of being wrong, without the intercept. Those of `CHOSEN` are fixed."""
    count = float(answers.given.sum())

    def loss(values: Floats) -> tuple[float, Floats]:
        logits = answers.features @ values[:-1] + values[-1]
        value = float((answers.given * np.logaddexp(0, logits) - answers.wrong * logits).sum() / count)
        slope = (answers.given / (1 + np.exp(-logits)) - answers.wrong) / count
        return value, np.append(answers.features.T @ slope, slope.sum())

    bounds: list[tuple[float | None, float | None]] = [(CHOSEN.get(name, 0.0), CHOSEN.get(name)) for name in FEATURES]
    start = np.array([*(low for low, _ in bounds), 0.0])
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x[:-1], dtype=np.float64)


def fitted_scale(sums: Floats, answers: Answers) -> Floats:
    """(11,): the weighted sums at which the expected error is 0, 0.1, ... 1 times `HIGHEST_ERROR`.

    The expected error is a polygon from (0, 0) through the groups of an isotonic regression. Each group has about
    `_ANSWERS_A_GROUP` answers to pairs with similar sums. The last line of the polygon goes on as far as necessary.
    """
    order = np.argsort(sums, kind="stable")
    group = (np.cumsum(answers.given[order]) / _ANSWERS_A_GROUP).astype(int)
    weight = np.bincount(group, answers.given[order])
    place = np.bincount(group, answers.given[order] * sums[order]) / weight
    error = isotonic_regression(np.bincount(group, answers.wrong[order]) / weight, weights=weight).x
    first = np.flatnonzero(np.diff(error, prepend=-1.0))  # Groups with equal errors are one corner.
    place = np.add.reduceat(weight * place, first) / np.add.reduceat(weight, first)
    corners, errors = np.append(0.0, place), np.append(0.0, error[first])
    wanted = np.linspace(0, HIGHEST_ERROR, 11)
    if errors[-1] < HIGHEST_ERROR:
        slope = (errors[-1] - errors[-2]) / (corners[-1] - corners[-2])
        corners = np.append(corners, corners[-1] + (HIGHEST_ERROR - errors[-1]) / slope)
        errors = np.append(errors, HIGHEST_ERROR)
    return np.interp(wanted, errors, corners)


def bins(scores: Floats, answers: Answers) -> list[dict[str, Any]]:
    """The accuracy in ten bins of the difficulty, beside the accuracy that the difficulty predicts."""
    place = np.minimum((scores * 10).astype(int), 9)
    found = []
    for tenth in range(10):
        some = answers.of((place == tenth) & (answers.given > 0))
        if len(some.given):
            right = 1 - some.wrong / some.given
            measured = estimate(right, np.zeros_like(right), some.assets, 1000, 0)
            expected = 1 - HIGHEST_ERROR * float(scores[(place == tenth) & (answers.given > 0)].mean())
            found.append(
                {
                    "from": tenth / 10,
                    "pairs": measured.rows,
                    "answers": int(some.given.sum()),
                    "objects": measured.assets,
                    "accuracy": round(measured.score, 4),
                    "interval": [round(end, 4) for end in measured.interval],
                    "expected": round(expected, 4),
                }
            )
    return found


if __name__ == "__main__":
    main()
