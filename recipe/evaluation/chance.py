"""Scores without the images: by guessing, by ignoring options that are never right, and by a constant answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from recipe.evaluation.items import Item
from recipe.evaluation.wordings import meanings
from recipe.rewards.answer_forms import listed_options
from recipe.rewards.answers import LETTERS, accepted_error, in_degrees, read_number

__all__ = ["Chance", "chances", "joint_luck"]

_BY_ACCIDENT = 1e-3
"""An option counts as never right if, with a uniform answer, its absence would have at most this probability."""


_ENOUGH = 10
"""Smallest number of groups for each combination of answers, so that the most frequent one is not due to chance."""


@dataclass(frozen=True)
class Chance:
    """Expected score of a guess at one row."""

    by_options: float
    """One divided by the number of options; for an open question, the score of the best constant for its type."""
    effective: float
    """The same among the options that are ever right."""
    never_right: tuple[str, ...]
    """Options of the row that are never right in this split."""


def chances(items: Sequence[Item]) -> dict[str, Chance]:
    """Chance by row id. Options are identified by their meaning (`wordings.meanings`) within their type."""
    offered: dict[tuple[str, str], float] = defaultdict(float)
    right: Counter[tuple[str, str]] = Counter()
    for item in items:
        for said in meanings(item):
            offered[item.question_type, said] += np.log1p(-1 / len(item.options)) if len(item.options) > 1 else 0.0
        right[item.question_type, _right_one(item)] += 1
    never = {said for said, log in offered.items() if not right[said] and np.exp(log) < _BY_ACCIDENT}
    constants = _best_constants(items)
    return {item.id: _chance(item, never, constants) for item in items}


def _chance(item: Item, never: set[tuple[str, str]], constants: Mapping[tuple[str, str], float]) -> Chance:
    if not item.options:
        listed = listed_options(item.question) if item.answer_form == "words" else []
        best = 1 / len(listed) if listed else constants[item.question_type, item.answer_form]
        return Chance(best, best, ())
    said = meanings(item)
    wrong = tuple(what for what in said if (item.question_type, what) in never)
    return Chance(1 / len(said), 1 / max(1, len(said) - len(wrong)), wrong)


def _best_constants(items: Sequence[Item]) -> dict[tuple[str, str], float]:
    """(open question type, form of answer) -> share of rows that the best constant answer gets right."""
    of_type: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        if not item.options:
            of_type[item.question_type, item.answer_form].append(item)
    return {kind: _best_constant(some) for kind, some in of_type.items()}


def _best_constant(items: Sequence[Item]) -> float:
    numbers = [read_number(item.answer) for item in items]
    if None in numbers or items[0].answer_form not in ("number", "chat"):
        return Counter(item.answer for item in items).most_common(1)[0][1] / len(items)
    values = np.array(numbers, dtype=np.float64)
    degrees = np.array([in_degrees(item.question) for item in items])
    accepted = np.array(
        [accepted_error(item.question, float(value)) for item, value in zip(items, values, strict=True)]
    )
    # The share of right rows changes only at the ends of the range that each row accepts.
    guesses = np.unique(np.concatenate([values, values + accepted, values - accepted]))
    return max(float((_errors(values - guess, degrees) <= accepted + 1e-9).mean()) for guess in guesses)


def _errors(differences: NDArray[np.float64], degrees: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sizes of ``differences``, (n,), modulo whole turns where ``degrees``, (n,), is True."""
    return np.abs(np.where(degrees, (differences + 180) % 360 - 180, differences))


def joint_luck(groups: Sequence[Sequence[Item]], by_chance: Mapping[str, Chance]) -> float:
    """The share of groups that can be answered completely right without the images.

    For each set of question types it is the score of the best fixed combination of answers. On an orbit, where three
    types are one bit, this is a half: the answers *moved right, turned left, on the object's left* are all right in
    every other pair. The best combination is selected on the same data, so it is used only with `_ENOUGH` groups for
    each combination. Otherwise, the value is that of independent guesses.
    """
    sets: dict[tuple[str, ...], list[Sequence[Item]]] = defaultdict(list)
    for group in groups:
        ordered = sorted(group, key=lambda item: (item.question_type, item.template, item.id))
        sets[tuple(item.question_type for item in ordered)].append(ordered)
    lucky = 0.0
    for alike in sets.values():
        counts = Counter(tuple(_right_one(item) for item in group) for group in alike)
        guessed = sum(prod(by_chance[item.id].effective for item in group) for group in alike)
        lucky += counts.most_common(1)[0][1] if len(alike) >= _ENOUGH * len(counts) else guessed
    return lucky / len(groups) if groups else 0.0


def _right_one(item: Item) -> str:
    """The meaning of the right answer, as in `meanings`."""
    place = LETTERS.find(item.answer) if item.options and len(item.answer) == 1 else -1
    return meanings(item)[place] if 0 <= place < len(item.options) else item.answer
