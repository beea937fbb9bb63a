"""Plans a text about a pair: the evidence, the conclusions and their order, up to the answer.

A random plan is chosen among those that suit the scene. Evidence supports a conclusion, and conclusions support the
answer. Only the plan ``path`` describes movements that the question does not ask about.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from viewpoint100k.geometry import exact
from viewpoint100k.questions.reasoning.arguments import CONCLUDED, SHOWN_BY, Argument, arguments_for
from viewpoint100k.questions.reasoning.bands import BANDS
from viewpoint100k.questions.reasoning.observe import Fact, Facts
from viewpoint100k.questions.reasoning.speech import Speech

__all__ = ["PLANS", "argue"]

PLANS: Mapping[str, float] = {
    "direct": 0.25,
    "opposite": 0.25,
    "elimination": 0.2,
    "path": 0.3,
}
"""How often each plan is tried first. ``direct``: evidence, conclusion, answer. ``opposite``: tests the conclusion by
imagining another one. ``elimination``: excludes all other movements. ``path``: concludes several movements and combines
them."""

_MOST_WORDS = 250
_PATH_WORDS = (90, 190)
"""A path adds movements until it has a random number of words between these two."""
_SUMMARY_WORDS = 75
_DEEPEST = 3
"""Largest number of steps from an observation to the asked fact."""

_MOVEMENTS = ("moved_x", "yaw", "distance", "height", "tilt", "azimuth", "elevation", "object_side", "bank")
"""Movements that a path may add to the asked ones."""

_OF_CAMERA = ("moved_x", "yaw", "tilt", "bank", "height", "distance")

_NEIGHBOURS = {
    "tilt": {"pitch"},
    "pitch": {"tilt"},
    "roll": {"bank"},
    "bank": {"roll"},
    "height": {"moved_y", "elevation"},
    "elevation": {"height"},
    "moved_y": {"height"},
    "azimuth": {"moved_x", "object_side"},
    "moved_x": {"azimuth"},
    "object_side": {"azimuth"},
}
"""Movements that sound alike and are measured differently. A text about one does not mention the other."""

_BESIDE = {"distance": ("lens",)}
"""Facts that must be "none" before the key can be concluded from one observation."""

_LONG_TO_SAY = frozenset({"object_side"})
"""Movements that a text does not state again after a check, because their wordings are long."""

Closing = tuple[str, str | None]
"""Letter and quotable text of the answer."""


def argue(facts: Facts, asked: Sequence[Fact], decides: bool, closing: Closing, speech: Speech) -> list[str]:
    """The sentences of a text that argues for the asked facts; none if there is no argument."""
    text = _Argued(facts, asked, decides, closing, speech)
    for plan in (_drawn(speech.dice.uniform()), "direct", "path"):
        sentences = text.laid_out(plan)
        if sentences and text.length(sentences) <= _MOST_WORDS:
            return sentences
    return []


def _drawn(draw: float) -> str:
    """The plan for a ``draw`` in [0, 1)."""
    left = draw * float(exact.total(list(PLANS.values())))
    for name, share in PLANS.items():
        left -= share
        if left < 0:
            return name
    return name


class _Argued:
    """One text: its facts, and the facts that it has stated so far."""

    def __init__(self, facts: Facts, asked: Sequence[Fact], decides: bool, closing: Closing, speech: Speech) -> None:
        self._facts = facts
        self._asked = asked
        self._decides = decides
        self._letter, self._quoted = closing
        self._speech = speech
        self._dice = speech.dice
        self._said: set[tuple[str, int]] = set()

    def laid_out(self, plan: str) -> list[str]:
        """The sentences by that plan; none if the scene does not suit it."""
        self._said.clear()
        self._speech.start_again()
        match plan:
            case "opposite" | "elimination" if len(self._asked) == 1 and self._decides:
                body = getattr(self, f"_{plan}")(self._asked[0])
            case "path" if len(self._asked) == 1 and not self._shown_alone():
                return self._path()
            case "direct" if self._asked:
                body = self._direct()
            case _:
                return []
        return [*self._setting(plan), *body] if body else []

    def length(self, sentences: Sequence[str]) -> float:
        """The length of several sentences in English words."""
        lengths = [self._speech.table.length(sentence) for sentence in sentences]
        return float(exact.total(lengths)) if lengths else 0.0

    # --- plans ---

    def _direct(self) -> list[str]:
        """Each asked fact with its reasons, and the answer."""
        said: list[str] = []
        for fact in self._asked:
            steps = self._steps(fact, shortest=len(self._asked) > 2)
            if steps is None:
                return []
            said += steps
        return [*said, *self._answer(restated=len(self._asked) > 1 or self._shown_alone())]

    def _opposite(self, fact: Fact) -> list[str]:
        """The conclusion, what another movement would have shown, and the answer."""
        others = self._others(fact)
        steps = self._steps(fact, through=SHOWN_BY[fact.kind][0]) if others else None
        if not steps:
            return []
        opener = "imagined" if self._dice.chance(0.7) else None
        other = self._dice.pick(others)
        # That it is not "none" leaves two directions. The text states again which one it is.
        restated = other == BANDS[fact.kind].zero or (fact.kind not in _LONG_TO_SAY and self._dice.chance(0.5))
        return [
            *steps,
            *self._speech.ruled_out(fact.kind, other, opener),
            *self._answer(restated, back=restated),
        ]

    def _elimination(self, fact: Fact) -> list[str]:
        """The observation, the movements that it excludes, and the remaining one."""
        others = self._others(fact)
        if len(others) != 2:
            return []
        shown = [self._facts[key] for key in (SHOWN_BY[fact.kind][0], *_BESIDE.get(fact.kind, ()))]
        opener = self._speech.table.opener_of[shown[0].kind] if self._dice.chance(0.5) else None
        said = [self._speech.stated(shown, opener)]
        for value in self._dice.shuffled(others):
            said += self._speech.ruled_out(fact.kind, value)
        return [*said, self._speech.remaining(fact), *self._answer(restated=False)]

    def _path(self) -> list[str]:
        """Several movements with their reasons, and a summary. The asked ones come first or last."""
        low, high = _PATH_WORDS
        wanted = low + (high - low) * self._dice.uniform()
        last = self._dice.chance(0.6)
        order = [*self._asked, *self._further()]
        told: list[Fact] = []
        said: list[str] = []
        for fact in [*order[len(self._asked) :], *self._asked] if last else order:
            must = fact in self._asked
            if not must and (self.length(said) > wanted or len(told) > 2):
                continue
            if (fact.kind, fact.image) in self._said:  # Concluded on the way to another movement.
                told.append(fact)
                continue
            before = set(self._said)
            steps = self._steps(fact)
            if steps is None and must:
                return []
            if steps and (must or self.length([*said, *steps]) < _MOST_WORDS - _SUMMARY_WORDS):
                said += steps
                told.append(fact)
            else:
                self._said = before
        if len(told) < 2 or not all(self._speech.has_verb(fact) for fact in told):
            return []
        summary = self._speech.summary(self._dice.shuffled(told))
        return [*self._setting("path"), *said, *summary, *self._answer(restated=True, back=True)]

    # --- parts ---

    def _setting(self, plan: str) -> list[str]:
        """One or two sentences that name the images. A short text may have none."""
        if plan == "direct" and not self._shown_alone() and self._dice.chance(0.3):
            return []
        return self._speech.setting("two")[: 2 if plan == "path" or self._shown_alone() else 1]

    def _steps(self, fact: Fact, shortest: bool = False, through: str | None = None) -> list[str] | None:
        """The sentences that lead to a fact: an empty list if the images show it, None if no argument leads to it.

        ``through`` is a kind of evidence that the last step must use.
        """
        if fact.kind not in CONCLUDED:
            self._said.add((fact.kind, fact.image))
            return [] if self._shown_alone() else [self._speech.stated([fact], self._speech.table.opener_of[fact.kind])]
        chains = [c for c in self._chains(fact, ()) if through is None or through in {p.kind for p in c[-1].premises}]
        if not chains:
            return None
        if shortest:
            least = min(map(len, chains))
            chains = [chain for chain in chains if len(chain) == least]
        sentences: list[str] = []
        for argument in self._dice.pick(chains):
            if argument.conclusion.kind.startswith(("kept", "beyond")):
                continue  # The next argument states it beside the place that it is compared with.
            sentences += self._speech.argued(argument, self._said, self._lead(argument))
            self._said.update((premise.kind, premise.image) for premise in argument.premises)
            self._said.add((argument.conclusion.kind, argument.conclusion.image))
        return sentences

    def _lead(self, argument: Argument) -> str | None:
        """The group of openers for an argument; None for no opener."""
        first = next((p for p in argument.premises if (p.kind, p.image) not in self._said), argument.premises[0])
        return self._dice.pick((self._speech.table.opener_of[first.kind], "any" if self._said else "first", None))

    def _chains(self, fact: Fact, behind: tuple[str, ...]) -> Iterator[tuple[Argument, ...]]:
        """Every chain of arguments from observations to a fact. ``behind``: the kinds that the fact supports."""
        if len(behind) >= _DEEPEST:
            return
        unsaid = _NEIGHBOURS.get(behind[0] if behind else fact.kind, set()) if not behind else set()
        for argument in arguments_for(fact, self._facts):
            premises = argument.premises
            if any((p.kind, p.image) in self._said and p.kind not in CONCLUDED for p in premises):
                continue
            concluded = [p for p in premises if p.kind in CONCLUDED and (p.kind, p.image) not in self._said]
            if any(p.kind in (*behind, fact.kind) or p.kind in unsaid for p in concluded):
                continue
            ways = [list(self._chains(premise, (*behind, fact.kind))) for premise in concluded]
            if all(ways):
                before = itertools.chain.from_iterable(self._dice.pick(way) for way in ways)
                yield (*dict.fromkeys(before), argument)

    def _others(self, fact: Fact) -> list[str]:
        """The other values of a movement that the observations exclude."""
        band = BANDS.get(fact.kind)
        if band is None or fact.kind not in SHOWN_BY or fact.value.startswith("slight"):
            return []
        kind, factor = SHOWN_BY[fact.kind]
        shown = self._facts.get(kind)
        beside = [self._facts.get(other) for other in _BESIDE.get(fact.kind, ())]
        if shown is None or factor * shown.sign != fact.sign or any(other is None or other.sign for other in beside):
            return []
        values = {band.negative, band.zero, band.positive} - {fact.value}
        return sorted(value for value in values if self._speech.can_rule_out(fact.kind, value))

    def _further(self) -> list[Fact]:
        """Movements that are not asked for: those in the camera's frame first, or those in the object's frame first."""
        taken = {fact.kind for fact in self._asked}
        taken |= {other for kind in taken for other in _NEIGHBOURS.get(kind, ())}
        known = [self._facts[kind] for kind in _MOVEMENTS if kind in self._facts and kind not in taken]
        chosen: list[Fact] = []
        for fact in self._dice.shuffled(known):
            if not any(fact.kind in _NEIGHBOURS.get(other.kind, ()) for other in chosen):
                chosen.append(fact)
        camera_first = self._dice.chance(0.5)
        return sorted(chosen[:4], key=lambda fact: (fact.kind in _OF_CAMERA) != camera_first)

    def _shown_alone(self) -> bool:
        """True if one fact is asked for and the images show it, so that the answer can state it."""
        return len(self._asked) == 1 and self._asked[0].kind not in CONCLUDED

    def _answer(self, restated: bool, back: bool = False) -> list[str]:
        """The last one or two sentences.

        ``restated``: whether they repeat the deciding facts. ``back``: whether the text led away from the question.
        """
        keys = self._asked if restated and self._decides else ()
        opener = "back" if back else "conclusion" if self._decides and not keys else "question"
        return self._speech.answered(keys, self._letter, self._quoted, opener)
