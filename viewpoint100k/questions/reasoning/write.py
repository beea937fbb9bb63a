"""Writes a chain of thought: the images, what changed between them, what that says of each movement, the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from viewpoint100k.questions.reasoning.arguments import Argument, arguments_for
from viewpoint100k.questions.reasoning.observe import (
    Fact,
    Facts,
    ReasoningScene,
    observe,
    observe_single,
    observe_views,
)
from viewpoint100k.questions.reasoning.phrases import phrases
from viewpoint100k.questions.reasoning.speech import Dice, Speech

__all__ = ["NOT_FROM_POSES", "Conclusion", "write"]

_MOST_WORDS = 220
_USUAL_WORDS = (80, 165)
"""Between these a text stops to go on."""
_FEW = 3
"""Where more is asked than this, each part is argued briefly."""
_ARGUED_WORDS = 90
"""Where arguments have taken more, what else is asked is stated."""
_CLOSING_WORDS = 20
_SUMMARY_WORDS = 35
"""Room that is kept."""

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

_SEEN = (
    ("both_x",),
    ("both_y",),
    ("place_x1", "place_x2"),
    ("place_y1", "place_y2"),
    ("shift_x",),
    ("shift_y",),
    ("scale",),
    ("flank_x",),
    ("flank_y",),
    ("parallax",),
    ("top",),
    ("background_x",),
    ("background_y",),
    ("faces1", "faces2"),
    ("faces1",),
    ("faces2",),
    ("faces_two1",),
    ("faces_two2",),
    ("same_faces",),
    ("looks_down1",),
    ("lens",),
    ("horizon",),
)
"""What a text may compare between the images, facts that are told together in one sentence."""

_MOVEMENTS = ("moved_x", "yaw", "distance", "height", "tilt", "azimuth", "elevation", "object_side", "bank", "moved_z")
"""What a text may say of the camera besides what is asked."""

_PLAIN = re.compile(r"abs\(\w+\)|\w+(?:(?:,| |, )\w+)*")
"""A quantity, its size, or several: nothing that could turn a sign."""

_NEIGHBOURS = {
    "tilt": {"pitch"},
    "pitch": {"tilt"},
    "roll": {"bank"},
    "bank": {"roll"},
    "height": {"moved_y"},
    "moved_y": {"height"},
}
"""Movements that sound alike and are measured otherwise: a text about one leaves the other alone."""


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


def write(scene: ReasoningScene, conclusion: Conclusion, rng: np.random.Generator) -> str | None:
    """A chain of thought as ``<think>…</think><answer>…</answer>``, every statement of which holds of ``scene``.

    Two images give 60 to 220 words; a single image or three and more give a shorter text, about which side each was
    taken from. None where poses cannot settle what is asked (`NOT_FROM_POSES`).
    """
    names = re.findall(r"[a-z_]+", conclusion.quantity)
    if NOT_FROM_POSES.intersection(names):
        return None
    speech = Speech(phrases(), Dice(rng), _number(conclusion.answer_text))
    if len(scene.cameras) == 2:
        kinds = list(dict.fromkeys(kind for name in names for kind in _KINDS_OF.get(name, ())))
        thought = _Chain(observe(scene), kinds, conclusion, speech).sentences()
    else:
        thought = _of_views(scene, conclusion, speech)
    return f"<think>{' '.join(thought)}</think><answer>{conclusion.answer}</answer>"


class _Chain:
    """The text about a pair as it is put together: sentences by stage, and what has been said."""

    def __init__(self, facts: Facts, asked: Sequence[str], conclusion: Conclusion, speech: Speech) -> None:
        self._facts = facts
        self._conclusion = conclusion
        self._speech = speech
        self._dice = speech.dice
        found = [facts.get(key) or facts.get(f"slight_{key}") or facts.get(_OTHERWISE.get(key, "")) for key in asked]
        self._asked = [fact for fact in found if fact is not None]
        if "faces1" in asked and len(self._asked) < len(asked):
            self._asked = []  # which of the images is asked about is not known here
        complete = len(self._asked) == len(asked)
        # Of an expression the words for its parts need not be those of the answer.
        self._decide = self._asked if complete and _PLAIN.fullmatch(conclusion.quantity) else []
        self._unsaid = {kind for fact in self._asked for kind in _NEIGHBOURS.get(fact.kind, ())}
        self._said: set[tuple[str, int]] = set()
        self._compared: list[str] = []
        self._moved: list[str] = []
        self._mentioned: list[Fact] = []
        self._words = 0

    def sentences(self) -> list[str]:
        """All stages in their order."""
        opening = self._speech.setting("two")[: 1 if len(self._asked) > _FEW else 2]
        argued: list[str] = []
        for fact in self._asked:
            argued += self._argue(fact, briefly=_count(argued) > _ARGUED_WORDS)
        self._words = _count(opening) + _count(argued) + _CLOSING_WORDS
        self._fill()
        last = self._dice.chance(0.7)
        movements = [*self._moved, *argued] if last else [*argued, *self._moved]
        summary = self._summary()
        # "Therefore" refers to the sentence before it, which must be about what is asked and nothing else.
        led_up_to = last and len(self._decide) == 1 and not summary
        closing = self._closing(() if led_up_to and self._dice.chance(0.6) else self._decide)
        room = _MOST_WORDS - _count([*opening, *movements, *summary, closing])
        while _count(self._compared) > max(room, 0):
            self._compared.pop()
        return [*opening, *self._compared, *movements, *summary, closing]

    def _argue(self, fact: Fact, briefly: bool) -> list[str]:
        """One argument for a fact that is asked for; where none leads there, it is stated from its own side."""
        known = [a for a in arguments_for(fact, self._facts) if not self._repeats(a)]
        self._mentioned.append(fact)
        if len(self._asked) > _FEW and known:
            least = min(len(argument.premises) for argument in known)
            known = [argument for argument in known if len(argument.premises) == least]
        if known and not briefly:
            argument = self._dice.pick(known)
            self._mark(*argument.premises)
            self._mark(fact)
            return self._speech.argued(argument)
        self._mark(fact)
        return [self._speech.stated([fact], self._speech.table.opener_of[fact.kind])]

    def _fill(self) -> None:
        """Comparisons and further movements, until the text is as long as it is to be."""
        low, high = _USUAL_WORDS
        wanted = low + (high - low) * self._dice.uniform()
        facts = self._facts
        groups = [group for group in _SEEN if all(key in facts for key in group)]
        alike = {f"place_{kind[-1]}1" for kind in ("both_x", "both_y") if kind in facts}
        seen = self._dice.shuffled([group for group in groups if group[0] not in alike])
        moved = self._dice.shuffled([facts[key] for key in _MOVEMENTS if key in facts])
        while (seen or moved) and self._words < wanted:
            if moved and (not seen or self._dice.chance(0.4 if self._compared else 0)):
                self._add(self._moved, self._movement(moved.pop()))
            elif seen:
                self._add(self._compared, self._comparison(seen.pop()))
            else:
                break

    def _add(self, stage: list[str], new: list[str]) -> None:
        words = _count(new)
        if self._words + words <= _MOST_WORDS - _SUMMARY_WORDS:
            stage += new
            self._words += words

    def _comparison(self, keys: Sequence[str]) -> list[str]:
        facts = [self._facts[key] for key in keys if (self._facts[key].kind, self._facts[key].image) not in self._said]
        if not facts or self._unsaid & {fact.kind for fact in facts}:
            return []
        self._mark(*facts)
        either = "any" if self._compared else "first"
        opener = self._dice.pick((either, self._speech.table.opener_of[facts[0].kind], None, None))
        return [self._speech.stated(facts, opener)]

    def _movement(self, fact: Fact) -> list[str]:
        if fact.kind in self._unsaid or (fact.kind, fact.image) in self._said:
            return []
        self._mark(fact)
        self._mentioned.append(fact)
        known = [a for a in arguments_for(fact, self._facts) if not self._repeats(a)]
        if known and self._dice.chance(0.5):
            argument = self._dice.pick(known)
            self._mark(*argument.premises)
            return self._speech.argued(argument)
        opener = self._dice.pick(("any", self._speech.table.opener_of[fact.kind], None))
        return [self._speech.stated([fact], opener)]

    def _summary(self) -> list[str]:
        """The trajectory put together: what is asked, and what else was said of the camera."""
        facts = [fact for fact in dict.fromkeys(self._mentioned) if self._speech.has_verb(fact)]
        asked = [fact for fact in self._asked if fact in facts]
        others = [fact for fact in facts if fact not in self._asked]
        chosen = [*asked, *others[: max(0, 3 - len(asked))]]
        # Several asked movements are put together by the closing sentence.
        if len(chosen) < 2 or len(self._asked) > 1 or not self._dice.chance(0.6):
            return []
        return [self._speech.summary(self._dice.shuffled(chosen))]

    def _closing(self, keys: Sequence[Fact]) -> str:
        letter = self._conclusion.answer if self._conclusion.options else ""
        opener = "conclusion" if self._decide else "question"
        return self._speech.answered(keys, letter, _quotable(self._conclusion.answer_text), opener)

    def _repeats(self, argument: Argument) -> bool:
        return any((fact.kind, fact.image) in self._said for fact in argument.premises) or bool(
            self._unsaid & {fact.kind for fact in argument.premises}
        )

    def _mark(self, *facts: Fact) -> None:
        for fact in facts:
            self._said.add((fact.kind, fact.image))
            if fact.kind in ("both_x", "both_y"):
                self._said.update((fact.kind.replace("both", "place"), image) for image in (1, 2))


def _of_views(scene: ReasoningScene, conclusion: Conclusion, speech: Speech) -> list[str]:
    """A shorter text for one image, or three and more."""
    single = len(scene.cameras) == 1
    facts = observe_single(scene) if single else observe_views(scene)
    opening = speech.setting("one" if single else "many")
    body = [speech.stated([fact], numbered=True) for fact in facts.values()]
    letter = conclusion.answer if conclusion.options else ""
    return [*opening, *body, speech.answered((), letter, _quotable(conclusion.answer_text), "question")]


def _quotable(text: str) -> str | None:
    """An answer's text as it can stand in quotation marks, or None where it cannot."""
    bare = text.strip().removesuffix(".")
    return bare if bare and not re.search(r"[“”\n\0]|<", bare) else None


def _number(text: str) -> float | None:
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return float(found[0]) if len(found) == 1 else None


def _count(sentences: Sequence[str]) -> int:
    return int(sum(sentence.count(" ") + 1 for sentence in sentences))
