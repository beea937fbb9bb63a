"""A block of rows from nothing but the config and its place in the plan: the one module that joins all floors below."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa

from renderers import Renderer, open_renderer
from viewpoint100k.assets import PHOTO_SOURCES, Asset, CaptureAsset, Source
from viewpoint100k.assets.mixed import parse_mixture
from viewpoint100k.config import BuildConfig
from viewpoint100k.errors import AssetError, BuildError
from viewpoint100k.pairs import Pair, pair_problem
from viewpoint100k.plan import Block, Plan, Slot, candidates, slots
from viewpoint100k.questions import Question, Refusal, Template, ask
from viewpoint100k.rows import camera_struct, record_batch, row_id
from viewpoint100k.seeding import derive_seed, generator
from viewpoint100k.stopwatch import Stopwatch
from viewpoint100k.visits import CaptureVisit, MeshVisit, Visit

__all__ = ["BlockRecord", "Blueprint", "Observer", "Workshop"]

_MAX_VISITS = 40
"""A block gives up after this many times the visits that it would need if nothing were dropped."""

Row = dict[str, Any]


class Observer(Protocol):
    """Someone who is told how a block goes: which asset is being visited, and how many rows a visit gave."""

    def visiting(self, asset_id: str) -> None: ...

    def visited(self, rows: int) -> None: ...


@dataclass(frozen=True)
class Blueprint:
    """Everything that rows follow from: plain values, the same in every process of a build."""

    config: BuildConfig
    plan: Plan
    templates: Mapping[str, Template]
    """By their names in the config."""
    digest: str
    """Of the config, the list of assets and the templates."""
    unusable: Mapping[str, str]
    """Assets found unusable before the plan was made, which leaves them out, and the reasons."""


@dataclass
class BlockRecord:
    """What became of a block's candidates."""

    drops: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often anything was dropped, by (stage, reason)."""
    dropped_assets: dict[str, str] = field(default_factory=dict)
    """Assets that could not be used at all, and the reason."""
    used_assets: set[str] = field(default_factory=set)
    taken: defaultdict[str, set[tuple[int, int]]] = field(default_factory=lambda: defaultdict(set))
    """Pairs of photos that stand in the block already, by asset."""

    def to_json(self) -> dict[str, Any]:
        return {
            "drops": [[stage, reason, count] for (stage, reason), count in sorted(self.drops.items())],
            "dropped_assets": dict(sorted(self.dropped_assets.items())),
            "used_assets": sorted(self.used_assets),
        }


@dataclass(frozen=True)
class _Dropped:
    stage: str
    reason: str


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
        if self._renders:
            assert self.renderer  # Opened before any asset is in hand: a driver's fault is not the asset's.
        option_counts = {name: len(template.answers) for name, template in self.blueprint.templates.items()}
        wanted = slots(config, block, option_counts)
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
            taken, wanted = wanted[: config.pairs_per_asset], wanted[config.pairs_per_asset :]
            made, returned = self._visit(asset_id, seed, taken, record)
            rows += made
            wanted += returned
            observer.visited(len(made))
        return record_batch(rows), record

    def _visit(self, asset_id: str, seed: int, taken: list[Slot], record: BlockRecord) -> tuple[list[Row], list[Slot]]:
        """Rows for as many of the ``taken`` slots as the asset fills, and the slots that it does not."""
        try:
            with self.timed("load"):
                asset = self.source.load(asset_id)
        except AssetError as error:
            record.dropped_assets[asset_id] = error.reason
            return [], taken
        visit = self._open_visit(asset, taken, seed, record)
        rows, returned = list[Row](), list[Slot]()
        try:
            for place, (slot, frames) in enumerate(zip(taken, visit.pairing(taken), strict=True)):
                filled = self._fill(asset, visit, slot, frames, derive_seed(seed, place))
                if isinstance(filled, _Dropped):
                    record.drops[filled.stage, filled.reason] += 1
                    returned.append(slot)
                else:
                    rows.append(filled)
        finally:
            visit.close()
        if rows:
            record.used_assets.add(asset_id)
        return rows, returned

    def _open_visit(self, asset: Asset, taken: list[Slot], seed: int, record: BlockRecord) -> Visit:
        if isinstance(asset, CaptureAsset):
            return CaptureVisit(asset, seed, self.timed, record.taken[asset.origin.asset_id])
        return MeshVisit(asset, taken, seed, self.blueprint.config, self.renderer, self.timed)

    def _fill(
        self, asset: Asset, visit: Visit, slot: Slot, frames: tuple[int, int] | None, seed: int
    ) -> Row | _Dropped:
        """The row of one slot, or why there is none."""
        if frames is None:
            return _Dropped("pair", "no_pair_at_this_angle")
        for place in frames:
            if problem := visit.problem(place):
                return _Dropped("frame", problem)
        pair = visit.pair(*frames)
        if problem := pair_problem(pair, self.blueprint.config.pairs, slot.azimuth_deg):
            return _Dropped("pair", problem)
        question = ask(self.blueprint.templates[slot.template], pair, slot.answer_position, generator(seed))
        if isinstance(question, Refusal):
            return _Dropped("question", question.reason)
        try:
            images = [visit.image(place) for place in frames]
        except AssetError as error:  # A photo that cannot be read.
            return _Dropped("frame", error.reason)
        return self._row(asset, images, pair, question, seed)

    def _row(self, asset: Asset, images: list[bytes], pair: Pair, question: Question, seed: int) -> Row:
        cameras = [camera_struct(camera) for camera in pair.cameras]
        shown = json.dumps([asset.origin.source, asset.origin.asset_id, cameras])
        row: Row = {
            "images": images,
            "question": question.text,
            "options": list(question.options),
            "answer": question.answer,
            "answer_text": question.answer_text,
            "answer_value": question.answer_value,
            "margin": question.margin,
            "question_type": question.question_type,
            "template": question.template,
            "group": hashlib.blake2b(shown.encode(), digest_size=8).hexdigest(),
            "reasoning": None,
            "source": asset.origin.source,
            "asset_id": asset.origin.asset_id,
            "asset_sha256": asset.origin.sha256,
            "category": asset.origin.category,
            "license": asset.origin.license,
            "creator": asset.origin.creator,
            "uri": asset.origin.uri,
            "cameras": cameras,
            "object_center": pair.center.tolist(),
            "object_radius": pair.radius,
            "object_front": None if pair.front is None else pair.front.tolist(),
            "relative": asdict(pair.pose) | {"overlap": pair.overlap},
            "answerability": pair.answerability,
            "renderer": "photograph" if isinstance(asset, CaptureAsset) else self._renderer_name,
            "seed": seed,
            "config": self.blueprint.digest,
        }
        return row | {"id": row_id(row)}


def _shortfall(block: Block, rows: int, visits: int, record: BlockRecord) -> str:
    reasons = Counter(record.dropped_assets.values()) + Counter(
        {reason: count for (_, reason), count in record.drops.items()}
    )
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(5))
    return (
        f"block {block.name} has {rows} of {block.rows} rows after {visits} visits to assets ({why}): "
        "give more or better assets, fewer rows, or looser views and pairs in the config"
    )
