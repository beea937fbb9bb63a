"""Asks a model all trials and stores every raw answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recipe.evaluation.answers_file import AnswersFile
from recipe.evaluation.conditions import Trial
from recipe.evaluation.models import Model, Prompt
from viewpoint100k.errors import DataError

__all__ = ["ask"]


def ask(
    model: Model,
    trials: Sequence[Trial],
    store: AnswersFile,
    batch_size: int,
    form: Callable[[str], str] = str,
    on_progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Asks all trials without an answer, ``batch_size`` prompts at a time.

    ``form`` converts each question to the requested form. ``on_progress`` is called with the number of new answers.
    """
    open_trials = [trial for trial in trials if not store.has(trial)]
    on_progress(len(trials) - len(open_trials))
    for start in range(0, len(open_trials), batch_size):
        batch = open_trials[start : start + batch_size]
        prompts = [trial.prompt() for trial in batch]
        raws = model.answers([Prompt(prompt.images, form(prompt.question)) for prompt in prompts])
        if len(raws) != len(batch):
            raise DataError(
                f"the model gave {len(raws)} answers to {len(batch)} prompts: answers(batch) must give each one"
            )
        for trial, raw in zip(batch, raws, strict=True):
            store.add(trial, raw)
        on_progress(len(batch))
