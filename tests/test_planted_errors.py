"""`verify` accepts a set of every question type, and finds each kind of error planted in rows of each type."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from every_type_dataset import Row, built, rows_of
from hand_made_dataset import places, write
from scipy.spatial.transform import Rotation

from viewpoint100k.check.labels.definitions import Definition, definitions_of, packaged_definitions
from viewpoint100k.check.row_checks import check_row
from viewpoint100k.check.verify import verify

DEFINITIONS = packaged_definitions()
TYPES = sorted(DEFINITIONS)
LETTERS = "ABCDEFGHIJ"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory)


@pytest.fixture(scope="module")
def rows(folder: Path) -> dict[str, list[Row]]:
    """The rows of each type."""
    by_type: dict[str, list[Row]] = {}
    for row in rows_of(folder):
        by_type.setdefault(row["question_type"], []).append(row)
    return by_type


def problems(row: Row, definitions: dict[str, Definition] | None = None) -> dict[str, str]:
    """The problem that each check finds in a row."""
    return {check: problem for check, problem in check_row(row, definitions) if problem}


def test_the_set_has_every_type_every_number_of_images_and_every_form(rows: dict[str, list[Row]]) -> None:
    assert sorted(rows) == TYPES
    everything = [row for listed in rows.values() for row in listed]
    assert {len(row["images"]) for row in everything} == {2, 3, 5}
    assert {row["template"].partition("+")[2] for row in everything} == {"", "swapped", "mirrored"}
    assert any("_zh." in row["template"] for row in everything)
    assert sum(bool(row["reasoning"]) for row in everything) >= 10
    assert {row["answer_value"] for row in rows["mirrored"]} == {0.0, 1.0}


def test_a_built_set_of_every_type_is_found_right(folder: Path) -> None:
    report = verify(folder)
    assert report.findings == ()
    assert report.notes == ()
    assert report.checks["wording"] == report.checks["label"] == report.rows == 67


# --- what is done to a row --------------------------------------------------------------------------------------------


def set_options(row: Row, options: list[str]) -> None:
    """Replaces the options, also in the question and the answer's text. Only their meaning is wrong."""
    first, reply = row["question"].split("\n")[0], row["question"].split("\n")[-1]
    lettered = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    row["options"], row["question"] = options, "\n".join([first, *lettered, reply])
    row["answer_text"] = options[LETTERS.index(row["answer"])]
    row["reasoning"] = None


def wrong_places(row: Row) -> list[int]:
    return [place for place, letter in enumerate(LETTERS[: len(row["options"])]) if letter != row["answer"]]


def wrong_answer(row: Row) -> None:
    row["reasoning"] = None
    if row["options"]:
        place = wrong_places(row)[-1]
        row["answer"], row["answer_text"] = LETTERS[place], row["options"][place]
    else:
        row["answer"] = row["answer_text"] = str(int(row["answer"]) + 1)


def wrong_value(row: Row) -> None:
    row["answer_value"] = 0.5 if row["answer_value"] is None else row["answer_value"] * 1.01 + 0.02


def wrong_margin(row: Row) -> None:
    row["margin"] = 1.0 if row["margin"] is None else row["margin"] * 1.02 + 0.01


def no_value(row: Row) -> None:
    row["answer_value"] = None


def no_margin(row: Row) -> None:
    row["margin"] = None


def swapped_cameras(row: Row) -> None:
    row["reasoning"] = None
    row["cameras"][:2] = row["cameras"][1::-1]


def unknown_option(row: Row) -> None:
    place = wrong_places(row)[0]
    set_options(row, [f"{o} indeed" if i == place else o for i, o in enumerate(row["options"])])


def option_twice(row: Row) -> None:
    place = wrong_places(row)[0]
    set_options(row, [f"{row['answer_text']} " if i == place else o for i, o in enumerate(row["options"])])


def option_taken_out(row: Row) -> None:
    place = wrong_places(row)[0]
    kept = [option for i, option in enumerate(row["options"]) if i != place]
    row["answer"] = LETTERS[kept.index(row["answer_text"])]
    set_options(row, kept)


