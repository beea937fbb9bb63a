"""How an answer follows from a pair: the ``answer`` block of a template, one model for each kind.

Each kind decides which choice is right of a pair, which others could be shown beside it, and by what margin. None of
them lets the choices tell which is right: wrong numbers are laid out so that each number shown is right equally often.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from viewpoint100k.questions.expression import Expression, parse_expression
from viewpoint100k.questions.quantities import QUANTITIES
from viewpoint100k.views.pairs import Pair

__all__ = [
    "AnswerRule",
    "Arc",
    "Bins",
    "Candidates",
    "Choice",
    "Choices",
    "Combination",
    "Decision",
    "Name",
    "Open",
    "Section",
    "measure",
    "number_choice",
    "rounded",
]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Shown = Annotated[int, Field(ge=2, le=26)]
Range = tuple[float, float]


class Section(BaseModel):
    """A part of a template: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class _Wrong:
    """Collects what is wrong within a section, so that all of it can be told, each with the key that it is about."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def where(self, condition: bool, place: str, sentence: str) -> None:
        """Notes ``sentence`` about the key ``place`` (dots between keys) where the condition holds."""
        if condition:
            self._found.append((place, sentence))

    def raise_if_any(self) -> None:
        if self._found:
            context = {"sentence": self._found[0][1], "found": tuple(self._found)}
            raise PydanticCustomError("section", "{sentence}", context)


@dataclass(frozen=True)
class Choice:
    """One thing that could be answered."""

    name: str
    """By which a paraphrase gives its text: of bins the bin; of other kinds one name for all."""
    variables: Mapping[str, object] = field(default_factory=dict)
    """For the text of the option."""


@dataclass(frozen=True)
class Decision:
    """What is right, and what else could be shown."""

    right: Choice
    wrong: tuple[Choice, ...] = ()
    value: float | None = None
    """The quantity."""
    margin: float | None = None
    """Its distance from the nearest decision boundary, in the quantity's unit; None where nothing is decided."""
    near: bool = False
    """Whether it lies in the dead zone."""
    variables: Mapping[str, object] = field(default_factory=dict)
    """For the text of the question."""


def measure(expression: Expression, pair: Pair) -> float:
    """The value of an expression over quantities of ``pair``; raises ``ZeroDivisionError``."""
    return expression.of(lambda name: QUANTITIES[name].of(pair))


@cache
def _parsed(text: str) -> Expression:
    """Kept here and not in the model: workers are sent models, and a function cannot be sent."""
    return parse_expression(text, QUANTITIES)


class _Measured(Section):
    quantity: str
    """One of `QUANTITIES`, or arithmetic over several: see `viewpoint100k.questions.expression`."""

    @field_validator("quantity")
    @classmethod
    def _can_be_measured(cls, text: str) -> str:
        if not parse_expression(text, QUANTITIES).names:
            raise ValueError(f"{text!r} names no quantity; known: {', '.join(sorted(QUANTITIES))}")
        return text

    @property
    def expression(self) -> Expression:
        return _parsed(self.quantity)

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities that are measured."""
        return self.expression.names


class _Binned(_Measured):
    """A quantity cut into named bins."""

    answers: Annotated[tuple[Name, ...], Field(min_length=2, max_length=26)]
    """In ascending order of the quantity. The last may be the first again, for an angle that goes all round."""
    boundaries: tuple[float, ...]
    """Where one answer ends and the next begins, ascending, in the quantity's unit; one fewer than the answers."""
    dead_zone: Annotated[float, Field(gt=0)]
    """Nearer than this to a boundary no question is asked."""

    @model_validator(mode="after")
    def _bins_are_in_order(self) -> _Binned:
        wrong = _Wrong()
        count = len(self.answers)
        wrong.where(len(self.boundaries) != count - 1, "boundaries", f"{count} answers need {count - 1} boundaries")
        ascend = list(self.boundaries) == sorted(set(self.boundaries))
        wrong.where(not ascend, "boundaries", "boundaries must ascend")
        inner = self.answers[1:] if self.answers[0] == self.answers[-1] else self.answers
        twice = len(set(inner)) != len(inner)
        wrong.where(twice, "answers", "an answer may stand twice only as the first and the last")
        wrong.raise_if_any()
        return self

    def judge(self, pair: Pair) -> tuple[str, float, float]:
        """The bin, the value, and its distance from the nearest boundary."""
        value = measure(self.expression, pair)
        place = sum(value > boundary for boundary in self.boundaries)
        return self.answers[place], value, min(abs(value - boundary) for boundary in self.boundaries)


