"""``viewpoint100k bench``."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from viewpoint100k.bench.results import FOLDERS, ROWS_PER_WORKER, BenchSettings
from viewpoint100k.errors import BuildError, UsageError
from viewpoint100k.runtime.cores import usable_cores

__all__ = ["bench"]


def bench(
    rows: Annotated[
        int | None, typer.Option(min=1, help="Training rows of each build; 1,000 for each worker by default.")
    ] = None,
    source: Annotated[str, typer.Option(help="Such as procedural or meshes:DIR; see docs/sources.md.")] = "procedural",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes of a build; one for each core by default.")
    ] = None,
    size: Annotated[int, typer.Option(min=64, max=4096, help="Pixels along each side of a frame.")] = 512,
    no_peer: Annotated[
        bool, typer.Option("--no-peer", help="Leave the usual loop out, and all that is for it.")
    ] = False,
    folders: Annotated[
        str, typer.Option(help="Objects in the folders whose first row is waited for; empty for none of that.")
    ] = ",".join(map(str, FOLDERS)),
    json_: Annotated[bool, typer.Option("--json", help="Print JSON alone.")] = False,
) -> None:
    """Measure how fast this machine builds, beside the usual loop of trimesh, pyrender and PNG; a minute or two.

    One run times whole builds, milliseconds a frame by stage, the first row of folders of few and of many objects, and
    the loop over the same objects as the first. Machines are noisy:
    read the ratios. The loop needs the extra [pyrender]; without it all else is measured.

    Example: viewpoint100k bench --rows 400
    """
    from viewpoint100k.bench.benchmark import bench as measure
    from viewpoint100k.bench.table import format_bench

    count = workers or usable_cores()
    if not re.fullmatch(r"(\d+(,\d+)*)?", folders) or "0" in folders.split(","):
        raise UsageError(f"--folders {folders} must be numbers of objects, such as 1,1000")
    settings = BenchSettings(
        rows=rows or ROWS_PER_WORKER * count,
        workers=count,
        source=source,
        image_size=size,
        peer=not no_peer,
        folders=tuple(int(objects) for objects in folders.split(",") if objects),
    )
    report = measure(settings, on_step=lambda step: print(f"bench: {step}", file=sys.stderr, flush=True))
    print(report.to_json() if json_ else format_bench(report))
    if report.peer_failed:
        raise BuildError(f"{report.peer_left_out}: --no-peer measures the rest alone")
