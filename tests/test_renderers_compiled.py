"""The compiled parts of stages give the bits of the NumPy functions that they replace, in every build."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from renderers import Stage, compiled, fourier, gpu_mesh, ground, projection, rooms, shadow, sphere, stage
from renderers.shadow import GroundMap, ground_visibility
from renderers.software.extension import load, why_missing
from renderers.stage import make_surroundings

pytestmark = pytest.mark.skipif(bool(why_missing()), reason=str(why_missing()))

MODULES = (gpu_mesh, ground, projection, rooms, shadow, sphere, stage)
RNG = np.random.default_rng(5)


def floats(*shape: int) -> NDArray[np.float32]:
    return RNG.random(shape, np.float32)


def heights() -> NDArray[np.float32]:
    """A map of heights with two objects on it, one of which touches its edge."""
    made = np.ones((72, 72), np.float32)
    made[20:41, 30:62] = floats(21, 32)
    made[:9, :5] = 0.25 * floats(9, 5)
    return made


def waves(n: int) -> tuple[Any, Any]:
    return fourier.waves(n, np.dtype(np.float32))


KNOTS = np.array([0, 0.5, 1, 2, 2.5, 5, 9, 14, 15.0])
ODD_POINTS = floats(7, 3) - 0.5
ODD_POINTS[3] = 9  # No triangle uses it.
ODD_POINTS[4, 1] = np.nan
ODD_POINTS[5, 2] = np.inf
both = floats(48, 96, 4)
CASES: dict[str, tuple[str, Callable[..., Any], tuple[Any, ...]]] = {
    "a narrow blur": ("blur_sphere", sphere.blur_sphere, (floats(30, 45, 3), 1.3)),
    "a blur of a room and its lamps": ("blur_sphere", sphere.blur_sphere, (both, 4 * 192 / 180)),
    "a blur that goes around more than once": ("blur_sphere", sphere.blur_sphere, (floats(11, 7, 1), 6.0)),
    "noise": ("smooth_noise", sphere.smooth_noise, (floats(1, 9, 18) - 0.5, floats(50, 9), floats(18, 70))),
    "noise of three channels": ("smooth_noise", sphere.smooth_noise, (floats(3, 2, 3), floats(7, 2), floats(3, 9))),
    "a low shadow": ("spread_shadow", shadow.spread_shadow, (heights(), 0.3, 0.8, (1.0, 1.0))),
    "a soft shadow on a wide map": ("spread_shadow", shadow.spread_shadow, (heights(), 30.0, 1.2, (1.0, 0.37))),
    "a soft shadow on a deep map": ("spread_shadow", shadow.spread_shadow, (heights(), 7.1, 0.8, (0.61, 1.0))),
    "no shadow": ("spread_shadow", shadow.spread_shadow, (np.ones((40, 40), np.float32), 9.0, 1.2, (1.0, 1.0))),
    "both shadows": ("combine_shadows", shadow.combine_shadows, (floats(9, 9), 2 * floats(9, 9), floats(9, 9))),
    "amplitudes": ("wave_amplitudes", ground.wave_amplitudes, (KNOTS, 1 / (1 + KNOTS), 16, (1, 1))),
    "stretched amplitudes": ("wave_amplitudes", ground.wave_amplitudes, (KNOTS, RNG.random(9), 9, (3, 1))),
    "ground": (
        "noise_from_waves",
        ground.noise_from_waves,
        (floats(32, 32), floats(32, 32), floats(17, 17), *waves(32)),
    ),
    "ground of more waves": (
        "noise_from_waves",
        ground.noise_from_waves,
        (floats(64, 64), floats(64, 64), floats(33, 33), *waves(64)),
    ),
    "ground of few waves": (
        "noise_from_waves",
        ground.noise_from_waves,
        (floats(2, 2), floats(2, 2), floats(2, 2), *waves(2)),
    ),
    "bytes": ("pattern_bytes", ground.pattern_bytes, (3 * floats(40, 40) - 1, 5 * floats(40, 40) - 1)),
    "light": ("light_sums", rooms.light_sums, (both[..., :3], both[..., 3:], floats(48, 96))),
    "light of little": ("light_sums", rooms.light_sums, (floats(1, 5, 3), floats(1, 5, 1), floats(1, 5))),
    "a lit room": ("light_room", rooms.light_room, (both[..., :3], both[..., 3:], floats(48), 31.7, 24.0)),
    "means": ("block_means", stage.block_means, (floats(24, 40, 3),)),
    "products": ("project", stage.project, (RNG.random((9, 77)), floats(77, 3))),
    "a gradient": ("spread_gradient", rooms.spread_gradient, (floats(9, 1, 3), floats(13))),
    "clouds": ("paint_clouds", rooms.paint_clouds, (floats(9, 1, 3), floats(9, 13, 1), 0.637)),
    "leaves": (
        "paint_leaves",
        rooms.paint_leaves,
        (floats(9, 1, 3), 3 * floats(9, 7, 1) - 2, floats(9, 7, 3) - 0.5, floats(9, 7, 1), floats(3)),
    ),
    "an extent": ("used_extent", projection.used_extent, (ODD_POINTS, np.array([[0, 1, 2], [2, 5, 4]], np.uint32))),
    "no extent": ("used_extent", projection.used_extent, (ODD_POINTS, np.array([[4, 4, 4]], np.uint32))),
    "areas": ("twice_area", gpu_mesh.twice_area, (floats(50, 3), RNG.integers(0, 50, (99, 3)).astype(np.uint32))),
    "no area": ("twice_area", gpu_mesh.twice_area, (floats(3, 3), np.zeros((0, 3), np.uint32))),
}


def _same_bits(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return bool(one == other)


@pytest.mark.parametrize("name", CASES)
def test_every_build_gives_the_bits_of_numpy(name: str) -> None:
    in_extension, function, arguments = CASES[name]
    expected = function.__wrapped__(*arguments)  # type: ignore[attr-defined]
    native = getattr(load(), in_extension)
    builds = [{"build": build} for build in load().builds()] if "build" in native.__doc__ else [{}]
    for build in builds:
        assert _same_bits(native(*arguments, **build), expected), build


COLOR = np.array([0.9, 0.1, 0.5], np.float32)
DEGREES = (sphere.LATITUDE, sphere.LONGITUDE)
PAINTED: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "a box": (rooms.paint_box, (COLOR, (31.7, 12.3, 20.0, 9.0), *DEGREES)),
    "a box across the seam": (rooms.paint_box, (COLOR, (-175.3, -80.0, 20.0, 25.0), *DEGREES)),
    "a box more than a turn away": (rooms.paint_box, (COLOR, (700.1, 1.0, 3.0, 2.0), *DEGREES)),
    "a mask": (rooms.paint_texels, (COLOR, floats(192, 384))),
    "brightness": (rooms.scale_texels, (floats(192, 384, 1),)),
}


@pytest.mark.parametrize("name", PAINTED)
def test_what_is_painted_over_an_image_has_the_bits_of_numpy(name: str) -> None:
    function, arguments = PAINTED[name]
    before = floats(192, 384, 3)
    painted, expected = before.copy(), before.copy()
    getattr(load(), function.__name__)(painted, *arguments)
    function.__wrapped__(expected, *arguments)  # type: ignore[attr-defined]
    assert painted.tobytes() == expected.tobytes()
    assert painted.tobytes() != before.tobytes()


def test_every_compiled_function_is_compared() -> None:
    sources = "".join(Path(str(module.__file__)).read_text() for module in MODULES)
    decorated = set(re.findall(r"@compiled\ndef (\w+)", sources))
    assert decorated == {name for name, _, _ in CASES.values()} | {one.__name__ for one, _ in PAINTED.values()}


def test_a_stage_without_the_extension_has_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    covers, low = GroundMap(np.zeros(2), np.array([3.0, 2.0]), 0.0, 2.0), heights()

    def stages() -> list[Any]:
        made = [make_surroundings(Stage(seed), 0.3) for seed in range(6)]
        shades = [ground_visibility(low, low, covers, 0.1)]
        return [part for one in made for part in (one.environment, one.irradiance)] + shades

    expected = stages()
    monkeypatch.setattr(compiled, "_extension", lambda: None)
    assert all(_same_bits(one, other) for one, other in zip(stages(), expected, strict=True))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("blur_sphere", (floats(4, 4, 3), 6.1)),
        ("blur_sphere", (floats(0, 4, 3), 2.0)),
        ("smooth_noise", (floats(1, 3, 3), floats(5, 2), floats(3, 8))),
        ("spread_shadow", (floats(8, 9), 1.0, 0.8, (1.0, 1.0))),
        ("spread_shadow", (floats(8, 8), 1.0, 0.8, (1.0, 0.0))),
        ("spread_shadow", (floats(8, 8), float("nan"), 0.8, (1.0, 1.0))),
        ("combine_shadows", (floats(8, 8), floats(8, 8), floats(8, 9))),
        ("noise_from_waves", (floats(6, 6), floats(6, 6), floats(4, 4), floats(5), floats(5))),
        ("noise_from_waves", (floats(8, 8), floats(8, 8), floats(4, 4), *waves(8))),
        ("wave_amplitudes", (KNOTS, KNOTS[1:], 4, (1, 1))),
        ("pattern_bytes", (floats(8, 8), floats(8, 4))),
        ("light_sums", (both[::2, :, :3], both[::2, :, 3:], floats(24, 96))),
        ("light_room", (floats(4, 4, 3), floats(4, 4, 1), floats(5), 1.0, 24.0)),
        ("block_means", (floats(9, 8, 3),)),
        ("project", (RNG.random((9, 4)), floats(5, 3))),
        ("paint_texels", (floats(4, 4, 3), COLOR, floats(4, 5))),
        ("paint_box", (floats(4, 4, 3), COLOR, (0.0, 0.0, 9.0, 9.0), floats(5), floats(4))),
        ("scale_texels", (floats(4, 4, 3), floats(5, 4, 1))),
        ("paint_clouds", (floats(4, 1, 3), floats(5, 4, 1), 0.5)),
        ("paint_leaves", (floats(4, 1, 3), floats(4, 4, 1), floats(4, 5, 3), floats(4, 4, 1), floats(3))),
        ("used_extent", (floats(3, 3), np.array([[0, 1, 3]], np.uint32))),
        ("twice_area", (floats(3, 3), np.array([[0, 1, 3]], np.uint32))),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"fit|sigma|texels|vertex"):
        getattr(load(), name)(*arguments)


@pytest.mark.parametrize("name", PAINTED)
def test_no_copy_is_painted_over(name: str) -> None:
    function, arguments = PAINTED[name]
    fixed = floats(192, 384, 3)
    fixed.flags.writeable = False
    for image in (np.ones((192, 384, 3)), floats(192, 768, 3)[:, ::2], fixed):
        with pytest.raises(TypeError):
            getattr(load(), function.__name__)(image, *arguments)
