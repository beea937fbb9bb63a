"""Compiles the phrase table of a language for the writer and for the parser.

A table is a YAML file beside this one. The parser does not interpret words. It looks up whole wordings, with numbers
and quotations masked. Other sentences are not recognised.
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

__all__ = ["NUMBER", "QUOTE", "Meaning", "Phrases", "language_of", "phrases"]

NUMBER = "\0number\0"
"""Placeholder of a number in a compiled wording."""
QUOTE = "\0quote\0"
"""Placeholder of an option's text with its quotation marks."""

_TABLES: Mapping[str, str] = {"en": "english", "zh": "chinese"}
"""The name of each language's table, by language tag."""

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_QUOTATION = re.compile(r"“[^”]*”")
_SIGNS_A_WORD = 1.7
"""Number of Chinese characters that take as long to read as one English word."""

Words = tuple[str, ...]
FactKey = tuple[str, str, int]
"""Kind, value and image (0 for facts about the pair)."""

_FIRST_TWO_ONLY = 0


@dataclass(frozen=True)
class Meaning:
    """The claim of a wording."""

    kind: str
    value: str
    image: int = 0


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language. The writer's wordings are listed for each way to name the images."""

    clauses: tuple[Mapping[FactKey, Words], ...]
    """By image style: whole clauses without a number."""
    numbered_clauses: tuple[Mapping[FactKey, Words], ...]
    verbs: tuple[Mapping[FactKey, Words], ...]
    """By image style: what the camera did."""
    numbered_verbs: tuple[Mapping[FactKey, Words], ...]
    setting: tuple[Mapping[str, tuple[Words, ...]], ...]
    """By image style, then ``one``, ``two`` or ``many`` images: lists of alternative wordings."""
    answers: Mapping[str, Words]
    """Statements of the answer, with ``{letter}`` and ``{text}``."""
    openers: Mapping[str, Words]
    opener_of: Mapping[str, str]
    """The group of openers that suits each kind of fact."""
    joiners: Mapping[str, Words]
    subjects: Words
    gap: str
    """Between a subject and its verb, and between sentences."""
    list_comma: str
    list_and: str
    full_stop: str
    styles: int
    style_names: tuple[Words, ...]
    """By image style: the names themselves."""

    clause_meanings: Mapping[str, Meaning]
    """By lower-case wording, images named in the first style."""
    verb_meanings: Mapping[str, Meaning]
    settings: frozenset[str]
    answer_meanings: Mapping[str, str]
    """By lower-case wording: the claimed letter, or an empty string."""
    opener_groups: Mapping[str, frozenset[str]]
    joiner_meanings: Mapping[str, str]
    joiner_pattern: re.Pattern[str]
    list_pattern: re.Pattern[str]
    number_pattern: re.Pattern[str]
    sentence_end: re.Pattern[str]
    image_names: Mapping[str, str]
    """Each name of an image, and its name in the first style."""
    image_pattern: re.Pattern[str]

    def length(self, text: str) -> float:
        """The length of a text in English words. A Chinese text has the length that takes as long to read."""
        return text.count(" ") + 1 if self.gap else len(text) / _SIGNS_A_WORD


def language_of(text: str) -> str:
    """The language of a text. Quotations do not count."""
    return "zh" if _CHINESE.search(_QUOTATION.sub("", text)) else "en"


