"""Writes a chain of thought: the images, what changed between them, what that says of each movement, the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from viewpoint100k.questions.reasoning.observe import Fact, ReasoningScene, observe, observe_single, observe_views
from viewpoint100k.questions.reasoning.phrases import phrases
from viewpoint100k.questions.reasoning.plans import argue
from viewpoint100k.questions.reasoning.speech import Dice, Speech

__all__ = ["NOT_FROM_POSES", "Conclusion", "write"]

NOT_FROM_POSES = frozenset({"mirrored", "answerability", "cannot_tell"})
"""Quantities that no chain of thought about the cameras can settle."""

_KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "translation_x": ("moved_x",),
    "translation_y": ("moved_y",),
    "translation_z": ("moved_z",),
    "translation": ("place",),
    "height": ("height",),
    "yaw_deg": ("yaw",),
    "pitch_deg": ("pitch",),
    "tilt_deg": ("tilt",),
    "roll_deg": ("roll",),
    "bank_deg": ("bank",),
    "rotation_deg": ("direction",),
    "object_translation": ("object_side",),
    "azimuth_deg": ("azimuth",),
    "elevation_deg": ("elevation",),
    "camera_elevation_deg": ("looks_down2",),
    "distance_ratio": ("distance",),
    "front_azimuth_deg": ("faces2",),
    "facing_side": ("faces1", "faces2"),
    "front_translation": ("front_side",),
    "own_left": ("own_side",),
    "motion_kind": ("place", "direction"),
    "full_motion": ("moved_x", "yaw", "height", "distance", "tilt", "roll"),
}
"""What a question about a quantity asks for, as keys of the facts."""

_OTHERWISE = {"faces1": "faces_two1", "faces2": "faces_two2"}
"""What answers a question where the first fact is not clear enough."""

_PLAIN = re.compile(r"abs\(\w+\)|\w+(?:(?:,| |, )\w+)*")
"""A quantity, its size, or several: nothing that could turn a sign."""


@dataclass(frozen=True)
class Conclusion:
    """The answer that a text has to arrive at."""

    answer: str
    """The option's letter, or the value for an open question."""
    answer_text: str
    quantity: str
    """What is asked: a name, names in a list, or an expression over some; unknown names are no error.

    Of an expression, whose sign and size may be anything, the parts are argued, but the answer is not tied to them.
    """
    question_type: str
    options: tuple[str, ...]
    """In the order shown; empty for an open question."""
    question: str = ""
    """Its text: the images are named as it names them."""


def write(scene: ReasoningScene, conclusion: Conclusion, rng: np.random.Generator, language: str = "en") -> str | None:
    """A chain of thought as ``<think>…</think><answer>…</answer>``, every statement of which holds of ``scene``.

    In English, or in Chinese (``zh``).

    Two images give an argument of 30 to 250 words in one of the `PLANS`: each sentence serves a later one, evidence
    stands before what follows from it. A single image or three and more give a shorter text, about which side each was
    taken from. None where poses cannot settle what is asked (`NOT_FROM_POSES`), or nothing that the images show does.
    """
    names = re.findall(r"[a-z_]+", conclusion.quantity)
    if NOT_FROM_POSES.intersection(names):
        return None
    given, images = _number(conclusion.answer_text), len(scene.cameras)
    speech = Speech(phrases(language), Dice(rng), given, conclusion.question, images)
    if len(scene.cameras) == 2:
        thought = argue(observe(scene), *_asked(scene, conclusion, names), _closing_of(conclusion), speech)
    else:
        thought = _of_views(scene, conclusion, speech)
    return f"<think>{speech.table.gap.join(thought)}</think><answer>{conclusion.answer}</answer>" if thought else None


def _asked(scene: ReasoningScene, conclusion: Conclusion, names: Sequence[str]) -> tuple[list[Fact], bool]:
    """The facts that are asked for, and whether they decide the answer."""
    facts = observe(scene)
    kinds = list(dict.fromkeys(kind for name in names for kind in _KINDS_OF.get(name, ())))
    found = [facts.get(key) or facts.get(f"slight_{key}") or facts.get(_OTHERWISE.get(key, "")) for key in kinds]
    asked = [fact for fact in found if fact is not None]
    if "faces1" in kinds and len(asked) < len(kinds):
        return [], False  # Which of the images is asked about is not known here.
    # Of an expression the words for its parts need not be those of the answer.
    return asked, len(asked) == len(kinds) > 0 and bool(_PLAIN.fullmatch(conclusion.quantity))


def _closing_of(conclusion: Conclusion) -> tuple[str, str | None]:
    """Letter of the answer, if any, and its text where it can be quoted."""
    return conclusion.answer if conclusion.options else "", _quotable(conclusion.answer_text)


def _of_views(scene: ReasoningScene, conclusion: Conclusion, speech: Speech) -> list[str]:
    """A shorter text for one image, or three and more."""
    single = len(scene.cameras) == 1
    facts = observe_single(scene) if single else observe_views(scene)
    opening = speech.setting("one" if single else "many")
    body = [speech.stated([fact], numbered=True) for fact in facts.values()]
    letter = conclusion.answer if conclusion.options else ""
    return [*opening, *body, *speech.answered((), letter, _quotable(conclusion.answer_text), "question")]


def _quotable(text: str) -> str | None:
    """An answer's text as it can stand in quotation marks, or None where it cannot."""
    bare = text.strip().removesuffix(".").removesuffix("。")
    return bare if bare and not re.search(r"[“”\n\0]|<", bare) else None


def _number(text: str) -> float | None:
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return float(found[0]) if len(found) == 1 else None
