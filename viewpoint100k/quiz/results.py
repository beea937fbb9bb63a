"""What people answered: the result files that a quiz's page saves."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewpoint100k.errors import DataError
from viewpoint100k.quiz.page import KIND

__all__ = ["QuizResult", "read_result"]


@dataclass(frozen=True)
class QuizResult:
    """One person's answers."""

    person: str
    quiz: str
    """Digest of the rows that were asked."""
    data: str
    """Digest of the split's files."""
    split: str
    rows: int
    """How many rows were asked for; whole groups may come to a few more."""
    answers: Mapping[str, str | None]
    """By row id: the option's letter, or the text of an open answer; None for "cannot tell"."""
    seconds: Mapping[str, float]
    """By row id, while the page was in sight."""


def read_result(path: Path) -> QuizResult:
    """Raises ``DataError`` where the file is not the result of a quiz."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found["kind"] != KIND:
            raise ValueError(f"it says that it is {found['kind']!r}")
        answers = {str(one["id"]): _answer(one["answer"]) for one in found["answers"]}
        seconds = {str(one["id"]): float(one["seconds"]) for one in found["answers"]}
        if len(answers) != len(found["answers"]):
            raise ValueError("a row is answered twice")
        if not all(math.isfinite(one) and one >= 0 for one in seconds.values()):
            raise ValueError("a time is not a number of seconds")
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


def _answer(given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise ValueError(f"an answer is {given!r}, not a letter")
