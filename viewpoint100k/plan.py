"""The plan of a build, as arithmetic: which shard holds which rows, of which split, from which assets, balanced how.

Everything here follows from the config and the list of assets alone; nothing needs a renderer or another shard.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from viewpoint100k.config import BuildConfig
from viewpoint100k.seeding import derive_seed, generator

__all__ = [
    "ROWS_PER_BLOCK",
    "Block",
    "Plan",
    "Pool",
    "Shard",
    "Slot",
    "apportion",
    "candidates",
    "make_plan",
    "slots",
    "split_assets",
]

ROWS_PER_BLOCK = 100
"""A block is the unit of work and of resumption, and one row group of its shard."""

T = TypeVar("T")


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
class Plan:
    """The shards of every split, and the assets that each split may use."""

    shards: tuple[Shard, ...]
    pools: Mapping[str, tuple[Pool, ...]]

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)


@dataclass(frozen=True)
class Slot:
    """A row that a block still lacks: what its pair and its question must be for the block to be balanced."""

    azimuth_deg: tuple[float, float]
    """Signed range of the azimuth change, low to high."""
    template: str
    answer_position: int
    """Place of the right option among those shown."""

    def with_any_angle(self, azimuth_deg: tuple[float, float]) -> Slot:
        """The same slot for any angle in ``azimuth_deg``, its unsigned range, in the slot's own direction."""
        return replace(self, azimuth_deg=_signed(1 if self.azimuth_deg[0] > 0 else -1, *azimuth_deg))


def make_plan(config: BuildConfig, pools: Sequence[Pool], twins: Mapping[str, str] | None = None) -> Plan:
    """Shards and asset lists of both splits. Sources with too few assets have none in the test split.

    Args:
        twins: assets that are the same as another one, with that other's id; they share its split.
    """
    halves = [(pool, split_assets(pool.assets, twins or {})) for pool in pools]
    train = tuple(Pool(pool.weight, kept) for pool, (kept, _) in halves if kept)
    test = tuple(Pool(pool.weight, held_out) for pool, (_, held_out) in halves if held_out)
    shards = _shards("train", config.rows, config.rows_per_shard)
    if test:
        shards += _shards("test", max(10, config.rows // 100), config.rows_per_shard)
    return Plan(tuple(shards), {"train": train, "test": test})


def split_assets(
    asset_ids: Sequence[str], twins: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(train, test) assets, disjoint, in the order of their hashes, twins together.

    An asset's hash decides, not its place in the list, so that a grown source keeps nearly all of its split. The test
    split takes a hundredth of the assets; of a small source a fifth, up to five; of fewer than five assets none.
    """
    twins = twins or {}

    def rank(asset_id: str) -> bytes:
        return hashlib.sha256(twins.get(asset_id, asset_id).encode()).digest()

    ranked = sorted(asset_ids, key=rank)
    held_out = max(math.ceil(len(ranked) / 100), min(5, len(ranked) // 5)) if len(ranked) >= 5 else 0
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
    total, taken = sum(counts), [0] * len(counts)
    order = []
    for turn in range(1, total + 1):
        behind = [count * turn - done * total for count, done in zip(counts, taken, strict=True)]
        chosen = behind.index(max(behind))
        taken[chosen] += 1
        order.append(chosen)
    return order


def slots(config: BuildConfig, block: Block, option_counts: Mapping[str, int]) -> list[Slot]:
    """The block's rows to be, in random order, balanced over everything that could leak an answer.

    Templates by weight; within each, both directions of movement; within each of those, the right option's place and
    the size of the angle. Counts that cannot be equal differ by one, and chance says which is the larger.

    Args:
        option_counts: how many options each template of the config shows.
    """
    rng = generator(config.seed, "slots", block.shard.split, block.shard.index, block.index)
    templates = apportion(rng, dict(config.questions), block.rows)
    signs = _cycle(rng, (-1, 1), block.rows)
    order = sorted(range(block.rows), key=lambda row: (templates[row], signs[row]))
    places = {n: _cycle(rng, range(n), block.rows) for n in sorted(set(option_counts.values()))}
    bins = _cycle(rng, range(config.pairs.azimuth_bins), block.rows)
    edges = np.linspace(*config.pairs.azimuth_deg, config.pairs.azimuth_bins + 1)
    planned = [
        Slot(
            azimuth_deg=_signed(signs[row], float(edges[bins[i]]), float(edges[bins[i] + 1])),
            template=templates[row],
            answer_position=places[option_counts[templates[row]]][i],
        )
        for i, row in enumerate(order)
    ]
    return [planned[i] for i in rng.permutation(block.rows)]


def apportion(rng: np.random.Generator, weights: Mapping[str, float], total: int) -> list[str]:
    """``total`` names, grouped, each as often as its weight says; the fractions left over are drawn by lot."""
    names = sorted(weights)
    exact = np.array([weights[name] for name in names]) / sum(weights.values()) * total
    counts = np.floor(exact + 1e-9).astype(int)
    left_over = np.maximum(exact - counts, 0)
    for _ in range(total - counts.sum()):
        chosen = rng.choice(len(names), p=left_over / left_over.sum())
        counts[chosen] += 1
        left_over[chosen] = 0
    return [name for name, count in zip(names, counts, strict=True) for _ in range(count)]


def _cycle(rng: np.random.Generator, values: Sequence[T], total: int) -> list[T]:
    """``total`` values in one random order over and over: in any run of them counts differ by at most one."""
    order = rng.permutation(len(values))
    return [values[order[i % len(values)]] for i in range(total)]


def _signed(sign: int, low: float, high: float) -> tuple[float, float]:
    return (low, high) if sign > 0 else (-high, -low)


def _shards(split: str, rows: int, rows_per_shard: int) -> list[Shard]:
    count = math.ceil(rows / rows_per_shard)
    return [Shard(split, i, count, min(rows_per_shard, rows - i * rows_per_shard)) for i in range(count)]
