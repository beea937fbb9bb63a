"""Classification problems for the audits: the meanings of answers, and which question types share one problem."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.labels.answer_forms import AnswerForm, accepted_error, form_of_answer, listed_options
from viewpoint100k.check.labels.definitions import Definition, Meaning
from viewpoint100k.check.labels.from_options import QUANTITIES, claimed_direction

__all__ = [
    "DIRECTION",
    "LETTERS",
    "MEASURED_FORMS",
    "Problem",
    "SampledRow",
    "find_problems",
    "meanings",
    "problems_among",
    "read_row",
]

DIRECTION = "direction"
"""Name of the problem of all question types whose answer is the side to which the camera went."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_FUNCTION_OF_SIGN = 0.99
"""A question type belongs to the problem `DIRECTION` if the sign of the azimuth change gives this share of its
answers."""


@dataclass(frozen=True)
class SampledRow:
    """The columns of a row that the audits need, without its images."""

    id: str
    asset: str
    question_type: str
    template: str
    category: str
    source: str
    group: str
    question: str
    options: tuple[str, ...]
    option_meanings: tuple[str, ...]
    answer: str
    answer_form: str
    """``letter``, also for the plain number of an open question, or another form of answer."""
    meaning: str
    """``left``, ``right``, ``none`` and the like; the answer's text if the type is unknown."""
    stratum: str
    """Rows that can share a constant answer: the type, the type and what is asked of a chat, or the wording if the
    meaning is text."""
    azimuth_deg: float
    cameras: tuple[Mapping[str, Any], ...]
    object_center: tuple[float, ...]
    object_radius: float
    place: tuple[int, int, int]
    """Index of the file, of the row group, and of the row in the group."""

    @property
    def answer_index(self) -> int:
        """Index of the right option; -1 for an open question."""
        return LETTERS.find(self.answer) if self.options and len(self.answer) == 1 else -1


@dataclass(frozen=True, eq=False)
class Problem:
    """A classification problem: rows and their classes."""

    name: str
    places: NDArray[np.int64]
    """Indices into the sample."""
    targets: NDArray[np.str_]
    chance: NDArray[np.float64]
    """(n,) 1 where the most frequent class of the row's stratum is right."""

    def of(self, places: Sequence[int]) -> Problem:
        """This problem, restricted to rows given by their indices into the sample."""
        kept = np.isin(self.places, np.asarray(places, dtype=np.int64))
        return Problem(self.name, self.places[kept], self.targets[kept], self.chance[kept])


def meanings(row: Mapping[str, Any], definition: Definition | None) -> list[str] | None:
    """The meaning of each option, the same word for all wordings; None if it is unknown.

    The meaning of a number is its sign and its rank among the numbers shown, which a wording or a letter could reveal.
    """
    options = row["options"]
    paraphrase = definition.paraphrase(row["template"]) if definition else None
    if definition is not None and paraphrase is not None:
        claims = definition.meanings(paraphrase, options, len(row["cameras"]))
        if None not in claims:
            return _ranked(claims) if definition.kind == "choices" else [str(claim) for claim in claims]
    read = [_direction(row["question_type"], option) for option in options]
    return None if None in read else [str(word) for word in read]


def _ranked(claims: Sequence[Meaning | None]) -> list[str]:
    numbers = [float(claim) for claim in claims if claim is not None]
    sizes = sorted({abs(number) for number in numbers})
    return [f"{'+' if number > 0 else '-'}{sizes.index(abs(number)) + 1} of {len(sizes)}" for number in numbers]


@lru_cache(maxsize=4096)
def _direction(question_type: str, text: str) -> str | None:
    """The direction that the words of an option claim; None if it is unknown."""
    quantity = QUANTITIES.get(question_type)
    if quantity is None:
        return None
    try:
        claim = claimed_direction(text, quantity)
    except ValueError:
        return None
    return {1: quantity.positive, -1: quantity.negative, 0: "none"}[claim]


_COARSE = 20.0
"""Width of the classes into which the answers of open questions are divided, in their own unit."""


_FINE = 0.5
"""The same of numbers that are no angles, in the forms of answer that ask for them."""

MEASURED_FORMS = ("number", "pose", "chat")
"""Forms of answer that are numbers. They are guessed by classes, from the text alone: how often each class is right
follows from the camera motions, and the types' lettered rows show what one image tells of them."""


def _in_form(row: Mapping[str, Any], form: AnswerForm, definition: Definition | None) -> tuple[list[str], list[str]]:
    """The options of a row in another form of answer, as far as its question shows any, and what they mean.

    The first of them is the answer where the question shows none.
    """
    if form.name == "words" and definition is not None:
        listed = listed_options(row["question"])
        claimed = meanings({**row, "options": listed}, definition)
        if claimed is not None and row["answer"] in listed:
            return listed, claimed
    if form.name == "sentence" and definition is not None and (name := definition.stated(row["answer"])) is not None:
        return [], [name]
    if form.name == "yes_no":
        return [], ["yes" if row["answer"] in ("Yes", "是") else "no"]
    value = row["relative"]["azimuth_deg"] if form.name == "pose" else row["answer_value"]
    if form.name not in MEASURED_FORMS or value is None:
        return [], [row["answer"]]
    width = _COARSE if form.name == "pose" or _DEGREES.search(row["question"]) else _FINE
    low = value // width * width
    return [], [f"{low:g} to {low + width:g}"]


