"""Directions in what options say, and which option says the opposite of another."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recipe.rewards.answers import LETTERS

__all__ = ["MIRROR", "REVERSE", "counterparts", "opposite", "simplified"]

MIRROR: Mapping[str, str] = {"left": "right", "clockwise": "counterclockwise"}
"""What changes sides in a mirror that stands beside the camera."""

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
"""What changes into its opposite where a movement is made backwards."""

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
    """For each option's letter that of the option that says the opposite, or of itself where it names no direction.

    An option whose opposite is not on offer is left out. Empty where no option has an opposite.
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
