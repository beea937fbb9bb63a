"""The rules by which a text concludes a camera movement from what the images show.

A rule applies to a scene if its premises and its conclusion are true there. A movement may have several arguments in
one scene and none in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from viewpoint100k.questions.reasoning.observe import Fact, Facts

__all__ = ["ARGUMENTS", "CONCLUDED", "SHOWN_BY", "Argument", "Rule", "arguments_for"]


@dataclass(frozen=True)
class Rule:
    """Premises, and the sign of the conclusion that follows from them."""

    premises: tuple[str, ...]
    """Their keys in the facts."""
    gives: Callable[..., int | None]
    """Takes the facts of the premises in their order. Returns the sign of the conclusion; None if nothing follows."""
    any_sign: bool = False
    """True if the sign of the conclusion does not depend on the signs of the premises."""


@dataclass(frozen=True)
class Argument:
    """A rule applied to a scene."""

    premises: tuple[Fact, ...]
    conclusion: Fact
    contrast: bool = False
    """True if the last premise is a surprise after the one before it, so that "but" joins them."""


def _same(fact: Fact, *_: Fact) -> int:
    return fact.sign


def _opposite(fact: Fact, *_: Fact) -> int:
    return -fact.sign


def _both(flank: Fact, parallax: Fact) -> int | None:
    return flank.sign if flank.sign == -parallax.sign else None


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _turned_against(kept: Fact, place: Fact) -> int | None:
    """The turn that moved the object from its expected place in the frame to its real place."""
    reach = 2 if kept.value.startswith("out_") else 1
    away = reach * kept.sign - place.sign
    return None if not away and place.sign else _sign(away)  # If both are on the same side, the distances are unknown.


def _only_if_none(last: int) -> Callable[..., int | None]:
    """A rule that gives the opposite sign of the premise at ``last``, if the first premise is "none"."""

    def gives(*facts: Fact) -> int | None:
        return -facts[last].sign if facts[0].sign == 0 else None

    return gives


def _carried_along(moved: Fact, shift: Fact) -> int | None:
    """A move alone shifts the object the other way in the frame. If it stays or goes along, the camera turned."""
    return None if shift.sign == -moved.sign != 0 else -moved.sign if moved.sign else -shift.sign


def _seen_from_one_side(faces: Fact, shift: Fact) -> int | None:
    return -shift.sign if faces.value == "same" else None


def _higher_and_shifted(top: Fact, shift: Fact) -> int | None:
    """The camera tilts down if it sees more of the top, or if the object moved up in the frame."""
    signs = {top.sign, shift.sign} - {0}
    return None if len(signs) > 1 else -int(sum(signs))


def _nearer(scale: Fact, lens: Fact) -> int | None:
    """With the same lens, the scale decides. Otherwise the lens must not explain the change of scale."""
    if lens.sign == 0:
        return -scale.sign
    return lens.sign if scale.sign != lens.sign else None


def _last_if_little_turned(flank: Fact, *others: Fact) -> int | None:
    """The sign of the last premise, if the camera sees nearly the same side. Premises between must be "none"."""
    little = flank.sign == 0 or flank.value.startswith("little_")
    return others[-1].sign if little and not any(fact.sign for fact in others[:-1]) else None


def _from_above_or_below(before: Fact, after: Fact) -> int | None:
    """Both facts are about looking down. A camera that looks down is above the object."""
    return _sign(_above(after) - _above(before)) or None


def _above(fact: Fact) -> int:
    return {"down": 1, "up": -1}.get(fact.value, 0)


def _past_an_end(faces: Fact, flank: Fact) -> int | None:
    """In front of the object, the camera's right is the object's left. Behind it, the two sides are the same."""
    return {"front": -flank.sign, "back": flank.sign}.get(faces.value)


def _all_none(*facts: Fact) -> int | None:
    return 0 if not any(fact.sign for fact in facts) else None


def _ahead(faces: Fact, scale: Fact) -> int | None:
    return scale.sign if faces.value == "same" else None


def _on_own_side(faces: Fact) -> int | None:
    return faces.sign or None


def _level_in_both(before: Fact, after: Fact) -> int | None:
    return 0 if before.value == after.value == "none" else None


def _same_angle_from_elsewhere(top: Fact, looks: Fact, distance: Fact) -> int | None:
    """At the same angle above the object, a camera that is farther away is higher. Below the object it is lower."""
    return _above(looks) * distance.sign if top.sign == 0 else None


def _across(before: Fact, after: Fact) -> int | None:
    """The movement from one of the object's own sides to another."""
    return _sign(_own_right(after) - _own_right(before)) or None


def _own_right(faces: Fact) -> int:
    """3 if the camera sees the object's own right, -3 for its left, 0 for its ends, 2 or -2 for two sides at once."""
    return faces.sign * (2 if faces.kind == "faces_two" else 3)


def _alongside(flank: Fact) -> int | None:
    """A camera that sees the flank head-on has moved forwards as far as the object."""
    return 1 if flank.value.startswith("far_") else None


def _stayed(faces: Fact, scale: Fact) -> int | None:
    return 1 if faces.value == "same" and scale.sign == 0 else None


def _went(faces: Fact) -> int | None:
    return -1 if faces.value == "different" else None


def _clearly(fact: Fact) -> int | None:
    return fact.sign or None


def _turned(*facts: Fact) -> int | None:
    return -1 if any(fact.sign for fact in facts) else None


def _not_turned(*facts: Fact) -> int | None:
    return None if any(fact.sign for fact in facts) else 1


