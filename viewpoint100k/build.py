"""A block of rows from nothing but the config and its place in the plan: the one module that joins all floors below."""

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
from viewpoint100k.blueprint import Blueprint
from viewpoint100k.config import BuildConfig
from viewpoint100k.errors import AssetError, BuildError
from viewpoint100k.filling import Dropped, Filler
from viewpoint100k.plan import Block, candidates
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.rows import record_batch
from viewpoint100k.seeding import derive_seed, generator
from viewpoint100k.slots import Ask, Slot, plan_slots
from viewpoint100k.stopwatch import Stopwatch
from viewpoint100k.visits import CaptureVisit, MeshVisit, Visit

__all__ = ["BlockRecord", "Nobody", "Observer", "Workshop", "build_shard"]

_MAX_VISITS = 40
"""A block gives up after this many times the visits that it would need if nothing were dropped."""

Row = dict[str, Any]


class Observer(Protocol):
    """Someone who is told how a block goes: which asset is being visited, and how many rows a visit gave."""

    def visiting(self, asset_id: str) -> None: ...

    def visited(self, rows: int) -> None: ...


def build_shard(config: BuildConfig, index: int) -> pa.Table:
    """The rows of one shard as a build writes them, in memory: a pure function of its two arguments.

    For notebooks, and for schedulers of one's own. It plans the whole set before it builds a part: for many shards,
    ``viewpoint100k build --shards`` plans once, keeps every core busy, and survives a crash.

    Args:
        config: as `viewpoint100k.config.load_config` gives it.
        index: counted from 0 over all shards, those of the training split first.

    Raises ``IndexError`` where there is no such shard, ``UsageError`` for a config that cannot be built, and
    ``BuildError`` where its assets do not give enough rows.
    """
    from viewpoint100k.dataset import draw_up  # Of the floor above, which plans.

    blueprint = draw_up(config)
    shards = blueprint.plan.shards
    if not 0 <= index < len(shards):
        raise IndexError(f"shard {index}: the set has {len(shards)}, counted from 0")
    workshop = Workshop(blueprint, config.open_source())
    try:
        batches = [workshop.build_block(block, dict, Nobody())[0] for block in shards[index].blocks]
    finally:
        workshop.close()
    return pa.Table.from_batches(batches)


class Nobody:
    """An `Observer` that is told, and tells nobody."""

    def visiting(self, asset_id: str) -> None: ...

    def visited(self, rows: int) -> None: ...


