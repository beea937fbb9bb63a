"""A reward for true reasoning: the statements of a thought about the cameras are checked against the row's poses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recipe.rewards.answers import text_of, thoughts
from recipe.rewards.outcome import Completion

if TYPE_CHECKING:
    from viewpoint100k.questions.reasoning import Judgement

__all__ = ["ENOUGH", "reasoning_reward"]

ENOUGH = 2
"""Number of different informative statements for the full reward, if no statement is false."""


def reasoning_reward(completions: Sequence[Completion], **columns: Sequence[Any]) -> list[float]:
    """The share of true statements among the checkable ones, in full if enough of them are informative.

    With t different true statements, f false ones, and n true ones that would be false for the reverse motion (from the
    second image to the first), the reward is ``t / (t + f) * min(1, n / ENOUGH)``. Only those n are informative about
    the direction. For example, the object is near the centre in every pair on an orbit, so a thought that states only
    this earns nothing. A statement is about the cameras, the images or the answer in the words of the data set's
    reasoning texts (`viewpoint100k.questions.reasoning`), or claims that one statement follows from others. Repeated
    statements count once, but each false statement counts. Sentences in other words cannot be checked and earn nothing.
    A text without a thought earns nothing, nor does a row without cameras, such as a row of SAT. The thought ends at
    its last ``</think>``.

    The paper has no such reward, and reports that some of its reasoning texts contradict the geometry. Use it with a
    small weight beside the paper's two rewards, because a true thought with a wrong answer still earns it. It needs the
    published columns ``cameras``, ``object_center``, ``object_radius``, ``object_front``, ``options`` and ``answer``.
    """
    rewards = []
    for place, completion in enumerate(completions):
        row = {name: values[place] for name, values in columns.items() if isinstance(values, list) and values}
        thought = thoughts(text_of(completion)).strip()
        rewards.append(_worth(thought, row) if thought and row.get("cameras") else 0.0)
    return rewards


def _worth(thought: str, row: Mapping[str, Any]) -> float:
    from viewpoint100k.questions.reasoning import judge
    from viewpoint100k.questions.reasoning.claim import FORMAT

    judgement = judge(thought, row)
    true = _said(judgement)
    first, second, *others = row["cameras"] if len(row["cameras"]) > 1 else [*row["cameras"], None]
    if not true or second is None:
        return 0.0
    telling = true - _said(judge(thought, {**row, "cameras": [second, first, *others]}))
    # The thought is judged without its answer, so a missing conclusion does not count as a statement.
    false = sum(claim.kind != FORMAT for claim, _ in judgement.false)
    return len(true) / (len(true) + false) * min(1.0, len(telling) / ENOUGH)


def _said(judgement: Judgement) -> set[tuple[object, ...]]:
    """The true statements, each once."""
    return {(claim.kind, claim.image, claim.value, bool(claim.because)) for claim in judgement.true}
