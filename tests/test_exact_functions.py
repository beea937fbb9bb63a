"""The elementary functions against mpmath, and their bits against those of other instruction sets."""

import math
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest
from environments import ARITHMETIC, FEW, mostly_slow, run_in
from hypothesis import given
from hypothesis import strategies as st

from viewpoint100k.geometry import exact as exact
from viewpoint100k.geometry.exact import constants as exact_constants
from viewpoint100k.geometry.exact import random as exact_random

DIGEST = "32c7f4ac17b43812221032c269436e1919a5d78a247670af4701e423eba46bb7"
"""The output of `exact_digest.py` on every machine. If it changes, every data set changes: see CHANGELOG.md."""

Reference = Callable[..., mpmath.mpf]

PRECISION = 1400
"""Bits: enough to reduce the largest float64 by pi."""


def turn_deg(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.fmod(x, 360) * mpmath.pi / 180


ONE: dict[str, Reference] = {
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "sin_deg": lambda x: mpmath.sin(turn_deg(x)),
    "cos_deg": lambda x: mpmath.cos(turn_deg(x)),
    "tan_deg": lambda x: mpmath.tan(turn_deg(x)),
    "atan": mpmath.atan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "radians": lambda x: x * mpmath.pi / 180,
    "degrees": lambda x: x * 180 / mpmath.pi,
    "exp": mpmath.exp,
    "exp2": lambda x: mpmath.power(2, x),
    "log": mpmath.log,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2),
    "log10": lambda x: mpmath.log(x) / mpmath.log(10),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
}
TWO: dict[str, Reference] = {
    "atan2": mpmath.atan2,
    "power": mpmath.power,
    "hypot": lambda x, y: mpmath.sqrt(x * x + y * y),
}
NUMPY_NAMES = {"atan": "arctan", "asin": "arcsin", "acos": "arccos", "atan2": "arctan2"}
IN_DEGREES = ("sin_deg", "cos_deg", "tan_deg")
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 5e-324, -5e-324]
SPECIAL += [2.3e-308, 1e308, -1e308, 800.0, -800.0, 2.0**53 + 2, 1 - 2.0**53]


def random_numbers(name: str, count: int) -> list[float]:
    """Arguments in the function's domain: ordinary ones, some near its special points, and some of every magnitude."""
    generator = np.random.default_rng(sum(map(ord, name)))
    unit = generator.uniform(-1, 1, count)
    near_one = 1 + np.ldexp(unit, generator.integers(-52, -2, count))
    every_size = np.ldexp(unit, generator.integers(-1070, 1023, count))
    if name in ("asin", "acos"):
        values = [unit, np.minimum(near_one, 2 - near_one), np.ldexp(unit, generator.integers(-1070, 0, count))]
    elif name in ("exp", "exp2"):
        values = [unit, unit * 60, unit * 708, np.ldexp(unit, generator.integers(-300, 4, count)), -unit - 744]
    elif name in ("log", "log2", "log10"):
        values = [np.abs(v) for v in (unit, near_one, unit * 1000, every_size)]
    elif name in ("sin", "cos", "tan"):
        turns = generator.integers(-(10**6), 10**6, count) * (math.pi / 4)
        values = [unit * 4, unit * 1000, unit * 1e9, turns, np.nextafter(turns, 0), every_size]
    else:
        values = [unit, unit * 800, every_size]
    return [v for v in np.concatenate(values).tolist() if v != 0]


def error_in_ulps(got: float, truth: mpmath.mpf) -> float:
    """Distance from the truth in units in the last place of the truth."""
    rounded = float(truth)
    if math.isinf(rounded) or math.isinf(got):
        return 0.0 if got == rounded else math.inf
    return float(abs(mpmath.mpf(got) - truth) / mpmath.mpf(math.ulp(rounded)))


@pytest.mark.parametrize("name", ONE)
def test_the_error_is_below_one_unit_in_the_last_place(name: str) -> None:
    values = random_numbers(name, 300)
    function, reference = getattr(exact, name), ONE[name]
    with mpmath.workprec(PRECISION if name in (*IN_DEGREES, "sin", "cos", "tan") else 200):
        found = zip(values, function(np.array(values)).tolist(), strict=True)
        errors = {x: error_in_ulps(got, reference(mpmath.mpf(x))) for x, got in found}
    worst = max(errors, key=lambda x: errors[x])
    bound = 0.9 if name in ("tan", "tan_deg") else 0.8
    assert errors[worst] < bound, f"{name}({worst!r}) is off by {errors[worst]:.3f} units in the last place"


