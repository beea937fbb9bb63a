"""A reward that differs between the answers of a model with random weights, so that stage 2 has something to learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["share_of_letters"]


def share_of_letters(completions: Sequence[Any], **_: Any) -> list[float]:
    """In TRL's signature; a completion is a text, or a conversation of one turn."""
    texts = [one if isinstance(one, str) else one[0]["content"] for one in completions]
    return [sum(character.isascii() and character.isalpha() for character in text) / (len(text) or 1) for text in texts]
