"""Linear systems, eigenvectors, singular values and rotations of small matrices, without LAPACK.

The order of all operations is fixed by the shapes and the numbers, as in `viewpoint100k.geometry.exact.algebra`. The
textbook methods are those of Golub and Van Loan, "Matrix Computations" (2013): elimination with partial pivoting
(3.4), Householder's QR (5.2), Jacobi's rotations (8.5) and their one-sided form (Hestenes 1958; 8.6).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.geometry.exact.algebra import cross, dot, matmul, norm, normalized, total
from viewpoint100k.geometry.exact.trigonometry import cos, sin

__all__ = [
    "least_squares",
    "matrix_to_quaternion",
    "nearest_rotation",
    "quaternion_to_matrix",
    "rotation_about",
    "solve",
    "svd",
    "symmetric_eigen",
]

Floats = NDArray[np.float64]

_EPSILON = 2.0**-52
_SWEEPS = 60


def solve(matrix: ArrayLike, right: ArrayLike) -> Floats:
    """The solution of ``matrix @ x = right``, (n, n) and (n,) or (n, k), by elimination with partial pivoting.

    Of equal pivots the upper one is taken. Raises ``LinAlgError`` where the matrix is singular.
    """
    a = np.array(matrix, dtype=np.float64)
    b = np.array(right, dtype=np.float64)
    columns = b[:, None] if b.ndim == 1 else b
    n = len(a)
    if a.shape != (n, n) or len(columns) != n:
        raise ValueError(f"solve: shapes {a.shape} and {b.shape} do not fit")
    work = np.concatenate([a, columns], axis=1)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(work[k:, k])))
        if not 0 < abs(work[pivot, k]) < math.inf:
            raise np.linalg.LinAlgError("the matrix is singular or not finite: the system has no single solution")
        work[[k, pivot]] = work[[pivot, k]]
        for row in range(k + 1, n):
            work[row, k:] -= work[row, k] / work[k, k] * work[k, k:]
    return _back_substituted(work[:, :n], work[:, n:]).reshape(b.shape)


def _back_substituted(upper: Floats, right: Floats) -> Floats:
    """The solution (n, k) for an upper triangular (n, n)."""
    x = right.copy()
    for k in reversed(range(len(upper))):
        for j in range(k + 1, len(upper)):
            x[k] -= upper[k, j] * x[j]
        x[k] /= upper[k, k]
    return x


def least_squares(matrix: ArrayLike, right: ArrayLike) -> Floats:
    """The x that brings ``matrix @ x`` nearest to ``right``, (m, n) with m >= n and (m,) or (m, k).

    By Householder's reflections. Raises ``LinAlgError`` where the columns are dependent.
    """
    a = np.array(matrix, dtype=np.float64)
    b = np.array(right, dtype=np.float64)
    columns = b[:, None] if b.ndim == 1 else b
    m, n = a.shape
    if m < n or len(columns) != m:
        raise ValueError(f"least_squares: shapes {a.shape} and {b.shape} do not fit")
    scale = np.abs(a).max(initial=0.0)
    work = np.concatenate([a, columns], axis=1)
    for k in range(n):
        axis = work[k:, k].copy()
        length = math.sqrt(total(axis * axis))
        if not m * _EPSILON * scale < length < math.inf:
            raise np.linalg.LinAlgError("the columns are dependent or not finite: least squares has no single solution")
        axis[0] += length if axis[0] >= 0 else -length
        shares = total(axis[:, None] * work[k:, k:], axis=0) * (2 / total(axis * axis))
        work[k:, k:] -= axis[:, None] * shares
    x = _back_substituted(work[:n, :n], work[:n, n:])
    return x[:, 0] if b.ndim == 1 else x


def _rotation_that_clears(first: float, second: float, mixed: float) -> tuple[float, float]:
    """(cosine, sine) of Jacobi's rotation for the symmetric matrix [[first, mixed], [mixed, second]], mixed != 0."""
    tau = (second - first) / (2 * mixed)
    if abs(tau) > 2.0**500:
        tangent = 1 / (2 * tau)
    else:
        tangent = (1.0 if tau >= 0 else -1.0) / (abs(tau) + math.sqrt(1 + tau * tau))
    cosine = 1 / math.sqrt(1 + tangent * tangent)
    return cosine, cosine * tangent