@cache
def phrases(language: str = "en") -> Phrases:
    """The compiled table of a language. ``AssertionError`` names a wording that is ambiguous."""
    text = resources.files(__package__).joinpath(f"{_TABLES[language]}.yaml").read_text(encoding="utf-8")
    return _compiled(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _compiled(table: Mapping[str, Any]) -> Phrases:
    styles: list[list[str]] = table["images"]
    names = {name.lower(): styles[0][place] for style in styles for place, name in enumerate(style)}
    expanded = {part: _expanded(table["facts"], styles, part) for part in _PARTS}
    joiners = {text: meaning for meaning, texts in table["joiners"].items() for text in texts}
    groups: dict[str, set[str]] = {}
    for group, openers in table["openers"].items():
        for opener in openers:
            groups.setdefault(opener.lower(), set()).add(group)
    settings = [
        {
            size: tuple(tuple(_named(text, style) for text in texts) for texts in lists)
            for size, lists in table["setting"].items()
        }
        for style in styles
    ]
    compiled = Phrases(
        clauses=expanded["clauses"],
        numbered_clauses=expanded["clauses_with_number"],
        verbs=expanded["verbs"],
        numbered_verbs=expanded["verbs_with_number"],
        setting=tuple(settings),
        answers={form: tuple(texts) for form, texts in table["answers"].items()},
        openers={group: tuple(texts) for group, texts in table["openers"].items()},
        opener_of={kind: fact["opener"] for kind, fact in table["facts"].items()},
        joiners={meaning: tuple(texts) for meaning, texts in table["joiners"].items()},
        subjects=tuple(table["subjects"]),
        gap=table["gap"],
        list_comma=table["list_comma"],
        list_and=table["list_and"],
        full_stop=table["full_stop"],
        styles=len(styles),
        style_names=tuple(tuple(style) for style in styles),
        clause_meanings=_meanings((expanded["clauses"][0], expanded["clauses_with_number"][0])),
        verb_meanings=_meanings((expanded["verbs"][0], expanded["verbs_with_number"][0])),
        settings=frozenset(text.lower() for lists in settings[0].values() for texts in lists for text in texts),
        answer_meanings=_answer_meanings(table["answers"]),
        opener_groups={opener: frozenset(found) for opener, found in groups.items()},
        joiner_meanings=joiners,
        joiner_pattern=_alternatives(joiners),
        list_pattern=_alternatives((table["list_comma"], table["list_and"])),
        number_pattern=re.compile(table["number"]),
        sentence_end=re.compile(table["sentence_end"]),
        image_names=names,
        image_pattern=_names_alone(names) if table["gap"] else _alternatives(names),
    )
    _refuse_ambiguous_wordings(compiled)
    return compiled


_PARTS = ("clauses", "clauses_with_number", "verbs", "verbs_with_number")


def _expanded(facts: Mapping[str, Any], styles: list[list[str]], part: str) -> tuple[Mapping[FactKey, Words], ...]:
    return tuple(_in_style(facts, style, part) for style in styles)


def _in_style(facts: Mapping[str, Any], style: list[str], part: str) -> Mapping[FactKey, Words]:
    found: dict[FactKey, list[str]] = {}
    for kind, fact in facts.items():
        for wording, value in ((w, value) for w in fact["wordings"] for value in w["words"]):
            for template in wording.get(part, ()):
                for image in _images_of(template, style):
                    text = _named(template, style, image).format(*wording["words"][value], n=NUMBER)
                    found.setdefault((kind, value, image), []).append(text)
    return {key: tuple(texts) for key, texts in found.items()}


def _images_of(template: str, style: list[str]) -> Iterator[int]:
    if "{image}" in template:
        yield from range(1, len(style) + 1)
    else:
        yield _FIRST_TWO_ONLY


def _named(template: str, style: list[str], image: int = 1) -> str:
    """A template with its images named."""
    named = template.replace("{first}", style[0]).replace("{second}", style[1])
    return named.replace("{image}", style[image - 1])


def _meanings(tables: tuple[Mapping[FactKey, Words], ...]) -> Mapping[str, Meaning]:
    meanings: dict[str, Meaning] = {}
    entries = itertools.chain.from_iterable(table.items() for table in tables)
    for (kind, value, image), texts in entries:
        for text in texts:
            meaning = Meaning(kind, value, image)
            known = meanings.setdefault(text.lower(), meaning)
            assert known == meaning, f"the wording {text!r} stands both for {known} and for {meaning}"
    return meanings


def _answer_meanings(forms: Mapping[str, list[str]]) -> Mapping[str, str]:
    meanings = {}
    for template in itertools.chain.from_iterable(forms.values()):
        for letter in string.ascii_uppercase if "{letter}" in template else ("",):
            meanings[template.format(letter=letter, text=QUOTE).lower()] = letter
    return meanings


def _alternatives(texts: Any) -> re.Pattern[str]:
    """A capturing group that matches any of ``texts``, the longest first."""
    return re.compile("(" + "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)) + ")")


def _names_alone(names: Any) -> re.Pattern[str]:
    """A pattern that matches any of the names, but not inside a longer word."""
    return re.compile(rf"(?<!\w){_alternatives(names).pattern}(?!\w)")


def _refuse_ambiguous_wordings(compiled: Phrases) -> None:
    for text in (*compiled.clause_meanings, *compiled.settings, *compiled.verb_meanings):
        assert not compiled.joiner_pattern.search(text), f"the wording {text!r} holds a joiner"
    for text in compiled.verb_meanings:
        assert not compiled.list_pattern.search(text), f"the verb {text!r} holds a comma or an 'and'"
    for opener in compiled.opener_groups:
        assert compiled.list_comma not in opener, f"the opener {opener!r} holds a comma"
