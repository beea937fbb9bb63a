"""Do people agree? Kappas over the answers of several, and each person's own figures."""

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
from viewpoint100k.quiz.results import QuizResult, read_result

__all__ = ["Agreement", "Person", "agreement", "cohen_kappa", "fleiss_kappa", "format_agreement"]

CANNOT_TELL = "cannot tell"
ALL = "all types"

_COMMON = 2
"""Rows that several people must have answered for a kappa to be given."""


@dataclass(frozen=True)
class Person:
    """One person's figures."""

    name: str
    rows: int
    right: int
    """Of the rows with options."""
    closed: int
    """Rows with options that were answered."""
    cannot_tell: int
    median_seconds: float


@dataclass(frozen=True)
class Agreement:
    """What several people's answers to the same rows say together."""

    people: tuple[Person, ...]
    rows: int
    """With options, and answered by all."""
    unanimous: float
    """Share of these to which all gave the same answer."""
    majority_right: float
    """Share of these of which more than half of the people gave the right answer."""
    fleiss: Mapping[str, tuple[int, float | None]]
    """By question type, and of all: (rows, kappa); None where it is not defined."""
    cohen: Mapping[tuple[str, str], float | None]
    """Of every two people, over the rows that both answered."""


def agreement(folder: Path, files: Sequence[Path]) -> Agreement:
    """What the result files of one quiz say together. Open questions are left out of all but the times.

    Raises ``UsageError`` where they are not of one quiz about this set, ``DataError`` where one cannot be read.
    """
    results = [read_result(path) for path in files]
    first = results[0]
    for path, result in zip(files, results, strict=True):
        if result.quiz != first.quiz:
            raise UsageError(f"{path} is of another quiz than {files[0]}: compare results of one page")
        if result.data != split_digest(folder, result.split):
            raise UsageError(f"{path} is about another set than {folder}, or the set was built anew: give its own")
    if len({result.person for result in results}) < len(results):
        raise UsageError("two results are of a person of the same name: rename one in its file")
    asked = {row["id"]: row for row in split_rows(folder, first.split, first.rows)}
    for path, result in zip(files, results, strict=True):
        if unknown := set(result.answers) - set(asked):
            raise DataError(f"{path} answers the row {min(unknown)}, which was not asked")
    closed = [row_id for row_id, row in asked.items() if row["options"]]
    common = [row_id for row_id in closed if all(row_id in result.answers for result in results)]
    given = [[_told(result, row_id) for result in results] for row_id in common]
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
                *([_told(result, row_id) for row_id in both] for result in (one, two))
            )
            for one, two in itertools.combinations(results, 2)
            for both in [[row_id for row_id in closed if row_id in one.answers and row_id in two.answers]]
        },
    )


def fleiss_kappa(given: Sequence[Sequence[str]]) -> float | None:
    """Fleiss' kappa (1971) of n answers to each of several questions; None where all answers are one and the same.

    Args:
        given: for each question, what each person answered; as many people for every question, at least 2.
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
    """Cohen's kappa (1960) of two people's answers to the same questions; None where both always say the same thing."""
    if len(one) < _COMMON:
        return None
    names = sorted({*one, *two})
    same = sum(a == b for a, b in zip(one, two, strict=True)) / len(one)
    by_chance = sum(list(one).count(name) * list(two).count(name) for name in names) / len(one) ** 2
    return None if by_chance >= 1 else (same - by_chance) / (1 - by_chance)


def format_agreement(found: Agreement) -> str:
    """The figures as lines for a terminal."""
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


def _told(result: QuizResult, row_id: str) -> str:
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
