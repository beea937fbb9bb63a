"""Sums, products and small matrices in an order that is fixed, whatever the BLAS, the CPU and the memory layout.

IEEE 754 fixes elementwise + - * / and sqrt to the last bit. The order in which BLAS, LAPACK and ``np.sum`` add is free.
Every function here adds in an order that depends on the shapes alone: short axes (up to `SHORT`) from left to right,
long axes by folding the second half onto the first until one entry is left. Input of any real dtype becomes float64.

Points and directions are the last axis, (..., 3); matrices are the last two and act on column vectors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "SHORT",
    "cross",
    "cumulative",
    "det3",
    "dot",
    "interpolate",
    "inverse3",
    "inverse4",
    "inverse_rigid",
    "matmul",
    "matvec",
    "mean",
    "norm",
    "normalized",
    "product",
    "std",
    "total",
    "transform_directions",
    "transform_points",
    "weighted_mean",
]

Floats = NDArray[np.float64]

SHORT = 16
"""An inner axis of at most so many entries is added from left to right, a longer one by folding."""
_MANY = 2048


def total(values: ArrayLike, axis: int | Sequence[int] | None = None, *, keepdims: bool = False) -> Floats:
    """Sum over ``axis`` (all axes: None), as float64. An empty sum is 0. Error: at most log2(n) roundings a term."""
    array = np.asarray(values, dtype=np.float64)
    if axis is None:
        axes = tuple(range(array.ndim))
    else:
        axes = tuple(sorted({a % array.ndim for a in ([axis] if isinstance(axis, (int, np.integer)) else axis)}))
    count = int(np.prod([array.shape[a] for a in axes], dtype=np.int64))
    rest = [size for a, size in enumerate(array.shape) if a not in axes]
    flat = np.moveaxis(array, axes, range(len(axes))).reshape(count, *rest)
    result = _fold(flat) if count else np.zeros(rest)
    if keepdims:
        result = result.reshape([1 if a in axes else size for a, size in enumerate(array.shape)])
    return result if result.ndim else result[()]


def _fold(values: Floats) -> Floats:
    """The sum over the first axis, not empty, in a new array."""
    count = len(values)
    if count <= SHORT:
        result = values[0].copy() if values.ndim > 1 else np.array(values[0])
        for row in values[1:]:
            result += row
        return result
    half = (count + 1) // 2
    buffer = values[:half].copy()
    buffer[: count - half] += values[half:]
    while half > 1:
        count, half = half, (half + 1) // 2
        buffer[: count - half] += buffer[half:count]
    return np.array(buffer[0])


def mean(values: ArrayLike, axis: int | Sequence[int] | None = None, *, keepdims: bool = False) -> Floats:
    """Arithmetic mean over ``axis``. Raises ``ValueError`` where there is nothing to average."""
    array = np.asarray(values, dtype=np.float64)
    sums = total(array, axis, keepdims=keepdims)
    if array.size == 0:
        raise ValueError("the mean of no numbers is not defined")
    return np.divide(sums, array.size // max(np.size(sums), 1))


def std(values: ArrayLike, axis: int | Sequence[int] | None = None) -> Floats:
    """Standard deviation over ``axis`` of the numbers themselves (divisor n), in two passes."""
    array = np.asarray(values, dtype=np.float64)
    away = array - mean(array, axis, keepdims=True)
    return np.sqrt(mean(away * away, axis))


def weighted_mean(values: ArrayLike, weights: ArrayLike, axis: int | None = None) -> Floats:
    """Mean of ``values`` over ``axis`` with ``weights`` that broadcast against them, of a sum that is not 0."""
    array, shares = np.broadcast_arrays(np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64))
    return np.divide(total(array * shares, axis), total(shares, axis))


def cumulative(values: ArrayLike, axis: int = 0) -> Floats:
    """Running sum along ``axis``, from first to last: each entry is the one before it plus one number."""
    return np.add.accumulate(np.asarray(values, dtype=np.float64), axis=axis)


def product(values: ArrayLike) -> float:
    """Product of all numbers, from first to last."""
    result = 1.0
    for value in np.asarray(values, dtype=np.float64).ravel().tolist():
        result *= value
    return result


def interpolate(x: ArrayLike, places: ArrayLike, values: ArrayLike) -> Floats:
    """Values at ``x`` of the line through (places, values), as ``np.interp``: increasing places, end values outside."""
    at, xs, ys = (np.asarray(v, dtype=np.float64) for v in (x, places, values))
    if len(xs) == 1:
        return np.full(at.shape, ys[0])
    after = np.clip(np.searchsorted(xs, at, side="right"), 1, len(xs) - 1)
    low, high = xs[after - 1], xs[after]
    slope = (ys[after] - ys[after - 1]) / (high - low)
    inner = ys[after - 1] + slope * (at - low)
    return np.where(at <= xs[0], ys[0], np.where(at >= xs[-1], ys[-1], np.where(at == high, ys[after], inner)))


def matmul(a: ArrayLike, b: ArrayLike) -> Floats:
    """``a @ b`` with NumPy's rules for shapes: vectors, matrices, and stacks that broadcast."""
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.ndim == 0 or right.ndim == 0:
        raise ValueError("matmul takes vectors and matrices, not numbers")
    row, column = left.ndim == 1, right.ndim == 1
    left, right = left[None, :] if row else left, right[:, None] if column else right
    inner = left.shape[-1]
    if right.shape[-2] != inner:
        raise ValueError(f"matmul: shapes {np.shape(a)} and {np.shape(b)} do not fit")
    if inner == 0:
        result = np.zeros((*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1]))
    elif inner <= SHORT and right.ndim == 2 and right.shape[1] <= SHORT and left.shape[-2] >= SHORT * SHORT:
        result = _by_columns(left, right)
    elif inner <= SHORT:
        result = left[..., :, 0, None] * right[..., None, 0, :]
        for k in range(1, inner):
            result += left[..., :, k, None] * right[..., None, k, :]
    else:
        result = np.asarray(total(left[..., :, :, None] * right[..., None, :, :], axis=-2))
    result = result[..., 0, :] if row else result
    result = result[..., 0] if column else result
    return result if result.ndim else result[()]


