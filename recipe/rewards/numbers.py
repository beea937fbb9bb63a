"""Reads the number that a reply states.

A number counts if it is the whole reply, if it has a unit, or if a sentence names it as the answer. The number of an
image, a count of other things (``4 legs``), a range, and one of several numbers do not count.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["read_number", "signed_number"]

_NUMBER = re.compile(r"[-+]?(?:\d{1,9}(?:[.,]\d{1,9})?|\.\d{1,9})")
_START = r"(?<![\d.,])"
_ANY = re.compile(rf"{_START}(?P<number>{_NUMBER.pattern})")
_UNIT = (
    r"(?:°|\^ ?\{?\\circ|degrees?\b|deg\b|度|(?:object )?radi(?:i|us)\b|units?\b|个?(?:单位|物体半径|半径)|times\b|倍"
    r"|x\b|%)"
)
_MEASURE = re.compile(rf"{_START}(?P<number>{_NUMBER.pattern}) ?{_UNIT}", re.IGNORECASE)
"""A number with its unit."""
_RANGE = re.compile(rf"\d ?(?:{_UNIT})? ?(?:to|and|or|-|–|~|到|至|或) ?{_NUMBER.pattern}", re.IGNORECASE)
_IMAGE = re.compile(
    r"\b(?:images?|pictures?|photos?|photographs?|views?|cameras?|frames?|option) (?:no\.? ?|number |#)?[1-9]\b(?!\.\d)"
    r"|(?:图片?|照片|视图) ?[1-9](?![.\d])",
    re.IGNORECASE,
)
"""An image by its number."""
_COUNT = re.compile(
    rf"{_START}{_NUMBER.pattern}[ -](?!{_UNIT})(?:[a-z]{{1,20}} )?"
    r"(?!(?:this|was|has|its|across|perhaps|plus|minus|times|[a-z]{1,9}wards|[a-z]{1,9}ways)\b)[a-z]{2,20}s\b",
    re.IGNORECASE,
)
"""A number of other things, such as ``4 legs`` and ``120 dark pixels``."""
_ABOUT = r"(?:about|approximately|approx\.?|around|roughly|nearly|some|only|≈|~|约为?|大约|大概)"
_NAMED = re.compile(
    r"(?:\b(?:answer|estimate|result)(?: is| would be| should be|:|=)|(?:答案|结果|估计)(?:应该|应)?(?:是|为|:))"
    rf" ?(?:{_ABOUT} ?)?[\"'“$(]{{0,3}}(?P<number>{_NUMBER.pattern})(?![.,]?\d)",
    re.IGNORECASE,
)
"""A number that is called the answer."""

_WAY = (
    r"(?P<way>left|right|counter-?clockwise|anti-?clockwise|clockwise|upwards?|downwards?|up|down|higher|lower"
    r"|左|右|上|下|逆时针|顺时针)"
)
_AFTER = re.compile(
    rf" ?(?:{_UNIT})?,? ?(?:around (?:it|the object),? )?(?:further )?"
    rf"(?:to (?:the|its|my|your|their) |in the |在?往?向?)?{_WAY}",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"{_WAY}(?:wards?)?[ ,]{{0,2}}(?:(?:by|through|转动?了?|移动?了?|走了?|倾斜?了?) ?)?(?:{_ABOUT} ?)?$",
    re.IGNORECASE,
)
"""A direction right after a number or before it."""
_NEGATIVE = re.compile(r"left|anti|counter|down|lower|左|下|逆", re.IGNORECASE)
_SIGNED = re.compile(r"\bnegative\b|为负")


def read_number(text: str) -> float | None:
    """The only number in ``text``, such as ``-30`` in ``−30°`` or ``about -30 degrees``; None if there is none, or if
    several differ. A comma is read as a decimal point; digits may be of any script."""
    return _one(_NUMBER.findall(_plain(text)))


def signed_number(text: str, question: str) -> float | None:
    """The number that the words of a reply state: the one that they call the answer, the only one with a unit, or the
    only one. None if there is none, a range, or several.

    If ``question`` calls one direction negative, a number without a sign takes its sign from the direction beside it:
    ``40 degrees to the left`` is -40.
    """
    plain = _plain(text)
    found = _single(plain)
    if found is None:
        return None
    number = found.group("number")
    value = _value(number)
    if not _SIGNED.search(question) or number[0] in "+-":
        return value
    beside = _AFTER.match(plain, found.end("number")) or _BEFORE.search(plain[: found.start("number")][-60:])
    return -value if beside and _NEGATIVE.search(beside["way"]) else value


def _single(plain: str) -> re.Match[str] | None:
    """The match of the number that a reply states, with the group ``number``."""
    named = _of_one_value(list(_NAMED.finditer(plain)))
    if named is not None:
        return None if _RANGE.match(plain, named.end("number") - 1) else named
    without = _IMAGE.sub(lambda name: re.sub(r"\d", "#", name[0]), plain)
    if _RANGE.search(without):
        return None
    without = _COUNT.sub(lambda count: re.sub(r"\d", "#", count[0]), without)
    return _of_one_value(list(_MEASURE.finditer(without))) or _of_one_value(list(_ANY.finditer(without)))


def _of_one_value(found: list[re.Match[str]]) -> re.Match[str] | None:
    return found[0] if len({_value(match["number"]) for match in found}) == 1 else None


def _one(numbers: list[str]) -> float | None:
    values = {_value(number) for number in numbers}
    return values.pop() if len(values) == 1 else None


def _value(number: str) -> float:
    return float(number.replace(",", "."))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
