"""What holds of every wording that a family can compose: ``templates check`` goes through all of them.

Whose left and right are meant is said, the frame of reference is named, nothing suggests one answer, and no option
stands out by its length or means two things.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from viewpoint100k.questions.answers import Arc, Candidates
from viewpoint100k.questions.composition import WordingFamily
from viewpoint100k.questions.document import Path
from viewpoint100k.questions.paraphrase import Paraphrase
from viewpoint100k.questions.style import style_problems
from viewpoint100k.questions.template import Template

__all__ = ["FRAME_WORDS", "STILL_WORDS", "stands_out", "unproven"]

FRAME_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "camera": ("camera", "photographer", "point of view", "perspective"),
        "object": ("object", "observer"),
        "world": ("height", "ground", "floor", "horizon", "above"),
        "images": ("image", "photo", "picture", "view"),
    },
    "zh": {
        "camera": ("相机", "拍摄者", "视角", "镜头"),
        "object": ("物体", "观察者"),
        "world": ("高", "地面", "水平"),
        "images": ("图", "照片"),
    },
}
"""By language and frame of reference: a question names its frame by one of these."""

STILL_WORDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("still", "not move", "never moved", "not been moved", "stayed", "never touched", "stands where"),
        *("nobody touched", "nobody moved"),
    ),
    "zh": ("静止", "没有动", "没有被碰", "不动"),
}
"""Words that say that it was the camera that moved, and not the object."""

_SIDES = {"en": re.compile(r"\b(?:left|right)(?:wards?)?\b"), "zh": re.compile("[左右]")}
_WHOSE: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "en": {
        "camera": re.compile(
            r"photographer|behind (?:the|my) camera|holds? the camera|camera's (?:own|point of view)|"
            r"camera of|own point of view|point of view of"
        ),
        "object": re.compile(
            r"\bfac(?:e|es|ed|ing)\b|observer|looks? (?:straight|back|towards|at)|looking (?:straight|at|towards)|"
            r"looked back|the object's own|of its own|its own left|the object's left|as the object (?:itself )?has|"
            r"front, back|own front|ahead of you|out of its front"
        ),
    },
    "zh": {
        "camera": re.compile("拍摄者|相机自身|相机视角|相机后面|手持相机"),
        "object": re.compile("正对|面向|正面|观察者|看着"),
    },
}
"""Words that say who calls a side left or right."""

_OPPOSITES = {
    "en": (
        *(("left", "right"), ("up", "down"), ("upwards", "downwards"), ("closer", "farther"), ("higher", "lower")),
        *(("clockwise", "anticlockwise"), ("shorter", "longer"), ("raised", "lowered"), ("smaller", "larger")),
    ),
    "zh": (("左", "右"), ("更高", "更低"), ("更近", "更远"), ("顺时针", "逆时针")),
}
"""Words of which a question that offers both names both or neither."""


_ANSWERS_TO = tuple(
    (re.compile(begins), re.compile(needed), advice)
    for begins, needed, advice in (
        (r"(?:yes|no), ", r"(?:^|\. |, )(?:is|are|was|do|does|did|can|could|has|have)\b", "ask for yes or no"),
        (r"both(?: of|$)", r"\bboth\b|\bwhich of\b", "name both things in the question"),
        (r"from ", r"\bfrom\b", "ask from where it was"),
        (r"you ", r"\bi\b", "let the question speak of “I”"),
    )
)
"""Beginnings of options, what a question must hold that they answer, and what to do where it does not."""


def unproven(template: Template) -> Iterator[tuple[Path, str]]:
    """Each property that does not hold of all wordings of a family, with one wording of which it does not."""
    for place, family in enumerate(template.wordings):
        where, stems = ("wordings", place), list(family.stems())
        for holds, complaint in _properties(template, family):
            failing = [stem for stem in stems if not holds(stem.question)]
            if failing:
                yield where, f"wording {failing[0].name} {complaint}{_also(len(failing), len(stems))}"
        if family.language.partition("-")[0] == "en":
            yield from ((where, sentence) for sentence in _styled(stems))
            for text in (text for text in (*_option_texts(family), *family.replies) if "{{" not in text):
                for problem in style_problems(text):
                    yield where, f"wording {family.name}: {problem}"
        for number, options in enumerate(family.options or ()):
            if isinstance(options, dict) and (name := stands_out(options)) is not None:
                sentence = f"wording {family.name}: the option {name} stands out by its length: word all alike"
                yield (*where, "options", number, name), sentence
        if family.language.partition("-")[0] == "en":
            yield from ((where, sentence) for sentence in _unanswered(family))
    yield from _ambiguous(template)


def stands_out(options: Mapping[str, str]) -> str | None:
    """The answer whose text is much longer, or much shorter, than those of all others; or None."""
    by_length = sorted(options.items(), key=lambda option: len(option[1]))
    for (name, text), others in ((by_length[-1], by_length[:-1]), (by_length[0], by_length[1:])):
        rest = [len(other) for _, other in others]
        if len(text) > max(2 * max(rest), max(rest) + 8) or min(rest) > max(2 * len(text), len(text) + 8):
            return name
    return None


_Property = tuple[Callable[[str], bool], str]


def _properties(template: Template, family: WordingFamily) -> Iterator[_Property]:
    """What must hold of the text of each question, and what to say where it does not."""
    language = family.language.partition("-")[0]
    frame = FRAME_WORDS.get(language, {}).get(template.reference)
    if frame:
        few = ", ".join(frame[:3])
        yield _has(frame), f"does not name its frame of reference: speak of {few}"
    if still := STILL_WORDS.get(language):
        yield _has(still), f"does not say that the object did not move: say {still[0]!r} or so"
    whose = _WHOSE.get(language, {}).get(template.reference)
    given = isinstance(template.answer, Candidates | Arc)  # The side is given, not asked for.
    texts = " ".join(_option_texts(family)).lower()
    if whose and not given and _SIDES[language].search(texts):
        yield lambda text: bool(whose.search(text.lower())), "speaks of left and right without saying whose they are"
    if not given:
        for pair in _OPPOSITES.get(language, ()):
            if any(_says(word, texts) for word in pair):
                yield _both_or_neither(pair), f"names only one of {pair[0]} and {pair[1]}, as if that were the answer"
    yield _is_whole, "is not whole sentences: end it with a question mark, a full stop or three dots"


def _has(words: Sequence[str]) -> Callable[[str], bool]:
    return lambda text: any(word in text.lower() for word in words)


def _says(word: str, text: str) -> bool:
    """Whether a word, or a Chinese sign, is in a text; "right" is not in "upright", nor "clockwise" in another."""
    return bool(re.search(rf"\b{word}\b", text)) if word.isascii() else word in text


def _both_or_neither(pair: Sequence[str]) -> Callable[[str], bool]:
    return lambda text: len({_says(word, text.lower()) for word in pair}) == 1


def _is_whole(text: str) -> bool:
    return text.endswith((".", "?", "。", "？")) and not re.search(r"\{\{ *(?:question|first|second|third)", text)


def _styled(stems: Sequence[Paraphrase]) -> Iterator[str]:
    """What is wrong with the style of some, each problem once."""
    found: dict[str, Paraphrase] = {}
    for stem in stems:
        for problem in style_problems(stem.question):
            found.setdefault(problem, stem)
    for problem, stem in found.items():
        yield f"wording {stem.name}: {problem}"


def _unanswered(family: WordingFamily) -> Iterator[str]:
    """Options of a family that do not answer one of its questions, each kind of option once."""
    for begins, needed, advice in _ANSWERS_TO:
        options = [text for text in _option_texts(family) if begins.match(text.lower())]
        asked = [question for question in family.questions if not needed.search(question.lower())]
        if options and asked:
            yield f"wording {family.name}: {options[0]!r} does not answer “{asked[0]}”: {advice}"


def _option_texts(family: WordingFamily) -> Iterator[str]:
    for options in family.options or ():
        yield from options.values() if isinstance(options, dict) else (options,)


def _ambiguous(template: Template) -> Iterator[tuple[Path, str]]:
    """Texts that stand for one answer here and for another there."""
    known: dict[tuple[str, str], str] = {}
    for place, family in enumerate(template.wordings):
        for number, options in enumerate(family.options or ()):
            for name, text in options.items() if isinstance(options, dict) else ():
                other = known.setdefault((family.language, text.lower()), name)
                if other != name:
                    sentence = (
                        f"wording {family.name}: {text!r} means {name} here and {other} elsewhere: say it otherwise"
                    )
                    yield ("wordings", place, "options", number, name), sentence


def _also(failing: int, total: int) -> str:
    return f" (so do {failing - 1:,} more of {total:,})" if failing > 1 else ""
