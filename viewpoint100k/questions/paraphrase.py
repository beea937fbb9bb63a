"""One wording of a question, as a template file states it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from viewpoint100k.questions.answers import Name, Section

__all__ = ["Paraphrase"]

Text = Annotated[str, Field(min_length=1)]


class Paraphrase(Section):
    """One wording of the question, with the texts of its options."""

    name: Name
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")] = "en"
    """A BCP 47 tag."""
    question: Text
    options: dict[Name, Text] | Text | None = None
    """Text for each answer, or one text for all, which then says by its variables which it is; open questions have
    none."""
    reply: Text
    """The last line: what form the reply should have."""
