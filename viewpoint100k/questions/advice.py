"""What can be used in a template and should still be thought over: for ``templates check``."""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from viewpoint100k.geometry.seeding import generator
from viewpoint100k.questions.answers import Bins, Combination, Part
from viewpoint100k.questions.ask import Question, ask
from viewpoint100k.questions.document import Path, read_document
from viewpoint100k.questions.lint import Problem
from viewpoint100k.questions.proofs import FRAME_WORDS, STILL_WORDS, stands_out, unproven
from viewpoint100k.questions.template import Paraphrase, Template
from viewpoint100k.questions.trials import trial_pairs

__all__ = ["advice", "left_to_rows"]

_ALIKE = 0.9
"""Wordings that are this alike are one wording."""

_WORDINGS = 4
_TRIALS = 200
_RARE = 0.02
"""An answer that is right less often than this part of the time hardly occurs."""


def advice(text: str, template: Template) -> tuple[Problem, ...]:
    """Warnings about a template that can be used; ``text`` is what it was read from."""
    document = read_document(text)
    found = itertools.chain(
        _wordings(template), _lengths(template), unproven(template), _bins(template), _answers(template)
    )
    warnings = [Problem(document.line(where), sentence, "warning") for where, sentence in found]
    return tuple(sorted(set(warnings), key=lambda warning: (warning.line, warning.sentence)))


def left_to_rows(template: Template) -> str:
    """What the answer of a template depends on, and what cannot be judged of it without rows."""
    if template.told_by:
        images = " or the ".join(cue.replace("_", " ") for cue in sorted(template.told_by))
        depends = f"its answer may be told by the {images} alone, and audits do not judge it by that"
    else:
        depends = "its answer depends on both images"
    return (
        f"{depends}; what one image, the text or a letter tells of it, and how often each answer is right, takes rows: "
        "build some thousands, then run viewpoint100k audit"
    )


def _wordings(template: Template) -> Iterator[tuple[Path, str]]:
    for language, paraphrases in template.languages.items():
        if (count := paraphrases.stem_count) < _WORDINGS:
            word = "one wording" if count == 1 else f"{count} wordings"
            yield ("paraphrases",), f"{word} in {language}: a model learns so few by heart, so give {_WORDINGS} or more"
    for place, paraphrase in enumerate(template.paraphrases):
        yield from _one_wording(template, paraphrase, ("paraphrases", place, "question"))
    for (one, first), (two, second) in itertools.combinations(enumerate(template.paraphrases), 2):
        del one
        if difflib.SequenceMatcher(None, first.question.lower(), second.question.lower()).ratio() > _ALIKE:
            sentence = f"paraphrase {second.name} says nearly the same words as {first.name}: word it otherwise"
            yield ("paraphrases", two, "question"), sentence


def _one_wording(template: Template, paraphrase: Paraphrase, where: Path) -> Iterator[tuple[Path, str]]:
    language, asked = paraphrase.language.partition("-")[0], paraphrase.question.lower()
    words = FRAME_WORDS.get(language, {}).get(template.reference)
    if words and not any(word in asked for word in words):
        few = ", ".join(words[:3])
        yield where, f"paraphrase {paraphrase.name} does not name its frame of reference: speak of {few}"
    still = STILL_WORDS.get(language)
    if still and not any(word in asked for word in still):
        yield where, f"paraphrase {paraphrase.name} does not say that the object did not move: say {still[0]!r} or so"


def _lengths(template: Template) -> Iterator[tuple[Path, str]]:
    """Options that stand out by how long they are."""
    for place, paraphrase in enumerate(template.paraphrases):
        if not isinstance(paraphrase.options, dict):
            continue
        name = stands_out(paraphrase.options)
        if name is not None:
            sentence = f"paraphrase {paraphrase.name}: the option {name} stands out by its length: word all alike"
            yield ("paraphrases", place, "options", name), sentence


def _bins(template: Template) -> Iterator[tuple[Path, str]]:
    """Dead zones that leave nothing of a bin."""
    answer = template.answer
    binned: list[tuple[Path, Bins | Part]] = []
    if isinstance(answer, Bins):
        binned = [(("answer", "dead_zone"), answer)]
    elif isinstance(answer, Combination):
        binned = [(("answer", "parts", name, "dead_zone"), part) for name, part in answer.parts.items()]
    for where, part in binned:
        for name, (low, high) in zip(part.answers[1:], itertools.pairwise(part.boundaries), strict=False):
            if high - low <= 2 * part.dead_zone:
                yield (
                    where,
                    (
                        f"between {low:g} and {high:g} dead zones of {part.dead_zone:g} leave nothing of {name}: "
                        "give a smaller dead zone or a wider bin"
                    ),
                )


def _answers(template: Template) -> Iterator[tuple[Path, str]]:
    """Answers that are shown and never right, which tells them from the others."""
    rng = generator("advice")
    right: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for pair in trial_pairs(template, _TRIALS, rng):
        asked = ask(template, pair, 0, rng)
        if isinstance(asked, Question):
            right[asked.answer_name] += 1
        else:
            refused[asked.reason] += 1
    total = right.total()
    if not total:
        reasons = ", ".join(f"{reason} {count}" for reason, count in refused.most_common(3))
        yield ("answer",), f"none of {refused.total()} pairs that were tried could be asked about ({reasons})"
    elif len(template.answer.option_names) > 1:
        yield from _never(template.answer.option_names, right, total)


def _never(names: Sequence[str], right: Counter[str], total: int) -> Iterator[tuple[Path, str]]:
    for name in names:
        if right[name] < _RARE * total:
            often = f"in {right[name]} of" if right[name] else "in none of"
            sentence = (
                f"{name} was right {often} {total} pairs that were tried, around the object by 20 to 100 degrees or "
                "moved part by part: bring it about with cases, move the boundaries, or leave it out"
            )
            yield ("answer",), sentence
