"""The independent label checks: every measure against SciPy and the builder, expressions, options, symmetries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_made_dataset import CENTER, RADIUS, pose_on_orbit, poses, relative_by_matrices, stored_pair
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from viewpoint100k.check.labels.definitions import Definition, packaged_definitions
from viewpoint100k.check.labels.expressions import evaluate
from viewpoint100k.check.labels.judging import Verdict, judge
from viewpoint100k.check.labels.measures import MEASURES
from viewpoint100k.geometry import Camera
from viewpoint100k.geometry.row_cameras import StoredPair
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.views.pairs import Pair

Pose = np.ndarray
DEFINITIONS = packaged_definitions()
FRONT = np.array([0.6, -0.8, 0.0])
INTRINSICS = np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]])

# --- measures --------------------------------------------------------------------------------------------------------


def _bank(pose: Pose) -> float:
    """The bank of one camera, degrees: its rotation relative to an upright camera with the same direction."""
    x, y, z = pose[:3, 2]
    heading, tilt = math.atan2(y, x), math.atan2(z, math.hypot(x, y))
    # Looking along +X, upright: right is -Y, down is -Z. Turned about the world's up, then about its own right.
    level = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    upright = Rotation.from_euler("z", heading) * Rotation.from_matrix(level) * Rotation.from_euler("x", tilt)
    left_over = (upright.inv() * Rotation.from_matrix(pose[:3, :3])).as_rotvec(degrees=True)
    assert np.abs(left_over[:2]).max() < 1e-4  # It looks the same way.
    return float(left_over[2])


def _plan(pose: Pose) -> complex:
    x, y, _ = pose[:3, 3] - CENTER
    return complex(x, y)


def _own_left(first: Pose, second: Pose) -> float:
    """The step for someone who faces +X: left is +Y."""
    about = Rotation.from_euler("z", -math.atan2(FRONT[1], FRONT[0]))
    return float(about.apply(second[:3, 3] - first[:3, 3])[1])


def by_scipy(first: Pose, second: Pose) -> dict[str, float]:
    """Every quantity except stored ones, from matrices, complex numbers and SciPy's rotations."""
    relative = relative_by_matrices(first, second)
    motion, step = np.linalg.inv(first) @ second, second[:3, 3] - first[:3, 3]
    observers_right = -1j * _plan(first) / abs(_plan(first))
    return {
        **{f"translation_{axis}": motion[i, 3] / RADIUS for i, axis in enumerate("xyz")},
        "translation": float(np.linalg.norm(step)) / RADIUS,
        "height": step[2] / RADIUS,
        **{name: relative[name] for name in ("yaw_deg", "pitch_deg", "roll_deg", "azimuth_deg", "elevation_deg")},
        "tilt_deg": math.degrees(math.asin(np.clip(second[2, 2], -1, 1)) - math.asin(np.clip(first[2, 2], -1, 1))),
        "bank_deg": _bank(second) - _bank(first),
        "rotation_deg": math.degrees(Rotation.from_matrix(motion[:3, :3]).magnitude()),
        "object_translation": (_plan(second) * observers_right.conjugate()).real / RADIUS,
        "camera_elevation_deg": math.degrees(math.atan2((second[:3, 3] - CENTER)[2], abs(_plan(second)))),
        "distance_ratio": relative["distance_ratio"],
        "front_azimuth_deg": math.degrees(np.angle(_plan(second) / complex(*FRONT[:2]))),
        "own_left": _own_left(first, second) / RADIUS,
    }


def built_pair(pair: StoredPair, *listed: Pose) -> Pair:
    """The same quantities computed by the builder."""
    cameras = tuple(Camera(pose, INTRINSICS, 64, 48) for pose in listed)
    return Pair(cameras, CENTER, RADIUS, FRONT, 0.5, pair.answerability, pair.mirrored)


def full_pair(*listed: Pose, **columns: Any) -> StoredPair:
    known: dict[str, Any] = {"front": tuple(FRONT.tolist()), "answerability": 0.3}
    return stored_pair(*listed, **(known | columns))


def well_posed(first: Pose, second: Pose) -> bool:
    """False if a camera looks straight up, or camera 2 along camera 1's vertical. The angles are undefined there."""
    steep = max(abs(float(first[2, 2])), abs(float(second[2, 2])), abs(float(first[:3, 1] @ second[:3, 2])))
    return steep < 0.999


