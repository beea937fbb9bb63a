"""Tries to load each asset of a small source before anything is planned on it, in a process that may die of it."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from viewpoint100k.assets import open_source
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError

__all__ = ["survey"]

_START_TIMEOUT_S = 60.0


def survey(spec: str, limits: MeshLimits, asset_ids: Sequence[str], timeout_s: float) -> dict[str, str]:
    """The assets of ``spec`` that cannot be loaded, with the reason code of each."""
    unusable: dict[str, str] = {}
    left = list(asset_ids)
    while left:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_load_each, args=(spec, limits, left, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            for place, asset_id in enumerate(left):
                if not ours.poll(timeout_s + (_START_TIMEOUT_S if place == 0 else 0)):
                    raise TimeoutError
                if reason := ours.recv():
                    unusable[asset_id] = reason
            left = []
        except (EOFError, TimeoutError) as error:
            unusable[asset_id] = "timeout" if isinstance(error, TimeoutError) else "crashed"
            left = left[place + 1 :]
        finally:
            process.kill()
            process.join()
    return unusable


def _load_each(spec: str, limits: MeshLimits, asset_ids: Sequence[str], connection: Connection) -> None:
    """Sends, for each asset, the reason why it cannot be loaded, or None."""
    source = open_source(spec, limits)
    for asset_id in asset_ids:
        try:
            source.load(asset_id)
            connection.send(None)
        except AssetError as error:
            connection.send(error.reason)
