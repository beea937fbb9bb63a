"""Which rows of a block are answered in which form: by the weights of the config, alike in every block."""

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
"""Forms with a claim, which is true in every other row."""


def with_answer_forms(
    slots: Sequence[PairSpec], config: BuildConfig, block: Block, templates: Mapping[str, Template]
) -> list[PairSpec]:
    """The same pair specifications, with the form of answer of each plain question.

    Each type is asked in those of the config's forms that fit it, by their weights; where none does, for a letter. One
    question in several forms (swapped, mirrored, in other words) keeps to letters, by which its answers are compared.
    """
    if set(config.answer_forms) == {LETTER}:
        return list(slots)
    rng = generator(config.seed, "answer forms", block.shard.split, block.shard.index, block.index)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, slot in enumerate(slots):
        if all(asked.form == "plain" for asked in slot.asks):
            for j, asked in enumerate(slot.asks):
                places[asked.template].append((i, j))
    claims = cycle(rng, (0, 1))
    chosen: dict[tuple[int, int], QuestionSpec] = {}
    for name in sorted(places):
        fitting = forms_of(templates[name], config.camera_motion)
        weights: dict[str, float] = {form: share for form, share in config.answer_forms.items() if form in fitting}
        forms = apportion(rng, weights or {LETTER: 1.0}, len(places[name]))
        for (i, j), form in zip(places[name], (forms[k] for k in rng.permutation(len(forms))), strict=True):
            chosen[i, j] = _in_form(slots[i].asks[j], form, claims)
    return [
        replace(slot, asks=tuple(chosen.get((i, j), asked) for j, asked in enumerate(slot.asks)))
        for i, slot in enumerate(slots)
    ]


def _in_form(asked: QuestionSpec, form: str, claims: Iterator[int]) -> QuestionSpec:
    position = next(claims) if form in _CLAIMED else asked.answer_position
    return replace(asked, answer_form=form, answer_position=position)
