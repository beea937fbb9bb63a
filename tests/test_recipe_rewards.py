"""Rewards and the reading of answers, as tables of cases."""

from __future__ import annotations

import re
from typing import Any

import hand_made_dataset as hand
import numpy as np
import pytest
from numpy.linalg import norm
from reasoning_situations import situation

from recipe.rewards import (
    accuracy_reward,
    angle_reward,
    format_reward,
    group_reward,
    read_answer,
    reasoning_reward,
)
from recipe.rewards.answers import chosen_letter, is_right, read_number, text_of, thoughts
from viewpoint100k.questions.reasoning import write

OPTIONS = ["To the left", "Neither way", "To the right"]

LONG = 100_000

READ = [
    # text, what it states
    ("B", "B"),
    ("b", "B"),
    ("B.", "B"),
    ("(B)", "B"),
    ("**B**", "B"),
    ("'b'", "B"),
    ("Option B", "B"),
    ("The answer is B", "B"),
    ("the correct option is (b).", "B"),
    ("Answer: B", "B"),
    ("B. To the left", "B"),
    ("(B) To the left", "B"),
    ("B: to the left", "B"),
    ("B\n\nThe camera moved, as the handle is seen from its other side.", "B"),
    ("The handle is now in view, so the camera went round.\nB", "B"),
    ("The camera turned. The answer is B. I am sure of it.", "B"),
    ("I first thought that the answer is A. But no: the answer is C.", "C"),
    ("So the answer is A because the lid is higher.", "A"),
    (r"The result is $\boxed{B}$", "B"),
    (r"\boxed{\text{(B)}}", "B"),
    # Letters that are also words.
    ("A dog", "A dog"),
    ("a dog", "a dog"),
    ("I think so", "I think so"),
    ("The answer is a dog.", "The answer is a dog."),
    ("<answer>A dog</answer>", "A dog"),
    # Elements.
    ("<answer>B</answer>", "B"),
    ("<answer> b </answer>", "B"),
    ("<answer>\n(B)\n</answer>", "B"),
    ("<ANSWER>B</ANSWER>", "B"),
    ("<think>It turned.</think><answer>B</answer>", "B"),
    ("<think>It turned.</think>\n\n<answer>B</answer>\n", "B"),
    ("<think>It turned.</think> B", "B"),
    ("It turned.</think><answer>B</answer>", "B"),  # The prompt ended in <think>.
    ("<answer>To the left</answer>", "To the left"),
    ("Some words first. <answer>B</answer> Some after.", "B"),
    # Tags in the wrong place.
    ("<think>Perhaps <answer>A</answer>, or not.</think><answer>B</answer>", "B"),
    ("<think>Perhaps <answer>A</answer>.</think>", None),
    ("<think>One. <think>Two.</think> Three.</think><answer>B</answer>", "B"),
    ("<think>One. <think>Two.</think><answer>B</answer>", "B"),
    ("<answer><answer>B</answer></answer>", "B"),
    ("<answer><think>It turned.</think>B</answer>", "B"),
    ("<answer>A</answer><think>No.</think><answer>B</answer>", None),
    ("<answer>A</answer> no wait </think><answer>B</answer>", "B"),
    # Several answers.
    ("<answer>B</answer><answer>B.</answer>", "B"),
    ("<answer>A</answer><answer>B</answer>", None),
    ("<answer>A or B</answer>", "A or B"),
    ("<answer>A, B</answer>", "A, B"),
    ("<answer>A. or B. maybe</answer>", "A. or B. maybe"),
    ("A\nB", None),
    # Several letters in one place, or a denied letter.
    ("<answer>The answer is B or C</answer>", "The answer is B or C"),
    ("Answer: B or C", "Answer: B or C"),
    ("The answer is B, I think.", "B"),
    ("<answer>A. Left B. Neither C. Right</answer>", "A. Left B. Neither C. Right"),
    ("<answer>A. Left\nC. Right</answer>", "A. Left C. Right"),
    ("<answer>A) Left, or C) Right</answer>", "A) Left, or C) Right"),
    ("<answer>A. Left. Answer: C</answer>", "A. Left. Answer: C"),
    (r"\boxed{A} or \boxed{B}", None),
    (r"\boxed{B}, that is \boxed{B}", "B"),
    ("Not the answer B", "Not the answer B"),
    ("The answer B is wrong, so C.", "C"),
    ("The answer is C, not the answer B.", "C"),
    # Ordinary replies.
    ("Option B: Right", "B"),
    ("Therefore, option B.", "B"),
    ("I choose B", "B"),
    ("<answer></answer>B", "B"),
    # Unclosed.
    ("<answer>B", "B"),
    ("<think>The camera went on and on", None),
    ("<think>Then <answer>B</answer> might be", None),
    ("<think>It turned. <answer>B</answer>", "B"),
    ("B</answer>", "B"),
    # Nothing.
    ("", None),
    ("   \n ", None),
    ("<think></think><answer></answer>", None),
    ("<answer> </answer>", None),
    ("...", "..."),
    # Other alphabets.
    ("答案是B。", "B"),
    ("答案：C", "C"),
    ("\N{FULLWIDTH LATIN CAPITAL LETTER B}", "B"),
    ("\N{CYRILLIC CAPITAL LETTER VE}", "\N{CYRILLIC CAPITAL LETTER VE}"),  # Looks like B, but is another letter.
    ("\N{GREEK CAPITAL LETTER BETA}", "\N{GREEK CAPITAL LETTER BETA}"),
    ("<think>左へ動いた。</think><answer>B</answer>", "B"),
    ("<think>تحركت الكاميرا</think><answer>B</answer>", "B"),
]


