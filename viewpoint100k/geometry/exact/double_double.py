"""Sums and products without rounding error, as pairs of floats; for Python floats and for float64 arrays alike.

A pair (high, low) stands for high + low, with |low| at most half a unit in the last place of high (a "double-double").
Every function works on Python floats and on arrays with the same operations, so that both give the same bits.
Sources: Knuth, "The Art of Computer Programming" 2, 4.2.2; Dekker, Numerische Mathematik 18 (1971); Veltkamp's split.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Binary", "Floats", "Number", "Table", "Unary", "binary", "divide", "fast_two_sum", "multiply", "nearest"]
__all__ += ["root", "square_root", "squared", "two_product", "two_sum", "unary"]

Floats = NDArray[np.float64]
Number = TypeVar("Number", float, Floats)

_SPLITTER = 134217729.0  # 2**27 + 1
_SHIFT = 6755399441055744.0  # 1.5 * 2**52: a float64 of this size has no fraction
_BLOCK = 8192  # elements: the temporaries of one block stay in the cache
_FEW = 32  # elements: below it, one scalar call for each element is faster than the array operations


def nearest(x: Number) -> Number:
    """``x``, |x| < 2**51, rounded to the nearest integer, ties to even."""
    return (x + _SHIFT) - _SHIFT


def two_sum(a: Number, b: Number) -> tuple[Number, Number]:
    """a + b as a pair, exactly."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def fast_two_sum(a: Number, b: Number) -> tuple[Number, Number]:
    """a + b as a pair, exactly, where |a| >= |b| or a = 0."""
    total = a + b
    return total, b - (total - a)


def two_product(a: Number, b: Number | float) -> tuple[Number, Number]:
    """a * b as a pair, exactly, where neither factor exceeds 2**996 and nothing underflows."""
    scaled = a * _SPLITTER
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    b_scaled = b * _SPLITTER
    b_high = b_scaled - (b_scaled - b)
    b_low = b - b_high
    product = a * b
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def squared(a: Number) -> tuple[Number, Number]:
    """a * a as a pair: `two_product` of a number with itself."""
    scaled = a * _SPLITTER
    high = scaled - (scaled - a)
    low = a - high
    product = a * a
    return product, ((high * high - product) + 2.0 * (high * low)) + low * low


def multiply(a: Number, a_low: Number, b: float, b_low: float) -> tuple[Number, Number]:
    """The product of a pair and a constant pair."""
    product, error = two_product(a, b)
    return fast_two_sum(product, error + (a * b_low + a_low * b))


def divide(a: Number, a_low: Number, b: Number, b_low: Number) -> tuple[Number, Number]:
    """The quotient of two pairs, b > 0."""
    quotient = a / b
    product, error = two_product(quotient, b)
    return quotient, (((a - product) - error) + (a_low - quotient * b_low)) / b


def root(x: Number) -> Number:
    """The square root, which IEEE 754 rounds correctly."""
    if isinstance(x, float):
        return math.sqrt(x)
    return np.asarray(np.sqrt(x))


def square_root(a: Number, a_low: Number) -> tuple[Number, Number]:
    """The square root of a pair a > 0."""
    value = root(a)
    product, error = squared(value)
    return value, (((a - product) - error) + a_low) / (value + value)


class Table:
    """A table of pairs, read at integers that are given as floats."""

    def __init__(self, pairs: list[tuple[float, float]], first: int = 0) -> None:
        self._pairs = pairs
        self._high = np.array([high for high, _ in pairs])
        self._low = np.array([low for _, low in pairs])
        self._first = first

    def __call__(self, index: Number) -> tuple[Number, Number]:
        """The pairs at ``index``; NaN reads any entry."""
        if isinstance(index, float):
            return self._pairs[int(index) - self._first]
        place = index.astype(np.intp) - self._first
        return self._high.take(place, mode="clip"), self._low.take(place, mode="clip")


class Unary(Protocol):
    """A function of one number, elementwise."""

    @overload
    def __call__(self, x: float, /) -> float: ...
    @overload
    def __call__(self, x: ArrayLike, /) -> Floats: ...


class Binary(Protocol):
    """A function of two numbers, elementwise, with broadcasting."""

    @overload
    def __call__(self, x: float, y: float, /) -> float: ...
    @overload
    def __call__(self, x: ArrayLike, y: ArrayLike, /) -> Floats: ...


def unary(block: Callable[[Floats], Floats]) -> Callable[[Callable[[float], float]], Unary]:
    """Make a function of a Python float take arrays too; ``block`` is the same function on a flat array."""

    def decorate(scalar: Callable[[float], float]) -> Unary:
        @wraps(scalar)
        def function(x: ArrayLike) -> float | Floats:
            if isinstance(x, (float, int)):
                return scalar(float(x))
            values = np.asarray(x, dtype=np.float64)
            if values.ndim == 0:
                return scalar(float(values))
            if values.size <= _FEW:
                return np.array([scalar(v) for v in values.ravel().tolist()]).reshape(values.shape)
            return _in_blocks(block, [values.ravel()]).reshape(values.shape)

        return cast(Unary, function)

    return decorate


def binary(block: Callable[[Floats, Floats], Floats]) -> Callable[[Callable[[float, float], float]], Binary]:
    """Make a function of two Python floats take arrays too; ``block`` is the same function on flat arrays."""

    def decorate(scalar: Callable[[float, float], float]) -> Binary:
        @wraps(scalar)
        def function(x: ArrayLike, y: ArrayLike) -> float | Floats:
            if isinstance(x, (float, int)) and isinstance(y, (float, int)):
                return scalar(float(x), float(y))
            first, second = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
            if first.ndim == 0:
                return scalar(float(first), float(second))
            flat = [first.ravel(), second.ravel()]
            if first.size <= _FEW:
                values = [scalar(a, b) for a, b in zip(flat[0].tolist(), flat[1].tolist(), strict=True)]
                return np.array(values, dtype=np.float64).reshape(first.shape)
            return _in_blocks(block, flat).reshape(first.shape)

        return cast(Binary, function)

    return decorate


def _in_blocks(block: Callable[..., Floats], flat: list[Floats]) -> Floats:
    result = np.empty(flat[0].size)
    with np.errstate(all="ignore"):
        for start in range(0, result.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            result[part] = block(*(values[part] for values in flat))
    result[np.isnan(result)] = np.nan
    return result
