"""The software renderer on the GPU: `benchmarks.cuda` of procedural objects."""

from __future__ import annotations

from typing import Any

from benchmarks.cuda import BATCHES, measure_all, renderers
from benchmarks.gpu_check.steps import StepFailed, Task, run_step
from viewpoint100k.assets import open_source


def find(task: Task) -> dict[str, Any]:
    """In a dry run, the CPU's plainest build stands where the GPU is, and draws small batches.

    Raises ``StepFailed`` if a byte differs.
    """
    size, limit, batches = (64, 1, (1, 2)) if task.dry_run else (512, 6, BATCHES)
    cpu, other = renderers("plain" if task.dry_run else "cuda")
    measured = measure_all(cpu, other, open_source("procedural"), size, limit, batches)
    figures = {"gpu": other.processor.name, "cpu": cpu.processor.name, "size": size, "meshes": measured}
    if differing := [name for name, mesh in measured.items() if mesh["digest_gpu"] != mesh["digest_cpu"]]:
        raise StepFailed(f"the bytes of {other.processor.name} are not those of the CPU for {', '.join(differing)}")
    return figures


if __name__ == "__main__":
    run_step(find)