def options_of_an_open_question(row: Row) -> None:
    value = row["answer"]
    row["answer"] = "A"
    set_options(row, [value, str(int(value) + 20)])


def other_words(row: Row) -> None:
    first, line_end, rest = row["question"].partition("\n")
    row["question"] = first.replace(" ", "  ", 1) + "!" + line_end + rest


def another_reply(row: Row) -> None:
    row["question"] += " Think first."


def other_paraphrase(row: Row) -> None:
    kind, _, name = row["template"].partition("/")
    families = [family["name"] for family in DEFINITIONS[kind].content["wordings"]]
    other = next(family for family in families if family != name.partition(".")[0])
    row["template"] = f"{kind}/{other}.{name.partition('.')[2].partition('+')[0]}"
    if DEFINITIONS[kind].paraphrase(row["template"]) is None:
        row["template"] = f"{kind}/{other}.0.0.0.0.0.0"


def image_more(row: Row) -> None:
    row["images"].append(row["images"][0])
    row["cameras"].append(row["cameras"][0])


def image_less(row: Row) -> None:
    row["images"].pop()
    row["cameras"].pop()


def object_elsewhere(row: Row) -> None:
    row["object_center"] = [row["object_center"][0] + 0.3, *row["object_center"][1:]]


def reflected_camera(row: Row) -> None:
    for entry in (0, 4, 8):
        row["cameras"][1]["camera_to_world"][entry] *= -1


def _moves(row: Row) -> bool:
    """True if the cameras differ, so that their order and the object's place matter."""
    first, second = (camera["camera_to_world"] for camera in row["cameras"][:2])
    return not np.allclose(first, second, atol=1e-4)


DAMAGES: dict[str, tuple[Callable[[Row], None], set[str]]] = {
    "wrong answer": (wrong_answer, {"label"}),
    "wrong value": (wrong_value, {"answer_value"}),
    "value missing": (no_value, {"answer_value", "label"}),
    "wrong margin": (wrong_margin, {"margin"}),
    "margin missing": (no_margin, {"margin"}),
    "cameras swapped": (swapped_cameras, {"relative", "cameras"}),
    "option of another wording": (unknown_option, {"options"}),
    "the right option twice": (option_twice, {"options"}),
    "option taken out": (option_taken_out, {"options"}),
    "options of an open question": (options_of_an_open_question, {"options"}),
    "question in other words": (other_words, {"wording"}),
    "another reply": (another_reply, {"wording"}),
    "name of another paraphrase": (other_paraphrase, {"wording", "options"}),
    "an image more": (image_more, {"image_count"}),
    "an image less": (image_less, {"image_count"}),
    "object elsewhere": (object_elsewhere, {"relative"}),
    "camera reflected": (reflected_camera, {"cameras"}),
}
"""The damage to a row, and checks. At least one of them must find it."""

APPLIES: dict[str, Callable[[Row], bool]] = {
    "value missing": lambda row: row["answer_value"] is not None,
    "margin missing": lambda row: row["margin"] is not None,
    "cameras swapped": _moves,
    "option of another wording": lambda row: bool(row["options"]),
    "the right option twice": lambda row: bool(row["options"]),
    "option taken out": lambda row: len(row["options"]) > 2,
    "options of an open question": lambda row: not row["options"],
    "an image less": lambda row: len(row["images"]) > 2,
    "object elsewhere": _moves,
}
"""Conditions for a kind of damage. Every row can have the other kinds."""


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", DAMAGES)
def test_an_error_in_a_row_of_any_type_is_found(name: str, kind: str, rows: dict[str, list[Row]]) -> None:
    damage, finders = DAMAGES[name]
    fitting = [row for row in copy.deepcopy(rows[kind]) if APPLIES.get(name, bool)(row)]
    for row in fitting:
        damage(row)
        assert finders & problems(row).keys(), row["id"]
    fits = {
        "value missing": rows[kind][0]["answer_value"] is not None,
        "margin missing": kind != "turn_angle_open",
        "options of an open question": kind == "turn_angle_open",
        "option taken out": len(rows[kind][0]["options"]) > 2,
        "option of another wording": kind != "turn_angle_open",
        "the right option twice": kind != "turn_angle_open",
        "an image less": kind in ("which_view", "view_order", "sketch"),
    }
    assert bool(fitting) == fits.get(name, True)


