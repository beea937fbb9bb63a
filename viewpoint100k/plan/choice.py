"""Chooses the assets of a build and their split: the first usable assets in each source's ranking."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from viewpoint100k.assets.duplicates import identical_files
from viewpoint100k.assets.fingerprints import shared_photos
from viewpoint100k.assets.near_duplicates import near_duplicates, originals
from viewpoint100k.assets.ranking import id_hashes, keyed
from viewpoint100k.plan.build_plan import HeldOut
from viewpoint100k.plan.layout import held_out_count, split_assets
from viewpoint100k.plan.survey import Survey, Walk

__all__ = ["Choice", "RankedPool", "SplitAssets", "choose_assets", "with_margin"]

_MARGIN = 1.1
"""The plan looks for this many times the assets that a split needs, plus `_SPARE`, because some assets give no rows."""
_SPARE = {"train": 4, "test": 2}
_RESERVE = 64
"""Next assets in the ranking, which a block may use if the tried assets give too few rows."""
_MOST_ROUNDS = 8
"""After this many rounds of replacing near duplicates, a split accepts fewer assets."""


def with_margin(visits: int, split: str) -> int:
    """How many usable assets to look for if a split uses an asset this many times."""
    return math.ceil(_MARGIN * visits) + _SPARE[split]


@dataclass(frozen=True)
class SplitAssets:
    """Assets of one source, by split, in ranking order."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    reserve: tuple[str, ...] = ()
    """The next assets for training, which were not tried."""


@dataclass
class RankedPool:
    """One source's assets during the survey.

    The test part is the first of them by the hash of the id alone: `held_out_count` of all assets. Within each part,
    the hash of id and seed gives the ranking.
    """

    asset_ids: Sequence[str]
    seed: int
    needed: Mapping[str, int]
    """Number of assets that each split needs."""
    lent: int = 0
    """How many assets of the training part are moved to the tests, to replace unusable assets of the test part."""
    wanted: dict[str, int] = field(init=False)
    """Number of usable assets to look for in each part. It exceeds the need, because some move to the other split."""
    test: Walk = field(init=False)
    train: Walk = field(init=False)

    def __post_init__(self) -> None:
        hashes = id_hashes(self.asset_ids)
        held_out = held_out_count(len(hashes))
        by_hash = np.argsort(hashes, kind="stable")
        ranks = keyed(hashes, "rank", self.seed)
        self.needed = {**self.needed, "test": min(self.needed["test"], held_out)}
        self.wanted = dict(self.needed)
        self.test, self.train = (
            Walk(_in_order(self.asset_ids, part[np.argsort(ranks[part], kind="stable")]))
            for part in (by_hash[:held_out], by_hash[held_out:])
        )

    @property
    def exhausted(self) -> bool:
        """True if every asset has been tried."""
        return all(walk.exhausted and not walk.ahead for walk in (self.test, self.train))

    @property
    def tried(self) -> int:
        return self.test.tried + self.train.tried

    @property
    def dropped(self) -> dict[str, str]:
        """Unusable assets, and the reasons."""
        return self.test.dropped | self.train.dropped

    def in_rank(self, asset_ids: Sequence[str]) -> tuple[str, ...]:
        """The same assets in ranking order."""
        ranks = keyed(id_hashes(asset_ids), "rank", self.seed)
        return tuple(asset_ids[place] for place in np.argsort(ranks, kind="stable").tolist())


@dataclass(frozen=True)
class Choice:
    """The chosen assets of a build."""

    pools: tuple[SplitAssets, ...]
    same_objects: tuple[tuple[str, ...], ...]
    """Groups of tried assets that are the same object; no group has assets in two splits."""
    held_out: HeldOut


