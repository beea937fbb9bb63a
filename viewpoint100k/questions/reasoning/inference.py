"""The checker's rules for when one claim follows from others, by the meaning of their words.

Another module checks that the claims are true. This module checks whether the text may join them with "so".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from viewpoint100k.questions.reasoning.claim import Claim

__all__ = ["follows", "sign_of", "supports"]

_POSITIVE = ("right", "up", "larger", "narrower", "farther", "more", "clockwise", "forwards")
_NEGATIVE = ("left", "down", "smaller", "wider", "closer", "less", "counterclockwise", "backwards")
_GOES_LEFT_CLOCKWISE = ("azimuth", "around")
"""Clockwise around an object, as seen from above, is to the left for someone who faces the object."""

Signs = Mapping[str, int]
"""Signs of premises, by name."""


def sign_of(claim: Claim) -> int:
    """1 for right, up, larger and similar words, -1 for their opposites, 0 for "none".

    An imagined or excluded movement has the sign of that movement.
    """
    if claim.value == "times" and claim.number is not None:
        return (claim.number > 1) - (claim.number < 1)
    word = claim.value.split("_")[-1]
    sign = (word in _POSITIVE) - (word in _NEGATIVE)
    return -sign if claim.kind.removeprefix("if_").removeprefix("not_") in _GOES_LEFT_CLOCKWISE else sign


def follows(claim: Claim) -> bool:
    """True if ``claim`` follows from some of its premises."""
    return bool(supports(claim, claim.because))


def supports(claim: Claim, because: Sequence[Claim]) -> frozenset[str]:
    """Names of the premises in ``because`` from which ``claim`` follows; empty if it does not follow.

    The name of a premise is its kind and image, such as ``place_x2``. If it excludes a value, the value follows.
    """
    held = {_name(premise): premise for premise in because}
    if claim.kind in ("place", "direction"):
        return _kept_or_not(claim, held)
    if claim.kind == "front_side":
        faces = [name for name in ("faces2", "faces_two2") if name in held]
        return frozenset(name for name in faces if sign_of(held[name]) == sign_of(claim) != 0)
    if claim.kind.startswith("not_"):
        return _ruled_out(claim, because, held)
    signs = _signs(held)
    used = _all_others_ruled_out(claim, because)
    for names, gives in _WAYS.get(claim.kind, ()):
        if all(name in signs for name in names) and gives([signs[name] for name in names], sign_of(claim)):
            used |= {source for name in names for source in _SOURCES.get(name, (name,))}
    return frozenset(used)


def _signs(held: Mapping[str, Claim]) -> dict[str, int]:
    """The signs of premises, and of combinations of premises."""
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
    for axis in "xy":
        if f"kept_{axis}" in held and (place := f"place_{axis}2") in held:
            brought = _brought(held[f"kept_{axis}"], signs[place])
            if brought or not signs[place]:
                signs[f"brought_{axis}"] = brought
    one, other = (next((held[n] for n in (f"faces{i}", f"faces_two{i}") if n in held), None) for i in (1, 2))
    if one is not None and other is not None:
        signs["went_across"] = (_own_side(other) > _own_side(one)) - (_own_side(other) < _own_side(one))
    if {"top", "looks_down2", "distance"} <= set(held) and not signs["top"]:
        signs["same_angle"] = {"down": 1, "up": -1}.get(held["looks_down2"].value, 0) * signs["distance"]
    if [held[name].value for name in ("looks_down1", "looks_down2") if name in held] == ["none", "none"]:
        signs["level_in_both"] = 0
    if "same_faces" in held and held["same_faces"].value != "same":
        signs.pop("same_faces")
    return signs


_SOURCES: Mapping[str, tuple[str, ...]] = {
    "head_on": ("flank_x",),
    "little_turned": ("flank_x",),
    "came_higher": ("looks_down1", "looks_down2"),
    "in_spite_of_lens": ("lens", "scale"),
    "past_an_end": ("flank_x", "faces1"),
    "went_across": ("faces1", "faces2", "faces_two1", "faces_two2"),
    "same_angle": ("top", "looks_down2", "distance"),
    "level_in_both": ("looks_down1", "looks_down2"),
    "brought_x": ("kept_x", "place_x2"),
    "brought_y": ("kept_y", "place_y2"),
}
"""The premises of each combination."""

_SHOWN_BY: Mapping[str, tuple[str, int]] = {
    "moved_x": ("flank_x", 1),
    "azimuth": ("flank_x", 1),
    "object_side": ("flank_x", -1),
    "height": ("top", 1),
    "distance": ("scale", -1),
    "bank": ("horizon", -1),
}
"""The observation that each kind of movement changes, and its sign relative to the movement."""


def _ruled_out(claim: Claim, because: Sequence[Claim], held: Mapping[str, Claim]) -> frozenset[str]:
    """A movement is excluded if the text states what it would have shown, and the images show something else."""
    kind = claim.kind.removeprefix("not_")
    shown, factor = _SHOWN_BY[kind]
    imagined = any(premise.kind == f"if_{kind}" and premise.value == claim.value for premise in because)
    if not imagined or shown not in held or sign_of(held[shown]) == factor * sign_of(claim):
        return frozenset()
    if kind == "distance" and ("lens" not in held or sign_of(held["lens"])):
        return frozenset()  # A change of lens also changes the scale.
    return frozenset((f"if_{kind}:{claim.value}", shown, *(["lens"] if kind == "distance" else [])))


def _all_others_ruled_out(claim: Claim, because: Sequence[Claim]) -> set[str]:
    """The premises that exclude two of left, right and none, so that the third remains."""
    denied = {sign_of(premise): premise for premise in because if premise.kind == f"not_{claim.kind}"}
    if len(denied) != 2 or sign_of(claim) in denied:
        return set()
    return {f"{premise.kind}:{premise.value}" for premise in denied.values()}


def _name(premise: Claim) -> str:
    return f"{premise.kind}{premise.image}" if premise.image else premise.kind


def _own_side(faces: Claim) -> int:
    """Positive if the object's own right is visible, negative for its left. Larger if no other side is visible."""
    return sign_of(faces) * (2 if faces.kind == "faces_two" else 3)


