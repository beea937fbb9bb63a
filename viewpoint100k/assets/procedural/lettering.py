"""Words on objects: a dot-matrix alphabet, so that lettering needs no font file and is the same everywhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.procedural.chance import Random, pick

__all__ = ["WORDS", "any_label", "any_number", "lettering"]

# Each letter is 7 rows of 5 dots; a row is a number whose highest bit is the leftmost dot.
_DOTS = {
    "A": (14, 17, 17, 31, 17, 17, 17),
    "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 15),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 25, 21, 19, 19, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 27, 17),
    "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4),
    "Z": (31, 1, 2, 4, 8, 16, 31),
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 6, 8, 16, 31),
    "3": (31, 1, 2, 6, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    " ": (0, 0, 0, 0, 0, 0, 0),
    "-": (0, 0, 0, 31, 0, 0, 0),
}

WORDS = [
    "NOVA",
    "ORBIT",
    "LUMA",
    "PICO",
    "TERRA",
    "KIBO",
    "VEGA",
    "FERN",
    "RUBIK",
    "DELTA",
    "POLAR",
    "JUNO",
    "ZEPHYR",
    "BRISK",
    "KELP",
    "RIVER",
    "FALCO",
    "GRETA",
    "BERG",
    "LINEA",
    "FJORD",
    "PRIMO",
    "SOLAR",
    "COBALT",
    "REX",
    "EDEN",
    "PLUM",
    "RADIX",
    "GALE",
    "SPRUCE",
    "KITE",
    "FRESCO",
    "PEREGRIN",
    "BOREAL",
]
"""Names for brands that do not exist."""


def any_label(random: Random) -> str:
    """A made-up brand name."""
    return pick(random, WORDS)


def any_number(random: Random) -> str:
    """Two digits that are neither alike nor a palindrome in a mirror, such as 47."""
    return f"{random.integers(2, 8)}{pick(random, (1, 4, 5, 9))}"


@lru_cache(maxsize=256)
def lettering(text: str) -> NDArray[np.bool_]:
    """(7, 6 * len(text) - 1) dots of ``text``, capitals, digits, blanks and hyphens."""
    rows = np.array([_DOTS[letter] for letter in text])
    dots = (rows[:, :, None] >> np.arange(4, -1, -1)) & 1
    spaced = np.pad(dots, ((0, 0), (0, 0), (0, 1)))
    return spaced.transpose(1, 0, 2).reshape(7, -1)[:, :-1].astype(bool)
