"""What must hold of every question type over random pairs: mirror images, swapped images, turned and scaled worlds.

And that the options alone never tell which of them is right.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chisquare

from viewpoint100k.geometry import Camera, intrinsics_from_fov, look_at
from viewpoint100k.questions import Question, Refusal, ask, load_template, template_names
from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.template import Template
from viewpoint100k.views.pairs import Pair

SEEDS = st.integers(0, 2**32)
NAMES = st.sampled_from(template_names())

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
"""Answers that are mirror images of each other. All others are their own mirror image."""

BACKWARDS = {"up": "down", "closer": "farther"}
BACKWARDS |= {there: here for here, there in BACKWARDS.items()}
"""Further answers that change for the reverse motion."""


def random_pair(template: Template, seed: int) -> Pair:
    """A pair that suits most types: cameras around the object, or a camera that moves a little."""
    rng = np.random.default_rng(seed)
    start, radius, center = rng.uniform(0, 360), rng.uniform(0.5, 3), rng.uniform(-4, 4, 3)
    changes = [0.0, rng.choice((-1, 1)) * rng.uniform(15, 110) * rng.choice((0.02, 1.0))]
    if isinstance(template.answer, Candidates):
        changes = [0.0, *template.answer.changes_deg(float(rng.choice((-1, 1)) * rng.uniform(20, 100)))]
    elif isinstance(template.answer, Arc):
        changes = list(rng.permutation(np.cumsum([0, *rng.uniform(15, 60, 2)])))
    same_distance, same_height = rng.random(2) < 0.3
    distance, elevation = rng.uniform(3, 5), rng.uniform(5, 40)
    poses = []
    for change in changes:
        distance = distance if same_distance else rng.uniform(3, 5)
        elevation = elevation if same_height else rng.uniform(5, 40)
        a, e = np.radians([start + change, elevation])
        place = distance * np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
        poses.append(look_at(center + radius * place, center + radius * rng.uniform(-0.5, 0.5, 3) * rng.integers(2)))
    front = np.radians(rng.uniform(0, 360))
    intrinsics = intrinsics_from_fov(50, 64, 64)
    return Pair(
        cameras=tuple(Camera(pose, intrinsics, 64, 64) for pose in poses),
        center=center,
        radius=radius,
        front=np.array([np.cos(front), np.sin(front), 0]),
        overlap=0.5,
        answerability=float(rng.choice((0.0, 0.3))) if template.question_type == "cannot_tell" else 0.3,
        mirrored=bool(rng.integers(2)),
    )


def put(template: Template, pair: Pair, seed: int = 0) -> Question | Refusal:
    return ask(template, pair, 0, np.random.default_rng(seed))


def asked(template: Template, pair: Pair, seed: int = 0) -> Question:
    question = put(template, pair, seed)
    assume(isinstance(question, Question))
    assert isinstance(question, Question)
    return question


def moved(pair: Pair, change: Callable[[NDArray[np.float64]], NDArray[np.float64]], scale: float = 1.0) -> Pair:
    """The pair in a world whose points have been moved by ``change``, (n, 3) to (n, 3), a rigid motion times scale."""
    origin = change(np.zeros((1, 3)))
    cameras = []
    for camera in pair.cameras:
        pose = np.eye(4)
        pose[:3, :3] = (change(camera.camera_to_world[:3, :3].T) - origin).T / scale
        pose[:3, 3] = change(camera.position[None])[0]
        cameras.append(replace(camera, camera_to_world=pose))
    assert pair.front is not None
    front = (change(pair.front[None]) - origin)[0] / scale
    return replace(
        pair, cameras=tuple(cameras), center=change(pair.center[None])[0], radius=scale * pair.radius, front=front
    )


def mirrored(pair: Pair) -> Pair:
    """The pair's mirror image in the plane x = 0. Images are mirrored with it, so that cameras stay right-handed."""
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    cameras = tuple(replace(camera, camera_to_world=flip @ camera.camera_to_world @ flip) for camera in pair.cameras)
    assert pair.front is not None
    flip = flip[:3, :3]
    return replace(pair, cameras=cameras, center=flip @ pair.center, front=flip @ pair.front)


def swapped(pair: Pair) -> Pair:
    return replace(pair, cameras=(pair.cameras[1], pair.cameras[0]))


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


