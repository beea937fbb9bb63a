"""Converts published rows to the columns of TRL's trainers: ``images``, ``prompt``, and ``completion`` or ``answer``.

Rows are streamed, so memory holds at most one batch of images. Image bytes are copied unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from recipe.prompts import ask_to_reason, concluded, conversation, message
from recipe.sources import OwnRows, RowSource
from viewpoint100k.errors import MissingExtraError, UsageError
from viewpoint100k.geometry.seeding import generator

__all__ = ["PROBLEM", "GrpoData", "SftData", "grpo_features", "grpo_rows", "sft_features", "sft_rows"]

PROBLEM = "problem"
"""Column with the reason code of an unusable row; null in usable rows."""


@dataclass(frozen=True)
class SftData:
    """Settings for examples of supervised training."""

    reasoning_share: float = 0.1
    """Share of rows whose completion has the reasoned form; the paper's hybrid cold start has 1K of 10K."""
    ask: bool = True
    """True if the prompts of those rows ask for the reasoned form. Otherwise the prompt does not state which form is
    wanted."""
    conclude: bool = False
    """True to shorten thoughts to the words of the right option (`prompts.concluded`)."""
    seed: int = 0
    """Selects these rows."""


@dataclass(frozen=True)
class GrpoData:
    """Settings for prompts of reinforcement learning from one or several data sets."""

    ask: bool = True
    """True if prompts ask for the reasoned form."""
    rows: int | None = None
    """Total number of rows, divided among sources by weight; None for all rows of each source."""
    seed: int = 0
    """Seed of the order of the mixture and of the selection of rows."""


@cache
def sft_features() -> Any:
    """Columns of an example for ``trl sft``."""
    from datasets import Features, Image, List, Value

    turns = List({"role": Value("string"), "content": Value("string")})
    return Features({"id": Value("string"), "images": List(Image()), "prompt": turns, "completion": turns})


@cache
def grpo_features() -> Any:
    """Columns of a prompt for ``trl grpo``. Rewards receive all except ``images`` and ``prompt`` by name."""
    from datasets import Features, Image, List, Value

    from viewpoint100k.dataset.schema import features

    ours = features()
    passed_on = ("options", "answer", "answer_text", "answer_value", "margin", "question_type", "group")
    of_the_scene = ("cameras", "object_center", "object_radius", "object_front", "relative")
    turns = List({"role": Value("string"), "content": Value("string")})
    return Features(
        {"id": Value("string"), "images": List(Image()), "prompt": turns}
        | {name: ours[name] for name in (*passed_on, *of_the_scene)}
    )


def sft_rows(source: OwnRows, how: SftData) -> tuple[Any, int]:
    """Returns examples for every row of the source, in order, and the number of examples with reasoning.

    Raises ``UsageError`` if too few rows have a reasoning text for the wanted share.
    """
    reasoned = _rows_to_reason(source, how)
    examples = source.rows().map(
        partial(_sft_example, reasoned=reasoned, how=how),
        with_indices=True,
        remove_columns=source.columns(),
        features=sft_features(),
    )
    return examples, len(reasoned)


def grpo_rows(sources: Mapping[RowSource, float], how: GrpoData) -> Any:
    """Prompts from all sources, mixed by weight until all rows are used; each row occurs once.

    With a number of rows in ``how``, exactly that many usable rows are drawn in proportion to the weights. Without it,
    the weights only determine the order, and have no effect if the trainer shuffles. Rows with a `PROBLEM` are
    included; the writer counts and skips them.

    Raises ``UsageError`` if a source has fewer usable rows than its share, ``MissingExtraError`` with an older
    ``datasets`` than the extra ``train`` asks for.
    """
    import datasets

    if int(datasets.__version__.split(".")[0]) < 5:  # 4.0 loses the types of columns, and mixes without this strategy.
        raise MissingExtraError("datasets 5 or newer", "train")
    shares = [None] * len(sources) if how.rows is None else _shares(list(sources.values()), how.rows)
    parts = [
        _some(source, share, generator(how.seed, "mixture", place)).map(
            partial(_grpo_example, ask=how.ask),
            remove_columns=source.columns(),
            features=type(grpo_features())(grpo_features() | {PROBLEM: grpo_features()["id"]}),
        )
        for place, (source, share) in enumerate(zip(sources, shares, strict=True))
    ]
    if len(parts) == 1:
        return parts[0]
    total = sum(sources.values())
    return datasets.interleave_datasets(
        parts,
        probabilities=[weight / total for weight in sources.values()],
        seed=how.seed,
        # The other strategies drop rows of longer sources or repeat rows of shorter ones.
        stopping_strategy="all_exhausted_without_replacement",
    )


def _shares(weights: Sequence[float], rows: int) -> list[int]:
    """Divides ``rows`` by ``weights`` into integers by the method of largest remainders."""
    if rows < len(weights):
        raise UsageError(f"{rows} rows cannot be shared by {len(weights)} sources: ask for more")
    parts = np.asarray(weights) / sum(weights) * rows
    whole = np.floor(parts).astype(int)
    whole[np.argsort(whole - parts, kind="stable")[: rows - whole.sum()]] += 1
    return [int(share) for share in whole]


def _some(source: RowSource, wanted: int | None, rng: np.random.Generator) -> Any:
    """``wanted`` random usable rows of ``source`` and all unusable ones, in order.

    All rows if ``wanted`` is None.
    """
    if wanted is None:
        return source.rows()
    usable = source.usable()
    if len(usable) < wanted:
        raise UsageError(
            f"{source.path}: {len(usable):,} rows that can be used, and its share of the mixture is {wanted:,}: "
            "ask for fewer rows in all, or give it less weight"
        )
    chosen = frozenset(rng.choice(usable, wanted, replace=False).tolist())
    return source.rows().filter(lambda row, index: index in chosen or row.get(PROBLEM), with_indices=True)


def _rows_to_reason(source: OwnRows, how: SftData) -> frozenset[int]:
    if not 0 <= how.reasoning_share <= 1:
        raise UsageError(f"the share of reasoning rows must lie between 0 and 1, not {how.reasoning_share}")
    if how.reasoning_share == 0:
        return frozenset()
    has_reasoning = np.array([row["reasoning"] is not None for row in source.only("reasoning")])
    wanted, there = round(how.reasoning_share * len(has_reasoning)), int(has_reasoning.sum())
    if there < wanted:
        raise UsageError(
            f"{source.path}: {there:,} of {len(has_reasoning):,} rows have a reasoning text, and a share of "
            f"{how.reasoning_share:g} needs {wanted:,}: build the set with more, or ask for a share of "
            f"{there / len(has_reasoning):.3g}"
        )
    chosen = np.random.default_rng(how.seed).choice(np.flatnonzero(has_reasoning), wanted, replace=False)
    return frozenset(chosen.tolist())


def _sft_example(row: Mapping[str, Any], index: int, reasoned: frozenset[int], how: SftData) -> dict[str, Any]:
    question, completion = row["question"], row["answer"]
    if index in reasoned:
        question = ask_to_reason(question) if how.ask else question
        completion = concluded(row["answer_text"], row["answer"]) if how.conclude else row["reasoning"]
    return {
        "id": row["id"],
        "images": row["images"],
        "prompt": conversation(question),
        "completion": message("assistant", completion),
    }


def _grpo_example(row: Mapping[str, Any], ask: bool) -> dict[str, Any]:
    question = ask_to_reason(row["question"]) if ask else row["question"]
    kept = {name: row.get(name) for name in (*grpo_features(), PROBLEM)}
    return kept | {"prompt": conversation(question)}