@given(poses(), poses(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_measure_is_what_scipy_and_the_builder_give(first: Pose, second: Pose, mirrored: bool) -> None:
    assume(well_posed(first, second))
    pair = full_pair(first, second, mirrored=mirrored)
    expected = by_scipy(first, second) | {"mirrored": float(mirrored), "answerability": 0.3}
    built = built_pair(pair, first, second)
    assert set(expected) == set(MEASURES) == set(QUANTITIES)
    for name, measure in MEASURES.items():
        for other in (expected[name], QUANTITIES[name].of(built)):
            difference = measure(pair) - other
            if name.endswith("_deg"):
                difference = math.remainder(difference, 360)
            # An angle computed from its sine loses half the digits near 90 degrees, and one from a chord near 180.
            assert difference == pytest.approx(0, abs=1e-5 * max(1, abs(other))), name


# Camera 1 stands two south of the object and looks north; camera 2 stands two east and looks west at it, 20 degrees
# up, leaning 10 degrees clockwise. The object faces east.
BY_HAND = {
    "translation_x": 4.0,
    "translation_y": 0.0,
    "translation_z": 4.0,
    "translation": 4 * math.sqrt(2),
    "height": 0.0,
    "yaw_deg": -90.0,
    "pitch_deg": 20.0,
    "tilt_deg": 20.0,
    "bank_deg": 10.0,
    "roll_deg": 10.0,
    "object_translation": -4.0,
    "azimuth_deg": 90.0,
    "elevation_deg": 0.0,
    "camera_elevation_deg": 0.0,
    "distance_ratio": 1.0,
    "front_azimuth_deg": 0.0,
    "own_left": 4.0,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_measures_are_those_worked_out_by_hand(name: str) -> None:
    south, east = pose_on_orbit(-90, 0, 2), pose_on_orbit(0, 0, 2)
    held = Rotation.from_euler("XZ", [20, 10], degrees=True).as_matrix()
    east[:3, :3] = east[:3, :3] @ held
    pair = stored_pair(south, east, front=(1.0, 0.0, 0.0))
    assert MEASURES[name](pair) == pytest.approx(BY_HAND[name], abs=1e-9)


OVERHEAD = np.array([[1.0, 0, 0, CENTER[0]], [0, -1, 0, CENTER[1]], [0, 0, -1, CENTER[2] + 2], [0, 0, 0, 1]])
INSIDE = pose_on_orbit(0, 0, 0.0)
SOUTH = pose_on_orbit(-90, 0, 2)


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("azimuth_deg", full_pair(OVERHEAD, SOUTH)),
        ("azimuth_deg", full_pair(SOUTH, INSIDE)),
        ("object_translation", full_pair(INSIDE, SOUTH)),
        ("front_azimuth_deg", full_pair(SOUTH, OVERHEAD)),
        ("front_azimuth_deg", stored_pair(SOUTH, SOUTH)),
        ("front_azimuth_deg", full_pair(SOUTH, SOUTH, front=(0.0, 0.0, 1.0))),
        ("own_left", full_pair(SOUTH, SOUTH, front=(0.0, 0.0, 1.0))),
        ("own_left", stored_pair(SOUTH, SOUTH)),
        ("yaw_deg", full_pair(SOUTH, OVERHEAD)),
        ("roll_deg", full_pair(SOUTH, OVERHEAD)),
        ("bank_deg", full_pair(SOUTH, OVERHEAD)),
        ("answerability", full_pair(SOUTH, SOUTH, answerability=None)),
        ("1 / translation", full_pair(SOUTH, SOUTH)),
    ],
)
def test_what_the_cameras_leave_undefined_is_said_to_be(name: str, pair: StoredPair) -> None:
    with pytest.raises(ValueError, match=r"[a-z]{4}"):
        evaluate(name, pair)


# --- expressions -----------------------------------------------------------------------------------------------------

PAIR = full_pair(pose_on_orbit(-90, 10, 2), pose_on_orbit(-40, 30, 2.6, pan_deg=7))


@st.composite
def written(draw: st.DrawFn, depth: int = 3) -> str:
    """Arithmetic that a template may contain."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["height", "yaw_deg", "translation_x", "2", "0.5", ".25", "3.", "1e1", "2.5E-1"]))
    one, two = draw(written(depth - 1)), draw(written(depth - 1))
    forms = [f"{one} + {two}", f"{one}-{two}", f"({one}) * ({two})", f"{one} * {two}", f"({one}) / ({two})"]
    forms += [f"-({one})", f"- {one}", f"abs({one})", f"min({one}, {two})", f"max({one},{two})", f"hypot({one}, {two})"]
    return draw(st.sampled_from(forms))


@given(written())
@settings(max_examples=300, deadline=None)
def test_an_expression_is_worth_what_python_makes_of_it(text: str) -> None:
    known: dict[str, Any] = {name: MEASURES[name](PAIR) for name in ("height", "yaw_deg", "translation_x")}
    known |= {"abs": abs, "min": min, "max": max, "hypot": math.hypot, "__builtins__": {}}
    try:
        expected = float(eval(text, known))
    except ZeroDivisionError:
        expected = math.nan
    if len(text) > 200 or not math.isfinite(expected):
        with pytest.raises(ValueError, match="quantity"):
            evaluate(text, PAIR)
    else:
        assert evaluate(text, PAIR) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "height +", "* height", "(height", "height)", "((height)", "(1 2)", "(1 2", "max(1 2)", "max(1, 2"),
        *("max()", "max(,1)", "abs(1, 2)", "min(1,)", "height yaw_deg", "1 2", "nonsense", "open(1)", "height.real"),
        *("height[0]", "height ** 2", "height // 2", "1 / 0", "1e999", "'a'", "lambda: 1", "__import__('os')", "+1"),
        *("(" * 150 + "1" + ")" * 150, "-" * 199 + "1" + "+" * 99),
    ],
)
def test_what_is_no_arithmetic_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
        evaluate(text, PAIR)


def test_a_bracket_may_be_as_deep_as_an_expression_is_long() -> None:
    assert evaluate("(" * 99 + "1" + ")" * 99, PAIR) == 1


# --- what options mean -----------------------------------------------------------------------------------------------


def meanings(kind: str, paraphrase: str, *options: str, images: int = 2) -> list[object]:
    wording = DEFINITIONS[kind].paraphrase(f"{kind}/{paraphrase}")
    assert wording is not None
    return list(DEFINITIONS[kind].meanings(wording, options, images))


@pytest.mark.parametrize(
    ("kind", "paraphrase", "options", "said"),
    [
        ("ego_rotation", "scene.0.0.0.0.4.0", ("Rightwards", "Neither way", "rightwards"), ["right", "none", None]),
        ("ego_rotation", "scene_zh.0.0.0.0.1.0", ("向右转", "没有转", "向左转"), ["right", "none", "left"]),
        ("facing_side", "brief.0.0.0.0.1.0", ("The back", "The front", "Its back"), ["back", "front", None]),
        ("motion_kind", "brief.0.0.0.0.1.0", ("It only moved", "Both"), ["only_moved", "both"]),
        (
            "full_motion",
            "scene.0.0.0.0.1.0",
            ("Move: left; turn: none", "Move: none; turn: right", "Move: left"),
            ["left_and_none", "none_and_right", None],
        ),
        (
            "direction_and_angle",
            "circle.0.0.0.0.1.0",
            ("About 45 degrees to the right", "About 45 degrees to the left", "About -45 degrees to the left", "About"),
            [45.0, -45.0, None, None],
        ),
        ("direction_and_angle", "circle.0.0.0.0.1.0", ("About 45.0 degrees to the right",), [45.0]),
        ("turn_angle", "scene.0.0.0.0.2.0", ("Through about 50 degrees", "Through about 7.5 degrees"), [50.0, 7.5]),
        ("sketch", "plan.0.0.0.0.0.0", ("Number 7", "Number 6", "Number 3"), ["place_7", "place_6", None]),
        ("mirrored", "possible.0.0.0.0.0.0", ("Yes, as they are", "No, one is flipped"), ["same", "mirrored"]),
        ("cannot_tell", "around.0.0.0.0.2.0", ("No telling",), ["cannot"]),
    ],
)
def test_an_option_is_read_back_from_its_text(
    kind: str, paraphrase: str, options: tuple[str, ...], said: list[object]
) -> None:
    assert meanings(kind, paraphrase, *options) == said


def test_an_option_that_names_images_is_read_back_for_as_many_as_there_are() -> None:
    assert meanings("which_view", "walk.0.1.0.0.0.0", "Picture 2", "Picture 5", "Picture 6", images=5) == [
        2.0,
        5.0,
        None,
    ]
    assert meanings("view_order", "walk.0.0.0.0.0.0", "2, 3, 1", "1, 3, 2", "1, 1, 2", images=3) == [
        "2, 3, 1",
        "1, 3, 2",
        None,
    ]


def test_the_form_of_a_row_does_not_change_its_wording_and_an_unknown_one_is_no_wording() -> None:
    rotation = DEFINITIONS["ego_rotation"]
    name = "ego_rotation/scene.1.2.3.4.2.1"
    plain = rotation.paraphrase(name)
    assert plain is not None
    assert rotation.paraphrase(f"{name}+swapped") == plain == rotation.paraphrase(f"{name}+mirrored")
    assert rotation.paraphrase(f"{name}+upside_down") is None
    assert rotation.paraphrase("ego_rotation") is None


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in [1, 2] %}{{ i }}{% endfor %}",
        "{{ side.upper() }}",
        "{{ side.__class__ }}",
        "{{ 'a' * 1000000000 }}",
        "{{ side|center(1000000000) }}",
        "{% include 'other' %}",
        "{{ other }}",
        "{% if %}",
    ],
)
def test_a_wording_that_would_run_code_reads_as_nothing(text: str) -> None:
    part = {"quantity": "height", "answers": ["low", "high"], "boundaries": [0], "dead_zone": 0.1}
    answer = {"kind": "combination", "parts": {"side": part, "turn": part}, "answers": "all"}
    wording = {"name": "one", "question": "?", "reply": "!", "options": text}
    definition = Definition({"question_type": "own", "answer": answer, "paraphrases": [wording]})
    assert definition.meanings(wording, ["12", "LOW", "HIGH", text], 2) == [None] * 4


# --- symmetries, answer by answer -------------------------------------------------------------------------------------

OTHER_SIDE = {
    "left": "right",
    "clockwise": "counter_clockwise",
    "place_1": "place_7",
    "place_2": "place_6",
    "left_and_none": "right_and_none",
    "none_and_left": "none_and_right",
    "left_and_left": "right_and_right",
    "left_and_right": "right_and_left",
}
OTHER_SIDE |= {there: here for here, there in OTHER_SIDE.items()}
BACKWARDS = OTHER_SIDE | {"up": "down", "down": "up", "closer": "farther", "farther": "closer"}
IN_ONE_CAMERAS_AXES = {"ego_translation", "ego_rotation", "full_motion", "facing_side", "which_view", "view_order"}
"""Types whose answer is not the opposite for the swapped pair, because they use one camera's axes or ask about one
image."""

CHOICES = {"direction_and_angle": (30.0, -30.0, 55.0, -55.0, 85.0, -85.0), "turn_angle": (25.0, 45.0, 65.0, 85.0)}
MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])


def verdict(kind: str, pair: StoredPair) -> Verdict:
    if kind == "which_view":
        cameras = pair.second.position, *(camera.position for camera in pair.others)
        x, y, _ = (a - b for a, b in zip(pair.first.position, pair.center, strict=True))
        u, v, _ = (a - b for a, b in zip(cameras[0], pair.center, strict=True))
        pair = replace(pair, stated=math.degrees(np.angle(complex(u, v) / complex(x, y))))
    return judge(DEFINITIONS[kind], pair, CHOICES.get(kind, ()))


@st.composite
def scenes(draw: st.DrawFn, kind: str) -> StoredPair:
    """Cameras around the object that aim slightly past it: as many as the type shows, and not near a boundary."""
    count = {"which_view": 5, "view_order": 3}.get(kind, 2)
    listed = []
    for turn in draw(st.permutations([0.0, 47.0, -33.0, 88.0, -71.0][:count])):
        pose = pose_on_orbit(turn, draw(st.floats(3, 40)), draw(st.floats(1.5, 3.0)), draw(st.floats(-15, 15)))
        pose[:3, :3] = pose[:3, :3] @ Rotation.from_euler("Z", draw(st.floats(-20, 20)), degrees=True).as_matrix()
        listed.append(pose)
    mirrored = kind == "mirrored" and draw(st.booleans())
    return full_pair(*listed, mirrored=mirrored, answerability=draw(st.sampled_from([0.01, 0.3])))


def moved(pair: StoredPair, change: Callable[[np.ndarray], np.ndarray], mirror: bool = False) -> StoredPair:
    """The pair after ``change``, a (4, 4) similarity. ``mirror`` is the reflection of the camera axes."""

    def of(camera: Any) -> Any:
        axes = np.array([camera.right, camera.down, camera.forward]).T
        turned = change(np.vstack([axes, np.zeros(3)]))[:3]
        turned = turned / np.linalg.norm(turned, axis=0) * ([-1, 1, 1] if mirror else 1)
        right, down, forward = (tuple(column.tolist()) for column in turned.T)
        position = tuple(change(np.array([*camera.position, 1.0]))[:3].tolist())
        return replace(camera, right=right, down=down, forward=forward, position=position)

    assert pair.front is not None
    scale = float(np.linalg.norm(change(np.array([0.0, 0, 1, 0]))))
    return replace(
        pair,
        first=of(pair.first),
        second=of(pair.second),
        others=tuple(of(camera) for camera in pair.others),
        center=tuple(change(np.array([*pair.center, 1.0]))[:3].tolist()),
        front=tuple((change(np.array([*pair.front, 0.0]))[:3] / scale).tolist()),
        radius=pair.radius * scale,
    )


def settled(kind: str, pair: StoredPair) -> Verdict:
    """The verdict; skipped if the pair is so close to a boundary that rounding could decide."""
    try:
        found = verdict(kind, pair)
    except (
        ValueError
    ) as error:  # The package's types have an answer for every pair, except for two views at the same angle.
        raise AssertionError(kind) from error
    assume(found.margin is None or found.margin > 1e-4)
    assume(found.value is None or abs(found.value % 1 - 0.5) > 1e-4)
    return found


@pytest.mark.parametrize("kind", sorted(DEFINITIONS))
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_mirrored_scene_flips_left_and_right_and_nothing_else(kind: str, data: st.DataObject) -> None:
    pair = data.draw(scenes(kind))
    here = settled(kind, pair)
    there = verdict(kind, moved(pair, lambda points: MIRROR @ points, mirror=True))
    match DEFINITIONS[kind].kind:
        case "candidates":
            assert there.answer == here.answer
            assert there.question["value"] == -here.question["value"]
        case "arc":
            assert str(there.answer).split(", ") == str(here.answer).split(", ")[::-1]
        case "choices" if DEFINITIONS[kind].answer["signed"]:
            assert there.answer == -float(here.answer)
        case _:
            assert there.answer == OTHER_SIDE.get(str(here.answer), here.answer)
    assert there.margin == pytest.approx(here.margin)


@pytest.mark.parametrize("kind", sorted(set(DEFINITIONS) - IN_ONE_CAMERAS_AXES))
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_in_the_other_order_the_motion_is_the_opposite_one(kind: str, data: st.DataObject) -> None:
    pair = data.draw(scenes(kind))
    here = settled(kind, pair)
    if kind == "distance_change":
        assume(here.margin is not None and here.margin > 0.02)  # One over 1.07 is not quite 0.93.
    there = verdict(kind, replace(pair, first=pair.second, second=pair.first))
    if DEFINITIONS[kind].kind == "choices" and DEFINITIONS[kind].answer["signed"]:
        assert there.answer == -float(here.answer)
    else:
        assert there.answer == BACKWARDS.get(str(here.answer), here.answer)


@pytest.mark.parametrize("kind", sorted(DEFINITIONS))
@given(data=st.data(), angle=st.floats(0, 6.28), scale=st.floats(0.01, 100), shift=st.tuples(*[st.floats(-5, 5)] * 3))
@settings(max_examples=25, deadline=None)
def test_turning_the_world_about_up_moving_it_and_scaling_it_changes_nothing(
    kind: str, data: st.DataObject, angle: float, scale: float, shift: tuple[float, float, float]
) -> None:
    pair = data.draw(scenes(kind))
    here = settled(kind, pair)
    similarity = np.eye(4)
    similarity[:3, :3] = scale * Rotation.from_euler("z", angle).as_matrix()
    similarity[:3, 3] = shift
    there = verdict(kind, moved(pair, lambda points: similarity @ points))
    assert there.answer == here.answer
    assert there.question == here.question
    assert (there.value, there.margin) == (pytest.approx(here.value, abs=1e-6), pytest.approx(here.margin, abs=1e-6))
