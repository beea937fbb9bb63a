"""What follows from what: how each movement of the camera is argued from what the images show.

An argument is only made where both its ends are true and it holds, so a movement may have several in one scene and
none in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from viewpoint100k.questions.reasoning.observe import Fact, Facts

__all__ = ["ARGUMENTS", "Argument", "Rule", "arguments_for"]


@dataclass(frozen=True)
class Rule:
    """Premises, by their keys in the facts, and the sign of the conclusion that they give (None: they give none)."""

    premises: tuple[str, ...]
    gives: Callable[..., int | None]
    """Takes the premises' facts in their order."""


@dataclass(frozen=True)
class Argument:
    """One rule as it applies to a scene."""

    premises: tuple[Fact, ...]
    conclusion: Fact
    contrast: bool = False
    """Whether the last premise is other than the one before it would make one expect."""


def _same(fact: Fact, *_: Fact) -> int:
    return fact.sign


def _opposite(fact: Fact, *_: Fact) -> int:
    return -fact.sign


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _turned_against(kept: Fact, place: Fact) -> int | None:
    """The turn that took the object from where it would have been to where it is."""
    reach = 2 if kept.value.startswith("out_") else 1
    return _sign(reach * kept.sign - place.sign)


def _only_if_none(last: int) -> Callable[..., int | None]:
    """A rule whose first premise must say "none" for the one at ``last`` to count, with its sign turned."""

    def gives(*facts: Fact) -> int | None:
        return -facts[last].sign if facts[0].sign == 0 else None

    return gives


def _seen_from_one_side(faces: Fact, shift: Fact) -> int | None:
    return -shift.sign if faces.value == "same" else None


def _higher_and_shifted(top: Fact, shift: Fact) -> int | None:
    """From higher up the axis has to point lower; so it has where the object has gone up in the frame."""
    signs = {top.sign, shift.sign} - {0}
    return None if len(signs) > 1 else -int(sum(signs))


def _nearer(scale: Fact, lens: Fact) -> int | None:
    """Of the same lens the scale tells alone; another lens must not be what has changed the scale."""
    if lens.sign == 0:
        return -scale.sign
    return lens.sign if scale.sign != lens.sign else None


def _last_if_little_turned(flank: Fact, *others: Fact) -> int | None:
    """Seen from nearly the same side, the last premise tells; any between have to say that there is none."""
    little = flank.sign == 0 or flank.value.startswith("little_")
    return others[-1].sign if little and not any(fact.sign for fact in others[:-1]) else None


def _from_above_or_below(before: Fact, after: Fact) -> int | None:
    """Both about looking down, whose sign is that of the camera's height over the object."""
    return _sign(_above(after) - _above(before)) or None


def _above(fact: Fact) -> int:
    return {"down": 1, "up": -1}.get(fact.value, 0)


def _past_an_end(faces: Fact, flank: Fact) -> int | None:
    """Before the object's front the camera's right is the object's left; behind its back they are one."""
    return {"front": -flank.sign, "back": flank.sign}.get(faces.value)


def _all_none(*facts: Fact) -> int | None:
    return 0 if not any(fact.sign for fact in facts) else None


def _ahead(faces: Fact, scale: Fact) -> int | None:
    return scale.sign if faces.value == "same" else None


def _on_own_side(faces: Fact) -> int | None:
    return faces.sign or None


def _from_an_end(before: Fact, after: Fact) -> int | None:
    return after.sign or None if before.value in ("front", "back") else None


def _alongside(flank: Fact) -> int | None:
    """Who sees the flank head-on has come as far forwards as the object is."""
    return 1 if flank.value.startswith("far_") else None


def _stayed(faces: Fact, scale: Fact) -> int | None:
    return 1 if faces.value == "same" and scale.sign == 0 else None


def _went(faces: Fact) -> int | None:
    return -1 if faces.value == "different" else None


def _turned(*facts: Fact) -> int | None:
    return -1 if any(fact.sign for fact in facts) else None


def _not_turned(*facts: Fact) -> int | None:
    return None if any(fact.sign for fact in facts) else 1


ARGUMENTS: Mapping[str, tuple[Rule, ...]] = {
    "moved_x": (
        Rule(("flank_x",), _same),
        Rule(("parallax",), _opposite),
        Rule(("flank_x", "parallax"), _same),
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
        Rule(("flank_x", "flank_y"), _last_if_little_turned),
    ),
    "distance": (Rule(("scale", "lens"), _nearer),),
    "yaw": (
        Rule(("background_x",), _opposite),
        Rule(("kept_x", "place_x2"), _turned_against),
        Rule(("same_faces", "shift_x"), _seen_from_one_side),
    ),
    "pitch": (
        Rule(("background_y",), _opposite),
        Rule(("kept_y", "place_y2"), _turned_against),
        Rule(("same_faces", "shift_y"), _seen_from_one_side),
    ),
    "tilt": (
        Rule(("top", "shift_y"), _higher_and_shifted),
        Rule(("background_y",), _opposite),
        Rule(("same_faces", "shift_y"), _seen_from_one_side),
    ),
    "roll": (Rule(("lean",), _opposite),),
    "bank": (Rule(("horizon",), _opposite),),
    "azimuth": (Rule(("flank_x",), _same), Rule(("parallax",), _opposite), Rule(("object_side",), _opposite)),
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
        Rule(("faces1", "faces2"), _from_an_end),
        Rule(("faces1", "faces_two2"), _from_an_end),
    ),
    "place": (
        Rule(("same_faces", "scale"), _stayed),
        Rule(("same_faces",), _went),
    ),
    "direction": (
        Rule(("background_x",), _turned),
        Rule(("lean",), _turned),
        Rule(("background_y",), _turned),
        Rule(("background_x", "background_y", "lean"), _not_turned),
    ),
}
"""By kind of conclusion. The sign of a place or a direction that is kept is 1, of one that is not -1."""


def arguments_for(conclusion: Fact, facts: Facts) -> Iterator[Argument]:
    """Every argument that leads to ``conclusion`` in this scene."""
    for rule in ARGUMENTS.get(conclusion.kind, ()):
        premises = tuple(facts[key] for key in rule.premises if key in facts)
        if len(premises) == len(rule.premises) and rule.gives(*premises) == _conclusion_sign(conclusion):
            contrast = premises[0].kind.startswith(("kept", "same_faces")) and len(premises) == 2
            yield Argument(premises, conclusion, contrast and premises[-1].sign != premises[0].sign)


def _conclusion_sign(fact: Fact) -> int:
    if fact.kind in ("place", "direction"):
        return 1 if fact.value == "kept" else -1
    return fact.sign
