"""Assigns a form of answer to each question of a block, by the weights of the config, alike in every block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from viewpoint100k.geometry.seeding import generator
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.layout import Block
from viewpoint100k.plan.shares import apportion, cycle
from viewpoint100k.questions import Template
from viewpoint100k.questions.answer_forms import LETTER, forms_of

if TYPE_CHECKING:
    from viewpoint100k.plan.specs import PairSpec, QuestionSpec

__all__ = ["with_answer_forms"]

_CLAIMED = ("yes_no", "chat")
"""Forms with a claim. It is true in half of the rows."""


def with_answer_forms(
    specs: Sequence[PairSpec], config: BuildConfig, block: Block, templates: Mapping[str, Template]
) -> list[PairSpec]:
    """The same pair specifications, with the form of answer of each plain question.

    Each type gets the config's forms that fit it, by their weights. If none fits, it gets letters. A question that
    is asked in several forms (swapped, mirrored, paraphrased) keeps letters, because its answers are compared by them.
    """
    if set(config.answer_forms) == {LETTER}:
        return list(specs)
    rng = generator(config.seed, "answer forms", block.shard.split, block.shard.index, block.index)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, spec in enumerate(specs):
        if all(question.form == "plain" for question in spec.questions):
            for j, question in enumerate(spec.questions):
                places[question.template].append((i, j))
    claims = cycle(rng, (0, 1))
    chosen: dict[tuple[int, int], QuestionSpec] = {}
    for name in sorted(places):
        fitting = forms_of(templates[name], config.camera_motion)
        weights: dict[str, float] = {form: share for form, share in config.answer_forms.items() if form in fitting}
        forms = apportion(rng, weights or {LETTER: 1.0}, len(places[name]))
        for (i, j), form in zip(places[name], (forms[k] for k in rng.permutation(len(forms))), strict=True):
            chosen[i, j] = _in_form(specs[i].questions[j], form, claims)
    return [
        replace(spec, questions=tuple(chosen.get((i, j), question) for j, question in enumerate(spec.questions)))
        for i, spec in enumerate(specs)
    ]


def _in_form(question: QuestionSpec, form: str, claims: Iterator[int]) -> QuestionSpec:
    position = next(claims) if form in _CLAIMED else question.answer_position
    return replace(question, answer_form=form, answer_position=position)
