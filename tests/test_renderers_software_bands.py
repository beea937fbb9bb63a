"""An image that is drawn in bands of rows, by any number of threads, is the same as one that is drawn at once."""

import numpy as np
import pytest
from numpy.typing import NDArray
from renderer_shapes import ball, mesh, quad

from renderers import Stage, open_renderer
from renderers.software.extension import load, why_missing
from viewpoint100k.geometry.cameras import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.mesh import Material, Mesh

pytestmark = pytest.mark.skipif(bool(why_missing()), reason=str(why_missing()))

GREEN, GLASS = Material(base_color=(0.2, 0.7, 0.3, 1)), Material(alpha_mode="BLEND", base_color=(0.9, 0.4, 0.2, 0.5))
MESHES = {
    "few triangles": mesh(ball(GREEN, subdivisions=4), quad(Material(metallic=1.0, roughness=0.3), center=(0, 0, -1))),
    "more than 50,000 triangles": mesh(ball(GREEN, subdivisions=6)),
    "blended triangles": mesh(ball(GREEN, subdivisions=2), quad(GLASS, center=(0.3, -1.2, 0))),
}
SIZES = {"1x1": (1, 1), "tall": (64, 2048), "wide": (2048, 64)}
"""Width and height in pixels."""


def camera(width: int, height: int, center: tuple[float, float]) -> Camera:
    """A camera whose axis meets the image at ``center``, pixels. The object fills some 500 pixels."""
    intrinsics = intrinsics_from_fov(45, 700, 700)
    intrinsics[:2, 2] = center
    return Camera(orbit(4.0, 35, 20), intrinsics, width, height)


def drawn(made: Mesh, seen_by: Camera, build: str, threads: int) -> tuple[NDArray[np.uint8], ...]:
    """A color image on a stage, the depth at its pixels, and color and depth together, as bytes."""
    backend = open_renderer("software", build=build, threads=threads)
    scene = backend.load(made, Stage(3))
    (both,) = scene.thumbnails([seen_by])
    found = scene.color(seen_by), scene.depth(seen_by).view(np.uint8), both.color, both.depth.view(np.uint8)
    backend.close()
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", MESHES)
def test_bands_have_the_same_bytes_in_all_builds_and_threads(shape: str, size: str) -> None:
    width, height = SIZES[size]
    seen_by, builds = camera(width, height, (width / 2, height / 2)), load().builds()
    expected = drawn(MESHES[shape], seen_by, builds[0], 1)
    assert np.isfinite(expected[1].view(np.float32)).any()
    for build, threads in [*((build, 1) for build in builds[1:]), (builds[0], 2), (builds[0], 3), ("plain", 3)]:
        for one, other in zip(drawn(MESHES[shape], seen_by, build, threads), expected, strict=True):
            assert np.array_equal(one, other), (build, threads)


@pytest.mark.parametrize("shape", MESHES)
def test_the_rows_of_a_tall_image_are_those_of_low_ones(shape: str) -> None:
    """The first 200 rows of the image are small enough to be drawn at once, with all rows above those compared."""
    build = load().builds()[0]
    tall = drawn(MESHES[shape], camera(64, 2048, (32, 100.0)), build, 2)
    low = drawn(MESHES[shape], camera(64, 200, (32, 100.0)), build, 1)
    for one, other in zip(tall, low, strict=True):
        assert np.array_equal(one[: len(other)], other)
