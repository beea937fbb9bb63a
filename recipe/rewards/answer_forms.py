"""Answers in other forms than a letter: what a reply states, and whether it is right.

The form is recognised by the columns alone: a JSON object, yes or no, one of the options that the question lists
without letters, a number, or a sentence. Tolerances are those that the question states.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from recipe.rewards.answer_places import answer_elements, normalised
from recipe.rewards.letters import LEAD
from recipe.rewards.option_words import motions, option_in_words

__all__ = [
    "Tolerance",
    "form_of_answer",
    "last_turn",
    "listed_options",
    "pose_fields_right",
    "read_pose",
    "read_text",
    "read_yes_no",
    "stated_tolerance",
]

_YES = frozenset(("yes", "yeah", "yep", "true", "correct", "是", "是的", "对", "对的", "同意"))
_NO = frozenset(("no", "nope", "false", "incorrect", "wrong", "否", "不是", "不对", "不", "不同意", "错"))

_DISCUSSION = 4000
"""A longer text discusses its answer; characters."""

_LEAD = re.compile(f"^{LEAD}", re.IGNORECASE)
_TOLD = re.compile(
    r"^(?:the )?(?:correct |right |fitting )?(?:order|sequence|side|image|picture|photo|view|number|place|line|choice)"
    r"(?: of the \w+| number)?(?: is|:)? ",
    re.IGNORECASE,
)
"""What is asked about, before an option's words: ``The correct order is``."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_USER_TURN = re.compile(r"\n\n(?:User: |用户：)")
_TOLERANCE = re.compile(
    r"up to (?P<en>\d+(?:\.\d+)?)(?P<deg> degrees)?(?: and (?P<second>\d+(?:\.\d+)?))?(?: off| is accepted)|"
    r"误差在?(?P<zh>\d+(?:\.\d+)?)(?P<du>度)?(?:、比值误差(?P<zh_second>\d+(?:\.\d+)?))?以内",
    re.IGNORECASE,
)
_JSON_OBJECT = re.compile(r"\{[^{}]{2,1000}\}")
_JSON_BOOLEAN = re.compile(r"[\"']?(?:answer|答案)[\"']?\s?:\s?[\"']?(true|false|yes|no)\b", re.IGNORECASE)
_OPENS = re.compile(
    r"(?:^|(?<=[.!?\n]))[\s\W_]{0,5}(?P<said>yes|no|yeah|yep|nope|true|false|correct|incorrect|wrong)\b"
    r"(?=[ \t]*(?:[,.;:!)\]\"'”—–-]|\n|$)|\s+(?:it|that|this|the|because|since|i)\b)",
    re.IGNORECASE,
)
"""Yes or no where a sentence begins, and not as in ``no handle``."""
_OPENS_ZH = re.compile(
    r"(?:^|(?<=[。！？\n]))[\s\W_]{0,5}(?P<said>是的|不是|不对|不同意|对的|同意|是|否|对|错)(?=[\W_]|$)"
)
_NAMED = re.compile(
    r"\b(?:answer|verdict|conclusion)(?: would be| should be| is|:)\s?[\W_]{0,3}(?P<said>yes|no|true|false)\b"
    r"(?! (?:and|or)\b)|(?:答案|结论)(?:应该)?(?:是|为|：|:)[\W_]{0,3}(?P<zh>是的|不是|不对|是|否|对|错)(?=[\W_]|$)",
    re.IGNORECASE,
)
_THAT = r"(?:that|this|it|the claim|the statement|the guess)"
_SENTENCE_END = re.compile(r"[!;\n。！；]|\.(?=\s|$)")
_PHRASES: Mapping[re.Pattern[str], bool] = {
    re.compile(pattern): verdict
    for pattern, verdict in (
        (rf"{_THAT}(?:'s| is)(?: indeed)? (?:so|correct|true|right)|{_THAT} (?:holds|fits)|it is", True),
        (rf"{_THAT}(?: is not|'s not| isn't) (?:so|correct|true|right)|it is not|it isn't", False),
        (rf"{_THAT}(?: does not| doesn't) (?:hold|fit)|{_THAT}(?:'s| is) (?:false|wrong|incorrect|untrue)", False),
        (rf"(?:yes,? )?i (?:do )?agree(?: with (?:{_THAT}|you))?", True),
        (rf"(?:no,? )?i (?:disagree|(?:do not|don't|cannot|can't) agree)(?: with (?:{_THAT}|you))?", False),
        (r"(?:这|那)是?(?:对|正确)的?", True),
        (r"(?:这|那)是?(?:不对|不正确|错)的?", False),
    )
}
"""First or last sentences that say yes or no in other words."""


