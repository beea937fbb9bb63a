"""``viewpoint100k export``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from viewpoint100k.runtime.progress import Progress

__all__ = ["export"]


def export(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
    to: Annotated[
        str, typer.Option(help="llamafactory, ms-swift, llava, openai, verl, vlmevalkit, webdataset or jsonl.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write: new or empty.")],
    split: Annotated[str | None, typer.Option(help="One split, such as train; every split by default.")] = None,
    reasoning_share: Annotated[
        float | None,
        typer.Option(help="Share of the training rows that carry their reasoning; 0.1 by default, as in the paper."),
    ] = None,
    rows: Annotated[int | None, typer.Option(help="At most so many rows of each split, the first ones.")] = None,
    difficulty: Annotated[
        str | None, typer.Option(help="Range of the rows' difficulty, such as 0..0.3 for easy rows.")
    ] = None,
) -> None:
    """Write the data set as the files of another tool; docs/exports.md says how each is then used.

    The prompt is the row's question after its images. For the share of the training rows that carry their reasoning
    the target is <think>...</think><answer>...</answer>, and the prompt asks for that; for all others, and for every
    test row, it is the plain answer. verl's prompts all ask for reasoning; verl and VLMEvalKit take no targets. Splits
    stay apart, and images come through byte for byte.

    Example: viewpoint100k export viewpoint-100k --to llamafactory --out viewpoint-llamafactory
    """
    from viewpoint100k.dataset.difficulty import parse_range
    from viewpoint100k.export.exporter import export as write_files
    from viewpoint100k.export.protocol import REASONS

    with Progress("exporting", "rows") as progress:
        done = write_files(
            folder,
            to,
            out,
            split=split,
            reasoning_share=reasoning_share,
            rows=rows,
            difficulty=None if difficulty is None else parse_range(difficulty),
            on_progress=progress.reach,
        )
    for reason, count in sorted(done.left_out.items()):
        print(f"left out: {count:,} {reason}: {REASONS[reason]}", file=sys.stderr)
    splits = ", ".join(f"{count:,} {name}" for name, count in done.rows.items())
    print(f"rows: {splits}")
    if done.reasoned is not None:
        print(f"with reasoning: {done.reasoned:,} of the {done.reasoned_possible:,} training rows that have any")
    print(f"{out}: {done.bytes / 1e6:,.1f} MB; next: {done.first_step}")