def test_errors_of_every_type_in_one_set_are_each_named_by_their_rows_id(
    rows: dict[str, list[Row]], tmp_path: Path
) -> None:
    listed = copy.deepcopy([row for of_type in rows.values() for row in of_type])
    first = {row["question_type"]: row for row in reversed(listed)}
    for row in first.values():
        wrong_answer(row)
    report = verify(write(tmp_path / "set", {"train-00000-of-00001": listed}))
    assert places(report, "label") == {row["id"] for row in first.values()}
    assert {check for check in report.found if check not in ("config", "manifest")} == {"label"}


# --- what only some types can have wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["own_side", "facing_side"])
def test_a_front_that_points_the_other_way_or_is_not_known_is_found(kind: str, rows: dict[str, list[Row]]) -> None:
    for row in rows[kind]:
        flipped = row | {"object_front": [-value for value in row["object_front"]], "reasoning": None}
        assert {"label", "answer_value"} <= problems(flipped).keys()
        assert "front is not stored" in problems(row | {"object_front": None, "reasoning": None})["label"]
        upright = problems(row | {"object_front": [0.0, 0.0, 1.0], "reasoning": None})
        assert "no left or right" in upright["label"]


def test_a_camera_that_does_not_say_that_its_image_is_mirrored_is_found(rows: dict[str, list[Row]]) -> None:
    for row in copy.deepcopy(rows["mirrored"]):
        second = row["cameras"][1]
        second["mirrored"] = not second["mirrored"]
        assert problems(row).keys() == {"label", "answer_value"}
        row["cameras"][0]["mirrored"] = True
        assert "image 1 is marked as mirrored" in problems(row)["cameras"]


def test_a_mirrored_image_in_a_question_type_that_shows_none_is_found(rows: dict[str, list[Row]]) -> None:
    for row in copy.deepcopy(rows["ego_rotation"]):
        row["cameras"][1]["mirrored"] = True
        assert "image 2 is marked as mirrored" in problems(row)["cameras"]


def test_every_stored_rotation_is_proper(rows: dict[str, list[Row]]) -> None:
    stored = [camera for of_type in rows.values() for row in of_type for camera in row["cameras"]]
    poses = np.reshape([camera["camera_to_world"] for camera in stored], (-1, 4, 4))
    np.testing.assert_allclose(np.linalg.det(poses[:, :3, :3]), 1, atol=1e-9)
    assert {camera["mirrored"] for camera in stored} == {False, True}


@pytest.mark.parametrize("kind", ["view_order", "which_view"])
def test_views_in_another_order_are_found(kind: str, rows: dict[str, list[Row]]) -> None:
    for row in rows[kind]:
        right = LETTERS.index(row["answer"]) + 1 if kind == "which_view" else 2
        for place in range(1, len(row["images"])):
            if place == right:
                continue
            shuffled = copy.deepcopy(row)
            for column in ("images", "cameras"):
                listed = shuffled[column]
                listed[place], listed[right] = listed[right], listed[place]
            assert "label" in problems(shuffled), (row["id"], place)


def test_a_view_that_was_to_be_chosen_by_no_angle_is_found(rows: dict[str, list[Row]]) -> None:
    """A wrong view at another place. Its angle alone would distinguish it from the others."""
    for row in copy.deepcopy(rows["which_view"]):
        place = next(i for i in (4, 3) if LETTERS[i - 1] != row["answer"])
        pose = np.reshape(row["cameras"][place]["camera_to_world"], (4, 4))
        turned = np.eye(4)
        turned[:3, :3] = Rotation.from_euler("z", 4, degrees=True).as_matrix()
        row["cameras"][place]["camera_to_world"] = (turned @ pose).ravel().tolist()
        assert "layout" in problems(row)


