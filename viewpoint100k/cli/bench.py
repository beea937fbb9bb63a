"""``viewpoint100k bench``."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from viewpoint100k.errors import BuildError

__all__ = ["bench"]


def bench(
    rows: Annotated[
        int | None, typer.Option(min=1, help="Training rows of each build; 200 for each worker by default.")
    ] = None,
    source: Annotated[str, typer.Option(help="Such as procedural or meshes:DIR; see docs/sources.md.")] = "procedural",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes of a build; one for each core by default.")
    ] = None,
    size: Annotated[int, typer.Option(min=64, max=4096, help="Pixels along each side of a frame.")] = 512,
    no_peer: Annotated[
        bool, typer.Option("--no-peer", help="Leave the usual loop out, and all that is for it.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Measure how fast this machine builds, beside the usual loop of trimesh, pyrender and PNG; a minute or two.

    One run times whole builds, milliseconds a frame by stage, and the loop over the same objects. Machines are noisy:
    read the ratios. The loop needs the extra [pyrender]; without it all else is measured.

    Example: viewpoint100k bench --rows 400
    """
    from viewpoint100k.bench.benchmark import bench as measure
    from viewpoint100k.bench.results import ROWS_PER_WORKER, BenchSettings
    from viewpoint100k.bench.table import format_bench

    count = workers or len(os.sched_getaffinity(0))
    settings = BenchSettings(
        rows=rows or ROWS_PER_WORKER * count, workers=count, source=source, image_size=size, peer=not no_peer
    )
    report = measure(settings, on_step=lambda step: print(f"bench: {step}", file=sys.stderr, flush=True))
    print(report.to_json() if json_ else format_bench(report))
    if report.peer_failed:
        raise BuildError(f"{report.peer_left_out}: --no-peer measures the rest alone")
