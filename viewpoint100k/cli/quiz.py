"""``viewpoint100k quiz``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewpoint100k.errors import UsageError

__all__ = ["quiz"]


def quiz(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished data set folder.")],
    rows: Annotated[
        int, typer.Option(min=1, help="Number of rows, in whole groups: the rows of recipe.evaluate --rows.")
    ] = 100,
    split: Annotated[str, typer.Option(help="The split from which rows are asked.")] = "test",
    out: Annotated[Path, typer.Option(help="The page to write. Its key is written to a file beside it.")] = Path(
        "quiz.html"
    ),
    result: Annotated[
        list[Path] | None,
        typer.Option(help="A file that the page saved; repeatable. Prints how far people agree, and writes no page."),
    ] = None,
) -> None:
    """Write a page on which people answer rows, or print how far people agree.

    The page works from a file, without a server. It does not contain the answers. Evaluate the file that it saves with
    python -m recipe.evaluate DIR --answers FILE --stage NAME. docs/view.md explains how to run a study.

    Example: viewpoint100k quiz viewpoint-100k --rows 100 --out quiz.html
    """
    if result:
        from viewpoint100k.quiz.agreement import agreement, format_agreement

        print(format_agreement(agreement(folder, result)))
        return
    from viewpoint100k.quiz.page import write_quiz

    if out.suffix != ".html":
        raise UsageError(f"--out {out} must end in .html, for a browser to know it as a page")
    written = write_quiz(folder, out, rows=rows, split=split)
    print(f"{written.page}: {written.rows} rows, {written.bytes / 1e6:,.1f} MB; open it in a browser or send it")
    print(f"{written.key}: keep it secret; with it, the page shows at its end how many answers are right")
