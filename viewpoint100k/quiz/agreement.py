"""Measures how far several people agree: kappas over their answers, and the accuracy and time of each person."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.quiz.page import split_digest, split_rows
from viewpoint100k.quiz.results import QuizResult, read_result, with_row_ids

__all__ = ["Agreement", "Person", "agreement", "cohen_kappa", "fleiss_kappa", "format_agreement"]

CANNOT_TELL = "cannot tell"
ALL = "all types"

_COMMON = 2
"""Smallest number of rows for a kappa."""


@dataclass(frozen=True)
class Person:
    """The results of one person."""

    name: str
    rows: int
    right: int
    """Number of right answers to rows with options."""
    closed: int
    """Number of answered rows with options."""
    cannot_tell: int
    median_seconds: float


@dataclass(frozen=True)
class Agreement:
    """The comparison of several people's answers to the same rows."""

    people: tuple[Person, ...]
    rows: int
    """Number of rows with options that all people answered."""
    unanimous: float
    """Share of these rows to which all people gave the same answer."""
    majority_right: float
    """Share of these rows for which more than half of the people gave the right answer."""
    fleiss: Mapping[str, tuple[int, float | None]]
    """(rows, kappa) by question type and for all types; the kappa is None if it is undefined."""
    cohen: Mapping[tuple[str, str], float | None]
    """Kappa of every two people, over the rows that both answered."""


def agreement(folder: Path, files: Sequence[Path]) -> Agreement:
    """Compares the result files of one quiz. Open questions count for the times only.

    Raises ``UsageError`` if the files are not from one quiz about this set, ``DataError`` if one cannot be read.
    """
    results = [read_result(path) for path in files]
    first = results[0]
    for path, result in zip(files, results, strict=True):
        if result.quiz != first.quiz:
            raise UsageError(f"{path} and {files[0]} come from different quizzes: give results of one page")
        if result.data != split_digest(folder, result.split):
            raise UsageError(f"{path} is not about the rows of {folder}: give the set from which the quiz was made")
    if len({result.person for result in results}) < len(results):
        raise UsageError("two results have the same person's name: change the field person in one file")
    asked = {row["id"]: row for row in split_rows(folder, first.split, first.rows)}
    results = [with_row_ids(result, asked) for result in results]
    for path, result in zip(files, results, strict=True):
        if unknown := set(result.answers) - set(asked):
            raise DataError(f"{path} answers the row {min(unknown)}, which the quiz does not contain")
    closed = [row_id for row_id, row in asked.items() if row["options"]]
    common = [row_id for row_id in closed if all(row_id in result.answers for result in results)]
    given = [[_answer_of(result, row_id) for result in results] for row_id in common]
    right = [
        sum(answer == asked[row_id]["answer"] for answer in told) for row_id, told in zip(common, given, strict=True)
    ]
    return Agreement(
        people=tuple(_person(result, asked) for result in results),
        rows=len(common),
        unanimous=_share([len(set(told)) == 1 for told in given]),
        majority_right=_share([2 * count > len(results) for count in right]),
        fleiss=_by_type([asked[row_id]["question_type"] for row_id in common], given),
        cohen={
            (one.person, two.person): cohen_kappa(
                *([_answer_of(result, row_id) for row_id in both] for result in (one, two))
            )
            for one, two in itertools.combinations(results, 2)
            for both in [[row_id for row_id in closed if row_id in one.answers and row_id in two.answers]]
        },
    )


def fleiss_kappa(given: Sequence[Sequence[str]]) -> float | None:
    """Fleiss' kappa (1971) of several people's answers. None if all answers are equal, or there is only one person.

    Args:
        given: for each question, the answer of each person; the same number of people for every question.
    """
    if not given or len(given[0]) < 2:
        return None
    names = sorted({answer for told in given for answer in told})
    counts: NDArray[np.float64] = np.array([[told.count(name) for name in names] for told in map(list, given)], float)
    people = len(given[0])
    agreeing = ((counts**2).sum(axis=1) - people) / (people * (people - 1))
    by_chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return None if by_chance >= 1 else (float(agreeing.mean()) - by_chance) / (1 - by_chance)


def cohen_kappa(one: Sequence[str], two: Sequence[str]) -> float | None:
    """Cohen's kappa (1960) of two people's answers to the same questions. None if all answers are equal, or there are
    fewer than two questions."""
    if len(one) < _COMMON:
        return None
    names = sorted({*one, *two})
    same = sum(a == b for a, b in zip(one, two, strict=True)) / len(one)
    by_chance = sum(list(one).count(name) * list(two).count(name) for name in names) / len(one) ** 2
    return None if by_chance >= 1 else (same - by_chance) / (1 - by_chance)


def format_agreement(found: Agreement) -> str:
    """The results as lines for a terminal."""
    lines = [
        f"{person.name}: {person.right} of {person.closed} right ({_percent(person.right, person.closed)}), "
        f"{person.cannot_tell} cannot tell, median {person.median_seconds:.1f} s a row"
        for person in found.people
    ]
    if len(found.people) > 1:
        lines.append(
            f"all answered {found.rows} rows with options: {100 * found.unanimous:.1f}% unanimously; "
            f"the majority is right on {100 * found.majority_right:.1f}%"
        )
        lines += [
            f"Fleiss' kappa, {name}: {_kappa(kappa)} ({rows} rows)" for name, (rows, kappa) in found.fleiss.items()
        ]
        lines += [f"Cohen's kappa, {one} and {two}: {_kappa(kappa)}" for (one, two), kappa in found.cohen.items()]
    return "\n".join(lines)


def _answer_of(result: QuizResult, row_id: str) -> str:
    given = result.answers[row_id]
    return CANNOT_TELL if given is None else given


def _person(result: QuizResult, asked: Mapping[str, Mapping[str, Any]]) -> Person:
    closed = {row_id: given for row_id, given in result.answers.items() if asked[row_id]["options"]}
    return Person(
        name=result.person,
        rows=len(result.answers),
        right=sum(given == asked[row_id]["answer"] for row_id, given in closed.items()),
        closed=len(closed),
        cannot_tell=sum(given is None for given in result.answers.values()),
        median_seconds=statistics.median(result.seconds.values()) if result.seconds else 0.0,
    )


def _by_type(kinds: Sequence[str], given: Sequence[Sequence[str]]) -> dict[str, tuple[int, float | None]]:
    found = {ALL: (len(given), fleiss_kappa(given))}
    for kind in sorted(set(kinds)):
        some = [told for name, told in zip(kinds, given, strict=True) if name == kind]
        found[kind] = len(some), fleiss_kappa(some) if len(some) >= _COMMON else None
    return found


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def _kappa(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
