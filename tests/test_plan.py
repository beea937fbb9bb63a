"""The plan balances rows, separates splits, and depends only on its inputs."""

import math
from collections import Counter
from itertools import islice

import pytest

from viewpoint100k.geometry.seeding import derive_seed
from viewpoint100k.plan.config import BuildConfig, load_config
from viewpoint100k.plan.layout import (
    ROWS_PER_BLOCK,
    Block,
    Pool,
    Shard,
    candidates,
    count_visits,
    make_layout,
    plan_shards,
    split_assets,
)
from viewpoint100k.plan.seats import take_seats

IDS = [f"asset-{i}" for i in range(300)]
POOLS = [Pool(1.0, tuple(IDS))]
SPLITS = {"train": POOLS, "test": POOLS}


def config(**changes: object) -> BuildConfig:
    return load_config("viewpoint-100k", [f"{key}={value}" for key, value in changes.items()])


def test_seeds_are_the_same_on_every_machine() -> None:
    # From the definition: the first 8 bytes of BLAKE2b-64 of the parts joined by 0x1f, without the lowest bit.
    import hashlib

    expected = int.from_bytes(hashlib.blake2b(b"a\x1f1", digest_size=8).digest(), "big") // 2
    assert derive_seed("a", 1) == expected
    assert derive_seed("a", 1) != derive_seed("a1")


def test_rows_are_divided_into_shards_and_blocks_without_loss() -> None:
    plan = make_layout(config(rows=2345), SPLITS)
    train = [shard for shard in plan.shards if shard.split == "train"]
    assert [shard.rows for shard in train] == [1000, 1000, 345]
    assert [block.rows for block in train[-1].blocks] == [100, 100, 100, 45]
    assert train[-1].name == "train-00002-of-00003"


@pytest.mark.parametrize(("rows", "expected"), [(100_000, 1000), (1000, 10), (50, 10), (5000, 50)])
def test_the_test_split_has_a_hundredth_and_at_least_ten(rows: int, expected: int) -> None:
    plan = make_layout(config(rows=rows), SPLITS)
    assert sum(shard.rows for shard in plan.shards if shard.split == "test") == expected


@pytest.mark.parametrize(("assets", "held_out"), [(1, 0), (4, 0), (5, 1), (25, 5), (30, 5), (600, 6), (10_000, 100)])
def test_how_many_assets_are_held_out(assets: int, held_out: int) -> None:
    train, test = split_assets([f"asset-{i}" for i in range(assets)])
    assert len(test) == held_out
    assert sorted(train + test) == sorted(f"asset-{i}" for i in range(assets))


def test_an_asset_keeps_its_split_whatever_the_order_of_the_list() -> None:
    assert split_assets(IDS) == split_assets(IDS[::-1])


def test_a_grown_source_keeps_nearly_all_of_its_test_split() -> None:
    _, before = split_assets([f"asset-{i}" for i in range(2000)])
    _, after = split_assets([f"asset-{i}" for i in range(2100)])
    assert len(set(before) & set(after)) >= 0.8 * len(before)


def block_of(rows: int = ROWS_PER_BLOCK, index: int = 0, shard: int = 0) -> Block:
    return Block(Shard("train", shard, 5, 1000), index, rows)


def test_blocks_share_a_small_source_evenly() -> None:
    assets = IDS[:25]
    visits = [
        asset
        for shard in range(2)
        for index in range(10)
        for asset, _ in islice(candidates(config(), block_of(index=index, shard=shard), [Pool(1.0, tuple(assets))]), 13)
    ]
    counts = Counter(visits)
    assert len(counts) == 25
    assert max(counts.values()) - min(counts.values()) <= 1


def test_every_visit_has_a_seed_of_its_own() -> None:
    seeds = [seed for index in range(10) for _, seed in islice(candidates(config(), block_of(index=index), POOLS), 40)]
    assert len(set(seeds)) == len(seeds)


