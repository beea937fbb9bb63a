"""Functions, sums, small matrices and random numbers whose every bit is the same on every machine.

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

from viewpoint100k.geometry.exact.algebra import (
    cross,
    cumulative,
    det3,
    dot,
    interpolate,
    inverse3,
    inverse4,
    inverse_rigid,
    matmul,
    matvec,
    mean,
    norm,
    normalized,
    product,
    std,
    total,
    transform_directions,
    transform_points,
    weighted_mean,
)
from viewpoint100k.geometry.exact.exponentials import (
    cbrt,
    exp,
    exp2,
    hypot,
    log,
    log2,
    log10,
    power,
)
from viewpoint100k.geometry.exact.filters import Edge, gaussian_blur
from viewpoint100k.geometry.exact.random import (
    ExactGenerator,
    standard_normal,
    uniform,
    weighted_choice,
)
from viewpoint100k.geometry.exact.solvers import (
    least_squares,
    matrix_to_quaternion,
    nearest_rotation,
    quaternion_to_matrix,
    rotation_about,
    solve,
    svd,
    symmetric_eigen,
)
from viewpoint100k.geometry.exact.trigonometry import (
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
    "Edge",
    "ExactGenerator",
    "acos",
    "asin",
    "atan",
    "atan2",
    "cbrt",
    "cos",
    "cos_deg",
    "cross",
    "cumulative",
    "degrees",
    "det3",
    "dot",
    "exp",
    "exp2",
    "gaussian_blur",
    "hypot",
    "interpolate",
    "inverse3",
    "inverse4",
    "inverse_rigid",
    "least_squares",
    "log",
    "log2",
    "log10",
    "matmul",
    "matrix_to_quaternion",
    "matvec",
    "mean",
    "nearest_rotation",
    "norm",
    "normalized",
    "power",
    "product",
    "quaternion_to_matrix",
    "radians",
    "rotation_about",
    "sin",
    "sin_deg",
    "sincos",
    "solve",
    "standard_normal",
    "std",
    "svd",
    "symmetric_eigen",
    "tan",
    "tan_deg",
    "total",
    "transform_directions",
    "transform_points",
    "uniform",
    "weighted_choice",
    "weighted_mean",
]
