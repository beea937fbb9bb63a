"""``viewpoint100k assets``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.runtime.progress import Progress

__all__ = ["assets"]


def assets(
    source: Annotated[
        str | None, typer.Argument(help="procedural, meshes:DIR, objaverse, or any other source.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with thumbnails to this file.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 when any asset would be dropped.")] = False,
    limit: Annotated[int, typer.Option(help="Look at so many assets, spread over the source; 0 for all.")] = 500,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete all that builds and this command have found out about assets.")
    ] = False,
) -> None:
    """List what a source holds, what would be dropped, and why.

    Example: viewpoint100k assets meshes:my-objects --html my-objects.html --check
    """
    if forget:
        return _forget(source)
    from viewpoint100k.assets import looks_like_known_set, open_source
    from viewpoint100k.view.inventory import table, take_inventory
    from viewpoint100k.view.inventory_page import write_page

    if source is None:
        raise UsageError("no source: give one, such as  viewpoint100k assets meshes:my-objects")
    if (hint := looks_like_known_set(open_source(source))) is not None:
        print(hint, file=sys.stderr)
    if limit < 0:
        raise UsageError(f"--limit must be 0 or more, not {limit}")
    with Progress("looking", "assets") as progress:
        inventory = take_inventory(
            source, at_most=limit or None, thumbnails=html is not None, on_progress=progress.reach
        )
    for line in [*table(inventory), *inventory.summary()]:
        print(line)
    if html is not None:
        write_page(inventory, html)
        print(f"{html}: open it in a browser")
    if check and inventory.dropped:
        raise DataError(f"{source}: {inventory.dropped.total():,} assets would be dropped")


def _forget(source: str | None) -> None:
    from viewpoint100k.assets.asset_store import AssetStore
    from viewpoint100k.assets.mesh_file_store import MeshFileStore

    if source is not None:
        raise UsageError("--forget is for all sources at once: leave the source out")
    store, meshes = AssetStore(), MeshFileStore()
    print(f"{store.path}: {store.clear():,} bytes deleted")
    print(f"{meshes.folder}: {meshes.clear():,} bytes deleted")
