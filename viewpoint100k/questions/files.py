"""Template files: the package's own by name, anyone's by path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from viewpoint100k.errors import UsageError
from viewpoint100k.questions.template import Template

__all__ = ["load_template", "parse_template", "read_template", "template_names"]

_LARGEST = 2**20
"""Bytes of a template file: one larger is no list of questions."""


def template_names() -> tuple[str, ...]:
    """The question types that come with the package."""
    folder = resources.files("question_templates")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load_template(name_or_path: str) -> Template:
    """A question type of the package by name, or the user's own by the path of its YAML file.

    Raises ``UsageError`` naming the file, the field and what it may be.
    """
    return parse_template(read_template(name_or_path), name_or_path)


def parse_template(text: str, name: str) -> Template:
    """A template from the text of its file; ``name`` is how errors call it. Raises ``UsageError``."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"template {name} is not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise UsageError(f"template {name} is nested too deeply to be a template") from error
    if not isinstance(content, dict):
        raise UsageError(f"template {name} must be a mapping of fields to values")
    try:
        return Template.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"template {name}: {_first_problem(error)}") from error


def read_template(name_or_path: str) -> str:
    """The text of a template file. Raises ``UsageError`` where there is none."""
    if name_or_path in template_names():
        return (resources.files("question_templates") / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(template_names())
        raise UsageError(f"no question type {name_or_path!r}: give one of {known}, or the path of a YAML file")
    if path.stat().st_size > _LARGEST:
        raise UsageError(f"template {path} has {path.stat().st_size:,} bytes; a template has at most {_LARGEST:,}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"template {path} is not UTF-8 text") from error


def _first_problem(error: ValidationError) -> str:
    problem: Any = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {field}: docs/templates.md lists the keys of a template"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
