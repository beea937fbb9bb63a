"""The checker finds every change of meaning in a text, and every row that does not belong to the text."""

from __future__ import annotations

import re

import numpy as np
import pytest
from reasoning_mutations import caught_and_missed
from reasoning_situations import PARTS, Situation, walk_to_the_right

from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.questions.reasoning import (
    Conclusion,
    ReasoningScene,
    argument_problems,
    claims,
    false_claims,
    judge,
    write,
)
from viewpoint100k.questions.reasoning.bands import BANDS, MAY_BE_SLIGHT
from viewpoint100k.questions.reasoning.check import _WORDS, _worded


@pytest.mark.parametrize(("language", "least"), [("en", 500), ("zh", 300)])
def test_a_changed_word_number_letter_or_image_is_found(language: str, least: int) -> None:
    caught, missed, examples = caught_and_missed(language, range(75))
    assert caught > least
    assert missed.total() == 0, (missed, examples[:3])


@pytest.mark.slow
@pytest.mark.timeout(1200)  # Half a minute on an idle machine.
@pytest.mark.parametrize("seeds", PARTS, ids=lambda seeds: f"from-{seeds.start}")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_changed_word_number_letter_or_image_is_found_in_10000_texts(language: str, seeds: range) -> None:
    caught, missed, examples = caught_and_missed(language, seeds)
    print(f"{language} {seeds}: {caught:,} changes caught, {missed.total()} missed")
    assert caught > 5000
    assert missed.total() == 0, (missed, examples[:3])


@pytest.mark.parametrize(
    "thought",
    [
        # Both images show the back, and the question is about image 2.
        "In the object's frame of reference, the camera of image 1 faces the object's back. "
        "So, the answer is B, “Its back”.",
        # Level once is not level twice.
        "The camera of image 1 is about level with the object's center. Hence, the camera kept its height. "
        "So, the answer is B, “Its back”.",
    ],
)
def test_what_is_seen_in_image_1_alone_does_not_settle_what_image_2_shows(thought: str) -> None:
    cameras = tuple(Camera(orbit(4, a, 2), intrinsics_from_fov(45, 96, 96), 96, 96) for a in (178, 185))
    scene = ReasoningScene(cameras, np.zeros(3), 1.0, np.array([1.0, 0.0, 0.0]))
    asked = Conclusion("B", "Its back", "front_azimuth_deg", "facing_side", ("Its front", "Its back"))
    row = Situation(scene, asked).row
    assert argument_problems(f"<think>{thought}</think><answer>B</answer>", row)
    of_both = thought.replace("image 1", "image 2", 1)
    assert bool(argument_problems(f"<think>{of_both}</think><answer>B</answer>", row)) == ("level" in thought)


# --- the two tables of bands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(BANDS))
def test_the_checker_accepts_every_word_of_the_writer_and_leaves_a_gap_to_its_opposite(kind: str) -> None:
    band, words = BANDS[kind], _WORDS[kind]
    assert (words.negative, words.zero, words.positive) == (band.negative, band.zero, band.positive)
    for size in np.concatenate([np.linspace(0, 1.5 * band.some, 2001), [min(band.most, 1e3)]]):
        for value in (size, -size):
            for word in (band.word(value), band.slight_word(value) if kind in MAY_BE_SLIGHT else None):
                assert word is None or _worded(kind, word, value) is None, (word, value)
            said = [word for word in (band.negative, band.zero, band.positive) if _worded(kind, word, value) is None]
            assert len(said) <= 1, value


# --- a text and a row that do not belong together --------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_text_of_the_swapped_pair_is_refused(language: str) -> None:
    made = walk_to_the_right(language=language)
    row = made.row
    row["cameras"] = row["cameras"][::-1]
    for seed in range(30):
        text = write(made.scene, made.conclusion, np.random.default_rng(seed), language)
        assert text is not None
        assert false_claims(text, made.row) == []
        assert false_claims(text, row)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("answer", ["A", "C"])
