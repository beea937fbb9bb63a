"""Shares of a whole as counts, and endless streams in which all values are equally frequent."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from viewpoint100k.geometry import exact

__all__ = ["apportion", "cycle", "shuffled_rounds"]

T = TypeVar("T")


def apportion(rng: np.random.Generator, weights: Mapping[str, float], total: int) -> list[str]:
    """``total`` names, grouped, each as often as its weight says; remaining fractions are drawn at random."""
    names = sorted(weights)
    listed = np.array([weights[name] for name in names])
    shares = listed / exact.total(listed) * total
    counts = np.floor(shares + 1e-9).astype(int)
    left_over = np.maximum(shares - counts, 0)
    for _ in range(total - int(counts.sum())):
        chosen = exact.weighted_choice(rng, left_over)
        counts[chosen] += 1
        left_over[chosen] = 0
    return [name for name, count in zip(names, counts, strict=True) for _ in range(count)]


def cycle(rng: np.random.Generator, values: Sequence[T]) -> Iterator[T]:
    """Endless values: one random order, repeated. In any run, the counts differ by at most one."""
    return itertools.cycle([values[i] for i in rng.permutation(len(values))])


def shuffled_rounds(rng: np.random.Generator, values: Sequence[T]) -> Iterator[T]:
    """Endless values in rounds of all of them, each round in a new order, so that two such streams never align."""
    first = [values[i] for i in rng.permutation(len(values))]
    further = (values[i] for _ in itertools.count() for i in rng.permutation(len(values)))
    return itertools.chain(first, further)
