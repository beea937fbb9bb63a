"""Draws from NumPy generators whose every bit is the same on every machine.

The integers and ``generator.random`` are. What NumPy derives from them is not always: `Generator.normal` calls libm in
its tails, and a compiler may fuse the multiplication and the addition of `Generator.uniform` where the CPU can.
`ExactGenerator` is a NumPy generator with these methods replaced, so that the code that draws stays as it is.
"""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.geometry.exact.algebra import cumulative
from viewpoint100k.geometry.exact.exponentials import log
from viewpoint100k.geometry.exact.trigonometry import sincos

__all__ = ["ExactGenerator", "standard_normal", "uniform", "weighted_choice"]

Floats = NDArray[np.float64]


Size = int | tuple[int, ...] | None


@overload
def uniform(generator: np.random.Generator, low: float = 0.0, high: float = 1.0, size: None = None) -> float: ...
@overload
def uniform(
    generator: np.random.Generator, low: ArrayLike = 0.0, high: ArrayLike = 1.0, size: Size = None
) -> Floats: ...
def uniform(
    generator: np.random.Generator, low: ArrayLike = 0.0, high: ArrayLike = 1.0, size: Size = None
) -> float | Floats:
    """Numbers between ``low`` and ``high``: those that ``generator.uniform(low, high, size)`` gives on x86-64.

    A Python float where ``low`` and ``high`` are numbers and ``size`` is None.
    """
    if size is None and isinstance(low, (int, float)) and isinstance(high, (int, float)):
        return float(low) + (float(high) - float(low)) * generator.random()
    start, end = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    shape = np.broadcast_shapes(start.shape, end.shape) if size is None else size
    return np.add(start, (end - start) * generator.random(shape))


def standard_normal(generator: np.random.Generator, size: int | tuple[int, ...]) -> Floats:
    """Numbers of the standard normal distribution, in an array of this shape (Box and Muller 1958).

    They are not the numbers of ``generator.standard_normal``.
    """
    count = math.prod(size) if isinstance(size, tuple) else size
    first, second = generator.random((2, (count + 1) // 2))
    radius = np.sqrt(-2.0 * log(1.0 - first))
    sines, cosines = sincos(2.0 * math.pi * second)
    return np.stack([radius * cosines, radius * sines], axis=-1).ravel()[:count].reshape(size)


def weighted_choice(generator: np.random.Generator, weights: ArrayLike) -> int:
    """An index into ``weights`` (n,), none negative, drawn with a probability in proportion to the weight.

    Raises ``ValueError`` where the weights are no such numbers or all are 0.
    """
    shares = np.asarray(weights, dtype=np.float64)
    sums = cumulative(shares)
    if shares.ndim != 1 or len(shares) == 0 or not ((shares >= 0) & np.isfinite(shares)).all() or not sums[-1] > 0:
        raise ValueError("weights must be a row of finite numbers, none negative and one positive")
    index = int(np.searchsorted(sums, generator.random() * sums[-1], side="right"))
    return min(index, int(np.flatnonzero(shares)[-1]))


class ExactGenerator(np.random.Generator):
    """A NumPy generator whose `uniform`, `standard_normal` and `normal` are the same on every machine.

    Integers, `random`, `permutation` and `choice` are so by themselves. `uniform` draws the numbers that NumPy
    draws on x86-64; the normal numbers are others than NumPy's.
    """

    def uniform(  # type: ignore[override]
        self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, size: Size = None
    ) -> Any:
        """See the function `uniform`."""
        return uniform(self, low, high, size)

    def standard_normal(self, size: Size = None) -> Any:  # type: ignore[override]
        """See the function `standard_normal`; one float where ``size`` is None."""
        return float(standard_normal(self, 1)[0]) if size is None else standard_normal(self, size)

    def normal(  # type: ignore[override]
        self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, size: Size = None
    ) -> Any:
        """Standard normal numbers times ``scale`` plus ``loc``, in an array of the shape ``size``, or one number."""
        return np.add(loc, np.multiply(scale, self.standard_normal(size)))
