"""Constants and tables of the exact functions, worked out in integers when the module is imported.

Each constant is a fixed-point integer with `BITS` fractional bits, from the series of the inverse tangent and the
inverse hyperbolic tangent of small ratios (Machin 1706 for pi) and from integer square roots. Integers are exact, and
Python rounds a quotient of two integers correctly, so the floats are the same on every machine.
"""

from __future__ import annotations

import math

__all__ = [
    "BITS",
    "DEGREE",
    "HALF_PI",
    "HALF_PI_FIXED",
    "HALF_PI_PARTS",
    "LN2",
    "LN2_PARTS",
    "LN2_SIXTEENTH_PARTS",
    "LOG2_E",
    "LOG10_E",
    "PI",
    "RADIAN",
    "THIRD",
    "arctan_sixteenths",
    "log_sixty_fourths",
    "powers_of_two_sixteenths",
    "split_fixed",
]

BITS = 1300
"""Fractional bits: enough to reduce the largest float64, 2**1024, by pi/2 with 200 bits to spare."""

_ONE = 1 << BITS


def _series(numerator: int, denominator: int, sign: int) -> int:
    """Fixed-point sum of sign**j t**(2j+1) / (2j+1), t = numerator / denominator >= 0: arctan (-1) or artanh (+1)."""
    power, total, odd, direction = (numerator << BITS) // denominator, 0, 1, 1
    while power:
        total += direction * (power // odd)
        power = power * (numerator * numerator) // (denominator * denominator)
        odd, direction = odd + 2, direction * sign
    return total


def _log_ratio(numerator: int, denominator: int) -> int:
    """Fixed-point natural logarithm of numerator / denominator, which lies between 1/4 and 4."""
    difference, total = numerator - denominator, numerator + denominator
    return 2 * _series(abs(difference), total, 1) * (1 if difference >= 0 else -1)


def split_fixed(value: int) -> tuple[float, float]:
    """The fixed-point ``value`` as the nearest float64 and the float64 nearest to what is left (a double-double)."""
    high = value / _ONE
    numerator, denominator = high.as_integer_ratio()
    return high, (value - numerator * (_ONE // denominator)) / _ONE


def _cody_waite(value: int, bits: int, parts: int) -> tuple[float, ...]:
    """``value`` as ``parts`` floats of ``bits`` significant bits each, and one float for the rest.

    An integer below 2**(53 - bits) times such a part is exact (Cody and Waite 1980).
    """
    pieces = []
    for _ in range(parts):
        shift = value.bit_length() - bits
        piece = (value >> shift) << shift
        pieces.append(piece / _ONE)
        value -= piece
    return (*pieces, value / _ONE)


def arctan_sixteenths() -> list[tuple[float, float]]:
    """arctan(k / 16) for k = 0..16 as double-doubles, by arctan a - arctan b = arctan((a - b) / (1 + a b))."""
    angle, table = 0, [(0.0, 0.0)]
    for k in range(1, 17):
        angle += _series(16, 256 + k * (k - 1), -1)
        table.append(split_fixed(angle))
    return table


def log_sixty_fourths() -> list[tuple[float, float]]:
    """log(k / 64) for k = 45..91 as double-doubles."""
    return [split_fixed(_log_ratio(k, 64)) for k in range(45, 92)]


def powers_of_two_sixteenths() -> list[tuple[float, float]]:
    """2 ** (k / 16) for k = 0..15 as double-doubles: four integer square roots of 2 ** k."""
    table = []
    for k in range(16):
        value = _ONE << k
        for _ in range(4):
            value = math.isqrt(value << BITS)
        table.append(split_fixed(value))
    return table


_PI_FIXED = 4 * (4 * _series(1, 5, -1) - _series(1, 239, -1))
_LN2_FIXED = _log_ratio(2, 1)
_LN10_FIXED = 3 * _LN2_FIXED + _log_ratio(5, 4)

HALF_PI_FIXED = _PI_FIXED // 2
HALF_PI = split_fixed(HALF_PI_FIXED)
PI = split_fixed(_PI_FIXED)
HALF_PI_PARTS = _cody_waite(HALF_PI_FIXED, 33, 3)
DEGREE = split_fixed(_PI_FIXED // 180)
"""Radians in a degree."""
RADIAN = split_fixed((180 << (2 * BITS)) // _PI_FIXED)
"""Degrees in a radian."""

LN2 = split_fixed(_LN2_FIXED)
LN2_PARTS = _cody_waite(_LN2_FIXED, 42, 1)
LN2_SIXTEENTH_PARTS = _cody_waite(_LN2_FIXED // 16, 38, 2)
LOG2_E = split_fixed((1 << (2 * BITS)) // _LN2_FIXED)
LOG10_E = split_fixed((1 << (2 * BITS)) // _LN10_FIXED)
THIRD = split_fixed(_ONE // 3)
