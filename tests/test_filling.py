"""Forms of one question about one pair, floor plans and solids of revolution: hand-computed cases and properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewpoint100k.building.rows import mirrored_pair, swapped_pair
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.geometry.solid_of_revolution import turned_solid
from viewpoint100k.questions import QUANTITIES
from viewpoint100k.views.floor_plan import draw_sketch, sketch_camera
from viewpoint100k.views.pairs import Pair

SIZE = 96
FRONT = np.array([0.6, 0.8, 0.0])


def orbit_pair(azimuth: float, change: float, elevations: tuple[float, float] = (10.0, 25.0)) -> Pair:
    intrinsics = intrinsics_from_fov(50, SIZE, SIZE)
    cameras = tuple(
        Camera(orbit(3.0, angle, elevation), intrinsics, SIZE, SIZE)
        for angle, elevation in zip((azimuth, azimuth + change), elevations, strict=True)
    )
    return Pair(cameras, np.zeros(3), 1.0, FRONT, 0.5, 0.3)


@given(st.floats(-180, 180), st.floats(20, 100), st.sampled_from([-1, 1]))
@settings(max_examples=50, deadline=None)
def test_a_mirrored_scene_shows_mirrored_images_and_flips_sides_alone(azimuth: float, size: float, side: int) -> None:
    pair = orbit_pair(azimuth, side * size)
    mirrored = mirrored_pair(pair)
    for name, quantity in QUANTITIES.items():
        if name != "front_azimuth_deg":  # Compare angles modulo 360: 180 equals -180.
            assert quantity.of(mirrored) == pytest.approx(quantity.mirror * quantity.of(pair), abs=1e-9), name
    # A point and its mirror image lie at mirrored pixels.
    point = np.array([[0.3, -0.2, 0.4]])
    for camera, image in zip(pair.cameras, mirrored.cameras, strict=True):
        seen, there = camera.project(point)[0][0], image.project(point * [-1, 1, 1])[0][0]
        assert there == pytest.approx([SIZE - seen[0], seen[1]], abs=1e-9)


def test_swapped_images_have_the_opposite_azimuth_change() -> None:
    pair = orbit_pair(10, 60, (20.0, 20.0))
    assert swapped_pair(pair).pose.azimuth_deg == pytest.approx(-60)
    assert swapped_pair(swapped_pair(pair)).cameras == pair.cameras


def test_on_the_floor_plan_camera_1_is_at_the_foot_and_right_of_it_is_right() -> None:
    # Camera 1 stands south of the object and camera 2 to the south-east: on the plan at the lower right.
    pair = orbit_pair(-90, 45, (0.0, 0.0))
    camera = sketch_camera(pair, SIZE)
    (x1, y1), (x2, y2), (x, y) = camera.project([*(c.position for c in pair.cameras), pair.center])[0]
    assert (x, y) == pytest.approx((SIZE / 2, SIZE / 2))
    assert x1 == pytest.approx(SIZE / 2)
    assert y1 > 0.75 * SIZE
    assert x2 - x == pytest.approx(y2 - y)
    assert x2 > 0.65 * SIZE


def test_a_floor_plan_has_ink_where_its_camera_sees_the_places() -> None:
    pair = orbit_pair(30, 60)
    plan = draw_sketch(pair, 256)
    camera = sketch_camera(pair, 256)
    assert plan.shape == (256, 256, 3)
    towards = pair.cameras[0].position * [1, 1, 0]
    for number in range(1, 8):
        angle = np.radians(45 * number)
        turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]) @ towards
        column, row = (int(v) for v in camera.project(turned[None])[0][0])
        patch = plan[row - 14 : row + 15, column - 14 : column + 15]
        assert patch.min() < 120, number  # its rim and its number
    assert plan[2, 2].min() > 240


def test_a_turned_solid_is_the_same_from_all_sides_and_as_wide_as_the_object() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(-1, 1, (4000, 3)) * [0.3, 0.5, 0.8]
    mesh = turned_solid(points, np.array([[1.0, 0, 0], [0, 0, 1.0]]))
    vertices = mesh.points
    assert np.linalg.norm(vertices, axis=1).max() == pytest.approx(1, abs=1e-6)
    across = np.hypot(vertices[:, 0], vertices[:, 1])
    for level in np.unique(np.round(vertices[:, 2], 4)):
        ring = across[np.abs(vertices[:, 2] - level) < 1e-4]
        assert ring.max() - ring[ring > 1e-6].min(initial=ring.max()) < 1e-4
    # Red at the top, blue at the foot, and normals that point outwards.
    (solid,) = mesh.primitives
    assert solid.colors is not None
    assert solid.colors[solid.positions[:, 2].argmax(), 0] == 1
    assert solid.colors[solid.positions[:, 2].argmin(), 2] == 1
    wide = np.hypot(solid.positions[:, 0], solid.positions[:, 1]) > 0.1
    outward = (solid.normals[:, :2] * solid.positions[:, :2]).sum(axis=1)
    assert (outward[wide] > 0).mean() > 0.9
