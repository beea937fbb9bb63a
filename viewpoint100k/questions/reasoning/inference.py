"""When one claim may be said to follow from others, restated for the checker by the meaning of their words.

That both are true is checked elsewhere; here it is whether the text may put a "so" between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from viewpoint100k.questions.reasoning.claim import Claim

__all__ = ["follows", "sign_of"]

_POSITIVE = ("right", "up", "larger", "narrower", "farther", "more", "clockwise", "forwards")
_NEGATIVE = ("left", "down", "smaller", "wider", "closer", "less", "counterclockwise", "backwards")
_GOES_LEFT_CLOCKWISE = ("azimuth", "around")
"""Seen from above, clockwise around an object is to the left for someone who faces it."""

Signs = Mapping[str, int]
"""Of the premises, by kind."""


def sign_of(claim: Claim) -> int:
    """1 for right, up, larger and the like, -1 for their opposites, 0 where the claim says that there is none."""
    if claim.value == "times" and claim.number is not None:
        return (claim.number > 1) - (claim.number < 1)
    word = claim.value.split("_")[-1]
    sign = (word in _POSITIVE) - (word in _NEGATIVE)
    return -sign if claim.kind in _GOES_LEFT_CLOCKWISE else sign


def follows(claim: Claim) -> bool:
    """Whether ``claim`` follows from some of its premises."""
    held = {_name(premise): premise for premise in claim.because}
    if claim.kind in ("place", "direction"):
        return _kept_or_not(claim, held)
    if claim.kind == "front_side":
        return any(sign_of(held[name]) == sign_of(claim) != 0 for name in ("faces2", "faces_two2") if name in held)
    signs = {name: sign_of(premise) for name, premise in held.items()}
    if "flank_x" in held and held["flank_x"].value.startswith("far_"):
        signs["head_on"] = 1
    if "flank_x" in held and (signs["flank_x"] == 0 or held["flank_x"].value.startswith("little_")):
        signs["little_turned"] = 0
    if "looks_down1" in held and "looks_down2" in held:
        heights = [{"up": -1, "none": 0, "down": 1}[held[name].value] for name in ("looks_down1", "looks_down2")]
        signs["came_higher"] = (heights[1] > heights[0]) - (heights[1] < heights[0])
    if {"lens", "scale"} <= set(held) and signs["lens"] and signs["lens"] != signs["scale"]:
        signs["in_spite_of_lens"] = signs["lens"]
    if "flank_x" in held and "faces1" in held and held["faces1"].value in ("front", "back"):
        signs["past_an_end"] = signs["flank_x"] * (1 if held["faces1"].value == "back" else -1)
    if "faces1" in held and held["faces1"].value in ("front", "back"):
        signs["from_an_end"] = 0
    if "kept_x" in held and "place_x2" in held:
        signs["brought_x"] = _brought(held["kept_x"], signs["place_x2"])
    if "kept_y" in held and "place_y2" in held:
        signs["brought_y"] = _brought(held["kept_y"], signs["place_y2"])
    if "same_faces" in held and held["same_faces"].value != "same":
        signs.pop("same_faces")
    return any(
        all(name in signs for name in names) and gives([signs[name] for name in names], sign_of(claim))
        for names, gives in _WAYS.get(claim.kind, ())
    )


def _name(premise: Claim) -> str:
    return f"{premise.kind}{premise.image}" if premise.image else premise.kind


def _brought(kept: Claim, place: int) -> int:
    """The way in which turning has taken the object across the frame, against the direction of the turn."""
    away = 2 * sign_of(kept) if kept.value.startswith("out_") else sign_of(kept)
    return (place > away) - (place < away)


def _along(signs: Sequence[int], conclusion: int) -> bool:
    return signs[0] == conclusion


def _against(signs: Sequence[int], conclusion: int) -> bool:
    return signs[0] == -conclusion


def _last_against(signs: Sequence[int], conclusion: int) -> bool:
    """The premises before the last rule other causes out: they must say that there is none."""
    return not any(signs[:-1]) and signs[-1] == -conclusion


def _last_along(signs: Sequence[int], conclusion: int) -> bool:
    return not any(signs[:-1]) and signs[-1] == conclusion


def _nothing(signs: Sequence[int], conclusion: int) -> bool:
    return conclusion == 0 and not any(signs)


def _either_against(signs: Sequence[int], conclusion: int) -> bool:
    """Both premises work the same way, or one of them not at all."""
    return min(signs) * max(signs) >= 0 and (int(sum(signs)) > 0) - (int(sum(signs)) < 0) == -conclusion


def _clear_along(signs: Sequence[int], conclusion: int) -> bool:
    return signs[0] == conclusion != 0


def _clear_last(signs: Sequence[int], conclusion: int) -> bool:
    return signs[-1] == conclusion != 0


_Way = tuple[tuple[str, ...], Callable[[Sequence[int], int], bool]]

_WAYS: Mapping[str, tuple[_Way, ...]] = {
    "moved_x": (
        (("flank_x",), _along),
        (("parallax",), _against),
        (("background_x", "shift_x"), _last_against),
    ),
    "moved_y": ((("flank_y",), _along), (("background_y", "shift_y"), _last_against)),
    "moved_z": (
        (("same_faces", "scale"), _last_along),
        (("head_on",), _clear_along),
        (("little_turned", "lens", "scale"), _last_along),
    ),
    "height": (
        (("top",), _clear_along),
        (("top", "scale"), _nothing),
        (("came_higher",), _clear_along),
        (("little_turned", "flank_y"), _last_along),
    ),
    "distance": ((("lens", "scale"), _last_against), (("in_spite_of_lens",), _clear_along)),
    "yaw": ((("background_x",), _against), (("brought_x",), _against), (("same_faces", "shift_x"), _last_against)),
    "pitch": ((("background_y",), _against), (("brought_y",), _against), (("same_faces", "shift_y"), _last_against)),
    "tilt": (
        (("same_faces", "shift_y"), _last_against),
        (("top", "shift_y"), _either_against),
        (("background_y",), _against),
    ),
    "roll": ((("lean",), _against),),
    "bank": ((("horizon",), _against),),
    "azimuth": ((("flank_x",), _along), (("parallax",), _against), (("object_side",), _against)),
    "elevation": (
        (("top",), _along),
        (("came_higher",), _clear_along),
        (("little_turned", "flank_y"), _last_along),
    ),
    "own_side": (
        (("past_an_end",), _along),
        (("from_an_end", "faces2"), _clear_last),
        (("from_an_end", "faces_two2"), _clear_last),
    ),
    "object_side": (
        (("flank_x", "frame_swap"), _against),
        (("moved_x", "frame_swap"), _against),
        (("parallax", "frame_swap"), _along),
    ),
}
"""By kind of conclusion: what it may rest on, and how its sign is tied to theirs."""


def _kept_or_not(claim: Claim, held: Mapping[str, Claim]) -> bool:
    faces, scale = held.get("same_faces"), held.get("scale")
    if claim.kind == "place" and claim.value == "left":
        return faces is not None and faces.value == "different"
    if claim.kind == "place":
        return faces is not None and faces.value == "same" and scale is not None and scale.value == "none"
    seen = [held[name].value for name in ("background_x", "background_y", "lean") if name in held]
    if claim.value == "changed":
        return any(value != "none" for value in seen)
    return seen == ["none"] * 3
