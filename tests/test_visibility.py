"""An object is visible if it differs from its background, and invisible if it does not, whatever its texture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from renderers import Renderer, Stage, open_renderer
from viewpoint100k.assets.procedural import ProceduralSource
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.views.orbits import walk
from viewpoint100k.views.settings import Views
from viewpoint100k.views.visibility import contrast

Color = tuple[int, int, int]

SIZE = 256
WHITE, GREY, BLACK = (255, 255, 255), (119, 119, 119), (0, 0, 0)
TOO_LITTLE = 5.0
"""Objects faded into their background were hard to see below this value. No frame of a build was below it."""


def disc(size: int = SIZE, radius: float = 0.3) -> np.ndarray:
    """(size, size) mask of a disc in the middle."""
    across = (np.arange(size) + 0.5) / size - 0.5
    return np.hypot(across[:, None], across[None]) < radius


def picture(mask: np.ndarray, inside: Color, outside: Color, noise: float = 0.0) -> np.ndarray:
    """The mask's object in one colour on another, with a soft edge like a renderer's and sensor noise."""
    part = gaussian_filter(mask.astype(float), 0.6)[..., None]
    values = part * np.array(inside) + (1 - part) * np.array(outside)
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    return np.clip(values.round(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("inside", "outside", "expected"),
    [
        (WHITE, BLACK, 100.0),  # By the definition of L*.
        (GREY, WHITE, 50.0),  # sRGB 119 is L* 50.03.
        (GREY, GREY, 0.0),
        ((255, 0, 0), (0, 255, 0), 170.6),  # L*a*b* (53.24, 80.09, 67.20) and (87.73, -86.18, 83.18).
    ],
)
def test_contrast_is_the_delta_e_across_the_rim(inside: Color, outside: Color, expected: float) -> None:
    mask = disc()
    assert contrast(picture(mask, inside, outside), mask) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [(WHITE, WHITE), (WHITE, (250, 250, 250)), (BLACK, (8, 8, 10)), ((180, 60, 50), (186, 64, 55)), (GREY, GREY)],
)
def test_white_on_white_is_too_little(inside: Color, outside: Color) -> None:
    mask = disc()
    assert contrast(picture(mask, inside, outside, noise=1.0), mask) < TOO_LITTLE


@pytest.mark.parametrize(
    ("inside", "outside"),
    [(WHITE, (225, 225, 225)), (BLACK, (45, 45, 45)), ((180, 60, 50), (180, 60, 80)), ((90, 120, 60), (130, 120, 60))],
)
def test_a_little_lighter_or_of_another_hue_is_enough(inside: Color, outside: Color) -> None:
    mask = disc()
    assert contrast(picture(mask, inside, outside, noise=1.0), mask) > TOO_LITTLE


def test_what_is_painted_on_the_object_does_not_count() -> None:
    mask = disc()
    image = picture(mask, WHITE, WHITE)
    image[disc(radius=0.2)] = BLACK
    assert contrast(image, mask) == 0


def test_what_is_far_from_the_object_does_not_count() -> None:
    mask = disc()
    image = picture(mask, WHITE, WHITE)
    image[~disc(radius=0.4)] = BLACK
    assert contrast(image, mask) == 0


def test_an_object_lost_on_one_side_is_told_by_the_others() -> None:
    mask = disc()
    image = picture(mask, WHITE, BLACK)
    image[: int(0.4 * SIZE)] = 255
    assert contrast(image, mask) > 90
    image[: int(0.7 * SIZE)] = 255
    assert contrast(image, mask) < TOO_LITTLE


def test_a_thin_leg_is_held_against_what_is_beside_it() -> None:
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[40:-40, 100:103] = mask[40:-40, 150:153] = True
    image = np.full((SIZE, SIZE, 3), 200, dtype=np.uint8)
    assert contrast(image, mask) == 0
    image[mask] = 60
    assert contrast(image, mask) > 40


@pytest.mark.parametrize("size", [64, 96, 512, 1000])
def test_the_mask_may_have_another_resolution(size: int) -> None:
    assert contrast(picture(disc(size), WHITE, GREY), disc()) == pytest.approx(50, abs=2)


@pytest.mark.parametrize("value", [True, False])
def test_a_mask_without_a_rim_has_no_contrast(value: bool) -> None:
    assert contrast(np.zeros((64, 64, 3), dtype=np.uint8), np.full((64, 64), value)) == 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), turns=st.integers(0, 3))
def test_turning_the_picture_changes_nothing(seed: int, turns: int) -> None:
    """True as long as every place of the rim is checked."""
    rng = np.random.default_rng(seed)
    mask = gaussian_filter(rng.normal(size=(48, 48)), 5) > 0
    image = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
    assert contrast(np.rot90(image, turns), np.rot90(mask, turns)) == pytest.approx(contrast(image, mask))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = open_renderer()
    yield renderer
    renderer.close()


@pytest.mark.parametrize("asset_id", ["teapot-000001", "chair-000002", "dog-000001"])
def test_a_rendered_object_is_seen_until_it_takes_on_the_colours_behind_it(renderer: Renderer, asset_id: str) -> None:
    mesh = ProceduralSource().load(asset_id).mesh
    camera = walk(mesh.points, [40], Views(), 256, np.random.default_rng(1))[0]
    small = Mesh(tuple(replace(p, positions=p.positions * np.float32(1e-3)) for p in mesh.primitives))
    scene, empty = renderer.load(mesh, Stage(1)), renderer.load(small, Stage(1))
    image, mask = scene.color(camera), np.isfinite(scene.depth(camera.resized(128, 128)))
    behind = empty.color(camera)
    scene.close()
    empty.close()
    faded = behind + 0.05 * (image.astype(float) - behind)
    assert contrast(image, mask) > TOO_LITTLE
    assert contrast(faded.round().astype(np.uint8), mask) < TOO_LITTLE