def choose_assets(survey: Survey, pools: Sequence[RankedPool], files: Mapping[str, Path], max_bytes: int) -> Choice:
    """Tries assets of every pool until each split has enough. Keeps near duplicates together in one split.

    Args:
        files: the files of assets that have one, to find identical files; up to ``max_bytes`` each.
    """
    for rounds in range(_MOST_ROUNDS + 1):
        for pool in pools:
            _go_on(survey, pool)
        groups = _same_objects(survey, pools, files, max_bytes)
        twins = originals(groups)
        splits = _kept_together([_halves(pool, twins) for pool in pools], twins)
        if not _want_more(pools, splits) or rounds == _MOST_ROUNDS:
            break
    chosen = tuple(
        SplitAssets(pool.in_rank(train), pool.in_rank(test), pool.train.next_ids(_RESERVE))
        for pool, (train, test) in zip(pools, splits, strict=True)
    )
    tests = [asset_id for pool in chosen for asset_id in pool.test]
    held_out = HeldOut(
        {asset_id: survey.descriptors[asset_id] for asset_id in tests if asset_id in survey.descriptors},
        {asset_id: survey.fingerprints[asset_id] for asset_id in tests if asset_id in survey.fingerprints},
        frozenset(survey.sha256[asset_id] for asset_id in tests),
    )
    return Choice(chosen, groups, held_out)


def _go_on(survey: Survey, pool: RankedPool) -> None:
    survey.go_on(pool.test, pool.wanted["test"])
    pool.lent = pool.wanted["test"] - len(pool.test.usable)
    survey.go_on(pool.train, pool.wanted["train"] + pool.lent)


def _same_objects(
    survey: Survey, pools: Sequence[RankedPool], files: Mapping[str, Path], max_bytes: int
) -> tuple[tuple[str, ...], ...]:
    usable = sorted(asset_id for pool in pools for walk in (pool.test, pool.train) for asset_id in walk.usable)
    first: dict[str, str] = {}
    copies = [
        (original, asset_id)
        for asset_id in usable
        if (original := first.setdefault(survey.sha256[asset_id] or asset_id, asset_id)) != asset_id
    ]
    paths = {asset_id: files[asset_id] for asset_id in usable if asset_id in files}
    copies += [(original, copy) for copy, original in identical_files(paths, max_bytes).items()]
    copies += shared_photos({a: survey.fingerprints[a] for a in usable if a in survey.fingerprints})
    described = {asset_id: survey.descriptors[asset_id] for asset_id in usable if asset_id in survey.descriptors}
    return near_duplicates(described, copies)


def _halves(pool: RankedPool, twins: Mapping[str, str]) -> tuple[Sequence[str], Sequence[str]]:
    """Assets for training and for tests."""
    if pool.exhausted:
        return split_assets([*pool.test.usable, *pool.train.usable], twins)
    enough = pool.wanted["train"]
    return pool.train.usable[:enough], pool.test.usable + pool.train.usable[enough:]


def _kept_together(
    halves: Sequence[tuple[Sequence[str], Sequence[str]]], twins: Mapping[str, str]
) -> list[tuple[list[str], list[str]]]:
    """The assets with every group of near duplicates in one split: the test split, unless the group is too large."""
    in_train = Counter(twins.get(asset_id, asset_id) for train, _ in halves for asset_id in train)
    in_test = Counter(twins.get(asset_id, asset_id) for _, test in halves for asset_id in test)
    both = {group for group in in_test if group in in_train}
    crowds = {group for group in both if in_train[group] > max(1, in_test.total())}
    apart = []
    for train, test in halves:
        moved_to_test = [a for a in train if twins.get(a, a) in both - crowds]
        moved_to_train = [a for a in test if twins.get(a, a) in crowds]
        apart.append(
            (
                [a for a in train if a not in set(moved_to_test)] + moved_to_train,
                [a for a in test if a not in set(moved_to_train)] + moved_to_test,
            )
        )
    return apart


def _want_more(pools: Sequence[RankedPool], splits: Sequence[tuple[list[str], list[str]]]) -> bool:
    """Looks for more assets if moving near duplicates left a split with too few. Returns True if so."""
    more = False
    for pool, (train, test) in zip(pools, splits, strict=True):
        if pool.exhausted:
            continue
        for split, assets in (("train", train), ("test", test)):
            missing = pool.needed[split] - len(assets)
            if missing > 0:
                pool.wanted[split] += missing
                more = True
    return more


def _in_order(asset_ids: Sequence[str], places: np.ndarray) -> Iterator[str]:
    for place in places:
        yield asset_ids[int(place)]
