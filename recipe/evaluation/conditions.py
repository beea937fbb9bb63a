"""The conditions of an evaluation: rows unchanged, and changed so that the right answer stays, flips, or is lost."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from recipe.evaluation.directions import MIRROR, counterparts
from recipe.evaluation.items import Item
from recipe.evaluation.models import Prompt
from recipe.evaluation.reversal import reversed_letters
from recipe.evaluation.wordings import meanings, reworded
from recipe.rewards.answers import LETTERS
from viewpoint100k.errors import UsageError

__all__ = ["ASKED", "CONDITIONS", "CONTROLS", "ONE_IMAGE", "Plan", "Trial", "plan_trials"]

ASKED = "asked"

CONDITIONS: Mapping[str, str] = {
    ASKED: "as the row stands",
    "swapped": "images in reverse order: directions reverse, and a model that answers as before has not learnt "
    "the order",
    "mirrored": "each image flipped left to right: left becomes right",
    "paraphrased": "the question in another wording, options in the same order: the answer stays",
    "reordered": "the options shifted by one place: the answer stays, its letter changes",
    "second_grey": "the second image plain grey: answers are right by chance, or by the first image alone",
    "first_grey": "the first image plain grey: answers are right by chance, or by the second image alone",
    "blank": "each image plain grey: answers are right by chance, or by the text",
    "shuffled": "the images of another row of the same type, about another object: likewise",
}
"""Name and meaning of each condition."""

ONE_IMAGE: Mapping[str, str] = {"second_grey": "first image alone", "first_grey": "second image alone"}
"""Conditions that show one of a row's two images, with the name of the visible image."""

CONTROLS = (*ONE_IMAGE, "blank", "shuffled")
"""Conditions without the evidence for the answer, in which answers are compared with the row's label."""

Pictures = list[Image.Image]


@dataclass(frozen=True, eq=False)
class Trial:
    """One row under one condition."""

    item: Item
    condition: str
    question: str
    options: tuple[str, ...]
    answer: str | None
    """The right answer under the condition; None if it is unknown, and in `CONTROLS`."""
    letters: Mapping[str, str] = field(default_factory=dict)
    """Letter of the unchanged row -> letter with the same meaning here; empty if there is none."""
    shown: Item | None = None
    """The row whose images are shown, if it is another row."""
    arrange: Callable[[Pictures], Pictures] = list

    def prompt(self) -> Prompt:
        """The input for the model. Raises ``DataError`` if an image cannot be decoded."""
        return Prompt(self.arrange((self.shown or self.item).pictures()), self.question)


@dataclass(frozen=True)
class Plan:
    """All trials of an evaluation."""

    trials: tuple[Trial, ...]
    left_out: Mapping[tuple[str, str, str], int]
    """Number of rows to which a condition does not apply, by (condition, question type, reason code)."""


def plan_trials(items: Sequence[Item], conditions: Sequence[str]) -> Plan:
    """The trials of every row under every condition, unchanged rows first. Raises ``UsageError``."""
    unknown = [name for name in conditions if name not in CONDITIONS]
    if unknown:
        raise UsageError(f"unknown controls {', '.join(unknown)}: known are {', '.join(CONDITIONS)}")
    partners = _partners(items) if "shuffled" in conditions else {}
    trials: list[Trial] = []
    left_out: Counter[tuple[str, str, str]] = Counter()
    for condition in dict.fromkeys([ASKED, *conditions]):
        for item in items:
            made = _trial(item, condition, partners)
            if isinstance(made, Trial):
                trials.append(made)
            else:
                left_out[condition, item.question_type, made] += 1
    return Plan(tuple(trials), dict(left_out))


