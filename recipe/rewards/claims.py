"""A reward for reasoning that is true: what the thought says of the cameras is checked against the row's poses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recipe.rewards.answers import text_of, thoughts
from recipe.rewards.outcome import Completion

if TYPE_CHECKING:
    from viewpoint100k.questions.reasoning import Judgement

__all__ = ["ENOUGH", "reasoning_reward"]

ENOUGH = 2
"""So many different statements that tell earn the whole reward, where nothing false is said."""


def reasoning_reward(completions: Sequence[Completion], **columns: Sequence[Any]) -> list[float]:
    """The share of true statements among those of the thought that can be checked, in full where enough of them tell.

    With t different true statements, f false ones, and among the true ones n that would be false if the camera had gone
    the other way, from the second image to the first: ``t / (t + f) * min(1, n / ENOUGH)``. Only those n tell which way
    it went. That the object sits near the middle is true of every pair on an orbit: whoever says nothing else, or only
    what did not change, earns nothing. A statement is one about the cameras, the images or the answer, in the words of
    the data set's own reasoning texts (`viewpoint100k.questions.reasoning`), or that one of them follows from others.
    Saying a thing twice counts once, but each false statement counts. Sentences in other words can be neither borne out
    nor refuted and earn nothing, and so does a text without a thought, or a row without cameras, such as one of SAT.
    The thought ends at its last ``</think>``.

    The paper has no such reward, and says that some of its reasoning texts contradict the geometry. It is meant beside
    the paper's two, with a small weight: a true thought and the wrong answer still earn it. Needs the columns
    ``cameras``, ``object_center``, ``object_radius``, ``object_front``, ``options`` and ``answer``, as they are
    published.
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
    # The thought is judged by itself: that it has no answer behind it is no statement of its own.
    false = sum(claim.kind != FORMAT for claim, _ in judgement.false)
    return len(true) / (len(true) + false) * min(1.0, len(telling) / ENOUGH)


def _said(judgement: Judgement) -> set[tuple[object, ...]]:
    """What is true, each statement once."""
    return {(claim.kind, claim.image, claim.value, bool(claim.because)) for claim in judgement.true}
