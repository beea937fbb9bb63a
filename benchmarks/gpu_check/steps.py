"""The steps, in their order, and what each of their processes shares: its options, its figures, its checks."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["STEPS", "Step", "StepFailed", "Task", "run_step"]


@dataclass(frozen=True)
class Step:
    """One process of the check."""

    name: str
    title: str
    """What it finds out, for the page."""
    module: str
    """Of this package."""
    limit_s: float
    """Seconds of the clock after which the process is killed."""
    arguments: tuple[str, ...] = ()


STEPS = (
    Step("machine", "The machine, its driver and its libraries", "machine", 60),
    Step("opengl", "OpenGL through EGL draws on the GPU", "opengl", 60),
    Step("cuda", "The software renderer's CUDA target gives the CPU's bytes; speed by batch", "cuda", 150),
    Step("build", "A build of 2,000 rows on the GPU", "build", 120),
    Step("build-cpu", "The same build on the CPU has the same digest", "build", 120, ("--processor", "cpu")),
    Step("model", "A small Qwen2.5-VL of random weights", "model", 60),
    Step("sft", "Stage 1 of the recipe, bf16", "stage", 120, ("--stage", "sft")),
    Step("grpo", "Stage 2 of the recipe, bf16, without vLLM", "stage", 150, ("--stage", "grpo")),
    Step("probe-rows", "Up to 100,000 rows of 96 pixels on the GPU", "build", 240, ("--rows-for", "probe")),
    Step("probe", "The probe on these rows", "probe", 180),
)
"""The sum of the limits is larger than the time for all: a step gets no more than what is left of it."""


class StepFailed(Exception):
    """The step ran, and what it found is not what must be; the text is one sentence."""


@dataclass(frozen=True)
class Task:
    """What a step's process is asked to do."""

    out: Path
    dry_run: bool
    options: argparse.Namespace

    @property
    def device(self) -> str:
        """Device of torch."""
        return "cpu" if self.dry_run else "cuda"

    @property
    def lanes(self) -> dict[str, str]:
        """Environment in which the software renderer draws on the GPU or, in a dry run, on the CPU."""
        return {} if self.dry_run else {"VIEWPOINT100K_LANES": "cuda"}

    def call(self, *arguments: str | Path, lanes: Mapping[str, str] | None = None) -> float:
        """Runs ``python -m`` with ``arguments``; returns the seconds it took. Raises ``StepFailed`` on its failure."""
        environment = {name: value for name, value in os.environ.items() if name != "VIEWPOINT100K_LANES"}
        began = time.monotonic()
        command = [sys.executable, "-m", *map(str, arguments)]
        done = subprocess.run(command, env=environment | dict(self.lanes if lanes is None else lanes), check=False)
        if done.returncode:
            raise StepFailed(f"{' '.join(map(str, arguments[:2]))} ended with code {done.returncode}")
        return time.monotonic() - began


def run_step(find: Callable[[Task], Mapping[str, Any]], *more: tuple[str, Sequence[str]]) -> None:
    """The ``main`` of a step: prints what ``find`` returns as one line of JSON, the last of its output.

    ``more`` are further options, each with its choices; the first is the default.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dry-run", action="store_true")
    for name, choices in more:
        parser.add_argument(name, choices=choices, default=choices[0])
    options = parser.parse_args()
    try:
        figures = find(Task(options.out.resolve(), options.dry_run, options))
    except StepFailed as error:
        sys.exit(str(error))
    print(json.dumps(figures), flush=True)