@pytest.mark.parametrize("name", TWO)
def test_the_error_of_two_arguments_is_below_one_unit_in_the_last_place(name: str) -> None:
    generator = np.random.default_rng(5)
    first = np.array(random_numbers(name, 500))
    second = np.concatenate([generator.permutation(first), first * generator.uniform(-4, 4, len(first))])
    first = np.concatenate([first, first])
    if name == "power":
        first = np.abs(first)
        second = generator.uniform(-700, 700, len(first)) / np.maximum(np.abs(np.log(first)), 1e-3)
    found = getattr(exact, name)(first, second).tolist()
    with mpmath.workprec(200):
        for x, y, got in zip(first.tolist(), second.tolist(), found, strict=True):
            error = error_in_ulps(got, TWO[name](mpmath.mpf(x), mpmath.mpf(y)))
            assert error < 0.6, f"{name}({x!r}, {y!r}) is off by {error:.3f} units in the last place"


@pytest.mark.parametrize("name", ONE)
def test_scalars_and_arrays_give_the_same_bits(name: str) -> None:
    values = random_numbers(name, 400) + SPECIAL
    function = getattr(exact, name)
    scalars = [function(x) for x in values]
    assert all(type(value) is float for value in scalars)
    assert function(np.array(values)).tobytes() == np.array(scalars).tobytes()
    few = function(np.array(values[-4:]))
    assert few.tobytes() == np.array(scalars[-4:]).tobytes()


@pytest.mark.parametrize("name", TWO)
def test_two_scalars_and_two_arrays_give_the_same_bits(name: str) -> None:
    values = random_numbers(name, 60) + SPECIAL
    first, second = (axis.ravel() for axis in np.meshgrid(values, values))
    function = getattr(exact, name)
    scalars = np.array([function(x, y) for x, y in zip(first.tolist(), second.tolist(), strict=True)])
    assert function(first, second).tobytes() == scalars.tobytes()


@pytest.mark.parametrize("name", [name for name in ONE if name not in IN_DEGREES])
def test_zeros_infinities_and_nan_are_those_of_numpy(name: str) -> None:
    values = np.array(SPECIAL)
    with np.errstate(all="ignore"):
        expected = getattr(np, NUMPY_NAMES.get(name, name))(values)
    found = getattr(exact, name)(values)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(found)[known], np.signbit(expected)[known])


@pytest.mark.parametrize("name", TWO)
def test_zeros_infinities_and_nan_of_two_arguments_are_those_of_numpy(name: str) -> None:
    first, second = (axis.ravel() for axis in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        expected = getattr(np, NUMPY_NAMES.get(name, name))(first, second)
    found = getattr(exact, name)(first, second)
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)
    known = ~np.isnan(expected)
    assert np.array_equal(np.signbit(found)[known], np.signbit(expected)[known])


def test_angles_in_degrees_are_exact_where_the_values_are() -> None:
    half, root = 0.5, math.sqrt(3) / 2
    sines = [0, half, root, 1, root, half, 0, -half, -root, -1, -root, -half]
    for k in range(-36, 36):
        assert exact.sin_deg(30.0 * k) == sines[k % 12]
        assert exact.cos_deg(30.0 * k) == sines[(k + 3) % 12]
    assert [exact.tan_deg(45.0 * k) for k in range(-3, 4)] == [1, -math.inf, -1, 0, 1, math.inf, -1]


def test_powers_roots_and_logarithms_are_exact_where_the_values_are() -> None:
    for base in range(2, 30):
        for exponent in range(1, 10):
            assert exact.power(float(base), float(exponent)) == base**exponent
            assert exact.power(-float(base), float(exponent)) == (-base) ** exponent
        assert exact.power(float(base**2), 0.5) == base
        assert exact.cbrt(-float(base**3)) == -base
    assert [exact.log10(float(10**k)) for k in range(23)] == list(range(23))
    assert [exact.log2(math.ldexp(1, k)) for k in range(-1074, 1024)] == list(range(-1074, 1024))
    assert [exact.exp2(float(k)) for k in range(-1074, 1024)] == [math.ldexp(1, k) for k in range(-1074, 1024)]
    assert exact.hypot(math.ldexp(3, 600), math.ldexp(4, 600)) == math.ldexp(5, 600)


def test_ordinary_angles_convert_without_a_trace() -> None:
    assert [exact.degrees(exact.radians(float(k))) for k in (45, 90, 180, 360)] == [45, 90, 180, 360]
    assert exact.degrees(math.pi) == 180
    assert exact.atan2(0.0, -1.0) == math.pi


