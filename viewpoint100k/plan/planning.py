"""Makes a build plan from a config: reads the templates, chooses and tries the assets, and lays out the rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from viewpoint100k.assets import MixedSource, Source, source_digest, source_identity
from viewpoint100k.assets.asset import Downloadable, FromFiles
from viewpoint100k.errors import UsageError
from viewpoint100k.plan.build_plan import BuildPlan, HeldOut, Tried
from viewpoint100k.plan.choice import Choice, RankedPool, SplitAssets, choose_assets, with_margin
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import Pool, count_visits, make_layout, split_assets
from viewpoint100k.plan.seats import take_seats
from viewpoint100k.plan.survey import Survey
from viewpoint100k.questions import Template, load_template, template_names
from viewpoint100k.questions.answer_forms import form_texts
from viewpoint100k.runtime.progress import Progress

__all__ = ["make_build_plan"]

_BUILT_IN = ("procedural",)
"""Sources that generate their assets. They need no trial, and no two of 1,000 assets are alike."""


@dataclass(frozen=True)
class _Part:
    """One source of a mixture."""

    weight: float
    source: Source
    asset_ids: Sequence[str]

    @property
    def is_built_in(self) -> bool:
        return self.source.name in _BUILT_IN


@dataclass(frozen=True)
class _Assets:
    """The chosen assets of a config."""

    pools: Mapping[str, Sequence[Pool]]
    """Pools by split."""
    contents: Mapping[str, str]
    """Digest of the files of each tried and usable asset."""
    unusable: Mapping[str, str]
    same_objects: tuple[tuple[str, ...], ...]
    tried: Tried
    held_out: HeldOut


def make_build_plan(config: BuildConfig, source: Source | None = None) -> BuildPlan:
    """The build plan of ``config``: it reads the templates, chooses and tries the assets, and plans the rows.

    Args:
        source: the config's, where it is open already, so that a large folder is listed once.

    Raises ``UsageError`` if a template, or a whole source, is unusable.
    """
    templates = {name: load_template(name) for name in config.questions}
    _check_types(templates)
    _check_motion(config, templates)
    _check_wordings(config, templates)
    source = source or config.open_source()
    parts = _parts(source)
    assets = _choose(config, source, parts)
    if not any(assets.pools["train"]):
        reasons = ", ".join(f"{asset_id} {reason}" for asset_id, reason in sorted(assets.unusable.items())[:3])
        raise UsageError(f"no asset of {config.source} can be used ({reasons}): mend them, or give another --source")
    layout = make_layout(config, assets.pools)
    config_digest = _config_digest(config, source, parts, templates)
    digest = config_digest
    if assets.tried.of:
        used = {split: [(pool.assets, pool.reserve) for pool in pools] for split, pools in layout.pools.items()}
        contents = sorted(assets.contents.items())
        digest = config.digest(config_digest, json.dumps([used, contents]))
    return BuildPlan(
        config=config,
        layout=layout,
        templates=templates,
        config_digest=config_digest,
        digest=digest,
        unusable=assets.unusable,
        same_objects=assets.same_objects,
        tried=assets.tried,
        held_out=assets.held_out,
    )


def _config_digest(
    config: BuildConfig, source: Source, parts: Sequence[_Part], templates: Mapping[str, Template]
) -> str:
    """Digest of all inputs but the user's assets. (The three empty values keep the digests of old plans.)"""
    built_in = [asset_id for part in parts if part.is_built_in for asset_id in part.asset_ids]
    asked = sorted((t.question_type, t.digest, config.questions[name]) for name, t in templates.items())
    inputs: list[object] = [[part.weight for part in parts], asked, {}, {}, []]
    if not config.has_letters_alone:
        said = {t.question_type: t.statements for t in templates.values()}
        inputs.append([said, {tag: form_texts(tag) for tag in sorted({"en", *config.languages})}])
    return config.digest(source_digest(source_identity(source), built_in), json.dumps(inputs, sort_keys=True))


def _parts(source: Source) -> list[_Part]:
    if isinstance(source, MixedSource):
        return [_Part(weight, part, source.part_ids(place)) for place, (weight, part) in enumerate(source.parts)]
    return [_Part(1.0, source, source.ids())]


