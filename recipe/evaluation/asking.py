"""Puts trials to a model, and keeps every raw answer."""

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
    """Asks what is not answered yet, ``batch_size`` prompts at a time.

    ``form`` puts each question in the form in which the model is asked. ``on_progress`` is told how many more trials
    are answered.
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
