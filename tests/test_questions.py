"""Questions of every type about hand-computed camera motions, and refusals."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from viewpoint100k.geometry import Camera, intrinsics_from_fov, look_at, orbit
from viewpoint100k.questions import Question, Refusal, ask, load_template, template_names
from viewpoint100k.questions.template import Template
from viewpoint100k.views.pairs import Pair

PAPER = ("ego_translation", "ego_rotation", "object_translation")


def pair_of(*poses: NDArray[np.float64]) -> Pair:
    """A pair, or more views, of an object at the origin that has its front to the south."""
    intrinsics = intrinsics_from_fov(45, 64, 64)
    cameras = tuple(Camera(pose, intrinsics, 64, 64) for pose in poses)
    return Pair(cameras, np.zeros(3), 1.0, np.array([0.0, -1.0, 0.0]), 0.5, answerability=0.3)


def put(name: str, pair: Pair, position: int = 0, seed: int = 0, language: str = "en") -> Question:
    question = ask(load_template(name), pair, position, np.random.default_rng(seed), language)
    assert isinstance(question, Question), question
    return question


def refused(name: str, pair: Pair) -> str:
    refusal = ask(load_template(name), pair, 0, np.random.default_rng(0))
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def rolled(pose: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """``pose`` turned about its own optical axis (+Z, forwards), clockwise as the photographer sees it."""
    turned = pose.copy()
    turned[:3, :3] = pose[:3, :3] @ Rotation.from_euler("z", degrees, degrees=True).as_matrix()
    return turned


# Camera 1 stands south of the object, at (0, -3, 0), and looks north; the object's front faces it. Camera 2 stands to
# the south-east, at azimuth -45 degrees: on camera 1's right hand. To look at the object from there it has turned left.
# An observer at the object who faces south has east, and so camera 2, on the left hand.
SOUTH, SOUTH_EAST, SOUTH_WEST = orbit(3, -90, 0), orbit(3, -45, 0), orbit(3, -135, 0)
EAST = orbit(3, 0, 0)
HIGHER = look_at([0, -3, 0.5], [0, 0, 0.5])
PANNED_RIGHT, STEPPED_RIGHT = look_at([0, -3, 0], [1.0, 0, 0]), look_at([1.0, -3, 0], [1.0, 0, 0])
TILTED_UP = look_at([0, -3, 0], [0, 0, 0.5])

BY_HAND = [
    ("ego_translation", (SOUTH, SOUTH_EAST), "right"),
    ("ego_translation", (SOUTH, PANNED_RIGHT), "none"),
    ("ego_rotation", (SOUTH, SOUTH_EAST), "left"),
    ("ego_rotation", (SOUTH, PANNED_RIGHT), "right"),
    ("ego_rotation", (SOUTH, STEPPED_RIGHT), "none"),
    ("object_translation", (SOUTH, SOUTH_EAST), "left"),
    ("object_translation", (SOUTH, HIGHER), "none"),
    ("ego_pitch", (SOUTH, TILTED_UP), "up"),
    ("ego_pitch", (TILTED_UP, SOUTH), "down"),
    ("ego_pitch", (SOUTH, HIGHER), "none"),
    ("ego_roll", (SOUTH, rolled(SOUTH, 15)), "clockwise"),
    ("ego_roll", (SOUTH, rolled(SOUTH, -15)), "counter_clockwise"),
    # It pans while it looks down 40 degrees. Its horizon stays level, although its own axes roll.
    ("ego_roll", (look_at([0, -3, 2.5], [0, 0, 0]), look_at([0, -3, 2.5], [2, 0, 0])), "none"),
    ("ego_height", (SOUTH, HIGHER), "up"),
    ("ego_height", (HIGHER, SOUTH), "down"),
    ("ego_height", (SOUTH, TILTED_UP), "none"),
    ("distance_change", (SOUTH, orbit(2.4, -90, 0)), "closer"),
    ("distance_change", (SOUTH, orbit(3.6, -90, 0)), "farther"),
    ("distance_change", (SOUTH, SOUTH_EAST), "same"),
    ("motion_kind", (SOUTH, SOUTH), "neither"),
    ("motion_kind", (SOUTH, PANNED_RIGHT), "only_turned"),
    ("motion_kind", (SOUTH, STEPPED_RIGHT), "only_moved"),
    ("motion_kind", (SOUTH, SOUTH_EAST), "both"),
    ("full_motion", (SOUTH, SOUTH_EAST), "right_and_left"),
    ("full_motion", (SOUTH, PANNED_RIGHT), "none_and_right"),
    ("full_motion", (STEPPED_RIGHT, SOUTH), "left_and_none"),
    # It faces south, so east is on its own left.
    ("facing_side", (SOUTH, orbit(3, -90, 20)), "front"),
    ("facing_side", (SOUTH, EAST), "left"),
    ("facing_side", (SOUTH, orbit(3, 180, 0)), "right"),
    ("facing_side", (SOUTH, orbit(3, 100, 0)), "back"),
    ("facing_side", (SOUTH, orbit(3, 80, 0)), "back"),
    ("own_side", (SOUTH, SOUTH_EAST), "left"),
    ("own_side", (SOUTH, SOUTH_WEST), "right"),
    # From behind, the object's sides are reversed: the camera moves to its own right, towards the object's left.
    ("own_side", (orbit(3, 90, 0), orbit(3, 45, 0)), "left"),
    # On the plan, camera 1 is at the bottom. A camera on its right is at the lower right.
    ("sketch", (SOUTH, SOUTH_EAST), "place_1"),
    ("sketch", (SOUTH, EAST), "place_2"),
    ("sketch", (SOUTH, orbit(3, 180, 0)), "place_6"),
    ("sketch", (SOUTH, SOUTH_WEST), "place_7"),
    ("cannot_tell", (SOUTH, SOUTH_EAST), "right"),
    ("cannot_tell", (SOUTH, SOUTH_WEST), "left"),
    ("mirrored", (SOUTH, SOUTH_EAST), "same"),
]


@pytest.mark.parametrize(("name", "poses", "answer"), BY_HAND, ids=[f"{name}-{answer}" for name, _, answer in BY_HAND])
def test_the_answer_is_the_one_worked_out_by_hand(name: str, poses: tuple, answer: str) -> None:
    for seed in range(6):
        question = put(name, pair_of(*poses), seed=seed)
        assert question.answer_name == answer
        paraphrase = load_template(name).wording(question.template.partition("/")[2])
        assert paraphrase is not None
        if isinstance(paraphrase.options, dict):
            assert question.answer_text == paraphrase.options[answer]


def test_every_bin_and_combination_of_every_shipped_type_is_worked_out_by_hand_or_follows_by_symmetry() -> None:
    tried = {(name, answer) for name, _, answer in BY_HAND}
    for name in template_names():
        if load_template(name).answer.kind == "bins" and name not in ("mirrored",):
            missing = set(load_template(name).answer.option_names) - {answer for n, answer in tried if n == name}
            assert missing <= {"left", "right"}, (name, missing)  # Its mirror image: see test_template_properties.py.


def test_the_words_of_the_paper_types_say_what_their_answers_are_called() -> None:
    for name, poses, answer in BY_HAND[:7]:
        for seed in range(8):
            words = put(name, pair_of(*poses), seed=seed).answer_text.lower()
            said = "left" if "left" in words else "right" if "right" in words else "none"
            assert said == answer


def test_a_symmetric_object_tells_nothing_and_a_mirrored_image_is_known_as_one() -> None:
    pair = pair_of(SOUTH, SOUTH_EAST)
    assert put("cannot_tell", replace(pair, answerability=0.0)).answer_name == "cannot"
    assert put("mirrored", replace(pair, mirrored=True)).answer_name == "mirrored"


def test_values_are_what_trigonometry_says() -> None:
    pair = pair_of(SOUTH, SOUTH_EAST)
    across = 3 * np.sin(np.radians(45))
    translation, rotation, seen = (put(name, pair) for name in PAPER)
    assert translation.answer_value == pytest.approx(across)
    assert translation.margin == pytest.approx(across - 0.1)
    assert rotation.answer_value == pytest.approx(-45)
    assert rotation.margin == pytest.approx(41)
    assert seen.answer_value == pytest.approx(-across)


@pytest.mark.parametrize(
    ("azimuth", "said"), [(-45, "right by about 45"), (-135, "left by about 45"), (-12, "right by about 80")]
)
def test_direction_and_angle_are_said_together(azimuth: float, said: str) -> None:
    texts = {
        put("direction_and_angle", pair_of(SOUTH, orbit(3, azimuth, 10)), seed=seed).answer_text for seed in range(20)
    }
    assert f"To the {said} degrees" in texts
    assert len(texts) == 3  # one for each set of option texts
    assert all(text.lower().count(said.split()[0]) == 1 and said.split()[-1] in text for text in texts)


def test_six_signed_angles_are_shown_three_to_each_side() -> None:
    question = put("direction_and_angle", pair_of(SOUTH, SOUTH_EAST))
    assert len(set(question.options)) == 6
    assert sum("left" in option.lower() for option in question.options) == 3


def test_the_open_angle_is_a_whole_number_without_options() -> None:
    question = put("turn_angle_open", pair_of(SOUTH, orbit(3, -52.4, 30)))
    assert question.options == ()
    assert question.answer == question.answer_text == "38"
    assert question.answer_value == pytest.approx(37.6)
    assert question.margin is None
    assert "A." not in question.text


def test_rounded_numbers_are_shown_as_a_person_writes_them() -> None:
    content = load_template("turn_angle_open").model_dump()
    content |= {"answer": {"kind": "open", "quantity": "distance_ratio", "round_to": 0.1}}
    question = ask(Template.model_validate(content), pair_of(SOUTH, orbit(0.89, -45, 0)), 0, np.random.default_rng(0))
    assert isinstance(question, Question)
    assert question.answer == "0.3"  # 3 * 0.1 is 0.30000000000000004


def test_a_candidate_follows_from_the_first_view_by_the_angle_that_is_named() -> None:
    # The right view comes first in the pair, at 60 degrees to the right; then 20 to the right, and both to the left.
    pair = pair_of(SOUTH, *(orbit(3, -90 + change, 10) for change in (60, 20, -60, -20)))
    for position in range(4):
        question = put("which_view", pair, position, seed=position)
        assert "60 degrees" in question.text
        assert "right" in question.text
        assert "left" not in question.text
        assert question.views[position + 1] == 1
        assert sorted(question.views) == [0, 1, 2, 3, 4]
        assert str(position + 2) in question.answer_text
        assert question.answer == "ABCD"[position]


def test_views_are_ordered_as_a_camera_passes_them_on_its_way_to_the_right() -> None:
    # Image 1 is the middle one, image 2 the farthest right, image 3 the farthest left.
    pair = pair_of(SOUTH, orbit(3, -50, 10), orbit(3, -125, 10))
    question = put("view_order", pair)
    assert "3, 1, 2" in question.answer_text
    assert len(set(question.options)) == 4
    assert question.margin == pytest.approx(35)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("ego_rotation", {"cameras": pair_of(SOUTH, look_at([0, -3, 0], [3 * np.tan(np.radians(3)), 0, 0])).cameras},
         "too_close_to_boundary"),
        ("sketch", {"cameras": pair_of(SOUTH, orbit(3, -23, 0)).cameras}, "too_close_to_boundary"),
        ("turn_angle", {"cameras": pair_of(SOUTH, orbit(3, -75, 0)).cameras}, "azimuth_out_of_range"),
        ("turn_angle_open", {"cameras": pair_of(SOUTH, orbit(3, 20, 0)).cameras}, "azimuth_out_of_range"),
        ("facing_side", {"front": None}, "front_unknown"),
        ("own_side", {"front": None}, "front_unknown"),
        ("mirrored", {"answerability": 0.01}, "symmetric"),
        ("mirrored", {"answerability": None}, "symmetric"),
        ("cannot_tell", {"answerability": None}, "answerability_unknown"),
        ("cannot_tell", {"answerability": 0.055}, "too_close_to_boundary"),
    ],
)  # fmt: skip
def test_a_pair_is_refused_for_a_reason(name: str, change: dict, reason: str) -> None:
    assert refused(name, replace(pair_of(SOUTH, SOUTH_EAST), **change)) == reason


@given(st.integers(0, 2), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_the_right_option_stands_where_it_was_asked_for(position: int, seed: int) -> None:
    for name in PAPER:
        question = put(name, pair_of(SOUTH, SOUTH_EAST), position, seed)
        assert question.answer == "ABC"[position]
        assert question.options[position] == question.answer_text
        assert len(set(question.options)) == 3
        for letter, option in zip("ABC", question.options, strict=True):
            assert f"\n{letter}. {option}\n" in question.text
        assert "<image>" not in question.text


def test_wordings_and_the_order_of_wrong_options_vary() -> None:
    questions = [put("ego_rotation", pair_of(SOUTH, SOUTH_EAST), 0, seed) for seed in range(200)]
    families = Counter(question.template.partition(".")[0] for question in questions)
    assert len(families) == sum(family.language == "en" for family in load_template("ego_rotation").wordings)
    assert min(families.values()) > 20
    stems = Counter(question.text.partition("\n")[0] for question in questions)
    assert len(stems) > 180
    assert 60 < sum("right" in question.options[1].lower() for question in questions) < 140


def test_a_question_is_asked_in_the_language_that_is_wanted_and_else_in_english() -> None:
    for seed in range(8):
        assert "_zh." in put("ego_translation", pair_of(SOUTH, SOUTH_EAST), seed=seed, language="zh").template
        assert "相机" in put("ego_rotation", pair_of(SOUTH, SOUTH_EAST), seed=seed, language="zh").text
        assert put("ego_height", pair_of(SOUTH, HIGHER), seed=seed, language="fr").text.isascii()
    words = {
        put(name, pair_of(SOUTH, SOUTH_EAST), seed=s, language="zh").answer_text for name in PAPER for s in range(9)
    }
    assert all(("左" in text) != ("右" in text) for text in words - {"都没有", "都不是"})


def test_a_paraphrase_says_the_same_in_other_words() -> None:
    template, pair = load_template("ego_height"), pair_of(SOUTH, HIGHER)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        first = ask(template, pair, 0, rng)
        assert isinstance(first, Question)
        second = ask(template, pair, 0, rng, besides=first.template.partition("/")[2])
        assert isinstance(second, Question)
        assert second.template.partition(".")[0] != first.template.partition(".")[0]
        assert second.answer_name == first.answer_name
