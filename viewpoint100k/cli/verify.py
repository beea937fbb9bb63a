"""``viewpoint100k verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.runtime.progress import Progress
from viewpoint100k.runtime.storage import located

if TYPE_CHECKING:
    from viewpoint100k.check.findings import Report

__all__ = ["verify"]

_FEWEST_DIGITS = 8
"""Of a digest that is given in part."""


def verify(
    folder: Annotated[str, typer.Argument(help="A finished data set: its folder or URL.")],
    like: Annotated[
        str | None, typer.Option(help="Another data set: name the first row and column that differ.")
    ] = None,
    digest: Annotated[
        str | None, typer.Option(help="A digest that a build printed, or its first digits: the rows must have it.")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Compare each shard with the reference build that the package knows.")
    ] = False,
) -> None:
    """Recompute every label from the stored cameras, and check schema, digests and splits.

    Example: viewpoint100k verify viewpoint-100k --like rebuilt
    """
    from viewpoint100k.check.verify import verify as check

    if digest is not None and (len(digest) < _FEWEST_DIGITS or set(digest.lower()) - set("0123456789abcdef")):
        raise UsageError(f"--digest {digest} must be at least {_FEWEST_DIGITS} hexadecimal digits")
    with Progress("verifying", "rows") as progress:
        report = check(located(folder), on_progress=progress.reach)
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
    if reference:
        _hold_to_reference(folder, report)


def _hold_to_digest(folder: str, report: Report, digest: str) -> None:
    assert report.digests is not None, "a set in which nothing is wrong has digests"
    if report.digests.content.startswith(digest):
        print(f"{folder} has this digest: every column and image is the same")
    elif report.digests.numbers.startswith(digest):
        print(f"{folder} has this digest: labels, cameras and text are the same; images were not compared")
    else:
        raise DataError(f"{folder} does not have the digest {digest}: give --like OTHER to see what differs")


def _hold_to_reference(folder: str, report: Report) -> None:
    from viewpoint100k.dataset.reference import reference_of, references

    found = reference_of(report.config or "")
    if found is None:
        known = ", ".join(one.name for one in references()) or "none"
        raise UsageError(f"there is no reference build of the config {report.config}; there is {known}")
    numbers, images = found.differing(report.shards)
    if numbers:
        raise DataError(
            f"{folder} differs from the reference build {found.name} in labels, cameras or text of {len(numbers)} of "
            f"{len(report.shards)} shards, the first of them {numbers[0]}"
        )
    if images:
        raise DataError(
            f"{folder} has the labels of the reference build {found.name}, but other images in {len(images)} of "
            f"{len(report.shards)} shards, the first of them {images[0]}"
        )
    share = f"{len(report.shards)} of {len(found.shards)} shards"
    print(f"{folder} is the reference build {found.name}: {share}, the same to the last byte")


def _hold_to_other(folder: str, other: str) -> None:
    from viewpoint100k.check.comparison import compare

    found = compare(located(folder), located(other))
    if found.same:
        print(f"{folder} and {other}: {found.rows:,} rows, all the same")
        return
    counts = ", ".join(f"{count:,} {column}" for column, count in found.differing.items())
    print(f"first difference: {found.first_difference}")
    raise DataError(f"{folder} and {other} differ in {counts} of {found.rows:,} rows")
