"""Finds contradictions between the text of an option and the claims from which a text concludes it.

Template authors choose the words of options. This module knows the plain ones: left and right, up and down, forwards
and backwards, closer and farther, clockwise and counter-clockwise, front and back, and degrees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from viewpoint100k.questions.reasoning.claim import Claim

__all__ = ["contradiction"]

_SIDE = frozenset({"left", "right"})
_UPRIGHT = frozenset({"up", "down"})
_AHEAD = frozenset({"forwards", "backwards"})
_DISTANCE = frozenset({"closer", "farther"})
_CLOCK = frozenset({"clockwise", "counterclockwise"})
_OWN_SIDES = frozenset({"front", "back", "left", "right"})

_VOCABULARY: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("moved_x", "yaw", "object_side", "front_side", "own_side"), _SIDE),
    **dict.fromkeys(("moved_y", "height", "tilt", "pitch", "elevation"), _UPRIGHT),
    "moved_z": _AHEAD,
    "distance": _DISTANCE,
    **dict.fromkeys(("roll", "bank"), _CLOCK | _SIDE),  # A camera rolled clockwise leans to the right.
    "azimuth": _CLOCK | _SIDE,
    **dict.fromkeys(("faces", "faces_two"), _OWN_SIDES),
}
"""The words for the direction of each kind of claim."""

_AROUND = {"clockwise": "left", "counterclockwise": "right"}
"""The direction around an object, as someone who faces the object sees it."""

_LEANS = {"clockwise": "right", "counterclockwise": "left"}
"""The side to which the upper edge of a rolled camera leans, seen from behind the camera."""

_SPELLINGS = {
    **{f"{word}{end}": word for word in ("left", "right", "up", "down") for end in ("", "ward", "wards")},
    **dict.fromkeys(("higher", "raised"), "up"),
    **dict.fromkeys(("lower", "lowered"), "down"),
    **dict.fromkeys(("closer", "nearer"), "closer"),
    "farther": "farther",
    **{f"{word}{end}": f"{word}s" for word in ("forward", "backward") for end in ("", "s")},
    "clockwise": "clockwise",
    **dict.fromkeys(("counterclockwise", "anticlockwise"), "counterclockwise"),
    "front": "front",
    **dict.fromkeys(("back", "rear"), "back"),
}
_IN_CHINESE: Mapping[str, str] = {
    "逆时针": "counterclockwise",
    "顺时针": "clockwise",
    **dict.fromkeys(("左",), "left"),
    **dict.fromkeys(("右",), "right"),
    **dict.fromkeys(("升高", "更高", "抬高", "上仰", "向上", "往上", "偏上", "朝上", "高处"), "up"),
    **dict.fromkeys(("降低", "更低", "下降", "下俯", "向下", "往下", "偏下", "朝下", "低处"), "down"),
    **dict.fromkeys(("更近", "靠近", "变近", "拉近"), "closer"),
    **dict.fromkeys(("更远", "远离", "变远", "拉远"), "farther"),
    **dict.fromkeys(("向前", "往前"), "forwards"),
    **dict.fromkeys(("向后", "往后"), "backwards"),
    **dict.fromkeys(("正面", "前面"), "front"),
    **dict.fromkeys(("背面", "后面"), "back"),
    **dict.fromkeys(("没有", "都不", "都没", "不是", "没动", "没变", "没转", "一样"), "not"),
}
"""Chinese words of options, and the English words for them."""
_CHINESE_WORD = re.compile("|".join(sorted(_IN_CHINESE, key=len, reverse=True)))
_LEFT_AND_RIGHT = re.compile("左右|上下")
"""Words for both sides at once. They name neither side."""

_DENIALS = frozenset({"not", "no", "neither", "nor", "none", "never", "without"})
_IN_DEGREES = frozenset({"yaw", "tilt", "pitch", "roll", "bank", "azimuth", "elevation"})
_ROUNDING_DEG = 6.0


def contradiction(because: Sequence[Claim], answer_text: str) -> str | None:
    """The contradiction between the premises of an answer and its text, as a sentence; None if there is none."""
    words = re.findall(r"[a-z']+", re.sub(r"(counter|anti)[- ](?=clockwise)", r"\1", answer_text.lower()))
    words += [_IN_CHINESE[word] for word in _CHINESE_WORD.findall(_LEFT_AND_RIGHT.sub("", answer_text))]
    denies = any(word in _DENIALS or word.endswith("n't") for word in words)
    named = {_SPELLINGS[word] for word in words if word in _SPELLINGS}
    # Only the conclusion of an argument counts, not its premises.
    argued = [claim for claim in because if claim.because] or because
    keys = [claim for claim in argued if claim.kind in _VOCABULARY]
    if len(keys) == 1 and denies and not named and _large(keys[0]):
        return f"the answer says “{answer_text}”, but it is concluded from “{keys[0].text}”"
    # "Neither left nor right" names the directions that it denies. "Moved left, did not turn" must name the true side.
    if not denies or (len(keys) > 1 and "nor" not in words):
        vocabulary = frozenset[str]().union(*(_VOCABULARY[claim.kind] for claim in keys))
        said = {part for claim in keys for part in claim.value.split("_")}
        said |= {_AROUND[claim.value.split("_")[-1]] for claim in keys if claim.kind == "azimuth" and _sided(claim)}
        said |= {_LEANS[claim.value] for claim in keys if claim.kind in ("roll", "bank") and claim.value in _LEANS}
        if any(claim.value == "times" for claim in keys):
            vocabulary -= _DISTANCE
        astray = sorted((named & vocabulary) - said)
        if astray:
            return f"the answer says “{answer_text}”, but nothing that it is concluded from says {astray[0]}"
    return _other_number(keys, answer_text)


def _sided(claim: Claim) -> bool:
    return claim.value != "none"


def _large(claim: Claim) -> bool:
    return claim.value != "none" and not claim.value.startswith("slight")


def _other_number(keys: Sequence[Claim], answer_text: str) -> str | None:
    numbers = re.findall(r"\d+(?:\.\d+)?(?=\s*(?:degrees|°|度))", answer_text)
    sizes = [claim.number for claim in keys if claim.kind in _IN_DEGREES and claim.number is not None]
    if len(numbers) != 1 or len(keys) != 1 or not sizes or abs(float(numbers[0]) - sizes[0]) <= _ROUNDING_DEG:
        return None
    return f"the answer says “{answer_text}”, but it is concluded from “{keys[0].text}”"