_DEGREES = re.compile(r"degrees off|度以内")


def _open_meaning(row: Mapping[str, Any]) -> str | None:
    """The class of an answer to an open question: a direction, or the range of a number."""
    value = row["answer_value"]
    if (direction := _direction(row["question_type"], row["answer_text"])) not in (None, "none"):
        return direction
    if value is None:
        return None
    low = value // _COARSE * _COARSE
    return f"{low:g} to {low + _COARSE:g}"


def read_row(row: Mapping[str, Any], place: tuple[int, int, int], definitions: Mapping[str, Definition]) -> SampledRow:
    """Makes a `SampledRow` from the columns of a row."""
    kind, options, letter = row["question_type"], tuple(row["options"]), row["answer"]
    form = form_of_answer(row["template"])
    claimed = meanings(row, definitions.get(kind)) if options else None
    answer = None
    if form is not None:
        listed, claimed = _in_form(row, form, definitions.get(kind))
        options = tuple(listed)
        chosen = listed.index(row["answer"]) if listed else 0
        letter, answer = LETTERS[chosen] if listed else row["answer"], claimed[chosen]
        kind = kind if form.name in ("words", "sentence") else f"{kind}@{form.name}"
    elif claimed is not None and row["answer_text"] in options:
        answer = claimed[options.index(row["answer_text"])]
    elif not options:
        answer = _open_meaning(row)
    return SampledRow(
        id=row["id"],
        asset=f"{row['source']}/{row['asset_id']}",
        question_type=kind,
        template=row["template"],
        category=row["category"],
        source=row["source"],
        group=row["group"],
        question=row["question"],
        options=options,
        option_meanings=tuple(claimed) if claimed is not None and options else options,
        answer=letter,
        answer_form="letter" if form is None else form.name,
        meaning=row["answer_text"] if answer is None else answer,
        stratum=row["template"] if answer is None else _stratum(kind, row["question"], form),
        azimuth_deg=row["relative"]["azimuth_deg"],
        cameras=tuple(row["cameras"]),
        object_center=tuple(row["object_center"]),
        object_radius=row["object_radius"],
        place=place,
    )


def _stratum(kind: str, question: str, form: AnswerForm | None) -> str:
    """The type. Of a chat also the accepted error, which tells whether it asks for the amount or for the distance."""
    error = accepted_error(question) if form is not None and form.name == "chat" else None
    return kind if error is None else f"{kind} up to {error:g}"


def find_problems(rows: Sequence[SampledRow]) -> tuple[Problem, ...]:
    """The classification problems of a sample.

    All types whose answer follows from the side to which the camera went are one problem. On an orbit, moving right,
    turning left and standing at the object's left are the same bit, so a shortcut to one is a shortcut to all. Every
    other type is a problem of its own. A type with only one answer gives no problem; the balance audit reports it.
    """
    return problems_among(
        [row.question_type for row in rows],
        [row.meaning for row in rows],
        [row.azimuth_deg for row in rows],
        [row.stratum for row in rows],
        [row.answer_form not in MEASURED_FORMS for row in rows],
    )


def problems_among(
    kinds: Sequence[str],
    meanings: Sequence[str],
    azimuths_deg: Sequence[float],
    strata: Sequence[str],
    guessed: Sequence[bool] | None = None,
) -> tuple[Problem, ...]:
    """The same from columns of length n, for the rows that are ``guessed``: all by default."""
    return _problems(
        np.array(kinds, dtype=np.str_),
        np.ones(len(kinds), dtype=bool) if guessed is None else np.array(guessed, dtype=bool),
        np.array(meanings, dtype=np.str_),
        np.where(np.array(azimuths_deg) > 0, "right", "left"),
        np.array(strata, dtype=np.str_),
    )


def _problems(
    kinds: NDArray[np.str_],
    guessed: NDArray[np.bool_],
    meanings: NDArray[np.str_],
    sides: NDArray[np.str_],
    strata: NDArray[np.str_],
) -> tuple[Problem, ...]:
    found, orbits = [], np.zeros(len(kinds), dtype=bool)
    for kind in np.unique(kinds):
        chosen = guessed & (kinds == kind)
        if len(set(meanings[chosen])) < 2:
            continue
        if _follows(meanings[chosen], sides[chosen]):
            orbits |= chosen
        else:
            found.append(_problem(str(kind), chosen, meanings, strata))
    if orbits.any():
        found.insert(0, _problem(DIRECTION, orbits, sides, kinds))
    return tuple(found)


def _follows(meanings: NDArray[np.str_], sides: NDArray[np.str_]) -> bool:
    commonest = {s: Counter(meanings[sides == s]).most_common(1)[0] for s in np.unique(sides)}
    explained = sum(count for _, count in commonest.values())
    return len({name for name, _ in commonest.values()}) == 2 and explained >= _FUNCTION_OF_SIGN * len(meanings)


def _problem(name: str, chosen: NDArray[np.bool_], targets: NDArray[np.str_], strata: NDArray[np.str_]) -> Problem:
    places = np.flatnonzero(chosen)
    commonest = {s: Counter(targets[chosen & (strata == s)]).most_common(1)[0][0] for s in np.unique(strata[chosen])}
    chance = np.array([float(targets[i] == commonest[strata[i]]) for i in places])
    return Problem(name, places, targets[places], chance)