@pytest.mark.parametrize("kind", ["direction_and_angle", "turn_angle"])
def test_a_wrong_number_that_was_moved_is_found(kind: str, rows: dict[str, list[Row]]) -> None:
    for row in copy.deepcopy(rows[kind]):
        place = wrong_places(row)[0]
        (number,) = re.findall(r"\d+", row["options"][place])
        moved = row["options"][place].replace(number, str(int(number) + 5))
        set_options(row, [moved if i == place else option for i, option in enumerate(row["options"])])
        assert {"layout"} <= problems(row).keys()


def test_two_numbers_that_are_written_differently_and_equal_are_found(rows: dict[str, list[Row]]) -> None:
    for row in copy.deepcopy(rows["turn_angle"]):
        (number,) = re.findall(r"\d+", row["answer_text"])
        place = wrong_places(row)[0]
        again = row["answer_text"].replace(number, f"{number}.0")
        set_options(row, [again if i == place else option for i, option in enumerate(row["options"])])
        assert "mean the same" in problems(row)["options"]


def _turn_plan(axis: str, degrees: float, camera: Row) -> None:
    pose = np.reshape(camera["camera_to_world"], (4, 4)).copy()
    pose[:3, :3] = pose[:3, :3] @ Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    camera["camera_to_world"] = pose.ravel().tolist()


def _move_plan(camera: Row) -> None:
    camera["camera_to_world"][3] += 0.4


@pytest.mark.parametrize(
    "change", [partial(_turn_plan, "z", 45), partial(_turn_plan, "z", 180), partial(_turn_plan, "x", 5), _move_plan]
)
def test_a_floor_plan_that_is_drawn_from_elsewhere_is_found(
    change: Callable[[Row], None], rows: dict[str, list[Row]]
) -> None:
    for row in copy.deepcopy(rows["sketch"]):
        change(row["cameras"][2])
        assert "plan" in problems(row)


def _side_words_swapped(text: str) -> str:
    return text.replace("left", "\0").replace("right", "left").replace("\0", "right")


def test_a_false_sentence_and_one_that_cannot_be_checked_are_found_in_a_reasoning(rows: dict[str, list[Row]]) -> None:
    reasoned = [row for listed in rows.values() for row in listed if row["reasoning"]]
    assert len(reasoned) >= 10
    swapped = 0
    for row in reasoned:
        text = row["reasoning"]
        idle = problems(row | {"reasoning": text.replace("<think>", "<think>The moon is full. ")})
        assert "cannot be checked" in idle["reasoning_claims"]
        elsewhere = text.replace(f"<answer>{row['answer']}<", "<answer>Z<")
        assert {"reasoning", "reasoning_claims"} <= problems(row | {"reasoning": elsewhere}).keys()
        assert "reasoning_claims" in problems(row | {"reasoning": text.replace("</think>", "")})
        if _side_words_swapped(text) != text:
            swapped += 1
            assert "reasoning_claims" in problems(row | {"reasoning": _side_words_swapped(text)})
    assert swapped >= 5


