"""Up, centre and scale of a capture, and lenses: pure functions against truth made by hand."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from capture_trees import elsewhere, moved, ring, rolled, rotation
from scipy.spatial.transform import Rotation

from viewpoint100k.assets.capture_files.lenses import Lens, fisheye, polynomial, undistorted
from viewpoint100k.assets.capture_files.placement import nearest_point, object_in_cloud, radius_from_view
from viewpoint100k.assets.capture_files.up import angle_between_deg, estimate_up, orbit_normal
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit

Z = np.array([0.0, 0.0, 1.0])


def poses(cameras: Sequence[Camera]) -> np.ndarray:
    return np.array([camera.camera_to_world for camera in cameras])


# Up.


@pytest.mark.parametrize("arc", [360, 180, 90])
@pytest.mark.parametrize("elevation", [0, 30, 60])
def test_up_is_exact_where_cameras_are_level_on_any_arc(arc: int, elevation: int) -> None:
    cameras = elsewhere(ring(np.linspace(0, arc, 24, endpoint=False), elevation), seed=arc + elevation)
    center = nearest_point(poses(cameras)[:, :3, 3], poses(cameras)[:, :3, 2])
    up = estimate_up(poses(cameras), center)
    assert angle_between_deg(up.direction, rotation(arc + elevation) @ Z) < 0.01
    assert up.confidence > 0.9


def test_the_plain_mean_of_up_axes_would_be_wrong_on_half_a_circle() -> None:
    cameras = ring(np.linspace(0, 180, 24), 30)
    mean = np.mean([camera.up for camera in cameras], axis=0)
    assert angle_between_deg(mean / np.linalg.norm(mean), Z) > 15


def test_up_withstands_unsteady_hands_and_photos_in_portrait() -> None:
    rng = np.random.default_rng(5)
    cameras = [rolled(c, rng.normal(0, 4)) for c in ring(rng.uniform(0, 240, 40), 30)]
    cameras = [rolled(c, 90) if i % 3 == 0 else c for i, c in enumerate(cameras)]
    up = estimate_up(poses(cameras), np.zeros(3))
    assert angle_between_deg(up.direction, Z) < 3


def test_the_orbits_plane_is_the_second_witness() -> None:
    normal = orbit_normal(np.array([c.position for c in ring(range(0, 360, 20))]))
    assert normal is not None
    assert abs(normal[2]) == pytest.approx(1)
    over_a_dome = [c.position for e in (10, 40, 70) for c in ring(range(0, 360, 30), e)]
    assert orbit_normal(np.array(over_a_dome)) is None
    assert orbit_normal(np.array([[float(i), 0, 0] for i in range(9)])) is None


def test_a_capture_whose_cameras_lean_against_their_orbit_is_dropped() -> None:
    lean = np.eye(4)
    lean[:3, :3] = Rotation.from_euler("x", 35, degrees=True).as_matrix()
    # Level cameras. Only their positions are moved to a tilted circle.
    positions = [lean[:3, :3] @ c.position for c in ring(range(0, 360, 15), 0)]
    leaning = []
    for position in positions:
        level = orbit(4, np.degrees(np.arctan2(position[1], position[0])), 0)
        level[:3, 3] = position
        leaning.append(level)
    with pytest.raises(AssetError, match="uncertain") as refused:
        estimate_up(np.array(leaning), np.zeros(3))
    assert refused.value.reason == "up_uncertain"


def test_cameras_held_anyhow_leave_up_uncertain() -> None:
    rng = np.random.default_rng(1)
    cameras = [rolled(c, rng.uniform(0, 360)) for c in ring(range(0, 360, 12), 5)]
    with pytest.raises(AssetError) as refused:
        estimate_up(poses(cameras), np.zeros(3))
    assert refused.value.reason == "up_uncertain"


def test_confidence_falls_with_disagreement() -> None:
    steady = estimate_up(poses(ring(range(0, 360, 15))), np.zeros(3))
    climbing = [ring([a], 20 + 14 * np.sin(np.radians(a)))[0] for a in range(0, 360, 15)]
    doubtful = estimate_up(poses(climbing), np.zeros(3))
    assert steady.confidence > 0.99
    assert 0.1 < doubtful.confidence < 0.6


# Centre and scale.


def test_the_center_is_where_the_optical_axes_meet() -> None:
    cameras = elsewhere(ring(range(0, 300, 30)), seed=8)
    found = nearest_point(poses(cameras)[:, :3, 3], poses(cameras)[:, :3, 2])
    assert found == pytest.approx(moved(np.zeros((1, 3)), 8)[0], abs=1e-9)


@pytest.mark.parametrize("turn", [0.0, 180.0])
def test_cameras_that_look_at_nothing_in_common_are_refused(turn: float) -> None:
    cameras = ring(range(0, 360, 30), 0)
    if turn:  # The cameras look away from the object in their middle.
        away = np.diag([-1.0, 1.0, -1.0])
        directions = np.array([c.camera_to_world[:3, :3] @ away for c in cameras])[:, :, 2]
    else:  # All cameras look the same way.
        directions = np.repeat(cameras[0].forward[None], len(cameras), axis=0)
    with pytest.raises(AssetError) as refused:
        nearest_point(np.array([c.position for c in cameras]), directions)
    assert refused.value.reason == "no_common_center"


def test_without_points_the_radius_spans_seven_tenths_of_the_shorter_side() -> None:
    cameras = ring(range(0, 360, 30), distance=4.0, fov=40.0)
    half_angle = np.arctan(0.7 * np.tan(np.radians(20)))
    assert radius_from_view(cameras, np.zeros(3)) == pytest.approx(4 * np.sin(half_angle))


def test_a_cloud_of_the_object_gives_center_and_radius_despite_stray_points() -> None:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4000, 3))
    sphere = directions / np.linalg.norm(directions, axis=1, keepdims=True) * 2 + [5, 6, 7]
    found = object_in_cloud(np.vstack([sphere, [[500, 0, 0]] * 20]), np.zeros(3), None)
    assert found is not None
    assert found[0] == pytest.approx([5, 6, 7], abs=0.1)
    assert found[1] == pytest.approx(2, abs=0.1)


def test_a_cloud_of_the_scene_moves_the_center_only_within_the_object() -> None:
    rng = np.random.default_rng(0)
    scene = np.vstack([rng.normal((0.3, 0, 0), 0.2, (500, 3)), rng.uniform(-30, 30, (3000, 3))])
    found = object_in_cloud(scene, np.zeros(3), 1.0)
    assert found is not None
    assert found[0] == pytest.approx([0.3, 0, 0], abs=0.05)
    assert found[1] == 1.0
    assert object_in_cloud(scene[500:] + 100, np.zeros(3), 1.0) is None


# Lenses.


@pytest.mark.parametrize(
    "distortion",
    [polynomial((-0.2, 0.05)), polynomial((0.15, 0.02), (0.003, -0.002)), fisheye((0.02, -0.01))],
    ids=["barrel", "pincushion", "fisheye"],
)
def test_an_undistorted_picture_holds_only_what_the_photo_saw(distortion: Callable[..., np.ndarray]) -> None:
    lens = Lens(intrinsics_from_fov(50, 200, 150), 200, 150, distortion)
    straight = undistorted(lens)
    u, v = np.meshgrid(np.linspace(0, 200, 50), np.linspace(0, 150, 50))
    pixels = np.column_stack([u.ravel(), v.ravel()])
    seen = lens.bend((pixels - straight.intrinsics[:2, 2]) / straight.intrinsics[[0, 1], [0, 1]])
    assert (seen > -0.01).all()
    assert (seen < np.array([200, 150]) + 0.01).all()
    edge = np.abs(np.array([seen.min(axis=0), [200, 150] - seen.max(axis=0)])).min()
    assert edge < 0.1, "a longer focal length than needed crops what could have been kept"


@pytest.mark.parametrize("k1", [-5.0, 1e9, -1e300])
def test_a_distortion_that_folds_the_picture_is_refused(k1: float) -> None:
    with pytest.raises(AssetError) as refused:
        undistorted(Lens(intrinsics_from_fov(60, 200, 150), 200, 150, polynomial((k1,))))
    assert refused.value.reason == "bad_camera"
