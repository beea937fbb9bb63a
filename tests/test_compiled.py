"""Each compiled function gives the bits of its NumPy form, and a set is the same without the extension."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sanitized import build_with_sanitizers, run_with_sanitizers

from viewpoint100k.geometry import intrinsics_from_fov, orbit
from viewpoint100k.geometry.exact import filters
from viewpoint100k.runtime import compiled as choice
from viewpoint100k.views import colors, differences, pairs, visibility

ROOT = Path(__file__).parents[1]

needs_extension = pytest.mark.skipif(choice._compiled is None, reason="the extension is not built")
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 48)


def same_bits(function: Callable[..., Any], *arguments: Any) -> None:
    found, expected = function(*arguments), function.__wrapped__(*arguments)  # type: ignore[attr-defined]
    if isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.tobytes() == np.ascontiguousarray(expected).tobytes()
    else:
        assert type(found) is type(expected)
        assert found == expected


def picture(rng: np.random.Generator, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """CIELAB (h, w, 3) of noise on an object and of one colour around it, and the object's mask (h, w)."""
    low, high = (-128, 127) if rng.random() < 0.5 else (-2, 2)
    lab = np.stack([rng.uniform(0, 100, (height, width)), *rng.uniform(low, high, (2, height, width))], axis=-1)
    mask = blob(rng, height, width)
    return np.where(mask[..., None], lab, [53.6, 0, 0]).astype(np.float32), mask


