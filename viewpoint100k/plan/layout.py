"""The plan of a build, as arithmetic: which shard holds which rows, of which split, from which assets.

Everything here follows from the config and the list of assets alone; nothing needs a renderer or another shard.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from viewpoint100k.geometry.seeding import derive_seed, generator
from viewpoint100k.plan.config import BuildConfig

__all__ = [
    "ROWS_PER_BLOCK",
    "Block",
    "Pool",
    "Shard",
    "ShardLayout",
    "candidates",
    "make_layout",
    "split_assets",
]

ROWS_PER_BLOCK = 100
"""A block is the unit of work and of resumption, and one row group of its shard."""


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
    """A run of at most `ROWS_PER_BLOCK` rows of one shard."""

    shard: Shard
    index: int
    rows: int

    @property
    def name(self) -> str:
        return f"{self.shard.name}.{self.index:04d}"


@dataclass(frozen=True)
class Pool:
    """Assets of one source, and its share of a mixture."""

    weight: float
    assets: tuple[str, ...]


@dataclass(frozen=True)
class ShardLayout:
    """The shards of every split, and the assets that each split may use."""

    shards: tuple[Shard, ...]
    pools: Mapping[str, tuple[Pool, ...]]

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)


def make_layout(config: BuildConfig, pools: Sequence[Pool], twins: Mapping[str, str] | None = None) -> ShardLayout:
    """Shards and asset lists of both splits. Sources with too few assets have none in the test split.

    Args:
        twins: assets that are the same as another one, with that other's id; they share its split.
    """
    twins = twins or {}
    halves = [(pool.weight, *split_assets(pool.assets, twins)) for pool in pools]
    tested = {twins.get(asset_id, asset_id) for _, _, held_out in halves for asset_id in held_out}
    train, test = [], []
    for weight, kept, held_out in halves:  # A pool may hold a twin of what another one holds out.
        moved = tuple(asset_id for asset_id in kept if twins.get(asset_id, asset_id) in tested)
        train.append(Pool(weight, tuple(asset_id for asset_id in kept if twins.get(asset_id, asset_id) not in tested)))
        test.append(Pool(weight, held_out + moved))
    train, test = ([pool for pool in part if pool.assets] for part in (train, test))
    shards = _shards("train", config.rows, config.rows_per_shard)
    if test:
        shards += _shards("test", max(10, config.rows // 100), config.rows_per_shard)
    return ShardLayout(tuple(shards), {"train": tuple(train), "test": tuple(test)})


def split_assets(
    asset_ids: Sequence[str], twins: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(train, test) assets, disjoint, in the order of their hashes, twins together.

    An asset's hash decides, not its place in the list, so that a grown source keeps nearly all of its split. The test
    split takes a hundredth of the assets; of a small source a fifth, up to five; of fewer than five assets none.
    Twins that are more than that by themselves are for training: a crowd of look-alikes is no test.
    """
    twins = twins or {}
    count = len(asset_ids)
    held_out = max(math.ceil(count / 100), min(5, count // 5)) if count >= 5 else 0
    sizes = Counter(twins.get(asset_id, asset_id) for asset_id in asset_ids)

    def rank(asset_id: str) -> tuple[bool, bytes]:
        original = twins.get(asset_id, asset_id)
        return sizes[original] > max(held_out, 1), hashlib.sha256(original.encode()).digest()

    ranked = sorted(asset_ids, key=rank)
    held_out = min(held_out, sum(not too_many for too_many, _ in map(rank, ranked)))
    while 0 < held_out < len(ranked) and rank(ranked[held_out]) == rank(ranked[held_out - 1]):
        held_out += 1
    return tuple(ranked[held_out:]), tuple(ranked[:held_out])


def candidates(config: BuildConfig, block: Block, pools: Sequence[Pool]) -> Iterator[tuple[str, int]]:
    """Endless (asset id, visit seed) for a block, in the order in which to try them.

    First the block's own part of the rounds through the pools, which take turns by weight, so that a split uses each
    asset of a pool alike; then, to make good for what was dropped, others at random.
    """
    visits = math.ceil(ROWS_PER_BLOCK / config.pairs_per_asset)
    blocks_per_shard = math.ceil(config.rows_per_shard / ROWS_PER_BLOCK)
    first = (block.shard.index * blocks_per_shard + block.index) * visits
    key = (config.seed, block.shard.split)
    turns = _turns([pool.weight for pool in pools])
    rounds: dict[tuple[int, int], np.ndarray] = {}
    for place in range(first, first + visits):
        cycle, turn = divmod(place, len(turns))
        which = turns[turn]
        assets = pools[which].assets
        round_, within = divmod(cycle * turns.count(which) + turns[:turn].count(which), len(assets))
        if (which, round_) not in rounds:
            rounds[which, round_] = generator(*key, "round", which, round_).permutation(len(assets))
        yield assets[rounds[which, round_][within]], derive_seed(*key, "visit", place)
    spare = generator(*key, "spare", first)
    while True:
        assets = pools[turns[int(spare.integers(len(turns)))]].assets
        yield assets[int(spare.integers(len(assets)))], int(spare.integers(2**63))


def _turns(weights: Sequence[float]) -> list[int]:
    """The order in which pools take turns, over and over: each as often as its weight says, evenly spread.

    Weights are taken to a hundredth of the least of them; whoever is farthest behind its share is next.
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


def _shards(split: str, rows: int, rows_per_shard: int) -> list[Shard]:
    count = math.ceil(rows / rows_per_shard)
    return [Shard(split, i, count, min(rows_per_shard, rows - i * rows_per_shard)) for i in range(count)]
