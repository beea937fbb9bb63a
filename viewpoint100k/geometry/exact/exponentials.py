"""Exponentials, logarithms, powers and roots: see `viewpoint100k.geometry.exact` for what all of them promise."""

from __future__ import annotations

import math

import numpy as np

from viewpoint100k.geometry.exact.constants import (
    LN2,
    LN2_PARTS,
    LN2_SIXTEENTH_PARTS,
    LOG2_E,
    LOG10_E,
    THIRD,
    log_sixty_fourths,
    powers_of_two_sixteenths,
)
from viewpoint100k.geometry.exact.double_double import (
    Floats,
    Number,
    Table,
    binary,
    fast_two_sum,
    multiply,
    nearest,
    square_root,
    squared,
    two_product,
    two_sum,
    unary,
)

__all__ = ["cbrt", "exp", "exp2", "hypot", "log", "log2", "log10", "power"]

_SIXTEEN_OVER_LN2 = 16 / LN2[0]
_STEP_1, _STEP_2, _STEP_3 = LN2_SIXTEENTH_PARTS
_LN2_1, _LN2_2 = LN2_PARTS
_FARTHEST = 800.0  # exp of it overflows, exp of its opposite vanishes
_E3, _E4, _E5, _E6, _E7, _E8 = (1 / math.factorial(n) for n in range(3, 9))
_L3, _L5, _L7, _L9 = 1 / 3, 1 / 5, 1 / 7, 1 / 9
_POWERS = Table(powers_of_two_sixteenths())
_LOGS = Table(log_sixty_fourths(), first=45)
_HALF_ROOT = math.sqrt(0.5)
_NEGLIGIBLE = 2.0**-60
_SMALL, _LARGE, _RAISE, _LOWER = 2.0**-480, 2.0**480, 2.0**540, 2.0**-540
_HUGE_POWER = 2.0**66


def _grown(n: Number, rest: Number, low: Number) -> Number:
    """2 ** (n / 16) exp(rest + low), for an integer |n| < 2**15 and |rest| below 0.03.

    2 ** (n / 16) is a power of two times an entry of a table (Tang 1989); the Taylor series goes up to the power 8.
    """
    series = 0.5 + rest * (_E3 + rest * (_E4 + rest * (_E5 + rest * (_E6 + rest * (_E7 + rest * _E8)))))
    growth = rest + (low + rest * rest * series)
    whole = floored(n * 0.0625)
    table, table_low = _POWERS(n - 16.0 * whole)
    return scaled(table + (table_low + table * growth), whole)


def floored(x: Number) -> Number:
    """The largest integer that is not above ``x``."""
    return float(math.floor(x)) if isinstance(x, float) else np.floor(x)


def scaled(x: Number, exponent: Number) -> Number:
    """``x`` times 2 ** exponent, for an integer |exponent| < 2000 and x around 1; rounded once."""
    half = floored(exponent * 0.5)
    if isinstance(x, float):
        return x * math.ldexp(1.0, int(half)) * math.ldexp(1.0, int(exponent - half))
    return x * np.ldexp(1.0, half.astype(np.int32)) * np.ldexp(1.0, (exponent - half).astype(np.int32))


def _exp_pair(high: Number, low: Number) -> Number:
    """exp(high + low), |high| <= `_FARTHEST`: the nearest multiple of ln 2 / 16 is taken off in three parts."""
    n = nearest(high * _SIXTEEN_OVER_LN2)
    rest, error = two_sum(high - n * _STEP_1, -(n * _STEP_2))
    rest, error = two_sum(rest, (error - n * _STEP_3) + low)
    return _grown(n, rest, error)


