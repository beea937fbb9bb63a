"""Elementary functions whose every bit is the same on every machine.

libm and NumPy leave the last bit of a sine or an exponential open, and it depends on the CPU. These functions use only
operations that IEEE 754 fixes: + - * / sqrt, comparisons, integers, scaling by powers of two, in a fixed order and
without fused multiply-add. The error is below 0.6 units in the last place, of sine and cosine below 0.8, of the tangent
below 0.9.

Each function takes a scalar or an array of any shape and memory layout; two arguments broadcast. A scalar gives a
Python float; anything else gives a float64 array in C order. Scalars and arrays give the same bits. NaN, infinities and
signed zeros follow C99, as NumPy does, except that no function warns and every NaN is the one of ``np.nan``.

Methods: reduction of the argument after Cody and Waite (1980), tables with a short Taylor polynomial (Tang 1989;
Muller, "Elementary Functions", 2016), and pairs of floats for what one float cannot hold (Dekker 1971; Knuth).
The coefficients are reciprocals of integers and of factorials, rounded once. Tables come from integer arithmetic.
"""

from viewpoint100k.exact_exponentials import cbrt, exp, exp2, hypot, log, log2, log10, power
from viewpoint100k.exact_trigonometry import (
    acos,
    asin,
    atan,
    atan2,
    cos,
    cos_deg,
    degrees,
    radians,
    sin,
    sin_deg,
    sincos,
    tan,
    tan_deg,
)

__all__ = [
    "acos",
    "asin",
    "atan",
    "atan2",
    "cbrt",
    "cos",
    "cos_deg",
    "degrees",
    "exp",
    "exp2",
    "hypot",
    "log",
    "log2",
    "log10",
    "power",
    "radians",
    "sin",
    "sin_deg",
    "sincos",
    "tan",
    "tan_deg",
]