def _brought(kept: Claim, place: int) -> int:
    """The direction in which the turn moved the object in the frame. It is opposite to the turn."""
    away = 2 * sign_of(kept) if kept.value.startswith("out_") else sign_of(kept)
    return (place > away) - (place < away)


def _along(signs: Sequence[int], conclusion: int) -> bool:
    return signs[0] == conclusion


def _against(signs: Sequence[int], conclusion: int) -> bool:
    return signs[0] == -conclusion


def _last_against(signs: Sequence[int], conclusion: int) -> bool:
    """The premises before the last one exclude other causes. They must be "none"."""
    return not any(signs[:-1]) and signs[-1] == -conclusion


def _last_along(signs: Sequence[int], conclusion: int) -> bool:
    return not any(signs[:-1]) and signs[-1] == conclusion


def _nothing(signs: Sequence[int], conclusion: int) -> bool:
    return conclusion == 0 and not any(signs)


def _either_against(signs: Sequence[int], conclusion: int) -> bool:
    """Both premises point the same way, or one of them is "none"."""
    return min(signs) * max(signs) >= 0 and (int(sum(signs)) > 0) - (int(sum(signs)) < 0) == -conclusion


def _carried(signs: Sequence[int], conclusion: int) -> bool:
    """A move without a turn shifts the object to the other side of the frame. The object did not shift that way."""
    moved, shifted = signs
    return shifted != -moved and conclusion == -moved if moved else conclusion == -shifted


def _clear_along(signs: Sequence[int], conclusion: int) -> bool:
    return signs[0] == conclusion != 0


def _whatever(_: Sequence[int], __: int) -> bool:
    return True


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
        (("same_angle",), _along),
        (("level_in_both",), _along),
        (("little_turned", "flank_y"), _last_along),
    ),
    "distance": ((("lens", "scale"), _last_against), (("in_spite_of_lens",), _clear_along)),
    "beyond_x": ((("moved_x",), _whatever),),
    "beyond_y": ((("moved_y",), _whatever), (("height",), _whatever)),
    "kept_x": ((("moved_x",), _against),),
    "kept_y": ((("moved_y",), _against), (("height",), _against)),
    "yaw": (
        (("moved_x", "shift_x"), _carried),
        (("background_x",), _against),
        (("brought_x",), _against),
        (("beyond_x",), _against),
        (("same_faces", "shift_x"), _last_against),
    ),
    "pitch": (
        (("moved_y", "shift_y"), _carried),
        (("beyond_y",), _against),
        (("background_y",), _against),
        (("brought_y",), _against),
        (("same_faces", "shift_y"), _last_against),
    ),
    "tilt": (
        (("same_faces", "shift_y"), _last_against),
        (("top", "shift_y"), _either_against),
        (("brought_y",), _against),
        (("beyond_y",), _against),
        (("height", "shift_y"), _carried),
        (("background_y",), _against),
    ),
    "roll": ((("lean",), _against),),
    "bank": ((("horizon",), _against),),
    "azimuth": (
        (("flank_x",), _along),
        (("parallax",), _against),
        (("object_side",), _against),
        (("moved_x",), _clear_along),
    ),
    "elevation": (
        (("top",), _along),
        (("came_higher",), _clear_along),
        (("little_turned", "flank_y"), _last_along),
    ),
    "own_side": (
        (("past_an_end",), _along),
        (("went_across",), _clear_along),
    ),
    "object_side": (
        (("flank_x", "frame_swap"), _against),
        (("moved_x", "frame_swap"), _against),
        (("parallax", "frame_swap"), _along),
    ),
}
"""By kind of conclusion: the possible premises, and the relation between their signs and its own."""


def _kept_or_not(claim: Claim, held: Mapping[str, Claim]) -> frozenset[str]:
    faces, scale = held.get("same_faces"), held.get("scale")
    moves = [name for name in ("moved_x", "height", "distance") if name in held and sign_of(held[name])]
    if claim.kind == "place" and claim.value == "left":
        return frozenset([*(["same_faces"] if faces is not None and faces.value == "different" else []), *moves])
    if claim.kind == "place":
        kept = faces is not None and faces.value == "same" and scale is not None and scale.value == "none"
        return frozenset(("same_faces", "scale") if kept else ())
    seen = {name: held[name].value for name in ("background_x", "background_y", "lean", "yaw", "tilt") if name in held}
    if claim.value == "changed":
        return frozenset(name for name, value in seen.items() if value != "none")
    still = {name for name, value in seen.items() if value == "none"}
    whole = [three for three in _ALL_TURNS if still >= three] if still == set(seen) else []
    return frozenset().union(*whole)


_ALL_TURNS = (frozenset(("background_x", "background_y", "lean")), frozenset(("yaw", "tilt", "lean")))
"""If none of the three changed, the camera did not rotate."""