def test_a_mixture_is_visited_by_weight_and_evenly_within_each_source() -> None:
    pools = [Pool(3.0, tuple(f"a{i}" for i in range(20))), Pool(1.0, tuple(f"b{i}" for i in range(10)))]
    visits = [
        asset for index in range(10) for asset, _ in islice(candidates(config(), block_of(index=index), pools), 13)
    ]
    counts = Counter(visits)
    of_a = sum(n for asset, n in counts.items() if asset[0] == "a")
    assert abs(of_a - 0.75 * len(visits)) <= 1
    for source in "ab":
        within = [n for asset, n in counts.items() if asset[0] == source]
        assert max(within) - min(within) <= 1


def test_fractional_weights_are_met() -> None:
    pools = [Pool(0.5, ("a",)), Pool(1.5, ("b",))]
    visits = Counter(asset for i in range(8) for asset, _ in islice(candidates(config(), block_of(index=i), pools), 13))
    assert visits == {"a": 26, "b": 78}


def test_a_split_without_assets_has_no_shards() -> None:
    plan = make_layout(config(rows=100), {"train": POOLS, "test": [Pool(1.0, ())]})
    assert {shard.split for shard in plan.shards} == {"train"}


def test_twins_share_a_split() -> None:
    twins = {f"copy-{i}": f"asset-{i}" for i in range(30)}
    train, test = split_assets([*IDS, *twins], twins)
    sides = {asset: side for side, assets in (("train", train), ("test", test)) for asset in assets}
    assert len(sides) == 330
    assert all(sides[copy] == sides[original] for copy, original in twins.items())


def seated(assets: list[str], rows: int, **changes: object) -> Pool:
    (count,) = count_visits("train", config(rows=rows, **changes), [1.0])
    return Pool(1.0, tuple(assets), take_seats(assets, count, 0, "train"))


def visits_of(pool: Pool, rows: int, **changes: object) -> list[tuple[str, int]]:
    """The assets and seeds of all uses that the training rows need, block by block."""
    settings = config(rows=rows, **changes)
    return [
        visit
        for shard in plan_shards("train", settings)
        for block in shard.blocks
        for visit in islice(candidates(settings, block, [pool]), math.ceil(block.rows / 8))
    ]


@pytest.mark.parametrize(("assets", "rows"), [(7, 40), (30, 40), (25, 2345), (300, 2345), (293, 2345)])
def test_assets_that_may_grow_are_visited_alike_too(assets: int, rows: int) -> None:
    visits = visits_of(seated(IDS[:assets], rows), rows)
    counts = Counter(asset for asset, _ in visits)
    assert len(counts) == min(assets, len(visits))
    assert max(counts.values()) - min(counts.values()) <= 1
    if assets > len(visits):
        assert set(counts) == set(IDS[: len(visits)])
    assert len({seed for _, seed in visits}) == len(visits)


def test_shards_of_any_size_need_no_more_visits_than_their_rows() -> None:
    assert count_visits("train", config(rows=90, rows_per_shard=30), [1.0]) == [12]
    assert count_visits("train", config(rows=100, rows_per_shard=250), [3.0, 1.0]) == [10, 3]
    assert len(visits_of(seated(IDS, 90, rows_per_shard=30), 90, rows_per_shard=30)) == 12


@pytest.mark.parametrize("assets", [200, 1300, 2000])
def test_a_hundredth_of_other_assets_moves_few_visits(assets: int) -> None:
    ids = [f"asset-{i}" for i in range(assets)]
    grown = [*ids[: assets // 2], *(f"new-{i}" for i in range(assets // 100)), *ids[assets // 2 :]]
    before, after = (visits_of(seated(some, 10_000), 10_000) for some in (ids, grown))
    kept = sum(one == other for one, other in zip(before, after, strict=True)) / len(before)
    assert kept > 0.9


def test_spare_visits_are_spread_alike_and_stay_where_they_were() -> None:
    def spares(pool: Pool) -> list[str]:
        return [asset for asset, _ in islice(candidates(config(rows=100), block_of(), [pool]), 13, 2013)]

    before, after = spares(seated(IDS[:50], 100)), spares(seated([*IDS[:50], "new"], 100))
    counts = Counter(before)
    assert len(counts) == 50
    assert max(counts.values()) < 3 * min(counts.values())
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(changed) == {"new"}
    assert len(changed) < 100
