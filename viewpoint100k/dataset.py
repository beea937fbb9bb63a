"""Makes a data set folder, or continues one: the plan, the engine, the shards, and last the card."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from viewpoint100k import __version__
from viewpoint100k.assets import PHOTO_SOURCES, MixedSource, Source, source_digest, source_identity
from viewpoint100k.assets.asset import Downloadable, FromFiles
from viewpoint100k.assets.duplicates import identical_files
from viewpoint100k.assets.mixed import parse_mixture
from viewpoint100k.assets.near_duplicates import near_duplicates, originals
from viewpoint100k.blueprint import Blueprint
from viewpoint100k.card import write_card
from viewpoint100k.config import BuildConfig
from viewpoint100k.engines.local import LocalEngine
from viewpoint100k.engines.quarantine import Quarantine
from viewpoint100k.engines.ray import RayEngine
from viewpoint100k.engines.survey import Surveyed, examine, survey_store
from viewpoint100k.engines.worker import Task
from viewpoint100k.errors import MissingExtraError, UsageError
from viewpoint100k.plan import Pool, Shard, make_plan
from viewpoint100k.progress import Progress
from viewpoint100k.questions import Template, load_template, template_names
from viewpoint100k.shards import DatasetFolder, write_atomically

__all__ = ["Part", "Summary", "build_dataset", "draw_up", "summarize"]


Engine = type[LocalEngine] | type[RayEngine]

_SURVEYED = 100
"""A source of at most so many assets is tried whole before it is split, so that a bad file costs only itself."""


_SPARE = 1.3
"""A build downloads this many times the assets that it would need if none were dropped."""


@dataclass(frozen=True)
class Part:
    """The share of a build that one job of an array makes: every ``count``-th shard, from ``index`` on."""

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise UsageError(f"--shards {self.index}/{self.count} must be I/N with 0 <= I < N, such as 0/4 to 3/4")

    def holds(self, place: int) -> bool:
        return place % self.count == self.index


@dataclass(frozen=True)
class Summary:
    """What a build came to."""

    rows: dict[str, int]
    """By split, of the shards that are finished."""
    assets_used: int
    assets_dropped: dict[str, str]
    """Asset id to reason."""
    drops: dict[tuple[str, str], int]
    """How many frames, pairs and questions were dropped, by (stage, reason)."""
    complete: bool
    """Whether every shard of the plan is finished."""
    notes: dict[str, int] = field(default_factory=dict)
    """Of how many used assets something was assumed or left out, by what."""


def draw_up(config: BuildConfig) -> Blueprint:
    """The blueprint of ``config``: its assets listed, its templates read, its rows planned.

    Raises ``UsageError`` where a template cannot be used, or nothing of a source.
    """
    source = config.open_source()
    pools = _pools(source, config)
    asset_ids = [asset_id for pool in pools for asset_id in pool.assets]
    files = source.files() if isinstance(source, FromFiles) else {}
    surveyed = _survey(config, source, pools, files)
    unusable = surveyed.unusable
    if len(unusable) == len(asset_ids):
        reasons = ", ".join(f"{asset_id} {reason}" for asset_id, reason in list(unusable.items())[:3])
        raise UsageError(f"no asset of {config.source} can be used ({reasons}): mend them, or give another --source")
    templates = {name: load_template(name) for name in config.questions}
    _check_types(templates)
    _check_motion(config, templates)
    asked = sorted((t.question_type, t.digest, config.questions[name]) for name, t in templates.items())
    usable = [Pool(p.weight, tuple(asset_id for asset_id in p.assets if asset_id not in unusable)) for p in pools]
    copies = [(original, copy) for copy, original in identical_files(files, config.limits.max_file_bytes).items()]
    same = near_duplicates(surveyed.descriptors, [*surveyed.copies, *copies])
    twins = originals(same)
    sizes = {asset_id: path.stat().st_size for asset_id, path in files.items() if path.exists()}
    inputs = [[pool.weight for pool in pools], asked, sizes, twins, sorted(unusable.items())]
    digest = config.digest(source_digest(source_identity(source), asset_ids), json.dumps(inputs, sort_keys=True))
    plan = make_plan(config, [pool for pool in usable if pool.assets], twins)
    return Blueprint(config, plan, templates, digest, unusable, same)


def _survey(config: BuildConfig, source: Source, pools: Sequence[Pool], files: Mapping[str, Path]) -> Surveyed:
    """What is found of the assets before they are split: of small sources, and of all whose meshes are files.

    Large captures are not tried: no two are copies. Nor are the built-in objects, of which 2 in 1,000 are much like
    another one.
    """
    parts = [part for _, part in source.parts] if isinstance(source, MixedSource) else [source]
    asset_ids: list[str] = []
    for part, pool in zip(parts, pools, strict=True):
        if len(pool.assets) <= _SURVEYED or isinstance(part, FromFiles | Downloadable):
            asset_ids += pool.assets
    if isinstance(source, Downloadable):
        source.download(asset_ids)
    if len(asset_ids) <= _SURVEYED:  # Seconds, and no news.
        return examine(config, asset_ids)
    store = survey_store(config, files, asset_ids)
    with Progress("trying", "assets", len(asset_ids)) as progress:
        return examine(config, asset_ids, store, progress.advance)


def _check_types(templates: Mapping[str, Template]) -> None:
    """A question type has one meaning: `verify` and everyone who reads the rows rely on it."""
    for name, template in templates.items():
        kind = template.question_type
        if kind in template_names() and name != kind:
            raise UsageError(f"template {name}: question_type {kind} is one of the package's: give it another name")
        if sum(other.question_type == kind for other in templates.values()) > 1:
            raise UsageError(f"template {name}: another template has the question_type {kind} too: rename one")


def _check_motion(config: BuildConfig, templates: Mapping[str, Template]) -> None:
    """What the camera does must let every type have its answers."""
    if config.camera_motion == "orbit":
        for name, template in templates.items():
            parts = {part for case in template.cases.values() for part in case} - {"object", "around"}
            if parts:
                raise UsageError(
                    f"template {name}: its cases ask for {', '.join(sorted(parts))}, which a camera on an orbit does "
                    "not do: set camera_motion to independent, or begin from the config decoupled"
                )
        if config.consistency_share:
            raise UsageError("consistency_share needs camera_motion: independent, as in the config decoupled")
        return
    photographs = {part.spec.partition(":")[0] for part in parse_mixture(config.source)} & PHOTO_SOURCES
    if photographs:
        raise UsageError(
            f"camera_motion: independent places cameras freely, and {', '.join(sorted(photographs))} has photographs, "
            "which are where they are: give a source of meshes, or the config viewpoint-100k"
        )


def _pools(source: Source, config: BuildConfig) -> list[Pool]:
    """The assets of each part of a source; of one that must be downloaded no more than the rows call for."""
    parts = [(1.0, source, source.ids())]
    if isinstance(source, MixedSource):
        parts = [(weight, part, source.part_ids(place)) for place, (weight, part) in enumerate(source.parts)]
    wanted = _SPARE * (config.rows + max(10, config.rows // 100)) / config.pairs_per_asset
    total = sum(weight for weight, _, _ in parts)
    pools = []
    for weight, part, asset_ids in parts:
        if isinstance(part, Downloadable):
            ranked = sorted(asset_ids, key=lambda asset_id: hashlib.sha256(asset_id.encode()).digest())
            asset_ids = ranked[: max(100, round(wanted * weight / total))]
        pools.append(Pool(weight, tuple(asset_ids)))
    return pools


def build_dataset(blueprint: Blueprint, out: Path, workers: int, part: Part, engine: str = "local") -> Summary:
    """Builds every shard of ``part`` that is not there yet, and writes the card once all shards of the plan are.

    Raises ``UsageError`` for a folder that something else has made, and leaves it as it is.
    """
    run = _engine(engine)
    _check_renderer(blueprint.config.renderer)
    folder = DatasetFolder(out)
    _claim(folder, blueprint)
    with _lock(folder, part):
        if part.count == 1:  # Other jobs of an array may be writing.
            folder.remove_unfinished()
        shards = {
            place: shard
            for place, shard in enumerate(blueprint.plan.shards)
            if part.holds(place) and not folder.has_shard(shard)
        }
        if shards:
            _download(blueprint)
        _build(folder, blueprint, shards, workers, run)
    with _only_one(folder.build / "lock-card", wait=True):
        return finish(folder, blueprint)


def _download(blueprint: Blueprint) -> None:
    """Brings what the plan may need, all before the first row: rows must not depend on the speed of a network."""
    source = blueprint.config.open_source()
    if isinstance(source, Downloadable):
        source.download([a for pools in blueprint.plan.pools.values() for pool in pools for a in pool.assets])


def _build(
    folder: DatasetFolder,
    blueprint: Blueprint,
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
    left = sum(blueprint.plan.shards[task.shard].blocks[task.block].rows for task in tasks)
    with Progress("building", "rows", blueprint.plan.rows, blueprint.plan.rows - left) as progress:
        engine(blueprint, folder, workers, progress.advance, on_block).run(tasks)


def _check_renderer(name: str) -> None:
    """That its package is there, before the folder is begun."""
    package = {"blender": "bpy"}.get(name, name)
    if name != "opengl" and find_spec(package) is None:
        raise MissingExtraError(package, name)


def _engine(name: str) -> Engine:
    match name:
        case "local":
            return LocalEngine
        case "ray":
            if find_spec("ray") is None:  # Before the folder is begun.
                raise MissingExtraError("ray", "ray")
            return RayEngine
    raise UsageError(f"unknown engine {name!r}: give local or ray")


def finish(folder: DatasetFolder, blueprint: Blueprint) -> Summary:
    """Sums up what is there and, where that is every shard of the plan, writes the manifest and the card."""
    shards = blueprint.plan.shards
    finished = [shard for shard in shards if folder.has_shard(shard)]
    summary = summarize(folder, finished, len(shards), blueprint.unusable)
    if summary.complete:
        digest = folder.write_manifest(blueprint.digest, shards, blueprint.same_objects)
        write_card(folder, blueprint, digest, summary.assets_dropped, summary.drops, summary.notes)
    return summary


def summarize(folder: DatasetFolder, finished: list[Shard], planned: int, unusable: Mapping[str, str]) -> Summary:
    """Adds up the records of ``finished`` shards, and the assets known to be ``unusable`` before."""
    rows: Counter[str] = Counter()
    drops: Counter[tuple[str, str]] = Counter()
    used: set[str] = set()
    noted: set[tuple[str, str]] = set()
    dropped = dict(unusable)
    for shard in finished:
        rows[shard.split] += shard.rows
        for record in json.loads(folder.shard_record(shard).read_text())["blocks"]:
            used.update(record["used_assets"])
            noted.update({(asset_id, word) for asset_id, words in record.get("notes", {}).items() for word in words})
            dropped.update(record["dropped_assets"])
            drops.update({(stage, reason): count for stage, reason, count in record["drops"]})
    dropped.update(Quarantine(folder.build / "quarantine").reasons())
    return Summary(dict(rows), len(used), dropped, dict(drops), len(finished) == planned, _counted(noted))


def _counted(noted: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many assets have each note."""
    return dict(sorted(Counter(word for _, word in noted).items()))


