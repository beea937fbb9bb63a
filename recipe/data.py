"""From published rows to what TRL's trainers take: ``images``, ``prompt`` and ``completion``, or ``answer`` and more.

Rows are streamed: neither stage holds more than one batch of images, and images are copied as the bytes they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from recipe.prompts import ask_to_reason, concluded, conversation, message
from recipe.sources import OwnRows, RowSource
from viewpoint100k.errors import UsageError
from viewpoint100k.geometry.seeding import generator

__all__ = ["PROBLEM", "GrpoData", "SftData", "grpo_features", "grpo_rows", "sft_features", "sft_rows"]

PROBLEM = "problem"
"""Column that says, by a reason code, why a row cannot be used; null in all others."""


@dataclass(frozen=True)
class SftData:
    """How the rows of a data set become examples for supervised training."""

    reasoning_share: float = 0.1
    """Part of the rows whose completion is the reasoned form; the paper's hybrid cold start has 1K of 10K."""
    ask: bool = True
    """Whether the prompts of those rows ask for the reasoned form. Where they do not, nothing in a prompt tells the
    model which form is wanted, and it must guess."""
    conclude: bool = False
    """Whether a thought is cut to what it comes to, the right option's own words (`prompts.concluded`)."""
    seed: int = 0
    """Says which rows they are."""


@dataclass(frozen=True)
class GrpoData:
    """How the rows of one or several data sets become prompts for reinforcement learning."""

    ask: bool = True
    """Whether prompts ask for the reasoned form."""
    rows: int | None = None
    """How many rows to take in all, of each source its share by weight; all of each source where null."""
    seed: int = 0
    """Of the order in which sources are mixed, and of which rows are taken."""


@cache
def sft_features() -> Any:
    """Columns of an example for ``trl sft``."""
    from datasets import Features, Image, List, Value

    turns = List({"role": Value("string"), "content": Value("string")})
    return Features({"id": Value("string"), "images": List(Image()), "prompt": turns, "completion": turns})


@cache
def grpo_features() -> Any:
    """Columns of a prompt for ``trl grpo``. All but ``images`` and ``prompt`` reach the reward functions by name."""
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
    """(examples, how many of them carry reasoning), every row of the source once, in its order.

    Raises ``UsageError`` where the rows that have a reasoning text are too few for the share that is wanted.
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
    """Prompts from all sources, drawn in turn by their weights until each is used up: no row lost, none twice.

    Where ``how`` says how many, exactly so many that can be used are drawn, and each source's share of them is its
    weight's; without it, the weights hold at the beginning only, and not for a trainer that puts rows in another order.
    A row of which `PROBLEM` says something cannot be used, and is counted and left out by who writes the rows.

    Raises ``UsageError`` where a source has fewer usable rows than its share.
    """
    from datasets import interleave_datasets

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
    return interleave_datasets(
        parts,
        probabilities=[weight / total for weight in sources.values()],
        seed=how.seed,
        # The other strategies leave out what the shorter sources outlive, or repeat rows.
        stopping_strategy="all_exhausted_without_replacement",
    )


def _shares(weights: Sequence[float], rows: int) -> list[int]:
    """``rows`` split by ``weights`` into whole numbers, none further than 1 from its part (largest remainders)."""
    if rows < len(weights):
        raise UsageError(f"{rows} rows cannot be shared by {len(weights)} sources: ask for more")
    parts = np.asarray(weights) / sum(weights) * rows
    whole = np.floor(parts).astype(int)
    whole[np.argsort(whole - parts, kind="stable")[: rows - whole.sum()]] += 1
    return [int(share) for share in whole]


def _some(source: RowSource, wanted: int | None, rng: np.random.Generator) -> Any:
    """``wanted`` usable rows of ``source``, chosen at random, and all that are not usable, in their order.

    All of both where null.
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
