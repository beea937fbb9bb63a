"""Sine, cosine, tangent and their inverses: see `viewpoint100k.geometry.exact` for what all of them promise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.geometry.exact.constants import (
    BITS,
    DEGREE,
    HALF_PI,
    HALF_PI_FIXED,
    HALF_PI_PARTS,
    PI,
    RADIAN,
    arctan_sixteenths,
    split_fixed,
)
from viewpoint100k.geometry.exact.double_double import (
    Floats,
    Number,
    Table,
    binary,
    divide,
    fast_two_sum,
    multiply,
    nearest,
    square_root,
    squared,
    two_product,
    two_sum,
    unary,
)

__all__ = ["acos", "asin", "atan", "atan2", "cos", "cos_deg", "degrees", "radians", "sin", "sin_deg", "sincos", "tan"]
__all__ += ["tan_deg"]

Integers = NDArray[np.int64]

_TWO_OVER_PI = 2 / PI[0]
_LARGEST = 800000.0  # its quotient by pi/2 has fewer than 20 bits, as the parts of pi/2 need
_FROM_RIGHT_ANGLE = float(2**44)  # degrees: above it the multiple of 90 is found by `fmod`, which is exact
_NEGLIGIBLE = 2.0**-60
_SMALL, _LARGE, _RAISE, _LOWER = 2.0**-500, 2.0**500, 2.0**600, 2.0**-600
_PART_1, _PART_2, _PART_3, _PART_4 = HALF_PI_PARTS
_S3, _S5, _S7, _S9, _S11, _S13, _S15, _S17 = ((n % 4 - 2) / -math.factorial(n) for n in range(3, 18, 2))
_C4, _C6, _C8, _C10, _C12, _C14, _C16, _C18 = ((1 - n % 4) / math.factorial(n) for n in range(4, 19, 2))
_T3, _T5, _T7, _T9, _T11, _T13 = -1 / 3, 1 / 5, -1 / 7, 1 / 9, -1 / 11, 1 / 13
_ARCTAN = Table(arctan_sixteenths())


def _reduced(x: Number) -> tuple[Number, Number, Number]:
    """(n, high, low): x = n pi/2 + high + low with |high| <= pi/4, for |x| <= `_LARGEST`.

    pi/2 is a sum of three parts of 33 bits and a rest; n times a part is exact (Cody and Waite 1980).
    """
    n = nearest(x * _TWO_OVER_PI)
    high, low = two_sum(x - n * _PART_1, -(n * _PART_2))
    high, low = two_sum(high, low - n * _PART_3)
    return n, high, low - n * _PART_4


def _reduced_large(x: float) -> tuple[float, float, float]:
    """`_reduced` for any finite ``x``, in integers, with n modulo 4."""
    numerator, denominator = x.as_integer_ratio()
    fixed = (numerator << BITS) // denominator
    n = (2 * fixed + HALF_PI_FIXED) // (2 * HALF_PI_FIXED)
    return float(n & 3), *split_fixed(fixed - n * HALF_PI_FIXED)


def _reduced_deg(x: Number) -> tuple[Number, Number, Number]:
    """`_reduced` of ``x`` degrees, for |x| <= `_FROM_RIGHT_ANGLE`: what is left of a multiple of 90 is exact."""
    n = nearest(x / 90.0)
    away = x - n * 90.0
    high, low = multiply(away, away * 0.0, *DEGREE)
    return n, high, low


def _sine(high: Number, low: Number) -> tuple[Number, Number]:
    """The sine of high + low, |high| <= pi/4, as an unrounded sum: the Taylor series up to the power 17."""
    z = high * high
    series = _S9 + z * (_S11 + z * (_S13 + z * (_S15 + z * _S17)))
    return high, low * (1.0 - 0.5 * z) + high * z * (_S3 + z * (_S5 + z * (_S7 + z * series)))


def _cosine(high: Number, low: Number) -> tuple[Number, Number]:
    """The cosine of high + low, |high| <= pi/4, as an unrounded sum: the Taylor series up to the power 18."""
    z, z_low = squared(high)
    half = 0.5 * z
    main = 1.0 - half
    series = _C10 + z * (_C12 + z * (_C14 + z * (_C16 + z * _C18)))
    return main, ((1.0 - main) - half) + (
        z * z * (_C4 + z * (_C6 + z * (_C8 + z * series))) - (high * low + 0.5 * z_low)
    )


def _reduced_scalar(x: float) -> tuple[int, float, float]:
    n, high, low = _reduced(x) if -_LARGEST <= x <= _LARGEST else _reduced_large(x)
    return int(n), high, low


def _reduced_scalar_deg(x: float) -> tuple[int, float, float]:
    n, high, low = _reduced_deg(x if -_FROM_RIGHT_ANGLE <= x <= _FROM_RIGHT_ANGLE else math.fmod(x, 360.0))
    return int(n), high, low


def _reduced_block(x: Floats) -> tuple[Integers, Floats, Floats]:
    n, high, low = _reduced(x)
    within = np.abs(x) <= _LARGEST
    if not within.all():
        for place in np.flatnonzero(~within):
            value = float(x[place])
            n[place], high[place], low[place] = _reduced_large(value) if math.isfinite(value) else (0.0, np.nan, 0.0)
    return n.astype(np.int64), high, low


def _reduced_block_deg(x: Floats) -> tuple[Integers, Floats, Floats]:
    n, high, low = _reduced_deg(np.where(np.abs(x) <= _FROM_RIGHT_ANGLE, x, np.fmod(x, 360.0)))
    finite = np.isfinite(x)
    return np.where(finite, n, 0.0).astype(np.int64), np.where(finite, high, np.nan), low


def _turned_sine(n: int, high: float, low: float) -> float:
    main, rest = _cosine(high, low) if n & 1 else _sine(high, low)
    return -(main + rest) if n & 2 else main + rest


def _turned_sine_block(n: Integers, high: Floats, low: Floats) -> Floats:
    (cosine, cosine_rest), (sine, sine_rest) = _cosine(high, low), _sine(high, low)
    result = np.where(n & 1, cosine + cosine_rest, sine + sine_rest)
    np.negative(result, out=result, where=(n & 2) != 0)
    return result


def _turned_tangent(n: int, high: float, low: float) -> float:
    sine, cosine = fast_two_sum(*_sine(high, low)), fast_two_sum(*_cosine(high, low))
    if n & 1 == 0:
        main, rest = divide(*sine, *cosine)
        return main + rest
    if sine[0] == 0:
        return -math.inf if n & 2 else math.inf
    main, rest = divide(*cosine, *sine)
    return -(main + rest)


def _turned_tangent_block(n: Integers, high: Floats, low: Floats) -> Floats:
    sine, cosine = fast_two_sum(*_sine(high, low)), fast_two_sum(*_cosine(high, low))
    even = n & 1 == 0
    above, above_low, below, below_low = (
        np.where(even, first, second) for first, second in zip((*sine, *cosine), (*cosine, *sine), strict=True)
    )
    main, rest = divide(above, above_low, below, below_low)
    result = main + rest
    np.negative(result, out=result, where=~even)
    return np.where(below == 0, np.where(n & 2, -np.inf, np.inf), result)


@unary(lambda x: np.where(x == 0, x, _turned_sine_block(*_reduced_block(x))))
def sin(x: float) -> float:
    """Sine of ``x`` radians."""
    if x == 0 or not math.isfinite(x):
        return x if x == 0 else math.nan
    return _turned_sine(*_reduced_scalar(x))


def _cos_block(x: Floats) -> Floats:
    n, high, low = _reduced_block(x)
    return _turned_sine_block(n + 1, high, low)


@unary(_cos_block)
def cos(x: float) -> float:
    """Cosine of ``x`` radians."""
    if not math.isfinite(x):
        return math.nan
    n, high, low = _reduced_scalar(x)
    return _turned_sine(n + 1, high, low)


@overload
def sincos(x: float, /) -> tuple[float, float]: ...
@overload
def sincos(x: ArrayLike, /) -> tuple[Floats, Floats]: ...
def sincos(x: ArrayLike, /) -> tuple[float | Floats, float | Floats]:
    """(sine, cosine) of ``x`` radians."""
    return sin(x), cos(x)


@unary(lambda x: np.where(x == 0, x, _turned_tangent_block(*_reduced_block(x))))
def tan(x: float) -> float:
    """Tangent of ``x`` radians."""
    if x == 0 or not math.isfinite(x):
        return x if x == 0 else math.nan
    return _turned_tangent(*_reduced_scalar(x))


def _with_small_deg(x: Floats, result: Floats) -> Floats:
    """``result``, with the angles themselves where they are too small for products of pairs."""
    return np.where(np.abs(x) < _SMALL, np.where(x == 0, x, _converted(x, DEGREE)), result + 0.0)


@unary(lambda x: _with_small_deg(x, _turned_sine_block(*_reduced_block_deg(x))))
def sin_deg(x: float) -> float:
    """Sine of ``x`` degrees; exact at the multiples of 30, and never -0.0 for another angle than -0.0."""
    if abs(x) < _SMALL or not math.isfinite(x):
        return radians(x) if abs(x) < _SMALL else math.nan
    return _turned_sine(*_reduced_scalar_deg(x)) + 0.0


def _cos_deg_block(x: Floats) -> Floats:
    n, high, low = _reduced_block_deg(x)
    return _turned_sine_block(n + 1, high, low) + 0.0


@unary(_cos_deg_block)
def cos_deg(x: float) -> float:
    """Cosine of ``x`` degrees; exact at the multiples of 30, and never -0.0."""
    if not math.isfinite(x):
        return math.nan
    n, high, low = _reduced_scalar_deg(x)
    return _turned_sine(n + 1, high, low) + 0.0


@unary(lambda x: _with_small_deg(x, _turned_tangent_block(*_reduced_block_deg(x))))
def tan_deg(x: float) -> float:
    """Tangent of ``x`` degrees; exact at the multiples of 45, infinite at 90 (positive) and 270 (negative)."""
    if abs(x) < _SMALL or not math.isfinite(x):
        return radians(x) if abs(x) < _SMALL else math.nan
    return _turned_tangent(*_reduced_scalar_deg(x)) + 0.0


def _octant(y: Number, y_low: Number, x: Number, x_low: Number) -> tuple[Number, Number]:
    """The angle of the pairs (x, y), 0 <= y <= x, as a pair.

    With c the multiple of 1/16 that is nearest to y / x, the angle is arctan c + arctan((y - c x) / (x + c y)). The
    first comes from a table and the second from the Taylor series up to the power 13 (Muller 2016, chapter 11).
    """
    c = nearest(16.0 * (y / x)) * 0.0625
    product, error = two_product(x, c)
    above, above_low = two_sum(y, -product)
    above_low = (above_low - error) + (y_low - c * x_low)
    product, error = two_product(y, c)
    below, below_low = fast_two_sum(x, product)
    below_low = (below_low + error) + (x_low + c * y_low)
    t, t_low = divide(above, above_low, below, below_low)
    z = t * t
    tail = t * z * (_T3 + z * (_T5 + z * (_T7 + z * (_T9 + z * (_T11 + z * _T13)))))
    table, table_low = _ARCTAN(c * 16.0)
    angle, rest = fast_two_sum(table, t)
    return angle, rest + (table_low + (t_low + tail))


def _scale(largest: Number) -> Number:
    """A power of two that keeps products of numbers of this size from overflow and underflow."""
    if isinstance(largest, float):
        return _LOWER if largest > _LARGE else _RAISE if largest < _SMALL else 1.0
    return np.where(largest > _LARGE, _LOWER, np.where(largest < _SMALL, _RAISE, 1.0))


def _half_turn(y: float, y_low: float, x: float, x_low: float, *, left: bool) -> tuple[float, float]:
    """The angle of the pairs (x, y), both finite and >= 0 and not both 0, or of (-x, y) where ``left``; a pair."""
    steep = y > x
    small, small_low, large, large_low = (x, x_low, y, y_low) if steep else (y, y_low, x, x_low)
    if small < large * _NEGLIGIBLE:
        angle, rest = small / large, 0.0
    else:
        scale = _scale(large)
        angle, rest = _octant(small * scale, small_low * scale, large * scale, large_low * scale)
    if steep:
        angle, error = fast_two_sum(HALF_PI[0], -angle)
        rest = error + (HALF_PI[1] - rest)
    if left:
        angle, error = fast_two_sum(PI[0], -angle)
        rest = error + (PI[1] - rest)
    return angle, rest


def _half_turn_block(y: Floats, y_low: Floats, x: Floats, x_low: Floats, left: NDArray[np.bool_]) -> Floats:
    """The rounded angles of `_half_turn`."""
    steep = y > x
    small, large = np.where(steep, x, y), np.where(steep, y, x)
    scale = _scale(large)
    lows = np.where(steep, x_low, y_low) * scale, np.where(steep, y_low, x_low) * scale
    tiny = small < large * _NEGLIGIBLE
    angle, rest = _octant(small * scale, lows[0], large * scale, lows[1])
    angle, rest = np.where(tiny, small / large, angle), np.where(tiny, 0.0, rest)
    for turned, (whole, whole_low) in ((steep, HALF_PI), (left, PI)):
        other = whole - angle
        error = -angle - (other - whole)
        angle, rest = np.where(turned, other, angle), np.where(turned, error + (whole_low - rest), rest)
    return angle + rest


def _atan2_block(y: Floats, x: Floats) -> Floats:
    above, right = np.abs(y), np.abs(x)
    above_infinite, right_infinite = np.isinf(above), np.isinf(right)
    infinite = above_infinite | right_infinite
    nowhere = (above == 0) & (right == 0)
    above = np.where(infinite, np.where(np.isnan(above), above, above_infinite), above)
    right = np.where(infinite, np.where(np.isnan(right), right, right_infinite), np.where(nowhere, 1.0, right))
    zero = np.zeros_like(above)
    return np.copysign(_half_turn_block(above, zero, right, zero, np.signbit(x)), y)


@binary(_atan2_block)
def atan2(y: float, x: float) -> float:
    """Angle in radians of the point (x, y), from -pi to pi, with C99's results for zeros and infinities."""
    if math.isnan(y) or math.isnan(x):
        return math.nan
    above, right = abs(y), abs(x)
    if math.isinf(above) or math.isinf(right):
        above, right = float(math.isinf(above)), float(math.isinf(right))
    elif above == right == 0:
        right = 1.0
    angle, rest = _half_turn(above, 0.0, right, 0.0, left=math.copysign(1.0, x) < 0)
    return math.copysign(angle + rest, y)


