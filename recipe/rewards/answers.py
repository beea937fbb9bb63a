"""What a model's text states as its answer. Rewards, evaluation and the lmms-eval task read with these functions alone.

Everything here is linear in the length of the text: no pattern can be made to backtrack over it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "LETTERS",
    "TOLERANCE",
    "TOLERANCE_DEG",
    "angle_between",
    "chosen_letter",
    "follows_format",
    "in_degrees",
    "is_right",
    "read_answer",
    "read_number",
    "text_of",
    "thoughts",
]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

TOLERANCE_DEG = 10.0
"""An open answer in degrees counts as right within this error."""
TOLERANCE = 0.1
"""An open answer in any other unit counts as right within this part of it."""

_TAG = re.compile(r"<(/?)(think|answer)>", re.IGNORECASE)
_FORM = ("<think>", "</think>", "<answer>", "</answer>")

_MANY = 300
"""More characters than this, outside any tag, are a discussion and not an answer."""

_LEAD = r"(?:(?:the )?(?:final |correct |right |best )?(?:option|choice|answer)(?: is)? ?:? ?)?"
_BARE = re.compile(_LEAD + r"[\W_]{0,8}([A-Za-z])[\W_]{0,8}", re.IGNORECASE)
"""The letter alone, whatever stands around it: ``B``, ``b.``, ``(B)``, ``**B**``, ``Option B``."""
_LISTED = re.compile(rf"(?i:{_LEAD})" + r"[\W_]{0,8}([A-Za-z])[.):\]*]{1,4} (?!(?:or|and)\b)(.*\w{2}.*)", re.DOTALL)
"""The letter as a question lists it, with words after it: ``B. To the left``, ``Option B: to the left``."""
_ALSO_LISTED = re.compile(r"(?<!\w)\(?([A-Z])[.):\]*]{1,4}(?: |$)")
"""A letter that is listed further on."""
_LETTERED = re.compile(r"\W{0,4}([A-Za-z])[\W_]{1,4}(.*)", re.DOTALL)
"""A letter and words, whatever stands between: an answer where the words are those of that option."""
_LETTER = r"[*(\[\"'`]{0,4}(?-i:([B-HJ-Z])(?!\w)|([AI])(?=[*)\]\"'`.,;:!?]|$))"
"""A capital. ``A`` and ``I`` are words as well, and need a stop after them."""
_SAID = re.compile(
    r"(?:\banswer(?: is)?|\b(?:correct|right|best) (?:option|choice)(?: is)?|答案[是为]?"
    r"|\b(?:so|thus|hence|therefore),? (?:it is )?(?:the )?option|\bI (?:choose|pick|select|go with)(?: option)?) ?:? ?"
    + _LETTER,
    re.IGNORECASE | re.MULTILINE,
)
"""A sentence that names it."""
_DENIED = re.compile(r"\b(?:not|isn't|never|nor)(?: the| an?)?(?: correct| right| best)? ?$", re.IGNORECASE)
"""What may stand before such words, and turns them into their opposite."""
_WRONG = re.compile(r"[*)\]\"'`]{0,4} (?:is|was|seems|must be) (?:wrong|incorrect|false|not)\b", re.IGNORECASE)
"""What may stand behind them, and does so."""
_OR_ANOTHER = re.compile(r"[*)\]\"'`]{0,4} ?(?:,? ?(?:or|and) |[,/&] ?)(?:option )?" + _LETTER, re.IGNORECASE)
"""What may stand behind them, and names one more."""
_BOXED = re.compile(r"\\boxed\{ ?(?:\\text\{)?\(?([A-Za-z])\)?\}{1,2}")
_NUMBER = re.compile(r"[-+]?(?:\d{1,9}(?:[.,]\d{1,9})?|\.\d{1,9})")


def text_of(completion: str | Sequence[Mapping[str, Any]]) -> str:
    """The text of a completion as TRL passes it: a string, or a list of chat messages.

    Of several messages, the assistant's alone count; a content may be a list of blocks, of which the text ones count.
    """
    if isinstance(completion, str):
        return completion
    parts = []
    for message in completion:
        if message.get("role", "assistant") != "assistant":
            continue
        content = message.get("content") or ""
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        parts += [str(block.get("text") or "") for block in blocks if block.get("type", "text") == "text"]
    return "\n".join(parts)


def follows_format(text: str) -> bool:
    """Whether ``text`` is ``<think>…</think><answer>…</answer>``: each tag once, neither part empty, nothing beside."""
    stripped = text.strip()
    tags = list(_TAG.finditer(stripped))
    if tuple(tag.group() for tag in tags) != _FORM:
        return False
    opens, closes, answers, ends = tags
    between = stripped[closes.end() : answers.start()]
    thought, answer = stripped[opens.end() : closes.start()], stripped[answers.end() : ends.start()]
    whole = opens.start() == 0 and ends.end() == len(stripped)
    return whole and not between.strip() and bool(thought.strip()) and bool(answer.strip())


def thoughts(text: str) -> str:
    """What stands between ``<think>`` and the last ``</think>``; all of it where the first tag was left to the prompt.

    Empty where no thought was finished.
    """
    closing = [tag for tag in _TAG.finditer(text) if tag.group().lower() == "</think>"]
    if not closing:
        return ""
    inside = text[: closing[-1].start()]
    opening = next((tag.end() for tag in _TAG.finditer(inside) if tag.group().lower() == "<think>"), 0)
    return inside[opening:]


def read_answer(text: str) -> str | None:
    """What ``text`` states as its answer: a capital letter where it states one, else its words; None where nothing.

    Thoughts do not count, nor do tags inside them. ``<answer>`` elements count where there are any; several that
    state different things state nothing. A text without tags is read as a person would read a short reply:
    ``b``, ``(B)``, ``B. To the left``, ``The answer is B``. ``A dog`` states two words, and no letter.
    """
    stated = _stated(text)
    return None if stated is None else stated[0] or stated[1]


def chosen_letter(text: str, options: Sequence[str]) -> str | None:
    """The letter of the one option that ``text`` chooses, by letter or by the option's own words; None otherwise.

    A letter beside the words of another option chooses nothing.
    """
    stated = _stated(text)
    if stated is None:
        return None
    letter, words = stated
    wordings = [_plain(option) for option in options]
    said = {_plain(words), _plain(re.sub(f"^{_LEAD}", "", words, flags=re.IGNORECASE))}
    named = [LETTERS[place] for place, wording in enumerate(wordings) if wording in said]
    if not letter and (lettered := _LETTERED.fullmatch(words)):
        place = LETTERS.find(lettered.group(1).upper())
        letter = LETTERS[place] if wordings[place : place + 1] == [_plain(lettered.group(2))] else ""
    if letter:
        known = letter in LETTERS[: len(options)]
        return letter if known and (not named or letter in named) else None
    # Options of one letter ("The images: A, B") are listed as letters of their own; only distinct texts can be named.
    return named[0] if len(named) == 1 else None


def read_number(text: str) -> float | None:
    """The one number that ``text`` states, such as ``-30`` in ``−30°`` or ``about -30 degrees``; None where it states
    none, or several that differ. A comma is read as a decimal point; digits may be of any script."""
    plain = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    found = {float(number.replace(",", ".")) for number in _NUMBER.findall(plain)}
    return found.pop() if len(found) == 1 else None


def in_degrees(question: str) -> bool:
    """Whether an open ``question`` asks for degrees, by its own words; one that is not known is taken to."""
    return not question or any(word in question.casefold() for word in ("degree", "°", "度"))


def is_right(text: str, answer: str, options: Sequence[str] | None, question: str = "") -> bool:
    """Whether ``text`` answers as the row does.

    Args:
        text: what the model wrote.
        answer: the row's answer: the right option's letter, or the value where the question is open.
        options: the row's options; empty for an open question, None where they are not known.
        question: says in what unit an open answer is (`in_degrees`). Degrees may be off by `TOLERANCE_DEG`, and 359
            are 1 from 0; any other number by a tenth of itself.
    """
    if options:
        return chosen_letter(text, options) == answer
    stated = read_answer(text)
    if stated is None:
        return False
    if (truth := read_number(answer)) is not None:
        value = read_number(stated)
        if value is None:
            return False
        if in_degrees(question):
            return abs(angle_between(value, truth)) <= TOLERANCE_DEG + 1e-9
        return abs(value - truth) <= TOLERANCE * abs(truth) + 1e-9
    return _plain(stated) == _plain(answer)


def angle_between(first: float, second: float) -> float:
    """The angle from ``second`` to ``first``, degrees, in [-180, 180): whole turns do not count."""
    return (first - second + 180.0) % 360.0 - 180.0


def _stated(text: str) -> tuple[str, str] | None:
    """(letter or empty, words or empty) of the answer that ``text`` states; None where it states none."""
    elements, beside = _answer_elements(unicodedata.normalize("NFKC", text))
    if not any(map(str.strip, elements)):
        return _read_reply(beside)
    read = {_read_element(element) for element in elements}
    letters = {letter for letter, _ in read}
    if len(read) > 1 and not (len(letters) == 1 and letters != {""}):
        return None
    stated = max(read, key=lambda one: len(one[1]))
    return stated if any(stated) else None


def _answer_elements(text: str) -> tuple[list[str], str]:
    """The contents of ``<answer>`` elements outside thoughts, and the text outside any tag.

    What stands before a ``</think>`` that nothing opened is a thought too: some prompts end in ``<think>``. A thought
    that is never closed hides all that follows, but for an element that closes the whole text.
    """
    found: list[str] = []
    beside: list[str] = []
    hidden: str | None = None
    answer: list[str] | None = None
    depth = position = hidden_from = 0
    for tag in _TAG.finditer(text):
        piece, position = text[position : tag.start()], tag.end()
        closes, name = bool(tag.group(1)), tag.group(2).lower()
        if not depth:
            (beside if answer is None else answer).append(piece)
        if name == "think":
            if closes and not depth:
                found, beside, answer = [], [], None
            depth = max(depth - 1, 0) if closes else depth + 1
            hidden = None
        elif depth:
            hidden = text[hidden_from : tag.start()] if closes and hidden_from else None
            hidden_from = 0 if closes else tag.end()
        elif not closes:
            answer = []
        elif answer is not None:
            found.append("".join(answer))
            answer = None
    rest = text[position:]
    if depth:
        return ([hidden] if hidden is not None and not rest.strip() and not found else found), "".join(beside)
    if answer is not None:
        found.append("".join([*answer, rest]))
    else:
        beside.append(rest)
    return found, "".join(beside)


def _read_element(content: str) -> tuple[str, str]:
    """(letter, words) of an answer element's content, or of a line of a reply."""
    line = " ".join(content.split())
    if boxed := {letter.upper() for letter in _BOXED.findall(line)}:
        return (boxed.pop(), "") if len(boxed) == 1 else ("", line)
    if bare := _BARE.fullmatch(line):
        return bare.group(1).upper(), ""
    if listed := _LISTED.fullmatch(line):
        letter, words = listed.group(1).upper(), listed.group(2)
        also = {*_ALSO_LISTED.findall(words), _last_said(words)} - {letter, ""}
        return ("", line) if also else (letter, words)
    if len(line) <= _MANY and (said := _last_said(line)):
        return said, ""
    return "", line


def _read_reply(text: str) -> tuple[str, str] | None:
    """The same for a reply without tags: its only line, its first or last line, or the sentence that says so."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    read = [_read_element(line) for line in dict.fromkeys((lines[0], lines[-1]))]
    letters = {letter for letter, _ in read if letter}
    if len(letters) == 1:
        return next(one for one in read if one[0])
    if said := _last_said(text):
        return said, ""
    words = " ".join(text.split())
    return ("", words) if not letters and len(words) <= _MANY else None


def _last_said(text: str) -> str:
    """The letter that the last sentence to name one names; empty where that sentence names two, or there is none."""
    said = ""
    for match in _SAID.finditer(text):
        if _DENIED.search(text, max(0, match.start() - 40), match.start()) or _WRONG.match(text, match.end()):
            continue
        said = match.group(1) or match.group(2)
        another = _OR_ANOTHER.match(text, match.end())
        if another and (another.group(1) or another.group(2)) != said:
            said = ""
    return said


def _plain(words: str) -> str:
    """Words as they are compared: no case, no marks at the ends, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split()).strip(" .,:;!?\"'`*()")
