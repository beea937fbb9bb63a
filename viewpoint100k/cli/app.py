"""The command line: ``viewpoint100k <verb>``; each verb is a file of `viewpoint100k.cli`."""

from __future__ import annotations

from typing import Annotated

import typer

from viewpoint100k import __version__
from viewpoint100k.cli.assets import assets
from viewpoint100k.cli.audit import audit
from viewpoint100k.cli.bench import bench
from viewpoint100k.cli.build import build
from viewpoint100k.cli.doctor import doctor
from viewpoint100k.cli.export import export
from viewpoint100k.cli.probe import probe
from viewpoint100k.cli.publish import publish
from viewpoint100k.cli.quiz import quiz
from viewpoint100k.cli.rehydrate import rehydrate
from viewpoint100k.cli.report import report
from viewpoint100k.cli.row import row
from viewpoint100k.cli.templates import templates
from viewpoint100k.cli.verify import verify
from viewpoint100k.cli.view import view
from viewpoint100k.runtime.exit import run_app

__all__ = ["main"]

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
    run_app(
        "viewpoint100k", app, "stopped; the same command continues a build or an upload, and begins anything else anew"
    )


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


for _verb in (build, verify, audit, probe, report, view, quiz, publish, rehydrate, export, row, assets, doctor, bench):
    app.command()(_verb)
app.add_typer(templates)
