"""Rebuilds a composed wording from its name and the parts that the template lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

__all__ = ["composed_wording", "is_whole_family", "named_setting", "opened_sentences"]

_SHARED = ("scenes", "images", "perspectives", "replies")
_NAMES: list[Mapping[str, str]] = [
    {"first": "image 1", "second": "image 2", "third": "image 3", "plural": "images"},
]
"""Names of the images if a family states none."""


def composed_wording(family: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The wording ``name`` of a family as a mapping with question, options and reply; None if there is none."""
    given, *digits = name.split(".")
    if given != family["name"] or len(digits) != 6 or not all(digit.isdecimal() for digit in digits):
        return None
    language = str(family.get("language", "en"))
    lists = {part: _list(family, part, language) for part in _SHARED}
    scenes, images = lists["scenes"] or [""], lists["images"] or _NAMES
    perspectives = lists["perspectives"] or ["{{ question }}"]
    options = family.get("options") or [None]
    try:
        chosen = [
            group[int(digit)]
            for group, digit in zip(
                (scenes, images, perspectives, family["questions"], options, lists["replies"]), digits, strict=True
            )
        ]
    except IndexError:
        return None
    scene, names, perspective, question, texts, reply = chosen
    head, tail = re.split(r"\{\{ question \}\}", perspective.strip(), maxsplit=1)
    asked = f"{head}{question.strip()}{tail}"
    text = asked if not scene.strip() else f"{scene.strip()}{'' if language.startswith('zh') else ' '}{asked}"
    return {
        "name": name,
        "language": language,
        "question": opened_sentences(_called(text, names)),
        "options": _options_called(texts, names),
        "reply": reply,
    }


def named_setting(content: Mapping[str, Any], name: str) -> tuple[Mapping[str, str], str]:
    """The names of the images and the scene of a type's wording ``name``; the usual names and no scene if it is written
    out. Raises ``LookupError`` if the family has no such parts."""
    given, *digits = name.split(".")
    for family in content.get("wordings") or ():
        if family["name"] == given and digits:
            language = str(family.get("language", "en"))
            scenes = _list(family, "scenes", language) or [""]
            images = _list(family, "images", language) or _NAMES
            return images[int(digits[1])], scenes[int(digits[0])].strip()
    return _NAMES[0], ""


def is_whole_family(family: Any) -> bool:
    """True if a mapping has all parts of a family."""
    lists = [family[key] for key in ("questions", "replies") if not isinstance(family[key], str)]
    return isinstance(family["name"], str) and all(isinstance(text, str) for texts in lists for text in texts)


def _list(family: Mapping[str, Any], part: str, language: str) -> Any:
    stated = family.get(part)
    return _package_parts(language)[part][stated] if isinstance(stated, str) else stated


@cache
def _package_parts(language: str) -> Mapping[str, Any]:
    path = resources.files("question_templates") / "parts" / f"{language}.yaml"
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _called(text: str, names: Mapping[str, str]) -> str:
    """The text with the names of the images filled in."""
    for key, name in names.items():
        text = re.sub(rf"\{{\{{ *{re.escape(key)} *\}}\}}", name.replace("\\", r"\\"), text)
    return text


def _options_called(texts: Any, names: Mapping[str, str]) -> Any:
    if isinstance(texts, dict):
        return {answer: _called(text, names) for answer, text in texts.items()}
    return None if texts is None else _called(texts, names)


def opened_sentences(text: str) -> str:
    """The text with a capital at the start of each sentence."""
    pieces = re.split(r"(?<=[.?!] )", text)
    return "".join(piece[:1].upper() + piece[1:] if "a" <= piece[:1] <= "z" else piece for piece in pieces)
