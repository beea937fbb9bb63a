"""A reward for answering all questions about one pair of images: being right once may be luck."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import prod
from typing import Any

from recipe.rewards.outcome import Completion, accuracy_reward

__all__ = ["group_reward"]


def group_reward(
    completions: Sequence[Completion],
    answer: Sequence[str],
    group: Sequence[str],
    id: Sequence[str] | None = None,
    options: Sequence[Sequence[str] | None] | None = None,
    prompts: Sequence[Any] | None = None,
    **columns: Any,
) -> list[float]:
    """What `accuracy_reward` gives, times how often each other row of the same ``group`` was answered right.

    With rows r of one group and several completions of each, a completion of r is worth its own 0 or 1, times the
    share of right completions of every other row: the chance that one completion of each, drawn at random, gets all
    of the group right. A row whose group has no other row in the batch earns what `accuracy_reward` gives. ``id``
    tells rows apart, or ``prompts`` where there is no such column.

    The paper has no such reward: its three question types on an orbit are one bit, so that a guess gets all three
    right half of the time. Two things to know before using it:

    * The factor is one number for all completions of a prompt. Where advantages are divided by the standard deviation
      of their own group (TRL's ``scale_rewards: group``), it cancels, and what is left is accuracy on prompts whose
      group is sometimes right. Use ``scale_rewards: batch`` or ``none``.
    * Only rows in the same reward batch can meet: keep rows of a group next to one another and do not shuffle.
    """
    right = accuracy_reward(completions, answer, options=options)
    keys = [repr(one) for one in id or prompts or answer]
    by_row: dict[tuple[str, str], list[float]] = defaultdict(list)
    for name, key, credit in zip(group, keys, right, strict=True):
        by_row[name, key].append(credit)
    rows_of: dict[str, list[str]] = defaultdict(list)
    for name, key in by_row:
        rows_of[name].append(key)
    share = {row: sum(credits) / len(credits) for row, credits in by_row.items()}
    return [
        credit * prod(share[name, other] for other in rows_of[name] if other != key)
        for name, key, credit in zip(group, keys, right, strict=True)
    ]
