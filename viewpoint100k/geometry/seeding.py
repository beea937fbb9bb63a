"""Derives seeds from names, so that each part of a build can be rebuilt alone, in any order, on any machine."""

from __future__ import annotations

import hashlib

import numpy as np

from viewpoint100k.geometry import exact

__all__ = ["derive_seed", "generator"]


def derive_seed(*parts: str | int) -> int:
    """A 63-bit seed that depends on every part and on the order of the parts; the same on every machine."""
    name = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


def generator(*parts: str | int) -> np.random.Generator:
    """A separate random generator for the thing that ``parts`` name."""
    return exact.ExactGenerator(np.random.PCG64(derive_seed(*parts)))
