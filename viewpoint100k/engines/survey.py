"""Tries to load each asset of a small source before anything is planned on it, in a process that may die of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection

from viewpoint100k.config import BuildConfig
from viewpoint100k.errors import AssetError, BuildError

__all__ = ["survey"]

_START_TIMEOUT_S = 60.0


def survey(config: BuildConfig, asset_ids: Sequence[str]) -> dict[str, str]:
    """Those of the assets of the config's source that cannot be loaded, with the reason code of each."""
    count = min(len(os.sched_getaffinity(0)), 4, max(len(asset_ids) // 5, 1))
    with ThreadPoolExecutor(count) as pool:
        found = pool.map(lambda start: _survey_some(config, asset_ids[start::count]), range(count))
        return dict(sorted(item for some in found for item in some.items()))


def _survey_some(config: BuildConfig, asset_ids: Sequence[str]) -> dict[str, str]:
    """The same, one after the other in one process."""
    unusable: dict[str, str] = {}
    left = list(asset_ids)
    while left:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_load_each, args=(config, left, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            _await_start(ours)
            for asset_id in left:
                if not ours.poll(config.limits.asset_timeout_s):
                    raise TimeoutError
                if reason := ours.recv():
                    unusable[asset_id] = reason
            left = []
        except (EOFError, TimeoutError) as error:
            unusable[asset_id] = "timeout" if isinstance(error, TimeoutError) else "crashed"
            left = left[left.index(asset_id) + 1 :]
        finally:
            process.kill()
            process.join()
    return unusable


def _await_start(connection: Connection) -> None:
    try:
        if connection.poll(_START_TIMEOUT_S):
            connection.recv()
            return
    except EOFError:
        problem = "it ended at once; a script that builds must do so under  if __name__ == '__main__':"
    else:
        problem = f"it did not within {_START_TIMEOUT_S:.0f} seconds"
    raise BuildError(f"a process that tries the assets cannot start: {problem}")


def _load_each(config: BuildConfig, asset_ids: Sequence[str], connection: Connection) -> None:
    """Sends, for each asset, the reason why it cannot be loaded, or None."""
    source = config.open_source()
    connection.send("ready")
    for asset_id in asset_ids:
        try:
            source.load(asset_id)
            connection.send(None)
        except AssetError as error:
            connection.send(error.reason)
