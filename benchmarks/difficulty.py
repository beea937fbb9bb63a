"""Fits the weights of the difficulty score to the errors of the probe, and shows how well they hold elsewhere.

    python -m benchmarks.difficulty DIR [--folds 3] [--epochs 10] [--max-rows 24000]

The objects of DIR are dealt to folds. The probe is trained on all folds but one and answers the pairs of that one, so
that each pair is answered by a network that has not seen its object. Every second object's pairs then fit the weights,
none below 0 (a logistic regression of being wrong), and the others show what comes of it: the probe's accuracy in ten
bins of the score. Prints JSON: the weights and tenths as `viewpoint100k.dataset.difficulty` holds them, and the bins
for the weights that were fitted and for those that are in use. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.check.probing.scenes import Frames, read_frames
from viewpoint100k.check.probing.training import sides, train
from viewpoint100k.dataset.difficulty import FEATURES, score

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=ProbeSettings.epochs)
    parser.add_argument("--max-rows", type=int, default=ProbeSettings.max_rows)
    parser.add_argument("--threads", type=int, default=ProbeSettings.threads)
    options = parser.parse_args()
    settings = ProbeSettings(epochs=options.epochs, max_rows=options.max_rows, threads=options.threads)
    frames = read_frames(options.folder, settings)
    wrong = ~answered(frames, settings, options.folds)
    fitting = dealt(frames.asset[frames.pairs[:, 0]], "fit", 2) == 0
    weights = fitted(frames.hardness[fitting], wrong[fitting])
    sums = (frames.hardness[fitting] * weights).sum(axis=1)
    others = frames.hardness[~fitting]
    tenths = np.quantile(sums, np.linspace(0, 1, 11))
    tenths[0] = 0.0
    result = {
        "pairs": len(wrong),
        "accuracy": round(1 - float(wrong.mean()), 4),
        "features": list(FEATURES),
        "middling": np.round(np.median(frames.hardness, axis=0), 2).tolist(),
        "weights": np.round(weights, 3).tolist(),
        "tenths": np.round(tenths, 3).tolist(),
        "fitted, on the other objects": bins(score(others, weights.tolist(), tenths.tolist()), wrong[~fitting]),
        "in use, on the other objects": bins(score(others), wrong[~fitting]),
    }
    print(json.dumps(result, indent=2))


def answered(frames: Frames, settings: ProbeSettings, folds: int) -> Flags:
    """(m,): whether each pair is answered rightly by a network that has not seen its object."""
    fold = dealt(frames.asset[frames.pairs[:, 0]], "fold", folds)
    right = np.zeros(len(frames.pairs), dtype=bool)
    for place in range(folds):
        tested = fold == place
        print(f"fold {place + 1} of {folds}: {tested.sum():,} pairs are tested", file=sys.stderr, flush=True)
        network, _ = train(frames, np.unique(frames.pairs[~tested]), settings)
        right[tested] = (sides(network, frames, frames.pairs[tested]) > 0) == (frames.change[tested] > 0)
    return right


def dealt(assets: NDArray[np.str_], purpose: str, parts: int) -> NDArray[np.int64]:
    """(m,): the part to which each pair's asset falls."""
    names, index = np.unique(assets, return_inverse=True)
    digests = [hashlib.sha256(f"{purpose} {name}".encode()).digest() for name in names]
    return np.array([int.from_bytes(digest[:8], "big") % parts for digest in digests])[index]


def fitted(table: Floats, wrong: Flags) -> Floats:
    """(5,): the weights, not below 0, of a logistic regression of being wrong; the intercept is left out."""

    def loss(values: Floats) -> tuple[float, Floats]:
        logits = table @ values[:-1] + values[-1]
        likely = 1 / (1 + np.exp(-logits))
        value = float(np.mean(np.logaddexp(0, logits) - wrong * logits) + 1e-4 * values[:-1] @ values[:-1])
        slope = (likely - wrong) / len(wrong)
        gradient = np.append(table.T @ slope + 2e-4 * values[:-1], slope.sum())
        return value, gradient

    bounds = [(0.0, None)] * table.shape[1] + [(None, None)]
    found: Any = minimize(loss, np.zeros(table.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x[:-1], dtype=np.float64)


def bins(scores: Floats, wrong: Flags) -> list[dict[str, float]]:
    """Pairs and accuracy by tenths of the score."""
    place = np.minimum((scores * 10).astype(int), 9)
    return [
        {"from": tenth / 10, "pairs": int(some.sum()), "accuracy": round(1 - float(wrong[some].mean()), 4)}
        for tenth in range(10)
        if (some := place == tenth).any()
    ]


if __name__ == "__main__":
    main()
