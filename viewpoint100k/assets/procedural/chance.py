"""Random choices of families, from a seeded stream."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from viewpoint100k.geometry import exact

__all__ = ["Random", "chance", "pick", "seeded", "side"]

Random = np.random.Generator
T = TypeVar("T")


def seeded(text: str) -> Random:
    """A stream of random numbers that follows from ``text`` alone, in every process and on every machine."""
    digest = hashlib.sha256(text.encode()).digest()
    return exact.ExactGenerator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


def pick(random: Random, options: Sequence[T]) -> T:
    """One of ``options``, each as likely as another."""
    return options[int(random.integers(len(options)))]


def chance(random: Random, probability: float) -> bool:
    """True this often."""
    return bool(random.random() < probability)


def side(random: Random) -> int:
    """1 for left (+Y) or -1 for right."""
    return 1 if random.random() < 0.5 else -1