ARGUMENTS: Mapping[str, tuple[Rule, ...]] = {
    "moved_x": (
        Rule(("flank_x",), _same),
        Rule(("parallax",), _opposite),
        Rule(("flank_x", "parallax"), _both),
        Rule(("background_x", "shift_x"), _only_if_none(1)),
    ),
    "moved_y": (Rule(("flank_y",), _same), Rule(("background_y", "shift_y"), _only_if_none(1))),
    "moved_z": (
        Rule(("same_faces", "scale"), _ahead),
        Rule(("flank_x",), _alongside),
        Rule(("flank_x", "lens", "scale"), _last_if_little_turned),
    ),
    "height": (
        Rule(("top",), lambda top: top.sign or None),
        Rule(("top", "scale"), _all_none),
        Rule(("looks_down1", "looks_down2"), _from_above_or_below),
        Rule(("looks_down1", "looks_down2"), _level_in_both),
        Rule(("top", "looks_down2", "distance"), _same_angle_from_elsewhere),
        Rule(("flank_x", "flank_y"), _last_if_little_turned),
    ),
    "distance": (Rule(("scale", "lens"), _nearer),),
    "beyond_x": (Rule(("moved_x",), _same, any_sign=True),),
    "beyond_y": (Rule(("moved_y",), _same, any_sign=True), Rule(("height",), _same, any_sign=True)),
    "kept_x": (Rule(("moved_x",), _opposite),),
    "kept_y": (Rule(("moved_y",), _opposite), Rule(("height",), _opposite)),
    "yaw": (
        Rule(("background_x",), _opposite),
        Rule(("kept_x", "place_x2"), _turned_against),
        Rule(("beyond_x",), _opposite),
        Rule(("moved_x", "shift_x"), _carried_along),
        Rule(("same_faces", "shift_x"), _seen_from_one_side),
    ),
    "pitch": (
        Rule(("background_y",), _opposite),
        Rule(("kept_y", "place_y2"), _turned_against),
        Rule(("same_faces", "shift_y"), _seen_from_one_side),
        Rule(("beyond_y",), _opposite),
        Rule(("moved_y", "shift_y"), _carried_along),
    ),
    "tilt": (
        Rule(("top", "shift_y"), _higher_and_shifted),
        Rule(("kept_y", "place_y2"), _turned_against),
        Rule(("beyond_y",), _opposite),
        Rule(("height", "shift_y"), _carried_along),
        Rule(("background_y",), _opposite),
        Rule(("same_faces", "shift_y"), _seen_from_one_side),
    ),
    "roll": (Rule(("lean",), _opposite),),
    "bank": (Rule(("horizon",), _opposite),),
    "azimuth": (
        Rule(("flank_x",), _same),
        Rule(("parallax",), _opposite),
        Rule(("object_side",), _opposite),
        Rule(("moved_x",), _clearly),
    ),
    "elevation": (
        Rule(("top",), _same),
        Rule(("looks_down1", "looks_down2"), _from_above_or_below),
        Rule(("flank_x", "flank_y"), _last_if_little_turned),
    ),
    "object_side": (
        Rule(("flank_x", "frame_swap"), _opposite),
        Rule(("moved_x", "frame_swap"), _opposite),
        Rule(("parallax", "frame_swap"), _same),
    ),
    "front_side": (Rule(("faces2",), _on_own_side), Rule(("faces_two2",), _on_own_side)),
    "own_side": (
        Rule(("faces1", "flank_x"), _past_an_end),
        *(Rule((one, other), _across) for one in ("faces1", "faces_two1") for other in ("faces2", "faces_two2")),
    ),
    "place": (
        Rule(("same_faces", "scale"), _stayed),
        Rule(("same_faces",), _went),
        Rule(("moved_x",), _turned),
        Rule(("height",), _turned),
        Rule(("distance",), _turned),
    ),
    "direction": (
        Rule(("background_x",), _turned),
        Rule(("lean",), _turned),
        Rule(("background_y",), _turned),
        Rule(("background_x", "background_y", "lean"), _not_turned),
        Rule(("yaw",), _turned),
        Rule(("tilt",), _turned),
        Rule(("yaw", "tilt", "lean"), _not_turned),
    ),
}
"""By kind of conclusion. A place or direction has the sign 1 if it is kept, else -1."""

SHOWN_BY: Mapping[str, tuple[str, int]] = {
    "moved_x": ("flank_x", 1),
    "azimuth": ("flank_x", 1),
    "object_side": ("flank_x", -1),
    "height": ("top", 1),
    "distance": ("scale", -1),
    "bank": ("horizon", -1),
}
"""By kind of conclusion: the observation that another movement would have changed, and its sign relative to the sign of
the conclusion."""

CONCLUDED = frozenset(ARGUMENTS)
"""Kinds that the images do not show directly. They need an argument."""


def arguments_for(conclusion: Fact, facts: Facts) -> Iterator[Argument]:
    """Every argument that leads to ``conclusion`` in this scene."""
    for rule in ARGUMENTS.get(conclusion.kind, ()):
        premises = tuple(facts[key] for key in rule.premises if key in facts)
        if len(premises) < len(rule.premises):
            continue
        if rule.any_sign or rule.gives(*premises) == _conclusion_sign(conclusion):
            yield Argument(premises, conclusion, len(premises) == 2 and _contrasts(*premises))


def _contrasts(first: Fact, second: Fact) -> bool:
    """True if the second premise is a surprise after the first: the object is not where it was expected, or little
    turned to one side, but something turned up or down."""
    if first.kind == "flank_x" and second.kind == "flank_y":
        return bool(first.sign or second.sign)
    return first.kind.startswith("kept") and first.sign != second.sign


def _conclusion_sign(fact: Fact) -> int:
    if fact.kind in ("place", "direction"):
        return 1 if fact.value == "kept" else -1
    return fact.sign
