"""Replies to questions without letters: yes or no, words, numbers, sentences and poses, as tables of cases."""

from __future__ import annotations

import json

import pytest

from recipe.prompts import conversation
from recipe.rewards import accuracy_reward, angle_reward
from recipe.rewards.answer_forms import form_of_answer, read_yes_no, stated_tolerance
from recipe.rewards.answers import is_right, stated_answer

YES_NO = [
    ("Yes", "yes"),
    ("yes.", "yes"),
    ("**Yes**", "yes"),
    ("<think>no</think>Yes", "yes"),
    ("No, it moved to the left.", "no"),
    ("The handle is gone. So the answer is no.", "no"),
    ("That is correct.", "yes"),
    ("That's not so.", "no"),
    ("I agree", "yes"),
    ("I disagree.", "no"),
    ("The claim is false.", "no"),
    ('{"answer": "no"}', "no"),
    ('{"answer": true}', "yes"),
    ("是", "yes"),
    ("不是。", "no"),
    ("不对，相机向左移动了。", "no"),
    ("No doubt it did.", None),
    ("No handle is seen in image 1.", None),
    ("Yes and no", None),
    ("Yes\n\nNo", None),
    ("I cannot tell.", None),
    ("", None),
]


@pytest.mark.parametrize(("reply", "verdict"), YES_NO)
def test_yes_and_no_are_read_as_a_person_reads_them(reply: str, verdict: str | None) -> None:
    assert read_yes_no(reply) == verdict


LISTED = "Which way did the camera move?\n- To the left\n- To neither side\n- To the right\nCopy the line."
RADII = "How far? To the right is positive.\nJust the number, please. Up to 0.4 off counts as correct."
DEGREES = "How far around?\nJust the number, please. Up to 10 degrees off counts as correct."
POSE = {"azimuth_deg": 40, "elevation_deg": 0, "yaw_deg": 179, "pitch_deg": 0, "roll_deg": 0, "distance_ratio": 1.2}
JSON = "How did it move?\nReply with one JSON object. Up to 10 degrees and 0.15 off counts as correct."

JUDGED = [
    # question, answer, reply, right
    (LISTED, "To the right", "To the right", True),
    (LISTED, "To the right", "- To the right", True),
    (LISTED, "To the right", "The answer is to the right.", True),
    (LISTED, "To the right", "The camera moved to the right.", True),
    (LISTED, "To the right", "To the left", False),
    (LISTED, "To the right", "To the right\nTo the left", False),
    (LISTED, "To the right", "C", False),  # The question lists no letters.
    (RADII, "1.2", "1.5", True),
    (RADII, "1.2", "1.7", False),
    (RADII, "1.2", "-1.2", False),
    (DEGREES, "-175", "178", True),  # Seven degrees further, across 180.
    (DEGREES, "-175", "160", False),
    (DEGREES, "40", "between 35 and 45 degrees", False),
    ("", "Yes", "Yes, it did.", True),
    ("", "No", "Yes, it did.", False),
    ("", "是", "Yes", True),
    ("", "The camera moved to the right.", "It moved to the right.", True),
    ("", "The camera moved to the right.", "The camera moved to the left.", False),
    ("", "The camera moved to neither side.", "The camera did not move sideways.", True),
    (JSON, json.dumps(POSE), json.dumps(POSE), True),
    (JSON, json.dumps(POSE), f"```json\n{json.dumps(POSE | {'azimuth_deg': 47, 'yaw_deg': -174})}\n```", True),
    (JSON, json.dumps(POSE), json.dumps(POSE | {"azimuth_deg": -40}), False),
    (JSON, json.dumps(POSE), json.dumps(POSE | {"distance_ratio": 1.4}), False),
    (JSON, json.dumps(POSE), '{"azimuth_deg": 40}', False),
]


@pytest.mark.parametrize(("question", "answer", "reply", "right"), JUDGED)
def test_a_reply_is_right_or_wrong(question: str, answer: str, reply: str, right: bool) -> None:
    assert is_right(reply, answer, (), question) is right
    assert accuracy_reward([reply], [answer], [[]], prompts=[question]) == [float(right)]


def test_a_pose_earns_the_share_of_its_fields_that_are_right() -> None:
    reply = json.dumps(POSE | {"azimuth_deg": -40, "distance_ratio": 2})
    assert angle_reward([reply, "left"], [json.dumps(POSE)] * 2, [[], []], prompts=[JSON] * 2) == pytest.approx(
        [4 / 6, 0]
    )


def test_what_cannot_be_read_is_no_answer() -> None:
    for question, answer in ((LISTED, "To the right"), (RADII, "1.2"), (JSON, json.dumps(POSE)), ("", "Yes")):
        assert stated_answer("I cannot tell from these images.", answer, (), question) is None


def test_forms_and_tolerances_are_told_by_the_columns() -> None:
    forms = [form_of_answer(answer, LISTED) for answer in ("To the left", "Yes", "-3.5", json.dumps(POSE))]
    assert forms == ["words", "yes_no", "number", "pose"]
    for question, size, degrees in ((RADII, 0.4, False), (DEGREES, 10, True), ("误差在10度以内算对。", 10, True)):
        stated = stated_tolerance(question)
        assert stated is not None
        assert (stated.size, stated.in_degrees) == (size, degrees)


def test_only_the_last_turn_of_a_chat_asks() -> None:
    chat = f"Is it so?\n\nAssistant: No\n\nUser: {LISTED}\n\nAssistant: To the right\n\nUser: {RADII}"
    assert [turn["role"] for turn in conversation(chat)] == ["user", "assistant", "user", "assistant", "user"]
    assert is_right("1.4", "1.2", (), chat)
    assert not is_right("To the right", "1.2", (), chat)