def _trial(item: Item, condition: str, partners: Mapping[str, Item]) -> Trial | str:
    """The trial, or the reason code if the condition does not apply."""
    match condition:
        case "swapped":
            return _swapped(item)
        case "mirrored":
            return _mirrored(item)
        case "paraphrased":
            other = reworded(item)
            return _with_text(item, condition, *other) if isinstance(other, tuple) else other
        case "reordered":
            return _reordered(item)
        case "blank":
            return Trial(item, condition, item.question, item.options, None, arrange=_blank)
        case "first_grey" | "second_grey":
            return _one_grey(item, condition)
        case "shuffled":
            partner = partners.get(item.id)
            if partner is None:
                return "no_other_object"
            return Trial(item, condition, item.question, item.options, None, shown=partner)
    return Trial(item, condition, item.question, item.options, item.answer, _unchanged(item.options))


def _unchanged(options: Sequence[str]) -> dict[str, str]:
    return {letter: letter for letter in LETTERS[: len(options)]}


def _with_text(item: Item, condition: str, question: str, options: tuple[str, ...]) -> Trial:
    return Trial(item, condition, question, options, item.answer, _unchanged(options))


def _swapped(item: Item) -> Trial | str:
    if len(item.images) != 2:
        return "not_two_images"
    letters = reversed_letters(item)
    known = letters if isinstance(letters, dict) else {}
    answer = known.get(item.answer)
    return Trial(item, "swapped", item.question, item.options, answer, known, arrange=lambda shown: shown[::-1])


def _mirrored(item: Item) -> Trial | str:
    letters = counterparts(meanings(item), MIRROR)
    if item.answer not in letters:
        return "no_sides_among_the_options"
    answer = letters[item.answer]
    return Trial(
        item,
        "mirrored",
        item.question,
        item.options,
        answer,
        letters,
        arrange=lambda shown: [ImageOps.mirror(image) for image in shown],
    )


def _one_grey(item: Item, condition: str) -> Trial | str:
    if len(item.images) != 2:
        return "not_two_images"

    def arrange(shown: Pictures) -> Pictures:
        first, second = shown
        return [*_blank([first]), second] if condition == "first_grey" else [first, *_blank([second])]

    return Trial(item, condition, item.question, item.options, None, arrange=arrange)


def _reordered(item: Item) -> Trial | str:
    if not item.options:
        return "open_question"
    if any(re.search(rf"(^|\s){letter}$", o) for letter, o in zip(LETTERS, item.options, strict=False)):
        return "letters_name_places"
    count = len(item.options)
    options = tuple(item.options[(place - 1) % count] for place in range(count))
    question = _with_options(item, options)
    if question is None:
        return "options_not_listed"
    letters = {LETTERS[place]: LETTERS[(place + 1) % count] for place in range(count)}
    return Trial(item, "reordered", question, options, letters[item.answer], letters)


def _with_options(item: Item, options: Sequence[str]) -> str | None:
    """The question with other option texts; None if its options are not on separate lines."""
    lines = item.question.splitlines()
    for letter, before, now in zip(LETTERS, item.options, options, strict=False):
        line = f"{letter}. {before}"
        if lines.count(line) != 1:
            return None
        lines[lines.index(line)] = f"{letter}. {now}"
    return "\n".join(lines)


def _blank(shown: Pictures) -> Pictures:
    return [Image.new("RGB", image.size, (128, 128, 128)) for image in shown]


def _partners(items: Sequence[Item]) -> dict[str, Item]:
    """For each row a row of another object with the same number of images, of the same type if possible.

    Rows of a kind form a circle, object by object in the order of hashes; the partner is the row opposite.
    """
    partners: dict[str, Item] = {}
    for kind in _kinds(items):
        circle = sorted(kind, key=lambda item: (_hash(item.asset), _hash(item.id)))
        for place, item in enumerate(circle):
            across = [circle[(place + len(circle) // 2 + step) % len(circle)] for step in range(len(circle))]
            other = next((one for one in across if one.asset != item.asset), None)
            if other is not None:
                partners.setdefault(item.id, other)
    return partners


def _kinds(items: Sequence[Item]) -> Iterator[list[Item]]:
    by_kind: dict[tuple[object, ...], list[Item]] = defaultdict(list)
    for item in items:
        by_kind[item.question_type, len(item.images)].append(item)
    yield from by_kind.values()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
