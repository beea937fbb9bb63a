"""Checks that every sentence of a reasoning text is used, and that every conclusion has a reason.

This is part of the checker. A text may state what the images show. It must conclude what the camera did from an earlier
statement, and mark the conclusion with a word such as "so". A later statement or the answer must use each statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from viewpoint100k.questions.reasoning.claim import ANSWER, Claim
from viewpoint100k.questions.reasoning.inference import supports

__all__ = ["CONCLUDED", "Structure", "structure_of"]

_MOVEMENTS = (
    *("moved_x", "moved_y", "moved_z", "height", "distance", "yaw", "tilt", "pitch", "roll", "bank", "azimuth"),
    *("elevation", "object_side", "front_side", "own_side", "place", "direction"),
)
_IMAGINED = ("kept_x", "kept_y", "beyond_x", "beyond_y")
"""Where the object would be after a move without a turn. This follows from the move, in any wording."""

CONCLUDED = frozenset((*_MOVEMENTS, *_IMAGINED))
"""Kinds that the images do not show directly."""

_ANSWERS_ALONE = frozenset(("around", "faces", "faces_two", "looks_down", "front_side"))
"""Kinds that the images show and that a question may ask for."""


@dataclass(frozen=True)
class Structure:
    """The problems in the structure of a text."""

    missing: tuple[Claim, ...]
    """Claims that need a reason and have none."""
    unused: tuple[Claim, ...]
    """Claims that no later claim uses."""


def structure_of(claims: Sequence[Claim]) -> Structure:
    """The structure of one text. ``claims`` are in the order of the text."""
    said = [claim for claim in claims if claim.checkable]
    used: set[int] = set()
    founded: set[tuple[str, int, str]] = set()
    missing, again = [], set[int]()
    for place, claim in enumerate(said):
        if claim.kind == ANSWER:
            used.update(_of_answer(said, place))
            continue
        held = (*claim.because, *said[:place]) if claim.kind in _IMAGINED else claim.because
        names = supports(claim, held)
        used.update(_latest(said[:place], _in_sentence(said, place, claim), names))
        earlier = [other for other in range(place) if _what(said[other]) == _what(claim)]
        used.update(earlier)
        concluded = claim.kind in CONCLUDED or claim.kind.startswith("not_")
        if concluded and _what(claim) in founded:
            again.add(place)  # A repetition, as in the summary of a path.
        elif concluded and not names:
            missing.append(claim)
        founded.add(_what(claim))
    unused = [claim for place, claim in enumerate(said) if place not in used | again and _has_to_serve(claim)]
    return Structure(tuple(missing), tuple(unused))


def _what(claim: Claim) -> tuple[str, int, str]:
    """The content of a claim without its number. A factor of the distance becomes closer or farther."""
    if claim.value == "times" and claim.number is not None:
        return claim.kind, claim.image, "closer" if claim.number < 1 else "farther"
    return claim.kind, claim.image, claim.value


def _has_to_serve(claim: Claim) -> bool:
    return claim.kind not in (ANSWER, "final_answer", "format")


def _in_sentence(said: Sequence[Claim], place: int, claim: Claim) -> Sequence[int]:
    """Premises that stand after the claim in the same sentence, behind "because"."""
    return [other for other in range(place + 1, len(said)) if said[other] in claim.because]


def _latest(before: Sequence[Claim], after: Iterable[int], names: frozenset[str]) -> set[int]:
    """The last claim of each name."""
    found = {}
    for place, claim in enumerate(before):
        key = _name(claim)
        if key in names or f"{key}:{claim.value}" in names:
            found[f"{key}:{claim.value}" if f"{key}:{claim.value}" in names else key] = place
    return {*found.values(), *after}


def _name(claim: Claim) -> str:
    return f"{claim.kind}{claim.image}" if claim.image else claim.kind


def _of_answer(said: Sequence[Claim], place: int) -> Iterable[int]:
    """The claims that the answer uses: its premises, or else the movements before it; views that answer the question
    directly; and excluded answers. Of premises that are argued, it uses the conclusions alone."""
    answer = said[place]
    premises = [claim for claim in answer.because if claim.because] or answer.because
    for other in range(place):
        claim = said[other]
        if claim in premises or claim.kind in _ANSWERS_ALONE or claim.kind.startswith("not_"):
            yield other
    if not answer.because:
        yield from (other for other in range(place) if said[other].kind in _MOVEMENTS)
