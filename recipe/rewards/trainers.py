"""The rewards with the signatures of other trainers: verl, EasyR1, ms-swift, OpenRLHF and VLM-R1.

Each trainer loads this file by its path and uses one name in it::

    python -c "import recipe.rewards.trainers as t; print(t.__file__)"      # the path

| trainer | name | read from |
|---|---|---|
| verl 0.9.1 | `compute_score` | the export ``verl`` |
| EasyR1 (main of July 2026) | `easyr1_score` | the data set's own parquet files |
| ms-swift 4.6.0 | ``viewpoint_format``, ``viewpoint_accuracy`` | the export ``ms-swift`` |
| OpenRLHF 0.11.2 | `reward_func` | any prompts with a label |
| VLM-R1 (main of July 2026) | `vlm_r1_format`, `vlm_r1_accuracy` | the export ``llava`` with ``--reasoning-share 0`` |

All give the paper's reward: half for the format, half for the exact answer. `recipe.rewards.answers` reads the answers.
If a trainer passes the question, answers in words count as well as letters.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from recipe.rewards.answer_forms import listed_options, stated_tolerance
from recipe.rewards.answers import LETTERS, follows_format, is_right, text_of

__all__ = [
    "ViewpointAccuracy",
    "ViewpointFormat",
    "compute_score",
    "easyr1_score",
    "options_of",
    "reward_func",
    "vlm_r1_accuracy",
    "vlm_r1_format",
]

REWARD_NAME = "viewpoint100k"
REWARD_TYPE = "batch"
"""Attribute that EasyR1 requires in a file of rewards: `easyr1_score` takes a batch."""

FORMAT_WEIGHT = 0.5

_OPTION = re.compile(r"^([A-Z])\. (.+)$", re.MULTILINE)
_END_TOKEN = re.compile(r"(?:<\|(?:im_end|endoftext|eot_id|end|end_of_text)\|>|</s>|<eos>|<end_of_turn>|\s)+$")
_PROMPT_END = 64
"""Number of characters at the end of a prompt that locate the start of the reply."""


def options_of(question: str) -> list[str]:
    """The options that ``question`` lists as ``A. text``, ``B. text`` and so on; empty where it lists none."""
    found: list[str] = []
    for letter, text in _OPTION.findall(question):
        if letter == LETTERS[len(found)]:
            found.append(text.strip())
    return found


def _scores(text: str, answer: str, question: str = "", format_weight: float = FORMAT_WEIGHT) -> dict[str, float]:
    form = float(follows_format(text))
    options = options_of(question) if question else None
    exact = float(is_right(text, answer, options, question))
    return {"overall": format_weight * form + (1 - format_weight) * exact, "format": form, "accuracy": exact}


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    format_weight: float = FORMAT_WEIGHT,
    **others: Any,
) -> dict[str, float]:
    """verl's reward of one reply: ``score``, which trains, and ``format`` and ``accuracy``, which are logged.

    ``reward.custom_reward_function.path=pkg://recipe.rewards.trainers``; the name is the default. The export ``verl``
    puts the question into ``extra_info``. ``format_weight`` is set by ``reward_kwargs``.
    """
    question = str((extra_info or {}).get("question") or "")
    scores = _scores(solution_str, str(ground_truth), question, format_weight)
    return {"score": scores["overall"], "format": scores["format"], "accuracy": scores["accuracy"]}


def easyr1_score(
    reward_inputs: Sequence[Mapping[str, Any]], format_weight: float = FORMAT_WEIGHT
) -> list[dict[str, float]]:
    """EasyR1's reward of a batch: ``overall``, which trains, and ``format`` and ``accuracy``, which are logged.

    EasyR1 passes only the reply and the right answer, so only letters are read, not the words of options.
    """
    return [_scores(each["response"], str(each["ground_truth"]), "", format_weight) for each in reward_inputs]


def reward_func(queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str], **others: Any) -> dict[str, Any]:
    """OpenRLHF's reward: tensors of shape (replies,) under ``rewards`` and ``scores``, and ``extra_logs``.

    A query is the whole conversation with expanded image placeholders; the text after the prompt's end is the reply.
    ``--reward.remote_url PATH`` and ``--data.label_key`` name this file and the answers.
    """
    import torch

    each = [
        _scores(_reply(query, prompt), str(label), _question(prompt))
        for query, prompt, label in zip(queries, prompts, labels, strict=True)
    ]
    by_name = {name: torch.tensor([scores[name] for scores in each]) for name in ("overall", "format", "accuracy")}
    logs = {"format": by_name["format"], "accuracy": by_name["accuracy"]}
    return {"rewards": by_name["overall"], "scores": by_name["overall"], "extra_logs": logs}


def _reply(query: str, prompt: str) -> str:
    _, _, reply = query.partition(prompt[-_PROMPT_END:])
    return _END_TOKEN.sub("", reply)


def _question(prompt: str) -> str:
    """A prompt in any chat template if it lists options or states a tolerance; else empty, so that an open answer is
    read as degrees."""
    return prompt if options_of(prompt) or listed_options(prompt) or stated_tolerance(prompt) else ""


def vlm_r1_format(completions: Sequence[Sequence[Mapping[str, Any]]], **columns: Any) -> list[float]:
    """VLM-R1's reward for the format: 1 for ``<think>…</think><answer>…</answer>`` and nothing else."""
    return [float(follows_format(text_of(completion))) for completion in completions]