def _choose(config: BuildConfig, source: Source, parts: Sequence[_Part]) -> _Assets:
    """Assets of each part and split: all built-in assets, and of other sources as many as the rows need."""
    visits = {split: count_visits(split, config, [part.weight for part in parts]) for split in ("train", "test")}
    ranked = {
        place: RankedPool(
            part.asset_ids,
            config.seed,
            {split: with_margin(counts[place], split) for split, counts in visits.items()},
        )
        for place, part in enumerate(parts)
        if not part.is_built_in
    }
    found = _try(config, source, list(ranked.values()))
    chosen = dict(zip(ranked, found.choice.pools, strict=True))
    can_download = isinstance(source, Downloadable)  # The result must not depend on whether the reserve is on the disk.
    pools: dict[str, list[Pool]] = {"train": [], "test": []}
    for place, part in enumerate(parts):
        of = chosen[place] if place in chosen else SplitAssets(*split_assets(part.asset_ids))
        pools["train"].append(Pool(part.weight, of.train, reserve=() if can_download else of.reserve))
        pools["test"].append(Pool(part.weight, of.test))
    built_in = [part.is_built_in for part in parts]
    return _Assets(
        {split: _seated(config, split, some, built_in) for split, some in pools.items()},
        found.contents,
        dict(sorted(found.dropped.items())),
        _as_in_rows(source, found.choice.same_objects),
        found.tried,
        found.choice.held_out,
    )


def _as_in_rows(source: Source, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    if not isinstance(source, MixedSource):
        return groups
    return tuple(tuple(source.name_in_rows(asset_id) for asset_id in group) for group in groups)


@dataclass(frozen=True)
class _Found:
    """The result of the survey."""

    choice: Choice = field(default_factory=lambda: Choice((), (), HeldOut()))
    contents: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    tried: Tried = field(default_factory=Tried)


def _try(config: BuildConfig, source: Source, pools: Sequence[RankedPool]) -> _Found:
    if not pools:
        return _Found()
    files = source.files() if isinstance(source, FromFiles) else {}
    owned = sum(len(pool.asset_ids) for pool in pools)
    wanted = owned if config.survey == "all" else int(sum(count for pool in pools for count in pool.wanted.values()))
    with (
        Progress("trying", "assets", min(owned, wanted), delay_s=2.0) as progress,
        Survey(config, source, progress) as survey,
    ):
        choice = choose_assets(survey, pools, files, config.limits.max_file_bytes)
        count = int(sum(pool.tried for pool in pools))
        dropped = {asset_id: reason for pool in pools for asset_id, reason in pool.dropped.items()}
        if config.survey == "all":
            count = owned
            for pool in pools:
                dropped |= survey.go_to_the_end(pool.test) | survey.go_to_the_end(pool.train)
    return _Found(choice, survey.sha256, dropped, Tried(count, owned))


def _seated(config: BuildConfig, split: str, pools: Sequence[Pool], built_in: Sequence[bool]) -> list[Pool]:
    """The pools that have assets; in pools that may grow, each use is assigned an asset."""
    there = [(pool, fixed) for pool, fixed in zip(pools, built_in, strict=True) if pool.assets]
    if not there:
        return []
    counts = count_visits(split, config, [pool.weight for pool, _ in there])
    return [
        pool if fixed else replace(pool, seats=take_seats(pool.assets, count, config.seed, split))
        for (pool, fixed), count in zip(there, counts, strict=True)
    ]


def _check_types(templates: Mapping[str, Template]) -> None:
    """Checks that a question type has one meaning, which `verify` and readers of the rows rely on."""
    for name, template in templates.items():
        kind = template.question_type
        if kind in template_names() and name != kind:
            raise UsageError(f"template {name}: question_type {kind} is one of the package's: give it another name")
        if sum(other.question_type == kind for other in templates.values()) > 1:
            raise UsageError(f"template {name}: another template has the question_type {kind} too: rename one")


def _check_motion(config: BuildConfig, templates: Mapping[str, Template]) -> None:
    """Checks that the camera motion allows every answer of every type."""
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


def _check_wordings(config: BuildConfig, templates: Mapping[str, Template]) -> None:
    """Checks that each type has wordings of the wanted set in each language."""
    for name, template in templates.items():
        for tag in sorted({tag if tag in template.languages else "en" for tag in config.languages}):
            if not template.languages[tag].has(config.wordings):
                raise UsageError(
                    f"template {name}: none of its wordings in {tag} belongs to the set {config.wordings}: "
                    "add wordings, leave the type out, or set wordings to all"
                )
