"""Question types as their YAML files state them, read without the builder's models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import permutations, product
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from viewpoint100k.check.labels.composition import composed_wording, is_whole_family
from viewpoint100k.runtime.storage import Location

__all__ = ["Definition", "Meaning", "combined_answers", "definitions_of", "packaged_definitions", "rendered"]

Meaning = str | float
"""What an option claims: the name of an answer, a number, an image, or an order of images."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's loader is ten times as fast, if available.
_WORDING = ("name", "question", "reply")
_FORM = re.compile(r"(@[a-z_.0-9]+)?(\+(swapped|mirrored))?$")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_IN_ONE_IMAGE = frozenset({"camera_elevation_deg", "front_azimuth_deg", "own_left", "answerability"})
"""Quantities that one image can show by their nature."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_HARMLESS = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Add, nodes.Sub, nodes.Filter),
)
"""Syntax allowed in a wording. A data set may come from anywhere: its wordings must not loop, nor call anything."""
_FILTERS = frozenset({"abs", "capitalize", "int", "lower", "round", "upper"})


@dataclass(frozen=True)
class Definition:
    """One question type: the mapping in its file."""

    content: Mapping[str, Any]

    @property
    def answer(self) -> Mapping[str, Any]:
        """The rule that gives the answer."""
        block: Mapping[str, Any] = self.content["answer"]
        return block

    @property
    def kind(self) -> str:
        return str(self.answer["kind"])

    def shows_mirror_images(self) -> bool:
        """True if the second image may be mirrored left to right."""
        return any(parts.get("object") == "mirrored" for parts in (self.content.get("cases") or {}).values())

    def shows_symmetric_objects(self) -> bool:
        """True if images of an object that looks alike from all sides may be shown."""
        return any(parts.get("object") == "symmetric" for parts in (self.content.get("cases") or {}).values())

    @property
    def quantities(self) -> frozenset[str]:
        """Names of the measured quantities."""
        answer = self.answer
        if self.kind in ("candidates", "arc"):
            return frozenset({"azimuth_deg"})
        blocks = answer["parts"].values() if self.kind == "combination" else [answer]
        return frozenset(name for block in blocks for name in _NAME.findall(str(block["quantity"])))

    def has_sides(self) -> bool:
        """True if the answer is one number with a sign, or a ratio, which is below or above 1."""
        stated = str(self.answer.get("quantity", ""))
        return bool(stated) and not stated.startswith("abs(") and bool(self.answer.get("signed", True))

    @property
    def told_by(self) -> frozenset[str]:
        """The images that may reveal the answer alone; none if the question asks about a change between images.

        The rule is fixed here, because a data set states its own question types and must not exempt itself.
        """
        if not (self.kind in ("candidates", "arc") or self.quantities & _IN_ONE_IMAGE):
            return frozenset()
        return frozenset(self.content.get("told_by") or ()) & {"first_image", "second_image"}

    def paraphrase(self, template: str) -> Mapping[str, Any] | None:
        """The wording named in a row's ``template`` column; None if there is none of that name."""
        name = _FORM.sub("", template.partition("/")[2], count=1)
        found = [one for one in self.content.get("paraphrases") or () if one["name"] == name]
        for family in self.content.get("wordings") or ():
            wording = composed_wording(family, name)
            found += [wording] if wording is not None else []
        return found[0] if found else None

    def stated(self, sentence: str) -> str | None:
        """The answer that a sentence states, in any language; None if it is not one of the type's statements."""
        for texts in (self.content.get("statements") or {}).values():
            bins = combined_answers(self.answer) if self.kind == "combination" else {}
            said = texts.items() if isinstance(texts, dict) else ((name, rendered(texts, bins[name])) for name in bins)
            for name, text in said:
                if text == sentence:
                    return str(name)
        return None

    def meanings(self, paraphrase: Mapping[str, Any], options: Sequence[str], images: int) -> list[Meaning | None]:
        """The meaning of each option's text; None for a text that this wording does not produce."""
        texts = paraphrase.get("options")
        if texts is None:
            return [None] * len(options)
        claims: dict[str, Meaning] = {}
        for meaning, name, variables in self.possible(options, images):
            text = texts[name] if isinstance(texts, dict) else texts
            claims.setdefault(rendered(text, variables), meaning)
        return [claims.get(option) for option in options]

    def possible(self, options: Sequence[str], images: int) -> Iterator[tuple[Meaning, str, Mapping[str, Any]]]:
        """All possible claims: the meaning, the name of the option's text, and the text's variables."""
        answer = self.answer
        match self.kind:
            case "bins":
                yield from ((name, name, {}) for name in dict.fromkeys(answer["answers"]))
            case "combination":
                yield from ((name, name, bins) for name, bins in combined_answers(answer).items())
            case "choices":
                for shown in sorted({number for option in options for number in _NUMBER.findall(option)}):
                    size = float(shown) if "." in shown else int(shown)
                    yield from ((float(v), "number", {"value": v, "size": size}) for v in (size, -size))
            case "candidates":
                yield from ((float(image), "view", {"image": image}) for image in range(2, images + 1))
            case "arc":
                for order in permutations(range(1, images + 1)):
                    text = ", ".join(map(str, order))
                    yield text, "order", {"order": text}