def vlm_r1_accuracy(
    completions: Sequence[Sequence[Mapping[str, Any]]], solution: Sequence[str], problem: Sequence[str], **columns: Any
) -> list[float]:
    """VLM-R1's reward for the exact answer, which is in ``<answer> … </answer>``; ``problem`` is the question.

    VLM-R1 adds its rewards up. Raises ``ValueError`` if a solution contains reasoning.
    """
    rows = zip(completions, map(_solved, solution), problem, strict=True)
    return [_scores(text_of(completion), answer, question, 0.0)["overall"] for completion, answer, question in rows]


def _solved(solution: str) -> str:
    if "<think>" in solution:
        raise ValueError("a solution contains reasoning: export the set for VLM-R1 with --reasoning-share 0")
    return solution.strip().removeprefix("<answer>").removesuffix("</answer>").strip()


class ViewpointFormat:
    """ms-swift's reward for the format: 1 for ``<think>…</think><answer>…</answer>`` and nothing else."""

    def __init__(self, args: Any = None, **others: Any) -> None:
        self.args = args

    def __call__(self, completions: Sequence[str], **columns: Any) -> list[float]:
        return [float(follows_format(text)) for text in completions]


class ViewpointAccuracy:
    """ms-swift's reward for the exact answer, compared with the column ``solution``; ``messages`` has the question."""

    def __init__(self, args: Any = None, **others: Any) -> None:
        self.args = args

    def __call__(
        self,
        completions: Sequence[str],
        solution: Sequence[str],
        messages: Sequence[Sequence[Mapping[str, Any]]] | None = None,
        **columns: Any,
    ) -> list[float]:
        chats = messages or [()] * len(completions)
        rows = zip(completions, solution, chats, strict=True)
        return [_scores(text, str(answer), _asked(chat), 0.0)["overall"] for text, answer, chat in rows]


def _asked(chat: Sequence[Mapping[str, Any]]) -> str:
    """The text of the user's last turn, which asks."""
    for turn in reversed(chat):
        if turn.get("role") == "user":
            return text_of([{**turn, "role": "assistant"}])
    return ""


def _register_with_swift() -> None:
    """Registers the rewards by name if ms-swift loads this file with ``--external_plugins``."""
    if "swift" not in sys.modules or find_spec("swift.rewards") is None:
        return
    from swift.rewards import orms

    orms["viewpoint_format"] = ViewpointFormat
    orms["viewpoint_accuracy"] = ViewpointAccuracy


_register_with_swift()
