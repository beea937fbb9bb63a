"""Guesses by form of answer: the reply, the place or the side that is right most often in one form, over all types.

A type has few rows in each form, so its own balance says little of a form. Here each type is guessed by itself, and all
types of a form are judged together. The guess for a row comes from rows of other assets. It is no better than chance if
the answers of a form are balanced.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.balance import fair_share
from viewpoint100k.check.audits.classifiers import best_constants_elsewhere, commonest_elsewhere
from viewpoint100k.check.audits.judging import Measured, measure
from viewpoint100k.check.audits.problems import MEASURED_FORMS, SampledRow
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.labels.answer_forms import accepted_error, accepted_errors_of_pose, first_reply
from viewpoint100k.check.labels.definitions import Definition

__all__ = ["form_audits"]

_RATIO = "distance_ratio"
"""The quantity whose sides are below and above 1."""

_HALF = 0.5


def form_audits(
    rows: Sequence[SampledRow],
    definitions: Mapping[str, Definition],
    assets: NDArray[np.str_],
    settings: AuditSettings,
) -> Iterator[Measured]:
    """The audits of each form of answer; none if all rows ask for letters."""
    forms = sorted({row.answer_form for row in rows})
    if forms == ["letter"]:
        return
    answered: dict[str, Counter[str]] = {}
    for row in rows:
        answered.setdefault(row.question_type, Counter())[row.meaning] += 1
    for form in forms:
        of = _Form(form, [place for place, row in enumerate(rows) if row.answer_form == form], rows, assets, settings)
        if form not in MEASURED_FORMS:
            yield from of.replies(answered)
        if form in ("letter", "words"):
            yield from of.places_of_answers()
        if form == "chat":
            yield from of.first_replies()
        if form == "number":
            yield from of.sides_of_numbers(definitions)
            yield from of.constant_numbers()
        if form == "pose":
            yield from of.poses()


@dataclass(frozen=True)
class _Form:
    """The rows of one form of answer, by their places in the sample."""

    form: str
    places: Sequence[int]
    rows: Sequence[SampledRow]
    assets: NDArray[np.str_]
    settings: AuditSettings

    def replies(self, answered: Mapping[str, Counter[str]]) -> Iterator[Measured]:
        """The most frequent answer of each type, against its fair share among the answers of the type."""
        known = self._among(lambda row: row.stratum == row.question_type)
        kinds = [self.rows[place].question_type for place in known]
        fair = [fair_share(answered[kind]) for kind in kinds]
        yield from self._guessed("reply_by_form", known, kinds, [self.rows[place].meaning for place in known], fair)

    def places_of_answers(self) -> Iterator[Measured]:
        """The most frequent place of the right option among those that are listed."""
        listed = self._among(lambda row: row.answer_index >= 0)
        counts = [len(self.rows[place].options) for place in listed]
        letters = [self.rows[place].answer for place in listed]
        fair = [1 / count for count in counts]
        yield from self._guessed("place_by_form", listed, [str(count) for count in counts], letters, fair)

    def first_replies(self) -> Iterator[Measured]:
        """Whether the claim at the beginning of a chat is right, as its first reply says."""
        kinds = [self.rows[place].question_type for place in self.places]
        said = [first_reply(self.rows[place].question) or "" for place in self.places]
        yield from self._guessed("reply_by_form", self.places, kinds, said, [_HALF] * len(said))

    def sides_of_numbers(self, definitions: Mapping[str, Definition]) -> Iterator[Measured]:
        """The more frequent side of each type whose numbers have two; numbers on neither side are left out."""
        found: dict[int, float] = {}
        for place in self.places:
            row = self.rows[place]
            definition = definitions.get(row.question_type.partition("@")[0])
            if definition is not None and definition.has_sides():
                found[place] = float(row.answer) - (1.0 if _RATIO in definition.quantities else 0.0)
        yield from self._sides({place: value for place, value in found.items() if value})

    def constant_numbers(self) -> Iterator[Measured]:
        """The best constant number of each type, which is right if it is within the accepted error.

        The limit is half of the rows, as in `constant_replies`.
        """
        errors = {place: accepted_error(self.rows[place].question) for place in self.places}
        stated = {place: error for place, error in errors.items() if error is not None}
        kinds = [f"{self.rows[place].question_type} up to {error:g}" for place, error in stated.items()]
        values = [[float(self.rows[place].answer)] for place in stated]
        yield from self._constants(list(stated), kinds, values, [[error] for error in stated.values()])

    def poses(self) -> Iterator[Measured]:
        """The side around the object, and the best constant pose, which is right if all its fields are."""
        read = {place: _pose_of(self.rows[place].answer) for place in self.places}
        fields = sorted(next((pose for pose in read.values() if pose), ()))
        errors = {
            place: allowed
            for place in self.places
            if fields and sorted(read[place]) == fields
            if (allowed := accepted_errors_of_pose(self.rows[place].question)) is not None
        }
        stated = list(errors)
        yield from self._sides({place: side for place in stated if (side := read[place].get("azimuth_deg"))})
        values = [[read[place][name] for name in fields] for place in stated]
        most = [[degrees if name.endswith("_deg") else ratio for name in fields] for degrees, ratio in errors.values()]
        yield from self._constants(stated, [self.form] * len(stated), values, most)

    # --- their parts -------------------------------------------------------------------------------------------------

    def _among(self, wanted: Callable[[SampledRow], bool]) -> list[int]:
        return [place for place in self.places if wanted(self.rows[place])]

    def _sides(self, values: Mapping[int, float]) -> Iterator[Measured]:
        kinds = [self.rows[place].question_type for place in values]
        if self.form == "pose":
            kinds = [self.form] * len(values)  # The sign means the same in all types.
        sides = ["above" if value > 0 else "below" for value in values.values()]
        yield from self._guessed("side_by_form", list(values), kinds, sides, [_HALF] * len(sides))

    def _guessed(
        self, audit: str, places: Sequence[int], strata: Sequence[str], classes: Sequence[str], fair: Sequence[float]
    ) -> Iterator[Measured]:
        if not places:
            return
        targets, shown = np.array(classes, dtype=np.str_), self.assets[list(places)]
        guessed = commonest_elsewhere(np.array(strata, dtype=np.str_), targets, shown, self.settings.folds)
        credit = (guessed == targets).astype(np.float64)
        yield self._measured(audit, credit, np.array(fair), shown, "the most frequent one of each type")

    def _constants(
        self,
        places: Sequence[int],
        strata: Sequence[str],
        values: Sequence[Sequence[float]],
        allowed: Sequence[Sequence[float]],
    ) -> Iterator[Measured]:
        if not places:
            return
        shown = self.assets[list(places)]
        right = best_constants_elsewhere(
            np.array(values), np.array(allowed), np.array(strata, dtype=np.str_), shown, self.settings.folds
        )
        half = np.full(len(places), _HALF)
        yield self._measured(
            "constant_by_form", right, half, shown, "the best constant of each type; chance is the limit"
        )

    def _measured(
        self, audit: str, credit: NDArray[np.float64], chance: NDArray[np.float64], shown: NDArray[np.str_], detail: str
    ) -> Measured:
        return measure(
            audit,
            f"answer by {self.form}",
            credit,
            chance,
            shown,
            self.settings,
            self.settings.balance_threshold,
            detail,
        )


def _pose_of(answer: str) -> dict[str, float]:
    """The fields of a pose as JSON; empty for a text that is none, which `verify` reports."""
    try:
        return {str(name): float(value) for name, value in json.loads(answer).items()}
    except (ValueError, TypeError, AttributeError):
        return {}