@pytest.mark.parametrize(("text", "stated"), READ)
def test_what_a_text_states(text: str, stated: str | None) -> None:
    assert read_answer(text) == stated


@pytest.mark.parametrize(
    "text",
    [
        "<think>" * LONG,
        "<think>a</think>" * LONG + "<answer>B</answer>",
        "<answer>" * LONG + "B",
        "answer is " * LONG,
        "(" * LONG + "B",
        "B" + "." * LONG,
        "B. " + "\n" * LONG,
        " " * LONG + "B",
        "A. " + "- " * LONG,
        "\\boxed{" * LONG,
        "<" * LONG,
        "ﷺ" * LONG,
    ],
)
def test_a_very_long_text_is_read_in_one_pass(text: str) -> None:
    # The time limit of tests fails this test if a pattern backtracks, which would take hours.
    assert read_answer(text) in ("B", None)
    assert format_reward([text]) == [0.0]


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A", "A"),
        ("c", "C"),
        ("D", None),
        ("To the right", "C"),
        ("to the right.", "C"),
        ("<answer>TO THE  RIGHT</answer>", "C"),
        ("It went to the right", "C"),
        ("C. To the right", "C"),
        ("(C) to the right", "C"),
        ("A. To the right", None),  # The letter and the words disagree.
        ("A. Left, as the handle shows", "A"),
        ("right", "C"),
        ("Answer: To the left", "A"),
        ("The correct answer is: to the right.", "C"),
        ("<answer>A - To the left</answer>", "A"),
        ("<answer>A, to the left</answer>", "A"),
        ("<answer>A.To the left</answer>", "A"),
        ("<answer>A - To the right</answer>", None),
        ("A. To the left C. To the right", None),
        ("", None),
    ],
)
def test_the_option_that_a_text_chooses(text: str, letter: str | None) -> None:
    assert chosen_letter(text, OPTIONS) == letter


def test_an_option_that_reads_like_a_letter_is_chosen_by_its_letter() -> None:
    assert chosen_letter("A dog", ["A cat", "A dog"]) == "B"
    assert chosen_letter("A", ["A cat", "A dog"]) == "A"


FORMAT = [
    ("<think>It turned.</think><answer>B</answer>", 1.0),
    ("  <think>It turned.</think>\n<answer>B</answer>\n", 1.0),
    ("<think>Line.\nLine.</think><answer>To the left</answer>", 1.0),
    ("<think>Δεξιά</think><answer>B</answer>", 1.0),
    ("B", 0.0),
    ("", 0.0),
    ("<think></think><answer>B</answer>", 0.0),
    ("<think>It turned.</think><answer> </answer>", 0.0),
    ("<think>It turned.</think>", 0.0),
    ("<answer>B</answer>", 0.0),
    ("<answer>B</answer><think>It turned.</think>", 0.0),
    ("<think>It turned.<answer>B</answer>", 0.0),
    ("<think>It turned.</think><answer>B", 0.0),
    ("<think>It turned.</think><answer>B</answer> So there.", 0.0),
    ("Well: <think>It turned.</think><answer>B</answer>", 0.0),
    ("<think>It turned.</think> hence <answer>B</answer>", 0.0),
    ("<think>It <think>really</think> turned.</think><answer>B</answer>", 0.0),
    ("<think>It turned.</think><answer>A</answer><answer>B</answer>", 0.0),
    ("<think>Or <answer>A</answer>.</think><answer>B</answer>", 0.0),
    ("<THINK>It turned.</THINK><answer>B</answer>", 0.0),
]


def test_the_format_is_all_or_nothing() -> None:
    assert format_reward([text for text, _ in FORMAT]) == [reward for _, reward in FORMAT]


