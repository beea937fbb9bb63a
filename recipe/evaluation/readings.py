"""Reads raw answers: the chosen option, and whether it is right under the condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recipe.evaluation.conditions import Trial
from recipe.evaluation.items import Item
from recipe.rewards.answers import follows_format, is_right, stated_answer

__all__ = ["Reading", "read_trials"]

Key = tuple[str, str]


@dataclass(frozen=True)
class Reading:
    """One raw answer and its interpretation."""

    trial: Trial
    raw: str
    given: str | None
    """The option's letter, or the number or words of an open answer; None if no answer can be read."""
    formatted: bool

    @property
    def item(self) -> Item:
        return self.trial.item

    @property
    def as_labelled(self) -> bool:
        """True if it equals the row's label, whatever is right under the condition."""
        back = {there: here for here, there in self.trial.letters.items()}
        if self.trial.options and self.trial.condition in ("reordered", "paraphrased"):
            return back.get(self.given or "") == self.item.answer
        return self._is(self.item.answer)

    @property
    def right(self) -> bool:
        """True if it is right under the condition; in controls, if it equals the row's label."""
        return self.as_labelled if self.trial.answer is None else self._is(self.trial.answer)

    def _is(self, answer: str) -> bool:
        return self.given == answer if self.trial.options else is_right(self.raw, answer, (), self.item.question)


def read_trials(trials: Iterable[Trial], raws: Mapping[Key, str]) -> list[Reading]:
    """The readings of all trials that were answered, in the order of ``trials``."""
    read = []
    for trial in trials:
        raw = raws.get((trial.item.id, trial.condition))
        if raw is not None:
            given = stated_answer(raw, trial.item.answer, trial.options, trial.item.question)
            read.append(Reading(trial, raw, given, follows_format(raw)))
    return read
