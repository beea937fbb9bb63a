"""What may be had without looking: by a guess, by never choosing what is never right, by one fixed answer."""

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
"""An option that is offered so often that it would be right at least once but for this probability, and never is."""


_ENOUGH = 10
"""Groups for each combination of answers that occurs, so that the commonest is hardly commonest by accident."""


@dataclass(frozen=True)
class Chance:
    """What guessing is worth at one row."""

    by_options: float
    """One over the number of options; for an open question, what the best single number scores on its type."""
    effective: float
    """The same among the options that are ever right."""
    never_right: tuple[str, ...]
    """What the row offers that is never right in this split."""


def chances(items: Sequence[Item]) -> dict[str, Chance]:
    """Chance by row id. An option is known by what it says (`wordings.meanings`) within its type."""
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
    """By type of open question and form of answer, the share of rows that the best single answer gets right."""
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
    # The share of right rows changes at the ends of what each row accepts, and nowhere else.
    guesses = np.unique(np.concatenate([values, values + accepted, values - accepted]))
    return max(float((_errors(values - guess, degrees) <= accepted + 1e-9).mean()) for guess in guesses)


def _errors(differences: NDArray[np.float64], degrees: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Sizes of ``differences``, (n,); whole turns do not count where they are ``degrees``, (n,)."""
    return np.abs(np.where(degrees, (differences + 180) % 360 - 180, differences))


def joint_luck(groups: Sequence[Sequence[Item]], by_chance: Mapping[str, Chance]) -> float:
    """The share of groups that are right as a whole without a look at the images.

    For each set of question types, what one fixed combination of answers gets right, the best there is. On an orbit,
    where three types are one bit, that is a half: whoever says *moved right, turned left, on the object's left* has all
    three right in every other pair. As the best is chosen afterwards, it counts only where there are `_ENOUGH` groups
    for each combination; elsewhere, what guessing each answer by itself would get right.
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
    """What the right answer says, in the word that `meanings` has for it."""
    place = LETTERS.find(item.answer) if item.options and len(item.answer) == 1 else -1
    return meanings(item)[place] if 0 <= place < len(item.options) else item.answer
