"""Data sets whose images say plainly how the camera moved, and models whose skill is known: what evaluation must find.

In the upper half of the images, a white line stands left of the middle in the first and right of it in the second
where the camera moved to the right, and the other way round where it moved to the left; in the lower half another does
the same for its turn. Swapping or mirroring the images does to them what it does to photographs of a moving camera.
"""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import hand_made_dataset as hand
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from recipe.evaluation.models import Prompt
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.questions import load_template

KINDS = ("ego_translation", "ego_rotation", "object_translation")
BOUNDARY = {"ego_translation": 0.1, "ego_rotation": 4.0, "object_translation": 0.1}
NAMES = ("left", "none", "right")
LEFT, RIGHT = 21, 42
"""Columns of the white lines. Each is the mirror image of the other."""


@cache
def wordings(kind: str) -> list[dict[str, Any]]:
    """Some wordings of one of the package's templates, by options of the names left, none and right."""
    known = load_template(kind).languages["en"]
    return [known[place].model_dump() for place in range(0, len(known), len(known) // 40)]


@cache
def stems() -> dict[str, str]:
    """The question type of every wording of a question."""
    families = [(kind, family) for kind in KINDS for family in load_template(kind).wordings]
    return {stem.question: kind for kind, family in families for stem in family.stems()}


@cache
def option_names(kind: str) -> dict[str, str]:
    """The template's name for each possible option text."""
    sets = [options for family in load_template(kind).wordings for options in family.options or ()]
    return {text: name for options in sets if isinstance(options, dict) for name, text in options.items()}


@dataclass(frozen=True)
class Motion:
    """One pair. For the sideways step and for the turn, +1 is to the right."""

    step: int
    turn: int


ORBIT = [Motion(1, -1), Motion(-1, 1)]
"""Motions around the object: the turn is opposite to the step."""
DECOUPLED = [Motion(step, turn) for step in (1, -1) for turn in (1, -1)]
"""All combinations of step and turn."""


def make_rows(motions: Sequence[Motion], pairs: int, kinds: Sequence[str] = KINDS) -> list[hand.Row]:
    """A row of each kind for each pair, with two pairs per asset. Motions, letters and wordings alternate."""
    rows = []
    for pair in range(pairs):
        motion = motions[pair % len(motions)]
        start = 17.0 * pair
        step = 40.0 * motion.step
        poses = [
            hand.pose_on_orbit(start, 15, 2.0),
            hand.pose_on_orbit(start + step, 15, 2.0, pan_deg=step + 25.0 * motion.turn),
        ]
        for kind in kinds:
            row = hand.make_row(kind, pair // 2, pair, poses[0], poses[1], dead_zone=BOUNDARY[kind])
            images = [painted(pair, motion, first) for first in (True, False)]
            rows.append(
                row | {"images": [{"bytes": one, "path": None} for one in images]} | _text(kind, row, len(rows))
            )
    return rows


def _text(kind: str, row: hand.Row, number: int) -> dict[str, Any]:
    """Question and options in one of the template's wordings. The options rotate by one letter from row to row."""
    wording = wordings(kind)[number % len(wordings(kind))]
    value = row["answer_value"]
    order = [NAMES[(place + number // 3) % 3] for place in range(3)]
    answer = order.index("right" if value > 0 else "left")
    options = [wording["options"][name] for name in order]
    listed = [f"{letter}. {option}" for letter, option in zip("ABC", options, strict=True)]
    return {
        "question": "\n".join([wording["question"].strip(), *listed, wording["reply"].strip()]),
        "options": options,
        "answer": "ABC"[answer],
        "answer_text": options[answer],
        "margin": abs(value) - BOUNDARY[kind],
        "template": f"{kind}/{wording['name']}",
    }


def painted(pair: int, motion: Motion, first: bool) -> bytes:
    """A PNG of 64 by 48 pixels. Each pair has its own dark noise."""
    noise = np.random.default_rng(pair).integers(0, 60, 3, dtype=np.uint8)
    pixels = np.broadcast_to(noise, (48, 64, 3)).copy()
    for half, sign in ((slice(0, 24), motion.step), (slice(24, 48), motion.turn)):
        pixels[half, LEFT if first == (sign > 0) else RIGHT] = 255
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def write(folder: Path, rows: Sequence[hand.Row]) -> Path:
    """The rows as the test split of a data set folder."""
    (folder / "data").mkdir(parents=True)
    table = pa.Table.from_pylist(list(rows), schema=arrow_schema())
    pq.write_table(table, folder / "data" / "test-00000-of-00001.parquet")
    return folder


# --- what can be seen ------------------------------------------------------------------------------------------------


def seen(prompt: Prompt) -> Motion | None:
    """The motion that the images show; None if they show nothing."""
    places = []
    for image in prompt.images:
        white = np.asarray(image.convert("L"), dtype=float) > 200
        if not white.any():
            return None
        places.append([int(white[half].sum(axis=0).argmax()) for half in (slice(0, 24), slice(24, 48))])
    (step_1, turn_1), (step_2, turn_2) = places
    return Motion(int(np.sign(step_2 - step_1)), int(np.sign(turn_2 - turn_1)))


def asked(question: str) -> tuple[str, list[str]]:
    """(kind, name of each option in order) of a prompt, found by its wording."""
    stem, *lines = question.splitlines()
    kind = stems()[stem]
    return kind, [option_names(kind)[line[3:]] for line in lines[:3]]


def true_name(kind: str, motion: Motion) -> str:
    """By the package's conventions: the camera's right is the left of an observer who faces the camera."""
    sign = {"ego_translation": motion.step, "ego_rotation": motion.turn, "object_translation": -motion.step}[kind]
    return "right" if sign > 0 else "left"


def letter_of(question: str, name: str) -> str:
    return "ABC"[asked(question)[1].index(name)]


# --- models ----------------------------------------------------------------------------------------------------------


@dataclass
class Knows:
    """Sees everything. For images that show nothing it answers "none"."""

    sees: Callable[[Prompt], Motion | None] = seen
    says: Callable[[str], str] = str
    asked: list[Prompt] = field(default_factory=list)

    def answers(self, batch: Sequence[Prompt]) -> list[str]:
        self.asked += batch
        return [self.says(self._letter(prompt)) for prompt in batch]

    def _letter(self, prompt: Prompt) -> str:
        motion = self.sees(prompt)
        kind, _ = asked(prompt.question)
        return letter_of(prompt.question, "none" if motion is None else true_name(kind, motion))


def knows_one_bit() -> Knows:
    """Sees the step, and assumes that every camera looks at the object."""

    def sees(prompt: Prompt) -> Motion | None:
        motion = seen(prompt)
        return None if motion is None else Motion(motion.step, -motion.step)

    return Knows(sees)


def guesses_one_bit() -> Knows:
    """Guesses the step from the pair's colour. The guess is the same for all questions about the pair."""

    def sees(prompt: Prompt) -> Motion:
        step = 1 if _digest(prompt)[0] % 2 else -1
        return Motion(step, -step)

    return Knows(sees)


def blind_to_order(rows: Sequence[hand.Row]) -> Knows:
    """Remembers each pair, in either order of its images."""
    by_heart = {}
    for row in rows:
        images = [Image.open(io.BytesIO(image["bytes"])) for image in row["images"]]
        prompt = Prompt(images, "")
        by_heart[_digest(prompt)] = seen(prompt)
    return Knows(lambda prompt: by_heart.get(_digest(prompt)))


def _digest(prompt: Prompt) -> bytes:
    """Equal for the same images in either order."""
    parts = sorted(hashlib.sha256(image.convert("RGB").tobytes()).digest() for image in prompt.images)
    return hashlib.sha256(b"".join(parts)).digest()


@dataclass
class Always:
    letter: str = "A"

    def answers(self, batch: Sequence[Prompt]) -> list[str]:
        return [self.letter] * len(batch)


class Guesses:
    """One of three letters, by a seed."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)

    def answers(self, batch: Sequence[Prompt]) -> list[str]:
        return [self._rng.choice("ABC") for _ in batch]
