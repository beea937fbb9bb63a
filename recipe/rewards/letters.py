"""Reads the option letter that a line or a reply states.

A letter counts if it is the whole reply, if it is listed as in a question, or if a sentence names it as the answer. A
letter that is denied, one of two, or part of a condition does not count. Every pattern takes linear time.
"""

from __future__ import annotations

import re

__all__ = ["LEAD", "LETTERS", "any_letter", "read_element", "read_reply"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_MANY = 300
"""Longer text outside tags is a discussion, not an answer; characters."""

_BE = r"(?:is|was|are|should be|would be|must be|will be|has to be|could be|might be|may be|be|=)"
_SURELY = r"(?:therefore|thus|then|probably|likely|most likely|definitely|clearly|simply|indeed|likewise|again)"
_NOUN = r"(?:answer|option|choice|guess|pick|selection|response|conclusion)"
_WHICH = r"(?:final |correct |right |best |most likely |likely |own )?"

LEAD = (
    rf"(?:(?:\d{{1,2}}[.)] ?)?(?:(?:the |my )?{_WHICH}{_NOUN}(?: {_BE})?(?: {_SURELY})? ?[:.]? ?)?"
    r"(?:the )?(?:option )?)"
)
"""Words before an answer on its own line: ``The answer is``, ``My answer:``, ``Option``."""

_BARE = re.compile(LEAD + r"[\W_]{0,8}([A-Za-z])[\W_]{0,8}", re.IGNORECASE)
"""A letter alone with its punctuation: ``B``, ``b.``, ``(B)``, ``Option B``."""
_LISTED = re.compile(rf"(?i:{LEAD})" + r"[\W_]{0,8}([A-Za-z])[.):\]]{1,4} (?!(?:or|and)\b)(.*\w{2}.*)", re.DOTALL)
"""A letter as in a question, with words after it: ``B. To the left``, ``Option B: to the left``."""
_ALSO_LISTED = re.compile(r"(?<![A-Za-z0-9_])\(?([A-Z])[.):\]]{1,4}(?: |$)")
"""A letter in a list later in the text."""
_LIST_LINE = re.compile(r"\W{0,6}(?:(?:option|choice) )?\(?(?-i:([A-Z]))[.):\]]{1,3} \W{0,3}\w", re.IGNORECASE)
_SECOND_THOUGHT = re.compile(r"\b(?:wait|actually|correction|scratch that|on second thought|let me|hold on)\b", re.I)
"""Words that revoke the letter before them."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
_BY_PLACE = re.compile(
    rf"(?i:(?:{LEAD}))(?i:(?:option|choice) (?:number |no\. ?|#)?([1-9])|(?:the )?({'|'.join(_ORDINALS)}) "
    r"(?:option|choice|one|answer)(?: (?:is|seems) (?:the )?(?:correct|right|best)(?: one| option| answer)?)?)\W{0,4}"
)
"""An option by its position: ``Option 2``, ``The third option.``"""

_LETTER = (
    r"[(\[\"'$ ]{0,4}(?-i:(?<![A-Za-z0-9_])([B-HJ-Z])(?![A-Za-z0-9_])"
    r"|(?<![A-Za-z0-9_])([AI])(?=[)\]\"$.,;:!?/&]|\s*$|[^\x00-\x7f]| ?\(| [-–—] "
    r"| (?:or|and|nor|because|since|is|seems|looks|fits|must|should)\b))"
)
"""A capital letter. ``A`` and ``I`` are also words and need punctuation after them."""
_MENTION = re.compile(_LETTER, re.MULTILINE)

_NAMED = re.compile(
    rf"(?:\b{_WHICH}{_NOUN}(?: left| remaining| that fits| that remains)? ?:? ?(?:{_BE} ?)?(?:{_SURELY} )?"
    r"(?:therefore )?:? ?(?:the )?(?:option )?"
    r"|\b(?:choose|choosing|pick|select|say|answer|go with|go for|going with|guess|opt for|settle on"
    r"|lean(?:ing)? towards?|favou?r|vote for) (?:option )?"
    rf"|\b(?:it|this|that|which)(?: {_BE}|'s)(?: {_SURELY})? (?:the )?(?:option )?"
    r"|\b(?:so|hence|thus|therefore|but|thereby)\b[,:]? ?(?:option )?"
    r"|\b(?:leaves|leaving|matches|corresponds to|points to|agrees with)(?: us with)? (?:option )?"
    r"|(?:答案|选项|选择|应选|应该选|选|而是)(?:应该|应)?[是为]?:? ?)" + _LETTER,
    re.IGNORECASE | re.MULTILINE,
)
"""Words that name a letter as the answer."""
_CONFIRMED = re.compile(
    _LETTER + r"[)\]\"]? (?:(?:is|must be|should be|seems|looks)(?: to be)? (?:the )?"
    r"(?:correct|right|best|answer|most likely|likeliest|most plausible)\b"
    r"|fits(?: best| better)?[.,;]?(?: because|\s*$))",
    re.IGNORECASE | re.MULTILINE,
)
"""``Option A is correct``."""
_AT_END = re.compile(r"(?:\((?:option |answer |choice )?([A-Z])\)|(?:[,:] |[-–—] ?)\(?([A-Z])\)?)[.!]?\s{0,4}$")
"""The end of a reply: ``By about 30 degrees (A).``, ``By elimination, B.``"""

_DENIED = re.compile(
    r"(?:\b(?:not|isn't|never|nor|neither|cannot be|can't be|couldn't be|rather than|instead of|rules? out)"
    r"(?:(?: the|(?-i: an?)| option| answer| correct| right| best| either|,)*) ?"
    r"|(?:不是|不选|并非|排除) ?)$",
    re.IGNORECASE,
)
"""Negations before a letter or before the words that name it."""
_SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|do not think|don't think|doubt|cannot say|can't say|not sure|unsure)\b[^.,;!?\n]{0,60}$",
    re.IGNORECASE,
)
_WRONG = re.compile(
    r"[)\]\"'`]{0,4} (?:is|was|seems|must be|looks) (?:wrong|incorrect|false|not|out|unlikely|impossible)\b"
    r"|[)\]\"'`]{0,4} (?:would|could|cannot|can't|does not|doesn't)\b",
    re.IGNORECASE,
)
"""Words after a letter that reject it."""
_JOINED = re.compile(r"(?<![A-Za-z0-9_])[A-Z][)\]\"]{0,2} (?:or|and) (?:option )?$")
"""Another letter with *or* or *and* before a letter."""
_SENTENCE_END = re.compile(r"[!?;\n。]|\.(?=\s|$)")


def any_letter(text: str, count: int) -> bool:
    """True if ``text`` mentions one of the first ``count`` letters, even if it denies it."""
    return any((match.group(1) or match.group(2)) in LETTERS[:count] for match in _MENTION.finditer(text))


def read_element(content: str) -> tuple[str, str]:
    """(letter, words) in the content of an answer element or in a line of a reply; the letter may be empty."""
    line = " ".join(content.split())
    if bare := _BARE.fullmatch(line):
        return bare.group(1).upper(), ""
    if by_place := _BY_PLACE.fullmatch(line):
        number, ordinal = by_place.groups()
        return LETTERS[int(number) - 1 if number else _ORDINALS.index(ordinal.lower())], ""
    if listed := _LISTED.fullmatch(line):
        letter, words = listed.group(1).upper(), listed.group(2)
        later = _last_named(words)
        if later and _SECOND_THOUGHT.search(words):
            return later, ""
        also = {*_ALSO_LISTED.findall(words), later} - {letter, ""}
        return ("", line) if also else (letter, words)
    if len(line) <= _MANY and (said := _last_named(line)):
        return said, ""
    return "", line


def read_reply(text: str) -> tuple[str, str] | None:
    """The same for a reply without tags: from its only, first or last line, or from a sentence that names a letter."""
    lines = _without_list([line for line in text.splitlines() if line.strip()])
    if not lines:
        return None
    text = "\n".join(lines)
    read = [read_element(line) for line in dict.fromkeys((lines[0], lines[-1]))]
    letters = {letter for letter, _ in read if letter}
    if len(letters) == 1:
        return next(one for one in read if one[0])
    if said := _last_named(text):
        return said, ""
    words = " ".join(text.split())
    return ("", words) if not letters and len(words) <= _MANY else None


def _without_list(lines: list[str]) -> list[str]:
    """``lines`` without those that discuss the options letter by letter, which are not the answer."""
    listed = [match.group(1) if (match := _LIST_LINE.match(line)) else "" for line in lines]
    if len({*listed} - {""}) < 2:
        return lines
    return [line for line, letter in zip(lines, listed, strict=True) if not letter]


def _last_named(text: str) -> str:
    """The letter in the last sentence that names one; empty if that sentence names two, or if there is none."""
    named = [(match.start(), match) for pattern in (_NAMED, _CONFIRMED) for match in pattern.finditer(text)]
    if not named:
        return _at_end(text)
    for start, match in sorted(named, key=lambda one: one[1].end(), reverse=True):
        before = text[max(0, start - 80) : start]
        if _DENIED.search(before) or _SUPPOSED.search(before):
            continue
        if _WRONG.match(text, match.end()) and match.re is not _CONFIRMED:
            continue
        letter = match.group(1) or match.group(2)
        return "" if _one_of_two(text, start, match.end(), letter) else letter
    return ""


def _at_end(text: str) -> str:
    """The letter that the last line ends with, if it is the only one that the line mentions."""
    line = text.rstrip().rpartition("\n")[2][-_MANY:]
    end = _AT_END.search(line)
    mentioned = {match.group(1) or match.group(2) for match in _MENTION.finditer(line)}
    return mentioned.pop() if end and mentioned == {end.group(1) or end.group(2)} else ""


def _one_of_two(text: str, start: int, end: int, letter: str) -> bool:
    """True if *or* or *and* connects the letter to another one."""
    stop = _SENTENCE_END.search(text, end, end + _MANY)
    rest = text[end : stop.start() if stop else end + _MANY]
    for match in _MENTION.finditer(rest):
        if (match.group(1) or match.group(2)) == letter:
            continue
        if not (_DENIED.search(rest[: match.start()] + " ") or _WRONG.match(rest, match.end())):
            return True
    return bool(_JOINED.search(text[max(0, start - 20) : start]))