@dataclass(frozen=True)
class Tolerance:
    """By how much a number may be off, as its question says."""

    size: float
    in_degrees: bool
    second: float | None = None
    """Of what is no angle, where a question asks for both."""


def stated_tolerance(question: str) -> Tolerance | None:
    """What the last turn of ``question`` says of how far off counts as right; None where it says nothing."""
    found = list(_TOLERANCE.finditer(last_turn(question)))
    if not found:
        return None
    last = found[-1]
    size, second = last["en"] or last["zh"], last["second"] or last["zh_second"]
    return Tolerance(float(size), bool(last["deg"] or last["du"]), float(second) if second else None)


def form_of_answer(answer: str, question: str = "") -> str:
    """``pose``, ``yes_no``, ``words``, ``number``, ``sentence``, or ``text`` where it is none of these."""
    if answer.startswith("{"):
        return "pose"
    if answer in ("Yes", "No", "是", "否"):
        return "yes_no"
    if answer in listed_options(question):
        return "words"
    if _NUMBER.fullmatch(answer.strip()):
        return "number"
    return "sentence" if _siblings(answer) else "text"


def listed_options(question: str) -> list[str]:
    """The options that the last turn of ``question`` lists without letters, a line each."""
    return [line[2:].strip() for line in last_turn(question).split("\n") if line.startswith("- ")]


def read_yes_no(text: str) -> str | None:
    """``yes`` or ``no`` as ``text`` states it; None where it states neither, or both."""
    plain = normalised(text)
    elements, beside = answer_elements(plain)
    if elements:
        said = {_whole_verdict(element) for element in elements}
        return _one(said)
    said = {verdict.casefold() in _YES for verdict in _JSON_BOOLEAN.findall(beside)}
    stripped = beside.strip()
    for pattern in (_OPENS, _OPENS_ZH):
        said |= {found["said"].casefold() in _YES for found in pattern.finditer(stripped)}
    said |= {(found["said"] or found["zh"]).casefold() in _YES for found in _NAMED.finditer(beside)}
    sentences = [sentence for sentence in _SENTENCE_END.split(stripped) if sentence.strip()]
    lines = [stripped.rpartition("\n")[2], *sentences[:1], *sentences[-1:]]
    said |= {verdict for line in lines if (verdict := _phrase(line)) is not None}
    said |= {verdict for line in lines[:1] if (verdict := _whole_verdict(line)) is not None}
    return _one(said)


def read_text(text: str, answer: str, question: str) -> str | None:
    """Which of the possible answers ``text`` states, in words: those that the question lists, or of a sentence those
    of its question type; None where it states none of them, or several."""
    listed = form_of_answer(answer, question) == "words"
    known = listed_options(question) if listed else list(_siblings(answer))
    ways = [tuple(known)] if listed else list(_ways_to_say(answer))
    elements, beside = answer_elements(normalised(text))
    said = beside if not elements else elements[0] if len(set(elements)) == 1 else ""
    if len(said) > _DISCUSSION:  # Its conclusion is in the last line.
        said = said.strip().rpartition("\n")[2][-_DISCUSSION:]
    wordings = [_plain(option) for option in known]
    for whole in (said, said.strip().rpartition("\n")[2]):
        for words in (_plain(whole), _plain(_LEAD.sub("", whole.strip())), _plain(_TOLD.sub("", whole.strip()))):
            if words in wordings:
                return known[wordings.index(words)]
    if ways[1:] and _is_of_another_motion(motions(said), known):
        return None
    places = {place for options in ways if (place := option_in_words(said, options)) is not None}
    return known[places.pop()] if len(places) == 1 else None


