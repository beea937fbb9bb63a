"""Chains of thought in Chinese: they are read back and true, and the words of their phrase table are right."""

from __future__ import annotations

import re

import numpy as np
import pytest
from reasoning_situations import PARTS, situation

from viewpoint100k.questions.reasoning import argument_problems, judge, write
from viewpoint100k.questions.reasoning.phrases import language_of, phrases


def test_the_language_of_a_text_is_that_of_its_own_words() -> None:
    assert language_of("<think>The answer is B, “往左”.</think>") == "en"
    assert language_of("<think>答案是B，“Left”。</think>") == "zh"


def check_many(seeds: range) -> None:
    silent, argued, written, texts = 0, 0, 0, set()
    for seed in seeds:
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
    assert silent < 0.35 * len(seeds)
    assert argued == written
    assert len(texts) > 0.99 * written


def test_every_claim_of_100_texts_is_parsed_back_and_true() -> None:
    check_many(range(100))


@pytest.mark.slow
@pytest.mark.parametrize("seeds", PARTS, ids=lambda seeds: f"from-{seeds.start}")
def test_every_claim_of_10000_texts_is_parsed_back_and_true(seeds: range) -> None:
    check_many(seeds)


# --- the phrase table -------------------------------------------------------------------------------------------------

_NAMES = {
    "left": "左", "right": "右", "up": "上|升|高|仰", "down": "下|降|低|俯", "larger": "大", "smaller": "小",
    "more": "多", "less": "少", "closer": "近", "farther": "远",
    "clockwise": "(?<!逆)顺时针|左", "counterclockwise": "逆时针|右",
    "front": "正面", "back": "背面", "narrower": "窄", "wider": "宽", "forwards": "向前", "backwards": "向后",
    "none": "没|不|同一|一样|差不多|相同|同样|和之前|正是|单靠|确实|保持", "middle": "居中|中间", "slight": "只|稍",
}  # fmt: skip
"""A wording of a value contains at least one of these."""


def test_every_wording_names_the_direction_that_it_stands_for() -> None:
    table = phrases("zh")
    for texts in (table.clauses[0], table.numbered_clauses[0], table.verbs[0], table.numbered_verbs[0]):
        for (kind, value, _), wordings in texts.items():
            # The words for a camera that looks down may say that it stands higher than the object.
            known = _NAMES if kind not in ("place", "direction", "looks_down") else {}
            for part in set(value.split("_")) & known.keys():
                assert all(re.search(known[part], wording) for wording in wordings), (kind, value, wordings)


def test_english_and_chinese_have_words_for_the_same_facts() -> None:
    english, other = phrases("en"), phrases("zh")
    assert english.clauses[0].keys() | english.verbs[0].keys() == other.clauses[0].keys() | other.verbs[0].keys()
    numbered = (english.numbered_clauses[0].keys() | english.numbered_verbs[0].keys(),)
    assert numbered == (other.numbered_clauses[0].keys() | other.numbered_verbs[0].keys(),)
    assert english.opener_of == other.opener_of
