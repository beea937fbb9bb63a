"""The meanings of a row's options, and its question in another wording, for templates of the package."""

from __future__ import annotations

from functools import cache

from recipe.evaluation.directions import simplified
from recipe.evaluation.items import Item
from recipe.rewards.answers import LETTERS
from viewpoint100k.questions import Paraphrase, Template, load_template, template_names

__all__ = ["meanings", "reworded"]

_TRIES = 100
_STEP = 0.618
"""Multiplier of the draw for another wording; its multiples spread evenly over all families and their parts."""


def meanings(item: Item) -> tuple[str, ...]:
    """The meaning of each option, the same for all wordings: the template's name for it, such as ``left`` or ``none``,
    or its simplified text if it has no name."""
    own = _own_wording(item)
    names = _names(own) if own is not None else {}
    if not item.options or not set(item.options) <= set(names):
        return tuple(simplified(option) for option in item.options)
    return tuple(names[option] for option in item.options)


def reworded(item: Item) -> tuple[str, tuple[str, ...]] | str:
    """(question, options) in another wording of the template, or a reason code if there is none.

    The language and the order of options stay the same. The wording is of another family if possible.
    """
    if "@" in item.template:
        return "other_form_of_answer"
    template, own = _template(item.question_type), _own_wording(item)
    if template is None or own is None:
        return "wording_unknown"
    if _has_variables(own):
        return "wording_with_variables"
    if _composed(own, item.options) != item.question or not set(item.options) <= set(_names(own)):
        return "wording_has_changed"  # The set was built with another version of the template.
    known = template.languages[own.language]
    draw = sum(map(ord, own.name)) * _STEP % 1
    for turn in range(_TRIES):
        other = known.drawn((draw + turn * _STEP) % 1, own.name)
        if other.name != own.name and not _has_variables(other):
            texts = {name: text for text, name in _names(other).items()}
            options = tuple(texts[name] for name in meanings(item)) if item.options else ()
            return _composed(other, options), options
    return "no_other_wording"


def _own_wording(item: Item) -> Paraphrase | None:
    # A form with swapped or mirrored images is named after a plus sign.
    template = _template(item.question_type)
    return None if template is None else template.wording(item.template.rpartition("/")[2].partition("+")[0])


def _names(paraphrase: Paraphrase) -> dict[str, str]:
    """Option text -> the template's name for it; empty if one text with variables serves all options."""
    options = paraphrase.options
    return {text: name for name, text in options.items()} if isinstance(options, dict) else {}


def _has_variables(paraphrase: Paraphrase) -> bool:
    options = paraphrase.options or ""
    texts = options.values() if isinstance(options, dict) else [options]
    return any("{" in text for text in (paraphrase.question, paraphrase.reply, *texts))


def _composed(paraphrase: Paraphrase, options: tuple[str, ...]) -> str:
    """The prompt, as a build writes it."""
    listed = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([paraphrase.question, *listed, paraphrase.reply])


@cache
def _template(question_type: str) -> Template | None:
    """One of the package's templates; None for a type that is not the package's."""
    return load_template(question_type) if question_type in template_names() else None
