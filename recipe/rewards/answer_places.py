"""Finds the place of the answer in a model's text: outside its thoughts, in tags, in a box, in JSON.

All functions take linear time in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["TAG", "answer_elements", "normalised"]

TAG = re.compile(r"<(/?)(think|answer)>", re.IGNORECASE)

_GLM_BOX = re.compile(r"<\|begin_of_box\|>(.{0,300}?)<\|end_of_box\|>", re.DOTALL)
_EMPHASIS = re.compile(r"[*`]+")
_BOX = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]{0,200}\}){0,200})\}")
"""A LaTeX box; its content may have braces, one level deep."""
_LATEX = re.compile(r"\\(?:text|mathbf|mathrm|textbf|mathsf)\s?\{([^{}]{0,200})\}")
_JSON_FIELD = re.compile(
    r"[\"'](?:(?:final|correct|predicted|your)[_ ]?)?(?:answer|option|choice|letter|答案|选项)[\"']\s?:\s?"
    r"(?:\"([^\"]{0,300})\"|'([^']{0,300})'|(-?\d{1,9}(?:\.\d{1,9})?))",
    re.IGNORECASE,
)


def normalised(text: str) -> str:
    """``text`` with normalised characters and boxes, and without Markdown emphasis."""
    plain = _EMPHASIS.sub("", unicodedata.normalize("NFKC", text))
    return _GLM_BOX.sub(lambda box: rf"\boxed{{{box.group(1)}}}", plain)


def answer_elements(text: str) -> tuple[list[str], str]:
    """The contents of elements that contain only an answer, and the text outside tags.

    These are ``<answer>`` elements, or without any, boxes and JSON fields outside thoughts. An element with boxes or
    JSON fields is replaced by them.
    """
    elements, beside = _tagged(text)
    if any(map(str.strip, elements)):
        return [inner for element in elements for inner in _marked(element) or [element]], beside
    return _marked(beside), beside


def _marked(text: str) -> list[str]:
    """The contents of boxes, or of the answer's fields in JSON."""
    boxes = [_LATEX.sub(r"\1", box) for box in _BOX.findall(text)]
    return boxes or ["".join(field) for field in _JSON_FIELD.findall(text)]


def _tagged(text: str) -> tuple[list[str], str]:
    """The contents of ``<answer>`` elements outside thoughts, and the text outside any tag.

    Text before an unopened ``</think>`` is a thought too, because some prompts end in ``<think>``. An unclosed thought
    hides all text after it, except for an element at the end of the text.
    """
    found: list[str] = []
    beside: list[str] = []
    hidden: str | None = None
    answer: list[str] | None = None
    depth = position = hidden_from = 0
    for tag in TAG.finditer(text):
        piece, position = text[position : tag.start()], tag.end()
        closes, name = bool(tag.group(1)), tag.group(2).lower()
        if not depth:
            (beside if answer is None else answer).append(piece)
        if name == "think":
            if closes and not depth:
                found, beside, answer = [], [], None
            depth = max(depth - 1, 0) if closes else depth + 1
            hidden = None
        elif depth:
            hidden = text[hidden_from : tag.start()] if closes and hidden_from else None
            hidden_from = 0 if closes else tag.end()
        elif not closes:
            answer = []
        elif answer is not None:
            found.append("".join(answer))
            answer = None
    rest = text[position:]
    if depth:
        return ([hidden] if hidden is not None and not rest.strip() and not found else found), "".join(beside)
    if answer is not None:
        found.append("".join([*answer, rest]))
    else:
        beside.append(rest)
    return found, "".join(beside)
