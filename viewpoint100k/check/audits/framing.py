"""Guesses from how each image frames the object, worked out from the stored cameras: exact, cheap, and of all rows.

Framing is everything that one image shows of its camera, but for the direction around the object: where the object lies
in the frame and how large, the lens, the lean of the horizon, how far the camera looks up or down, and from what height
it sees the object. A pair that is drawn with care tells little by one of them. Both together tell a distance or a roll,
and rightly so; of sideways movement and turn, which shift the object alike, they should leave enough to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.classifiers import guesses_from_boosting
from viewpoint100k.check.audits.judging import Measured, limit_of_type, mean_of_types, measure, of_each_form
from viewpoint100k.check.audits.problems import MEASURED_FORMS, Problem, SampledRow, problems_among
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.labels.definitions import Definition
from viewpoint100k.geometry.row_cameras import dot, minus, read_camera

__all__ = ["FramingRows", "describe_framing", "framing_audits"]

_SIDES = frozenset({"translation_x", "yaw_deg", "object_translation", "azimuth_deg"})
"""Quantities that shift the object to a side of the frame, and so are to be told from each other."""


@dataclass
class FramingRows:
    """What the audits of framing need of every row of a data set."""

    kinds: list[str] = field(default_factory=list)
    meanings: list[str] = field(default_factory=list)
    strata: list[str] = field(default_factory=list)
    azimuths: list[float] = field(default_factory=list)
    assets: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    """Forms of answer."""
    framings: list[tuple[float, ...]] = field(default_factory=list)
    """Of the first image and of the second, one after the other."""
    unread: int = 0
    """Rows whose cameras are none, or see the object behind them."""

    def add(self, row: SampledRow) -> None:
        """Takes up a row, if its cameras can be read; not one whose answer is a number in a form of its own."""
        if row.answer_form in MEASURED_FORMS:
            return
        try:
            first, second = (
                describe_framing(camera, row.object_center, row.object_radius) for camera in row.cameras[:2]
            )
        except (ValueError, TypeError, LookupError):  # `verify` says what is wrong with it.
            self.unread += 1
            return
        self.kinds.append(row.question_type)
        self.meanings.append(row.meaning)
        self.strata.append(row.stratum)
        self.azimuths.append(row.azimuth_deg)
        self.assets.append(row.asset)
        self.forms.append(row.answer_form)
        self.framings.append((*first, *second))


def describe_framing(camera: Mapping[str, Any], center: Sequence[float], radius: float) -> tuple[float, ...]:
    """How an image frames the object: seven numbers.

    Place of the object's centre in the frame (x, y, in widths from the middle), logarithms of its size (radius in
    widths) and of the focal length (widths), lean, tilt and elevation of the camera (degrees). Of an image that is
    shown mirrored, as it is shown. Raises ``ValueError`` for a camera that is none, or looks away from the object.
    """
    view = read_camera({**camera, "mirrored": False})
    towards = minus((center[0], center[1], center[2]), view.position)
    distance, depth = math.hypot(*towards), dot(towards, view.forward)
    if depth <= 0 or radius <= 0:
        raise ValueError("the object is behind the camera")
    side = -1.0 if camera.get("mirrored") else 1.0
    focal = view.focal[0] / view.width
    lean = math.degrees(math.atan2(-view.right[2], -view.down[2]))
    return (
        side * dot(towards, view.right) / depth * focal,
        dot(towards, view.down) / depth * focal,
        math.log(focal * radius / distance),
        math.log(focal),
        side * lean,
        math.degrees(math.asin(max(-1.0, min(1.0, view.forward[2])))),
        math.degrees(math.asin(max(-1.0, min(1.0, -towards[2] / distance)))),
    )


def framing_audits(
    rows: FramingRows, settings: AuditSettings, definitions: Mapping[str, Definition]
) -> Iterator[Measured]:
    """Each image's framing: a verdict for each type, the mean of types and each form of answer. Both framings: a bound
    for the sides."""
    assets, forms = np.array(rows.assets, dtype=np.str_), np.array(rows.forms, dtype=np.str_)
    framings = np.array(rows.framings, dtype=np.float32).reshape(len(assets), -1)
    half = framings.shape[1] // 2
    shown = {
        "first_framing": (framings[:, :half], "first_image"),
        "second_framing": (framings[:, half:], "second_image"),
        "both_framings": (framings, None),
    }
    problems = problems_among(rows.kinds, rows.meanings, rows.azimuths, rows.strata)
    for name, (features, cue) in shown.items():
        judged, by_form = [], []
        for problem in problems:
            definition = definitions.get(problem.name)
            threshold, detail = (
                limit_of_type(problem.name, cue, definition, settings)
                if cue
                else _limit_of_both(problem, definition, settings)
            )
            credit = _credit(features, problem, assets, settings)
            result = (credit, problem.chance, assets[problem.places])
            yield measure(name, problem.name, *result, settings, threshold, detail)
            if cue and threshold == settings.type_threshold:
                judged.append(result)
            if cue and threshold is not None:
                by_form.append((*result, forms[problem.places]))
        yield from mean_of_types(name, judged, settings)
        yield from of_each_form(name, by_form, settings, settings.mean_threshold)


def _credit(
    features: NDArray[np.float32], problem: Problem, assets: NDArray[np.str_], settings: AuditSettings
) -> NDArray[np.float64]:
    guessed = guesses_from_boosting(
        features[problem.places], problem.targets, assets[problem.places], settings.folds, settings.seed
    )
    return np.asarray(guessed == problem.targets, dtype=np.float64)


def _limit_of_both(
    problem: Problem, definition: Definition | None, settings: AuditSettings
) -> tuple[float | None, str]:
    """Types about the sides are bounded; of others the framing of both images is the evidence."""
    if definition is None or definition.quantities & _SIDES:
        return settings.both_framings_threshold, ""
    return None, "how the framing changes is evidence of what is asked"