@unary(lambda x: _atan2_block(x, np.ones_like(x)))
def atan(x: float) -> float:
    """Inverse tangent in radians."""
    return atan2(x, 1.0)


def _other_leg(a: Number) -> tuple[Number, Number]:
    """sqrt((1 - a) (1 + a)) as a pair, 0 <= a < 1."""
    one = a * 0.0 + 1.0
    less, less_low = fast_two_sum(one, -a)
    more, more_low = fast_two_sum(one, a)
    product, error = two_product(less, more)
    return square_root(product, error + (less * more_low + less_low * more))


def _asin_block(x: Floats) -> Floats:
    a = np.abs(x)
    leg, leg_low = _other_leg(a)
    edge = a == 1
    angle = _half_turn_block(
        a, np.zeros_like(a), np.where(edge, 0.0, leg), np.where(edge, 0.0, leg_low), np.zeros(a.shape, dtype=bool)
    )
    return np.copysign(angle, x)


@unary(_asin_block)
def asin(x: float) -> float:
    """Inverse sine in radians; NaN outside [-1, 1]."""
    a = abs(x)
    if not a <= 1:
        return math.nan
    leg, leg_low = _other_leg(a) if a < 1 else (0.0, 0.0)
    angle, rest = _half_turn(a, 0.0, leg, leg_low, left=False)
    return math.copysign(angle + rest, x)


