"""Assigns an asset to each use in a split: all equally often, with few changes if an asset is added or removed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from viewpoint100k.assets.ranking import Hashes, keyed

__all__ = ["drawn", "take_seats"]


def take_seats(asset_ids: Sequence[str], count: int, *key: str | int) -> tuple[int, ...]:
    """For each of ``count`` uses, the index of its asset in ``asset_ids``, which are in ranking order.

    If there are fewer assets than uses, all assets have the same number of uses, give or take one. If there are more,
    the first assets are used. Each asset in turn takes the first free place of its own random sequence (open addressing
    with uniform probing; Knuth, The Art of Computer Programming, volume 3, section 6.4). A new asset therefore
    displaces a few others, and all the rest keep their places.
    """
    if not asset_ids:
        return ()
    seats = [-1] * count
    for taken in range(count):
        repetition, place = divmod(taken, len(asset_ids))
        for seat in _probes(count, *key, asset_ids[place], repetition):
            if seats[seat] < 0:
                seats[seat] = place
                break
    return tuple(seats)


def drawn(hashes: Hashes, draw: int) -> int:
    """The index of the asset for a draw; each asset is equally likely.

    A new asset takes its own share of the draws and changes no other (rendezvous hashing; Thaler and
    Ravishankar 1998, "Using Name-Based Mappings to Increase Hit Rates").
    """
    return int(np.argmax(keyed(hashes, "draw", draw)))


def _probes(count: int, *key: str | int) -> Iterator[int]:
    """An endless random sequence of numbers below ``count``. (The bias of the remainder is below 1e-9.)"""
    name = "\x1f".join(str(part) for part in key).encode("utf-8", "surrogatepass")
    number = 0
    while True:
        digest = hashlib.blake2b(name, digest_size=64, salt=number.to_bytes(16, "little")).digest()
        for start in range(0, 64, 8):
            yield int.from_bytes(digest[start : start + 8], "little") % count
        number += 1
