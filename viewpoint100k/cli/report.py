"""``viewpoint100k report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["report"]


def report(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
    sheet: Annotated[
        Path | None, typer.Option(help="Write one picture of six rows to this .png or .jpg, and no report.")
    ] = None,
) -> None:
    """Write report.html into the folder: what is in the set, its audits, and a gallery, in one page.

    Example: viewpoint100k report viewpoint-100k
    """
    if sheet is not None:
        from viewpoint100k.report.contact_sheet import write_contact_sheet

        print(write_contact_sheet(folder, sheet))
        return
    from viewpoint100k.report.page import report as write_report

    print(f"{write_report(folder)}: open it in a browser")
