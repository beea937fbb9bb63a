"""Cameras around a mesh: the mesh is completely in the frame and has the requested size and turns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewpoint100k.geometry import azimuth_deg, elevation_deg, orbit
from viewpoint100k.views.orbits import OuterPoints, fitting_distance, walk
from viewpoint100k.views.settings import Views

SIZE = 512


def cloud(rng: np.random.Generator, flat: float = 1.0) -> np.ndarray:
    points = rng.normal(size=(200, 3)) * [1, rng.uniform(0.1, 1), flat]
    return points / np.linalg.norm(points, axis=1).max()


def test_a_unit_square_facing_the_camera_fits_where_hand_calculation_says() -> None:
    # Corners at (0, +-0.5, +-0.5), camera on +X, 90 degree lens: half the frame is as wide as the distance. To span
    # half the frame's height, 0.5 = 0.5 * D, so D = 1.
    square = np.array([[0, y, z] for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    assert fitting_distance(OuterPoints(square), 0, 0, fov_deg=90, fill=0.5) == pytest.approx(1.0)


def test_a_nearer_point_needs_more_distance_by_just_as_much() -> None:
    # The same corners 0.2 towards the camera: every depth is 0.2 less.
    square = np.array([[0.2, y, z] for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    assert fitting_distance(OuterPoints(square), 0, 0, fov_deg=90, fill=0.5) == pytest.approx(1.2)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_object_is_whole_in_every_frame_and_fills_it_as_asked(seed: int) -> None:
    rng = np.random.default_rng(seed)
    views = Views()
    points = cloud(rng, flat=rng.uniform(0.05, 1))
    spans = []
    for camera in walk(points, rng.uniform(-100, 100, 8), views, SIZE, rng):
        pixels, depth = camera.project(points)
        assert (depth > 0).all()
        assert (pixels > 0).all()
        assert (pixels < SIZE).all()
        spans.append(np.abs(pixels - SIZE / 2).max() / (SIZE / 2))
    assert max(spans) >= views.fill[0] / views.distance_jitter[1] - 2 * views.aim_offset


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_each_camera_is_turned_from_the_one_before_as_asked(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = rng.uniform(-100, 100, 8)
    cameras = walk(cloud(rng), turns, Views(), SIZE, rng)
    azimuths = [azimuth_deg(camera.position) for camera in cameras]
    steps = (np.diff(azimuths) - turns + 180) % 360 - 180
    assert np.abs(steps).max() < 1e-6
    for camera in cameras:
        assert Views().elevation_deg[0] - 1e-9 <= elevation_deg(camera.position) <= Views().elevation_deg[1] + 1e-9
        assert abs(camera.right[2]) < 1e-9  # upright: no roll
    assert len({camera.intrinsics[0, 0] for camera in cameras}) == 1  # one lens


def test_first_azimuths_cover_the_circle_evenly() -> None:
    points = cloud(np.random.default_rng(0))
    firsts = [
        azimuth_deg(walk(points, [30.0], Views(), SIZE, np.random.default_rng(seed))[0].position) for seed in range(600)
    ]
    counts, _ = np.histogram(firsts, bins=6, range=(-180, 180))
    assert counts.min() > 70  # of 100 expected, more than three standard deviations


def test_the_same_seed_gives_the_same_cameras() -> None:
    points = cloud(np.random.default_rng(0))
    one, two = (walk(points, [30.0, -50.0], Views(), SIZE, np.random.default_rng(5)) for _ in range(2))
    assert all(np.array_equal(a.camera_to_world, b.camera_to_world) for a, b in zip(one, two, strict=True))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0, 3))
def test_the_distance_of_many_points_is_that_of_all_of_them(seed: int, spread: float) -> None:
    """With groups of points that lie near each other, and with groups that do not."""
    rng = np.random.default_rng(seed)
    points = np.repeat(rng.normal(0, spread, (100, 3)), 256, axis=0) + rng.normal(0, 1, (25600, 3))
    azimuth, elevation, fov, fill = rng.uniform([-180, -80, 20, 0.3], [180, 80, 80, 0.9]).tolist()
    axes = orbit(1.0, azimuth, elevation)[:3, :3]
    local = points @ axes
    reach = np.abs(local[:, :2]).max(axis=1) / (fill * np.tan(np.radians(fov / 2)))
    found = fitting_distance(OuterPoints(points), azimuth, elevation, fov, fill)
    assert found == pytest.approx((reach - local[:, 2]).max(), rel=1e-12)
    few = max(fitting_distance(OuterPoints(part), azimuth, elevation, fov, fill) for part in np.array_split(points, 3))
    assert found == few