def _acos_block(x: Floats) -> Floats:
    a = np.abs(x)
    leg, leg_low = _other_leg(a)
    edge = a == 1
    return _half_turn_block(np.where(edge, 0.0, leg), np.where(edge, 0.0, leg_low), a, np.zeros_like(a), x < 0)


@unary(_acos_block)
def acos(x: float) -> float:
    """Inverse cosine in radians; NaN outside [-1, 1]."""
    a = abs(x)
    if not a <= 1:
        return math.nan
    leg, leg_low = _other_leg(a) if a < 1 else (0.0, 0.0)
    angle, rest = _half_turn(leg, leg_low, a, 0.0, left=x < 0)
    return angle + rest


def _converted(x: Number, factor: tuple[float, float]) -> Number:
    """``x`` times a constant pair, rounded once; ``x`` finite."""
    scale = _scale(abs(x))
    product, rest = multiply(x * scale, x * 0.0, *factor)
    return (product + rest) / scale


def _converted_block(factor: tuple[float, float]) -> Callable[[Floats], Floats]:
    return lambda x: np.where(np.isfinite(x) & (x != 0), _converted(x, factor), x)


@unary(_converted_block(DEGREE))
def radians(x: float) -> float:
    """``x`` degrees in radians."""
    return _converted(x, DEGREE) if math.isfinite(x) and x != 0 else x


@unary(_converted_block(RADIAN))
def degrees(x: float) -> float:
    """``x`` radians in degrees."""
    return _converted(x, RADIAN) if math.isfinite(x) and x != 0 else x