@given(st.sampled_from(sorted(QUANTITIES)), SEEDS)
@settings(max_examples=150, deadline=None)
def test_in_the_mirror_image_quantities_of_sides_change_their_sign_and_no_others(name: str, seed: int) -> None:
    pair = random_pair(load_template("ego_rotation"), seed)
    quantity = QUANTITIES[name]
    assert quantity.of(mirrored(pair)) == pytest.approx(quantity.mirror * quantity.of(pair), abs=1e-6)


@given(NAMES, SEEDS)
@settings(max_examples=200, deadline=None)
def test_a_mirrored_scene_flips_left_and_right_and_nothing_else(name: str, seed: int) -> None:
    template = load_template(name)
    pair = random_pair(template, seed)
    here, there = asked(template, pair, seed), put(template, mirrored(pair), seed)
    assert isinstance(there, Question)
    assert there.template == here.template
    if isinstance(template.answer, Candidates):
        assert there.views == here.views
        assert ("right" in there.text.split("\n")[0]) == ("left" in here.text.split("\n")[0])
    elif isinstance(template.answer, Arc):
        assert numbers(there.answer_text) == numbers(here.answer_text)[::-1]
    elif template.answer.kind in ("choices", "open"):
        assert abs(float(there.answer_name)) == abs(float(here.answer_name))
        signed = template.answer.kind == "choices" and template.answer.signed
        assert (float(there.answer_name) == -float(here.answer_name)) == signed
    else:
        assert there.answer_name == OTHER_SIDE.get(here.answer_name, here.answer_name)
    if here.margin is not None:
        assert there.margin == pytest.approx(here.margin, abs=1e-6)


_NOT_NEGATED = {"ego_translation", "ego_rotation", "full_motion", "facing_side", "which_view", "view_order"}
"""Types that use the axes of one camera, or that ask about one image."""


@given(st.sampled_from(sorted(set(template_names()) - _NOT_NEGATED)), SEEDS)
@settings(max_examples=200, deadline=None)
def test_in_the_other_order_the_motion_is_the_opposite_one(name: str, seed: int) -> None:
    template = load_template(name)
    pair = random_pair(template, seed)
    here, there = asked(template, pair), put(template, swapped(pair))
    assume(isinstance(there, Question))
    assert isinstance(there, Question)
    if template.answer.kind in ("choices", "open"):
        signed = template.answer.kind == "choices" and template.answer.signed
        assert float(there.answer_name) == (-1 if signed else 1) * float(here.answer_name)
    else:
        opposite = OTHER_SIDE | BACKWARDS
        assert there.answer_name == opposite.get(here.answer_name, here.answer_name)


@given(SEEDS, st.floats(20, 100), st.sampled_from((-1, 1)))
@settings(max_examples=100, deadline=None)
def test_on_an_orbit_the_way_back_is_the_opposite_in_the_cameras_own_axes_too(
    seed: int, size: float, sign: int
) -> None:
    rng = np.random.default_rng(seed)
    start, elevation = rng.uniform(0, 360), np.radians(rng.uniform(0, 40))
    azimuths = np.radians([start, start + sign * size])
    places = [
        3 * np.array([np.cos(a) * np.cos(elevation), np.sin(a) * np.cos(elevation), np.sin(elevation)])
        for a in azimuths
    ]
    intrinsics = intrinsics_from_fov(50, 64, 64)
    cameras = tuple(Camera(look_at(place, [0, 0, 0]), intrinsics, 64, 64) for place in places)
    pair = Pair(cameras, np.zeros(3), 1.0, None, 0.5, 0.3)
    for name in ("ego_translation", "ego_rotation", "full_motion"):
        here, there = put(load_template(name), pair), put(load_template(name), swapped(pair))
        assert isinstance(here, Question)
        assert isinstance(there, Question)
        assert there.answer_name == OTHER_SIDE[here.answer_name]


@given(NAMES, SEEDS, st.floats(0, 2 * np.pi), st.tuples(*[st.floats(-5, 5)] * 3))
@settings(max_examples=200, deadline=None)
def test_turning_the_world_about_up_and_moving_it_changes_nothing(
    name: str, seed: int, angle: float, shift: tuple[float, float, float]
) -> None:
    template = load_template(name)
    pair = random_pair(template, seed)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    _same(template, pair, moved(pair, lambda points: points @ turn.T + shift), seed)


@given(NAMES, SEEDS, st.floats(0.01, 100))
@settings(max_examples=200, deadline=None)
def test_scaling_the_world_changes_no_direction_and_no_angle(name: str, seed: int, scale: float) -> None:
    template = load_template(name)
    pair = random_pair(template, seed)
    _same(template, pair, moved(pair, lambda points: scale * points, scale), seed)