def test_completions_may_be_chats() -> None:
    chat = [{"role": "assistant", "content": "<think>It turned.</think><answer>C</answer>"}]
    blocks = [
        {"role": "user", "content": "A or C?"},
        {"role": "assistant", "content": [{"type": "image"}, {"type": "text", "text": "C"}]},
    ]
    assert text_of(blocks) == "C"
    assert format_reward([chat, blocks]) == [1.0, 0.0]
    assert accuracy_reward([chat, blocks, "A"], answer=["C", "C", "C"], prompts=[None] * 3) == [1.0, 1.0, 0.0]


def test_accuracy_takes_letters_and_with_options_their_words() -> None:
    answers = ["C", "To the right", "(c)", "A", "", "Right"]
    assert accuracy_reward(answers, answer=["C"] * 6) == [1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    assert accuracy_reward(answers, answer=["C"] * 6, options=[OPTIONS] * 6) == [1.0, 1.0, 1.0, 0.0, 0.0, 1.0]


def test_the_papers_reward_is_the_weighted_sum() -> None:
    texts = ["<think>It turned.</think><answer>C</answer>", "C", "<think>It turned.</think><answer>A</answer>", "A"]
    total = [
        0.5 * form + 0.5 * exact
        for form, exact in zip(format_reward(texts), accuracy_reward(texts, answer=["C"] * 4), strict=True)
    ]
    assert total == [1.0, 0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("30", 30),
        ("-30.5°", -30.5),
        ("−30 degrees", -30),
        ("about 30 degrees", 30),
        ("30,5", 30.5),
        ("+12", 12),
        (".5", 0.5),
        ("٣٠", 30),
        ("30° (30 degrees)", 30),
        ("30 to 40", None),
        ("none", None),
        ("", None),
        ("9" * LONG, None),
    ],
)
def test_the_number_that_a_text_states(text: str, number: float | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("text", "right"),
    [("30", True), ("40", True), ("20.0", True), ("41", False), ("-30", False), ("390", True), ("thirty", False)],
)
def test_an_open_answer_is_right_within_ten_degrees(text: str, right: bool) -> None:
    assert is_right(text, "30", []) is right
    assert is_right(f"<think>Some 90 degrees?</think><answer>{text}</answer>", "30", []) is right


