"""Consistency between rows of the data set that ask one question about one pair in several forms.

In contrast to conditions, which change any row, here the set itself has the swapped, mirrored or reworded row with its
own right answer. Such rows share ``group`` and ``question_type``, and their ``template`` ends in ``+swapped`` or
``+mirrored``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from recipe.evaluation.directions import MIRROR, REVERSE, opposite, simplified
from recipe.evaluation.intervals import clustered_wilson
from recipe.evaluation.items import Item
from recipe.evaluation.readings import Reading
from recipe.evaluation.wordings import meanings
from recipe.rewards.answers import LETTERS

__all__ = ["FormScore", "form_scores"]

_TURNED = {"swapped": REVERSE, "mirrored": MIRROR, "paraphrased": {}}


@dataclass(frozen=True)
class FormScore:
    """Figures of pairs of rows: a question in plain form and in another form."""

    pairs: int
    both_right: float
    both_right_interval: tuple[float, float]
    consistent: float | None
    """Share of comparable pairs whose answers agree, right or wrong; if the form reverses directions, opposite answers
    agree. None if no pair is comparable."""
    consistent_pairs: int


def form_scores(readings: Sequence[Reading]) -> dict[str, FormScore]:
    """Scores by form, from readings of unchanged rows; empty if the set has no such rows."""
    scores = {}
    for form, pairs in _pairs(readings).items():
        right = [float(first.right and second.right) for first, second in pairs]
        agree = [agrees for pair in pairs if (agrees := _agree(form, *pair)) is not None]
        scores[form] = FormScore(
            pairs=len(pairs),
            both_right=sum(right) / len(right),
            both_right_interval=clustered_wilson(right, [first.item.asset for first, _ in pairs]),
            consistent=sum(agree) / len(agree) if agree else None,
            consistent_pairs=len(agree),
        )
    return scores


def _pairs(readings: Sequence[Reading]) -> dict[str, list[tuple[Reading, Reading]]]:
    questions: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        questions[reading.item.group, reading.item.question_type].append(reading)
    pairs: dict[str, list[tuple[Reading, Reading]]] = {}
    for rows in questions.values():
        plain = [row for row in rows if _form(row.item) == ""]
        if plain:
            others = [(_form(row.item), row) for row in rows if _form(row.item)]
            for form, row in [*(("paraphrased", row) for row in plain[1:]), *others]:
                pairs.setdefault(form, []).append((plain[0], row))
    return {form: pairs[form] for form in sorted(pairs)}


def _form(item: Item) -> str:
    return item.template.partition("+")[2]


def _agree(form: str, plain: Reading, other: Reading) -> bool | None:
    """True if two answers agree; None if one cannot be read or they cannot be compared."""
    turned = _TURNED.get(form)
    right, other_right = _says(plain.item, plain.item.answer), _says(other.item, other.item.answer)
    given = _says(plain.item, plain.given)
    if turned is None or given is None or right is None or other_right is None:
        return None
    if opposite(right, turned) != simplified(other_right):
        return None  # Wordings with variables, or a reverse motion without the opposite answer.
    answer = _says(other.item, other.given)
    return answer is not None and opposite(given, turned) == simplified(answer)


def _says(item: Item, letter: str | None) -> str | None:
    place = LETTERS.find(letter) if letter and len(letter) == 1 else -1
    return meanings(item)[place] if 0 <= place < len(item.options) else None
