"""Directions in the texts of options, and pairs of options with opposite meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recipe.rewards.answers import LETTERS

__all__ = ["MIRROR", "REVERSE", "counterparts", "opposite", "simplified"]

MIRROR: Mapping[str, str] = {"left": "right", "clockwise": "counterclockwise"}
"""Words that a left-right mirror exchanges."""

REVERSE: Mapping[str, str] = {
    **MIRROR,
    "up": "down",
    "higher": "lower",
    "above": "below",
    "raised": "lowered",
    "forward": "backward",
    "forwards": "backwards",
    "closer": "farther",
}
"""Words that exchange when a movement is reversed."""

_SPELLINGS = dict.fromkeys(
    ("anticlockwise", "anti-clockwise", "counter-clockwise", "counter_clockwise"), "counterclockwise"
)


def opposite(text: str, pairs: Mapping[str, str]) -> str:
    """``text``, `simplified`, with each word of ``pairs`` replaced by its opposite: ``to the left`` by ``to the
    right``.

    Endings stay: ``leftward`` becomes ``rightward``.
    """
    if not pairs:
        return simplified(text)
    both = {**{second: first for first, second in pairs.items()}, **pairs}
    words = "|".join(sorted((re.escape(word) for word in both), key=len, reverse=True))
    return re.sub(rf"\b({words})(?=(?:wards?|most)?\b)", lambda match: both[match.group(1)], simplified(text))


def counterparts(options: Sequence[str], pairs: Mapping[str, str]) -> dict[str, str]:
    """Letter of each option -> letter of the option with the opposite direction, or its own if it has no direction.

    Options whose opposite is not shown are left out. Empty if no option has an opposite.
    """
    texts = [simplified(option) for option in options]
    found = {}
    for letter, text in zip(LETTERS, texts, strict=False):
        turned = opposite(text, pairs)
        if texts.count(turned) == 1:
            found[letter] = LETTERS[texts.index(turned)]
    return found if any(letter != other for letter, other in found.items()) else {}


def simplified(text: str) -> str:
    """In lower case, with single spaces, no full stop, and one spelling of *counterclockwise*."""
    simple = " ".join(text.lower().split()).rstrip(".")
    for spelling, usual in _SPELLINGS.items():
        simple = simple.replace(spelling, usual)
    return simple
