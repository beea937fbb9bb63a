"""``viewpoint100k rehydrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from viewpoint100k.runtime.cores import usable_cores

__all__ = ["rehydrate"]


def rehydrate(
    folder: Annotated[Path, typer.Argument(help="A downloaded data set whose photos are not in it.")],
    co3d: Annotated[list[Path] | None, typer.Option(help="Your copy of CO3D or uCO3D.")] = None,
    mvimgnet: Annotated[list[Path] | None, typer.Option(help="Your copy of MVImgNet.")] = None,
    nerf: Annotated[list[Path] | None, typer.Option(help="Your copy of NeRF captures.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; one for each core by default.")] = None,
) -> None:
    """Put photos back from your own copy, and check the digest of each. Run again, it continues.

    Example: viewpoint100k rehydrate viewpoint-100k --co3d ~/co3d
    """
    from viewpoint100k.errors import UsageError
    from viewpoint100k.publish.rehydrate import rehydrate as put_back
    from viewpoint100k.runtime.progress import Progress

    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    roots = {"co3d": co3d or [], "mvimgnet": mvimgnet or [], "nerf": nerf or []}
    with Progress("putting photos back", "rows") as progress:
        count = workers or usable_cores()
        done = put_back(folder, roots, workers=count, on_progress=progress.reach)
    if done.shards:
        print(f"{folder}: {done.photos:,} photos in {done.shards:,} shards put back, every digest right")
    else:
        print(f"{folder}: every image is there already")
