"""Builds a block of rows from the config and the block's position in the plan. This module joins all lower layers."""

from __future__ import annotations

import bisect
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from renderers import Renderer, open_renderer
from viewpoint100k.assets import PHOTO_SOURCES, Asset, CaptureAsset, Source
from viewpoint100k.assets.mixed import parse_mixture
from viewpoint100k.building.frame_sets import CaptureFrameSet, FrameSet, MeshFrameSet, needs_renderings
from viewpoint100k.building.rows import Dropped, RowBuilder
from viewpoint100k.dataset.schema import record_batch
from viewpoint100k.errors import AssetError, BuildError
from viewpoint100k.geometry.seeding import derive_seed, generator
from viewpoint100k.plan.build_plan import BuildPlan
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import Block, candidates
from viewpoint100k.plan.specs import PairSpec, QuestionSpec, plan_pairs
from viewpoint100k.questions.answer_forms import LETTER
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.runtime.stopwatch import Stopwatch

__all__ = ["BlockBuilder", "BlockRecord", "ProgressListener", "SilentListener", "build_shard"]

_MAX_VISITS = 40
"""A block fails after this many times the asset uses that it would need if nothing were dropped."""

Row = dict[str, Any]


class ProgressListener(Protocol):
    """Receives progress events while a block is built: which asset is in use, and how many rows it gave."""

    def asset_started(self, asset_id: str) -> None: ...

    def asset_finished(self, rows: int) -> None: ...


def build_shard(config: BuildConfig, index: int) -> pa.Table:
    """The rows of one shard as a build writes them, in memory: a pure function of its two arguments.

    Use it in notebooks and in your own schedulers. It plans the whole set before it builds the shard. For many shards,
    ``viewpoint100k build --shards`` plans once, uses every core, and survives a crash.

    Args:
        config: as `viewpoint100k.plan.config.load_config` gives it.
        index: counted from 0 over all shards, those of the training split first.

    Raises ``IndexError`` if there is no such shard, ``UsageError`` for a config that cannot be built, and
    ``BuildError`` if its assets do not give enough rows.
    """
    from viewpoint100k.plan.planning import make_build_plan  # Workers do not plan.

    build_plan = make_build_plan(config)
    shards = build_plan.layout.shards
    if not 0 <= index < len(shards):
        raise IndexError(f"shard {index}: the set has {len(shards)}, counted from 0")
    builder = BlockBuilder(build_plan, config.open_source())
    try:
        batches = [builder.build_block(block, dict, SilentListener())[0] for block in shards[index].blocks]
    finally:
        builder.close()
    return pa.Table.from_batches(batches)


class SilentListener:
    """A progress listener that ignores all events."""

    def asset_started(self, asset_id: str) -> None: ...

    def asset_finished(self, rows: int) -> None: ...