@given(st.floats(-1e6, 1e6))
def test_sine_is_odd_and_cosine_even(x: float) -> None:
    assert exact.sin(-x) == -exact.sin(x)
    assert exact.cos(-x) == exact.cos(x)
    assert exact.sincos(x) == (exact.sin(x), exact.cos(x))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_the_angle_of_a_mirrored_point_has_the_other_sign(x: float, y: float) -> None:
    assert exact.atan2(-y, x) == -exact.atan2(y, x)
    assert -math.pi <= exact.atan2(y, x) <= math.pi


def test_arguments_broadcast_and_keep_their_shape() -> None:
    rows, columns = np.linspace(-1, 1, 50)[:, None], np.linspace(0.1, 2, 40)
    assert exact.atan2(rows, columns).shape == (50, 40)
    assert exact.atan2(rows, columns)[7, 9] == exact.atan2(float(rows[7, 0]), float(columns[9]))
    assert exact.sin([[1, 2], [3, 4]]).shape == (2, 2)
    assert exact.sin(np.zeros((0, 3))).shape == (0, 3)
    assert exact.exp(np.float32(1)) == exact.exp(1) == exact.exp(np.array(1.0))


def test_tables_are_those_of_mpmath() -> None:
    with mpmath.workprec(400):
        truth = {
            "pi": (exact_constants.PI, mpmath.pi),
            "ln 2": (exact_constants.LN2, mpmath.log(2)),
            "log10 e": (exact_constants.LOG10_E, 1 / mpmath.log(10)),
        }
        for k, pair in enumerate(exact_constants.arctan_sixteenths()):
            truth[f"arctan {k}"] = (pair, mpmath.atan(mpmath.mpf(k) / 16))
        for k, pair in enumerate(exact_constants.log_sixty_fourths(), start=45):
            truth[f"log {k}"] = (pair, mpmath.log(mpmath.mpf(k) / 64))
        for k, pair in enumerate(exact_constants.powers_of_two_sixteenths()):
            truth[f"power {k}"] = (pair, mpmath.power(2, mpmath.mpf(k) / 16))
        for name, (pair, value) in truth.items():
            assert pair[0] == float(+value), name
            assert abs(mpmath.mpf(pair[0]) + mpmath.mpf(pair[1]) - value) <= abs(value) * mpmath.mpf(2) ** -105, name


def test_normal_numbers_have_the_moments_of_the_distribution() -> None:
    numbers = exact_random.standard_normal(np.random.default_rng(3), (200_000,))
    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - 1) < 0.01
    assert abs((numbers**4).mean() - 3) < 0.1
    assert abs((np.abs(numbers) > 3).mean() - 0.0027) < 0.0005


def test_uniform_numbers_are_those_of_numpy() -> None:
    low = np.linspace(0, 5, 7)
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    np.testing.assert_array_max_ulp(exact_random.uniform(ours, -2, 3, (4, 5)), theirs.uniform(-2, 3, (4, 5)))
    np.testing.assert_array_max_ulp(exact_random.uniform(ours, low, 9), theirs.uniform(low, 9))
    np.testing.assert_array_max_ulp(exact_random.uniform(ours, 2, 9), theirs.uniform(2, 9))


def test_an_exact_generator_draws_what_the_functions_draw() -> None:
    bits = np.random.PCG64
    ours, theirs = exact_random.ExactGenerator(bits(3)), np.random.Generator(bits(3))
    assert float(ours.uniform(-1, 1)) == float(theirs.uniform(-1, 1))
    np.testing.assert_array_max_ulp(ours.uniform(0, [5, 6, 7]), theirs.uniform(0, [5, 6, 7]))
    assert ours.permutation(50).tolist() == theirs.permutation(50).tolist()
    expected = exact_random.standard_normal(theirs, (2, 3))
    assert ours.standard_normal((2, 3)).tolist() == expected.tolist()
    assert ours.normal(2, 0.5, 4).tolist() == (2 + 0.5 * exact_random.standard_normal(theirs, 4)).tolist()


def test_weighted_choices_follow_the_weights() -> None:
    generator = np.random.default_rng(3)
    drawn = [exact_random.weighted_choice(generator, [1, 0, 3, 0]) for _ in range(4000)]
    assert set(drawn) == {0, 2}
    assert 0.72 < drawn.count(2) / len(drawn) < 0.78
    for weights in ([], [0, 0], [1, -1], [math.nan], [[1, 2]]):
        with pytest.raises(ValueError, match="weights"):
            exact_random.weighted_choice(generator, weights)


@pytest.mark.parametrize("environment", mostly_slow(ARITHMETIC, ["as it is", *FEW]))
def test_every_machine_gives_the_same_bits(environment: str) -> None:
    printed = run_in(ARITHMETIC[environment], Path(__file__).parent / "exact_digest.py")
    assert printed == DIGEST, "exact_digest.py --each names the function that differs"
