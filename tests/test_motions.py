"""Camera motions: each part has its requested value, and the other parts are independent of it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import ks_2samp

from viewpoint100k.geometry import Camera
from viewpoint100k.views.half_steps import place_pair
from viewpoint100k.views.motions import Motion, check_levels, outline
from viewpoint100k.views.settings import STEPS, Motions
from viewpoint100k.views.unit_angles import camera_axes, of_degrees

SIGN = st.integers(-1, 1)
BOX = np.array(list(itertools.product((-0.6, 0.6), (-0.5, 0.5), (-0.62, 0.62))))
AROUND = {1: (20.0, 100.0), -1: (-100.0, -20.0)}
PARTS = ("sideways", "turn", "height", "distance", "tilt", "roll")


def placed(motion: Motion, seed: int = 0, **changes: object) -> tuple[Camera, Camera] | None:
    return place_pair(BOX, motion, Motions(**changes), 256, np.random.default_rng(seed))  # type: ignore[arg-type]


def changes(first: Camera, second: Camera) -> dict[str, float]:
    """The second camera's motion, from matrices and SciPy: radii, degrees, and the ratio of the distances minus 1."""
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
        "sideways": motion[0, 3],
        "turn": np.degrees(np.arctan2(ahead[0], ahead[2])),
        "height": second.position[2] - first.position[2],
        "distance": distances[1] / distances[0] - 1,
        "tilt": tilts[1] - tilts[0],
        "roll": leans[1] - leans[0],
    }


NONE = {"sideways": 0.02, "turn": 1.0, "height": 0.02, "distance": 0.02, "tilt": 1.0, "roll": 1.0}
"""Smaller motions are like a trembling hand. The question types count them as none."""


def signs(first: Camera, second: Camera) -> dict[str, int]:
    return {
        part: 0 if abs(value) < NONE[part] else int(np.sign(value)) for part, value in changes(first, second).items()
    }


