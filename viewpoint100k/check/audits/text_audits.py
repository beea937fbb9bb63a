"""Guesses from text: the words of the question, the letters and lengths of options, the wording, the category."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.classifiers import guesses_from_words
from viewpoint100k.check.audits.judging import Measured, measure, of_each_form
from viewpoint100k.check.audits.problems import DIRECTION, LETTERS, Problem, SampledRow
from viewpoint100k.check.audits.results import AuditSettings

__all__ = ["category_audits", "letter_audits", "text_audits"]

Floats = NDArray[np.float64]

Rule = Callable[[SampledRow, list[int]], list[int]]
"""From a row and the indices of the options that may be right to the indices among which the rule picks at random."""

_ANGLE_STEP_DEG = 10


def text_audits(rows: Sequence[SampledRow], assets: NDArray[np.str_], settings: AuditSettings) -> Iterator[Measured]:
    """Guesses the answer's meaning and its letter from the words of the question and the options."""
    strata = np.array([row.stratum for row in rows], dtype=np.str_)
    meanings = np.array([row.meaning for row in rows], dtype=np.str_)
    chance = _constant_meaning(rows, meanings, strata)
    if len(set(meanings)) > 1:
        guessed = guesses_from_words([_words(row) for row in rows], meanings, assets, settings.folds)
        credit = (guessed == meanings).astype(np.float64)
        yield measure("question_text", "meaning", credit, chance, assets, settings, settings.text_threshold)
        forms = np.array([row.answer_form for row in rows], dtype=np.str_)
        yield from of_each_form("question_text", [(credit, chance, assets, forms)], settings, settings.text_threshold)
    asked = [i for i, row in enumerate(rows) if row.answer_index >= 0]
    letters = np.array([rows[i].answer for i in asked], dtype=np.str_)
    if len(set(letters)) > 1:
        tokens = [_words(rows[i]) + _placed_options(rows[i]) for i in asked]
        guessed = guesses_from_words(tokens, letters, assets[asked], settings.folds)
        credit = (guessed == letters).astype(np.float64)
        # A guessed meaning gives the letter if only one option has that meaning.
        yield measure(
            "question_text", "letter", credit, chance[asked], assets[asked], settings, settings.text_threshold
        )


def letter_audits(rows: Sequence[SampledRow], assets: NDArray[np.str_], settings: AuditSettings) -> Iterator[Measured]:
    """Guesses by simple rules that use neither the question nor the images: a letter, a position, a length.

    The rules ignore options whose meaning is never the answer, as anyone who knows the set would. Chance is the score
    of a random choice among the other options.
    """
    asked = [i for i, row in enumerate(rows) if row.answer_index >= 0]
    if not asked:
        return
    answered = _answered_meanings(rows)
    open_places = [
        [p for p, m in enumerate(rows[i].option_meanings) if m in answered[rows[i].stratum]] or [rows[i].answer_index]
        for i in asked
    ]
    most = max(len(rows[i].options) for i in asked)
    rules: dict[str, Rule] = {f"letter_{LETTERS[place]}": _always(place) for place in range(most)}
    rules |= {
        "first_option": lambda row, places: places[:1],
        "last_option": lambda row, places: places[-1:],
        "longest_option": lambda row, places: _extreme(row, places, max),
        "shortest_option": lambda row, places: _extreme(row, places, min),
    }
    blind = np.array([1 / len(places) for places in open_places])
    for name, rule in rules.items():
        chosen = [rule(rows[i], places) for i, places in zip(asked, open_places, strict=True)]
        credit = np.array([(rows[i].answer_index in c) / len(c) for i, c in zip(asked, chosen, strict=True)])
        chance = _fair(rows, asked, chosen) if name.endswith(("longest_option", "shortest_option")) else blind
        detail = "options that are never right are left out first"
        yield measure(name, "letter", credit, chance, assets[asked], settings, settings.text_threshold, detail)


