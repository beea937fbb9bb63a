"""``viewpoint100k verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.runtime.progress import Progress

if TYPE_CHECKING:
    from viewpoint100k.check.findings import Report

__all__ = ["verify"]

_FEWEST_DIGITS = 8
"""Of a digest that is given in part."""


def verify(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
    like: Annotated[
        Path | None, typer.Option(help="Another data set: name the first row and column that differ.")
    ] = None,
    digest: Annotated[
        str | None, typer.Option(help="A digest that a build printed, or its first digits: the rows must have it.")
    ] = None,
) -> None:
    """Recompute every label from the stored cameras, and check schema, digests and splits.

    Example: viewpoint100k verify viewpoint-100k --like rebuilt
    """
    from viewpoint100k.check.verify import verify as check

    if digest is not None and (len(digest) < _FEWEST_DIGITS or set(digest.lower()) - set("0123456789abcdef")):
        raise UsageError(f"--digest {digest} must be at least {_FEWEST_DIGITS} hexadecimal digits")
    with Progress("verifying", "rows") as progress:
        report = check(folder, on_progress=progress.reach)
    for note in report.notes:
        print(f"note: {note}")
    for problem in report.problems:
        print(problem)
    if not report.ok:
        kinds = ", ".join(f"{count:,} {check}" for check, count in report.found.items())
        raise DataError(f"{folder} is not right: {kinds} in {report.rows:,} rows")
    print(f"{folder}: {report.rows:,} rows, {sum(report.checks.values()):,} checks, nothing wrong")
    if report.digests is not None:
        print(f"digest of labels, cameras and text: {report.digests.numbers}")
        print(f"digest of all, images included:     {report.digests.content}")
    if digest is not None:
        _hold_to_digest(folder, report, digest.lower())
    if like is not None:
        _hold_to_other(folder, like)


def _hold_to_digest(folder: Path, report: Report, digest: str) -> None:
    assert report.digests is not None, "a set in which nothing is wrong has digests"
    if report.digests.content.startswith(digest):
        print(f"{folder} has this digest: every column and image is the same")
    elif report.digests.numbers.startswith(digest):
        print(f"{folder} has this digest: labels, cameras and text are the same; images were not compared")
    else:
        raise DataError(f"{folder} does not have the digest {digest}: give --like OTHER to see what differs")


def _hold_to_other(folder: Path, other: Path) -> None:
    from viewpoint100k.check.comparison import compare

    found = compare(folder, other)
    if found.same:
        print(f"{folder} and {other}: {found.rows:,} rows, all the same")
        return
    counts = ", ".join(f"{count:,} {column}" for column, count in found.differing.items())
    print(f"first difference: {found.first_difference}")
    raise DataError(f"{folder} and {other} differ in {counts} of {found.rows:,} rows")
