"""The machine: processor, GPU, driver, libraries."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.gpu_check.steps import StepFailed, Task, run_step
from viewpoint100k.bench.doctor import findings

_PACKAGES = ("viewpoint100k", "torch", "torchvision", "transformers", "trl", "peft", "cuda-bindings", "moderngl")
_ASKED = "name,driver_version,memory.total,compute_cap"


def find(task: Task) -> dict[str, Any]:
    """Raises ``StepFailed`` if torch sees no GPU."""
    for finding in findings():
        print(f"{finding.status}: {finding.name}: {finding.text}")
    import torch

    figures: dict[str, Any] = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "packages": {name: _version(name) for name in _PACKAGES},
        "cuda of torch": torch.version.cuda,
        "gpu": _nvidia_smi(),
    }
    if task.dry_run:
        return figures
    if not torch.cuda.is_available():
        raise StepFailed(f"torch {torch.__version__} sees no GPU (nvidia-smi: {figures['gpu']})")
    figures["bf16"] = torch.cuda.is_bf16_supported()
    return figures


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _nvidia_smi() -> str:
    command = ["nvidia-smi", f"--query-gpu={_ASKED}", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return f"nvidia-smi gave nothing ({type(error).__name__})"


if __name__ == "__main__":
    run_step(find)
