"""Writes a chain of thought: the images, what changed between them, the movements that follow, and the answer."""

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
"""Quantities that do not follow from the camera poses."""

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
"""The facts that a question about a quantity asks for, as keys of `observe`."""

_OTHERWISE = {"faces1": "faces_two1", "faces2": "faces_two2"}
"""The fact that is used if the first one is not clear enough."""

_PLAIN = re.compile(r"abs\(\w+\)|\w+(?:(?:,| |, )\w+)*")
"""A quantity, its size, or a list of quantities: an expression that cannot change a sign."""


@dataclass(frozen=True)
class Conclusion:
    """The answer that a text must reach."""

    answer: str
    """The option's letter, or the value for an open question."""
    answer_text: str
    quantity: str
    """The asked quantity: a name, a list of names, or an expression. Unknown names are no error.

    A text argues for the parts of an expression. It does not derive the answer from them, because the expression may
    change their signs and sizes.
    """
    question_type: str
    options: tuple[str, ...]
    """In the order shown; empty for an open question."""
    question: str = ""
    """The text of the question. The chain of thought names the images in the same way."""


def write(scene: ReasoningScene, conclusion: Conclusion, rng: np.random.Generator, language: str = "en") -> str | None:
    """A chain of thought as ``<think>…</think><answer>…</answer>``. Every statement in it is true of ``scene``.

    For two images it is an argument of about 20 to 250 words by one of the `PLANS`. Each sentence supports a later one,
    and evidence stands before its conclusion. For one image, and for three or more, it is a shorter text about the side
    from which each was taken.

    Args:
        language: ``en`` for English, ``zh`` for Chinese.

    Returns None if the answer does not follow from the poses (`NOT_FROM_POSES`) or from what the images show.
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
    """The asked facts, and whether they decide the answer."""
    facts = observe(scene)
    kinds = list(dict.fromkeys(kind for name in names for kind in _KINDS_OF.get(name, ())))
    found = [facts.get(key) or facts.get(f"slight_{key}") or facts.get(_OTHERWISE.get(key, "")) for key in kinds]
    asked = [fact for fact in found if fact is not None]
    if "faces1" in kinds and len(asked) < len(kinds):
        return [], False  # It is not known here which image the question is about.
    # The answer to an expression may have other words than its parts.
    return asked, len(asked) == len(kinds) > 0 and bool(_PLAIN.fullmatch(conclusion.quantity))


def _closing_of(conclusion: Conclusion) -> tuple[str, str | None]:
    """The letter of the answer, if any, and its text, if that can be quoted."""
    return conclusion.answer if conclusion.options else "", _quotable(conclusion.answer_text)


def _of_views(scene: ReasoningScene, conclusion: Conclusion, speech: Speech) -> list[str]:
    """A shorter text for one image, or for three or more."""
    single = len(scene.cameras) == 1
    facts = observe_single(scene) if single else observe_views(scene)
    opening = speech.setting("one" if single else "many")
    body = [speech.stated([fact], numbered=True) for fact in facts.values()]
    letter = conclusion.answer if conclusion.options else ""
    return [*opening, *body, *speech.answered((), letter, _quotable(conclusion.answer_text), "question")]


def _quotable(text: str) -> str | None:
    """An answer's text for quotation marks, or None if it cannot be quoted."""
    bare = text.strip().removesuffix(".").removesuffix("。")
    return bare if bare and not re.search(r"[“”\n\0]|<", bare) else None


def _number(text: str) -> float | None:
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return float(found[0]) if len(found) == 1 else None
