"""Template files: the package's own by name, anyone's by path."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

from viewpoint100k.errors import UsageError
from viewpoint100k.questions.lint import examine
from viewpoint100k.questions.template import Template

__all__ = ["load_template", "parse_template", "read_template", "template_names"]

_LARGEST = 2**20
"""Bytes of a template file: one larger is no list of questions."""


@cache
def template_names() -> tuple[str, ...]:
    """The question types that come with the package."""
    folder = resources.files("question_templates")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load_template(name_or_path: str) -> Template:
    """A question type of the package by name, or the user's own by the path of its YAML file.

    Raises ``UsageError`` naming the file, the field and what it may be.
    """
    return parse_template(read_template(name_or_path), name_or_path)


@lru_cache(maxsize=256)
def parse_template(text: str, name: str) -> Template:
    """A template from the text of its file. Errors call it ``name``. Raises ``UsageError``.

    Parsing takes 30 ms. Templates do not change, so that equal texts share one template.
    """
    examined = examine(text)
    if isinstance(examined, Template):
        return examined
    first, *others = examined
    more = f" (and {len(others)} more: viewpoint100k templates check lists them)" if others else ""
    raise UsageError(f"template {name}, line {first.line}: {first.sentence}{more}")


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
