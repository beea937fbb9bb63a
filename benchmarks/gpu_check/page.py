"""Writes what the steps found, as JSON for programs and as Markdown for people."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.gpu_check.running import Outcome
from benchmarks.gpu_check.steps import Step
from viewpoint100k.runtime.files import write_atomically

__all__ = ["page", "write_results"]


def write_results(out: Path, outcomes: Sequence[Outcome], steps: Sequence[Step], dry_run: bool) -> None:
    """Writes ``results.json`` and ``results.md`` to ``out``. Steps without an outcome have not run yet."""
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    content = {"date": date, "dry_run": dry_run, "steps": [asdict(one) for one in outcomes]}
    write_atomically(out / "results.json", (json.dumps(content, indent=2) + "\n").encode())
    write_atomically(out / "results.md", page(outcomes, steps, dry_run, date).encode())


def page(outcomes: Sequence[Outcome], steps: Sequence[Step], dry_run: bool, date: str) -> str:
    """The page as Markdown: one table of all steps, then what each measured."""
    found = {one.name: one for one in outcomes}
    passed = sum(one.passed for one in outcomes)
    lines = ["# What was checked on this machine", ""]
    if dry_run:
        lines += ["**A dry run on the CPU, with tiny sizes. It says nothing about a GPU.**", ""]
    lines += [
        f"{date}: {passed} of {len(steps)} steps passed, in {sum(one.seconds for one in outcomes):.0f} s.",
        "",
        "| step | what | result | seconds | limit |",
        "|---|---|---|---|---|",
    ]
    for step in steps:
        outcome = found.get(step.name)
        status = "not run yet" if outcome is None else outcome.status
        marked = status if status == "passed" else f"**{status}**"
        times = "| |" if outcome is None else f"| {outcome.seconds:g} | {outcome.limit_s:g}"
        lines.append(f"| {step.name} | {step.title} | {marked} {times} |")
    for outcome in outcomes:
        lines += ["", f"## {outcome.name}", ""]
        if not outcome.passed:
            lines.append(f"**{outcome.status}**: {_cell(outcome.said)} (`{outcome.name}.log`)")
        lines += [f"- {line}" for line in _listed(outcome.figures)]
    return "\n".join(lines) + "\n"


def _listed(figures: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in figures.items():
        if isinstance(value, dict) and any(isinstance(part, dict) for part in value.values()):
            for inner, part in value.items():
                yield from _listed({inner: part}, f"{prefix}{name}, ")
        elif isinstance(value, dict):
            yield f"{prefix}{name}: " + "; ".join(f"{inner} {_cell(part)}" for inner, part in value.items())
        else:
            yield f"{prefix}{name}: {_cell(value)}"


def _cell(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).replace("|", "/")
