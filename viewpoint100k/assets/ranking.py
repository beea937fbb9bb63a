"""Ranks assets by a hash of their ids, so that adding or removing assets does not reorder the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.geometry.seeding import derive_seed

__all__ = ["id_hashes", "keyed"]

Hashes = NDArray[np.uint64]


def id_hashes(asset_ids: Iterable[str]) -> Hashes:
    """(n,): the first 8 bytes of each id's SHA-256 as a big-endian number, so that they sort like the whole digests."""
    digests = bytearray()  # One buffer: a list of ten million digests would take six times its memory.
    for asset_id in asset_ids:
        digests += hashlib.sha256(asset_id.encode("utf-8", "surrogatepass")).digest()[:8]
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


def keyed(hashes: Hashes, *key: str | int) -> Hashes:
    """(n,): new hashes of the same assets that also depend on ``key``.

    The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom
    Number Generators"): each input bit changes half of the output bits.
    """
    mixed = hashes ^ np.uint64(derive_seed(*key))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