def _by_columns(left: Floats, right: Floats) -> Floats:
    """The product of many rows (..., n, k) and one small matrix (k, m), in long loops and in the same order."""
    result = np.empty((*left.shape[:-1], right.shape[1]))
    for start in range(0, left.shape[-2], _MANY):
        rows = np.ascontiguousarray(np.moveaxis(left[..., start : start + _MANY, :], -1, 0))
        for column in range(right.shape[1]):
            entries = rows[0] * right[0, column]
            for k in range(1, len(right)):
                entries += rows[k] * right[k, column]
            result[..., start : start + _MANY, column] = entries
    return result


def matvec(matrix: ArrayLike, vector: ArrayLike) -> Floats:
    """Products (..., m) of matrices (..., m, n) and column vectors (..., n); leading axes broadcast."""
    return matmul(matrix, np.asarray(vector, dtype=np.float64)[..., None])[..., 0]


def transform_points(matrix: ArrayLike, points: ArrayLike) -> Floats:
    """Points (..., 3) under an affine map (4, 4): its linear part, then its translation."""
    m = np.asarray(matrix, dtype=np.float64)
    return transform_directions(m[:3, :3], points) + m[:3, 3]


def transform_directions(matrix: ArrayLike, directions: ArrayLike) -> Floats:
    """Directions (..., 3) under a linear map (3, 3), or the linear part of an affine map (4, 4)."""
    m = np.asarray(matrix, dtype=np.float64)[:3, :3]
    return matmul(np.asarray(directions, dtype=np.float64), m.T)


def dot(a: ArrayLike, b: ArrayLike) -> Floats:
    """Inner products along the last axis; leading axes broadcast."""
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.shape[-1] != right.shape[-1]:
        raise ValueError(f"dot: vectors of {left.shape[-1]} and {right.shape[-1]} entries do not fit")
    if not 0 < left.shape[-1] <= SHORT:
        return total(left * right, axis=-1)
    result = left[..., 0] * right[..., 0]
    for k in range(1, left.shape[-1]):
        result = result + left[..., k] * right[..., k]
    return result


