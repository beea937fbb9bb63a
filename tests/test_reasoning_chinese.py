"""Chains of thought in Chinese: read back, checked against the cameras, and refused where a word is changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from reasoning_situations import Situation, scene_of, situation

from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.questions import Question, ask, load_template, template_names
from viewpoint100k.questions.reasoning import (
    Conclusion,
    ReasoningScene,
    argument_problems,
    claims,
    false_claims,
    judge,
    write,
)
from viewpoint100k.questions.reasoning.phrases import NUMBER, language_of, phrases
from viewpoint100k.views.pairs import Pair

TYPES = [name for name in template_names() if load_template(name).reasoning and "zh" in load_template(name).languages]


def chinese(name: str, seed: int) -> Situation | None:
    """A question of a type in Chinese about a random pair; None where it is not asked."""
    template = load_template(name)
    scene = scene_of(np.random.default_rng([3, seed]))
    pair = Pair(scene.cameras, scene.center, scene.radius, scene.front, overlap=0.9, answerability=0.5)
    asked = ask(template, pair, seed % max(template.options, 1), np.random.default_rng(seed), "zh")
    if not isinstance(asked, Question):
        return None
    kind, quantity = asked.question_type, template.quantity
    return Situation(scene, Conclusion(asked.answer, asked.answer_text, quantity, kind, asked.options, asked.text))


def text_of(made: Situation, seed: int) -> str | None:
    return write(made.scene, made.conclusion, np.random.default_rng([4, seed]), "zh")


def test_the_language_of_a_text_is_that_of_its_own_words() -> None:
    assert language_of("<think>The answer is B, “往左”.</think>") == "en"
    assert language_of("<think>答案是B，“Left”。</think>") == "zh"


@pytest.mark.parametrize("name", TYPES)
def test_a_question_of_each_type_is_argued_in_its_own_language(name: str) -> None:
    texts = []
    for seed in range(200):
        made = chinese(name, seed)
        text = text_of(made, seed) if made is not None else None
        if made is None or text is None:
            continue
        assert argument_problems(text, made.row) == [], text
        assert not re.search(r"[A-Za-z]{2,}", re.sub(r"“[^”]*”|</?(?:think|answer)>", "", text)), text
        texts.append(text)
    assert len(texts) > 10
    tied = sum(any(claim.kind == "answer" and claim.because for claim in claims(text)) for text in texts)
    assert tied > 0.9 * len(texts)


def check_many(count: int) -> None:
    silent, argued, written, texts = 0, 0, 0, set()
    for seed in range(count):
        made = situation(np.random.default_rng(seed))
        text = write(made.scene, made.conclusion, np.random.default_rng([seed, 1]), "zh")
        if text is None:
            silent += 1
            continue
        assert argument_problems(text, made.row) == [], (seed, text)
        found = judge(text, made.row)
        assert found.share_true == 1
        assert 60 <= len(text) <= 500, (len(text), text)
        argued += any(claim.because for claim in found.true)
        written += 1
        texts.add(text)
    assert silent < 0.3 * count
    assert argued == written
    assert len(texts) > 0.99 * written


def test_every_claim_of_300_texts_is_parsed_back_and_true() -> None:
    check_many(300)


@pytest.mark.slow
def test_every_claim_of_10000_texts_is_parsed_back_and_true() -> None:
    check_many(10_000)


# --- mutations --------------------------------------------------------------------------------------------------------

_SWAPS = [
    *[("左", "右"), ("升高", "降低"), ("上升", "下降"), ("更大", "更小"), ("更多", "更少"), ("更近", "更远")],
    ("变近", "变远"),
    *[("逆时针", "顺时针"), ("正面", "背面"), ("更窄", "更宽"), ("向上", "向下"), ("更高", "更低"), ("向前", "向后")],
    *[("俯视着", "仰视着"), ("近处部分", "远处部分"), ("没有", "确实"), ("同样的角度", "不同的角度"), ("稍多", "稍少")],
]  # fmt: skip


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """The text with one word turned into its opposite, one number or letter changed, with what was done."""
    for one, other in [*_SWAPS, *((b, a) for a, b in _SWAPS)]:
        for match in re.finditer(one, text):
            if match[0] in "左右" and text[match.start() - 1 : match.end() + 1] in ("左右", "度左右"):
                continue
            yield f"{one} -> {other}", text[: match.start()] + other + text[match.end() :]
    for match in re.finditer(r"\d+(?:\.\d+)?(?=[度倍])", text):
        number = float(match[0])
        other = number * 1.6 if text[match.end()] == "倍" else number + 15
        yield f"{number:g} -> {other:g}", f"{text[: match.start()]}{other:g}{text[match.end() :]}"
    for match in re.finditer(r"(?:(?<=答案是)|(?<=应该选)|(?<=我选)|(?<=选项)|(?<=<answer>))[A-H]", text):
        other = "ABCDEFGH"[("ABCDEFGH".index(match[0]) + 1) % 8]
        yield f"letter {match[0]} -> {other}", text[: match.start()] + other + text[match.end() :]


def caught_and_missed(count: int) -> tuple[int, Counter[str], list[str]]:
    caught, missed, examples = 0, Counter[str](), []
    for seed in range(count):
        made = chinese(TYPES[seed % len(TYPES)], seed)
        text = text_of(made, seed) if made is not None else None
        if made is None or text is None:
            continue
        for what, mutant in mutants(text):
            if argument_problems(mutant, made.row):
                caught += 1
            else:
                missed[what] += 1
                examples.append(f"{seed} {what}: {text} {mutant}")
    return caught, missed, examples


def test_a_changed_word_number_or_letter_is_found() -> None:
    caught, missed, examples = caught_and_missed(150)
    assert caught > 600
    assert missed.total() <= 0.001 * caught, (missed, examples[:3])


@pytest.mark.slow
def test_a_changed_word_number_or_letter_is_found_in_many_texts() -> None:
    caught, missed, examples = caught_and_missed(3000)
    assert missed.total() <= 0.001 * caught, (missed, examples[:3])


def walk_to_the_right(answer: str = "B") -> Situation:
    cameras = tuple(Camera(orbit(4, a, 12), intrinsics_from_fov(45, 96, 96), 96, 96) for a in (0, 45))
    options = ("向右转", "向左转", "没有转")
    text = options["ABC".index(answer)]
    return Situation(ReasoningScene(cameras, np.zeros(3), 1.0), Conclusion(answer, text, "yaw_deg", "t", options))


def test_a_text_of_the_swapped_pair_is_refused() -> None:
    made = walk_to_the_right()
    row = made.row
    row["cameras"] = row["cameras"][::-1]
    for seed in range(30):
        text = text_of(made, seed)
        assert text is not None
        assert false_claims(text, made.row) == []
        assert false_claims(text, row)


@pytest.mark.parametrize("answer", ["A", "C"])
def test_a_wrong_answer_contradicts_what_it_is_concluded_from(answer: str) -> None:
    made = walk_to_the_right(answer)
    for seed in range(30):
        text = text_of(made, seed)
        assert text is not None
        assert any("but" in problem for problem in false_claims(text, made.row)), text


# --- the phrase table -------------------------------------------------------------------------------------------------

_NAMES = {
    "left": "左", "right": "右", "up": "上|升|高|仰", "down": "下|降|低|俯", "larger": "大", "smaller": "小",
    "more": "多", "less": "少", "closer": "近", "farther": "远",
    "clockwise": "(?<!逆)顺时针|左", "counterclockwise": "逆时针|右",
    "front": "正面", "back": "背面", "narrower": "窄", "wider": "宽", "forwards": "向前", "backwards": "向后",
    "none": "没|不|同一|一样|差不多|相同|同样|和之前|正是|单靠|确实|保持", "middle": "居中|中间", "slight": "只|稍",
}  # fmt: skip
"""Of which one at least stands in a wording of the value."""


def test_every_wording_names_the_direction_that_it_stands_for() -> None:
    table = phrases("zh")
    for texts in (table.clauses[0], table.numbered_clauses[0], table.verbs[0], table.numbered_verbs[0]):
        for (kind, value, _), wordings in texts.items():
            # A camera that looks down may be said to stand higher than the object.
            known = _NAMES if kind not in ("place", "direction", "looks_down") else {}
            for part in set(value.split("_")) & known.keys():
                assert all(re.search(known[part], wording) for wording in wordings), (kind, value, wordings)


def test_english_and_chinese_have_words_for_the_same_facts() -> None:
    english, other = phrases("en"), phrases("zh")
    assert english.clauses[0].keys() | english.verbs[0].keys() == other.clauses[0].keys() | other.verbs[0].keys()
    numbered = (english.numbered_clauses[0].keys() | english.numbered_verbs[0].keys(),)
    assert numbered == (other.numbered_clauses[0].keys() | other.numbered_verbs[0].keys(),)
    assert english.opener_of == other.opener_of


def test_every_wording_is_read_as_what_it_stands_for() -> None:
    table = phrases("zh")
    for style in range(table.styles):
        for subject, texts in (
            ("", table.clauses[style]),
            ("", table.numbered_clauses[style]),
            ("相机", table.verbs[style]),
            ("相机", table.numbered_verbs[style]),
        ):
            for (kind, value, image), wordings in texts.items():
                for wording in wordings:
                    text = f"<think>{subject}{wording.replace(NUMBER, '40')}。</think><answer>A</answer>"
                    claim, _ = claims(text)
                    assert (claim.kind, claim.image, claim.value) == (kind, image, value), wording
                    assert (claim.number == 40) == (NUMBER in wording), wording
