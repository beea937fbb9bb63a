"""From a config to a build plan: lists the assets, tries them, reads the templates, and lays out the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from viewpoint100k.assets import PHOTO_SOURCES, MixedSource, Source, source_digest
from viewpoint100k.assets.asset import Downloadable, FromFiles
from viewpoint100k.assets.duplicates import identical_files
from viewpoint100k.assets.mixed import parse_mixture
from viewpoint100k.assets.near_duplicates import near_duplicates, originals
from viewpoint100k.errors import UsageError
from viewpoint100k.geometry import exact
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import Pool, make_layout
from viewpoint100k.plan.survey import Surveyed, examine, survey_store
from viewpoint100k.questions import Template, load_template, template_names
from viewpoint100k.runtime.progress import Progress

__all__ = ["make_build_plan"]

_SURVEYED = 100
"""A source of at most so many assets is tried whole before it is split, so that a bad file costs only itself."""

_SPARE = 1.3
"""A build downloads this many times the assets that it would need if none were dropped."""


def make_build_plan(config: BuildConfig) -> BuildPlan:
    """The build_plan of ``config``: its assets listed, its templates read, its rows planned.

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
    digest = config.digest(source_digest(source.name, asset_ids), json.dumps(inputs, sort_keys=True))
    plan = make_layout(config, [pool for pool in usable if pool.assets], twins)
    return BuildPlan(config, plan, templates, digest, unusable, same)


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
    total = float(exact.total([weight for weight, _, _ in parts]))
    pools = []
    for weight, part, asset_ids in parts:
        if isinstance(part, Downloadable):
            ranked = sorted(asset_ids, key=lambda asset_id: hashlib.sha256(asset_id.encode()).digest())
            asset_ids = ranked[: max(100, round(wanted * weight / total))]
        pools.append(Pool(weight, tuple(asset_ids)))
    return pools
