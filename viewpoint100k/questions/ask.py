"""One template applied to one pair: a question with its answer, or the reason why there is none."""

from __future__ import annotations

import string
from dataclasses import dataclass

import numpy as np

from viewpoint100k.questions.answers import Candidates, Choice, Decision
from viewpoint100k.questions.held_out import WordingSet
from viewpoint100k.questions.template import Template
from viewpoint100k.questions.wording import compile_wording
from viewpoint100k.views.pairs import Pair

__all__ = ["Question", "Refusal", "arranged", "ask", "candidate_views", "decided"]


@dataclass(frozen=True)
class Question:
    """A question and what makes its answer true."""

    text: str
    """The complete prompt, options included."""
    options: tuple[str, ...]
    """In the order shown; empty for an open question."""
    answer: str
    """Letter of the right option, or the value of an open question."""
    answer_text: str
    answer_value: float | None
    """The quantity, in the template's unit; None where the answer follows from several."""
    margin: float | None
    """Its distance from the nearest decision boundary, same unit; None for an open question."""
    question_type: str
    template: str
    """``question_type/wording``."""
    answer_name: str
    """The answer as the template names it."""
    views: tuple[int, ...]
    """The pair's cameras in the order in which their images are shown."""


@dataclass(frozen=True)
class Refusal:
    """Why a template asks nothing of a pair."""

    reason: str


def ask(
    template: Template,
    pair: Pair,
    answer_position: int,
    rng: np.random.Generator,
    language: str = "en",
    besides: str | None = None,
    wordings: WordingSet = "all",
) -> Question | Refusal:
    """Asks ``template`` of ``pair``, with the right option shown at ``answer_position``.

    Args:
        language: of the wording; English where the template has none in it.
        besides: the name of a wording that must not be used, nor one of its family, where there is another.
        wordings: the set to which the wording belongs; the template must have some of it in the language.
    """
    decision = decided(template, pair)
    if isinstance(decision, Refusal):
        return decision
    # One draw serves all: a generator's calls are what asking costs most.
    draws = rng.random(2 + len(decision.wrong)).tolist()
    known = template.languages.get(language) or template.languages["en"]
    paraphrase = known.drawn(draws[0], besides, wordings)
    views = tuple(range(len(pair.cameras)))
    if isinstance(template.answer, Candidates):
        shown, views = candidate_views(decision, answer_position, draws[1:])
    else:
        shown = arranged(decision, template.options, answer_position, draws[1:])
    options = tuple(template.option_text(paraphrase, choice.name)(choice.variables) for choice in shown)
    lettered = [f"{letter}. {option}" for letter, option in zip(string.ascii_uppercase, options, strict=False)]
    value = decision.right.variables.get("value")
    return Question(
        text="\n".join([compile_wording(paraphrase.question)(decision.variables), *lettered, paraphrase.reply]),
        options=options,
        answer=string.ascii_uppercase[answer_position] if options else str(value),
        answer_text=options[answer_position] if options else str(value),
        answer_value=decision.value,
        margin=decision.margin,
        question_type=template.question_type,
        template=f"{template.question_type}/{paraphrase.name}",
        answer_name=decision.right.name if len(template.answer.option_names) > 1 else str(value),
        views=views,
    )


def decided(template: Template, pair: Pair) -> Decision | Refusal:
    """What is right of ``pair``, or why it is not asked."""
    if reason := refusal(template, pair):
        return Refusal(reason)
    try:
        decision = template.answer.decide(pair)
    except ZeroDivisionError:
        return Refusal("quantity_undefined")
    return Refusal("too_close_to_boundary") if decision.near else decision


def refusal(template: Template, pair: Pair) -> str | None:
    """The reason code for which ``pair`` is not what the template requires, or None."""
    requires = template.requires
    if template.needs_front and pair.front is None:
        return "front_unknown"
    if requires.azimuth_deg and not requires.azimuth_deg[0] <= abs(pair.pose.azimuth_deg) <= requires.azimuth_deg[1]:
        return "azimuth_out_of_range"
    if requires.min_overlap and (pair.overlap is None or pair.overlap < requires.min_overlap):
        return "too_little_overlap"
    if requires.min_answerability and (pair.answerability is None or pair.answerability < requires.min_answerability):
        return "symmetric"
    if pair.answerability is None and "answerability" in template.answer.names:
        return "answerability_unknown"
    return None


def arranged(decision: Decision, count: int, position: int, draws: list[float]) -> list[Choice]:
    """``count`` choices in random order, the right one at ``position``; none for an open question."""
    if count == 0:
        return []
    order = sorted(range(len(decision.wrong)), key=draws.__getitem__)
    shown = [decision.wrong[place] for place in order[: count - 1]]
    shown.insert(position, decision.right)
    return shown


def candidate_views(decision: Decision, position: int, draws: list[float]) -> tuple[list[Choice], tuple[int, ...]]:
    """Choices that name images, and the cameras in the images' order: the right one, camera 1, at ``position``."""
    order = [2 + place for place in sorted(range(len(decision.wrong)), key=draws.__getitem__)]
    order.insert(position, 1)
    return [Choice("view", {"image": place + 2}) for place in range(len(order))], (0, *order)
