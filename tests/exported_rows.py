"""A data set with every kind of row that an export must handle: one to five images, open questions, many options."""

from __future__ import annotations

import random
import string
from pathlib import Path

from hand_made_dataset import GOOD, Row, Shards, jpeg, write

DATASET = "mine"
"""The name in the card."""

_SIX = ["forward", "back", "left", "right", "up, and then down\tagain", 'so far that one says "far"']


def a_row(number: int, pictures: list[int], options: list[str], answer: str, *, reasoned: bool) -> Row:
    """A row about ``pictures``, which are seeds of noise. The question lists its options like every question."""
    thought = f"Image 1 shows the handle; it went ↺.\nSo {answer}."
    lettered = [f"{letter}. {option}" for letter, option in zip(string.ascii_uppercase, options, strict=False)]
    base = dict(GOOD["train-00000-of-00002"][number % 6])
    cameras = (base["cameras"] * 3)[: len(pictures)]
    return base | {
        "id": f"{random.Random(number).getrandbits(64):016x}",
        "images": [{"bytes": jpeg(picture), "path": f"{picture}.jpg"} for picture in pictures],
        "question": "\n".join([f'Question {number}:\twhat did the "é" camera do?', *lettered, "Reply in one word."]),
        "options": options,
        "answer": answer,
        "answer_text": options[ord(answer) - ord("A")] if options else answer,
        "margin": None if not options else base["margin"],
        "question_type": "open" if not options else f"choice_of_{len(options)}",
        "group": f"pair-{number // 2}",
        "reasoning": f"<think>{thought}</think><answer>{answer}</answer>" if reasoned else None,
        "cameras": cameras,
    }


_SIDES = ["To the left", "Neither way", "To the right"]

ROWS: dict[str, list[Row]] = {
    "train": [
        a_row(0, [1, 2], _SIDES, "C", reasoned=True),
        a_row(1, [1, 2], _SIDES[::-1], "B", reasoned=False),
        a_row(2, [3], ["Yes", "No"], "A", reasoned=True),
        a_row(3, [2, 3, 4], _SIX, "F", reasoned=False),
        a_row(4, [1, 5, 6, 7], ["Image 2", "Image 3", "Image 4"], "B", reasoned=True),
        a_row(5, [8, 9], [], "37.5", reasoned=True),
        a_row(6, [1, 2, 3, 4, 5], [f"{angle}°" for angle in (-60, -30, 0, 30)], "D", reasoned=False),
        a_row(7, [8, 9], _SIDES, "A", reasoned=False),
    ],
    "test": [
        a_row(10, [11, 12], _SIDES, "A", reasoned=True),
        a_row(11, [11, 12], _SIX, "E", reasoned=False),
        a_row(12, [13, 14], [], "left", reasoned=False),
        a_row(13, [13], ["Yes", "No"], "B", reasoned=False),
        a_row(14, [11, 13, 14], _SIDES, "C", reasoned=True),
    ],
}
"""By split, in order."""


def make_dataset(folder: Path, rows: dict[str, list[Row]] = ROWS) -> Path:
    """A data set folder with ``rows``, the training rows in two shards."""
    shards: Shards = {}
    for split, listed in rows.items():
        half = len(listed) // 2 if split == "train" else len(listed)
        parts = [part for part in (listed[:half], listed[half:]) if part]
        shards |= {f"{split}-{i:05d}-of-{len(parts):05d}": part for i, part in enumerate(parts)}
    write(folder, shards)
    card = folder / "README.md"
    card.write_text(card.read_text().replace("---\n", f"---\npretty_name: {DATASET}\n", 1))
    return folder


def image_bytes(row: Row) -> list[bytes]:
    """The row's images as an export must write them."""
    return [image["bytes"] for image in row["images"]]