def _is_of_another_motion(said: frozenset[str], sentences: Sequence[str]) -> bool:
    """True if a reply speaks of moving and not of turning, where the answers are about turning, or the other way."""
    asked = frozenset[str].intersection(*map(motions, sentences)) & {"move", "turn"}
    return len(asked) == 1 and bool(said & {"move", "turn"}) and not said & asked


def read_pose(text: str, keys: Sequence[str]) -> dict[str, float] | None:
    """The numbers of the one JSON object in ``text``, by ``keys``; None where there is none, or one lacks."""
    elements, beside = answer_elements(normalised(text))
    found = []
    for body in _JSON_OBJECT.findall("\n".join(elements) if elements else beside):
        try:
            content = json.loads(body.replace("'", '"'))  # Some write it as Python does.
            found.append({key: float(content[key]) for key in keys})
        except (ValueError, KeyError, TypeError):
            continue
    return found[0] if found and all(one == found[0] for one in found) else None


def pose_fields_right(text: str, answer: str, question: str) -> float | None:
    """The share of the fields of ``answer`` that ``text`` gives within the tolerance; None where it gives no pose."""
    truth: dict[str, float] = json.loads(answer)
    stated = read_pose(text, list(truth))
    if stated is None:
        return None
    allowed = stated_tolerance(question) or Tolerance(10.0, True, 0.15)
    right = 0
    for name, value in truth.items():
        off, most = stated[name] - value, allowed.second or allowed.size
        if name.endswith("_deg"):
            off, most = (off + 180) % 360 - 180, allowed.size
        right += abs(off) <= most + 1e-9
    return right / len(truth)


def last_turn(question: str) -> str:
    return _USER_TURN.split(question)[-1]


@dataclass(frozen=True)
class _Sentences:
    """The answers of a question type as sentences of one language, in the order of its answers."""

    known: tuple[str, ...]
    options: tuple[tuple[str, ...], ...]
    """The texts that the type's wordings give the same answers as options, a tuple for each set of options."""


@cache
def _statements() -> Mapping[str, _Sentences]:
    """Each answer of the package's types as a sentence, with all the answers of its type in its language."""
    from viewpoint100k.questions import load_template, template_names
    from viewpoint100k.questions.answers import Combination
    from viewpoint100k.questions.wording import compile_wording

    known: dict[str, _Sentences] = {}
    for template in map(load_template, template_names()):
        table = template.answer.table if isinstance(template.answer, Combination) else {}

        def told(
            texts: Mapping[str, str] | str, names: Sequence[str], table: Mapping[str, Any] = table
        ) -> tuple[str, ...]:
            each = texts if isinstance(texts, Mapping) else dict.fromkeys(names, texts)
            return tuple(compile_wording(each[name])(table.get(name, {})) for name in names)

        for language, texts in template.statements.items():
            names = list(texts) if isinstance(texts, Mapping) else list(table)
            sets = {
                told(options, names): None
                for family in template.wordings
                if family.language == language
                for options in family.options or ()
            }
            sentences = told(texts, names)
            known.update(dict.fromkeys(sentences, _Sentences(sentences, tuple(sets))))
    return known


def _siblings(answer: str) -> tuple[str, ...]:
    return _statements()[answer].known if answer in _statements() else ()


def _ways_to_say(answer: str) -> tuple[tuple[str, ...], ...]:
    """The sentences of an answer's type, and the option texts that mean the same."""
    found = _statements().get(answer)
    return (found.known, *found.options) if found else ()


def _whole_verdict(text: str) -> bool | None:
    """What a text says that is a verdict and nothing else."""
    word = _plain(text)
    return True if word in _YES else False if word in _NO else _phrase(text)


def _phrase(text: str) -> bool | None:
    whole = _plain(text)
    return next((verdict for pattern, verdict in _PHRASES.items() if pattern.fullmatch(whole)), None)


def _one(said: set[bool | None]) -> str | None:
    return None if len(said) != 1 or None in said else "yes" if True in said else "no"


def _plain(words: str) -> str:
    """Words as they are compared: no case, no marks at the ends, single spaces, no bullet."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split()).strip(" .,:;!?\"'`*()-。“”")
