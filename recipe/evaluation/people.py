"""A person's answers to a quiz as another stage, read from the file that the quiz page saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recipe.evaluation.answers_file import AnswersFile
from recipe.evaluation.conditions import ASKED, plan_trials
from recipe.evaluation.items import Item
from recipe.evaluation.stages import Asked
from viewpoint100k.errors import UsageError
from viewpoint100k.quiz.results import QuizResult, read_result, with_row_ids

__all__ = ["CANNOT_TELL", "add_person", "person_run"]

CANNOT_TELL = ""
"""The raw answer for "cannot tell": a text that chooses no option, so it is not right."""


def person_run(path: Path, asked: Asked) -> tuple[QuizResult, dict[str, Any]]:
    """Returns a person's answers and the content of ``run.json`` for them.

    Raises ``UsageError`` if they are about other rows than ``asked``, ``DataError`` if the file is not a quiz result.
    """
    result = read_result(path)
    theirs = Asked(result.data, result.split, result.rows)
    differing = [name for name, value in asdict(asked).items() if getattr(theirs, name) != value]
    if differing:
        raise UsageError(
            f"{path} answers other rows ({', '.join(differing)} differ): give the set that the quiz was made of, "
            f"with --split {result.split} --rows {result.rows}"
        )
    how = {"model": f"{result.person}, a person", "endpoint": None, "form": "plain", "quiz": result.quiz}
    return result, {**how, **asdict(asked)}


def add_person(result: QuizResult, items: Sequence[Item], store: AnswersFile) -> int:
    """Stores the new answers; returns the number of rows without an answer.

    Args:
        items: all rows of the quiz. The page names rows by tokens, which are resolved with the ids of these rows.
    """
    answers = with_row_ids(result, [item.id for item in items]).answers
    trials = [trial for trial in plan_trials(items, []).trials if trial.condition == ASKED]
    for trial in trials:
        if trial.item.id in answers and not store.has(trial):
            given = answers[trial.item.id]
            store.add(trial, CANNOT_TELL if given is None else given)
    return sum(not store.has(trial) for trial in trials)