def _log_pair(mantissa: Number, exponent: Number) -> tuple[Number, Number]:
    """log(mantissa 2**exponent) as a pair, mantissa in [sqrt(1/2), sqrt(2)).

    With c the nearest multiple of 1/64, log m is log c, from a table, and 2 artanh((m - c) / (m + c)), by its Taylor
    series up to the power 9 (Tang 1990).
    """
    place = nearest(mantissa * 64.0)
    c = place * 0.015625
    above = mantissa - c
    below, below_low = two_sum(mantissa, c)
    t = above / below
    product, error = two_product(t, below)
    t_low = ((above - product) - error - t * below_low) / below
    twice, z = t + t, t * t
    tail = (t_low + t_low) + twice * (z * (_L3 + z * (_L5 + z * (_L7 + z * _L9))))
    table, table_low = _LOGS(place)
    inner, inner_error = fast_two_sum(table, twice)
    total, total_error = fast_two_sum(exponent * _LN2_1, inner)
    rest = (total_error + inner_error) + (table_low + exponent * _LN2_2 + tail)
    return fast_two_sum(total, rest)


def _parts(x: float) -> tuple[float, float]:
    """(mantissa in [sqrt(1/2), sqrt(2)), exponent) of a positive number."""
    mantissa, exponent = math.frexp(x)
    return (mantissa * 2.0, exponent - 1.0) if mantissa < _HALF_ROOT else (mantissa, float(exponent))


def _parts_block(x: Floats) -> tuple[Floats, Floats]:
    mantissa, exponent = np.frexp(x)
    low = mantissa < _HALF_ROOT
    return np.where(low, mantissa * 2.0, mantissa), exponent - low.astype(np.float64)


@unary(lambda x: _exp_pair(np.clip(x, -_FARTHEST, _FARTHEST), np.zeros_like(x)))
def exp(x: float) -> float:
    """e to the power ``x``."""
    if math.isnan(x):
        return math.nan
    return _exp_pair(min(max(x, -_FARTHEST), _FARTHEST), 0.0)


def _exp2_inner(x: Number) -> Number:
    n = nearest(x * 16.0)
    rest, low = multiply(x - n * 0.0625, x * 0.0, *LN2)
    return _grown(n, rest, low)


@unary(lambda x: _exp2_inner(np.clip(x, -1200.0, 1200.0)))
def exp2(x: float) -> float:
    """2 to the power ``x``; exact where ``x`` is an integer."""
    if math.isnan(x):
        return math.nan
    return _exp2_inner(min(max(x, -1200.0), 1200.0))


def _outside_logs(x: Floats, result: Floats) -> Floats:
    """``result`` with the logarithms of what is not positive and finite."""
    return np.where((x > 0) & (x < np.inf), result, np.where(x == 0, -np.inf, np.where(x > 0, x, np.nan)))


def _outside_log(x: float) -> float:
    return -math.inf if x == 0 else x if x > 0 else math.nan


@unary(lambda x: _outside_logs(x, _log_pair(*_parts_block(x))[0]))
def log(x: float) -> float:
    """Natural logarithm of ``x``; minus infinity at 0 and NaN below."""
    return _log_pair(*_parts(x))[0] if 0 < x < math.inf else _outside_log(x)


def _log2_inner(mantissa: Number, exponent: Number) -> Number:
    fraction, low = multiply(*_log_pair(mantissa, exponent * 0.0), *LOG2_E)
    total, error = fast_two_sum(exponent, fraction)
    return total + (error + low)


@unary(lambda x: _outside_logs(x, _log2_inner(*_parts_block(x))))
def log2(x: float) -> float:
    """Logarithm of ``x`` to base 2; exact at powers of two."""
    return _log2_inner(*_parts(x)) if 0 < x < math.inf else _outside_log(x)


def _log10_inner(mantissa: Number, exponent: Number) -> Number:
    main, low = multiply(*_log_pair(mantissa, exponent), *LOG10_E)
    return main + low


@unary(lambda x: _outside_logs(x, _log10_inner(*_parts_block(x))))
def log10(x: float) -> float:
    """Logarithm of ``x`` to base 10; exact at powers of ten."""
    return _log10_inner(*_parts(x)) if 0 < x < math.inf else _outside_log(x)


def _power_positive(x: float, y: float) -> float:
    """x ** y for finite x > 0 and |y| <= `_HUGE_POWER`."""
    logarithm, logarithm_low = _log_pair(*_parts(x))
    product, error = two_product(logarithm, y)
    if not abs(product) <= _FARTHEST:
        return math.inf if product > 0 else 0.0
    return _exp_pair(product, error + logarithm_low * y)


