"""Everything that is wrong with a template file, on which line, and how to mend it: for ``templates check``."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from viewpoint100k.questions.answers import (
    AnswerRule,
    Arc,
    Bins,
    Candidates,
    Choices,
    Combination,
    Open,
    Part,
)
from viewpoint100k.questions.composition import WordingFamily
from viewpoint100k.questions.document import Document, Path, read_document
from viewpoint100k.questions.fitting import (
    case_misfits,
    family_misfits,
    sketch_misfits,
    statement_misfits,
    told_by_misfits,
    wording_misfits,
)
from viewpoint100k.questions.template import Paraphrase, Requirements, Template

__all__ = ["Problem", "examine"]

_KINDS: Mapping[str, type[BaseModel]] = {
    "bins": Bins,
    "combination": Combination,
    "choices": Choices,
    "open": Open,
    "candidates": Candidates,
    "arc": Arc,
}

_SENTENCES = {
    "string_pattern_mismatch": "must be lower-case letters, digits and underscores, such as turned_left",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be keys with values, one a line",
    "model_type": "must be keys with values, one a line",
    "model_attributes_type": "must be keys with values, one a line",
    "tuple_type": "must be a list, such as [20, 100]",
    "string_type": "must be a text",
}
"""Instead of what pydantic says, by its type of error."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend, in one sentence."""

    line: int
    """Counted from 1."""
    sentence: str
    severity: Literal["error", "warning"] = "error"


def examine(text: str) -> Template | tuple[Problem, ...]:
    """The template that the text of a file describes, or every error in it, in the order of its lines."""
    document = read_document(text)
    if document.flaws:
        return tuple(Problem(flaw.line, flaw.sentence) for flaw in document.flaws)
    if not isinstance(document.content, dict):
        return (Problem(1, "a template must be keys with values, one a line, such as question_type: my_type"),)
    try:
        return Template.model_validate(document.content)
    except ValidationError as error:
        found = {*_of_fields(document, error), *_of_fit(document)}
        return tuple(sorted(found, key=lambda problem: (problem.line, problem.sentence)))


def _of_fields(document: Document, error: ValidationError) -> Iterator[Problem]:
    """What is wrong with each field by itself."""
    for one in cast("list[dict[str, Any]]", error.errors()):
        place = _place(document, one["loc"]) if one["loc"] else None
        if place is None or (one["type"] == "too_short" and one["input"]):
            continue  # Of a list with things in it pydantic counts only those that are right.
        if one["type"] == "section":
            for key, sentence in one["ctx"]["found"]:
                where = (*place, *key.split("."))
                yield Problem(document.line(where), f"{'.'.join(map(str, where))}: {sentence}")
        else:
            line = document.line((*place, "kind") if one["type"] == "union_tag_invalid" else place)
            yield Problem(line, _sentence(document, place, one))


def _of_fit(document: Document) -> Iterator[Problem]:
    """What does not fit, between those sections that are right by themselves."""
    content = cast("dict[str, Any]", document.content)
    answer = _valid(TypeAdapter[AnswerRule](AnswerRule), content.get("answer"))
    if answer is None:
        return
    yield from _of_wordings(document, answer)
    cases = _valid(TypeAdapter(dict[str, dict[str, str]]), content.get("cases", {}))
    for misfit in case_misfits(answer, cases or {}):
        yield Problem(document.line(misfit.where), misfit.sentence)
    requires = _valid(TypeAdapter(Requirements), content.get("requires", {}))
    around = requires is not None and requires.azimuth_deg is not None
    for misfit in sketch_misfits(answer, content.get("sketch") is True, around):
        yield Problem(document.line(misfit.where), misfit.sentence)
    told_by = _valid(TypeAdapter(tuple[str, ...]), content.get("told_by", ()))
    for misfit in told_by_misfits(answer, told_by or ()):
        yield Problem(document.line(misfit.where), misfit.sentence)
    statements = _valid(TypeAdapter(dict[str, dict[str, str] | str]), content.get("statements", {}))
    for misfit in statement_misfits(answer, statements or {}):
        yield Problem(document.line(misfit.where), misfit.sentence)


