"""Tries to load each asset before anything is planned on it, in a process that may die of it, and describes it."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from viewpoint100k.assets import MeshAsset
from viewpoint100k.assets.descriptors import DESCRIPTOR_VERSION, Descriptor, describe
from viewpoint100k.errors import AssetError, BuildError
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.runtime.environment import one_core
from viewpoint100k.runtime.files import write_atomically

__all__ = ["Surveyed", "examine", "survey_store"]

_START_TIMEOUT_S = 60.0
_END_TIMEOUT_S = 5.0

_BATCH = 1000
"""Assets whose descriptors are stored together: what a survey that is stopped loses at most."""


@dataclass(frozen=True)
class Finding:
    """One asset, tried."""

    reason: str | None
    """Why it cannot be used; None where it can."""
    sha256: str = ""
    """Of the asset's files, see `Origin`."""
    descriptor: Descriptor | None = None
    """Of a mesh."""


@dataclass(frozen=True)
class Surveyed:
    """What a survey found."""

    unusable: dict[str, str] = field(default_factory=dict)
    """Assets that cannot be loaded, and the reason code of each; sorted."""
    descriptors: dict[str, Descriptor] = field(default_factory=dict)
    """Of those meshes that can, in the order in which they were asked for."""
    copies: tuple[tuple[str, str], ...] = ()
    """Assets, meshes or captures, whose files are the same as those of an earlier one, which comes first."""


def examine(
    config: BuildConfig,
    asset_ids: Sequence[str],
    store: Path | None = None,
    on_asset: Callable[[int], None] | None = None,
) -> Surveyed:
    """Tries every asset of the config's source, and describes the meshes.

    Args:
        store: a folder that keeps what was found of usable assets, so that the next survey does not load them again;
            see `survey_store`. What cannot be loaded is tried again each time: it may have been mended.
        on_asset: told each time how many more assets are done.
    """
    findings: dict[str, Finding] = {}
    for start in range(0, len(asset_ids), _BATCH):
        batch = list(asset_ids[start : start + _BATCH])
        path = None if store is None else store / f"{start:08d}.npz"
        known = {} if path is None else {i: f for i, f in _read(path).items() if i in set(batch)}
        missing = [asset_id for asset_id in batch if asset_id not in known]
        if on_asset is not None and known:
            on_asset(len(known))
        if missing:
            known |= _examine_batch(config, missing, on_asset or (lambda count: None))
            if path is not None:
                _write(path, known)
        findings |= {asset_id: known[asset_id] for asset_id in batch}
    return _summed_up(findings)


def survey_store(config: BuildConfig, files: Mapping[str, Path], asset_ids: Sequence[str]) -> Path:
    """The folder of this machine that keeps the survey of these assets, as long as none of their files changes.

    Below ``XDG_CACHE_HOME``, or else ``~/.cache``; it may be deleted at any time.
    """
    stamps = {}
    for asset_id in asset_ids:
        path = files.get(asset_id)
        if path is not None and path.exists():
            status = path.stat()
            stamps[asset_id] = [status.st_size, status.st_mtime_ns]
    stated = config.model_dump(mode="json", include={"source", "limits", "captures"})
    content = json.dumps([DESCRIPTOR_VERSION, stated, list(asset_ids), stamps], sort_keys=True)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "viewpoint100k" / "surveys" / hashlib.sha256(content.encode()).hexdigest()[:16]


def _summed_up(findings: Mapping[str, Finding]) -> Surveyed:
    first: dict[str, str] = {}
    copies = []
    for asset_id, finding in findings.items():
        if finding.sha256 and (original := first.setdefault(finding.sha256, asset_id)) != asset_id:
            copies.append((original, asset_id))
    return Surveyed(
        unusable=dict(sorted((asset_id, f.reason) for asset_id, f in findings.items() if f.reason is not None)),
        descriptors={asset_id: f.descriptor for asset_id, f in findings.items() if f.descriptor is not None},
        copies=tuple(copies),
    )