def _signed_columns(vectors: Floats) -> Floats:
    """The signs (n,) that make the entry of largest size in each column positive; of equal ones the upper counts."""
    places = np.argmax(np.abs(vectors), axis=0)
    return np.where(vectors[places, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)


def symmetric_eigen(matrix: ArrayLike) -> tuple[Floats, Floats]:
    """Eigenvalues (n,), ascending, and unit eigenvectors (n, n), in columns, of a symmetric matrix (n, n).

    By Jacobi's rotations, row by row. The entry of largest size of each vector is positive. Only the upper triangle is
    read. Raises ``LinAlgError`` where an entry is not finite.
    """
    given = np.array(matrix, dtype=np.float64)
    n = len(given)
    if given.shape != (n, n):
        raise ValueError(f"symmetric_eigen takes a square matrix, not {given.shape}")
    if not np.isfinite(given).all():
        raise np.linalg.LinAlgError("the matrix is not finite: it has no eigenvalues")
    a = [[float(given[min(i, j), max(i, j)]) for j in range(n)] for i in range(n)]
    v = [[float(i == j) for j in range(n)] for i in range(n)]
    largest = max((abs(entry) for row in a for entry in row), default=0.0)
    for _ in range(_SWEEPS):
        if all(abs(a[i][j]) <= 2.0**-100 * largest for i in range(n) for j in range(i + 1, n)):
            break
        for p in range(n):
            for q in range(p + 1, n):
                if a[p][q] != 0:
                    _rotate(a, v, p, q)
    values = np.array([a[i][i] for i in range(n)])
    order = np.argsort(values, kind="stable")
    vectors = np.array(v).reshape(n, n)[:, order]
    return values[order], vectors * _signed_columns(vectors)


def _rotate(a: list[list[float]], v: list[list[float]], p: int, q: int) -> None:
    """Clear entry (p, q) of the symmetric ``a`` and turn the columns of ``v`` likewise."""
    c, s = _rotation_that_clears(a[p][p], a[q][q], a[p][q])
    tangent, mixed = s / c, a[p][q]
    a[p][p] -= tangent * mixed
    a[q][q] += tangent * mixed
    a[p][q] = a[q][p] = 0.0
    for k in range(len(a)):
        if k not in (p, q):
            first, second = a[k][p], a[k][q]
            a[k][p] = a[p][k] = c * first - s * second
            a[k][q] = a[q][k] = s * first + c * second
        first, second = v[k][p], v[k][q]
        v[k][p], v[k][q] = c * first - s * second, s * first + c * second


def svd(matrix: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """(u, s, vt) with ``matrix = u @ diag(s) @ vt``: (m, n), (n,) descending and (n, n), for m >= n and a small n.

    By one-sided Jacobi rotations. The entry of largest size in each row of ``vt`` is positive. A column of ``u`` whose
    singular value is 0 is 0. Raises ``LinAlgError`` where an entry is not finite.
    """
    columns = np.array(matrix, dtype=np.float64)
    m, n = columns.shape
    if m < n:
        raise ValueError(f"svd takes a matrix with at least as many rows as columns, not {columns.shape}")
    if not np.isfinite(columns).all():
        raise np.linalg.LinAlgError("the matrix is not finite: it has no singular values")
    scale = _power_of_two(float(np.abs(columns).max(initial=0.0)))
    columns /= scale
    turned = np.eye(n)
    for _ in range(_SWEEPS):
        moved = False
        for p in range(n):
            for q in range(p + 1, n):
                moved |= _orthogonalize(columns, turned, p, q)
        if not moved:
            break
    lengths = norm(columns.T)
    order = np.argsort(-lengths, kind="stable")
    lengths, u, v = lengths[order], columns[:, order] / np.where(lengths == 0, 1.0, lengths)[order], turned[:, order]
    signs = _signed_columns(v)
    return u * signs, lengths * scale, (v * signs).T


def _orthogonalize(columns: Floats, turned: Floats, p: int, q: int) -> bool:
    """Rotate two columns until they are perpendicular; False where they are already."""
    first, second = columns[:, p], columns[:, q]
    long, other, mixed = float(dot(first, first)), float(dot(second, second)), float(dot(first, second))
    if abs(mixed) <= 2 * _EPSILON * math.sqrt(long * other):
        return False
    c, s = _rotation_that_clears(long, other, mixed)
    for array in (columns, turned):
        one, two = array[:, p].copy(), array[:, q].copy()
        array[:, p], array[:, q] = c * one - s * two, s * one + c * two
    return True


def _power_of_two(size: float) -> float:
    """A power of two near ``size``, 1 for 0."""
    return math.ldexp(1.0, math.frexp(size)[1] - 1) if size else 1.0


def nearest_rotation(matrix: ArrayLike) -> Floats:
    """The rotation (3, 3), determinant +1, nearest to a matrix (3, 3) in the Frobenius norm (Kabsch 1976).

    Raises ``LinAlgError`` where the matrix has a rank below 2: no rotation is nearest.
    """
    u, s, vt = svd(matrix)
    if u.shape != (3, 3):
        raise ValueError("nearest_rotation takes a (3, 3) matrix")
    if not s[1] > 4 * _EPSILON * s[0]:
        raise np.linalg.LinAlgError("the matrix has a rank below 2: no rotation is nearest to it")
    left = np.stack([u[:, 0], u[:, 1], cross(u[:, 0], u[:, 1])], axis=1)
    right = np.stack([vt[0], vt[1], cross(vt[0], vt[1])])
    return matmul(left, right)


def quaternion_to_matrix(quaternion: ArrayLike) -> Floats:
    """Rotations (..., 3, 3) of column vectors, of quaternions (..., 4), w first, of any length but 0."""
    q = np.asarray(quaternion, dtype=np.float64)
    size = np.abs(q).max(axis=-1, keepdims=True)
    if not ((size > 0) & np.isfinite(size)).all():
        raise ValueError("a quaternion of length zero is no rotation")
    w, x, y, z = np.moveaxis(normalized(q / size), -1, 0)
    result = np.empty((*q.shape[:-1], 3, 3))
    for k, (first, a, b) in enumerate(((x, y, z), (y, z, x), (z, x, y))):
        i, j = (k + 1) % 3, (k + 2) % 3
        result[..., k, k] = 1 - 2 * (a * a + b * b)
        result[..., i, j] = 2 * (a * b - w * first)
        result[..., j, i] = 2 * (a * b + w * first)
    return result


def matrix_to_quaternion(rotation: ArrayLike) -> Floats:
    """Unit quaternion (4,), w first and >= 0, of a rotation (3, 3) of column vectors (Shepperd 1978)."""
    r = np.asarray(rotation, dtype=np.float64)
    if r.shape != (3, 3):
        raise ValueError("matrix_to_quaternion takes a (3, 3) matrix")
    (a, b, c), (d, e, f), (g, h, i) = r.tolist()
    columns = [  # of 4 q q^T
        [1 + a + e + i, h - f, c - g, d - b],
        [h - f, 1 + a - e - i, b + d, c + g],
        [c - g, b + d, 1 - a + e - i, f + h],
        [d - b, c + g, f + h, 1 - a - e + i],
    ]
    longest = max(range(4), key=lambda k: columns[k][k])
    quaternion = normalized(columns[longest])
    return -quaternion if quaternion[0] < 0 else quaternion


def rotation_about(axis: ArrayLike, angle: float) -> Floats:
    """Rotation (3, 3) of column vectors by ``angle`` radians about ``axis`` (3,), right-handed (Rodrigues 1840)."""
    direction = np.asarray(axis, dtype=np.float64)
    length = float(norm(direction))
    if not 0 < length < math.inf:
        raise ValueError("an axis of length zero is no direction to turn about")
    x, y, z = (direction / length).tolist()
    s, half = sin(float(angle)), sin(0.5 * float(angle))
    c, rest = cos(float(angle)), 2 * half * half
    return np.array(
        [
            [c + rest * x * x, rest * x * y - s * z, rest * x * z + s * y],
            [rest * x * y + s * z, c + rest * y * y, rest * y * z - s * x],
            [rest * x * z - s * y, rest * y * z + s * x, c + rest * z * z],
        ]
    )
