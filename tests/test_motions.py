"""Motions made to measure: each part is what was asked for, and the others say nothing about it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from viewpoint100k.geometry import Camera
from viewpoint100k.views.motions import Motion, Place, check_levels, outline, place_pair
from viewpoint100k.views.settings import Motions

SIGN = st.integers(-1, 1)
BOX = np.array(list(itertools.product((-0.6, 0.6), (-0.5, 0.5), (-0.62, 0.62))))
AROUND = {1: (20.0, 100.0), -1: (-100.0, -20.0)}


def placed(motion: Motion, seed: int = 0) -> tuple[Camera, Camera] | None:
    return place_pair(BOX, motion, Motions(), 256, np.random.default_rng(seed))


def sign(value: float, none: float) -> int:
    return 0 if abs(value) < none else int(np.sign(value))


def parts(first: Camera, second: Camera) -> dict[str, int]:
    """What the second camera did, by matrices and SciPy."""
    motion = np.linalg.inv(first.camera_to_world) @ second.camera_to_world
    ahead = motion[:3, 2]
    tilts = [np.degrees(np.arcsin(camera.camera_to_world[2, 2])) for camera in (first, second)]
    level = [np.cross(camera.forward, [0, 0, 1]) for camera in (first, second)]
    leans = [
        np.degrees(np.arctan2(np.cross(flat, camera.right) @ camera.forward, flat @ camera.right))
        for flat, camera in zip(level, (first, second), strict=True)
    ]
    distances = [np.linalg.norm(camera.position) for camera in (first, second)]
    return {
        "sideways": sign(motion[0, 3], 1e-9),
        "turn": sign(np.degrees(np.arctan2(ahead[0], ahead[2])), 1e-6),
        "height": sign(second.position[2] - first.position[2], 1e-9),
        "distance": sign(distances[1] / distances[0] - 1, 1e-9),
        "tilt": sign(tilts[1] - tilts[0], 1e-6),
        "roll": sign(leans[1] - leans[0], 1e-6),
    }


@given(SIGN, SIGN, SIGN, SIGN, SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_each_part_is_what_was_asked_for_whatever_the_others_are(
    sideways: int, turn: int, height: int, distance: int, tilt: int, roll: int, seed: int
) -> None:
    asked = {"sideways": sideways, "turn": turn, "height": height, "distance": distance, "tilt": tilt, "roll": roll}
    pair = placed(Motion(**asked), seed)  # type: ignore[arg-type]
    if pair is not None:
        assert parts(*pair) == asked


@given(st.sampled_from([-1, 1]), SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_going_around_moves_to_one_side_and_turns_to_the_other(
    side: int, height: int, distance: int, seed: int
) -> None:
    pair = placed(Motion(0, 0, height, distance, around_deg=AROUND[side]), seed)
    assert pair is not None
    found = parts(*pair)
    assert (found["sideways"], found["turn"]) == (side, -side)
    assert (found["height"], found["distance"]) == (height, distance)
    # To the right is counter-clockwise from above.
    angles = [np.degrees(np.arctan2(camera.position[1], camera.position[0])) for camera in pair]
    change = (angles[1] - angles[0] + 180) % 360 - 180
    assert 20 - 1e-6 <= side * change <= 100 + 1e-6


@given(SIGN, SIGN, SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_object_is_whole_in_both_images(sideways: int, turn: int, height: int, roll: int, seed: int) -> None:
    pair = placed(Motion(sideways, turn, height, 0, 0, roll), seed)
    if pair is not None:
        for camera in pair:
            pixels, depth = camera.project(BOX)
            assert (depth > 0).all()
            assert (pixels > 0).all()
            assert (pixels < 256).all()


def test_the_first_camera_hardly_depends_on_the_motion() -> None:
    """With one seed it is the same for nearly every motion: another is drawn only where no size fits around it."""
    motions = [Motion(*signs) for signs in itertools.product((-1, 0, 1), repeat=4)]
    kept = []
    for seed in range(6):
        still = placed(Motion(), seed)
        assert still is not None
        firsts = [pair[0].camera_to_world for motion in motions if (pair := placed(motion, seed)) is not None]
        kept += [np.array_equal(pose, still[0].camera_to_world) for pose in firsts]
    assert np.mean(kept) > 0.92


def test_nearly_every_motion_can_be_placed() -> None:
    motions = [Motion(*signs) for signs in itertools.product((-1, 0, 1), repeat=4)]
    assert sum(placed(motion, 7) is None for motion in motions) <= 0.08 * len(motions)


def test_a_pose_from_heading_tilt_and_roll_is_scipys() -> None:
    # Heading clockwise from +Y, then up, then clockwise about the axis: intrinsic rotations of an upright camera.
    heading, tilt, roll = np.radians([35.0, -20.0, 12.0])
    pose = Place(np.zeros((1, 3)), *(np.array([angle]) for angle in (heading, tilt, roll))).poses()[0]
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T  # looks along +Y: right +X, down -Z
    turned = Rotation.from_matrix(upright) * Rotation.from_euler("YXZ", [heading, tilt, roll])
    assert pose[:3, :3] == pytest.approx(turned.as_matrix(), abs=1e-12)


def test_the_outline_holds_the_farthest_point_to_every_side() -> None:
    points = np.random.default_rng(0).normal(size=(5000, 3))
    kept = outline(points)
    assert len(kept) < 100
    for direction in np.random.default_rng(1).normal(size=(50, 3)):
        reach = (points @ direction).max()
        assert (kept @ direction).max() > 0.75 * reach
    assert {tuple(point) for point in kept} <= {tuple(point) for point in points}


@pytest.mark.parametrize(
    ("levels", "words"),
    [({"zoom": "some"}, "zoom"), ({"turn": "up"}, "left, none, right, some"), ({"object": "some"}, "mirrored")],
)
def test_a_part_or_level_that_there_is_not_is_named(levels: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_levels(levels)
