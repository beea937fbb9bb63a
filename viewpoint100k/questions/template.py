"""A question type as a YAML file: what it measures, where one answer ends and the next begins, and its wordings."""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from viewpoint100k.errors import UsageError
from viewpoint100k.questions.quantities import QUANTITIES

__all__ = ["Paraphrase", "Template", "load_template", "template_names"]

Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Paraphrase(BaseModel):
    """One wording of the question, with the texts of its options."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Name
    question: Text
    options: dict[Name, Text]
    """Text for each answer."""
    reply: Text
    """The last line: what form the reply should have."""


class Template(BaseModel):
    """A question type."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)

    question_type: Name
    description: Text
    quantity: str
    """One of `QUANTITIES`."""
    answers: Annotated[tuple[Name, ...], Field(min_length=2, max_length=26)]
    """In ascending order of the quantity."""
    boundaries: tuple[float, ...]
    """Where one answer ends and the next begins, ascending, in the quantity's unit; one fewer than the answers."""
    dead_zone: Annotated[float, Field(gt=0)]
    """Nearer than this to a boundary no question is asked."""
    paraphrases: Annotated[tuple[Paraphrase, ...], Field(min_length=1)]

    @field_validator("quantity")
    @classmethod
    def _quantity_is_known(cls, name: str) -> str:
        if name not in QUANTITIES:
            raise ValueError(f"unknown quantity {name!r}; known: {', '.join(QUANTITIES)}")
        return name

    @model_validator(mode="after")
    def _parts_agree(self) -> Template:
        if len(self.boundaries) != len(self.answers) - 1:
            raise ValueError(f"{len(self.answers)} answers need {len(self.answers) - 1} boundaries between them")
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError("boundaries must ascend")
        if len({p.name for p in self.paraphrases}) != len(self.paraphrases):
            raise ValueError("every paraphrase needs a name of its own")
        for paraphrase in self.paraphrases:
            if set(paraphrase.options) != set(self.answers):
                raise ValueError(f"paraphrase {paraphrase.name}: options must be exactly {', '.join(self.answers)}")
            if len(set(paraphrase.options.values())) != len(self.answers):
                raise ValueError(f"paraphrase {paraphrase.name}: two options read the same")
        return self

    @cached_property
    def digest(self) -> str:
        """sha256 of its content, hexadecimal."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def judge(self, value: float) -> tuple[str, float]:
        """The answer that ``value`` of the quantity gives, and its margin: the distance to the nearest boundary."""
        place = sum(value > boundary for boundary in self.boundaries)
        return self.answers[place], min(abs(value - boundary) for boundary in self.boundaries)


def template_names() -> tuple[str, ...]:
    """The question types that come with the package."""
    folder = resources.files("question_templates")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load_template(name_or_path: str) -> Template:
    """A question type of the package by name, or the user's own by the path of its YAML file.

    Raises ``UsageError`` naming the file, the field and what it may be.
    """
    try:
        content = yaml.safe_load(_read(name_or_path))
        if not isinstance(content, dict):
            raise UsageError(f"template {name_or_path} must be a mapping of fields to values")
        return Template.model_validate(content)
    except yaml.YAMLError as error:
        raise UsageError(f"template {name_or_path} is not valid YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise UsageError(f"template {name_or_path}: {_first_problem(error)}") from error


def _read(name_or_path: str) -> str:
    if name_or_path in template_names():
        return (resources.files("question_templates") / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(template_names())
        raise UsageError(f"no question type {name_or_path!r}: give one of {known}, or the path of a YAML file")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"template {path} is not UTF-8 text") from error


def _first_problem(error: ValidationError) -> str:
    problem: Any = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        model = Paraphrase if problem["loc"][0] == "paraphrases" else Template
        return f"unknown key {field}; known here: {', '.join(model.model_fields)}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
