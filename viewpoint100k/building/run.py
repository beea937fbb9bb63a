"""Builds or continues a data set folder: the plan, the engine, the shards, and finally the card."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from renderers.devices import DrawingDevice, choose, devices_of, draws_on_devices
from renderers.software.extension import load as load_extension
from viewpoint100k import __version__
from viewpoint100k.assets.asset import Downloadable
from viewpoint100k.building.engines.local import LocalEngine
from viewpoint100k.building.engines.quarantine import Quarantine
from viewpoint100k.building.engines.ray import RayEngine
from viewpoint100k.building.engines.worker import Task
from viewpoint100k.dataset.card import write_card
from viewpoint100k.dataset.digests import Digests
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.errors import MissingExtraError, UsageError
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.layout import Shard
from viewpoint100k.runtime.files import write_atomically
from viewpoint100k.runtime.progress import Progress
from viewpoint100k.runtime.storage import Location, StorePath, files_in

__all__ = ["Part", "Summary", "build_dataset", "summarize"]


_PACKAGES = {"pyrender": "pyrender", "blender": "bpy"}
"""Renderers that are extras of the same names."""

Engine = Callable[
    [BuildPlan, DatasetFolder, int, Callable[[int], None], Callable[[Task], None]], LocalEngine | RayEngine
]


@dataclass(frozen=True)
class Part:
    """The share of a build that one job of an array makes: every ``count``-th shard, starting at ``index``."""

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise UsageError(f"--shards {self.index}/{self.count} must be I/N with 0 <= I < N, such as 0/4 to 3/4")

    def holds(self, place: int) -> bool:
        return place % self.count == self.index


@dataclass(frozen=True)
class Summary:
    """The result of a build."""

    rows: dict[str, int]
    """Number of rows in finished shards, by split."""
    assets_used: int
    assets_dropped: dict[str, str]
    """Unusable assets: asset id to reason."""
    drops: dict[tuple[str, str], int]
    """How many frames, pairs and questions were dropped, by (stage, reason)."""
    complete: bool
    """True if every shard of the plan is finished."""
    notes: dict[str, int] = field(default_factory=dict)
    """How many of the used assets have each note about an assumption or an omission."""
    unmeasured: dict[str, int] = field(default_factory=dict)
    """How many pairs of photographs have rows whose ``answerability`` is null, by reason."""
    digests: Digests | None = None
    """Digests of all rows, once the set is complete."""


def build_dataset(
    build_plan: BuildPlan, out: Location, workers: int, part: Part, engine: str = "local", gpus: str | None = None
) -> Summary:
    """Builds every missing shard of ``part``, and writes the card once all shards of the plan exist.

    Where ``out`` is in an object store, blocks are written to a temporary folder of this machine, and each shard is
    uploaded as soon as it is whole.

    Args:
        gpus: numbers of the GPUs to draw on, such as ``0,2``; by default all GPUs that the process sees.

    Raises ``UsageError`` if something else made the folder, and then leaves it unchanged.
    """
    run = _engine(engine, build_plan.config.renderer, gpus)
    _check_renderer(build_plan.config.renderer)
    folder = _folder(out, build_plan, part, engine)
    _claim(folder, build_plan)
    with _lock(folder, part):
        if part.count == 1 or folder.work is not None:  # Other jobs of an array may be writing to a shared folder.
            folder.remove_unfinished()
        own = {place: shard for place, shard in enumerate(build_plan.layout.shards) if part.holds(place)}
        finished = set(folder.finished(own.values()))
        shards = {place: shard for place, shard in own.items() if shard not in finished}
        if shards:
            _download(build_plan)
        _build(folder, build_plan, shards, workers, run)
    with _only_one(folder.local_build / "lock-card", wait=True):
        summary = finish(folder, build_plan)
        if folder.work is not None:
            shutil.rmtree(folder.work)
        return summary


def _folder(out: Location, build_plan: BuildPlan, part: Part, engine: str) -> DatasetFolder:
    """The data set's folder; of one in an object store also the work folder, in which the same command continues."""
    if not isinstance(out, StorePath):
        return DatasetFolder(out)
    if engine == "ray":
        raise UsageError(f"{out}: --engine ray needs a folder that all nodes share: give one, or build with --shards")
    key = f"{out} {build_plan.digest} {part.index}/{part.count}"
    name = f"viewpoint100k-{os.getuid()}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return DatasetFolder(out, Path(tempfile.gettempdir(), name))


