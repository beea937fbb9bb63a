"""What more rows buy: the probe's accuracy after training on more and more rows of one set.

    python -m benchmarks.learning_curve DIR [--rows 1000 --rows 3000 ...] [--plot curve.png]

All networks are tested on the pairs of the same held-out objects. Each trains on the first pairs of the other objects,
in the order of the set. A network trains for ten epochs; with few rows, for as many as make 1,500 steps, at most 60.
Prints JSON: for each number of rows, the pairs, objects, epochs, accuracy and its 95% interval, by a bootstrap
over objects. Needs the extra [train].
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.intervals import estimate
from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.check.probing.scenes import Frames, held_out_assets, read_frames
from viewpoint100k.check.probing.training import sides, train

_ROWS = (1_000, 3_000, 10_000, 30_000, 100_000)
_LEAST_STEPS, _MOST_EPOCHS = 1_500, 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, action="append", help="pairs to train on; may be given several times")
    parser.add_argument("--held-out", type=float, default=0.1, help="share of the pairs to test on")
    parser.add_argument("--threads", type=int, default=ProbeSettings.threads)
    parser.add_argument("--plot", type=Path, help="where to write a plot (PNG)")
    options = parser.parse_args()
    settings = ProbeSettings(max_rows=10**9, held_out=options.held_out, threads=options.threads)
    frames = read_frames(options.folder, settings, reading)
    tested = held_out_assets(frames, settings.held_out)
    points = []
    for count in sorted(options.rows or _ROWS):
        points.append(point(frames, tested, count, settings))
        print(json.dumps(points[-1]), file=sys.stderr, flush=True)
        if points[-1]["pairs"] < count:
            break
    result = {"tested pairs": int(tested.sum()), "points": points}
    print(json.dumps(result, indent=2))
    if options.plot:
        plot(points, options.plot)


def reading(done: int, total: int) -> None:
    if done % 10_000 < 100:
        print(f"read {done:,} of {total:,} rows", file=sys.stderr, flush=True)


def point(frames: Frames, tested: NDArray[np.bool_], count: int, settings: ProbeSettings) -> dict[str, Any]:
    """The accuracy on the ``tested`` pairs (m,) after training on the first ``count`` others."""
    learned = frames.pairs[~tested][:count]
    objects = len(np.unique(frames.asset[learned[:, 0]]))
    steps_of_epoch = -(-objects // settings.scenes_per_step)
    epochs = max(settings.epochs, min(-(-_LEAST_STEPS // steps_of_epoch), _MOST_EPOCHS))
    began = time.process_time()
    network, losses = train(frames, np.unique(learned), replace(settings, epochs=epochs))
    pairs, truth = frames.pairs[tested], frames.change[tested] > 0
    right = (sides(network, frames, pairs) > 0) == truth
    constant = truth == (truth.mean() >= 0.5)
    found = estimate(
        right.astype(np.float64),
        constant.astype(np.float64),
        frames.asset[pairs[:, 0]],
        settings.resamples,
        settings.seed,
    )
    return {
        "pairs": len(learned),
        "objects": objects,
        "epochs": epochs,
        "accuracy": round(found.score, 4),
        "interval": [round(bound, 4) for bound in found.interval],
        "chance": round(found.chance, 4),
        "loss": round(losses[-1], 3),
        "cpu_seconds": round(time.process_time() - began),
    }


def plot(points: list[dict[str, Any]], path: Path) -> None:
    """Accuracy by rows, with intervals, on a logarithmic axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    rows = [one["pairs"] for one in points]
    accuracy = np.array([one["accuracy"] for one in points])
    low, high = np.array([one["interval"] for one in points]).T
    axes.errorbar(rows, accuracy, yerr=[accuracy - low, high - accuracy], marker="o", capsize=3)
    axes.axhline(points[-1]["chance"], color="black", linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.set_ylim(0.45, 1.0)
    axes.set_xlabel("rows (pairs of views) that the probe trained on")
    axes.set_ylabel("accuracy on unseen objects")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
