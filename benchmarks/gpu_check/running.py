"""Runs steps as processes with time limits. A step that fails or hangs does not stop the others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.gpu_check.steps import Step

__all__ = ["Outcome", "Status", "run_all"]

Status = Literal["passed", "failed", "timed out", "not started"]

_LEAST_S = 5.0
"""A step is not started if less of the time for all is left."""


@dataclass(frozen=True)
class Outcome:
    """What became of a step."""

    name: str
    status: Status
    seconds: float
    limit_s: float
    """Seconds that it was given: its own limit, or what was left of the time for all."""
    said: str = ""
    """The reason why it did not pass: the last line of its log."""
    figures: dict[str, Any] = field(default_factory=dict)
    """What it measured."""

    @property
    def passed(self) -> bool:
        return self.status == "passed"


def run_all(
    steps: Sequence[Step],
    command: Callable[[Step], list[str]],
    out: Path,
    seconds: float,
    keep: Callable[[list[Outcome]], None],
) -> list[Outcome]:
    """Runs the steps one after another, all within ``seconds``.

    Args:
        command: the command of a step. The last line of its output is JSON: its figures.
        out: folder; a step's output and errors go to ``NAME.log`` in it.
        keep: gets all outcomes so far, after every step and before the first.
    """
    end = time.monotonic() + seconds
    outcomes: list[Outcome] = []
    keep(outcomes)
    for step in steps:
        left = end - time.monotonic()
        limit = min(step.limit_s, left)
        if left < min(_LEAST_S, step.limit_s):
            said = "the time for all steps is over"
            outcome = Outcome(step.name, "not started", 0.0, round(max(left, 0.0), 1), said)
        else:
            print(f"{step.name}: {step.title} (at most {limit:.0f} s)", flush=True)
            outcome = _run(step, command(step), out / f"{step.name}.log", limit)
        print(f"{step.name}: {outcome.status}, {outcome.seconds:.0f} s {outcome.said}".rstrip(), flush=True)
        outcomes.append(outcome)
        keep(outcomes)
    return outcomes


def _run(step: Step, command: list[str], log: Path, limit: float) -> Outcome:
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as to:
        # A session of its own, so that the processes which it starts can be killed with it.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=to,
            stderr=to,
            env=_environment(log.parent),
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _kill(process)
    seconds = round(time.monotonic() - began, 1)
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    last = lines[-1] if lines else "it printed nothing"
    given = round(limit, 1)
    if code is None:
        return Outcome(step.name, "timed out", seconds, given, f"killed after {given:g} s; the last line: {last}")
    if code:
        return Outcome(step.name, "failed", seconds, given, last if code > 0 else f"ended by signal {-code}; {last}")
    try:
        figures = dict(json.loads(last))
    except (ValueError, TypeError):
        return Outcome(step.name, "failed", seconds, given, f"its last line is not JSON: {last}")
    return Outcome(step.name, "passed", seconds, given, figures=figures)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kills the process and all that it started: its group, and its descendants with sessions of their own."""
    apart = _descendants(process.pid)
    for kill, ids in ((os.killpg, [process.pid]), (os.kill, apart)):
        for one in ids:
            with suppress(ProcessLookupError):
                kill(one, signal.SIGKILL)
    process.wait()


def _descendants(root: int) -> list[int]:
    """Processes below ``root``, by /proc. Launchers of torch start theirs in new sessions."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # It ended meanwhile.
            after_name = path.read_text(errors="replace").rpartition(")")[2].split()
            children.setdefault(int(after_name[1]), []).append(int(path.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found[1:]


def _environment(out: Path) -> dict[str, str]:
    """One GPU. Libraries of the Hub look for nothing on a network, and keep their files in ``out``."""
    offline = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"), "1")
    gpu = {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0")}
    return os.environ | gpu | offline | {"HF_HOME": str(out.resolve() / "cache"), "TOKENIZERS_PARALLELISM": "false"}
