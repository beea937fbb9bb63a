"""Sums, small matrices and solvers against exact fractions, NumPy's LAPACK and SciPy's rotations."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy
from scipy.spatial.transform import Rotation

from viewpoint100k.geometry.exact import algebra, solvers

SHAPES = [((3,), (3,)), ((5, 3), (3,)), ((3,), (3, 4)), ((2, 5, 3), (3,)), ((5, 3), (3, 4)), ((7, 1, 4, 4), (6, 4, 4))]
SHAPES += [((300, 3), (3, 3)), ((2, 5000, 4), (4, 2)), ((3, 500), (500, 3)), ((500,), (500,)), ((2, 0), (0, 3))]


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, shape)


@pytest.mark.parametrize(("first", "second"), SHAPES)
def test_products_are_those_of_numpy(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    a, b = random(*first), random(*second, seed=1)
    expected = a @ b
    found = algebra.matmul(a, b)
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_products_of_matrices_that_do_not_fit_are_refused() -> None:
    for a, b in ((random(2, 3), random(2, 3)), (1.0, random(2, 3))):
        with pytest.raises(ValueError, match="matmul"):
            algebra.matmul(a, b)
    with pytest.raises(ValueError, match="do not fit"):
        algebra.dot(random(2, 3), random(2, 1))


def test_many_rows_give_the_bits_of_each_row_alone() -> None:
    rows, matrix = random(5000, 3), random(3, 3, seed=1)
    together = algebra.matmul(rows, matrix)
    alone = np.array([algebra.matmul(row, matrix) for row in rows])
    assert together.tobytes() == alone.tobytes()


def test_a_product_is_summed_from_left_to_right() -> None:
    row, column = [1e16, 1.0, -1e16], [1.0, 1.0, 1.0]
    assert algebra.matmul(row, column) == 0 == algebra.dot(row, column)
    assert algebra.dot([1e16, -1e16, 1.0], column) == 1


@pytest.mark.parametrize("shape", [(1,), (16,), (17,), (1000,), (100, 3, 40)])
def test_sums_are_right_to_the_last_digits(shape: tuple[int, ...]) -> None:
    values = random(*shape) * 1000
    exact = float(sum(map(Fraction, values.ravel().tolist())))
    assert math.isclose(algebra.total(values), exact, rel_tol=0, abs_tol=1e-10)
    for axis in range(len(shape)):
        np.testing.assert_allclose(algebra.total(values, axis), values.sum(axis=axis), atol=1e-10)
        np.testing.assert_allclose(algebra.mean(values, axis), values.mean(axis=axis), atol=1e-12)
        np.testing.assert_allclose(algebra.std(values, axis), values.std(axis=axis), atol=1e-10)
    assert algebra.total(values, tuple(range(len(shape))), keepdims=True).shape == (1,) * len(shape)


def test_sums_of_nothing_are_zero_and_means_of_nothing_are_refused() -> None:
    assert algebra.total([]) == 0
    assert algebra.total(np.zeros((0, 3)), 0).tolist() == [0, 0, 0]
    assert algebra.total(np.zeros((0, 3)), 1).tolist() == []
    with pytest.raises(ValueError, match="mean of no numbers"):
        algebra.mean(np.zeros((0, 3)), 0)


@given(of_numpy.arrays(np.float64, st.integers(1, 200), elements=st.integers(-(2**40), 2**40).map(float)))
def test_sums_of_integers_are_exact(values: np.ndarray) -> None:
    assert algebra.total(values) == sum(map(int, values))
    assert algebra.cumulative(values)[-1] == sum(map(int, values))


def test_the_memory_layout_and_the_dtype_of_the_file_do_not_change_a_sum() -> None:
    values = random(90, 70).astype(np.float32)
    forms = [values, np.asfortranarray(values), np.repeat(values, 2, axis=1)[:, ::2], values.astype(np.float64)]
    for axis in (None, 0, 1):
        assert len({np.ascontiguousarray(algebra.total(form, axis)).tobytes() for form in forms}) == 1


def test_weighted_means_products_and_interpolation_are_those_of_numpy() -> None:
    values, weights = random(50, 4), np.abs(random(50, 4, seed=1))
    expected = np.average(values, axis=0, weights=weights)
    np.testing.assert_allclose(algebra.weighted_mean(values, weights, 0), expected, rtol=1e-12)
    assert math.isclose(algebra.product(values[:5]), values[:5].prod(), rel_tol=1e-12)
    places, heights = np.sort(random(9)), random(9, seed=1)
    at = np.concatenate([random(200, seed=2) * 2, places])
    np.testing.assert_allclose(algebra.interpolate(at, places, heights), np.interp(at, places, heights), atol=1e-14)
    assert algebra.interpolate(0.5, [0, 1], [10, 20]) == 15
    assert algebra.interpolate([0.5, 3], [1], [10]).tolist() == [10, 10]


def test_vectors_have_their_lengths_and_perpendiculars() -> None:
    a, b = random(40, 3), random(40, 3, seed=1)
    np.testing.assert_allclose(algebra.norm(a), np.linalg.norm(a, axis=1), rtol=1e-15)
    assert algebra.norm(a, keepdims=True).shape == (40, 1)
    np.testing.assert_allclose(algebra.cross(a, b), np.cross(a, b), atol=1e-16)
    np.testing.assert_allclose(algebra.dot(a, b), (a * b).sum(axis=1), atol=1e-15)
    assert algebra.normalized([0, 3, 4]).tolist() == [0, 0.6, 0.8]
    assert algebra.normalized([0, 0, 0]).tolist() == [0, 0, 0]


def test_points_move_and_directions_turn() -> None:
    quarter = np.array([[0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1.0]])
    assert algebra.transform_points(quarter, [[1, 0, 0], [0, 1, 0]]).tolist() == [[10, 21, 30], [9, 20, 30]]
    assert algebra.transform_directions(quarter, [1, 0, 0]).tolist() == [0, 1, 0]
    assert algebra.matvec(quarter[:3, :3], [1, 0, 0]).tolist() == [0, 1, 0]
    assert algebra.transform_points(algebra.inverse_rigid(quarter), [10, 21, 30]).tolist() == [1, 0, 0]


def test_inverses_and_determinants_are_those_of_lapack() -> None:
    stack = random(60, 4, 4) + 2 * np.eye(4)
    np.testing.assert_allclose(algebra.inverse4(stack), np.linalg.inv(stack), rtol=1e-9, atol=1e-11)
    small = stack[:, :3, :3]
    np.testing.assert_allclose(algebra.inverse3(small), np.linalg.inv(small), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(algebra.det3(small), np.linalg.det(small), rtol=1e-12, atol=1e-13)
    rows = [[2, 0, 0, 1], [0, 4, 0, 2], [0, 0, 8, 3], [0, 0, 0, 1]]
    assert algebra.inverse4(rows).tolist() == [
        [0.5, 0, 0, -0.5],
        [0, 0.25, 0, -0.5],
        [0, 0, 0.125, -0.375],
        [0, 0, 0, 1],
    ]


@pytest.mark.parametrize(
    ("function", "size"), [(algebra.inverse3, 3), (algebra.inverse4, 4), (lambda m: solvers.solve(m, m), 3)]
)
def test_a_singular_matrix_has_no_inverse(function, size: int) -> None:
    singular = np.ones((size, size))
    for matrix in (singular, np.full((size, size), np.nan)):
        with pytest.raises(np.linalg.LinAlgError, match="singular"):
            function(matrix)


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_systems_are_solved_as_by_lapack(size: int) -> None:
    matrix, right = random(size, size) + np.eye(size), random(size, 2, seed=1)
    np.testing.assert_allclose(solvers.solve(matrix, right), np.linalg.solve(matrix, right), rtol=1e-10)
    np.testing.assert_allclose(solvers.solve(matrix, right[:, 0]), np.linalg.solve(matrix, right[:, 0]), rtol=1e-10)


def test_a_zero_on_the_diagonal_is_no_obstacle() -> None:
    assert solvers.solve([[0, 1], [2, 0]], [3, 4]).tolist() == [2, 3]


def test_least_squares_are_those_of_lapack() -> None:
    matrix, right = random(500, 5), random(500, 2, seed=1)
    expected = np.linalg.lstsq(matrix, right)[0]
    np.testing.assert_allclose(solvers.least_squares(matrix, right), expected, rtol=1e-11)
    np.testing.assert_allclose(solvers.least_squares(matrix, right[:, 1]), expected[:, 1], rtol=1e-11)
    with pytest.raises(np.linalg.LinAlgError, match="dependent"):
        solvers.least_squares(np.ones((5, 2)), np.ones(5))


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_eigenvectors_rebuild_the_matrix(size: int) -> None:
    matrix = random(size, size)
    matrix = matrix + matrix.T
    values, vectors = solvers.symmetric_eigen(matrix)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix), atol=1e-14)
    np.testing.assert_allclose(vectors * values @ vectors.T, matrix, atol=1e-14)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), atol=1e-14)
    assert (vectors[np.abs(vectors).argmax(axis=0), range(size)] > 0).all()


def test_equal_eigenvalues_keep_the_order_of_the_axes() -> None:
    values, vectors = solvers.symmetric_eigen(np.diag([2.0, 1.0, 1.0]))
    assert values.tolist() == [1, 1, 2]
    assert vectors.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("scale", [1.0, 1e-160, 1e160])
@pytest.mark.parametrize("shape", [(3, 3), (400, 3), (5, 1)])
def test_singular_values_rebuild_the_matrix(shape: tuple[int, int], scale: float) -> None:
    matrix = random(*shape)
    u, s, vt = solvers.svd(matrix * scale)
    np.testing.assert_allclose(s, np.linalg.svd(matrix)[1] * scale, rtol=1e-13)
    np.testing.assert_allclose(u * (s / scale) @ vt, matrix, atol=1e-14)
    np.testing.assert_allclose(u.T @ u, np.eye(shape[1]), atol=1e-14)


def test_points_in_a_plane_have_one_singular_value_of_zero() -> None:
    flat = random(50, 3) * [1, 1, 0]
    _, s, vt = solvers.svd(flat)
    assert s[2] == 0
    assert vt[2].tolist() == [0, 0, 1]


def test_what_is_not_finite_or_has_another_shape_is_refused() -> None:
    for function in (solvers.svd, solvers.symmetric_eigen, solvers.nearest_rotation):
        with pytest.raises(np.linalg.LinAlgError, match="finite"):
            function(np.full((3, 3), np.inf))
        with pytest.raises(ValueError, match="takes a"):
            function(np.zeros((2, 3)))
    with pytest.raises(np.linalg.LinAlgError, match="rank"):
        solvers.nearest_rotation(np.diag([1.0, 0, 0]))


def test_the_nearest_rotation_is_that_of_lapack() -> None:
    for seed in range(50):
        matrix = random(3, 3, seed=seed)
        u, _, vt = np.linalg.svd(matrix)
        expected = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
        np.testing.assert_allclose(solvers.nearest_rotation(matrix), expected, atol=1e-12)


def test_rotations_are_those_of_scipy() -> None:
    rotations = Rotation.random(60, random_state=3)
    for rotation in rotations:
        matrix, quaternion = rotation.as_matrix(), rotation.as_quat(canonical=True)[[3, 0, 1, 2]]
        np.testing.assert_allclose(solvers.matrix_to_quaternion(matrix), quaternion, atol=1e-15)
        np.testing.assert_allclose(solvers.quaternion_to_matrix(3 * quaternion), matrix, atol=1e-15)
        vector = rotation.as_rotvec()
        angle = float(np.linalg.norm(vector))
        np.testing.assert_allclose(solvers.rotation_about(vector, angle), matrix, atol=2e-15)
        np.testing.assert_allclose(solvers.nearest_rotation(2.5 * matrix), matrix, atol=2e-15)
    stacked = solvers.quaternion_to_matrix(rotations.as_quat()[:, [3, 0, 1, 2]].reshape(6, 10, 4))
    np.testing.assert_allclose(stacked.reshape(60, 3, 3), rotations.as_matrix(), atol=1e-15)


def test_half_turns_and_lengths_of_zero() -> None:
    for axis in np.eye(3):
        half = np.diag(2 * axis - 1)
        assert solvers.matrix_to_quaternion(half).tolist() == [0, *axis]
        np.testing.assert_allclose(solvers.rotation_about(axis, math.pi), half, atol=2e-16)
    with pytest.raises(ValueError, match="length zero"):
        solvers.quaternion_to_matrix([0, 0, 0, 0])
    with pytest.raises(ValueError, match="length zero"):
        solvers.rotation_about([0, 0, 0], 1.0)
