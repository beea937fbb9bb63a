"""Builds of `viewpoint-100k`: 2,000 rows on the GPU or on the CPU, and many small ones for the probe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks.gpu_check.steps import StepFailed, Task, run_step
from renderers.software.extension import BUILD_VARIABLE, load
from viewpoint100k.interface import open_dataset

_ROWS_FOR_PROBE = 100_000
_ROWS_A_CORE = 7_000
"""What a core builds in about three minutes."""


def find(task: Task) -> dict[str, Any]:
    """Raises ``StepFailed`` if the build fails, a label is wrong, or the digest is not that of the other processor."""
    on_cpu, for_probe = task.options.processor == "cpu", task.options.rows_for == "probe"
    rows, size, shard = (_rows_for_probe(), 96, 1_000) if for_probe else (2_000, 512, 100)
    if task.dry_run:
        rows, size, shard = (60, 64, 60) if for_probe else (20, 96, 10)
    name = "rows-probe" if for_probe else f"rows-{'cpu' if on_cpu else 'gpu'}"
    folder = task.out / name
    settings = ["--set", f"images.size={size}", "--set", f"rows_per_shard={shard}"]
    if task.dry_run:
        settings += ["--workers", "1"]
    command = ["viewpoint100k", "build", "viewpoint-100k", "--rows", str(rows), "--out", str(folder), *settings]
    seconds = task.call(*command, lanes=_lanes(task.dry_run) if on_cpu else task.lanes)
    dataset = open_dataset(folder)
    figures: dict[str, Any] = {
        "rows": rows,
        "size": size,
        "seconds": round(seconds, 1),
        "rows a second": round(rows / seconds, 1),
        "digest": dataset.digest,
    }
    if not for_probe:
        report = dataset.verify()
        if not report.ok:
            raise StepFailed(f"{folder}: {report.problems[0]}")
        figures["verified"] = True
    if on_cpu:
        _compare(dataset.digest, task.out / "rows-gpu")
        figures["same digest as on the GPU"] = True
    return figures


def _rows_for_probe() -> int:
    """100,000; fewer where there are too few cores to build so many in time, for most of a build is not drawing."""
    return min(_ROWS_FOR_PROBE, _ROWS_A_CORE * len(os.sched_getaffinity(0)))


def _lanes(dry_run: bool) -> dict[str, str]:
    """The widest build for this CPU; in a dry run, in which that one draws for the GPU, the plainest."""
    return {BUILD_VARIABLE: load().builds()[-1 if dry_run else 0]}


def _compare(digest: str | None, other: Path) -> None:
    if not (other / ".build" / "manifest.json").is_file():
        raise StepFailed(f"{other} is not finished, so that there is no digest to compare with {digest}")
    if (expected := open_dataset(other).digest) != digest:
        raise StepFailed(f"the CPU's digest is {digest}, the GPU's is {expected}")


if __name__ == "__main__":
    run_step(find, ("--processor", ("gpu", "cpu")), ("--rows-for", ("recipe", "probe")))