class Bins(_Binned):
    """Named answers, one for each bin of a quantity."""

    kind: Literal["bins"]
    shown: Shown | None = None
    """How many of the answers are shown, the right one among them; all by default."""

    @property
    def option_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.answers))

    @property
    def variables(self) -> tuple[str, ...]:
        return ()

    @property
    def options(self) -> int:
        return min(self.shown or len(self.option_names), len(self.option_names))

    def decide(self, pair: Pair) -> Decision:
        name, value, margin = self.judge(pair)
        wrong = tuple(Choice(other) for other in self.option_names if other != name)
        return Decision(Choice(name), wrong, value, margin, margin < self.dead_zone)


class Part(_Binned):
    """One quantity of a combination."""


class Combination(Section):
    """Answers that depend on several quantities at once. The margin is counted in dead zones, of the nearest part."""

    kind: Literal["combination"]
    parts: Annotated[dict[Name, Part], Field(min_length=2, max_length=6)]
    answers: Annotated[dict[Name, dict[Name, Name]], Field(min_length=2, max_length=81)] | Literal["all"]
    """Name of an answer to the bins of the parts that make it true, a part that is not named being free; or ``all``:
    every combination is an answer, named by its bins, joined by ``_and_``."""
    shown: Shown | None = None
    """How many of the answers are shown; all by default."""

    @model_validator(mode="after")
    def _answers_fit_the_parts(self) -> Combination:
        wrong = _Wrong()
        for name, bins in self.table.items():
            for part, bin_ in bins.items():
                place = f"answers.{name}"
                if part not in self.parts:
                    wrong.where(True, place, f"{part} is not one of the parts {', '.join(self.parts)}")
                elif bin_ not in (known := self.parts[part].answers):
                    wrong.where(True, place, f"{part} is never {bin_}; it is one of {', '.join(dict.fromkeys(known))}")
        wrong.raise_if_any()
        for bins_ in itertools.product(*(dict.fromkeys(part.answers) for part in self.parts.values())):
            true = self._true_of(dict(zip(self.parts, bins_, strict=True)))
            if len(true) > 1:
                both = f"{' and '.join(true)} are both true of {', '.join(bins_)}: say more of what makes each true"
                wrong.where(True, f"answers.{true[1]}", both)
        wrong.raise_if_any()
        return self

    @cached_property
    def table(self) -> Mapping[str, Mapping[str, str]]:
        """Each answer and the bins that make it true."""
        if self.answers != "all":
            return self.answers
        every = itertools.product(*(dict.fromkeys(part.answers) for part in self.parts.values()))
        return {"_and_".join(bins): dict(zip(self.parts, bins, strict=True)) for bins in every}

    def _true_of(self, found: Mapping[str, str]) -> list[str]:
        return [name for name, bins in self.table.items() if all(found[part] == bins[part] for part in bins)]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts.values() for name in part.names))

    @property
    def option_names(self) -> tuple[str, ...]:
        return tuple(self.table)

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.parts)

    @property
    def options(self) -> int:
        return min(self.shown or len(self.table), len(self.table))

    def decide(self, pair: Pair) -> Decision:
        judged = {name: part.judge(pair) for name, part in self.parts.items()}
        found = {name: bin_ for name, (bin_, _, _) in judged.items()}
        true = self._true_of(found)
        if not true:
            return Decision(Choice(""), near=True)
        # A part that the answer leaves free may be as near to its boundary as it likes.
        decisive = self.table[true[0]]
        margin = min(judged[name][2] / self.parts[name].dead_zone for name in decisive)
        wrong = tuple(Choice(name, bins) for name, bins in self.table.items() if name != true[0])
        return Decision(Choice(true[0], self.table[true[0]]), wrong, None, margin, margin < 1)


