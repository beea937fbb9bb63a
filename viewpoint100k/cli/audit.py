"""``viewpoint100k audit``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from viewpoint100k.errors import DataError

__all__ = ["audit"]


def audit(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Look for shortcuts: guess the answers from text, letters, one image, or background alone.

    Exit code 1 where one succeeds. The report is kept in .build/audit.json. Needs scikit-learn: the extra [audit].

    Example: viewpoint100k audit viewpoint-100k
    """
    from viewpoint100k.check.audit import audit as look_for_shortcuts
    from viewpoint100k.check.audit import format_report

    report = look_for_shortcuts(folder, on_step=lambda step: print(f"audit: {step}", file=sys.stderr, flush=True))
    print(report.to_json() if json_ else format_report(report))
    if not report.ok:
        found = ", ".join(f"{result.audit} ({result.problem})" for result in report.failed)
        raise DataError(f"{folder}: the answer can be guessed, or is not balanced, by {found}")
