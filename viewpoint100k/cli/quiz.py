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
        int, typer.Option(min=1, help="So many rows, in whole groups; those of recipe.evaluate --rows.")
    ] = 100,
    split: Annotated[str, typer.Option(help="Which split is asked.")] = "test",
    out: Annotated[Path, typer.Option(help="The page to write; its key goes into a file beside it.")] = Path(
        "quiz.html"
    ),
    result: Annotated[
        list[Path] | None,
        typer.Option(help="A file that the page saved; repeatable. Writes no page: says how far people agree."),
    ] = None,
) -> None:
    """Write a page on which a person answers rows, to stand beside models; or say how far people agree.

    The page works from a file, without a server, and does not hold the answers. The file that it saves goes into
    python -m recipe.evaluate DIR --answers FILE --stage NAME. docs/view.md says how to run a study.

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
    print(
        f"{written.page}: {written.rows} rows, {written.bytes / 1e6:,.1f} MB; give it to people, open it in a browser"
    )
    print(f"{written.key}: keep it; with it the page says at its end how many answers were right")