def _power_block(x: Floats, y: Floats) -> Floats:
    base = np.abs(x)
    logarithm, logarithm_low = _log_pair(*_parts_block(base))
    limited = np.clip(y, -_HUGE_POWER, _HUGE_POWER)
    product, error = two_product(logarithm, limited)
    far = np.abs(product) > _FARTHEST
    result = _exp_pair(np.where(far, 0.0, product), np.where(far, 0.0, error + logarithm_low * limited))
    result = np.where(far, np.where(product > 0, np.inf, 0.0), result)
    edge = (base == 0) | (base == np.inf)
    result = np.where(edge, np.where((base == 0) == (y > 0), 0.0, np.inf), result)
    whole = np.floor(y) == y
    odd = whole & (np.abs(y) < 2.0**53) & (np.floor(y * 0.5) * 2 != y)
    result = np.where(np.signbit(x), np.where(odd, -result, np.where(whole | edge, result, np.nan)), result)
    result = np.where((base == 1) & np.isinf(y), 1.0, result)
    result = np.where(np.isnan(x) | np.isnan(y), np.nan, result)
    return np.where((x == 1) | (y == 0), 1.0, result)


@binary(_power_block)
def power(x: float, y: float) -> float:
    """``x`` to the power ``y``, with C99's results: 1 for y = 0, NaN for x < 0 with a fractional y."""
    if x == 1 or y == 0:
        return 1.0
    if math.isnan(x) or math.isnan(y):
        return math.nan
    base = abs(x)
    if base == 1 and math.isinf(y):
        return 1.0
    edge = base == 0 or math.isinf(base)
    if edge:
        result = 0.0 if (base == 0) == (y > 0) else math.inf
    else:
        result = _power_positive(base, min(max(y, -_HUGE_POWER), _HUGE_POWER))
    if math.copysign(1.0, x) > 0:
        return result
    whole = math.isinf(y) or math.floor(y) == y
    if whole and abs(y) < 2.0**53 and int(y) % 2:
        return -result
    return result if whole or edge else math.nan


def _cbrt_inner(mantissa: Number, exponent: Number) -> Number:
    return _exp_pair(*multiply(*_log_pair(mantissa, exponent), *THIRD))


@unary(lambda x: np.where((x != 0) & np.isfinite(x), np.copysign(_cbrt_inner(*_parts_block(np.abs(x))), x), x))
def cbrt(x: float) -> float:
    """Cube root of ``x``; exact at cubes."""
    return math.copysign(_cbrt_inner(*_parts(abs(x))), x) if x != 0 and math.isfinite(x) else x


def _hypot_pair(small: Number, large: Number) -> Number:
    """sqrt(small**2 + large**2) where neither square overflows or underflows."""
    square, error = squared(large)
    other, other_error = squared(small)
    total, total_error = fast_two_sum(square, other)
    value, rest = square_root(total, total_error + (error + other_error))
    return value + rest


def _hypot_block(x: Floats, y: Floats) -> Floats:
    small, large = np.minimum(np.abs(x), np.abs(y)), np.maximum(np.abs(x), np.abs(y))
    scale = np.where(large > _LARGE, _LOWER, np.where(large < _SMALL, _RAISE, 1.0))
    result = np.where(small <= large * _NEGLIGIBLE, large, _hypot_pair(small * scale, large * scale) / scale)
    return np.where(np.isinf(x) | np.isinf(y), np.inf, result)


@binary(_hypot_block)
def hypot(x: float, y: float) -> float:
    """sqrt(x**2 + y**2) without overflow or underflow on the way."""
    if math.isinf(x) or math.isinf(y):
        return math.inf
    if math.isnan(x) or math.isnan(y):
        return math.nan
    small, large = sorted((abs(x), abs(y)))
    if small <= large * _NEGLIGIBLE:
        return large
    scale = _LOWER if large > _LARGE else _RAISE if large < _SMALL else 1.0
    return _hypot_pair(small * scale, large * scale) / scale
