"""A reward for answering all questions about one pair of images, because one right answer may be luck."""

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
    """`accuracy_reward` times the share of right completions of each other row of the same ``group``.

    The value is the probability that the whole group is right if one completion of each other row is drawn at random. A
    row without another row of its group in the batch gets its `accuracy_reward`. The column ``id`` identifies rows, or
    ``prompts`` without it.

    The paper has no such reward: its three question types are one bit on an orbit, so a guess gets all three right half
    of the time. Two notes:

    * The factor is the same for all completions of a prompt. If advantages are divided by the standard deviation of
      their own group (TRL's ``scale_rewards: group``), it cancels. Use ``scale_rewards: batch`` or ``none``.
    * Only rows in the same reward batch count: keep rows of a group next to each other and do not shuffle.
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
