"""Reads the result files that a quiz's page saves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewpoint100k.errors import DataError
from viewpoint100k.quiz.page import KIND, row_token

__all__ = ["QuizResult", "read_result", "with_row_ids"]


@dataclass(frozen=True)
class QuizResult:
    """One person's answers."""

    person: str
    quiz: str
    """Digest of the asked rows."""
    data: str
    """Digest of the split's files."""
    split: str
    rows: int
    """Requested number of rows. Whole groups may add a few."""
    answers: Mapping[str, str | None]
    """The option's letter, or the text of an open answer; None for "cannot tell". The keys are row tokens, and row ids
    after `with_row_ids`."""
    seconds: Mapping[str, float]
    """Time during which the page was visible, with the same keys."""


def read_result(path: Path) -> QuizResult:
    """Reads one result file. Raises ``DataError`` if it is not the result of a quiz."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["kind"] != KIND:
            raise ValueError(f"its kind is {found['kind']!r}")
        answers = {str(one["id"]): _answer(one["answer"]) for one in found["answers"]}
        seconds = {str(one["id"]): float(one["seconds"]) for one in found["answers"]}
        if len(answers) != len(found["answers"]):
            raise ValueError("one row has two answers")
        if not all(math.isfinite(one) and one >= 0 for one in seconds.values()):
            raise ValueError("a time is negative or not finite")
        return QuizResult(
            str(found["person"]),
            str(found["quiz"]),
            str(found["data"]),
            str(found["split"]),
            int(found["rows"]),
            answers,
            seconds,
        )
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not the result of a quiz ({error}): give the file that its page saved") from error


def with_row_ids(result: QuizResult, row_ids: Iterable[str]) -> QuizResult:
    """The result with row ids in place of the page's row tokens.

    Args:
        row_ids: ids of the asked rows, from the data set. Other names of rows stay as they are.
    """
    ids = {row_token(result.quiz, row_id): row_id for row_id in row_ids}
    return replace(
        result,
        answers={ids.get(name, name): answer for name, answer in result.answers.items()},
        seconds={ids.get(name, name): seconds for name, seconds in result.seconds.items()},
    )


def _answer(given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise ValueError(f"an answer is {given!r}, not a letter")
