"""The protocol of models for the evaluation: prompts in, texts out."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from viewpoint100k.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Model", "Prompt", "python_model"]


@dataclass(frozen=True, eq=False)
class Prompt:
    """The input of a model."""

    images: list[Image]
    """RGB, in the order in which the question names them; they come before the text."""
    question: str
    """Of a chat with all earlier turns; `recipe.prompts.conversation` takes them apart."""


@runtime_checkable
class Model(Protocol):
    """The protocol of a model."""

    def answers(self, batch: Sequence[Prompt]) -> list[str]:
        """One raw text for each prompt, in their order."""
        ...


def python_model(spec: str) -> Model:
    """The model that ``package.module:name`` names: an object with ``answers``, or a callable that returns one."""
    module, _, name = spec.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"--model python:{spec} cannot be imported ({error}): give python:package.module:name"
        ) from error
    try:
        model = found() if callable(found) else found
    except TypeError as error:
        raise UsageError(f"--model python:{spec} cannot be called without arguments ({error})") from error
    if not isinstance(model, Model):
        raise UsageError(f"--model python:{spec} has no method answers(batch): see recipe.evaluation.models.Model")
    return model
