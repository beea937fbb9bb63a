"""What a row's options mean in all wordings, and its question in another, where the package has the template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from recipe.evaluation.directions import simplified
from recipe.evaluation.items import Item
from recipe.rewards.answers import LETTERS

__all__ = ["meanings", "reworded"]

Paraphrase = Mapping[str, Any]


def meanings(item: Item) -> tuple[str, ...]:
    """What each option says, in one word for all wordings: the template's own name for it, such as ``left`` or
    ``none``; its text, simplified, where it has none."""
    own = _own_wording(item)
    names = _names(own) if own is not None else {}
    if not item.options or not set(item.options) <= set(names):
        return tuple(simplified(option) for option in item.options)
    return tuple(names[option] for option in item.options)


def reworded(item: Item) -> tuple[str, tuple[str, ...]] | str:
    """(question, options) in the template's next wording of the same language, options in the same order; or a reason
    code for which there is none."""
    own = _own_wording(item)
    if own is None:
        return "wording_unknown"
    if _has_variables(own):
        return "wording_with_variables"
    if _composed(own, item.options) != item.question or not set(item.options) <= set(_names(own)):
        return "wording_has_changed"  # The set was built from another version of the template.
    known = _paraphrases(item.question_type)
    start = known.index(own)
    for other in [*known[start + 1 :], *known[:start]]:
        if other.get("language", "en") == own.get("language", "en") and not _has_variables(other):
            texts = {name: text for text, name in _names(other).items()}
            options = tuple(texts[name] for name in meanings(item)) if item.options else ()
            return _composed(other, options), options
    return "no_other_wording"


def _own_wording(item: Item) -> Paraphrase | None:
    # A row that shows its images in another order, or mirrored, says so behind a plus sign.
    name = item.template.rpartition("/")[2].partition("+")[0]
    return next((one for one in _paraphrases(item.question_type) if one["name"] == name), None)


def _names(paraphrase: Paraphrase) -> dict[str, str]:
    """The template's name for each option's text; none where one text with variables serves all options."""
    options = paraphrase.get("options")
    return {text: name for name, text in options.items()} if isinstance(options, dict) else {}


def _has_variables(paraphrase: Paraphrase) -> bool:
    options = paraphrase.get("options") or ""
    texts = options.values() if isinstance(options, dict) else [options]
    return any("{" in str(text) for text in (paraphrase["question"], paraphrase["reply"], *texts))


def _composed(paraphrase: Paraphrase, options: tuple[str, ...]) -> str:
    """The prompt as the builder writes it."""
    listed = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    return "\n".join([str(paraphrase["question"]).strip(), *listed, str(paraphrase["reply"]).strip()])


@cache
def _paraphrases(question_type: str) -> list[Paraphrase]:
    """The wordings of one of the package's templates; none for a type that is not the package's."""
    path = resources.files("question_templates") / f"{question_type}.yaml"
    if not path.is_file():
        return []
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["paraphrases"])