def test_a_wrong_answer_contradicts_what_it_is_concluded_from(answer: str, language: str) -> None:
    made = walk_to_the_right(answer, language)
    for seed in range(30):
        text = write(made.scene, made.conclusion, np.random.default_rng(seed), language)
        assert text is not None
        (problem,) = false_claims(text, made.row)
        assert re.search("the answer says “.*”, but", problem)


def test_each_problem_names_the_words_and_what_the_cameras_give() -> None:
    row = walk_to_the_right().row
    text = "<think>The camera turned to the right by roughly 20 degrees.</think><answer>B</answer>"
    (problem,) = false_claims(text, row)
    assert problem.startswith("“the camera turned to the right by roughly 20 degrees” is not so: the cameras give -4")


# --- texts that a model may write ------------------------------------------------------------------------------------


def test_unknown_sentences_are_kept_apart_from_false_ones() -> None:
    row = walk_to_the_right().row
    thought = "Let me think! The camera turned to the left. It is a nice object. The camera moved to its left."
    found = judge(f"<think>{thought}</think>\n<answer>B</answer>", row)
    assert [claim.text for claim in found.unrecognised] == ["Let me think!", "It is a nice object."]
    assert [claim.kind for claim, _ in found.false] == ["moved_x"]
    assert {claim.kind for claim in found.true} == {"yaw", "final_answer"}
    assert found.share_true == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "B",
        "<think></think>",
        "<answer>B</answer><think>x</think>",
        "<think>a</think><answer>A</answer><answer>B</answer>",
    ],
)
def test_a_text_of_another_form_is_a_false_claim_of_its_own(text: str) -> None:
    assert claims(text)[0].kind == "format"
    assert false_claims(text, walk_to_the_right().row)


def test_a_conclusion_must_follow_from_what_is_given_for_it() -> None:
    row = walk_to_the_right().row
    sound = "Anything far behind the object slides to the right, so the camera turned to the left."
    unsound = "The camera moved to its right, so the camera turned to the left."
    other_way = "Therefore, the camera turned to the left."
    assert false_claims(f"<think>{sound}</think><answer>B</answer>", row) == []
    (problem,) = false_claims(f"<think>{unsound}</think><answer>B</answer>", row)
    assert "does not follow" in problem
    (problem,) = false_claims(f"<think>The camera moved to its right. {other_way}</think><answer>B</answer>", row)
    assert "does not follow" in problem
    far = "Anything far behind the object slides to the right. The lens seems to be the same in both images."
    assert false_claims(f"<think>{far} {other_way}</think><answer>B</answer>", row) == []


SOUND = (
    "<think>I take image 1 as the starting point. The flank of the object that lay on the right in image 1 turns into "
    "view, so the camera moved to its right. If the camera had moved without turning, the object would have left the "
    "frame on the left, but in image 2 the object sits near the middle from side to side. Therefore, the camera turned "
    "to the left. So, the answer is B.</think><answer>B</answer>"
)


def test_an_argument_without_a_gap_is_found_sound() -> None:
    assert argument_problems(SOUND, walk_to_the_right().row) == []


SEEN = "The flank of the object that lay on the right in image 1 turns into view"
MOVED = "camera moved to its right. "
KEPT = "If the camera had moved without turning, the object would have left the frame on the left, but in"
LENS = "The lens seems to be the same in both images"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        # A step that is missing.
        (f"{SEEN}, so the camera", "The camera", "“the camera moved to its right” is said without a reason"),
        (KEPT, "In", "does not follow"),
        (", but in image 2 the object sits near the middle from side to side", "", "does not follow"),
        (f"{SEEN}, so the {MOVED}", "", "left the frame on the left” is said without a reason"),
        # A sentence that nothing uses.
        ("I take image 1 as the starting point.", f"{LENS}.", "serves nothing"),
        ("So, the answer", f"Now, {SEEN.lower()}. So, the answer", "serves nothing"),
        ("Therefore, the camera turned", f"{LENS}, so the camera turned", "serves nothing"),
        # A conclusion that does not follow, and one that is false.
        (SEEN, LENS, "does not follow"),
        ("turned to the left", "turned to the right", "is not so: the cameras give"),
        ("image 2 the object", "image 1 the object", "does not follow"),
        # Evidence after its conclusion.
        (f"{SEEN}, so the {MOVED}", f"The {MOVED}{SEEN}. ", "“the camera moved to its right” is said without a reason"),
    ],
)
def test_a_gap_in_an_argument_is_found(old: str, new: str, words: str) -> None:
    assert SOUND.count(old) == 1
    problems = argument_problems(SOUND.replace(old, new), walk_to_the_right().row)
    assert any(words in problem for problem in problems), problems


