"""Every question type of the package gets reasoning that is true and leads to its own option's words."""

from __future__ import annotations

import numpy as np
import pytest
from reasoning_situations import Situation, scene_of

from viewpoint100k.questions import Question, ask, load_template, template_names
from viewpoint100k.questions.reasoning import Conclusion, argument_problems, claims, write
from viewpoint100k.views.pairs import Pair


def texts_of(name: str, pairs: int) -> list[str]:
    """Checked texts about questions of one type, of as many random pairs as it asks anything of."""
    template, texts = load_template(name), []
    for seed in range(pairs):
        scene = scene_of(np.random.default_rng([3, seed]))
        pair = Pair(scene.cameras, scene.center, scene.radius, scene.front, overlap=0.9, answerability=0.5)
        question = ask(template, pair, seed % max(template.options, 1), np.random.default_rng(seed))
        if not isinstance(question, Question):
            continue
        conclusion = Conclusion(
            question.answer, question.answer_text, template.quantity, question.question_type, question.options
        )
        text = write(scene, conclusion, np.random.default_rng([4, seed]))
        if text is None:
            continue
        assert argument_problems(text, Situation(scene, conclusion).row) == [], (name, text)
        texts.append(text)
    return texts


@pytest.mark.parametrize("name", [name for name in template_names() if load_template(name).reasoning])
def test_a_question_of_each_type_is_argued_from_what_decides_it(name: str) -> None:
    texts = texts_of(name, 250)
    assert len(texts) > 20
    tied = sum(any(claim.kind == "answer" and claim.because for claim in claims(text)) for text in texts)
    assert tied > 0.9 * len(texts)