def _of_wordings(document: Document, answer: AnswerRule) -> Iterator[Problem]:
    """What does not fit of the wordings, whose places are counted among those that could be read."""
    content = cast("dict[str, Any]", document.content)
    listed = {key: content.get(key) for key in ("paraphrases", "wordings")}
    read: dict[str, dict[int, Any]] = {}
    for key, adapter in (("paraphrases", TypeAdapter[Any](Paraphrase)), ("wordings", TypeAdapter[Any](WordingFamily))):
        written = listed[key]
        found = {place: _valid(adapter, one) for place, one in enumerate(written if isinstance(written, list) else [])}
        read[key] = {place: one for place, one in found.items() if one is not None}
    paraphrases, families = (list(found.values()) for found in read.values())
    whole = all(
        not written or (isinstance(written, list) and len(written) == len(read[key])) for key, written in listed.items()
    )
    for misfit in (*wording_misfits(answer, paraphrases, families), *family_misfits(answer, families)):
        section, *rest = misfit.where
        if rest:
            where = (section, list(read[str(section)])[cast("int", rest[0])], *rest[1:])
            yield Problem(document.line(where), misfit.sentence)
        elif whole:
            yield Problem(document.line(misfit.where), misfit.sentence)


def _valid(adapter: TypeAdapter[Any], value: object) -> Any:
    """The value as it is understood, or None where it is wrong by itself."""
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None


def _place(document: Document, loc: tuple[int | str, ...]) -> Path | None:
    """Where in the file a field stands that pydantic names; None for one branch of a choice that was not meant."""
    place: list[str | int] = []
    value: Any = document.content
    for depth, part in enumerate(loc):
        if depth == 1 and loc[0] == "answer" and part in _KINDS:
            continue  # The kind of answer, which is no key.
        if part == "[key]":
            continue
        if isinstance(part, str) and (part.startswith(("dict[", "literal[")) or part == "constrained-str"):
            if isinstance(value, dict) != part.startswith("dict["):
                return None
            continue
        place.append(part)
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list):
            value = value[part] if isinstance(part, int) and part < len(value) else None
    return tuple(place)


def _sentence(document: Document, place: Path, error: Mapping[str, Any]) -> str:
    """What is wrong with the field at ``place``, and what it may be."""
    field, kind = ".".join(str(part) for part in place), str(error["type"])
    if kind == "extra_forbidden":
        return _unknown_key(document, place)
    if kind == "missing":
        if isinstance(place[-1], int):
            return f"{'.'.join(map(str, place[:-1]))}: two numbers are needed, such as [20, 100]"
        return f"{field} is missing{_meaning(document, place)}"
    if kind == "union_tag_not_found":
        return f"answer needs a kind: one of {', '.join(_KINDS)}"
    if kind == "union_tag_invalid":
        return f"answer.kind: {error['ctx']['tag']} is not a kind of answer; give one of {', '.join(_KINDS)}"
    if kind == "string_pattern_mismatch" and place[-1] == "language":
        return f"{field}: must be a language tag such as en, zh or pt-BR, not {error['input']!r}"
    if kind == "value_error":
        return f"{field}: {str(error['msg']).removeprefix('Value error, ')}"
    given = error["input"]
    if kind in ("string_type", "string_pattern_mismatch") and not isinstance(given, str | list | dict):
        return f"{field}: YAML reads this as {given!r}, not as a text: write it in quotes"
    said = _SENTENCES.get(kind) or str(error["msg"]).replace("Input should be", "must be").replace("should", "must")
    shown = f", not {given!r}" if isinstance(given, str | int | float) and len(str(given)) < 40 else ""
    return f"{field}: {said[0].lower()}{said[1:]}{shown}"


def _unknown_key(document: Document, place: Path) -> str:
    section = _section(document, place[:-1])
    known = list(section.model_fields) if section else []
    close = difflib.get_close_matches(str(place[-1]), known, 1)
    meant = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
    return f"unknown key {'.'.join(map(str, place))}: {meant}"


def _meaning(document: Document, place: Path) -> str:
    """What a missing field is for, in a few words."""
    section = _section(document, place[:-1])
    field = section.model_fields.get(str(place[-1])) if section else None
    said = " ".join((field.description or "").split()) if field else ""
    return f": {said}" if said else ": add it, docs/templates.md says how"


def _section(document: Document, place: Path) -> type[BaseModel] | None:
    """The model of the section at ``place``."""
    match place:
        case ():
            return Template
        case ("answer",):
            return _KINDS.get(str(cast("Any", document.content)["answer"].get("kind")))
        case ("answer", "parts", _):
            return Part
        case ("paraphrases", int()):
            return Paraphrase
        case ("wordings", int()):
            return WordingFamily
        case ("requires",):
            return Requirements
    return None
