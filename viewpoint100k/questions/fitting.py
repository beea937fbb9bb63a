"""Whether the parts of a template fit each other: its wordings and cases to its kind of answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from viewpoint100k.questions.answers import AnswerRule, Arc, Candidates, Choices, Combination
from viewpoint100k.questions.composition import WordingFamily, with_names
from viewpoint100k.questions.document import Path
from viewpoint100k.questions.paraphrase import Paraphrase
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.wording import check_wording, try_wording
from viewpoint100k.views.motions import check_levels

__all__ = [
    "Misfit",
    "case_misfits",
    "family_misfits",
    "question_variables",
    "sketch_misfits",
    "statement_misfits",
    "told_by_misfits",
    "wording_misfits",
]

_NUMBERS = ({"value": 40, "size": 40}, {"value": -40, "size": 40}, {"value": 95, "size": 95})


@dataclass(frozen=True)
class Misfit:
    """Two parts of a template that do not fit each other."""

    where: Path
    """In the file."""
    sentence: str


def question_variables(answer: AnswerRule) -> tuple[str, ...]:
    """Those that the text of a question, not of an option, may use."""
    return ("value", "size") if isinstance(answer, Candidates) else ()


def wording_misfits(
    answer: AnswerRule, paraphrases: Sequence[Paraphrase], families: Sequence[WordingFamily] = ()
) -> Iterator[Misfit]:
    """What is wrong with the wordings that are written out, given the kind of answer, and with the names of all."""
    names = [*(one.name for one in paraphrases), *(one.name for one in families)]
    languages = {*(one.language for one in paraphrases), *(one.language for one in families)}
    for place, name in enumerate(names):
        if name in names[:place]:
            key = "paraphrases" if place < len(paraphrases) else "wordings"
            where = (key, place if key == "paraphrases" else place - len(paraphrases), "name")
            yield Misfit(where, f"every paraphrase needs a name of its own; {name} is taken")
    if not names:
        yield Misfit(("paraphrases",), "a type needs wordings: give paraphrases, wordings, or both")
    elif "en" not in languages:
        key = "wordings" if families else "paraphrases"
        yield Misfit((key,), "at least one paraphrase must be in English (language: en)")
    for place, paraphrase in enumerate(paraphrases):
        for misfit in _in_one(answer, paraphrase):
            yield Misfit(("paraphrases", place, *misfit.where), f"paraphrase {paraphrase.name}: {misfit.sentence}")


def family_misfits(answer: AnswerRule, families: Sequence[WordingFamily]) -> Iterator[Misfit]:
    """What is wrong with the parts of composed wordings, given the kind of answer."""
    for place, family in enumerate(families):
        for misfit in _in_family(answer, family):
            yield Misfit(("wordings", place, *misfit.where), f"wording {family.name}: {misfit.sentence}")


def _in_family(answer: AnswerRule, family: WordingFamily) -> Iterator[Misfit]:
    for part in ("scenes", "perspectives", "questions"):
        for number, text in enumerate(getattr(family, part)):
            yield from _part(answer, family, part, number, text)
    for number, reply in enumerate(family.replies):
        yield from _text(("replies", number), reply, (), ({},))
    if family.options is None:
        yield from _option_misfits(answer, None)
        return
    for number, options in enumerate(family.options):
        for misfit in _option_misfits(answer, with_names(options, family.common_names)):
            yield Misfit(("options", number, *misfit.where[1:]), misfit.sentence)


def _part(answer: AnswerRule, family: WordingFamily, part: str, number: int, text: str) -> Iterator[Misfit]:
    """What is wrong with one part of a question by itself."""
    if part == "perspectives" and text.count("{{ question }}") != 1:
        yield Misfit((part, number), "a perspective says once by {{ question }} where the question goes")
    slots = ("question",) if part == "perspectives" else ()
    asked = question_variables(answer)
    numbers = _NUMBERS[0] if isinstance(answer, Candidates) else {}
    given = {**family.common_names, **dict.fromkeys(slots, "?")}
    yield from _text((part, number), text, (*given, *asked), ({**numbers, **given},))


def case_misfits(answer: AnswerRule, cases: Mapping[str, Mapping[str, str]]) -> Iterator[Misfit]:
    """What is wrong with the cases, given the kind of answer."""
    known = answer.option_names
    for name, levels in cases.items():
        if name not in known:
            yield Misfit(("cases", name), f"cases: {name} is not one of the answers {', '.join(known)}")
        try:
            check_levels(levels)
        except ValueError as error:
            yield Misfit(("cases", name), f"cases: {name}: {error}")
    missing = ", ".join(name for name in known if name not in cases)
    if cases and missing:
        sentence = f"cases must say of every answer how it is brought about; missing: {missing}"
        yield Misfit(("cases",), sentence)


def sketch_misfits(answer: AnswerRule, sketch: bool, around: bool) -> Iterator[Misfit]:
    """Whether a floor plan would show what is asked. ``around``: whether the camera is required to go around."""
    if sketch and not around:
        yield Misfit(("sketch",), "sketch shows places around the object: it needs requires.azimuth_deg")
    if sketch and isinstance(answer, Candidates | Arc):
        yield Misfit(("sketch",), "sketch shows the places of two cameras: with further views there is none")


def statement_misfits(answer: AnswerRule, statements: Mapping[str, Mapping[str, str] | str]) -> Iterator[Misfit]:
    """What is wrong with the answers as sentences, which are like a set of option texts in each language."""
    for language, texts in statements.items():
        for misfit in _option_misfits(answer, texts):
            sentence = misfit.sentence.replace("options", "statements").replace("option", "statement")
            yield Misfit(("statements", language, *misfit.where[1:]), f"statements, {language}: {sentence}")
        for text in texts.values() if isinstance(texts, Mapping) else (texts,):
            if text.strip()[-1:] not in (".", "。"):
                where = ("statements", language)
                yield Misfit(where, f"statements, {language}: {text!r} must end in a full stop")


def told_by_misfits(answer: AnswerRule, told_by: Collection[str]) -> Iterator[Misfit]:
    """Whether one image may tell the answer: not where every quantity is a change from one image to the other."""
    shows_images = isinstance(answer, Candidates | Arc)
    if told_by and not shows_images and not any(QUANTITIES[name].in_one_image for name in answer.names):
        sentence = (
            f"told_by: {', '.join(answer.names)} is a change from image 1 to image 2, which neither may tell by "
            "itself: take told_by away"
        )
        yield Misfit(("told_by",), sentence)


def _in_one(answer: AnswerRule, paraphrase: Paraphrase) -> Iterator[Misfit]:
    asked, samples = question_variables(answer), _NUMBERS[:1] if isinstance(answer, Candidates) else ({},)
    yield from _text(("question",), paraphrase.question, asked, samples)
    yield from _text(("reply",), paraphrase.reply, (), ({},))
    yield from _option_misfits(answer, paraphrase.options)


def _option_misfits(answer: AnswerRule, given: Mapping[str, str] | str | None) -> Iterator[Misfit]:
    """What is wrong with one set of option texts."""
    expected = answer.option_names
    if not expected:
        if given is not None:
            yield Misfit(("options",), "an open question has no options: take them away")
    elif given is None:
        yield Misfit(("options",), f"options are missing: give a text for each of {', '.join(expected)}")
    elif isinstance(given, Mapping):
        if len(expected) == 1:
            names = " or ".join(f"{{{{ {name} }}}}" for name in answer.variables)
            yield Misfit(("options",), f"options must be one text for all, which says by {names} which it is")
        elif set(given) != set(expected):
            yield Misfit(("options",), f"options must be exactly {', '.join(expected)}")
        else:
            yield from _options(answer, given)
    elif len(expected) > 1 and "{" not in given:
        yield Misfit(("options",), "one text for all options must say by its variables which it is")
    else:
        yield from _options(answer, dict.fromkeys(expected, given))


def _options(answer: AnswerRule, texts: Mapping[str, str]) -> Iterator[Misfit]:
    """What is wrong with the options' texts, one for each answer."""
    shared = len(set(texts.values())) < len(texts)
    written: dict[str, str] = {}
    found: dict[str, Misfit] = {}
    for name, text in texts.items():
        where = ("options",) if shared and "{" in text else ("options", name)
        for misfit in _text(where, text, answer.variables, _samples(answer, name)):
            found.setdefault(misfit.sentence, misfit)
    yield from found.values()
    if found:
        return
    for name, text in texts.items():
        for variables in _samples(answer, name):
            shown = try_wording(text, variables)
            if not shown.strip():
                yield Misfit(("options",), f"the option {name} has no text")
            elif shown in written:
                yield Misfit(("options",), f"two options read the same: {written[shown]} and {name}")
            written[shown] = name


def _samples(answer: AnswerRule, name: str) -> Sequence[Mapping[str, object]]:
    """Variables as the option ``name`` may meet them."""
    if isinstance(answer, Combination):
        return (answer.table[name],)
    if isinstance(answer, Choices):
        return _NUMBERS if answer.signed else _NUMBERS[::2]
    if isinstance(answer, Candidates):
        return tuple({"image": place + 2} for place in range(answer.options))
    if isinstance(answer, Arc):
        return ({"order": "1, 2, 3"}, {"order": "3, 1, 2"})
    return ({},)


def _text(
    where: Path, text: str, variables: Collection[str], samples: Sequence[Mapping[str, object]]
) -> Iterator[Misfit]:
    """What is wrong with one text: in itself, or when it is written out."""
    try:
        check_wording(text, variables)
        for sample in samples:
            try_wording(text, sample)
    except ValueError as error:
        yield Misfit(where, str(error))
