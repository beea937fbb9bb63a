"""A block of rows from nothing but the config and its place in the plan: the one module that joins all floors below."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import simplejpeg
from numpy.typing import NDArray

from renderers import LoadedScene, Renderer, Stage, open_renderer
from viewpoint100k.assets import MeshAsset, Source
from viewpoint100k.config import BuildConfig
from viewpoint100k.errors import AssetError, BuildError
from viewpoint100k.geometry import Camera
from viewpoint100k.pairs import Frame, Pair, frame_problem, overlap, pair_problem
from viewpoint100k.plan import Block, Plan, Slot, candidates, slots
from viewpoint100k.questions import Question, Refusal, Template, ask
from viewpoint100k.rows import camera_struct, record_batch, row_id
from viewpoint100k.seeding import derive_seed, generator
from viewpoint100k.views import walk

__all__ = ["BlockRecord", "Blueprint", "Observer", "Workshop"]

_CHECK_SIZE = 256
"""Pixels along each side of the depth maps from which frames and pairs are judged."""

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

    def to_json(self) -> dict[str, Any]:
        return {
            "drops": [[stage, reason, count] for (stage, reason), count in sorted(self.drops.items())],
            "dropped_assets": dict(sorted(self.dropped_assets.items())),
            "used_assets": sorted(self.used_assets),
        }


class Workshop:
    """What one process needs to build blocks: the source, and a renderer that is opened at its first use."""

    def __init__(self, blueprint: Blueprint, source: Source) -> None:
        self.blueprint = blueprint
        self.source = source
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """Time spent, by stage."""
        self._renderer: Renderer | None = None

    @property
    def renderer(self) -> Renderer:
        if self._renderer is None:
            self._renderer = open_renderer(self.blueprint.config.renderer)
        return self._renderer

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
        config, plan = self.blueprint.config, self.blueprint.plan
        option_counts = {name: len(template.answers) for name, template in self.blueprint.templates.items()}
        wanted = slots(config, block, option_counts)
        assets = plan.assets[block.shard.split]
        record, rows = BlockRecord(), list[Row]()
        patience = _MAX_VISITS * -(-block.rows // config.pairs_per_asset) + 2 * min(len(assets), 1000)
        for visit, (asset_id, seed) in enumerate(candidates(config, block, assets)):
            if not wanted:
                break
            if visit >= patience:
                raise BuildError(_shortfall(block, len(rows), visit, record))
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
            with self._timed("load"):
                asset = self.source.load(asset_id)
        except AssetError as error:
            record.dropped_assets[asset_id] = error.reason
            return [], taken
        with self._timed("upload"):
            scene = self.renderer.load(asset.mesh, Stage(derive_seed(seed, "stage")))
        try:
            cameras = self._cameras(asset, taken, seed)
            with self._timed("depth"):
                frames = [Frame(c, scene.depth(c.resized(_CHECK_SIZE, _CHECK_SIZE))) for c in cameras]
            asked, returned = self._questions(asset, frames, taken, seed, record)
            images = self._images(scene, cameras, {place for place, _, _ in asked})
        finally:
            scene.close()
        if asked:
            record.used_assets.add(asset_id)
        rows = [self._row(asset, images[i : i + 2], pair, q, derive_seed(seed, i)) for i, pair, q in asked]
        return rows, returned

    def _cameras(self, asset: MeshAsset, taken: Sequence[Slot], seed: int) -> tuple[Camera, ...]:
        config, rng = self.blueprint.config, generator(seed, "views")
        with self._timed("views"):
            turns = [float(rng.uniform(*slot.azimuth_deg)) for slot in taken]
            return walk(asset.mesh.points, turns, config.views, config.images.size, rng)

    def _questions(
        self, asset: MeshAsset, frames: Sequence[Frame], taken: Iterable[Slot], seed: int, record: BlockRecord
    ) -> tuple[list[tuple[int, Pair, Question]], list[Slot]]:
        """(place of the first frame, pair, question) for each slot that can be filled, and the slots that cannot."""
        config = self.blueprint.config
        problems = [frame_problem(frame, config.views) for frame in frames]
        record.drops.update(("frame", problem) for problem in problems if problem)
        asked, returned = [], []
        for place, slot in enumerate(taken):
            if problems[place] or problems[place + 1]:
                returned.append(slot)
                continue
            first, second = frames[place : place + 2]
            with self._timed("overlap"):
                pair = Pair((first, second), np.zeros(3), 1.0, asset.front, overlap(first, second, 1.0))
            if reason := pair_problem(pair, config.pairs, slot.azimuth_deg):
                record.drops["pair", reason] += 1
                returned.append(slot)
                continue
            template = self.blueprint.templates[slot.template]
            match ask(template, pair, slot.answer_position, generator(seed, place)):
                case Refusal(reason):
                    record.drops["question", reason] += 1
                    returned.append(slot)
                case question:
                    asked.append((place, pair, question))
        return asked, returned

    def _images(self, scene: LoadedScene, cameras: Sequence[Camera], places: set[int]) -> list[bytes]:
        """The encoded image of every camera that some pair uses, empty for the others."""
        used = places | {place + 1 for place in places}
        encoded = []
        for place, camera in enumerate(cameras):
            if place not in used:
                encoded.append(b"")
                continue
            with self._timed("color"):
                pixels = scene.color(camera)
            with self._timed("encode"):
                encoded.append(_jpeg(pixels, self.blueprint.config.images.jpeg_quality))
        return encoded

    def _row(self, asset: MeshAsset, images: list[bytes], pair: Pair, question: Question, seed: int) -> Row:
        cameras = [camera_struct(frame.camera) for frame in pair.frames]
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
            "answerability": None,
            "renderer": self.renderer.describe(),
            "seed": seed,
            "config": self.blueprint.digest,
        }
        return row | {"id": row_id(row)}

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - start


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    return bytes(simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB", colorsubsampling="444"))


def _shortfall(block: Block, rows: int, visits: int, record: BlockRecord) -> str:
    reasons = Counter(record.dropped_assets.values()) + Counter(
        {reason: count for (_, reason), count in record.drops.items()}
    )
    why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(5))
    return (
        f"block {block.name} has {rows} of {block.rows} rows after {visits} visits to assets ({why}): "
        "give more or better assets, fewer rows, or looser views and pairs in the config"
    )
