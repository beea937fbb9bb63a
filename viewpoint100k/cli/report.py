"""``viewpoint100k report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["report"]


def report(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
) -> None:
    """Write report.html into the folder: what is in the set, its audits, and a gallery, in one page.

    Example: viewpoint100k report viewpoint-100k
    """
    from viewpoint100k.report.page import report as write_report

    print(f"{write_report(folder)}: open it in a browser")
