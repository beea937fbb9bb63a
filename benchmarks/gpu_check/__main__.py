"""Runs every step that needs a GPU, each in a process of its own with a time limit, and writes one page of results.

    python -m benchmarks.gpu_check [--out gpu-check-results] [--dry-run] [--only NAME ...]

Writes ``results.json`` and ``results.md``, also while it runs. The exit code is the number of steps that did not pass.
``--dry-run`` runs the same steps on the CPU with tiny sizes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.gpu_check.page import write_results
from benchmarks.gpu_check.running import Outcome, run_all
from benchmarks.gpu_check.steps import STEPS, Step

MINUTES = 15.0
"""For all steps together."""


def main(arguments: list[str] | None = None) -> int:
    """Gives the number of steps that did not pass."""
    options = _parser().parse_args(arguments)
    chosen = [step for step in STEPS if not options.only or step.name in options.only]
    steps = [replace(step, limit_s=options.patience * step.limit_s) for step in chosen]
    options.out.mkdir(parents=True, exist_ok=True)

    def keep(outcomes: list[Outcome]) -> None:
        write_results(options.out, outcomes, steps, options.dry_run)

    def command(step: Step) -> list[str]:
        own = [sys.executable, "-m", f"benchmarks.gpu_check.{step.module}", *step.arguments]
        return [*own, "--out", str(options.out), *(["--dry-run"] if options.dry_run else [])]

    seconds = 60 * MINUTES * options.patience - options.spent
    outcomes = run_all(steps, command, options.out, seconds, keep)
    print(f"{options.out / 'results.md'}: {sum(one.passed for one in outcomes)} of {len(steps)} steps passed")
    return sum(not one.passed for one in outcomes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("gpu-check-results"), help="folder for results and logs")
    parser.add_argument("--dry-run", action="store_true", help="tiny sizes, on the CPU")
    parser.add_argument("--only", nargs="+", choices=[step.name for step in STEPS], help="run these steps only")
    parser.add_argument("--patience", type=float, default=1.0, help="multiplies every time limit")
    parser.add_argument("--spent", type=float, default=0.0, help="seconds that are over already")
    return parser


if __name__ == "__main__":
    sys.exit(main())