def category_audits(
    rows: Sequence[SampledRow], problems: Sequence[Problem], assets: NDArray[np.str_], settings: AuditSettings
) -> Iterator[Measured]:
    """Guesses from wording, category and source, which are judged, and from the size of the azimuth change.

    The size is judged for the direction problem, because it should not reveal the side. For other question types it
    may legitimately reveal the answer, and the score is only reported.
    """
    labels = {"template_and_category": _categories, "size_of_turn": _sizes_of_turn}
    for problem in problems:
        for name, label in labels.items():
            tokens = [label(rows[i]) for i in problem.places]
            shown = assets[problem.places]
            guessed = guesses_from_words(tokens, problem.targets, shown, settings.folds)
            credit = (guessed == problem.targets).astype(np.float64)
            asked_for = name == "size_of_turn" and problem.name != DIRECTION
            threshold = None if asked_for else settings.text_threshold
            detail = "how far the camera went is part of what is asked" if asked_for else ""
            yield measure(name, problem.name, credit, problem.chance, shown, settings, threshold, detail)


def _categories(row: SampledRow) -> list[str]:
    categories = [f"category {row.category}", f"source {row.source}", f"{row.question_type} {row.category}"]
    return [*_parts_of_wording(row.template), *categories]


def _parts_of_wording(template: str) -> list[str]:
    """The family of a wording and each of its parts; names of whole wordings rarely occur twice."""
    family, *places = template.partition("+")[0].split(".")
    return [family, *(f"{family} part {part} is {place}" for part, place in enumerate(places))]


def _sizes_of_turn(row: SampledRow) -> list[str]:
    step = int(abs(row.azimuth_deg) // _ANGLE_STEP_DEG)
    return [f"turn {step}", f"{row.question_type} {step}"]


def _always(place: int) -> Rule:
    return lambda row, places: [place] if place in places else places


def _constant_meaning(rows: Sequence[SampledRow], meanings: NDArray[np.str_], strata: NDArray[np.str_]) -> Floats:
    chance = np.zeros(len(rows))
    for stratum in np.unique(strata):
        chosen = strata == stratum
        names, counts = np.unique(meanings[chosen], return_counts=True)
        chance[chosen] = meanings[chosen] == names[counts.argmax()]
    return chance


def _answered_meanings(rows: Sequence[SampledRow]) -> dict[str, set[str]]:
    answered: dict[str, set[str]] = {}
    for row in rows:
        answered.setdefault(row.stratum, set()).add(row.meaning)
    return answered


def _extreme(row: SampledRow, places: list[int], pick: Callable[[Iterable[int]], int]) -> list[int]:
    wanted = pick([len(row.options[p]) for p in places])
    return [p for p in places if len(row.options[p]) == wanted]


def _fair(rows: Sequence[SampledRow], asked: Sequence[int], chosen: Sequence[Sequence[int]]) -> Floats:
    """The score expected from the meanings that a rule picks: each meaning's share of its type.

    The longest option nearly always has the same meaning ("right" is longer than "left"), so the rule scores that
    meaning's share even without a shortcut.
    """
    shares: dict[tuple[str, str], float] = {}
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.stratum] = totals.get(row.stratum, 0) + 1
        key = (row.stratum, row.meaning)
        shares[key] = shares.get(key, 0) + 1
    return np.array(
        [
            np.mean(
                [shares.get((rows[i].stratum, rows[i].option_meanings[p]), 0) / totals[rows[i].stratum] for p in places]
            )
            for i, places in zip(asked, chosen, strict=True)
        ]
    )


def _words(row: SampledRow) -> list[str]:
    """Single words, pairs of words, and each word together with the question type."""
    words = re.findall(r"[a-z0-9']+", row.question.lower())
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(words)]
    return words + pairs + [f"{row.question_type}: {word}" for word in dict.fromkeys(words)]


def _placed_options(row: SampledRow) -> list[str]:
    return [f"{LETTERS[place]} is {said}" for place, said in enumerate(row.option_meanings)]
