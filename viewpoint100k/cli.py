"""The command line: ``viewpoint100k <verb>``. Each verb parses, calls one function, prints, and sets the exit code."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from viewpoint100k import __version__
from viewpoint100k.errors import DataError, UsageError, ViewpointError
from viewpoint100k.progress import Progress

if TYPE_CHECKING:
    from viewpoint100k.dataset import Part

__all__ = ["main"]

_INTERRUPTED = 130
"""Exit code of a process that Ctrl-C has ended, by the shell's convention; Typer returns it as well."""

app = typer.Typer(
    name="viewpoint100k",
    help="The open generator of Viewpoint-100K: view pairs with questions whose answers follow from camera poses.\n\n"
    "With --debug, anywhere on the line, an error shows its traceback.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Entry point. Errors end in one sentence; a traceback is shown with ``--debug`` alone."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        code = app(args=arguments, standalone_mode=False)
    except ViewpointError as error:
        _fail(str(error), error.exit_code, debug)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        # Typer may carry a Click of its own, so that its usage errors are known by what they can do.
        if describe := getattr(error, "format_message", None):
            _fail(f"{describe().rstrip('.')}: see viewpoint100k --help", 2, debug)
        _fail(f"{type(error).__name__}: {error} (a fault of this program: --debug shows where)", 1, debug)
    if code == _INTERRUPTED:
        print("viewpoint100k: stopped; the same command continues where this one ended", file=sys.stderr)
    sys.exit(code or 0)


def _fail(sentence: str, code: int, debug: bool) -> None:
    if debug:
        raise
    print(f"viewpoint100k: error: {sentence}", file=sys.stderr)
    sys.exit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"viewpoint100k {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def build(
    config: Annotated[str, typer.Argument(help="A named config, such as viewpoint-100k, or a YAML file.")],
    out: Annotated[Path, typer.Option(help="The data set's folder: new, or one that this command began.")],
    rows: Annotated[
        int | None, typer.Option(help="Training rows; the test split has a hundredth, at least 10.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Such as procedural or meshes:DIR; see docs/sources.md.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="key=value over the config; dots for sections.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; one for each core by default.")] = None,
    engine: Annotated[str, typer.Option(help="local: processes of this machine; ray: a Ray cluster.")] = "local",
    shards: Annotated[str, typer.Option(help="I/N: only every N-th shard, from I on; one job of an array.")] = "0/1",
) -> None:
    """Make a data set, or continue one that was stopped.

    Example: viewpoint100k build viewpoint-100k --rows 1000 --out viewpoint-100k
    """
    from viewpoint100k.config import load_config
    from viewpoint100k.dataset import build_dataset, draw_up

    stated = {name: value for name, value in (("rows", rows), ("source", source)) if value is not None}
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    blueprint = draw_up(load_config(config, set_ or [], stated))
    summary = build_dataset(blueprint, out, workers or len(os.sched_getaffinity(0)), _part(shards), engine)
    if "test" not in {shard.split for shard in blueprint.plan.shards}:
        print("no test split: the source has fewer than five assets, too few to hold any out", file=sys.stderr)
    splits = ", ".join(f"{count:,} {split}" for split, count in summary.rows.items())
    reasons = ", ".join(f"{n} {reason}" for reason, n in Counter(summary.assets_dropped.values()).most_common())
    print(f"rows: {splits}")
    dropped = f"{len(summary.assets_dropped):,} dropped" + f" ({reasons})" * bool(reasons)
    print(f"assets: {summary.assets_used:,} used, {dropped}")
    if summary.complete:
        print(f"{out}: load it from {out.resolve().parent} with datasets.load_dataset({out.name!r})")
    else:
        print(f"{out}: not complete yet; the card is written when the last shard is")


def _part(text: str) -> Part:
    from viewpoint100k.dataset import Part

    index, slash, count = text.partition("/")
    if not (slash and index.isdigit() and count.isdigit()):
        raise UsageError(f"--shards {text} must be I/N, such as 0/4")
    return Part(int(index), int(count))


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
) -> None:
    """Recompute every label from the stored cameras, and check schema, digests and splits.

    Example: viewpoint100k verify viewpoint-100k
    """
    from viewpoint100k.verify import verify as check

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


@app.command()
def audit(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Look for shortcuts: guess the answers from text, letters, one image, or background alone.

    Exit code 1 where one succeeds. The report is kept in .build/audit.json. Needs scikit-learn: the extra [audit].

    Example: viewpoint100k audit viewpoint-100k
    """
    from viewpoint100k.audit import audit as look_for_shortcuts
    from viewpoint100k.audit import format_report

    report = look_for_shortcuts(folder, on_step=lambda step: print(f"audit: {step}", file=sys.stderr, flush=True))
    print(report.to_json() if json_ else format_report(report))
    if not report.ok:
        found = ", ".join(f"{result.audit} ({result.problem})" for result in report.failed)
        raise DataError(f"{folder}: the answer can be guessed, or is not balanced, by {found}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
) -> None:
    """Write report.html into the folder: what is in the set, its audits, and a gallery, in one page.

    Example: viewpoint100k report viewpoint-100k
    """
    from viewpoint100k.report import report as write_report

    print(f"{write_report(folder)}: open it in a browser")


@app.command()
def doctor() -> None:
    """Say which OpenGL this machine has, what is missing, and how to get it.

    Example: viewpoint100k doctor
    """
    from viewpoint100k.doctor import doctor as examine

    if not examine():
        raise typer.Exit(1)


@app.command()
def assets(
    source: Annotated[str, typer.Argument(help="procedural, meshes:DIR, objaverse, or any other source.")],
    html: Annotated[Path | None, typer.Option(help="Also write a page with thumbnails to this file.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 when any asset would be dropped.")] = False,
    limit: Annotated[int, typer.Option(help="Look at so many assets, spread over the source; 0 for all.")] = 500,
) -> None:
    """List what a source holds, what would be dropped, and why.

    Example: viewpoint100k assets meshes:my-objects --html my-objects.html --check
    """
    from viewpoint100k.inventory import table, take_inventory
    from viewpoint100k.inventory_page import write_page

    if limit < 0:
        raise UsageError(f"--limit must be 0 or more, not {limit}")
    with Progress("looking", "assets") as progress:
        inventory = take_inventory(
            source, at_most=limit or None, thumbnails=html is not None, on_progress=progress.reach
        )
    for line in [*table(inventory), *inventory.summary()]:
        print(line)
    if html is not None:
        write_page(inventory, html)
        print(f"{html}: open it in a browser")
    if check and inventory.dropped:
        raise DataError(f"{source}: {inventory.dropped.total():,} assets would be dropped")