@dataclass
class BlockRecord:
    """What became of a block's candidates."""

    drops: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often anything was dropped, by (stage, reason)."""
    dropped_assets: dict[str, str] = field(default_factory=dict)
    """Assets that could not be used at all, and the reason."""
    used_assets: set[str] = field(default_factory=set)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of used assets, what was assumed of them or left out."""
    taken: defaultdict[str, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    """Pairs of photos that stand in the block already, by asset."""

    def to_json(self) -> dict[str, Any]:
        return {
            "drops": [[stage, reason, count] for (stage, reason), count in sorted(self.drops.items())],
            "dropped_assets": dict(sorted(self.dropped_assets.items())),
            "used_assets": sorted(self.used_assets),
            "notes": {asset_id: list(words) for asset_id, words in sorted(self.notes.items())},
        }


class Workshop:
    """What one process needs to build blocks: the source, and a renderer that is opened at its first use."""

    def __init__(self, blueprint: Blueprint, source: Source) -> None:
        self.blueprint = blueprint
        self.source = source
        self.timed = Stopwatch()
        self._renderer: Renderer | None = None

    @property
    def renderer(self) -> Renderer:
        if self._renderer is None:
            self._renderer = open_renderer(self.blueprint.config.renderer)
        return self._renderer

    def make_ready(self) -> None:
        """Opens the renderer where there is something to draw."""
        if self._renders:
            assert self.renderer

    @cached_property
    def _renderer_name(self) -> str:
        return self.renderer.describe()

    @cached_property
    def _renders(self) -> bool:
        """Whether any source has meshes, and not photographs alone."""
        kinds = {part.spec.partition(":")[0] for part in parse_mixture(self.blueprint.config.source)}
        return bool(kinds - PHOTO_SOURCES)

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()

    def build_block(
        self, block: Block, quarantine: Callable[[], Mapping[str, str]], observer: Observer
    ) -> tuple[pa.RecordBatch, BlockRecord]:
        """The rows of ``block``: a pure function of the blueprint and the block.

        Args:
            quarantine: assets that must not be touched, with the reason: they brought a worker down.

        Raises ``BuildError`` where the assets do not give enough rows.
        """
        config = self.blueprint.config
        self.make_ready()  # Before any asset is in hand: a driver's fault is not the asset's.
        wanted = plan_slots(config, block, self.blueprint.templates)
        pools = self.blueprint.plan.pools[block.shard.split]
        record, rows = BlockRecord(), list[Row]()
        assets = sum(len(pool.assets) for pool in pools)
        patience = _MAX_VISITS * -(-block.rows // config.pairs_per_asset) + 2 * min(assets, 1000)
        for visit, (asset_id, seed) in enumerate(candidates(config, block, pools)):
            if not wanted:
                break
            if visit >= patience:
                raise BuildError(_shortfall(block, len(rows), visit, record))
            if visit == patience // 4:  # Photos are where they are: rather another angle than no row.
                record.drops["slot", "angle_bin_given_up"] += len(wanted)
                wanted = [slot.with_any_angle(config.pairs.azimuth_deg) for slot in wanted]
            if asset_id in (quarantined := quarantine()):
                record.dropped_assets[asset_id] = quarantined[asset_id]
            if asset_id in record.dropped_assets:
                continue
            observer.visiting(asset_id)
            taken, wanted = _for_one_visit(wanted, config.pairs_per_asset)
            made, returned = self._visit(asset_id, seed, taken, record)
            rows += made
            wanted += returned
            observer.visited(len(made))
        return record_batch(rows), record

    def _visit(self, asset_id: str, seed: int, taken: list[Slot], record: BlockRecord) -> tuple[list[Row], list[Slot]]:
        """Rows for as many of the ``taken`` slots as the asset fills, and what is left of the slots."""
        try:
            with self.timed("load"):
                asset = self.source.load(asset_id)
        except AssetError as error:
            record.dropped_assets[asset_id] = error.reason
            return [], taken
        photographs = isinstance(asset, CaptureAsset)
        filler = Filler(self.blueprint, "photograph" if photographs else self._renderer_name, self.timed)
        visit = self._open_visit(asset, taken, seed, record)
        rows, returned = list[Row](), list[Slot]()
        try:
            for place, (slot, views) in enumerate(zip(taken, visit.views(taken), strict=True)):
                made, dropped, left = filler.fill(asset, visit, slot, views, derive_seed(seed, place))
                rows += made
                record.drops.update((one.stage, one.reason) for one in dropped)
                if left:
                    again = self._again(replace(slot, asks=left), dropped, derive_seed(seed, place, "again"), record)
                    returned.append(again)
        finally:
            visit.close()
        if rows:
            record.used_assets.add(asset_id)
            if asset.notes:
                record.notes[asset_id] = asset.notes
        return rows, returned

    def _again(self, slot: Slot, dropped: Sequence[Dropped], seed: int, record: BlockRecord) -> Slot:
        """The slot for another asset. Of an asset whose front is not known other questions are asked: of most sources
        none is known of any."""
        if not any(one.reason == "front_unknown" for one in dropped):
            return slot
        rng = generator(seed)
        asks = tuple(self._without_front(asked, rng, record) for asked in slot.asks)
        return replace(slot, asks=asks)

    def _without_front(self, asked: Ask, rng: np.random.Generator, record: BlockRecord) -> Ask:
        templates = self.blueprint.templates
        template = templates[asked.template]
        if not template.needs_front:
            return asked
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
            return asked
        record.drops["slot", "question_type_given_up"] += 1
        chosen = others[int(rng.integers(len(others)))]
        position = int(rng.integers(templates[chosen].options))
        return replace(asked, template=chosen, answer_position=position)

    def _open_visit(self, asset: Asset, taken: list[Slot], seed: int, record: BlockRecord) -> Visit:
        if isinstance(asset, CaptureAsset):
            return CaptureVisit(asset, seed, self.timed, record.taken[asset.origin.asset_id])
        blueprint = self.blueprint
        return MeshVisit(asset, taken, blueprint.templates, seed, blueprint.config, self.renderer, self.timed)


def _for_one_visit(wanted: list[Slot], rows: int) -> tuple[list[Slot], list[Slot]]:
    """The first slots, at least one, that hold no more than ``rows`` asks; and the others."""
    held = list(itertools.accumulate(len(slot.asks) for slot in wanted))
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
