"""One template applied to one pair: a question with its answer, or the reason why there is none."""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np

from viewpoint100k.pairs import Pair
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.template import Template

__all__ = ["Question", "Refusal", "ask"]


@dataclass(frozen=True)
class Question:
    """A multiple-choice question and what makes its answer true."""

    text: str
    """The complete prompt, options included."""
    options: tuple[str, ...]
    """In the order shown."""
    answer: str
    """Letter of the right option."""
    answer_text: str
    answer_value: float
    """The quantity, in the template's unit."""
    margin: float
    """Its distance from the nearest decision boundary, same unit."""
    question_type: str
    template: str
    """``question_type/paraphrase``."""


@dataclass(frozen=True)
class Refusal:
    """Why a template asks nothing of a pair."""

    reason: str


def ask(template: Template, pair: Pair, answer_position: int, rng: np.random.Generator) -> Question | Refusal:
    """Asks ``template`` of ``pair``, with the right option shown at ``answer_position``."""
    value = QUANTITIES[template.quantity].of(pair)
    answer, margin = template.judge(value)
    if margin < template.dead_zone:
        return Refusal("too_close_to_boundary")
    paraphrase = template.paraphrases[rng.integers(len(template.paraphrases))]
    order = [template.answers[i] for i in rng.permutation(len(template.answers))]
    order.remove(answer)
    order.insert(answer_position, answer)
    options = tuple(paraphrase.options[name] for name in order)
    lettered = [f"{letter}. {option}" for letter, option in zip(string.ascii_uppercase, options, strict=False)]
    return Question(
        text="\n".join([paraphrase.question, *lettered, paraphrase.reply]),
        options=options,
        answer=string.ascii_uppercase[answer_position],
        answer_text=options[answer_position],
        answer_value=value,
        margin=margin,
        question_type=template.question_type,
        template=f"{template.question_type}/{paraphrase.name}",
    )
