"""Reasoning texts with one word, number, letter or image changed, in each language."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from reasoning_situations import TYPES, Situation, asked_of_type, situation

from viewpoint100k.questions.reasoning import ReasoningScene, argument_problems, claims, write

__all__ = ["caught_and_missed"]

_SWAPS = [
    ("left", "right"),
    ("up", "down"),
    ("upper", "lower"),
    ("above", "below"),
    ("higher", "lower"),
    ("upwards", "downwards"),
    ("raised", "lowered"),
    ("larger", "smaller"),
    ("closer to", "farther from"),
    ("nearer to", "farther from"),
    ("more", "less"),
    ("(?<!counter-)clockwise", "counter-clockwise"),
    ("forwards", "backwards"),
    ("rises", "sinks"),
    ("narrower", "wider"),
    ("steeper", "flatter"),
    ("front", "back"),
    ("camera's", "object's"),
    ("changed", "kept"),
    ("same", "other"),
    ("near parts", "far parts"),
]
_ONE_WAY = [("neither side", "the left"), ("neither", "only"), ("did not turn sideways", "turned right")]
_CHINESE_SWAPS = [
    *[("左", "右"), ("升高", "降低"), ("上升", "下降"), ("更大", "更小"), ("更多", "更少"), ("更近", "更远")],
    ("变近", "变远"),
    *[("逆时针", "顺时针"), ("正面", "背面"), ("更窄", "更宽"), ("向上", "向下"), ("更高", "更低"), ("向前", "向后")],
    *[("俯视着", "仰视着"), ("近处部分", "远处部分"), ("没有", "确实"), ("同样的角度", "不同的角度"), ("稍多", "稍少")],
]  # fmt: skip

_NUMBER = {"en": r"\d+(?:\.\d+)?(?= degrees| times)", "zh": r"\d+(?:\.\d+)?(?=[度倍])"}
_TIMES = {"en": " times", "zh": "倍"}
_LETTER = {
    "en": r"(?:(?<=option )|(?<=choose )|(?<=answer is )|(?<=<answer>))[A-H]\b",
    "zh": r"(?:(?<=答案是)|(?<=应该选)|(?<=我选)|(?<=选项)|(?<=<answer>))[A-H]",
}


_IMAGE = {
    "en": r"(?<=image |photo )[12]\b|(?<=picture )[12]\b|(?<=view )[12]\b|\b(?:first|second|before|after)\b",
    "zh": r"(?<=图)[12]|(?<=第)[一二](?=张)|前图|后图",
}
_IMAGES = [("1", "2"), ("first", "second"), ("before", "after"), ("一", "二"), ("前图", "后图")]
_OTHER_IMAGE = {one: other for pair in _IMAGES for one, other in (pair, pair[::-1])}


def _mutants(text: str, scene: ReasoningScene, language: str) -> Iterator[tuple[str, str]]:
    """The text with one word turned into its opposite, or one number, letter or image changed, with what was done."""
    yield from _WORDS_CHANGED[language](text)
    for match in re.finditer(_NUMBER[language], text):
        number = float(match[0])
        changed = number * 1.6 if text.startswith(_TIMES[language], match.end()) else number + 15
        yield f"{number:g} -> {changed:g}", f"{text[: match.start()]}{changed:g}{text[match.end() :]}"
    for match in re.finditer(_LETTER[language], text):
        other = "ABCDEFGH"[("ABCDEFGH".index(match[0]) + 1) % 8]
        yield f"letter {match[0]} -> {other}", text[: match.start()] + other + text[match.end() :]
    for match in re.finditer(_IMAGE[language], text):
        other = _OTHER_IMAGE[match[0]]
        mutant = text[: match.start()] + other + text[match.end() :]
        if not _as_sound(_said(text), _said(mutant), scene):
            yield f"image {match[0]} -> {other}", mutant


Said = set[tuple[str, str, int]]
"""Kind, value and image of each claim of a text."""


def _as_sound(said: Said, instead: Said, scene: ReasoningScene) -> bool:
    """True if a text about the other image argues as well as before.

    What is true of both images may be said of one of them twice. If the object's top is seen at the same angle in both,
    either camera may be the one that is said to look down on the object. An image that shows two sides may be said to
    show both or one.
    """
    same_angle = ("top", "none", 0) in said
    return all(
        (kind == "looks_down" and same_angle) or (kind in ("faces", "faces_two") and _shows(scene, image, value))
        for kind, value, image in instead - said
    )


_SIDES_DEG = {"front": 0, "left": 90, "back": 180, "right": -90}
"""Directions of an object's own sides, counter-clockwise from its front."""


def _shows(scene: ReasoningScene, image: int, sides: str) -> bool:
    """True if the camera of an image stands within 45 degrees of one side, or within 70 of each of two."""
    assert scene.front is not None
    x, y, _ = scene.cameras[image - 1].position - scene.center
    camera_deg = math.degrees(math.atan2(y, x) - math.atan2(scene.front[1], scene.front[0]))
    off = [abs(math.remainder(camera_deg - _SIDES_DEG[side], 360)) for side in sides.split("_")]
    return max(off) <= (45 if len(off) == 1 else 70)


def _said(text: str) -> Said:
    return {(claim.kind, claim.value, claim.image) for claim in claims(text)}


def _english_words(text: str) -> Iterator[tuple[str, str]]:
    for one, other in [*_SWAPS, *((b, a) for a, b in _SWAPS if "(" not in a), *_ONE_WAY]:
        new = other.replace("(?<!counter-)", "")
        for match in re.finditer(rf"\b{one}\b", text):
            yield f"{match[0]} -> {new}", text[: match.start()] + new + text[match.end() :]


def _chinese_words(text: str) -> Iterator[tuple[str, str]]:
    for one, other in [*_CHINESE_SWAPS, *((b, a) for a, b in _CHINESE_SWAPS)]:
        for match in re.finditer(one, text):
            if match[0] in "左右" and text[match.start() - 1 : match.end() + 1] in ("左右", "度左右"):
                continue
            yield f"{one} -> {other}", text[: match.start()] + other + text[match.end() :]


_WORDS_CHANGED: Mapping[str, Callable[[str], Iterator[tuple[str, str]]]] = {"en": _english_words, "zh": _chinese_words}


def _written(language: str, seed: int) -> tuple[Situation, str] | None:
    """A situation and its text: about a random question in English, about the types of the package in Chinese."""
    if language == "en":
        made: Situation | None = situation(np.random.default_rng([7, seed]))
        rng = np.random.default_rng([8, seed])
    else:
        made = asked_of_type(TYPES["zh"][seed % len(TYPES["zh"])], seed, "zh")
        rng = np.random.default_rng([4, seed])
    text = write(made.scene, made.conclusion, rng, language) if made is not None else None
    return (made, text) if made is not None and text is not None else None


def caught_and_missed(language: str, seeds: range) -> tuple[int, Counter[str], list[str]]:
    """How many changes of the texts of ``seeds`` the checker found, which it missed, and the texts with those."""
    caught, missed, examples = 0, Counter[str](), []
    for seed in seeds:
        written = _written(language, seed)
        if written is None:
            continue
        made, text = written
        row = made.row
        assert argument_problems(text, row) == []
        for what, mutant in _mutants(text, made.scene, language):
            if mutant == text:
                continue
            if argument_problems(mutant, row):
                caught += 1
            else:
                missed[what] += 1
                examples.append(f"{seed} {what}: {mutant}")
    return caught, missed, examples
