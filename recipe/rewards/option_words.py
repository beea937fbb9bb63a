"""Reads the option that a reply chooses in words, such as ``The camera moved to the right.``

A sentence counts only if all its words are known: words of the options, and words about a moving camera. Sentences
about something else (``The handle is on the right``), doubts and suppositions contain other words and are ignored. A
reply that chooses two different options chooses none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recipe.rewards.letters import any_letter

__all__ = ["motions", "option_in_words"]

_ALIKE = {
    "left": "leftward leftwards leftwardly 左",
    "right": "rightward rightwards rightwardly 右",
    "not": "no neither nor never none nowhere 不 没 無 无 未",
    "farther": "further",
    "closer": "nearer near",
    "anticlockwise": "counterclockwise counter-clockwise anti-clockwise",
    "higher": "greater",
    "lower": "lesser",
    "move": "moved moves moving movement motion travelled traveled carried carry shifted shift shifts shifting stepped "
    "step slid slide translated translation displaced went gone go goes going walked walk walks 移 动 挪",
    "turn": "turned turns turning rotated rotate rotates rotation panned pan swung swing 转 旋",
    "roll": "rolled rolls rolling",
    "tilt": "tilted tilts tilting",
}
_SAME = {word: word_for for word_for, words in _ALIKE.items() for word in words.split()}
_MOTIONS = frozenset(("move", "turn", "roll", "tilt"))

_SUBJECTS = frozenset("camera cameras photographer viewpoint viewer observer you i 相 机 摄 者".split())  # noqa: SIM905
_FILLERS = frozenset(
    """
    a an the is was were are has had have been be being would should must will did does do take takes took get gets got
    my your its their our me it this that these they there then now here hence thus therefore so
    to in at on of by from with for into between through around about toward towards onto over
    second first image images picture pictures photo photos photograph photographs view shot
    taken when before after compared relative than as and which where who while
    side sides sideways way ways direction directions position place hand perspective point end
    more slightly roughly approximately approx nearly clearly simply just also probably likely apparently seems seem
    one ones any all only difference
    answer option choice correct best final conclusion conclude guess think believe say estimate i'd i'll i'm
    degree degrees deg angle amount height distance level by total change horizontal horizontally either itself out set
    其 的 了 到 在 往 向 侧 边 方 面 是 为 应 该 选 择 我 认 第 一 二 张 图 片 照 中 拍 摄 从 个 它 就 水 平 横 被 将 者
    答 案 约 度 大 左右 有 地 着 生 发 时 去 来 而
    camera cameras photographer viewpoint viewer observer you i 相 机 摄 者
    """.split()  # noqa: SIM905
)
_KNOWN = _FILLERS | _MOTIONS | {"not", "left", "right", "both", "two", "same"}

_NUMBERED_IMAGE = re.compile(r"\b(image|picture|photo|photograph|view|camera)s? (?:no\.? ?|number )?[1-9]\b|图 ?[1-9]")
_SIDE_OF_A_PICTURE = re.compile(r"\b(?:left|right)(?:-hand)? (image|picture|photo|photograph|one)\b")
_CORRECT = re.compile(r"\bright (?=answer|option|choice|one\b)")
_AGREED = re.compile(r"\b(?:that's|that is|you're|you are|all) right\b")
_TO_IT = re.compile(r"\b(to|from|around|towards?|of) the (?:object|subject|item|thing)\b(?!')")
_BOTH_SIDES = re.compile(
    r"\b(?:to )?(?:the )?(?:left (?:or|nor) (?:to )?(?:the )?right|right (?:or|nor) (?:to )?(?:the )?left)\b"
)
_PLAIN_NO = re.compile(r"\bno(?=\s*[,.;:!。]|\s*$)")
_NOT = re.compile(r"(?<=[a-z])n't\b")
_POSSESSIVE = re.compile(r"(?<=[a-z])'s\b")
_TOKEN = re.compile(r"[a-z]+(?:[-'][a-z]+)*|-?\d+(?:\.\d+)?|[\u4e00-\u9fff]|[^\W\d_]")

_SENTENCE = re.compile(r"[;!\n。]|\.(?=\s|$)|(\?)")
_CLAUSE = re.compile(
    r"[,:()]|\b(?:because|since|so|hence|thus|therefore|but|while|whereas|meaning|indicating|suggesting|which|that"
    r"|means|indicates|suggests|shows|implies|conclude)\b|所以|因此|因为|说明|表明|可见"
)


def option_in_words(reply: str, options: Sequence[str]) -> int | None:
    """Index of the only option that ``reply`` chooses by its words; None if it chooses none or several.

    Replies that mention an option's letter are not read here.
    """
    if not options or any_letter(reply, len(options)):
        return None
    meanings = _Meanings(options)
    chosen: set[int] = set()
    followed = True  # Whether "it" and "to the left" can still be of the camera, and not of something in the images.
    for sentence in _sentences(meanings.prepared(reply)):
        said = meanings.read(sentence, alone=followed)
        parts = [] if said.chosen is not None else [part for part in _CLAUSE.split(sentence) if part and part.strip()]
        places = [said.chosen]
        clear = followed
        for part in parts:
            clause = meanings.read(part, alone=clear)
            clear = clear and clause.known
            others = [other for other in parts if other is not part]
            places.append(None if meanings.is_too_narrow(clause.chosen, others) else clause.chosen)
        found = {place for place in places if place is not None}
        chosen |= found
        if sentence.strip():
            followed = said.known or bool(found) or meanings.names_camera(sentence)
    return chosen.pop() if len(chosen) == 1 else None


def motions(text: str) -> frozenset[str]:
    """The kinds of motion that ``text`` speaks of: ``move``, ``turn``, ``roll``, ``tilt``."""
    return _MOTIONS.intersection(_tokens(text.casefold()))


def _sentences(text: str) -> list[str]:
    """The sentences of ``text`` without questions; a line break also ends a sentence."""
    found, position = [], 0
    for stop in _SENTENCE.finditer(text):
        if not stop.group(1):
            found.append(text[position : stop.start()])
        position = stop.end()
    return [*found, text[position:]]


@dataclass(frozen=True)
class _Read:
    """The index of the option that a clause chooses, and True if all its words are known."""

    chosen: int | None
    known: bool


class _Meanings:
    """The words of each option that distinguish it from the others, in order."""

    def __init__(self, options: Sequence[str]) -> None:
        plain = [option.casefold() for option in options]
        self._numbered = any(_NUMBERED_IMAGE.search(option) for option in plain)
        tokens = [_tokens(self.prepared(option)) for option in plain]
        common = set.intersection(*map(set, tokens)) if len(tokens) > 1 else set()
        self._words = {word for words in tokens for word in words}
        self._telling = [[word for word in words if word not in common | _FILLERS] for words in tokens]
        self._exclusive = ["only" in words for words in tokens]
        self._whole = {" ".join(words): place for place, words in enumerate(tokens)}

    def prepared(self, text: str) -> str:
        """``text`` in lower case, with fixed phrases in the form that `read` expects."""
        text = text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("can't", "cannot")
        if not self._numbered:
            text = _NUMBERED_IMAGE.sub("image", text)
        text = _SIDE_OF_A_PICTURE.sub(r"\1", _CORRECT.sub("correct ", _AGREED.sub("agreed", text)))
        text = _BOTH_SIDES.sub("sideways", _TO_IT.sub(r"\1 it", text))
        return _PLAIN_NO.sub("nay", _POSSESSIVE.sub("", _NOT.sub(" not", text)))

    def names_camera(self, sentence: str) -> bool:
        """True if a sentence mentions the camera, so that *it* in the next sentence may be the camera."""
        return not _SUBJECTS.isdisjoint(_tokens(sentence))

    def is_too_narrow(self, place: int | None, others: Sequence[str]) -> bool:
        """True if an option says *only*, and the other clauses of the sentence say more: ``The tripod was carried, and
        the head turned`` is not ``Only the tripod was carried``."""
        if place is None or not self._exclusive[place]:
            return False
        more = {word for option in self._telling for word in option} - {*self._telling[place]}
        return any(more.intersection(words) and "not" not in words for words in map(_tokens, others))

    def read(self, clause: str, alone: bool) -> _Read:
        """Reads ``clause``. A clause without a subject, or with a pronoun as its subject, counts only if it is
        ``alone``, because otherwise it may be about something else."""
        words = _tokens(clause)
        if " ".join(words) in self._whole and (alone or len(words) > 2):
            return _Read(self._whole[" ".join(words)], True)
        if not words or any(word not in self._words and word not in _KNOWN for word in words):
            return _Read(None, False)
        if not alone and _SUBJECTS.isdisjoint(words):
            return _Read(None, True)
        return _Read(self._matching(words), True)

    def _matching(self, words: Sequence[str]) -> int | None:
        telling = {word for option in self._telling for word in option} | {"not"}
        said = [word for word in words if word in telling]
        if not said:
            return None
        places = self._places(said, self._telling)
        if not places:
            still = [[word for word in option if word not in _MOTIONS] for option in self._telling]
            said = [word for word in said if word not in _MOTIONS]
            # Without the motions, options such as "It only moved" say nothing.
            apart = len({tuple(option) for option in still}) == len(still) and all(still)
            places = self._places(said, still) if said and apart else []
        return places[0] if len(places) == 1 else None

    @staticmethod
    def _places(said: Sequence[str], telling: Sequence[Sequence[str]]) -> list[int]:
        """Indices of the options that ``said`` can mean. A negation only matches an option that is a negation."""
        if "not" in said:
            return [place for place, option in enumerate(telling) if list(option) == list(said)]
        return [place for place, option in enumerate(telling) if _in_order(said, option)]


def _in_order(some: Sequence[str], words: Sequence[str]) -> bool:
    rest = iter(words)
    return all(any(word == one for one in rest) for word in some)


def _tokens(text: str) -> list[str]:
    return [_SAME.get(word, word) for word in _TOKEN.findall(text)]
