"""The probe, with its network on the GPU, on the rows that an earlier step built."""

from __future__ import annotations

import json
import os
from typing import Any

from benchmarks.gpu_check.steps import StepFailed, Task, run_step
from viewpoint100k.interface import open_dataset

_LEAST = 0.85
"""Share of right answers from both images; docs/probe.md has 96% for a quarter of these rows, after ten epochs."""
_LOOKED_AT = 400_000
"""Rows that the network learns from in all: four epochs of 100,000."""


def find(task: Task) -> dict[str, Any]:
    """Raises ``StepFailed`` if the network does not learn, or learns from one image alone."""
    folder = task.out / "rows-probe"
    rows = sum(open_dataset(folder).splits.values())
    epochs, size = (1, 32) if task.dry_run else (max(_LOOKED_AT // rows, 1), 48)
    threads = min(8, len(os.sched_getaffinity(0)))
    settings = {"max-rows": rows, "epochs": epochs, "image-size": size, "device": task.device, "threads": threads}
    options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
    seconds = task.call("viewpoint100k", "probe", folder, *options)
    report = json.loads((folder / ".build" / "probe.json").read_text(encoding="utf-8"))
    # Those that are indented are of a part of the pairs.
    whole = [result for result in report["results"] if not result["test"].startswith(" ")]
    shares = {result["test"]: round(result["score"], 4) for result in whole}
    figures = {
        "rows": rows,
        "pairs": report["trained_rows"],
        "objects": report["trained_assets"],
        "epochs": epochs,
        "device": task.device,
        "seconds, reading included": round(seconds, 1),
        "seconds of training": report["seconds"],
        "right": shares,
    }
    # Sixty rows teach nothing, and a dry run shows only that everything runs.
    if not task.dry_run and (shares["both images"] < _LEAST or shares["second image blank"] > 0.6):
        raise StepFailed(f"the probe is right in {shares}")
    return figures


if __name__ == "__main__":
    run_step(find)
