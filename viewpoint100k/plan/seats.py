"""Which asset each visit of a split goes to: all alike often, and hardly any other where an asset comes or goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from viewpoint100k.assets.ranking import Hashes, keyed

__all__ = ["drawn", "take_seats"]


def take_seats(asset_ids: Sequence[str], count: int, *key: str | int) -> tuple[int, ...]:
    """For each of ``count`` visits the place of its asset in ``asset_ids``, which are in the order of their rank.

    Where there are fewer assets than visits, each is visited as often as any other, give or take one; where there are
    more, the first are visited. One after the other they take the first free visit of a random sequence of their own
    (open addressing with uniform probing; Knuth, The Art of Computer Programming, volume 3, section 6.4). An asset that
    is added thus displaces a few others, and all the rest stay where they are.
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
    """The place of the asset that a draw falls on, each as likely as another.

    An asset that is added takes its own share of the draws and changes no other (rendezvous hashing; Thaler and
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