# --- rows that the template would not have asked about ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "change", "check"),
    [
        ("turn_angle", {"requires": {"azimuth_deg": [179, 180]}}, "requirements"),
        ("ego_height", {"requires": {"azimuth_deg": [179, 180]}}, "requirements"),
        ("ego_height", {"requires": {"min_answerability": 0.99}}, "requirements"),
        ("ego_height", {"requires": {"min_overlap": 1.01}}, "requirements"),
        ("ego_height", {"answer": {"dead_zone": 5.0}}, "margin"),
        ("full_motion", {"answer": {"shown": 5}}, "options"),
        ("view_order", {"answer": {"shown": 5}}, "options"),
        ("view_order", {"answer": {"apart": [1, 14]}}, "layout"),
        ("turn_angle_open", {"answer": {"range": [101, 180]}}, "layout"),
        ("direction_and_angle", {"answer": {"range": [101, 180]}}, "layout"),
        ("which_view", {"answer": {"range": [20, 170]}}, "layout"),
        ("ego_pitch", {"answer": {"quantity": "-tilt_deg"}}, "answer_value"),
        ("ego_pitch", {"answer": {"quantity": "tilt_deg / nothing"}}, "label"),
    ],
)
def test_a_row_that_another_template_would_not_have_made_is_found(
    kind: str, change: dict[str, dict[str, object]], check: str, rows: dict[str, list[Row]]
) -> None:
    content = dict(DEFINITIONS[kind].content)
    for part, values in change.items():
        content[part] = {**content.get(part, {}), **values}
    other = {kind: Definition(content)}
    for row in rows[kind]:
        value = row["answer_value"]
        if check == "answer_value" and value is not None and abs(value) < 1:
            continue
        assert check in problems(row, other)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("ego_height", {"boundaries": None}),
        ("ego_height", {"boundaries": [5, -5]}),
        ("ego_height", {"boundaries": ["a"]}),
        ("ego_height", {"answers": []}),
        ("ego_height", {"quantity": 3}),
        ("ego_height", {"kind": "telepathy"}),
        ("full_motion", {"parts": []}),
        ("full_motion", {"answers": {"left": {"other": "left"}}}),
        ("direction_and_angle", {"range": [20]}),
        ("which_view", {"round_to": 0}),
        ("view_order", {"apart": 15}),
    ],
)
def test_a_question_type_that_makes_no_sense_is_a_finding_not_a_crash(
    kind: str, changes: dict[str, object], rows: dict[str, list[Row]]
) -> None:
    content = DEFINITIONS[kind].content
    other = {kind: Definition({**content, "answer": {**content["answer"], **changes}})}
    for row in rows[kind]:
        assert problems(row, other).keys() & {"label", "options", "margin"}


def test_a_null_where_a_threshold_is_asked_for_is_found(rows: dict[str, list[Row]]) -> None:
    for row in rows["mirrored"]:
        assert "null" in problems(row | {"answerability": None})["requirements"]
    for row in rows["cannot_tell"]:
        assert "answerability is null" in problems(row | {"answerability": None})["label"]


def test_question_types_that_a_folder_states_stand_above_the_packages_and_unreadable_ones_do_not(
    tmp_path: Path,
) -> None:
    (tmp_path / ".build").mkdir()
    record = tmp_path / ".build" / "build.json"
    own = '{"answer": {"kind": "open", "quantity": "height"}, "paraphrases": []}'
    record.write_text(f'{{"question_types": {{"ego_height": {own}, "own": {own}, "ego_roll": [], "x": {{}}}}}}')
    found = definitions_of(tmp_path)
    assert found["ego_height"].kind == found["own"].kind == "open"
    assert found["ego_roll"].content == DEFINITIONS["ego_roll"].content
    assert "x" not in found
    for text in ("", "[]", '{"question_types": 3}', "{"):
        record.write_text(text)
        assert definitions_of(tmp_path).keys() == DEFINITIONS.keys()


# --- rows of rubbish --------------------------------------------------------------------------------------------------

RUBBISH: list[object] = [0.0, -1.0, 1e308, -1e308, 1e-308, float("nan"), float("inf")]


def _numbers_in(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """The path to every number in a row."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if isinstance(inner, float):
            yield (*path, key)
        else:
            yield from _numbers_in(inner, (*path, key))


@pytest.mark.parametrize("kind", TYPES)
def test_no_number_in_a_row_makes_the_checks_fail(kind: str, rows: dict[str, list[Row]]) -> None:
    draw = random.Random(kind)
    for row in rows[kind]:
        ways = list(_numbers_in(row))
        for _ in range(40):
            damaged = copy.deepcopy(row)
            for way in draw.sample(ways, draw.choice([1, 1, 3])):
                place: object = damaged
                for key in way[:-1]:
                    place = place[key]  # type: ignore[index]
                place[way[-1]] = draw.choice(RUBBISH)  # type: ignore[index]
            assert all(problem is None or problem for _, problem in check_row(damaged))
