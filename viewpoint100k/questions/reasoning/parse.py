"""Parses a reasoning text into claims. A sentence that the grammar does not contain becomes an unrecognised claim.

A sentence has an optional opener, and clauses with joiners between them. A clause is a wording of the phrase table, or
a subject and a list of what the camera did. Only joiners of the groups ``so`` and ``because`` make a claim of their
own: that one statement follows from another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from viewpoint100k.questions.reasoning.claim import ANSWER, FINAL_ANSWER, FORMAT, SETTING, UNRECOGNISED, Claim
from viewpoint100k.questions.reasoning.phrases import NUMBER, QUOTE, Meaning, Phrases, language_of, phrases

__all__ = ["claims"]

_TEXT = re.compile(r"\s*<think>(.*)</think>\s*<answer>(.*)</answer>\s*", re.DOTALL)
_QUOTED = re.compile(r"“([^”]*)”")
_FOLLOWS = {"so", "answer", "because"}
_REMAINS = "remains"
"""Openers of a conclusion from excluded alternatives. It uses no other premises."""
_CHECKS = ("if_", "not_")
"""Kinds of what is imagined and excluded. Behind such a check, an answer also uses the sentence before the check."""
_CONCLUDES = frozenset({"conclusion", _REMAINS})
_SUIT_ALL = frozenset({"any", "first", "summary", "question", "back", "imagined"})


def claims(text: str, language: str | None = None) -> list[Claim]:
    """All claims of a reasoning text, in the order of the text. ``language`` is by default the text's own.

    Never raises. A sentence that the grammar does not contain gives a claim of the kind ``unrecognised``. A text that
    is not ``<think>…</think><answer>…</answer>`` begins with a claim of the kind ``format``.
    """
    table = phrases(language or language_of(text))
    form = _TEXT.fullmatch(text)
    found: list[Claim] = []
    if form is None or "<think>" in form[1] or "<answer>" in form[1] + form[2]:
        found.append(Claim(FORMAT, text))
        thought, answer = re.sub(r"</?think>|<answer>.*", " ", text, flags=re.DOTALL), None
    else:
        thought, answer = form[1], form[2].strip()
    found += _of_thought(thought, table)
    if answer is not None:
        found.append(Claim(FINAL_ANSWER, f"<answer>{answer}</answer>", answer))
    return found


def _of_thought(thought: str, table: Phrases) -> list[Claim]:
    quotes = _QUOTED.findall(thought)
    masked = _QUOTED.sub(QUOTE, thought) if quotes else thought
    found: list[Claim] = []
    before: list[Claim] = []
    for sentence in table.sentence_end.split(masked.strip()):
        if not sentence:
            continue
        used = sentence.count(QUOTE)
        read = _Sentence(sentence, quotes[:used], table).claims(before, found)
        quotes = quotes[used:]
        read = read or [Claim(UNRECOGNISED, sentence.replace(QUOTE, "“…”"))]
        found += read
        before = [*before, *read] if all(claim.kind.startswith(_CHECKS) for claim in read) else read
    return found


class _Sentence:
    """Parses one sentence. Numbers and quotations are masked first, and restored in the claims."""

    def __init__(self, sentence: str, quotes: list[str], table: Phrases) -> None:
        self._table = table
        self._written = sentence
        self._quotes = quotes
        body = sentence.rstrip()
        # The grammar has no exclamations and no questions.
        self._complete = body.endswith(table.full_stop)
        body = body.removesuffix(table.full_stop).lower()
        body = table.image_pattern.sub(lambda match: table.image_names[match[0]], body)
        self._numbers = [float(number) for number in table.number_pattern.findall(body)]
        self._body = table.number_pattern.sub(NUMBER, body) if self._numbers else body

    def claims(self, before: Sequence[Claim], earlier: Sequence[Claim]) -> list[Claim] | None:
        """The claims of the sentence; None if the grammar does not contain it.

        A conclusion may use all ``earlier`` claims. An answer uses the claims of the sentence ``before`` it, and of the
        one before that if it only excludes other movements.
        """
        if not self._complete:
            return None
        whole = self._piece(self._body)
        if whole is not None:
            return whole
        opener, comma, rest = self._body.partition(self._table.list_comma)
        groups = self._table.opener_groups.get(opener) if comma else None
        found = self._joined(rest if groups else self._body, earlier)
        if found is None or groups is None:
            return found
        if _CONCLUDES & groups:
            known = before if found[0].kind == ANSWER else earlier
            premises = tuple(claim for claim in known if claim.checkable)
            if _REMAINS in groups:
                premises = tuple(claim for claim in premises if claim.kind.startswith("not_"))
            return [replace(found[0], because=(*premises, *found[0].because)), *found[1:]]
        return found if self._suits(found[0], groups) else None

    def _suits(self, claim: Claim, groups: frozenset[str]) -> bool:
        return bool(groups & _SUIT_ALL) or self._table.opener_of.get(claim.kind) in groups

    def _joined(self, body: str, earlier: Sequence[Claim]) -> list[Claim] | None:
        parts = self._table.joiner_pattern.split(body)
        pieces = [self._piece(part) for part in parts[::2]]
        meanings = [self._table.joiner_meanings[joiner] for joiner in parts[1::2]]
        links = [place for place, meaning in enumerate(meanings) if meaning in _FOLLOWS]
        known = [piece for piece in pieces if piece is not None]
        if len(known) < len(pieces) or len(links) > 1:
            return None
        if not links:
            return [claim for piece in known for claim in piece]
        first = [claim for piece in known[: links[0] + 1] for claim in piece]
        second = [claim for piece in known[links[0] + 1 :] for claim in piece]
        if meanings[links[0]] != "because":
            told = tuple(claim for claim in earlier if claim.checkable)
            return first + [
                replace(claim, because=tuple(first) if claim.kind == ANSWER else (*told, *first)) for claim in second
            ]
        return [replace(claim, because=tuple(second)) for claim in first] + second

    def _piece(self, piece: str) -> list[Claim] | None:
        """The claims of one clause, or of a subject with a list of its actions."""
        if piece in self._table.settings:
            return [Claim(SETTING, piece)]
        letter = self._table.answer_meanings.get(piece)
        if letter is not None:
            quoted = self._quotes.pop(0) if QUOTE in piece and self._quotes else None
            text = piece if quoted is None else piece.replace(QUOTE, f"“{quoted}”")
            return [Claim(ANSWER, text, letter, quoted=quoted)]
        meaning = self._table.clause_meanings.get(piece)
        if meaning is not None:
            return [self._claim(meaning, piece)]
        gap = self._table.gap
        subject = next((s for s in self._table.subjects if piece.startswith(f"{s}{gap}")), None)
        if subject is None:
            return None
        verbs = self._table.list_pattern.split(piece[len(f"{subject}{gap}") :])[::2]
        meanings = [self._table.verb_meanings.get(verb) for verb in verbs]
        known = [(verb, meaning) for verb, meaning in zip(verbs, meanings, strict=True) if meaning is not None]
        if len(known) < len(verbs):
            return None
        return [self._claim(meaning, f"{subject}{gap}{verb}") for verb, meaning in known]

    def _claim(self, meaning: Meaning, wording: str) -> Claim:
        number = self._numbers.pop(0) if NUMBER in wording and self._numbers else None
        text = wording if number is None else wording.replace(NUMBER, f"{number:g}")
        return Claim(meaning.kind, text, meaning.value, meaning.image, number)