def _download(build_plan: BuildPlan) -> None:
    """Downloads what the plan may need before the first row, so that rows do not depend on the network's speed."""
    source = build_plan.config.open_source()
    if isinstance(source, Downloadable):
        source.download([a for pools in build_plan.layout.pools.values() for pool in pools for a in pool.assets])


def _build(
    folder: DatasetFolder,
    build_plan: BuildPlan,
    shards: dict[int, Shard],
    workers: int,
    engine: Engine,
) -> None:
    missing = {
        place: {i for i, block in enumerate(shard.blocks) if not folder.has_block(block)}
        for place, shard in shards.items()
    }
    for place, shard in shards.items():
        if not missing[place]:
            folder.assemble(shard)

    def on_block(task: Task) -> None:
        missing[task.shard].discard(task.block)
        if not missing[task.shard]:
            folder.assemble(shards[task.shard])

    tasks = [Task(place, i) for place, blocks in missing.items() for i in sorted(blocks)]
    left = sum(build_plan.layout.shards[task.shard].blocks[task.block].rows for task in tasks)
    done = build_plan.layout.rows - left
    with Progress("building", "rows", build_plan.layout.rows, done, first_at_once=True) as progress:
        engine(build_plan, folder, workers, progress.advance, on_block).run(tasks)


def _check_renderer(name: str) -> None:
    """Checks that the renderer is available before the folder is created."""
    if name == "software":
        load_extension()
    package = _PACKAGES.get(name)
    if package and find_spec(package) is None:
        raise MissingExtraError(package, name)


def _devices(renderer: str, gpus: str | None) -> tuple[DrawingDevice, ...]:
    """The GPUs to draw on; none if the renderer needs none. Raises ``UsageError`` if a GPU does not exist."""
    if not draws_on_devices(renderer):
        if gpus is not None:
            raise UsageError(f"--gpus {gpus}: the renderer {renderer} draws on the CPU: leave it out")
        return ()
    devices = devices_of(renderer)
    return devices if gpus is None else choose(devices, gpus)


def _engine(name: str, renderer: str, gpus: str | None) -> Engine:
    match name:
        case "local":
            return partial(LocalEngine, devices=_devices(renderer, gpus))
        case "ray":
            if gpus is not None:
                raise UsageError("--gpus: with --engine ray, Ray itself gives GPUs to tasks: leave it out")
            if find_spec("ray") is None:  # Check this before the folder is created.
                raise MissingExtraError("ray", "ray")
            return RayEngine
    raise UsageError(f"unknown engine {name!r}: give local or ray")


def finish(folder: DatasetFolder, build_plan: BuildPlan) -> Summary:
    """Summarizes the finished shards. If every shard of the plan is finished, writes the manifest and the card."""
    shards = build_plan.layout.shards
    finished = folder.finished(shards)
    summary = summarize(folder, finished, len(shards), build_plan.unusable)
    if summary.complete:
        manifest = folder.write_manifest(build_plan.config_digest, shards, build_plan.same_objects)
        write_card(
            folder,
            build_plan,
            manifest,
            summary.assets_dropped,
            summary.drops,
            summary.notes,
            summary.unmeasured,
        )
        return replace(summary, digests=manifest.rows)
    return summary


