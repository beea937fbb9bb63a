"""Signs and numbers of `viewpoint100k.geometry`, each against a case worked out by hand, SciPy, or a symmetry."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from viewpoint100k.geometry import (
    Camera,
    RelativePose,
    azimuth_deg,
    elevation_deg,
    euler_deg,
    intrinsics_from_fov,
    look_at,
    object_translation,
    orbit,
    relative_pose,
    rotation_from_euler,
    wrap_deg,
)

Floats = NDArray[np.float64]

HALF, ROOT3 = 0.5, math.sqrt(3)
K = [[100.0, 0, 64], [0, 100, 48], [0, 0, 1]]
ORIGIN = (0.0, 0.0, 0.0)

# The photographer of most cases below stands upright and looks north (+Y): right is east (+X), down is -Z.
EAST, NORTH, SKY = np.eye(3)


def camera(position: ArrayLike, right: ArrayLike, down: ArrayLike, forward: ArrayLike) -> Camera:
    """A 128 x 96 camera from its centre and its three axes, written out in world coordinates."""
    pose = np.eye(4)
    pose[:3] = np.array([right, down, forward, position], dtype=np.float64).T
    return Camera(pose, np.array(K), 128, 96)


def facing_north(position: ArrayLike) -> Camera:
    return camera(position, EAST, -SKY, NORTH)


def motion_to(second: Camera) -> RelativePose:
    """The relative pose from a photographer at the origin who looks north. The object is five units ahead."""
    return relative_pose(facing_north(ORIGIN), second, (0, 5, 0))


# --- translation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ((2, 0, 0), (2, 0, 0)),  # east of a photographer who looks north is to the right: +x
        ((-2, 0, 0), (-2, 0, 0)),  # west is to the left
        ((0, 0, 2), (0, -2, 0)),  # the sky is up, and camera y points down
        ((0, 0, -2), (0, 2, 0)),
        ((0, 3, 0), (0, 0, 3)),  # north is ahead: +z
        ((0, -3, 0), (0, 0, -3)),
    ],
)
def test_moving_right_is_positive_x_down_positive_y_ahead_positive_z(
    position: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    moved = motion_to(facing_north(position))
    assert (moved.translation_x, moved.translation_y, moved.translation_z) == pytest.approx(expected)
    assert (moved.yaw_deg, moved.pitch_deg, moved.roll_deg) == pytest.approx((0, 0, 0))


def test_translation_is_read_in_the_first_cameras_axes_not_in_the_worlds() -> None:
    # Looking south (-Y), the right hand points west (-X): a step to the west is a step to the right.
    south = camera(ORIGIN, -EAST, -SKY, -NORTH)
    assert relative_pose(south, camera((-2, 0, 0), -EAST, -SKY, -NORTH), (0, -5, 0)).translation_x == pytest.approx(2)


def test_translation_does_not_depend_on_where_the_second_camera_looks() -> None:
    turned = camera((2, 0, 0), -NORTH, -SKY, EAST)  # same step east, now looking east (its right is south)
    moved = motion_to(turned)
    assert (moved.translation_x, moved.translation_y, moved.translation_z) == pytest.approx((2, 0, 0))


# --- rotation --------------------------------------------------------------------------------------------------------


def test_turning_right_is_positive_yaw() -> None:
    # Thirty degrees from north towards east: forward (sin 30, cos 30, 0); the right hand goes from east towards south.
    turned = camera(ORIGIN, (ROOT3 / 2, -HALF, 0), -SKY, (HALF, ROOT3 / 2, 0))
    pose = motion_to(turned)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((30, 0, 0))


def test_turning_left_is_negative_yaw() -> None:
    pose = motion_to(camera(ORIGIN, NORTH, -SKY, -EAST))  # looking west, the right hand points north
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((-90, 0, 0))


def test_turning_round_by_150_degrees_is_not_folded_to_30() -> None:
    # Forward (sin 150, cos 150, 0) = (1/2, -sqrt(3)/2, 0).
    turned = camera(ORIGIN, (-ROOT3 / 2, -HALF, 0), -SKY, (HALF, -ROOT3 / 2, 0))
    assert motion_to(turned).yaw_deg == pytest.approx(150)


def test_tilting_up_is_positive_pitch() -> None:
    # Forward rises to (0, cos 30, sin 30); down = forward x right = (0, sin 30, -cos 30).
    tilted = camera(ORIGIN, EAST, (0, HALF, -ROOT3 / 2), (0, ROOT3 / 2, HALF))
    pose = motion_to(tilted)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((0, 30, 0))


def test_turning_clockwise_is_positive_roll() -> None:
    # A quarter turn clockwise, as the photographer sees it: the right side of the camera comes to lie below.
    pose = motion_to(camera(ORIGIN, -SKY, -EAST, NORTH))
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((0, 0, 90))


def test_a_camera_rolled_clockwise_sees_the_world_turn_counterclockwise() -> None:
    rolled = camera(ORIGIN, -SKY, -EAST, NORTH)
    upright_pixel = facing_north(ORIGIN).project([(0, 10, 1)])[0][0]  # a point above the axis
    rolled_pixel = rolled.project([(0, 10, 1)])[0][0]
    assert upright_pixel == pytest.approx([64, 38])  # 100 * 1 / 10 above the middle (64, 48)
    assert rolled_pixel == pytest.approx([54, 48])  # now to the left of it


angles = st.floats(-180, 180)
tilts = st.floats(-85, 85)


@given(angles, tilts, angles)
def test_euler_angles_are_scipys_intrinsic_yxz(yaw: float, pitch: float, roll: float) -> None:
    oracle = Rotation.from_euler("YXZ", [yaw, pitch, roll], degrees=True)
    assert rotation_from_euler(yaw, pitch, roll) == pytest.approx(oracle.as_matrix(), abs=1e-12)
    expected = oracle.as_euler("YXZ", degrees=True)
    difference = np.subtract(euler_deg(oracle.as_matrix()), expected)
    assert (difference + 180) % 360 - 180 == pytest.approx(np.zeros(3), abs=1e-8)


def test_euler_angles_are_worked_out_by_hand_for_yaw_and_pitch_together() -> None:
    # Yaw 90 sends z to x; then pitch 30 about the turned x axis lifts forward: f = (cos 30, -sin 30, 0).
    yaw, pitch, _ = euler_deg(rotation_from_euler(90, 30, 0))
    assert rotation_from_euler(90, 30, 0)[:, 2] == pytest.approx([ROOT3 / 2, -HALF, 0])
    assert (yaw, pitch) == pytest.approx((90, 30))


# --- around the object -----------------------------------------------------------------------------------------------


def on_orbit(azimuth: float, elevation: float = 0.0, distance: float = 4.0, center: ArrayLike = ORIGIN) -> Camera:
    return Camera(orbit(distance, azimuth, elevation, center), np.array(K), 128, 96)


def assert_stepped_thirty_degrees_to_the_right(pose: RelativePose) -> None:
    """Camera 1 at (4, 0, 0) looks along -X: its right is +Y. Camera 2 at (4 cos 30, 4 sin 30, 0).

    It has moved by (4 cos 30 - 4, 2, 0): 2 to the right, and 4 - 2 sqrt(3) forwards. To keep the object in the
    middle it has turned left by those 30 degrees.
    """
    assert pose.translation_x == pytest.approx(2)
    assert pose.translation_y == pytest.approx(0)
    assert pose.translation_z == pytest.approx(4 - 2 * ROOT3)
    assert pose.yaw_deg == pytest.approx(-30)
    assert pose.azimuth_deg == pytest.approx(30)
    assert (pose.elevation_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((0, 0, 0))
    assert pose.distance_ratio == pytest.approx(1)


def hand_made_orbit() -> tuple[Camera, Camera]:
    """The two cameras of that case with their axes written out, without `orbit`."""
    first = camera((4, 0, 0), NORTH, -SKY, -EAST)
    second = camera((2 * ROOT3, 2, 0), (-HALF, ROOT3 / 2, 0), -SKY, (-ROOT3 / 2, -HALF, 0))
    return first, second


def test_a_step_right_on_an_orbit_turns_left_and_goes_to_the_objects_left() -> None:
    first, second = hand_made_orbit()
    assert_stepped_thirty_degrees_to_the_right(relative_pose(first, second, ORIGIN))
    # An observer at the object who faces camera 1 looks along +X, with the left hand towards +Y, where camera 2 went.
    assert object_translation(first, second, ORIGIN) == pytest.approx(-2)


def test_the_reversed_product_would_be_noticed() -> None:
    first, second = hand_made_orbit()
    reversed_motion = np.linalg.inv(second.camera_to_world) @ first.camera_to_world
    assert reversed_motion[0, 3] < 0  # this product says left for a move to the right, and agrees with itself
    with pytest.raises(AssertionError):
        assert_stepped_thirty_degrees_to_the_right(relative_pose(second, first, ORIGIN))


def test_orbit_makes_the_same_cameras() -> None:
    for made, by_hand in zip((on_orbit(0), on_orbit(30)), hand_made_orbit(), strict=True):
        assert made.camera_to_world == pytest.approx(by_hand.camera_to_world)


def test_yaw_and_pitch_on_a_raised_orbit_are_those_worked_out_by_hand() -> None:
    # Elevation 45, a quarter turn. With a = sqrt(1/2): f1 = -(a, 0, a), right1 = (0, 1, 0), down1 = (a, 0, -a), and
    # f2 = -(0, a, a). So f2 in camera 1's axes is (-a, 1/2, 1/2): yaw atan2(-a, 1/2), pitch asin(-1/2) = -30.
    pose = relative_pose(on_orbit(0, 45), on_orbit(90, 45), ORIGIN)
    assert pose.yaw_deg == pytest.approx(-math.degrees(math.atan2(math.sqrt(HALF), HALF)))
    assert pose.pitch_deg == pytest.approx(-30)
    assert pose.azimuth_deg == pytest.approx(90)


def test_azimuth_counts_from_x_to_y_and_elevation_towards_the_sky() -> None:
    assert [azimuth_deg(p) for p in ((1, 0, 0), (0, 2, 5), (-1, 0, 0), (0, -1, 0))] == pytest.approx([0, 90, 180, -90])
    assert azimuth_deg((1, 1, 9), (0, 1, 0)) == pytest.approx(0)
    assert elevation_deg((3, 4, 5)) == pytest.approx(45)  # 5 up over 5 across
    assert elevation_deg((0, 0, -1)) == pytest.approx(-90)


def test_climbing_is_positive_elevation_and_backing_off_a_ratio_above_one() -> None:
    pose = relative_pose(on_orbit(10, 0, 2), on_orbit(10, 25, 5), ORIGIN)
    assert (pose.elevation_deg, pose.distance_ratio, pose.azimuth_deg) == pytest.approx((25, 2.5, 0))


def test_the_azimuth_change_takes_the_short_way_round() -> None:
    assert relative_pose(on_orbit(170), on_orbit(-160), ORIGIN).azimuth_deg == pytest.approx(30)
    assert relative_pose(on_orbit(-160), on_orbit(170), ORIGIN).azimuth_deg == pytest.approx(-30)


@pytest.mark.parametrize(
    ("angle", "expected"), [(0, 0), (180, 180), (-180, 180), (190, -170), (-190, 170), (540, 180), (-359, 1), (725, 5)]
)
def test_angles_wrap_into_half_open_180(angle: float, expected: float) -> None:
    assert wrap_deg(angle) == pytest.approx(expected)


@given(st.floats(-1e6, 1e6))
@example(math.nextafter(180, 181))  # the remainder of a tiny negative number rounds up to its divisor
def test_a_wrapped_angle_is_in_range_and_the_same_direction(angle: float) -> None:
    wrapped = wrap_deg(angle)
    assert -180 < wrapped <= 180
    assert math.cos(math.radians(wrapped - angle)) == pytest.approx(1)


def test_the_observer_at_the_object_has_the_mirror_image_of_the_photographers_left() -> None:
    # Camera 1 looks north at an object five ahead; the observer there faces south, right hand to the west (-X).
    first = facing_north(ORIGIN)
    assert object_translation(first, facing_north((-2, 0, 0)), (0, 5, 0)) == pytest.approx(2)
    assert object_translation(first, facing_north((3, 8, 1)), (0, 5, 0)) == pytest.approx(-3)


def test_the_observer_at_the_object_stays_upright_when_the_camera_is_high_up() -> None:
    first = Camera(look_at((0, -1, 10), ORIGIN), np.array(K), 128, 96)
    assert object_translation(first, facing_north((-2, -1, 10)), ORIGIN) == pytest.approx(2)


def test_a_camera_straight_above_the_object_gives_the_observer_no_left_or_right() -> None:
    above = camera((0, 0, 5), EAST, -NORTH, -SKY)
    with pytest.raises(ValueError, match="no left or right"):
        object_translation(above, facing_north((1, 0, 0)), ORIGIN)


@given(
    azimuth=angles,
    change=st.floats(-100, 100).filter(lambda a: abs(a) > 1),
    elevation=st.floats(-60, 60),
    second_elevation=st.floats(-60, 60),
    distances=st.tuples(st.floats(1, 10), st.floats(1, 10)),
)
def test_on_an_orbit_that_looks_at_the_object_all_three_answers_are_one_bit(
    azimuth: float, change: float, elevation: float, second_elevation: float, distances: tuple[float, float]
) -> None:
    center = (0.3, -0.7, 0.2)
    first = on_orbit(azimuth, elevation, distances[0], center)
    second = on_orbit(azimuth + change, second_elevation, distances[1], center)
    pose = relative_pose(first, second, center)
    right = pose.translation_x > 0
    assert right == (pose.yaw_deg < 0) == (object_translation(first, second, center) < 0) == (pose.azimuth_deg > 0)


# --- symmetries of the whole -----------------------------------------------------------------------------------------

coordinates = st.floats(-5, 5)


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    """Any pose. The identities below hold for every pair of cameras, not only for upright ones."""
    quaternion = [draw(st.floats(-1, 1)) for _ in range(4)]
    assume(np.linalg.norm(quaternion) > 0.1)
    position = [draw(coordinates) for _ in range(3)]
    # Not on the vertical through the object's centre, where the azimuth is undefined.
    assume(math.hypot(position[0], position[1]) > 0.1)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    pose[:3, 3] = position
    return Camera(pose, np.array([[120.0, 0, 60], [0, 110, 50], [0, 0, 1]]), 128, 96)


def moved(view: Camera, world: Floats) -> Camera:
    return replace(view, camera_to_world=world @ view.camera_to_world)


def assert_poses_agree(actual: RelativePose, expected: dict[str, float]) -> None:
    for name, value in asdict(actual).items():
        difference = value - expected[name]
        if name.endswith("_deg"):
            difference = (difference + 180) % 360 - 180
        assert difference == pytest.approx(0, abs=1e-6), name


def well_conditioned(first: Camera, second: Camera) -> bool:
    """True if the second camera's axis is not near the first one's vertical. There, yaw and roll are the same turn."""
    return abs(float(first.up @ second.forward)) < 0.999


@given(cameras(), cameras())
def test_swapping_the_cameras_negates_the_azimuth_and_inverts_the_ratio(first: Camera, second: Camera) -> None:
    there, back = relative_pose(first, second, ORIGIN), relative_pose(second, first, ORIGIN)
    assume(abs(there.azimuth_deg) < 179.999)
    assert back.azimuth_deg == pytest.approx(-there.azimuth_deg, abs=1e-6)
    assert back.elevation_deg == pytest.approx(-there.elevation_deg, abs=1e-6)
    assert back.distance_ratio * there.distance_ratio == pytest.approx(1)


@given(cameras(), cameras(), angles, st.tuples(coordinates, coordinates, coordinates))
def test_turning_the_world_about_up_or_shifting_it_changes_nothing(
    first: Camera, second: Camera, angle: float, shift: tuple[float, float, float]
) -> None:
    assume(well_conditioned(first, second))
    world = np.eye(4)
    world[:3, :3] = Rotation.from_euler("z", angle, degrees=True).as_matrix()
    world[:3, 3] = shift
    turned = relative_pose(moved(first, world), moved(second, world), shift)
    assert_poses_agree(turned, asdict(relative_pose(first, second, ORIGIN)))
    before, after = (
        object_translation(first, second, ORIGIN),
        object_translation(moved(first, world), moved(second, world), shift),
    )
    assert after == pytest.approx(before, abs=1e-6)


@given(cameras(), cameras(), st.floats(0.1, 10))
def test_scaling_the_world_changes_no_angle(first: Camera, second: Camera, scale: float) -> None:
    assume(well_conditioned(first, second))

    def scaled(view: Camera) -> Camera:
        pose = view.camera_to_world.copy()
        pose[:3, 3] *= scale
        return replace(view, camera_to_world=pose)

    expected = asdict(relative_pose(first, second, ORIGIN))
    for name in ("translation_x", "translation_y", "translation_z"):
        expected[name] *= scale
    assert_poses_agree(relative_pose(scaled(first), scaled(second), ORIGIN), expected)


@given(cameras(), cameras())
def test_a_mirrored_scene_flips_left_and_right_and_nothing_else(first: Camera, second: Camera) -> None:
    assume(well_conditioned(first, second))

    def mirrored(view: Camera) -> Camera:
        # The world's x is reflected, and the camera's own x too. Otherwise its axes would be left-handed.
        return replace(view, camera_to_world=np.diag([-1.0, 1, 1, 1]) @ view.camera_to_world @ np.diag([-1.0, 1, 1, 1]))

    expected = asdict(relative_pose(first, second, ORIGIN))
    for name in ("azimuth_deg", "yaw_deg", "roll_deg", "translation_x"):
        expected[name] *= -1
    assert_poses_agree(relative_pose(mirrored(first), mirrored(second), ORIGIN), expected)
    before = object_translation(first, second, ORIGIN)
    assert object_translation(mirrored(first), mirrored(second), ORIGIN) == pytest.approx(-before, abs=1e-6)


# --- cameras and pixels ----------------------------------------------------------------------------------------------


def test_a_point_to_the_right_and_above_lands_right_of_and_above_the_middle() -> None:
    # Two ahead, one east, half up, at focal length 100 about (64, 48): 64 + 100 / 2 and 48 - 50 / 2.
    pixels, depth = facing_north(ORIGIN).project([(1, 2, HALF)])
    assert pixels[0] == pytest.approx([114, 23])
    assert depth[0] == pytest.approx(2)


def test_a_point_behind_the_camera_has_negative_depth() -> None:
    assert facing_north(ORIGIN).project([(0, -2, 0)])[1][0] == pytest.approx(-2)


@given(cameras(), st.floats(0, 128), st.floats(0, 96), st.floats(0.1, 100))
def test_projecting_undoes_unprojecting(view: Camera, u: float, v: float, depth: float) -> None:
    pixels, depths = view.project(view.unproject([(u, v)], [depth]))
    assert pixels[0] == pytest.approx([u, v], abs=1e-6)
    assert depths[0] == pytest.approx(depth)


@given(cameras(), st.integers(1, 500), st.integers(1, 500), st.floats(0, 1), st.floats(0, 1))
def test_resizing_keeps_the_ray_through_every_place_in_the_image(
    view: Camera, width: int, height: int, across: float, along: float
) -> None:
    small = view.resized(width, height)
    ray = view.unproject([(across * 128, along * 96)], [3.0])
    assert small.unproject([(across * width, along * height)], [3.0]) == pytest.approx(ray, abs=1e-9)
    assert (small.width, small.height) == (width, height)


def test_the_middle_of_the_first_pixel_stays_where_it_is_when_the_image_is_halved() -> None:
    # The top-left pixel of the half-size image covers a 2 x 2 block whose middle was at (1, 1) and is now (0.5, 0.5).
    view = facing_north(ORIGIN)
    assert view.resized(64, 48).unproject([(0.5, 0.5)], [1.0]) == pytest.approx(view.unproject([(1, 1)], [1.0]))


def test_the_field_of_view_spans_the_shorter_side() -> None:
    # 90 degrees over 100 pixels: half of it, 50, over tan 45 = 1.
    assert intrinsics_from_fov(90, 200, 100) == pytest.approx(np.array([[50, 0, 100], [0, 50, 50], [0, 0, 1]]))
    assert intrinsics_from_fov(90, 100, 200)[0, 0] == pytest.approx(50)


def test_look_at_puts_the_target_in_the_middle_and_the_sky_at_the_top() -> None:
    view = Camera(look_at((3, -4, 2), (1, 1, 0.5)), np.array(K), 128, 96)
    pixels, depth = view.project([(1, 1, 0.5), (1, 1, 0.6)])
    assert pixels[0] == pytest.approx([64, 48])
    assert depth[0] == pytest.approx(math.sqrt(4 + 25 + 2.25))
    assert pixels[1][0] == pytest.approx(64)
    assert pixels[1][1] < 48
    assert view.right[2] == pytest.approx(0)
    assert view.position == pytest.approx([3, -4, 2])


def test_the_named_axes_are_the_columns_of_the_pose() -> None:
    view = facing_north((7, 8, 9))
    assert view.right == pytest.approx(EAST)
    assert view.up == pytest.approx(SKY)
    assert view.forward == pytest.approx(NORTH)
    assert view.world_to_camera == pytest.approx(np.linalg.inv(view.camera_to_world))


@pytest.mark.parametrize(
    ("pose", "message"),
    [
        (np.eye(3), r"\(4, 4\)"),
        (np.full((4, 4), np.nan), "finite"),
        (np.diag([2.0, 2, 2, 1]), "without scale"),
        (np.diag([-1.0, 1, 1, 1]), "reflection"),
        (np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]), "last row"),
    ],
)
def test_a_pose_that_is_not_rigid_is_refused(pose: Floats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Camera(pose, np.array(K), 128, 96)


@pytest.mark.parametrize(
    "intrinsics",
    [np.eye(2), -np.eye(3), [[100, 1, 64], [0, 100, 48], [0, 0, 1]], [[np.nan, 0, 64], [0, 100, 48], [0, 0, 1]]],
)
def test_intrinsics_that_are_not_a_pinhole_are_refused(intrinsics: object) -> None:
    with pytest.raises(ValueError, match="intrinsics must"):
        Camera(np.eye(4), np.array(intrinsics), 128, 96)


def test_an_empty_image_a_blind_look_and_an_impossible_lens_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        Camera(np.eye(4), np.array(K), 0, 96)
    with pytest.raises(ValueError, match="stands on"):
        look_at((1, 2, 3), (1, 2, 3))
    with pytest.raises(ValueError, match="along the up vector"):
        look_at((0, 0, 3), ORIGIN)
    with pytest.raises(ValueError, match="field of view"):
        intrinsics_from_fov(180, 10, 10)


def test_a_cameras_arrays_cannot_be_changed_behind_its_back() -> None:
    pose = np.eye(4)
    view = Camera(pose, np.array(K), 128, 96)
    pose[0, 3] = 5
    assert view.position[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        view.camera_to_world[0, 3] = 5


def test_a_camera_at_another_size_has_the_intrinsics_of_that_size() -> None:
    camera = Camera(orbit(3, 10, 20), intrinsics_from_fov(50, 320, 240), 320, 240)
    assert camera.intrinsics_at(640, 120).tolist() == [
        [2 * camera.intrinsics[0, 0], 0, 320],
        [0, camera.intrinsics[1, 1] / 2, 60],
        [0, 0, 1],
    ]
