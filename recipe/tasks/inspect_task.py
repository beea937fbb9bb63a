"""The data set as a task of inspect_ai, offline, on a finished data set folder::

    inspect eval recipe/tasks/inspect_task.py@viewpoint100k --model openai/gpt-4o -T data=viewpoint-100k
    inspect eval recipe/tasks/inspect_task.py@viewpoint100k --model hf/runs/sft -T data=viewpoint-100k -T form=reason

`recipe.rewards` reads the answers, so figures agree with those of ``python -m recipe.evaluate``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageUser, ContentImage, ContentReasoning, ContentText, GenerateConfig
from inspect_ai.scorer import (
    CORRECT,
    INCORRECT,
    NOANSWER,
    Score,
    Scorer,
    Target,
    accuracy,
    grouped,
    mean,
    scorer,
    stderr,
)
from inspect_ai.solver import TaskState, generate

from recipe.evaluation.items import Item, read_items
from recipe.prompts import ask_to_reason
from recipe.rewards.answers import follows_format, is_right, stated_answer
from viewpoint100k.errors import UsageError

__all__ = ["viewpoint100k"]

_FORMS: Mapping[str, Callable[[str], str]] = {"plain": str, "reason": ask_to_reason}


@task
def viewpoint100k(
    data: str = "viewpoint-100k", split: str = "test", form: str = "plain", rows: int | None = None
) -> Task:
    """The questions of a data set folder.

    Args:
        data: the folder.
        split: name of the split.
        form: ``plain`` for the row's question, or ``reason`` for a request to think in tags first.
        rows: largest number of rows, in whole groups; every model gets the same rows.

    Raises ``UsageError`` for an unknown folder, split or form.
    """
    if form not in _FORMS:
        raise UsageError(f"no form {form!r}: give -T form={' or '.join(_FORMS)}")
    items = read_items(Path(data), split, rows)
    return Task(
        dataset=MemoryDataset([_sample(item, _FORMS[form](item.question)) for item in items], name="viewpoint100k"),
        solver=generate(),
        scorer=[answer(), unread(), thought_format()],
        config=GenerateConfig(temperature=0.0, max_tokens=1024),
    )


def _sample(item: Item, prompt: str) -> Sample:
    images = [ContentImage(image=_data_url(content)) for content in item.images]
    return Sample(
        input=[ChatMessageUser(content=[*images, ContentText(text=prompt)])],
        target=item.answer,
        id=item.id,
        metadata={
            "question": item.question,
            "options": list(item.options),
            "question_type": item.question_type,
            "group": item.group,
            "asset": item.asset,
        },
    )


def _data_url(content: bytes) -> str:
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _text(state: TaskState) -> str:
    """The model's text. Reasoning that a provider returns separately is put back in its tags."""
    content = state.output.message.content
    if isinstance(content, str):
        return content
    parts = []
    for part in content:
        if isinstance(part, ContentReasoning):
            parts.append(f"<think>{part.reasoning}</think>")
        elif isinstance(part, ContentText):
            parts.append(part.text)
    return "".join(parts)


@scorer(metrics=[accuracy(), stderr(cluster="asset"), grouped(accuracy(), "question_type", all=False)])
def answer() -> Scorer:
    """Correct, incorrect, or no answer, which counts as incorrect. The standard error is clustered by object."""

    async def score(state: TaskState, target: Target) -> Score:
        text, options = _text(state), state.metadata["options"]
        given = stated_answer(text, target.text, options, state.metadata["question"])
        right = is_right(text, target.text, options, state.metadata["question"])
        value = CORRECT if right else NOANSWER if given is None else INCORRECT
        return Score(value=value, answer=given, explanation=text)

    return score


@scorer(metrics=[mean()])
def unread() -> Scorer:
    """1 if no answer can be read in the text; the mean is the share of unread rows."""

    async def score(state: TaskState, target: Target) -> Score:
        text, options = _text(state), state.metadata["options"]
        given = stated_answer(text, target.text, options, state.metadata["question"])
        return Score(value=float(given is None), explanation=text)

    return score


@scorer(metrics=[mean()])
def thought_format() -> Scorer:
    """1 if the text is ``<think>…</think><answer>…</answer>``; the mean is the format rate."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=float(follows_format(_text(state))))

    return score
