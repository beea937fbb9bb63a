"""Computes the layout of a build: which shard holds which rows, of which split, from which assets.

The layout depends only on the config and the list of assets, not on a renderer or another shard.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from viewpoint100k.assets.ranking import Hashes, id_hashes
from viewpoint100k.geometry.seeding import derive_seed, generator
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.seats import drawn

__all__ = [
    "ROWS_PER_BLOCK",
    "Block",
    "Pool",
    "Shard",
    "ShardLayout",
    "candidates",
    "count_visits",
    "held_out_count",
    "make_layout",
    "plan_shards",
    "split_assets",
]

ROWS_PER_BLOCK = 100
"""The unit of work and of resumption; one row group of its shard."""

_SPARES_FIRST = 3
"""A block uses tried assets up to this many times its need before it uses the reserve."""


@dataclass(frozen=True)
class Shard:
    """One parquet file of a split."""

    split: str
    index: int
    count: int
    rows: int

    @property
    def name(self) -> str:
        return f"{self.split}-{self.index:05d}-of-{self.count:05d}"

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(
            Block(self, index, min(ROWS_PER_BLOCK, self.rows - start))
            for index, start in enumerate(range(0, self.rows, ROWS_PER_BLOCK))
        )


@dataclass(frozen=True)
class Block:
    """A run of at most `ROWS_PER_BLOCK` consecutive rows of one shard."""

    shard: Shard
    index: int
    rows: int

    @property
    def name(self) -> str:
        return f"{self.shard.name}.{self.index:04d}"


@dataclass(frozen=True)
class Pool:
    """Assets of one source, and the source's share of a mixture."""

    weight: float
    assets: tuple[str, ...]
    seats: tuple[int, ...] | None = None
    """The index in ``assets`` for each use of an asset, in order. None for a source that never changes: its assets are
    then used in random order, repeatedly."""
    reserve: tuple[str, ...] = ()
    """The next assets in the ranking, which were not tried, for blocks that the tried assets do not fill."""

    @cached_property
    def hashes(self) -> Hashes:
        """(n,): hashes of the ids."""
        return id_hashes(self.assets)


@dataclass(frozen=True)
class ShardLayout:
    """The shards of every split, and the assets that each split may use."""

    shards: tuple[Shard, ...]
    pools: Mapping[str, tuple[Pool, ...]]

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)


def make_layout(config: BuildConfig, splits: Mapping[str, Sequence[Pool]]) -> ShardLayout:
    """Shards and pools of both splits. Pools without assets are left out; without any, so is the test split."""
    pools = {split: tuple(pool for pool in some if pool.assets) for split, some in splits.items()}
    shards = plan_shards("train", config)
    if pools["test"]:
        shards += plan_shards("test", config)
    return ShardLayout(tuple(shards), pools)