def norm(vectors: ArrayLike, *, keepdims: bool = False) -> Floats:
    """Euclidean lengths along the last axis."""
    v = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(dot(v, v))
    return lengths[..., None] if keepdims else lengths


def normalized(vectors: ArrayLike) -> Floats:
    """Vectors of length 1 along the last axis; a vector of length 0 stays as it is."""
    v = np.asarray(vectors, dtype=np.float64)
    lengths = norm(v, keepdims=True)
    return v / np.where(lengths == 0, 1.0, lengths)


def cross(a: ArrayLike, b: ArrayLike) -> Floats:
    """Cross products of (..., 3) and (..., 3); leading axes broadcast."""
    left, right = np.broadcast_arrays(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
    result = np.empty(left.shape)
    for k, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        result[..., k] = left[..., i] * right[..., j] - left[..., j] * right[..., i]
    return result


def det3(matrix: ArrayLike) -> Floats:
    """Determinants of (..., 3, 3): the first row times its cofactors."""
    m = np.asarray(matrix, dtype=np.float64)
    return dot(m[..., 0, :], cross(m[..., 1, :], m[..., 2, :]))


def inverse3(matrix: ArrayLike) -> Floats:
    """Inverses of (..., 3, 3): the transposed cofactors over the determinant. Raises ``LinAlgError`` if singular."""
    m = np.asarray(matrix, dtype=np.float64)
    cofactors = [cross(m[..., (k + 1) % 3, :], m[..., (k + 2) % 3, :]) for k in range(3)]
    determinant = dot(m[..., 0, :], cofactors[0])
    _check_regular(determinant)
    return np.stack(cofactors, axis=-1) / determinant[..., None, None]


def inverse4(matrix: ArrayLike) -> Floats:
    """Inverses of (..., 4, 4), through the 2x2 minors of the upper and the lower two rows (Laplace's expansion).

    Raises ``LinAlgError`` if singular.
    """
    m = np.asarray(matrix, dtype=np.float64)
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    s = {(i, j): m[..., 0, i] * m[..., 1, j] - m[..., 1, i] * m[..., 0, j] for i, j in pairs}
    c = {(i, j): m[..., 2, i] * m[..., 3, j] - m[..., 3, i] * m[..., 2, j] for i, j in pairs}
    determinant = s[0, 1] * c[2, 3] - s[0, 2] * c[1, 3] + s[0, 3] * c[1, 2]
    determinant = determinant + s[1, 2] * c[0, 3] - s[1, 3] * c[0, 2] + s[2, 3] * c[0, 1]
    _check_regular(determinant)
    result = np.empty(m.shape)
    for row in range(4):
        i, j, k = (column for column in range(4) if column != row)
        for column in range(4):
            minors, other = (c, (1, 0, 3, 2)[column]) if column < 2 else (s, (1, 0, 3, 2)[column])
            entry = m[..., other, i] * minors[j, k] - m[..., other, j] * minors[i, k] + m[..., other, k] * minors[i, j]
            result[..., row, column] = entry if (row + column) % 2 == 0 else -entry
    return result / determinant[..., None, None]


def _check_regular(determinant: Floats) -> None:
    if not (np.isfinite(determinant) & (determinant != 0)).all():
        raise np.linalg.LinAlgError("the matrix is singular or not finite: it has no inverse")


def inverse_rigid(matrix: ArrayLike) -> Floats:
    """Inverses of rigid maps (..., 4, 4), a rotation and a translation: the rotation is transposed."""
    m = np.asarray(matrix, dtype=np.float64)
    result = np.zeros(m.shape)
    rotation = np.swapaxes(m[..., :3, :3], -1, -2)
    result[..., :3, :3] = rotation
    result[..., :3, 3] = -matvec(rotation, m[..., :3, 3])
    result[..., 3, 3] = 1.0
    return result
