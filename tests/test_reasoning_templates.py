"""Every question type of the package gets reasoning that is true and leads to its own option's words."""

from __future__ import annotations

import re

import numpy as np
import pytest
from reasoning_situations import TYPES, asked_of_type

from viewpoint100k.questions.reasoning import argument_problems, claims, write


def check_texts(name: str, language: str, pairs: int, least: int) -> None:
    """Argues the question of a type about ``pairs`` random pairs, and expects ``least`` texts."""
    texts = []
    for seed in range(pairs):
        made = asked_of_type(name, seed, language)
        rng = np.random.default_rng([4, seed])
        text = write(made.scene, made.conclusion, rng, language) if made is not None else None
        if made is None or text is None:
            continue
        assert argument_problems(text, made.row) == [], (name, text)
        if language == "zh":
            assert not re.search(r"[A-Za-z]{2,}", re.sub(r"“[^”]*”|</?(?:think|answer)>", "", text)), text
        texts.append(text)
    assert len(texts) >= least
    tied = sum(any(claim.kind == "answer" and claim.because for claim in claims(text)) for text in texts)
    assert tied > 0.9 * len(texts)


EVERY = [(name, language) for language, names in TYPES.items() for name in names]


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_a_question_of_each_type_is_argued_from_what_decides_it(name: str, language: str) -> None:
    check_texts(name, language, pairs=60, least=3)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "language"), EVERY)
def test_many_questions_of_each_type_are_argued(name: str, language: str) -> None:
    check_texts(name, language, pairs=600, least=30)