@dataclass
class BlockRecord:
    """The counts of what happened to a block's candidates."""

    drops: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many candidates were dropped, by (stage, reason)."""
    dropped_assets: dict[str, str] = field(default_factory=dict)
    """Unusable assets, and the reason."""
    used_assets: set[str] = field(default_factory=set)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Notes about assumptions and omissions, by used asset."""
    unmeasured: Counter[str] = field(default_factory=Counter)
    """How many pairs of photographs have rows whose ``answerability`` is null, by reason."""
    taken: defaultdict[str, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    """Pairs of photos that the block already contains, by asset."""

    def to_json(self) -> dict[str, Any]:
        return {
            "drops": [[stage, reason, count] for (stage, reason), count in sorted(self.drops.items())],
            "dropped_assets": dict(sorted(self.dropped_assets.items())),
            "used_assets": sorted(self.used_assets),
            "notes": {asset_id: list(words) for asset_id, words in sorted(self.notes.items())},
            "unmeasured": dict(sorted(self.unmeasured.items())),
        }


class BlockBuilder:
    """Builds blocks in one process: it holds the source and a renderer, which is opened at its first use.

    ``device_index`` is the EGL device to draw on; the first by default.
    """

    def __init__(self, build_plan: BuildPlan, source: Source, device_index: int | None = None) -> None:
        self.build_plan = build_plan
        self.source = source
        self._device_index = device_index
        self.timed = Stopwatch()
        self._renderer: Renderer | None = None

    @property
    def renderer(self) -> Renderer:
        if self._renderer is None:
            options = {} if self._device_index is None else {"device_index": self._device_index}
            self._renderer = open_renderer(self.build_plan.config.renderer, **options)
        return self._renderer

    def make_ready(self) -> None:
        """Opens the renderer if there is something to draw."""
        if self._renders:
            assert self.renderer

    @cached_property
    def _renderer_name(self) -> str:
        return self.renderer.describe()

    @cached_property
    def _renders(self) -> bool:
        """True if any source has meshes."""
        kinds = {part.spec.partition(":")[0] for part in parse_mixture(self.build_plan.config.source)}
        return bool(kinds - PHOTO_SOURCES)

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()

    def build_block(
        self, block: Block, quarantine: Callable[[], Mapping[str, str]], listener: ProgressListener
    ) -> tuple[pa.RecordBatch, BlockRecord]:
        """The rows of ``block``: a pure function of the build plan and the block.

        Args:
            quarantine: assets to skip because they crashed a worker, with the reason.

        Raises ``BuildError`` if the assets do not give enough rows.
        """
        config = self.build_plan.config
        self.make_ready()  # Do this before any asset is in use, so that a driver's error is not blamed on an asset.
        wanted = plan_pairs(config, block, self.build_plan.templates)
        pools = self.build_plan.layout.pools[block.shard.split]
        record, rows = BlockRecord(), list[Row]()
        assets = sum(len(pool.assets) for pool in pools)
        patience = _MAX_VISITS * -(-block.rows // config.pairs_per_asset) + 2 * min(assets, 1000)
        for visit, (asset_id, seed) in enumerate(candidates(config, block, pools)):
            if not wanted:
                break
            if visit >= patience:
                raise BuildError(_shortfall(block, len(rows), visit, record))
            if visit == patience // 4:  # Photos cannot be moved: accept another angle rather than lose the row.
                wanted = self._with_less(wanted, seed, record)
            if asset_id in (quarantined := quarantine()):
                record.dropped_assets[asset_id] = quarantined[asset_id]
            if asset_id in record.dropped_assets:
                continue
            listener.asset_started(asset_id)
            taken, wanted = _for_one_visit(wanted, config.pairs_per_asset)
            made, returned = self._visit(asset_id, seed, taken, record)
            rows += made
            wanted += returned
            listener.asset_finished(len(made))
        return record_batch(rows), record

    def _visit(
        self, asset_id: str, seed: int, taken: list[PairSpec], record: BlockRecord
    ) -> tuple[list[Row], list[PairSpec]]:
        """Rows for the ``taken`` pair specifications that the asset fills, and the specifications that remain."""
        try:
            with self.timed("load"):
                asset = self.source.load(asset_id)
                problem = "near_duplicate" if self._is_like_a_test_asset(asset_id, asset) else None
        except AssetError as error:
            problem = error.reason
        if problem is not None:
            record.dropped_assets[asset_id] = problem
            return [], taken
        photographs = isinstance(asset, CaptureAsset)
        row_builder = RowBuilder(self.build_plan, "photograph" if photographs else self._renderer_name, self.timed)
        visit = self._open_visit(asset, taken, seed, record)
        rows, returned = list[Row](), list[PairSpec]()
        try:
            for place, (spec, views) in enumerate(zip(taken, visit.views(taken), strict=True)):
                made, dropped, left = row_builder.fill(asset, visit, spec, views, derive_seed(seed, place))
                rows += made
                if made and not isinstance(views, str) and (reason := visit.unmeasured(views)):
                    record.unmeasured[reason] += 1
                record.drops.update((one.stage, one.reason) for one in dropped)
                if left:
                    again = self._again(
                        replace(spec, questions=left), dropped, derive_seed(seed, place, "again"), record
                    )
                    returned.append(again)
        finally:
            visit.close()
        if rows:
            record.used_assets.add(asset_id)
            if asset.notes:
                record.notes[asset_id] = asset.notes
        return rows, returned

    def _with_less(self, wanted: Sequence[PairSpec], seed: int, record: BlockRecord) -> list[PairSpec]:
        """The remaining specs without their ranges of angles. If the set has photographs only, they also lose their
        motions, and get other questions where photographs cannot answer theirs."""
        config, templates = self.build_plan.config, self.build_plan.templates
        if self._renders:
            record.drops["slot", "angle_bin_given_up"] += len(wanted)
            return [spec.with_any_angle(config.pairs.azimuth_deg) for spec in wanted]
        rng, eased = generator(seed, "less"), []
        for spec in wanted:
            if spec.motion is not None:
                record.drops["slot", "motion_given_up"] += 1
            else:
                record.drops["slot", "angle_bin_given_up"] += 1
            questions = spec.questions
            if needs_renderings(spec, templates):
                questions = tuple(
                    self._of_another_type(replace(question, form="plain"), rng, record) for question in questions
                )
            plain = replace(spec, questions=questions, object="as_it_is", staged=True)
            eased.append(plain.with_any_motion(config.pairs.azimuth_deg, rng))
        return eased

    def _is_like_a_test_asset(self, asset_id: str, asset: Asset) -> bool:
        """True if an untried asset is a near duplicate of a test asset. The plan has checked the tried assets."""
        return asset_id in self._reserve and self.build_plan.held_out.has_one_like(asset)

    @cached_property
    def _reserve(self) -> frozenset[str]:
        pools = self.build_plan.layout.pools.values()
        return frozenset(asset_id for some in pools for pool in some for asset_id in pool.reserve)

    def _again(self, spec: PairSpec, dropped: Sequence[Dropped], seed: int, record: BlockRecord) -> PairSpec:
        """The spec to retry with another asset. If the asset's front is unknown, the spec gets other questions: most
        sources state no front for any asset."""
        if not any(one.reason == "front_unknown" for one in dropped):
            return spec
        rng = generator(seed)
        questions = tuple(self._without_front(question, rng, record) for question in spec.questions)
        return replace(spec, questions=questions)

    def _without_front(self, question: QuestionSpec, rng: np.random.Generator, record: BlockRecord) -> QuestionSpec:
        template = self.build_plan.templates[question.template]
        return self._of_another_type(question, rng, record) if template.needs_front else question

    def _of_another_type(self, question: QuestionSpec, rng: np.random.Generator, record: BlockRecord) -> QuestionSpec:
        """A question of a type that suits every asset, in place of one that the asset does not suit."""
        templates = self.build_plan.templates
        template = templates[question.template]
        others = sorted(
            name
            for name, other in templates.items()
            if not other.needs_front
            and not other.cases
            and other.goes_around == template.goes_around
            and other.options
            and not isinstance(other.answer, Candidates | Arc)
        )
        if not others:
            return question
        record.drops["slot", "question_type_given_up"] += 1
        chosen = others[int(rng.integers(len(others)))]
        position = int(rng.integers(templates[chosen].options))
        return replace(question, template=chosen, answer_position=position, answer_form=LETTER)

    def _open_visit(self, asset: Asset, taken: list[PairSpec], seed: int, record: BlockRecord) -> FrameSet:
        if isinstance(asset, CaptureAsset):
            taken_photos = record.taken[asset.origin.asset_id]
            pairs = self.build_plan.config.pairs
            return CaptureFrameSet(asset, seed, self.timed, taken_photos, self.build_plan.templates, pairs)
        build_plan = self.build_plan
        return MeshFrameSet(asset, taken, build_plan.templates, seed, build_plan.config, self.renderer, self.timed)


def _for_one_visit(wanted: list[PairSpec], rows: int) -> tuple[list[PairSpec], list[PairSpec]]:
    """The first pair specifications, at least one, with at most ``rows`` question specs in all; and the rest."""
    held = list(itertools.accumulate(len(spec.questions) for spec in wanted))
    count = max(1, bisect.bisect_right(held, rows))
    return wanted[:count], wanted[count:]


def _shortfall(block: Block, rows: int, visits: int, record: BlockRecord) -> str:
    reasons = Counter(record.dropped_assets.values()) + Counter(
        {reason: count for (_, reason), count in record.drops.items()}
    )
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(5))
    return (
        f"block {block.name} has {rows} of {block.rows} rows after {visits} visits to assets ({why}): "
        "give more or better assets, fewer rows, or looser views and pairs in the config"
    )
