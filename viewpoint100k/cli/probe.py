"""``viewpoint100k probe``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.runtime.progress import Progress

__all__ = ["probe"]

Device = Literal["cpu", "cuda"]


def probe(
    folder: Annotated[Path, typer.Argument(help="A finished data set folder.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each frame is looked at.")] = ProbeSettings.epochs,
    image_size: Annotated[
        int, typer.Option(min=16, max=256, help="Pixels along each side that the network sees.")
    ] = ProbeSettings.image_size,
    single_image: Annotated[
        bool, typer.Option("--single-image", help="Train two more networks, each on one image alone: they must fail.")
    ] = False,
    by_type: Annotated[
        bool,
        typer.Option("--by-type", help="Ask for the answer to every type that cameras decide."),
    ] = False,
    max_rows: Annotated[int, typer.Option(min=1, help="Rows that are read.")] = ProbeSettings.max_rows,
    threads: Annotated[
        int, typer.Option(min=1, help="Of the computation; with another number sums differ, and so does the network.")
    ] = ProbeSettings.threads,
    device: Annotated[Device, typer.Option(help="Where the network is trained.")] = "cpu",
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Of the network and the order of frames.")
    ] = ProbeSettings.seed,
) -> None:
    """Train a small network on the rows, from nothing, and test on unseen assets whether images carry the answer.

    Its controls: with swapped or mirrored images the answer must flip; with a blank one it must be chance. The report
    is kept in .build/probe.json. With --by-type three networks answer all question types, from both images or from one
    alone; that report is kept in .build/probe_types.json. Needs torch: the extra [train].

    Example: viewpoint100k probe viewpoint-100k
    """
    from viewpoint100k.check.probe import format_probe, probe_types
    from viewpoint100k.check.probe import probe as ask_for_side

    settings = ProbeSettings(
        epochs=epochs,
        image_size=image_size,
        single_image=single_image,
        max_rows=max_rows,
        threads=threads,
        device=device,
        seed=seed,
    )
    with ExitStack() as until_read:
        progress = until_read.enter_context(Progress("reading", "rows"))

        def say(step: str) -> None:
            until_read.close()
            print(f"probe: {step}", file=sys.stderr, flush=True)

        train_and_test = probe_types if by_type else ask_for_side
        report = train_and_test(folder, settings, on_rows=progress.reach, on_step=say)
    print(report.to_json() if json_ else format_probe(report))