def _examine_batch(
    config: BuildConfig, asset_ids: Sequence[str], on_asset: Callable[[int], None]
) -> dict[str, Finding]:
    """The assets shared out among processes: of a small source four at most, as each takes a second to start."""
    cores = len(os.sched_getaffinity(0))
    count = min(cores, 4 if len(asset_ids) <= 100 else cores, max(len(asset_ids) // 5, 1))
    with ThreadPoolExecutor(count) as pool:
        found = pool.map(lambda start: _examine_some(config, asset_ids[start::count], on_asset), range(count))
        return dict(sorted(item for some in found for item in some.items()))


def _examine_some(config: BuildConfig, asset_ids: Sequence[str], on_asset: Callable[[int], None]) -> dict[str, Finding]:
    """The same, one after the other in one process; in a new one after an asset that it died of."""
    found: dict[str, Finding] = {}
    left = list(asset_ids)
    while left:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_load_each, args=(config, left, theirs), daemon=True)
        with one_core():
            process.start()
        theirs.close()
        try:
            _await_start(ours, process)
            for asset_id in left:
                if not ours.poll(config.limits.asset_timeout_s):
                    raise TimeoutError
                found[asset_id] = ours.recv()
                on_asset(1)
            left = []
        except (EOFError, TimeoutError) as error:
            found[asset_id] = Finding("timeout" if isinstance(error, TimeoutError) else "crashed")
            on_asset(1)
            left = left[left.index(asset_id) + 1 :]
        finally:
            process.kill()
            process.join()
    return found


def _await_start(connection: Connection, process: SpawnProcess) -> None:
    try:
        if connection.poll(_START_TIMEOUT_S):
            connection.recv()
            return
    except EOFError:
        process.join(_END_TIMEOUT_S)
        problem = "it ended at once; a script that builds must do so under  if __name__ == '__main__':"
        if process.exitcode is not None and process.exitcode < 0:
            problem = f"signal {-process.exitcode} ended it; the same command begins anew"
    else:
        problem = f"it did not within {_START_TIMEOUT_S:.0f} seconds"
    raise BuildError(f"a process that tries the assets cannot start: {problem}")


def _load_each(config: BuildConfig, asset_ids: Sequence[str], connection: Connection) -> None:
    """Sends what is found of each asset."""
    source = config.open_source()
    connection.send("ready")
    for asset_id in asset_ids:
        try:
            asset = source.load(asset_id)
            seen = describe(asset.mesh) if isinstance(asset, MeshAsset) else None
            connection.send(Finding(None, asset.origin.sha256, seen))
        except AssetError as error:
            connection.send(Finding(error.reason))


def _write(path: Path, findings: Mapping[str, Finding]) -> None:
    """Stores what was found of the usable assets."""
    usable = [(asset_id, finding) for asset_id, finding in findings.items() if finding.reason is None]
    described = [(asset_id, f.descriptor) for asset_id, f in usable if f.descriptor is not None]
    file = io.BytesIO()
    np.savez_compressed(
        file,
        usable=np.array([asset_id for asset_id, _ in usable], dtype=np.str_),
        sha256=np.array([finding.sha256 for _, finding in usable], dtype=np.str_),
        described=np.array([asset_id for asset_id, _ in described], dtype=np.str_),
        shapes=np.array([descriptor.shape for _, descriptor in described]),
        colors=np.array([descriptor.colors for _, descriptor in described]),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, file.getvalue())


def _read(path: Path) -> dict[str, Finding]:
    """What `_write` stored; nothing where there is no such file, or it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            content = {name: stored[name] for name in ("usable", "sha256", "described", "shapes", "colors")}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}
    descriptors = {
        str(asset_id): Descriptor(shape, colors)
        for asset_id, shape, colors in zip(content["described"], content["shapes"], content["colors"], strict=True)
    }
    return {
        str(asset_id): Finding(None, str(sha256), descriptors.get(str(asset_id)))
        for asset_id, sha256 in zip(content["usable"], content["sha256"], strict=True)
    }
