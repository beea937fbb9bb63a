"""Lists all wordings of a question type as lines of text, for ``templates preview --wordings``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from viewpoint100k.questions.composition import WordingFamily
from viewpoint100k.questions.paraphrase import Paraphrase
from viewpoint100k.questions.template import Template

__all__ = ["wording_lines"]

_STEM_PARTS = 5
"""Number of parts of a wording's name up to its question: family, scene, images, perspective, question."""


def wording_lines(template: Template) -> Iterator[str]:
    """Yields each question with its name, options and replies, family by family."""
    for paraphrase in template.paraphrases:
        yield f"{paraphrase.name} ({paraphrase.language})"
        yield f"  {_one_line(paraphrase.question)}"
        yield from _options(paraphrase)
        yield f"  reply: {paraphrase.reply}"
    for family in template.wordings:
        yield from _family(family)


def _family(family: WordingFamily) -> Iterator[str]:
    *_, option_sets, replies = family.sizes
    yield (
        f"{family.name} ({family.language}): {family.stem_count:,} questions, "
        f"{option_sets if family.options else 'no'} sets of options, {replies} replies"
    )
    for stem in family.stems():
        yield f"  {'.'.join(stem.name.split('.')[:_STEM_PARTS])}: {_one_line(stem.question)}"
    first = ".".join([family.name, *"0" * (_STEM_PARTS - 1)])
    for place in range(option_sets):
        if (wording := family.named(f"{first}.{place}.0")) is not None:
            yield from _options(wording)
    yield from (f"  reply: {reply}" for reply in family.replies)


def _options(paraphrase: Paraphrase) -> Iterator[str]:
    options = paraphrase.options
    if options is not None:
        texts = list(options.values()) if isinstance(options, Mapping) else [options]
        yield f"  options: {' | '.join(_one_line(text) for text in texts)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
