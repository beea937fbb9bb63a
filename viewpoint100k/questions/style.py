"""How the wordings of the package read: rules that a machine can hold, from the table of style in docs/templates.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["LONGEST_SENTENCE", "UNNATURAL", "style_problems"]

LONGEST_SENTENCE = 36
"""Words of one sentence of a question in English."""

UNNATURAL: Mapping[str, str] = {
    r"(?:^|[.,;:] )(?:were|had|should) (?:a|an|the|it|one|there)\b": "write “if” instead of an inverted condition",
    r"\bhad(?: \w+){0,3} been\b": "write “was” instead of “had been”",
    r"\b(?:of its|of the)(?: \w+)? (?:upper|lower) side in\b": "put the verb before what it is about",
    r"\bto neither side of\b": "say “neither side” alone",
    r"\bone and the same object, which\b": "say “the same object”",
    r"\bas against\b": "say “compared with”",
    r"\b(?:whilst|whereby|wherein|thereof|therein|thereby|hitherto|upon|lest)\b": "use the plain word",
    r"\b(\w+) \1\b": "a word stands twice",
    r"\b(?:right|left) (?:answer|option|letter)\b": "left and right are sides here: say “correct”",
    r"\b(?:words|options?) (?:are|is) right\b": "left and right are sides here: say “correct” or “fit”",
    r"\b(?:left|leave|leaving) (?:aside|out)\b": "left and right are sides here: say “ignore”",
    r"\blooks? (?:too much )?alike\b": "say “looks the same”",
    r"\bin (?:which|neither|either|the \w+) sense\b": "say “direction”",
    r"\bas the \w+ has it\b": "say “in its own terms”",
    r"\bbears? \w+ out\b": "say “confirm”",
    r"\bdoes one\b": "say “do you”",
    r"\bin its own words\b": "say “the words of”",
    r"\bwhichever place\b": "say “wherever it was”",
    r" [,?!]| \.(?!\.\.)|,,|\?\?": "mend the punctuation",
}
"""Constructions that nobody says aloud, as patterns of lower-case English text, each with what to do instead."""

_PATTERNS = {re.compile(pattern): advice for pattern, advice in UNNATURAL.items()}
_SENTENCE_END = re.compile(r"(?<=[.?!]) ")


def style_problems(text: str) -> Iterator[str]:
    """What is wrong with the style of an English text, a sentence for each."""
    lowered = text.lower()
    for pattern, advice in _PATTERNS.items():
        if found := pattern.search(lowered):
            yield f"“{found[0].strip()}”: {advice}"
    for sentence in _SENTENCE_END.split(text):
        if sentence.count(" ") + 1 > LONGEST_SENTENCE:
            yield f"a sentence has more than {LONGEST_SENTENCE} words: make two of it"