def combined_answers(answer: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The answers of a combination, each with the bins of its parts that make it true."""
    if answer["answers"] != "all":
        return {name: dict(bins) for name, bins in answer["answers"].items()}
    parts = answer["parts"]
    every = product(*(list(dict.fromkeys(part["answers"])) for part in parts.values()))
    return {"_and_".join(bins): dict(zip(parts, bins, strict=True)) for bins in every}


def rendered(text: str, variables: Mapping[str, Any]) -> str:
    """A wording with its variables filled in, as a reader sees it; empty if that is impossible."""
    text = text.strip()
    if "{" not in text:
        return text
    # The key includes the types: 45 and 45.0 are equal, but print differently.
    return _rendered(text, tuple((name, type(value), value) for name, value in variables.items()))


@lru_cache(maxsize=10_000)
def _rendered(text: str, variables: tuple[tuple[str, type, Any], ...]) -> str:
    try:
        return str(_compiled(text).render({name: value for name, _, value in variables}))
    except (TemplateError, ArithmeticError, TypeError, ValueError):
        return ""  # No option and no question is empty, so the row is found to differ from its wording.


@cache
def _compiled(text: str) -> Any:
    for node in _ENVIRONMENT.parse(text).find_all(nodes.Node):
        if not isinstance(node, _HARMLESS) or (isinstance(node, nodes.Filter) and node.name not in _FILTERS):
            raise TemplateError(f"a wording may not use {type(node).__name__}")
    return _ENVIRONMENT.from_string(text)


@cache
def packaged_definitions() -> Mapping[str, Definition]:
    """The package's own question types."""
    files = [item for item in resources.files("question_templates").iterdir() if item.name.endswith(".yaml")]
    contents = [yaml.load(item.read_text(encoding="utf-8"), Loader=_LOADER) for item in files]
    return {content["question_type"]: Definition(content) for content in contents}


def definitions_of(folder: Location) -> Mapping[str, Definition]:
    """The question types of a data set: from its build records if they exist, else from the package."""
    path = folder / ".build" / "build.json"
    try:
        stored = json.loads(path.read_text(encoding="utf-8")).get("question_types", {})
    except (OSError, ValueError, AttributeError):
        stored = {}
    listed = stored.items() if isinstance(stored, dict) else ()
    return {**packaged_definitions(), **{kind: Definition(content) for kind, content in listed if _is_whole(content)}}


def _is_whole(content: Any) -> bool:
    """True if a mapping has all parts of a question type."""
    try:
        cases = (content.get("cases") or {}).values()
        return (
            isinstance(content["answer"]["kind"], str)
            and all(isinstance(parts, dict) for parts in cases)
            and all(isinstance(p[part], str) for p in content.get("paraphrases") or () for part in _WORDING)
            and all(is_whole_family(family) for family in content.get("wordings") or ())
        )
    except (LookupError, TypeError, AttributeError):
        return False