def test_what_is_ruled_out_must_have_shown_itself_otherwise() -> None:
    row = walk_to_the_right().row | {"options": ["Left", "To the right"], "answer": "B", "answer_text": "To the right"}
    seen = "Image 2 shows more of the flank that was at the right edge of the object in image 1."
    left = "If the camera had moved to its left, more of the flank on the left would have come into view"
    none = "Without any sideways move, neither flank would have come further into view"
    text = (
        f"<think>{seen} {left}, so a move to the left is ruled out. {none}, so the camera did move to one side. "
        "As the only possibility that remains, the camera moved to its right. So, the answer is B.</think>"
        "<answer>B</answer>"
    )
    assert argument_problems(text, row) == []
    for old in (
        f"{seen} ",
        f"{left}, so a move to the left is ruled out. ",
        f"{none}, so the camera did move to one side. ",
    ):
        assert argument_problems(text.replace(old, ""), row), old
    assert argument_problems(text.replace("to its left", "to its right").replace("on the left", "on the right"), row)


def test_an_answer_behind_a_check_is_held_to_what_was_concluded_before_it() -> None:
    row = walk_to_the_right().row | {"options": ["To the left", "To the right"]}
    text = (
        "<think>The flank of the object that lay on the right in image 1 turns into view. Hence, the camera moved to "
        "its right. Conversely, if the camera had moved to its left, more of the flank on the left would have come "
        "into view. As a result, a move to the left is ruled out. Therefore, the answer is B.</think><answer>B</answer>"
    )
    assert argument_problems(text, row | {"answer": "B", "answer_text": "To the right"}) == []
    wrong = text.replace("is B.", "is A.").replace(">B<", ">A<")
    (problem,) = argument_problems(wrong, row | {"answer": "A", "answer_text": "To the left"})
    assert "nothing that it is concluded from says left" in problem


def test_an_opener_of_another_frame_of_reference_is_not_read() -> None:
    row = walk_to_the_right().row
    good = "<think>From the camera's own point of view, the camera moved to its right.</think><answer>B</answer>"
    assert false_claims(good, row) == []
    assert false_claims(good.replace("camera's own", "object's"), row)


def test_a_claim_about_an_image_or_a_front_that_is_not_there_is_false() -> None:
    row = walk_to_the_right().row
    for thought in (
        "In image 5 the object sits to the left of the middle",
        "The object turns its front to the camera of image 1",
    ):
        assert len(false_claims(f"<think>{thought}.</think><answer>B</answer>", row)) == 1


def test_a_row_without_cameras_is_an_error() -> None:
    with pytest.raises(ValueError, match="no cameras"):
        judge("<think>The camera turned left.</think><answer>A</answer>", {"answer": "A"})


def test_the_checker_shares_no_code_with_the_geometry() -> None:
    import ast
    from pathlib import Path

    from viewpoint100k.questions import reasoning

    folder = Path(reasoning.__file__).parent
    for name in ("check", "stored", "inference", "answer_words", "parse", "claim", "phrases"):
        tree = ast.parse((folder / f"{name}.py").read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        banned = {"viewpoint100k.geometry.cameras"} | {
            f"viewpoint100k.questions.reasoning.{part}" for part in ("observe", "bands", "arguments", "speech", "write")
        }
        assert not imported & banned
