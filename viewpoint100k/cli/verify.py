"""``viewpoint100k verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewpoint100k.errors import DataError
from viewpoint100k.runtime.progress import Progress

__all__ = ["verify"]


def verify(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
) -> None:
    """Recompute every label from the stored cameras, and check schema, digests and splits.

    Example: viewpoint100k verify viewpoint-100k
    """
    from viewpoint100k.check.verify import verify as check

    with Progress("verifying", "rows") as progress:
        report = check(folder, on_progress=progress.reach)
    for note in report.notes:
        print(f"note: {note}")
    for finding in report.findings:
        print(f"{finding.check}: {finding.where}: {finding.message}")
    if not report.ok:
        kinds = ", ".join(f"{count:,} {check}" for check, count in report.found.items())
        raise DataError(f"{folder} is not right: {kinds} in {report.rows:,} rows")
    print(f"{folder}: {report.rows:,} rows, {sum(report.checks.values()):,} checks, nothing wrong")