def blob(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A mask (h, w): an ellipse, noise, everything or nothing."""
    rows, columns = np.mgrid[:height, :width]
    center, reach = rng.uniform(0, 1, 2) * (height, width), rng.uniform(0.1, 0.7, 2) * (height, width)
    ellipse = ((rows - center[0]) / reach[0]) ** 2 + ((columns - center[1]) / reach[1]) ** 2 < 1
    noise = rng.random((height, width)) < rng.random()
    return [ellipse, noise, np.ones_like(ellipse), np.zeros_like(ellipse)][rng.choice(4, p=[0.6, 0.3, 0.05, 0.05])]


@needs_extension
@settings(max_examples=40, deadline=None)
@given(
    seeds,
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.floats(0.2, 6),
    st.sampled_from(["mirror", "wrap", "zero"]),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([1e-44, 1e-30, 1.0, 1e30]),
)
def test_a_blur(seed: int, shape: list[int], sigma: float, edge: filters.Edge, dtype: type, scale: float) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.uniform(-1, 1, shape) * scale).astype(dtype)
    axis = int(rng.integers(-len(shape), len(shape)))
    same_bits(filters.blur_by_weights, values, filters._weights(sigma).astype(dtype), axis, edge)
    same_bits(filters.blur_by_weights, values.T, filters._weights(sigma).astype(dtype), axis, edge)
    same_bits(filters.blur_by_sums, values, *filters._box(6 + 4 * sigma), 3, axis, edge)
    same_bits(filters.blur_by_sums, values.T, int(rng.integers(9)), rng.random(), int(rng.integers(1, 4)), axis, edge)


@needs_extension
def test_cielab_of_every_code() -> None:
    codes = np.arange(256, dtype=np.uint8)
    pixels = np.stack(np.meshgrid(codes[::5], codes, codes[::15]), axis=-1).reshape(-1, 3)
    same_bits(colors.cielab, pixels, *colors.CIELAB_TABLES)
    same_bits(colors.cielab, pixels[:0], *colors.CIELAB_TABLES)
    same_bits(colors.cielab, pixels[:, ::-1], *colors.CIELAB_TABLES)


@needs_extension
@settings(max_examples=60, deadline=None)
@given(seeds, sizes, sizes, st.booleans(), st.booleans())
def test_the_difference_of_two_pictures(seed: int, height: int, width: int, hides: bool, ends: bool) -> None:
    rng = np.random.default_rng(seed)
    (one, one_mask), (two, two_mask) = picture(rng, height, width), picture(rng, height, width)
    if rng.random() < 0.5:  # A moved copy has a best shift, and ties.
        shift = tuple(rng.integers(-6, 7, 2))
        two, two_mask = np.roll(one, shift, axis=(0, 1)), np.roll(one_mask, shift, axis=(0, 1))
    unknown = blob(rng, height, width) if hides else None
    plain = differences.median_rows([one, two], [one_mask, two_mask]) if hides else None
    beyond = [blob(rng, height, width) if ends else None for _ in range(2)]
    pictures = (one, one_mask, beyond[0], two, two_mask, beyond[1])
    same_bits(differences.mark_difference, *pictures, unknown, plain, differences._SHIFTS, 64, 2, 16)
    same_bits(differences.mark_difference, *pictures, unknown, plain, differences._SHIFTS[::-1], 3, 1, 1)
    same_bits(differences.changes, one, two, one_mask, two_mask)
    same_bits(differences.median_rows, [one, two], [one_mask, two_mask])
    same_bits(differences.median_rows, [one[:, ::-1]], [two_mask])


@needs_extension
@settings(max_examples=40, deadline=None)
@given(seeds, sizes, sizes, st.integers(1, 3))
def test_what_one_view_sees_of_another(seed: int, height: int, width: int, step: int) -> None:
    rng = np.random.default_rng(seed)

    def view(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        distance = rng.uniform(0.3, 4)
        pose = orbit(distance, rng.uniform(0, 360), rng.uniform(-80, 80))
        depth = np.where(blob(rng, height, width), distance, np.inf) + rng.uniform(-0.1, 0.1, (height, width))
        return depth.astype(np.float32), intrinsics_from_fov(rng.uniform(20, 100), width, height), pose

    first, second = view(height, width), view(width, height)
    same_bits(pairs.seen_from, *first, *second, step, 0.01, 0.15)
    same_bits(pairs.seen_from, *first, *first, step, 0.01, 0.0)
    same_bits(pairs.seen_from, *first, *second, step, 1e9, 0.15)


@needs_extension
@settings(max_examples=40, deadline=None)
@given(seeds, sizes, sizes, st.integers(0, 9), st.integers(0, 9), st.sampled_from([1, 7, 600]))
def test_the_contrast_along_a_rim(seed: int, height: int, width: int, down: int, right: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (*rng.integers(1, 60, 2), 3), dtype=np.uint8)
    mask = blob(rng, height, width)
    same_bits(visibility.rim_difference, image, mask, down, right, most, *colors.CIELAB_TABLES)


def test_a_count_decides_as_the_quantile_does() -> None:
    rng = np.random.default_rng(5)
    for size in (1, 2, 3, 9, 10, 11, 40):
        for _ in range(20):
            one = differences.Look(np.zeros((1, size, 3), np.float32), np.ones((1, size), bool), None)
            lab = np.zeros((1, size, 3), np.float32)
            lab[..., 0] = rng.choice([1, 5, 6, 7], size)
            two = differences.Look(lab, one.mask, None)
            assert differences.changes_less(one, two, 6.0) == (np.quantile(lab[0, :, 0], 0.9) < 6.0)
    nothing = differences.Look(np.zeros((2, 2, 3), np.float32), np.zeros((2, 2), bool), None)
    assert differences.changes_less(nothing, nothing, 6.0)


MASK, LAB = np.zeros((4, 5), bool), np.zeros((4, 5, 3), np.float32)
PIXELS, (LINEAR, *REST) = np.zeros((2, 3), np.uint8), colors.CIELAB_TABLES
VIEW = (np.ones((4, 5), np.float32), np.eye(3), np.eye(4))
WRONG = {
    "an axis that is not there": ("blur_by_weights", (LAB, np.ones(2, np.float32), 3, "wrap"), "no such axis"),
    "no values": ("blur_by_weights", (LAB[:0], np.ones(2, np.float32), 0, "wrap"), "no values"),
    "an unknown edge": ("blur_by_weights", (LAB, np.ones(2, np.float32), 0, "open"), "mirror, wrap or zero"),
    "a box without bounds": ("blur_by_sums", (LAB, 2**31 - 1, 0.5, 2**31 - 1, 0, "wrap"), "reach of a box"),
    "a table of one entry": ("cielab", (PIXELS, LINEAR, REST[0][:1], REST[1]), "table"),
    "pictures of two sizes": ("changes", (LAB, LAB[:3].copy(), MASK, MASK[:3].copy()), "one size"),
    "a mask of another size": ("median_rows", ([LAB], [MASK[:3].copy()]), "one size"),
    "no picture": ("median_rows", ([], []), "a picture"),
    "an empty depth map": ("seen_from", (VIEW[0][:0], *VIEW[1:], *VIEW, 1, 0.1, 0.1), "depth map"),
    "no step": ("seen_from", (*VIEW, *VIEW, 0, 0.1, 0.1), "step"),
    "an empty mask": ("rim_difference", (LAB.astype(np.uint8), MASK[:0], 1, 1, 9, *colors.CIELAB_TABLES), "its mask"),
    "no plain look": (
        "mark_difference",
        (LAB, MASK, None, LAB, MASK, None, MASK, None, differences._SHIFTS, 64, 2, 16),
        "belong together",
    ),
}


@needs_extension
@pytest.mark.parametrize("name", WRONG)
def test_arrays_that_do_not_fit_are_refused(name: str) -> None:
    function, arguments, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        getattr(choice._compiled, function)(*arguments)


@needs_extension
def test_tables_of_any_numbers_are_read_within_their_bounds() -> None:
    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)
    mask, flat = rng.random((40, 30)) < 0.5, pixels.reshape(-1, 3)
    for wild in (-1e30, -1.0, 3.0, 1e30, np.inf, np.nan):
        for changed in range(3):
            tables = [table.copy() for table in colors.CIELAB_TABLES]
            tables[changed].flat[::2] = wild
            assert colors.cielab(flat, *tables).shape == (1200, 3)
            assert isinstance(visibility.rim_difference(pixels, mask, 1, 1, 600, *tables), float)
            lab = rng.choice([1.0, wild], (40, 30, 3)).astype(np.float32)
            assert differences.median_rows([lab], [mask]).shape == (40, 1, 3)


def doubled(array: np.ndarray, by: float) -> np.ndarray:
    return array * by


def test_without_the_extension_numpy_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = np.eye(3)[:, ::-1], 2.0
    function = choice.compiled(doubled)
    monkeypatch.setattr(choice, "_compiled", SimpleNamespace(doubled=lambda array, by: (array.flags.c_contiguous, by)))
    assert function(*arguments) == (True, 2.0)
    monkeypatch.setattr(choice, "_compiled", None)
    assert np.array_equal(function(*arguments), 2 * arguments[0])
    assert function.__wrapped__ is doubled  # type: ignore[attr-defined]


@needs_extension
@pytest.mark.slow
def test_a_set_is_the_same_without_the_extension() -> None:
    script = """
import sys
if sys.argv[1] == "numpy":
    sys.modules["viewpoint100k._compiled"] = None
import hashlib
import viewpoint100k as vp
from viewpoint100k.runtime import compiled
assert (compiled._compiled is None) == (sys.argv[1] == "numpy")
digest = hashlib.blake2b()
for config in ("viewpoint-100k", "decoupled"):
    for row in vp.generate(vp.load_config(config, rows=60, images={"size": 96})):
        digest.update(repr(row).encode())
print(digest.hexdigest())
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = [
        subprocess.run(
            [sys.executable, "-c", script, form], env=environment, check=True, capture_output=True, text=True
        ).stdout
        for form in ("numpy", "compiled")
    ]
    assert len(found[0]) > 100
    assert found[0] == found[1]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sanitizers_have_nothing_to_report(tmp_path: Path) -> None:
    script = """
import importlib.util, sys
import viewpoint100k
spec = importlib.util.spec_from_file_location("viewpoint100k._compiled", sys.argv[2])
loaded = viewpoint100k._compiled = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(loaded)
sys.path.insert(0, sys.argv[1])
import test_compiled as tests
assert tests.choice._compiled is loaded
tests.test_a_blur()
tests.test_cielab_of_every_code()
tests.test_the_difference_of_two_pictures()
tests.test_what_one_view_sees_of_another()
tests.test_the_contrast_along_a_rim()
tests.test_tables_of_any_numbers_are_read_within_their_bounds()
for name in tests.WRONG:
    tests.test_arrays_that_do_not_fit_are_refused(name)
print("done")
"""
    done = run_with_sanitizers(script, build_with_sanitizers("_compiled", tmp_path))
    assert done.stdout.strip() == "done", done.stderr[-3000:]