@given(SIGN, SIGN, SIGN, SIGN, SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_each_part_is_what_was_asked_for_whatever_the_others_are(
    sideways: int, turn: int, height: int, distance: int, tilt: int, roll: int, seed: int
) -> None:
    asked = {"sideways": sideways, "turn": turn, "height": height, "distance": distance, "tilt": tilt, "roll": roll}
    pair = placed(Motion(**asked), seed)  # type: ignore[arg-type]
    if pair is not None:
        assert signs(*pair) == asked


@given(SIGN, SIGN, SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_sideways_for_an_observer_at_the_object_is_along_the_left_hand(
    sideways: int, turn: int, height: int, distance: int, seed: int
) -> None:
    pair = placed(Motion(sideways, turn, height, distance, sideways_for="object"), seed)
    if pair is not None:
        first, second = (camera.position for camera in pair)
        # For an observer at the object who faces camera 1, left is up x facing.
        left = np.cross([0, 0, 1], first) / np.linalg.norm(first[:2])
        assert (0 if abs(second @ left) < 0.02 else int(np.sign(second @ left))) == sideways
        assert signs(*pair)["turn"] == turn


@given(st.sampled_from([-1, 1]), SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_going_around_moves_to_one_side_and_turns_to_the_other(
    side: int, height: int, distance: int, seed: int
) -> None:
    pair = placed(Motion(0, 0, height, distance, around_deg=AROUND[side]), seed)
    assert pair is not None
    found = signs(*pair)
    assert (found["sideways"], found["turn"]) == (side, -side)
    assert (found["height"], found["distance"]) == (height, distance)
    # To the right is counter-clockwise from above.
    angles = [np.degrees(np.arctan2(camera.position[1], camera.position[0])) for camera in pair]
    change = (angles[1] - angles[0] + 180) % 360 - 180
    assert 20 - 1e-6 <= side * change <= 100 + 1e-6


@given(SIGN, SIGN, SIGN, SIGN, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_object_is_whole_and_neither_tiny_nor_huge_in_both_images(
    sideways: int, turn: int, height: int, roll: int, seed: int
) -> None:
    pair = placed(Motion(sideways, turn, height, 0, 0, roll), seed)
    if pair is not None:
        for camera in pair:
            pixels, depth = camera.project(BOX)
            assert (depth > 0).all()
            assert (pixels > 0).all()
            assert (pixels < 256).all()
            assert 0.15 - 1e-9 <= np.ptp(pixels, axis=0).max() / 256 <= 0.8 + 1e-9


def test_nearly_every_motion_can_be_placed() -> None:
    motions = [Motion(*parts) for parts in itertools.product((-1, 0, 1), repeat=4)]
    assert sum(placed(motion, 7) is None for motion in motions) <= 0.02 * len(motions)


def test_none_is_a_tremble_and_never_exactly_none() -> None:
    for seed in range(30):
        pair = placed(Motion(), seed)
        assert pair is not None
        assert all(0 < abs(value) < NONE[part] for part, value in changes(*pair).items())


def test_no_image_is_level_or_centred_because_it_is_the_first() -> None:
    """Lean, place in the frame, distance and elevation have equal spreads in the first and the second image."""
    rng = np.random.default_rng(0)
    seen: list[list[list[float]]] = [[], []]
    for seed in range(600):
        pair = placed(Motion(*(int(part) for part in rng.integers(-1, 2, 6))), seed)
        if pair is None:
            continue
        for which, camera in enumerate(pair):
            x, y = camera.project([[0.0, 0, 0]])[0][0] / 256 - 0.5
            lean = np.degrees(np.arctan2(-camera.right[2], camera.up[2]))
            distance = np.linalg.norm(camera.position)
            seen[which].append([x, y, lean, np.log(distance), np.degrees(np.arcsin(camera.position[2] / distance))])
    first, second = (np.array(one) for one in seen)
    assert second.std(axis=0) == pytest.approx(first.std(axis=0), rel=0.1)
    assert np.abs(first.mean(axis=0) - second.mean(axis=0)).max() < 2.0
    assert (first.std(axis=0) > [0.1, 0.1, 12, 0.25, 10]).all()
    for column in range(5):
        assert ks_2samp(first[:, column], second[:, column]).pvalue > 0.001


def test_the_reverse_of_a_motion_is_its_swapped_pair() -> None:
    """The pairs of a motion and the swapped pairs of the reverse motion have the same mean sizes and leans."""
    forth, back = [], []
    for seed in range(400):
        one, other = placed(Motion(1, 1, 0, 1, 0, 1), seed), placed(Motion(-1, -1, 0, -1, 0, -1), 10_000 + seed)
        if one is not None and other is not None:
            forth.append([*changes(*one).values(), one[0].right[2], one[1].right[2]])
            back.append([*changes(other[1], other[0]).values(), other[1].right[2], other[0].right[2]])
    one_way, other_way = np.array(forth), np.array(back)
    for column in (0, 1, 3, 5):
        assert one_way[:, column].mean() == pytest.approx(other_way[:, column].mean(), rel=0.08)
    for column in (6, 7):
        assert ks_2samp(one_way[:, column], other_way[:, column]).pvalue > 0.001


def test_steps_of_a_level_lie_in_its_ranges_and_grow_from_level_to_level() -> None:
    turns = {}
    for step in ("small", "middling", "large"):
        found = [changes(*pair) for seed in range(60) if (pair := placed(Motion(0, 1, roll=1), seed, step=step))]
        sizes = STEPS[step]
        assert all(sizes.turn_deg[0] - 1e-6 <= one["turn"] <= sizes.turn_deg[1] + 1e-6 for one in found)
        assert all(sizes.roll_deg[0] - 1e-6 <= one["roll"] <= sizes.roll_deg[1] + 1e-6 for one in found)
        turns[step] = np.mean([one["turn"] for one in found])
    assert turns["small"] < turns["middling"] < turns["large"]


def test_sizes_of_your_own_stand_above_the_level() -> None:
    sizes = STEPS["large"].model_copy(update={"turn_deg": (24.0, 26.0)})
    pair = placed(Motion(0, 1), 3, own_sizes=sizes)
    assert pair is not None
    assert 24 - 1e-6 <= changes(*pair)["turn"] <= 26 + 1e-6


def test_axes_from_heading_tilt_and_lean_are_scipys() -> None:
    # Heading clockwise from +Y, then up, then clockwise about the axis: intrinsic rotations of an upright camera.
    angles = [35.0, -20.0, 12.0]
    axes = camera_axes(*(of_degrees(np.array([angle])) for angle in angles))
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T  # looks along +Y: right +X, down -Z
    turned = Rotation.from_matrix(upright) * Rotation.from_euler("YXZ", np.radians(angles))
    assert np.stack(axes, axis=-1)[0] == pytest.approx(turned.as_matrix(), abs=1e-12)


@given(st.lists(st.floats(-179, 179), min_size=2, max_size=2))
def test_angles_add_and_halve_as_numbers_do(degrees: list[float]) -> None:
    one, two = (of_degrees(np.array([angle])) for angle in degrees)
    both, half = one.plus(two), one.half()
    assert both.cosine[0] == pytest.approx(np.cos(np.radians(sum(degrees))), abs=1e-12)
    assert both.minus(two).sine[0] == pytest.approx(np.sin(np.radians(degrees[0])), abs=1e-12)
    assert half.sine[0] == pytest.approx(np.sin(np.radians(degrees[0] / 2)), abs=1e-9)


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
