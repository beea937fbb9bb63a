"""A question type as a YAML file: what it measures, how an answer follows, what a pair must be, and its wordings.

``docs/templates.md`` adds a type from nothing; `viewpoint100k.questions.files` reads the files.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from viewpoint100k.questions.answers import AnswerRule, Arc, Candidates, Combination, Name, Section
from viewpoint100k.questions.composition import WordingFamily, WordingPool
from viewpoint100k.questions.fitting import (
    case_misfits,
    family_misfits,
    sketch_misfits,
    statement_misfits,
    told_by_misfits,
    wording_misfits,
)
from viewpoint100k.questions.paraphrase import Paraphrase
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.questions.wording import Wording, compile_wording

__all__ = ["Paraphrase", "Requirements", "Template"]

Text = Annotated[str, Field(min_length=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Cue = Literal["first_image", "second_image"]


class Requirements(Section):
    """What a pair must be for this type to be asked of it, beyond what the config asks of every pair."""

    azimuth_deg: tuple[float, float] | None = None
    """Range of the azimuth change, without its sign. A type that has it goes with a camera that goes around."""
    min_overlap: Fraction = 0.0
    min_answerability: Fraction = 0.0

    @model_validator(mode="after")
    def _range_ascends(self) -> Requirements:
        if self.azimuth_deg and not 0 <= self.azimuth_deg[0] < self.azimuth_deg[1] <= 180:
            raise ValueError("azimuth_deg must be a range inside 0 to 180")
        return self


class Template(Section):
    """A question type."""

    question_type: Name
    description: Text
    """One sentence for the card: what is asked, as whom."""
    reference: Literal["camera", "object", "world", "images"]
    """The frame of reference in which the question is put; the wordings must name it."""
    answer: AnswerRule
    requires: Requirements = Requirements()
    cases: dict[Name, dict[Name, Name]] = Field(default_factory=dict)
    """How an answer is brought about, for answers that camera motions of all kinds would not give alike often: what
    each named answer asks of the parts of the motion (see `viewpoint100k.views.motions.LEVELS`), and of the object."""
    told_by: tuple[Cue, ...] = ()
    """Which image alone may tell the answer, of a question that is about one image by its nature: which of its sides an
    object turns to camera 2, say. Every other type is judged by what each image alone tells of its answer."""
    sketch: bool = False
    """Whether a floor plan with places to choose from is shown as the last image."""
    reasoning: bool = True
    """Whether rows of this type may carry a chain of thought."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """Has no effect: a config always states the weight of a type. The digest of a template includes it."""
    paraphrases: tuple[Paraphrase, ...] = ()
    """Wordings that are written out."""
    wordings: tuple[WordingFamily, ...] = ()
    """Wordings that are composed of interchangeable parts."""
    statements: dict[Name, dict[Name, Text] | Text] = Field(default_factory=dict)
    """The answer as a short sentence, by language: a text for each answer, or one text for all. Without it a type is
    not asked for sentences."""

    @model_validator(mode="after")
    def _parts_fit_each_other(self) -> Template:
        misfits = itertools.chain(
            wording_misfits(self.answer, self.paraphrases, self.wordings),
            family_misfits(self.answer, self.wordings),
            case_misfits(self.answer, self.cases),
            sketch_misfits(self.answer, self.sketch, self.requires.azimuth_deg is not None),
            told_by_misfits(self.answer, self.told_by),
            statement_misfits(self.answer, self.statements),
        )
        for misfit in misfits:
            raise ValueError(misfit.sentence)
        return self

    @property
    def quantity(self) -> str:
        """What is measured, in the words of the template."""
        if isinstance(self.answer, Combination):
            return ", ".join(part.quantity for part in self.answer.parts.values())
        return getattr(self.answer, "quantity", ", ".join(self.answer.names))

    @property
    def unit(self) -> str:
        """Of ``answer_value`` and ``margin``."""
        if isinstance(self.answer, Combination):
            return "dead zones"
        units = dict.fromkeys(QUANTITIES[name].unit for name in self.answer.names)
        return next(iter(units)) if len(units) == 1 else "mixed units"

    @property
    def factors(self) -> frozenset[str]:
        """The parts of a camera's motion that its quantities follow from."""
        return frozenset(f for name in self.answer.names if (f := QUANTITIES[name].factor) is not None)

    @property
    def needs_front(self) -> bool:
        return any(QUANTITIES[name].needs == "front" for name in self.answer.names)

    @property
    def goes_around(self) -> bool:
        """Whether it is asked only of a camera that goes around the object by a fair angle."""
        return self.requires.azimuth_deg is not None or isinstance(self.answer, Candidates | Arc)

    @property
    def concerns_handedness(self) -> bool:
        """Whether it asks for the object's mirror image."""
        return any(parts.get("object") == "mirrored" for parts in self.cases.values())

    @property
    def options(self) -> int:
        """How many options are shown; 0 for an open question."""
        return self.answer.options

    @property
    def chance(self) -> float | None:
        """The part of questions that a guess among the options gets right; None for an open question."""
        return 1 / self.options if self.options else None

    @cached_property
    def digest(self) -> str:
        """sha256 of everything in the template that rows with letters as answers depend on, hexadecimal.

        ``statements`` is not hashed: the digest of a config with other forms of answer includes it.
        """
        # No row depends on ``told_by``, so its value is not hashed. A constant is hashed in its place: the value that
        # the paper's three types had when the digests were fixed. Each row stores a hash of these digests in its column
        # ``config``. Without the constant that column, and so the digest of viewpoint-100k, would change.
        content = self.model_dump(mode="json", exclude={"statements"}) | {"told_by": ["second_image", "framing"]}
        return hashlib.sha256(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

    @cached_property
    def languages(self) -> Mapping[str, WordingPool]:
        """Its wordings by language."""
        tags = dict.fromkeys([*(p.language for p in self.paraphrases), *(family.language for family in self.wordings)])
        return {
            tag: WordingPool(
                [paraphrase for paraphrase in self.paraphrases if paraphrase.language == tag],
                [family for family in self.wordings if family.language == tag],
            )
            for tag in tags
        }

    @property
    def wording_count(self) -> int:
        """Wordings of the question in all languages, options and reply aside."""
        return int(sum(pool.stem_count for pool in self.languages.values()))

    def wording(self, name: str) -> Paraphrase | None:
        """The wording that a row names behind the slash of its column ``template``; None where there is none."""
        return next((found for pool in self.languages.values() if (found := pool.named(name)) is not None), None)

    def option_text(self, paraphrase: Paraphrase, name: str) -> Wording:
        """The text of the option ``name``."""
        options = paraphrase.options
        assert options is not None
        return compile_wording(options[name] if isinstance(options, dict) else options)
