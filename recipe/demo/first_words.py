"""The first round of ``make demo-train``: questions without options, answered in a word.

Which letter is right follows from the movement, the question and the order of the options, and from any two of them
alone next to nothing follows: a model that knows none of the three learns only never to answer "neither". A model that
knows a language comes with two of them. This one is first asked without options, so that only the movement and the
question are left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from recipe.data import sft_features
from recipe.prompts import message

__all__ = ["first_words", "one_type_first", "without_options"]

_FIRST_OPTION = re.compile(r"^A\. ", re.MULTILINE)


def first_words(rows: Any) -> Any:
    """Examples for SFT of all ``rows``, a ``datasets.Dataset`` of the set: each answered by its option's text."""
    from datasets import Image, List

    # Undecoded, so that the images are copied as they are.
    return (
        rows.cast_column("images", List(Image(decode=False)))
        .map(_example, remove_columns=rows.column_names)
        .cast(sft_features())
    )


def one_type_first(question_types: Sequence[str], seed: int) -> list[int]:
    """An order of training: the rows of one question type twice, then all rows twice.

    On an orbit the types have opposite answers, so that for a model that does not tell them apart, seeing is of no use.
    """
    rng = np.random.default_rng(seed)
    kinds = np.asarray(question_types)
    alone = np.flatnonzero(kinds == sorted(set(question_types))[0])
    rounds = [rng.permutation(part) for part in (alone, alone, np.arange(len(kinds)), np.arange(len(kinds)))]
    return [int(place) for place in np.concatenate(rounds)]


def without_options(question: str) -> str:
    """What stands before the first option."""
    found = _FIRST_OPTION.search(question)
    return question[: found.start()].rstrip() if found else question


def _example(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "images": row["images"],
        "prompt": message("user", without_options(row["question"])),
        "completion": message("assistant", row["answer_text"]),
    }