def summarize(folder: DatasetFolder, finished: list[Shard], planned: int, unusable: Mapping[str, str]) -> Summary:
    """Adds up the records of ``finished`` shards and the assets that the plan found ``unusable``."""
    rows: Counter[str] = Counter()
    drops: Counter[tuple[str, str]] = Counter()
    unmeasured: Counter[str] = Counter()
    used: set[str] = set()
    noted: set[tuple[str, str]] = set()
    dropped = dict(unusable)
    for shard, records in zip(finished, folder.records(finished), strict=True):
        rows[shard.split] += shard.rows
        for record in records["blocks"]:
            used.update(record["used_assets"])
            noted.update({(asset_id, word) for asset_id, words in record.get("notes", {}).items() for word in words})
            dropped.update(record["dropped_assets"])
            drops.update({(stage, reason): count for stage, reason, count in record["drops"]})
            unmeasured.update(record.get("unmeasured", {}))
    dropped.update(Quarantine(folder.local_build / "quarantine").reasons())
    complete = len(finished) == planned
    counts = dict(sorted(unmeasured.items()))
    return Summary(dict(rows), len(used), dropped, dict(drops), complete, notes=_counted(noted), unmeasured=counts)


def _counted(noted: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many assets have each note."""
    return dict(sorted(Counter(word for _, word in noted).items()))


def _claim(folder: DatasetFolder, build_plan: BuildPlan) -> None:
    """Marks a new folder as this build's, or checks that it already is."""
    identity = {
        "digest": build_plan.digest,
        "version": __version__,
        "config": build_plan.config.model_dump(mode="json"),
        "templates": {name: template.digest for name, template in build_plan.templates.items()},
        "question_types": {
            template.question_type: template.model_dump(mode="json", exclude_none=True)
            for template in build_plan.templates.values()
        },
        "assets": sum(len(pool.assets) for pools in build_plan.layout.pools.values() for pool in pools),
        "tried": build_plan.tried.count,
    }
    path = folder.build / "build.json"
    if not path.exists():
        if not _is_ours_to_fill(folder):
            raise UsageError(f"{folder.root} is not empty and not a build of this program: give another --out")
        try:
            folder.make_folders()
        except OSError as error:
            raise UsageError(f"{error.filename} cannot be written to ({error.strerror}): give another --out") from error
        write_atomically(path, (json.dumps(identity, indent=2) + "\n").encode())
        return
    theirs = json.loads(path.read_text())
    if (theirs["digest"], theirs["version"]) != (identity["digest"], identity["version"]):
        what = ", ".join(_differences(theirs, identity)) or "other assets or templates"
        raise UsageError(
            f"{folder.root} was made by another config ({what}): give another --out, or delete that folder first"
        )
    folder.make_folders()


_BEGUN = {"data", ".build", ".gitattributes"}
"""What is in a folder before its first build record. The Hub puts the last into a new repository."""


def _is_ours_to_fill(folder: DatasetFolder) -> bool:
    """True if the folder holds only the subfolders that a build creates first. A job that has just started, or was
    killed early, made them."""
    root = folder.root
    if not root.exists():
        return True
    if not root.is_dir() or {path.name for path in files_in(root)} - _BEGUN:
        return False
    return not files_in(root / "data") and not files_in(folder.build / "shards")


def _differences(theirs: dict[str, Any], ours: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key in ours:
        before, now = theirs.get(key), ours[key]
        if before == now or key == "digest" or (prefix == "" and key == "source"):
            continue
        if isinstance(before, dict) and isinstance(now, dict):
            yield from _differences(before, now, "" if key == "config" else f"{prefix}{key}.")
        else:
            yield f"{prefix}{key} {before}, now {now}"


@contextmanager
def _lock(folder: DatasetFolder, part: Part) -> Iterator[None]:
    """Locks out a second build of the same part. A build of the whole set also locks out every other part."""
    whole = folder.local_build / "lock"
    if part.count == 1:
        with _only_one(whole):
            yield
        return
    with _only_one(whole, shared=True), _only_one(folder.local_build / f"lock-{part.index}-of-{part.count}"):
        yield


@contextmanager
def _only_one(path: Path, shared: bool = False, wait: bool = False) -> Iterator[None]:
    """Holds a lock on a file; the operating system releases it even if this process is killed."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            sentence = f"another build is at work in {path.parent.parent}: wait for it, or stop it first"
            raise UsageError(sentence) from None
        yield