@pytest.mark.parametrize(("text", "right"), [("2", True), ("2.2", True), ("1.8", True), ("2.25", False), ("0", False)])
def test_an_open_answer_in_another_unit_is_right_within_a_tenth(text: str, right: bool) -> None:
    question = "How many times as far away is the second camera?"
    assert is_right(text, "2", [], question) is right
    prompts = [[{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]]
    assert accuracy_reward([text], answer=["2"], options=[[]], prompts=prompts) == [float(right)]
    assert angle_reward([text], answer=["2"], options=[[]], answer_value=[2.0], prompts=prompts) == [float(right)]


def test_angles_meet_across_the_half_turn() -> None:
    assert angle_reward(["-175"], answer=["175"]) == [pytest.approx(1 - 10 / 45)]


def test_an_open_angle_earns_by_its_error() -> None:
    texts = ["30", "52.5", "75", "120", "", "30 or 40", "<think>Hm.</think><answer>21 degrees</answer>"]
    expected = [1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.8]
    assert angle_reward(texts, answer=["30"] * 7, options=[[]] * 7) == pytest.approx(expected)
    # Replies are compared with the stored value, not with the rounded text.
    assert angle_reward(["39"], answer=["30"], options=[[]], answer_value=[34.5]) == pytest.approx([0.9])


def test_chosen_angles_earn_by_their_error_and_their_side_counts() -> None:
    options = ["20 degrees to the left", "40 degrees to the left", "20 degrees to the right", "about 85° right"]
    rewards = angle_reward(list("ABCD"), answer=["B"] * 4, options=[options] * 4)
    assert rewards == pytest.approx([1 - 20 / 45, 1, 0, 0])
    near = ["10° counterclockwise", "10° clockwise", "10° up"]
    assert angle_reward(list("ABC"), answer=["B"] * 3, options=[near] * 3) == pytest.approx([1 - 20 / 45, 1, 1])


def test_what_is_no_angle_earns_by_the_exact_answer() -> None:
    images = ["Image 2", "Image 3", "Image 4"]
    assert angle_reward(["A", "B", "Image 3"], answer=["B"] * 3, options=[images] * 3) == [0.0, 1.0, 1.0]
    assert angle_reward(["a", "C"], answer=["A"] * 2) == [1.0, 0.0]


def test_a_group_is_worth_the_chance_that_all_of_it_is_right() -> None:
    # Two rows of pair p, four completions each; one row of pair q.
    completions = ["A", "A", "B", "B", "C", "A", "A", "A", "B", "C"]
    answer = ["A"] * 4 + ["C"] * 4 + ["B"] * 2
    ids = ["p1"] * 4 + ["p2"] * 4 + ["q1"] * 2
    group = ["p"] * 8 + ["q"] * 2
    # Row p1 is right in 2 of 4, row p2 in 1 of 4; q1 stands alone.
    expected = [0.25, 0.25, 0, 0, 0.5, 0, 0, 0, 1, 0]
    assert group_reward(completions, answer=answer, group=group, id=ids) == pytest.approx(expected)
    prompts = [[{"role": "user", "content": one}] for one in ids]
    assert group_reward(completions, answer=answer, group=group, prompts=prompts) == pytest.approx(expected)


def test_a_thought_is_what_stands_before_its_last_end() -> None:
    assert thoughts("<think>One.</think><answer>B</answer>") == "One."
    assert thoughts("One.</think>B") == "One."
    assert thoughts("<think>One. <think>Two.</think> Three.</think>B") == "One. <think>Two.</think> Three."
    assert thoughts("<think>One") == thoughts("") == ""


# --- true reasoning --------------------------------------------------------------------------------------------------


def columns_of(rows: list[Any]) -> dict[str, list[Any]]:
    names = ("cameras", "object_center", "object_radius", "object_front", "options", "answer", "answer_text")
    return {name: [row[name] for row in rows] for name in names}


def thought(words: str) -> str:
    return f"<think>{words}</think><answer>A</answer>"


def test_a_thought_earns_by_what_is_true_of_it() -> None:
    # By hand: 40 degrees around to the right, so to the camera's right, turned left, and 1.2 times as far away.
    row = hand.GOOD["train-00000-of-00002"][0]
    assert row["relative"]["translation_x"] > 0.5
    assert row["relative"]["yaw_deg"] < -30
    right, left = "The camera moved to its right.", "The camera turned to the left."
    wrong = "The camera turned to the right."
    middle = " ".join(f"In image {image} the object sits near the middle from side to side." for image in (1, 2))
    texts = [
        (thought(f"{right} {left}"), 1.0),
        (thought(right), 1 / 2),
        (thought(f"{right} {right} {right}"), 1 / 2),  # A claim that is made three times counts once.
        (thought(f"{right} {wrong}"), 1 / 2 * 1 / 2),
        (thought(f"{right} {left} {wrong}"), 2 / 3),
        (thought(wrong), 0.0),
        (thought(middle), 0.0),  # True, but it is true of every pair on an orbit.
        (thought(f"{middle} {right}"), 1 / 2),
        (thought(f"{middle} {wrong}"), 0.0),
        (thought(f"{right} {left} It is a lovely day for a walk."), 1.0),  # SilentListener can tell.
        (thought("It is a lovely day for a walk."), 0.0),
        (f"{right} {left}", 0.0),  # No thought.
        ("", 0.0),
        (f"{right} {left}</think><answer>A</answer>", 1.0),
        (thought("字" * 20_000), 0.0),
    ]
    rewards = reasoning_reward([text for text, _ in texts], **columns_of([row] * len(texts)), trainer_state=object())
    assert rewards == pytest.approx([reward for _, reward in texts])


def test_rows_without_cameras_earn_nothing_for_reasoning() -> None:
    assert reasoning_reward([thought("The camera turned to the left.")] * 2, answer=["A", "A"]) == [0.0, 0.0]
    assert reasoning_reward([thought("The camera turned to the left.")], cameras=[[]], answer=["A"]) == [0.0]


def test_the_data_sets_own_reasoning_earns_all_and_its_contradiction_less() -> None:
    rng = np.random.default_rng(0)
    drawn = [situation(rng) for _ in range(80)]
    # If the camera did not move, there is no direction to state.
    places = [[np.reshape(one["camera_to_world"], (-1, 4))[:3, 3] for one in each.row["cameras"][:2]] for each in drawn]
    moved = [each for each, (first, second) in zip(drawn, places, strict=True) if norm(second - first) > 1]
    written = [(each, write(each.scene, each.conclusion, rng)) for each in moved]
    situations, texts = zip(*[(each, text) for each, text in written if text is not None][:20], strict=True)
    columns = columns_of([one.row for one in situations])
    own = reasoning_reward(texts, **columns)
    assert len(own) == 20
    assert np.mean(np.array(own) == 1.0) >= 0.7
    sides = {"left": "right", "right": "left", "up": "down", "down": "up", "higher": "lower", "lower": "higher"}
    words = re.compile(rf"\b({'|'.join(sides)})")
    turned = [words.sub(lambda match: sides[match.group()], text) for text in texts]
    rewards = reasoning_reward(turned, **columns)
    assert all(turned[place] != texts[place] for place in range(20))
    # A text about a camera that moved to neither side stays true. Every other text is now false.
    assert np.mean(np.array(rewards) < 1.0) >= 0.7
    assert np.mean(rewards) < 0.75
