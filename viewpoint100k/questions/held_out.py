"""Wordings held out of training, so that an evaluation can ask in wordings that a model has not seen.

Which wordings these are follows from their texts alone, so it stays the same when a template gets more of them.
"""

from __future__ import annotations

import hashlib
from typing import Literal

__all__ = ["COMBINATIONS_SHARE", "QUESTIONS_SHARE", "WordingSet", "wording_set"]

WordingSet = Literal["all", "seen", "new_combinations", "new_questions"]
"""``new_questions``: the sentence that asks, or the whole text where it is not composed, is held out.
``new_combinations``: each part occurs in training, but not together. ``seen``: all others, for training."""

QUESTIONS_SHARE = 0.2
"""Share of the sentences that ask, which are held out."""
COMBINATIONS_SHARE = 0.2
"""Share of the combinations of the other sentences with their scene, images and perspective, which are held out."""


def wording_set(asked: str, stem: str) -> Literal["seen", "new_combinations", "new_questions"]:
    """The set of a wording. Option texts and replies do not matter.

    Args:
        asked: the part that asks, as in the template; equal to ``stem`` for a wording that is not composed.
        stem: the whole text of the question, as in the template.
    """
    if _place(asked) < QUESTIONS_SHARE:
        return "new_questions"
    return "new_combinations" if asked != stem and _place(stem) < COMBINATIONS_SHARE else "seen"


def _place(text: str) -> float:
    """A number in [0, 1) from the sha256 of ``text``."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