def _same(template: Template, pair: Pair, other: Pair, seed: int) -> None:
    """True if both pairs get the same question and an answer."""
    here, there = asked(template, pair, seed), put(template, other, seed)
    assert isinstance(there, Question)
    assert there.answer_name == here.answer_name
    assert there.text == here.text
    assert there.views == here.views
    if here.answer_value is not None:
        assert there.answer_value == pytest.approx(here.answer_value, abs=1e-5)


# --- The options alone tell nothing ---------------------------------------------------------------------------------


def _around(azimuth: float) -> Pair:
    places = [3 * np.array([np.cos(np.radians(a)), np.sin(np.radians(a)), 0.3]) for a in (0.0, azimuth)]
    intrinsics = intrinsics_from_fov(50, 64, 64)
    cameras = tuple(Camera(look_at(place, [0, 0, 0]), intrinsics, 64, 64) for place in places)
    return Pair(cameras, np.zeros(3), 1.0, None, 0.5, 0.3)


@pytest.mark.parametrize("name", ["direction_and_angle", "turn_angle"])
def test_of_the_numbers_shown_each_is_right_equally_often(name: str) -> None:
    template, rng = load_template(name), np.random.default_rng(0)
    ranks: defaultdict[tuple[str, ...], Counter[int]] = defaultdict(Counter)
    for azimuth in np.linspace(20.01, 99.99, 1600):
        question = ask(template, _around(azimuth * rng.choice((-1, 1))), 0, rng)
        if isinstance(question, Question):
            key = [(n, "left" in option.lower()) for option in question.options for n in numbers(option)]
            ranks[tuple(map(str, sorted(key)))][sorted(key).index(key[0])] += 1
    assert len(ranks) >= 4
    for counts in ranks.values():
        observed = [counts[rank] for rank in range(template.options)]
        assert chisquare(observed).pvalue > 1e-4, (name, observed)


def test_a_set_of_angles_among_candidates_does_not_tell_which_is_right() -> None:
    answer, rng = load_template("which_view").answer, np.random.default_rng(0)
    assert isinstance(answer, Candidates)
    ranks: Counter[int] = Counter()
    for right in rng.uniform(20, 100, 4000) * rng.choice((-1, 1), 4000):
        shown = answer.changes_deg(float(right))
        assert shown[0] == right
        assert np.diff(np.sort(np.abs(shown))).max() == pytest.approx(40)
        ranks[sorted(shown).index(right)] += 1
    assert chisquare([ranks[rank] for rank in range(answer.options)]).pvalue > 1e-4


def test_where_only_some_answers_are_shown_each_of_them_is_right_equally_often() -> None:
    template, rng = load_template("full_motion"), np.random.default_rng(0)
    ranks: Counter[int] = Counter()
    sets: set[tuple[str, ...]] = set()
    for _ in range(120):
        for side, turn in ((x, t) for x in (-1, 0, 1) for t in (-15, 0, 15)):
            first = look_at([0, -3, 0], [0, 0, 0])
            angle = np.radians(turn)
            second = look_at([side, -3, 0], [side + np.sin(angle), -3 + np.cos(angle), 0])
            intrinsics = intrinsics_from_fov(50, 64, 64)
            cameras = Camera(first, intrinsics, 64, 64), Camera(second, intrinsics, 64, 64)
            question = ask(template, Pair(cameras, np.zeros(3), 1.0, None, 0.5, 0.3), 0, rng)
            assert isinstance(question, Question)
            sets.add(tuple(sorted(question.options)))
            ranks[sorted(question.options).index(question.answer_text)] += 1
    assert len(sets) > 150
    assert chisquare([ranks[rank] for rank in range(4)]).pvalue > 1e-4


def test_every_order_of_three_views_is_right_equally_often_and_shown_equally_often_beside_it() -> None:
    template, rng = load_template("view_order"), np.random.default_rng(0)
    right, shown = Counter[str](), Counter[str]()
    for seed in range(1200):
        question = ask(template, random_pair(template, seed), 0, rng)
        if isinstance(question, Question):
            right["".join(numbers(question.answer_text))] += 1
            shown.update("".join(numbers(option)) for option in question.options)
    assert len(right) == len(shown) == 6
    assert chisquare(list(right.values())).pvalue > 1e-4
    assert min(shown.values()) > 0.85 * max(shown.values())
