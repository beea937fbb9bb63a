"""Turns facts into sentences: picks wordings and joins them. The parser can read every sentence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

import numpy as np

from viewpoint100k.geometry import exact
from viewpoint100k.questions.reasoning.arguments import CONCLUDED, Argument
from viewpoint100k.questions.reasoning.bands import LIMITS
from viewpoint100k.questions.reasoning.observe import Fact
from viewpoint100k.questions.reasoning.phrases import NUMBER, Phrases

__all__ = ["Dice", "Speech"]

T = TypeVar("T")

_IN_DEGREES = frozenset({"yaw", "tilt", "pitch", "roll", "bank", "azimuth", "elevation", "around"})
_LONG = 29
"""A sentence with more words is split in two."""
_LONGEST = 34
"""Largest number of words in a list of what the camera did."""
_BEGIN = 4
"""Clauses begin alike if they share this many words, or signs in Chinese."""
_AS_GIVEN = 2.5
"""The number in the answer is used if it is this close to the true one, degrees."""


class Dice:
    """Random choices. Numbers are drawn in blocks, because one number costs as much as a hundred."""

    _BLOCK = 128

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._drawn: list[float] = []

    def uniform(self) -> float:
        """In [0, 1)."""
        if not self._drawn:
            self._drawn = self._rng.random(self._BLOCK).tolist()
        return self._drawn.pop()

    def chance(self, probability: float) -> bool:
        return self.uniform() < probability

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.uniform() * len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        keyed = sorted((self.uniform(), place) for place in range(len(items)))
        return [items[place] for _, place in keyed]


class Speech:
    """The style of one text: its names for the images, its word for the camera, and its numbers."""

    def __init__(
        self, table: Phrases, dice: Dice, given_deg: float | None, question: str = "", images: int = 2
    ) -> None:
        self.table = table
        self.dice = dice
        self._given_deg = given_deg
        self._style = dice.pick(_styles(table, question.lower(), images))
        self._subject = dice.pick(table.subjects)
        self._used: set[str] = set()
        self._sizes: dict[tuple[str, int], float | None] = {}

    def start_again(self) -> None:
        """Forgets which openers and joiners were used, for another attempt at the text."""
        self._used.clear()

    def setting(self, size: str) -> list[str]:
        """One or two sentences that introduce ``one``, ``two`` or ``many`` images."""
        lists = self.table.setting[self._style][size]
        chosen = [self.dice.pick(texts) for texts in lists]
        if self.dice.chance(0.5):
            chosen = [self.dice.pick(chosen)]
        return [self._sentence(clause) for clause in chosen]

    def stated(self, facts: Sequence[Fact], opener: str | None = None, numbered: bool = False) -> str:
        """A sentence of one to three facts, with an optional opener of a group."""
        body = self._joined([self.clause(fact, numbered) for fact in facts])
        return self._sentence(f"{self._opener(opener)}{body}" if opener else body)

    def argued(self, argument: Argument, said: Collection[tuple[str, int]], opener: str | None = None) -> list[str]:
        """An argument as one or two sentences. Premises in ``said``, by kind and image, are not repeated."""
        premises = [fact for fact in argument.premises if (fact.kind, fact.image) not in said]
        conclusion = self.clause(argument.conclusion, numbered=self._given_deg is not None or self.dice.chance(0.5))
        if not premises:
            return [self._sentence(f"{self._opener('conclusion', needed=True)}{conclusion}")]
        clauses = [self.clause(fact) for fact in premises]
        contrast = argument.contrast and len(clauses) == 2
        body = f"{clauses[0]}{self._joiner('but')}{clauses[1]}" if contrast else self._joined(clauses)
        start = self._opener(opener) if opener and self.table.length(body) <= _LONG else ""
        if not contrast and len(clauses) > 1 and self.table.length(body) > _LONG:
            first, *others = clauses
            apart = [self._sentence(clause) for clause in (f"{start}{first}", *others)]
            return [*apart, self._sentence(f"{self._opener('conclusion', needed=True)}{conclusion}")]
        return self._concluded(f"{start}{body}", conclusion, apart=0.4)

    def ruled_out(self, kind: str, value: str, opener: str | None = None) -> list[str]:
        """One or two sentences that imagine ``value`` of a movement and exclude it by the observation."""
        imagined, denied = (self._begun_anew(f"{prefix}_{kind}", value) for prefix in ("if", "not"))
        start = self._opener(opener) if opener else ""
        return self._concluded(f"{start}{imagined}", denied, apart=0.2)

    def _begun_anew(self, kind: str, value: str) -> str:
        """A clause whose first words begin no other such clause of this text, if there is one."""
        wordings = self.table.clauses[self._style][kind, value, 0]
        chosen = self.dice.pick([text for text in wordings if self._begin(text) not in self._used] or wordings)
        self._used.add(self._begin(chosen))
        return chosen

    def _begin(self, clause: str) -> str:
        """The first words of a clause."""
        return " ".join(clause.split()[:_BEGIN]) if self.table.gap else clause[:_BEGIN]

    def can_rule_out(self, kind: str, value: str) -> bool:
        """True if the table has words to exclude this value."""
        return all((f"{prefix}_{kind}", value, 0) in self.table.clauses[self._style] for prefix in ("if", "not"))

    def remaining(self, fact: Fact) -> str:
        """A sentence that concludes ``fact`` because all alternatives are excluded."""
        return self._sentence(f"{self._opener('remains', needed=True)}{self.clause(fact)}")

    def summary(self, facts: Sequence[Fact]) -> list[str]:
        """What the camera did, in one list, or in two if one would be long."""
        whole = f"{self._opener('summary')}{self.did(facts)}"
        if self.table.length(whole) <= _LONGEST:
            return [self._sentence(whole)]
        half = (len(facts) + 1) // 2
        return [
            self._sentence(f"{self._opener('summary')}{self.did(facts[:half])}"),
            self._sentence(self.did(facts[half:])),
        ]

    def did(self, facts: Sequence[Fact]) -> str:
        """A clause that lists what the camera did. Every fact must have a verb."""
        verbs = [self.dice.pick(self.table.verbs[self._style][_key(fact)]) for fact in facts]
        *others, last = verbs
        table = self.table
        listed = f"{table.list_comma.join(others)}{table.list_and}{last}" if others else last
        return f"{self._subject}{table.gap}{listed}"

    def has_verb(self, fact: Fact) -> bool:
        """True if the fact can be part of a list of what the camera did."""
        return _key(fact) in self.table.verbs[self._style]

    def answered(self, keys: Sequence[Fact], letter: str, quoted: str | None, opener: str) -> list[str]:
        """One or two sentences that give the answer, after the deciding facts ``keys`` if there are any.

        ``opener`` is the group of openers that leads to the answer: ``conclusion`` from the sentence before,
        ``question`` or, where the text led away from the question, ``back``.
        """
        form = ("lettered" if letter else "open") if quoted else "letter"
        quote = f"“{quoted}”"
        answer = self.dice.pick(self.table.answers[form]).format(letter=letter, text=quote)
        if not keys:
            return [self._sentence(f"{self._opener(opener, needed=True)}{answer}")]
        if len(keys) > 1 and all(self.has_verb(fact) for fact in keys):
            clause = self.did(keys)
        else:
            clause = self._joined([self.clause(fact, numbered=self._given_deg is not None) for fact in keys])
        # What the images show themselves needs no way back to the question.
        seen = len(keys) == 1 and keys[0].kind not in CONCLUDED
        group = self.table.opener_of[keys[0].kind] if seen else "summary" if len(keys) > 1 else opener
        start = self._opener(group) if self.dice.chance(0.5) else ""
        if self.table.length(clause) + self.table.length(answer) > _LONG:
            return [self._sentence(clause), self._sentence(f"{self._opener('conclusion', needed=True)}{answer}")]
        return [self._sentence(f"{start}{clause}{self._joiner('answer')}{answer}")]

    def clause(self, fact: Fact, numbered: bool = False) -> str:
        """One wording of a fact. If ``numbered``, it states the size, if that is large enough."""
        key, style = _key(fact), self._style
        if numbered and (size := self._sizes.setdefault((fact.kind, fact.image), self._size(fact))) is not None:
            number_key = (fact.kind, "times", 0) if fact.kind == "distance" else key
            verbs = self.table.numbered_verbs[style].get(number_key, ())
            clauses = self.table.numbered_clauses[style].get(number_key, ())
            if verbs or clauses:
                return self._one_of(clauses, verbs).replace(NUMBER, f"{size:g}")
        return self._one_of(self.table.clauses[style].get(key, ()), self.table.verbs[style].get(key, ()))

    def _one_of(self, clauses: Sequence[str], verbs: Sequence[str]) -> str:
        place = int(self.dice.uniform() * (len(clauses) + len(verbs)))
        return (
            clauses[place] if place < len(clauses) else f"{self._subject}{self.table.gap}{verbs[place - len(clauses)]}"
        )

    def _size(self, fact: Fact) -> float | None:
        """A size rounded as people estimate it: in steps of 5 or 10 degrees, or in tenths."""
        if fact.measure is None or fact.value.startswith("slight") or fact.value == "none":
            return None
        if fact.kind == "distance":
            return round(exact.exp(fact.measure), 1) if abs(fact.measure) > 0.2 else None
        size = abs(fact.measure)
        if fact.kind not in _IN_DEGREES or size < LIMITS["number_least"]:
            return None
        given = self._given_deg
        if given is not None and abs(given - size) <= _AS_GIVEN:
            return given
        step = 10 if size > 35 and self.dice.chance(0.5) else 5
        return float(step * round(size / step))

    def _concluded(self, body: str, conclusion: str, apart: float) -> list[str]:
        """Reasons and their conclusion: in two sentences if one would be long, or with the probability ``apart``."""
        if self.dice.chance(apart) or self.table.length(body) + self.table.length(conclusion) > _LONG:
            led_up = self._opener("conclusion", needed=True)
            return [self._sentence(body), self._sentence(f"{led_up}{conclusion}")]
        return [self._sentence(f"{body}{self._joiner('so')}{conclusion}")]

    def _joined(self, clauses: Sequence[str]) -> str:
        return "".join([clauses[0], *(f"{self._joiner('and')}{clause}" for clause in clauses[1:])])

    def _joiner(self, meaning: str) -> str:
        """A joiner that this text has not used yet, if there is one."""
        joiners = self.table.joiners[meaning]
        chosen = self.dice.pick([joiner for joiner in joiners if _core(joiner) not in self._used] or joiners)
        self._used.add(_core(chosen))
        return chosen

    def _opener(self, group: str, needed: bool = False) -> str:
        """An unused opener of the group; if all are used, any if one is ``needed``, else an empty string."""
        openers = self.table.openers[group]
        fresh = [opener for opener in openers if _core(opener) not in self._used] or (openers if needed else ())
        if not fresh:
            return ""
        chosen = self.dice.pick(fresh)
        self._used.add(_core(chosen))
        return f"{chosen}{self.table.list_comma}"

    def _sentence(self, body: str) -> str:
        """A body with a capital first letter and a full stop."""
        return f"{body[0].upper()}{body[1:]}{self.table.full_stop}"


def _styles(table: Phrases, question: str, images: int) -> list[int]:
    """The styles of names for this number of images. The question's own style is preferred."""
    enough = [style for style, names in enumerate(table.style_names) if len(names) >= images]
    named = [style for style in enough if any(name in question for name in table.style_names[style][:2])]
    same_noun = [style for style in enough if _noun(table.style_names[style][0]) in question]
    return named or same_noun or enough


def _noun(name: str) -> str:
    """The noun in a name of an image: "image" for "image 1" and for "the first image"."""
    return next((word for word in reversed(name.split()) if word.isalpha()), name.rstrip("0123456789"))


def _core(text: str) -> str:
    """A joiner or opener without punctuation, so that "so" is not used twice in a text."""
    return text.strip(" ,;.，；。")


def _key(fact: Fact) -> tuple[str, str, int]:
    return fact.kind, fact.value, fact.image
