"""One digest of all exact functions over a grid of arguments: printed by a process that runs this file.

`tests/test_exact_functions.py` runs it under other BLAS kernels, thread counts and instruction sets, and compares the
digest with the committed one. Every result is added by itself, so that ``--each`` can name the function that differs.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator

import numpy as np

from viewpoint100k.geometry import exact as functions
from viewpoint100k.geometry.exact import algebra
from viewpoint100k.geometry.exact import random as exact_random
from viewpoint100k.geometry.exact import solvers as exact_solvers

ONE = ("sin", "cos", "tan", "sin_deg", "cos_deg", "tan_deg", "atan", "asin", "acos", "radians", "degrees")
ONE += ("exp", "exp2", "log", "log2", "log10", "cbrt")
TWO = ("atan2", "power", "hypot")
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5, -0.5, 2, -3, 5e-324, -2.2e-308, 1.7e308, 90, 180, 1e-9, 1e16]


def grid() -> np.ndarray:
    """Arguments of every size and sign, a quarter of them in [-1, 1], with multiples of pi / 4 and special values."""
    generator = np.random.Generator(np.random.PCG64(20))
    unit = generator.random(2000) * 2 - 1
    sizes = np.ldexp(generator.random(3000) * 2 - 1, generator.integers(-1073, 1024, 3000))
    turns = np.arange(-400, 400) * 0.7853981633974483
    return np.concatenate([SPECIAL, unit, unit * 100, unit * 1e4, sizes, turns])


def layouts(values: np.ndarray) -> Iterator[np.ndarray]:
    """The same numbers in the same places: contiguous, strided, reversed twice, in Fortran's order, big-endian."""
    yield values
    yield np.repeat(values, 3, axis=0)[::3]
    yield np.ascontiguousarray(values[::-1])[::-1]
    yield np.asfortranarray(values)
    yield values.astype(">f8")


def same(function: Callable[..., object], *arguments: np.ndarray) -> bytes:
    """The bytes of ``function(*arguments)``, which must not depend on the memory layout of the arguments."""
    found = {to_bytes(function(*(form for form in forms))) for forms in zip(*map(layouts, arguments), strict=True)}
    if len(found) != 1:
        raise AssertionError(f"{function} depends on the memory layout")
    return found.pop()


def to_bytes(value: object) -> bytes:
    """The bytes of an array, or of all arrays of a tuple."""
    parts = value if isinstance(value, tuple) else (value,)
    return b"".join(np.ascontiguousarray(part, dtype="<f8").tobytes() for part in parts)


def function_results() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of the elementary functions, on arrays and on scalars."""
    values = grid()
    table = values[: len(values) // 4 * 4].reshape(-1, 4)
    other = np.roll(values, 1234)
    for name in ONE:
        function = getattr(functions, name)
        yield name, same(function, table) + to_bytes(np.array([function(v) for v in values[::5].tolist()]))
    for name in TWO:
        function = getattr(functions, name)
        yield name, same(function, values, other) + same(function, values, np.roll(np.fmod(np.abs(values), 50), 7))


def algebra_results() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of sums, products, solvers and draws."""
    numbers = np.random.Generator(np.random.PCG64(21)).random(60000) * 2 - 1
    cloud, matrices = numbers.reshape(-1, 3), numbers[:8000].reshape(-1, 4, 4)
    tall, square = numbers[:900].reshape(300, 3), numbers[900:936].reshape(6, 6)
    small = matrices[:, :3, :3]
    for name in ("total", "mean", "std"):
        function = getattr(algebra, name)
        yield name, b"".join(same(lambda v, f=function, a=axis: f(v, a), cloud) for axis in (None, 0, 1))
        yield f"{name} of float32", same(function, cloud.astype(np.float32))
    yield "weighted_mean", same(lambda v: algebra.weighted_mean(v, np.abs(v) + 1, 0), cloud)
    yield "cumulative", same(algebra.cumulative, cloud)
    yield "interpolate", same(lambda v: algebra.interpolate(v, np.linspace(-0.9, 0.9, 40), numbers[:40]), cloud)
    yield "matmul", same(algebra.matmul, cloud, small[0]) + same(algebra.matmul, matrices, matrices[::-1])
    yield "long matmul", same(algebra.matmul, np.asarray(cloud.T), cloud)
    yield "points", same(algebra.transform_points, matrices[0], matrices[1][:, :3])
    yield "vectors", same(algebra.norm, cloud) + same(algebra.normalized, cloud) + same(algebra.dot, cloud, cloud[::-1])
    yield "cross", same(algebra.cross, cloud, cloud[::-1])
    yield "det3", same(algebra.det3, small)
    yield "inverse3", same(algebra.inverse3, small)
    yield "inverse4", same(algebra.inverse4, matrices)
    yield "solve", same(exact_solvers.solve, square, square[::-1])
    yield "least_squares", same(exact_solvers.least_squares, tall, tall[:, :1])
    yield "symmetric_eigen", same(exact_solvers.symmetric_eigen, square)
    yield "svd", same(exact_solvers.svd, tall) + same(exact_solvers.svd, square)
    yield "nearest_rotation", same(exact_solvers.nearest_rotation, small[5])
    yield "quaternion", same(exact_solvers.quaternion_to_matrix, matrices)
    yield "rotation_about", same(lambda v: exact_solvers.rotation_about(v, 1.25), cloud[7])
    generator = np.random.Generator(np.random.PCG64(22))
    yield "uniform", to_bytes(exact_random.uniform(generator, -3, cloud[:, 0], 20000))
    yield "standard_normal", to_bytes(exact_random.standard_normal(generator, (999, 3)))


def main() -> None:
    """Print the digest of everything; with ``--each``, of each function too."""
    np.seterr(all="ignore")
    together = hashlib.sha256()
    for results in (function_results(), algebra_results()):
        for name, content in results:
            together.update(content)
            if "--each" in sys.argv:
                print(name, hashlib.sha256(content).hexdigest())
    print(together.hexdigest())


if __name__ == "__main__":
    main()