def plan_shards(split: str, config: BuildConfig) -> list[Shard]:
    """The shards of a split. The test split has a hundredth of the training rows, at least 10."""
    rows = config.rows if split == "train" else max(10, config.rows // 100)
    count = math.ceil(rows / config.rows_per_shard)
    return [Shard(split, i, count, min(config.rows_per_shard, rows - i * config.rows_per_shard)) for i in range(count)]


def count_visits(split: str, config: BuildConfig, weights: Sequence[float]) -> list[int]:
    """How many uses of an asset the rows of a split need from each pool."""
    last = plan_shards(split, config)[-1].blocks[-1]
    first, needed = _needed_visits(config, last)
    turns = _turns(weights)
    cycles, rest = divmod(first + needed, len(turns))
    return [cycles * turns.count(pool) + turns[:rest].count(pool) for pool in range(len(weights))]


def held_out_count(assets: int) -> int:
    """Number of assets in the test split: a hundredth; of a small source a fifth, up to five; none of four or fewer."""
    return max(math.ceil(assets / 100), min(5, assets // 5)) if assets >= 5 else 0


def split_assets(
    asset_ids: Sequence[str], twins: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(train, test) assets, disjoint, in the order of their hashes, with near duplicates together.

    An asset's hash decides its split, not its position in the list, so that a source that grows keeps nearly all of its
    split. The test split takes a hundredth of the assets; of a small source a fifth, up to five; of fewer than five
    assets none. A group of near duplicates that is larger than that is for training: a test on copies has no value.
    """
    ids = list(asset_ids)
    originals = [twins.get(asset_id, asset_id) for asset_id in ids] if twins else ids
    held_out = held_out_count(len(ids))
    sizes = Counter(originals) if twins else {}
    too_many = {original for original, size in sizes.items() if size > max(held_out, 1)}
    ranks = [(b"1" if o in too_many else b"0") + hashlib.sha256(o.encode()).digest() for o in originals]
    order = sorted(range(len(ids)), key=ranks.__getitem__)
    held_out = min(held_out, int(sum(o not in too_many for o in originals)))
    while 0 < held_out < len(ids) and ranks[order[held_out]] == ranks[order[held_out - 1]]:
        held_out += 1
    ranked = [ids[place] for place in order]
    return tuple(ranked[held_out:]), tuple(ranked[:held_out])


def candidates(config: BuildConfig, block: Block, pools: Sequence[Pool]) -> Iterator[tuple[str, int]]:
    """Endless (asset id, seed of the use) for a block, in the order in which to try them.

    The block first uses its own share of the pools. The pools take turns by weight, so that a split uses each asset of
    a pool equally often. After that, random assets replace what was dropped.
    """
    if all(pool.seats is None for pool in pools):
        visits = math.ceil(ROWS_PER_BLOCK / config.pairs_per_asset)
        first = (block.shard.index * math.ceil(config.rows_per_shard / ROWS_PER_BLOCK) + block.index) * visits
    else:
        first, visits = _needed_visits(config, block)
    key = (config.seed, block.shard.split)
    turns = _turns([pool.weight for pool in pools])
    rounds: dict[tuple[int, int], np.ndarray] = {}
    for place in range(first, first + visits):
        cycle, turn = divmod(place, len(turns))
        which = turns[turn]
        pool, visit = pools[which], cycle * turns.count(which) + turns[:turn].count(which)
        if pool.seats is not None:
            yield pool.assets[pool.seats[visit]], derive_seed(*key, "visit", place)
            continue
        round_, within = divmod(visit, len(pool.assets))
        if (which, round_) not in rounds:
            rounds[which, round_] = generator(*key, "round", which, round_).permutation(len(pool.assets))
        yield pool.assets[rounds[which, round_][within]], derive_seed(*key, "visit", place)
    spare = generator(*key, "spare", first)
    for spares in itertools.count():
        pool = pools[turns[int(spare.integers(len(turns)))]]
        if pool.reserve and spares >= _SPARES_FIRST * visits and spares % 2:
            asset_id = pool.reserve[(first + spares // 2) % len(pool.reserve)]
        elif pool.seats is not None:
            asset_id = pool.assets[drawn(pool.hashes, int(spare.integers(2**63)))]
        else:
            asset_id = pool.assets[int(spare.integers(len(pool.assets)))]
        yield asset_id, int(spare.integers(2**63))


def _needed_visits(config: BuildConfig, block: Block) -> tuple[int, int]:
    """(uses of an asset that the earlier blocks of the split need, uses that this block needs)."""
    per_shard = _visits(config, Shard(block.shard.split, 0, 1, config.rows_per_shard).blocks)
    before = _visits(config, block.shard.blocks[: block.index])
    return block.shard.index * per_shard + before, _visits(config, [block])


def _visits(config: BuildConfig, blocks: Sequence[Block]) -> int:
    return int(sum(math.ceil(block.rows / config.pairs_per_asset) for block in blocks))


def _turns(weights: Sequence[float]) -> list[int]:
    """The order in which pools take turns, repeated: each in proportion to its weight, evenly spread.

    Weights are rounded to a hundredth of the smallest. The pool that is farthest behind its share is next.
    """
    shares = [Fraction(weight / min(weights)).limit_denominator(100) for weight in weights]
    scale = math.lcm(*(share.denominator for share in shares))
    counts = [int(share * scale) for share in shares]
    counts = [count // math.gcd(*counts) for count in counts]
    total, taken = int(sum(counts)), [0] * len(counts)
    order = []
    for turn in range(1, total + 1):
        behind = [count * turn - done * total for count, done in zip(counts, taken, strict=True)]
        chosen = behind.index(max(behind))
        taken[chosen] += 1
        order.append(chosen)
    return order