class Choices(_Measured):
    """Numbers to choose from.

    The range is cut into as many equal steps as there are sizes shown, and the sizes shown are those that lie a whole
    number of steps from the right one: of values that are evenly spread over the range, each size shown is right
    equally often, whatever they are. With ``signed`` each size is shown with both signs.
    """

    kind: Literal["choices"]
    range: Range
    """The sizes of the quantity that are asked about, in its unit."""
    signed: bool = True
    options: Annotated[int, Field(ge=2, le=12)] = 6
    round_to: Annotated[float, Field(gt=0)] = 5
    """The numbers shown are multiples of this."""
    dead_zone: Annotated[float, Field(gt=0)]
    """Nearer than this to the middle between two numbers shown no question is asked."""

    @model_validator(mode="after")
    def _numbers_lie_apart(self) -> Choices:
        wrong, ascends = _Wrong(), 0 <= self.range[0] < self.range[1]
        wrong.where(not ascends, "range", "range must go from a size to a larger one, such as [20, 100]")
        odd = self.signed and self.options % 2 == 1
        wrong.where(odd, "options", f"with signed, options must be even, not {self.options}: each size has both signs")
        small = ascends and not odd and self.step < 2 * self.round_to + 2 * self.dead_zone
        too_small = f"{self.options} options leave steps of {self.step:g}, too small: give fewer, or a finer round_to"
        wrong.where(small, "options", too_small)
        wrong.raise_if_any()
        return self

    @property
    def step(self) -> float:
        """Between the sizes shown."""
        return (self.range[1] - self.range[0]) / (self.options // 2 if self.signed else self.options)

    @property
    def option_names(self) -> tuple[str, ...]:
        return ("number",)

    @property
    def variables(self) -> tuple[str, ...]:
        return ("value", "size")

    def decide(self, pair: Pair) -> Decision:
        value = measure(self.expression, pair)
        if not self.signed and value < 0:
            value = -value
        low, high = self.range
        if not low <= abs(value) <= high:
            return Decision(Choice(""), value=value, near=True)
        offset = (abs(value) - low) % self.step
        count = round((high - low) / self.step)
        sizes = [rounded(low + offset + place * self.step, self.round_to) for place in range(count)]
        shown = [sign * size for size in sizes for sign in ((1, -1) if self.signed else (1,))]
        right = min(shown, key=lambda number: abs(number - value))
        wrong = [number for number in shown if number != right]
        margin = min((abs(number - value) - abs(right - value)) / 2 for number in wrong)
        choices = [number_choice(number) for number in (right, *wrong)]
        return Decision(choices[0], tuple(choices[1:]), value, margin, margin < self.dead_zone)


class Open(_Measured):
    """A number to be given, not chosen."""

    kind: Literal["open"]
    round_to: Annotated[float, Field(gt=0)] = 1
    range: Range | None = None
    """Values outside are not asked about."""

    @property
    def option_names(self) -> tuple[str, ...]:
        return ()

    @property
    def variables(self) -> tuple[str, ...]:
        return ()

    @property
    def options(self) -> int:
        return 0

    def decide(self, pair: Pair) -> Decision:
        value = measure(self.expression, pair)
        outside = self.range is not None and not self.range[0] <= value <= self.range[1]
        return Decision(number_choice(rounded(value, self.round_to)), value=value, near=outside)


class Candidates(Section):
    """Further views to choose from: which of them follows from the first if the camera goes round by an angle?

    They lie as the numbers of `Choices` do, each with both signs. The pair's first camera is the reference, its second
    the view that is right, and the others follow.
    """

    kind: Literal["candidates"]
    range: Range = (20.0, 100.0)
    """Sizes of the azimuth change, degrees."""
    options: Annotated[int, Field(ge=2, le=6)] = 4
    round_to: Annotated[float, Field(gt=0)] = 10

    @model_validator(mode="after")
    def _views_lie_apart(self) -> Candidates:
        wrong, inside = _Wrong(), 0 < self.range[0] < self.range[1] < 180
        even = f"options must be even, not {self.options}: each angle is shown to both sides"
        wrong.where(self.options % 2 == 1, "options", even)
        wrong.where(not inside, "range", "range must go from an angle to a larger one, inside 0 to 180 degrees")
        wrong.raise_if_any()
        return self

    names: ClassVar[tuple[str, ...]] = ("azimuth_deg",)

    @property
    def option_names(self) -> tuple[str, ...]:
        return ("view",)

    @property
    def variables(self) -> tuple[str, ...]:
        return ("value", "size", "image")

    def changes_deg(self, right: float) -> tuple[float, ...]:
        """Azimuth changes of the candidates for a right one of ``right`` degrees, which comes first."""
        low, high = self.range
        count = self.options // 2
        step = (high - low) / count
        offset = (abs(right) - low) % step
        sizes = [low + offset + place * step for place in range(count)]
        others = [sign * size for size in sizes for sign in (1, -1) if abs(sign * size - right) > 1e-6]
        return (right, *others)

    def decide(self, pair: Pair) -> Decision:
        value = pair.pose.azimuth_deg
        changes = [pair.azimuth_to(place) for place in range(2, len(pair.cameras))]
        margin = min(abs(other - value) for other in changes) / 2
        shown = number_choice(rounded(value, self.round_to)).variables
        wrong = tuple(Choice("view") for _ in changes)
        return Decision(Choice("view"), wrong, value, margin, margin < self.round_to / 2, shown)


class Arc(Section):
    """Views of one object to be put in the order in which the camera passes them on its way round to the right."""

    kind: Literal["arc"]
    views: Annotated[int, Field(ge=3, le=4)] = 3
    apart: Range = (15.0, 60.0)
    """Azimuth change between neighbours, degrees."""
    shown: Shown = 4
    """How many orders are shown."""

    @model_validator(mode="after")
    def _arc_is_less_than_half_a_turn(self) -> Arc:
        wrong = _Wrong()
        wide = not 0 < self.apart[0] < self.apart[1] or self.apart[1] * (self.views - 1) >= 180
        wrong.where(wide, "apart", f"apart must ascend, and {self.views} views must lie within half a turn")
        wrong.raise_if_any()
        return self

    names: ClassVar[tuple[str, ...]] = ("azimuth_deg",)

    @property
    def option_names(self) -> tuple[str, ...]:
        return ("order",)

    @property
    def variables(self) -> tuple[str, ...]:
        return ("order",)

    @property
    def options(self) -> int:
        return self.shown

    def decide(self, pair: Pair) -> Decision:
        around = [0.0, *(pair.azimuth_to(place) for place in range(1, len(pair.cameras)))]
        order = np.argsort(around)  # Counter-clockwise from above: to the right of someone who faces the object.
        gaps = np.diff(np.array(around)[order])
        wrong = [_order(other) for other in itertools.permutations(range(len(around))) if other != tuple(order)]
        margin = float(gaps.min())
        return Decision(_order(order), tuple(wrong), None, margin, margin < self.apart[0] / 2)


AnswerRule = Annotated[
    Bins | Combination | Choices | Open | Candidates | Arc,
    Field(discriminator="kind"),
]


def rounded(value: float, step: float) -> float:
    """The nearest multiple of ``step``, without the digits that binary fractions add: 0.3, not 0.30000000000000004."""
    return float(f"{round(value / step) * step:.9g}")


def number_choice(value: float) -> Choice:
    """A number as it is shown: without a point where it is whole."""
    shown = int(value) if value == int(value) else value
    return Choice("number", {"value": shown, "size": abs(shown)})


def _order(places: Iterator[int] | np.ndarray | tuple[int, ...]) -> Choice:
    return Choice("order", {"order": ", ".join(str(int(place) + 1) for place in places)})
