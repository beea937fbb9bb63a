"""Replies of real models with the answer that a person reads in each: most are read, and none wrongly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from recipe.rewards.answer_forms import form_of_answer, read_pose, read_text, read_yes_no
from recipe.rewards.answers import chosen_letter, is_right, stated_number

FOLDER = Path(__file__).parent / "replies"
OPTIONS: dict[str, list[str]] = yaml.safe_load((FOLDER / "options.yaml").read_text(encoding="utf-8"))
ASKED: dict[str, dict[str, str]] = yaml.safe_load((FOLDER / "forms.yaml").read_text(encoding="utf-8"))
SIDES = ["To the left", "To the right", "Neither way"]
LONG = 100_000


def replies(part: str) -> list[dict[str, Any]]:
    found = yaml.safe_load((FOLDER / f"{part}.yaml").read_text(encoding="utf-8"))
    assert all(each.keys() == {"family", "options", "verdict", "reply"} for each in found)
    return list(found)


def read(each: dict[str, Any]) -> str | float | None:
    options = OPTIONS[each["options"]]
    return chosen_letter(each["reply"], options) if options else stated_number(each["reply"])


@pytest.mark.parametrize("part", ["written_on", "held_apart"])
def test_at_least_98_in_100_answers_are_read_and_none_is_read_that_is_not_there(part: str) -> None:
    stated = [(each["reply"], each["verdict"], read(each)) for each in replies(part)]
    wrong = [one for one in stated if one[2] is not None and one[2] != one[1]]
    assert wrong == []
    answers = [one for one in stated if one[1] is not None]
    assert sum(verdict == given for _, verdict, given in answers) >= 0.98 * len(answers)


def test_the_replies_are_of_many_kinds_and_the_parts_share_none() -> None:
    parts = [replies("written_on"), replies("held_apart")]
    keys = [{(each["options"], each["reply"]) for each in part} for part in parts]
    assert not keys[0] & keys[1]
    assert len(keys[0] | keys[1]) >= 300
    for part in parts:
        assert len({each["family"] for each in part}) >= 10
        assert {each["verdict"] is None for each in part} == {True, False}


def read_in_form(asked: dict[str, str], reply: str) -> str | float | dict[str, float] | None:
    match asked["form"]:
        case "yes_no":
            return read_yes_no(reply)
        case "number":
            return stated_number(reply, asked["question"])
        case "pose":
            return read_pose(reply, list(json.loads(asked["answer"])))
    return read_text(reply, asked["answer"], asked["question"])


@pytest.mark.parametrize("part", ["forms_written_on", "forms_held_apart"])
def test_replies_in_other_forms_are_read_as_a_person_reads_them(part: str) -> None:
    cases = yaml.safe_load((FOLDER / f"{part}.yaml").read_text(encoding="utf-8"))
    stated = [(case["reply"], case["verdict"], read_in_form(ASKED[case["asked"]], case["reply"])) for case in cases]
    assert [one for one in stated if one[2] is not None and one[2] != one[1]] == []
    answers = [one for one in stated if one[1] is not None]
    assert sum(verdict == given for _, verdict, given in answers) >= 0.98 * len(answers)
    assert len({case["family"] for case in cases}) >= 10
    assert {ASKED[case["asked"]]["form"] for case in cases} == {"yes_no", "number", "words", "sentence", "pose"}


def test_the_form_of_every_question_is_told_by_its_columns() -> None:
    assert all(form_of_answer(asked["answer"], asked["question"]) == asked["form"] for asked in ASKED.values())


SIGNED = "By how many degrees? A turn to the right is positive, a turn to the left negative.\nJust the number, please."


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        ("The camera turned 30 degrees to the left.", -30),
        ("The camera turned left by about 30 degrees.", -30),
        ("30° right", 30),
        ("-30 degrees to the left", -30),
        ("The handle moved to the left, so the camera turned by 30 degrees.", 30),
        ("相机向左转了约30度", -30),
        ("The answer is 20 to 30 degrees.", None),
        ("From 12 to 30 pixels; my estimate is 25.", 25),
        ("The chair has 4 legs.", None),
        ("The ratio from image 1 to image 2 is 0.9.", 0.9),
    ],
)
def test_a_number_takes_its_sign_from_the_direction_beside_it(reply: str, number: float | None) -> None:
    assert stated_number(reply, SIGNED) == number


@pytest.mark.parametrize(
    "reply",
    [
        "The answer should be (B) To the right.",
        "My answer: b) to the right",
        '{"answer": "B"}',
        "Right",
        "The camera moved to the right.",
        "It did not move to the left; it moved to the right.",
        "Not A, but B",
        "Option 2",
        "I'd say it was moved rightwards, so B",
    ],
)
def test_ordinary_replies_that_once_were_called_no_answer_are_read(reply: str) -> None:
    assert chosen_letter(reply, SIDES) == "B"
    assert is_right(reply, "B", SIDES)
    assert not is_right(reply, "A", SIDES)


@pytest.mark.parametrize(
    ("reply", "number"),
    [
        ("From image 1 to image 2 it is about 40 degrees.", 40),
        ("Between 20 and 40 degrees.", None),
        ("20–40°", None),
        ("It is 30 degrees, or 50 degrees.", None),
        ("word " * 200 + "\nSo the angle is 35 degrees.", 35),
        ("word " * 200 + "35 degrees.", 35),
        ("<think>It is 30 degrees", None),
        ("", None),
    ],
)
def test_the_number_that_answers_an_open_question(reply: str, number: float | None) -> None:
    assert stated_number(reply) == number


@pytest.mark.parametrize(
    "text",
    [
        "The camera moved to the right. " * (LONG // 30) + "\nThe camera moved to the left.",
        "to the left or " * LONG,
        "so A or " * LONG,
        "the camera moved " * LONG + "left or right",
        "not " * LONG + "A",
        "左" * LONG + "右",
        "answer option " * LONG,
        "\\boxed{" * LONG,
        "\\boxed{" + "{}" * LONG,
        '{"answer": "' * LONG,
        "A. word\nB. word\n" * LONG,
        "30 degrees to " * LONG,
    ],
)
def test_a_very_long_reply_is_read_in_one_pass(text: str) -> None:
    # The time limit of tests fails this test if a pattern backtracks, which would take hours.
    assert chosen_letter(text, SIDES) is None
    assert stated_number(text) is None
    assert read_pose(text, ["yaw_deg"]) is None
    assert read_yes_no(text) is None
    assert read_text(text, ASKED["turned"]["answer"], ASKED["turned"]["question"]) is None
