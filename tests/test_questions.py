"""Questions: the paper's three types on orbits worked out by hand, and templates that are refused."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from viewpoint100k.errors import UsageError
from viewpoint100k.geometry import Camera, intrinsics_from_fov, look_at, orbit
from viewpoint100k.pairs import Pair
from viewpoint100k.questions import Question, Refusal, ask, load_template, template_names

PAPER = ("ego_translation", "ego_rotation", "object_translation")


def pair_of(first: np.ndarray, second: np.ndarray) -> Pair:
    intrinsics = intrinsics_from_fov(45, 64, 64)
    return Pair((Camera(first, intrinsics, 64, 64), Camera(second, intrinsics, 64, 64)), np.zeros(3), 1.0, None, 0.5)


def put(name: str, pair: Pair, position: int = 0, seed: int = 0) -> Question | Refusal:
    return ask(load_template(name), pair, position, np.random.default_rng(seed))


def direction(question: Question | Refusal) -> str:
    assert isinstance(question, Question)
    words = question.answer_text.lower()
    return "left" if "left" in words else "right" if "right" in words else "none"


# Camera 1 stands south of the object, at (0, -3, 0), and looks north. Camera 2 stands to the south-east of it, at
# azimuth -45 degrees: on camera 1's right hand. To look at the object from there it has turned left. An observer at
# the object who faces south has east, and so camera 2, on the left hand.
SOUTH, SOUTH_EAST, SOUTH_WEST = orbit(3, -90, 0), orbit(3, -45, 0), orbit(3, -135, 0)


@pytest.mark.parametrize(
    ("name", "from_south_east", "from_south_west"),
    [("ego_translation", "right", "left"), ("ego_rotation", "left", "right"), ("object_translation", "left", "right")],
)
def test_the_three_types_on_an_orbit_worked_out_by_hand(name: str, from_south_east: str, from_south_west: str) -> None:
    for seed in range(8):  # every paraphrase
        assert direction(put(name, pair_of(SOUTH, SOUTH_EAST), seed=seed)) == from_south_east
        assert direction(put(name, pair_of(SOUTH, SOUTH_WEST), seed=seed)) == from_south_west


def test_values_are_what_trigonometry_says() -> None:
    pair = pair_of(SOUTH, SOUTH_EAST)
    across = 3 * np.sin(np.radians(45))
    translation, rotation, seen = (put(name, pair) for name in PAPER)
    assert isinstance(translation, Question)
    assert isinstance(rotation, Question)
    assert isinstance(seen, Question)
    assert translation.answer_value == pytest.approx(across)
    assert translation.margin == pytest.approx(across - 0.1)
    assert rotation.answer_value == pytest.approx(-45)
    assert rotation.margin == pytest.approx(41)
    assert seen.answer_value == pytest.approx(-across)


def test_a_camera_that_only_rises_moved_neither_way() -> None:
    pair = pair_of(orbit(3, -90, 10), orbit(3, -90, 40))
    assert [direction(put(name, pair)) for name in PAPER] == ["none"] * 3


def test_a_pure_pan_turns_but_does_not_move() -> None:
    panned = look_at([0, -3, 0], [1.0, 0, 0])  # from the same place, to a point on the right
    pair = pair_of(SOUTH, panned)
    assert [direction(put(name, pair)) for name in PAPER] == ["none", "right", "none"]


def test_nothing_is_asked_inside_the_dead_zone() -> None:
    slight = look_at([0, -3, 0], [3 * np.tan(np.radians(3)), 0, 0])  # three degrees: neither a turn nor none
    assert put("ego_rotation", pair_of(SOUTH, slight)) == Refusal("too_close_to_boundary")


@given(st.integers(0, 2), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_the_right_option_stands_where_it_was_asked_for(position: int, seed: int) -> None:
    for name in PAPER:
        question = put(name, pair_of(SOUTH, SOUTH_EAST), position, seed)
        assert isinstance(question, Question)
        assert question.answer == "ABC"[position]
        assert question.options[position] == question.answer_text
        assert len(set(question.options)) == 3
        for letter, option in zip("ABC", question.options, strict=True):
            assert f"\n{letter}. {option}\n" in question.text
        assert "<image>" not in question.text


def test_wordings_and_the_order_of_wrong_options_vary() -> None:
    questions = [put("ego_rotation", pair_of(SOUTH, SOUTH_EAST), 0, seed) for seed in range(200)]
    templates = Counter(q.template for q in questions if isinstance(q, Question))
    assert len(templates) == len(load_template("ego_rotation").paraphrases)
    assert min(templates.values()) > 25
    second = Counter("neither" for q in questions if isinstance(q, Question) and "right" in q.options[1].lower())
    assert 60 < second["neither"] < 140


@pytest.mark.parametrize("name", template_names())
def test_a_shipped_template_has_several_wordings_that_name_their_perspective(name: str) -> None:
    template = load_template(name)
    assert template.question_type == name
    assert len(template.paraphrases) >= 4
    for paraphrase in template.paraphrases:
        words = paraphrase.question.lower()
        assert any(word in words for word in ("still", "not move", "never touched", "stayed")), words
        assert any(word in words for word in ("perspective", "photographer", "point of view", "camera", "observer"))


VALID = yaml.safe_load((Path(__file__).parents[1] / "question_templates" / "ego_rotation.yaml").read_text())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": "speed"}, ["quantity", "unknown quantity 'speed'", "yaw_deg"]),
        ({"boundaries": [1]}, ["3 answers need 2 boundaries"]),
        ({"boundaries": [4, -4]}, ["ascend"]),
        ({"dead_zone": 0}, ["dead_zone", "greater than 0"]),
        ({"colour": "red"}, ["colour"]),
        ({"paraphrases": []}, ["paraphrases"]),
        ({"paraphrases": [VALID["paraphrases"][0]] * 2}, ["name of its own"]),
        ({"answers": ["left", "none", "around"]}, ["options must be exactly left, none, around"]),
    ],
)
def test_a_wrong_template_is_refused_in_one_sentence(tmp_path: Path, change: dict, words: list[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(VALID | change))
    with pytest.raises(UsageError) as caught:
        load_template(str(path))
    sentence = str(caught.value)
    assert "mine.yaml" in sentence
    assert all(word in sentence for word in words), sentence


def test_a_users_own_file_is_a_template(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(VALID | {"question_type": "mine"}))
    assert load_template(str(path)).question_type == "mine"


def test_an_unknown_template_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="ego_translation"):
        load_template("nothing")