def _claim(folder: DatasetFolder, blueprint: Blueprint) -> None:
    """Marks a new folder as this build's, or makes sure that it already is."""
    identity = {
        "digest": blueprint.digest,
        "version": __version__,
        "config": blueprint.config.model_dump(mode="json"),
        "templates": {name: template.digest for name, template in blueprint.templates.items()},
        "question_types": {
            template.question_type: template.model_dump(mode="json", exclude_none=True)
            for template in blueprint.templates.values()
        },
        "assets": sum(len(pool.assets) for pools in blueprint.plan.pools.values() for pool in pools),
    }
    path = folder.build / "build.json"
    if not path.exists():
        if not _is_ours_to_fill(folder):
            raise UsageError(f"{folder.root} is not empty and not a build of this program: give another --out")
        try:
            folder.make_folders()
        except OSError as error:
            raise UsageError(f"{folder.root} cannot be written to ({error.strerror}): give another --out") from error
        write_atomically(path, (json.dumps(identity, indent=2) + "\n").encode())
        return
    theirs = json.loads(path.read_text())
    if (theirs["digest"], theirs["version"]) != (identity["digest"], identity["version"]):
        what = ", ".join(_differences(theirs, identity)) or "other assets or templates"
        raise UsageError(
            f"{folder.root} was made by another config ({what}): give another --out, or delete that folder first"
        )
    folder.make_folders()


def _is_ours_to_fill(folder: DatasetFolder) -> bool:
    """Whether there is nothing yet but the folders that a build begins with, made by a job that has just started or
    was killed then."""
    root = folder.root
    if not root.exists():
        return True
    if not root.is_dir() or any(entry.name not in ("data", ".build") for entry in root.iterdir()):
        return False
    return not any((root / "data").glob("*")) and not any((folder.build / "shards").glob("*"))


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
    """Keeps out a second build of the same part, and any other part while the whole is built."""
    whole = folder.build / "lock"
    if part.count == 1:
        with _only_one(whole):
            yield
        return
    with _only_one(whole, shared=True), _only_one(folder.build / f"lock-{part.index}-of-{part.count}"):
        yield


@contextmanager
def _only_one(path: Path, shared: bool = False, wait: bool = False) -> Iterator[None]:
    """Holds a lock on a file; the operating system frees it however this process ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            sentence = f"another build is at work in {path.parent.parent}: wait for it, or stop it first"
            raise UsageError(sentence) from None
        yield
