"""Guesses from one image, from its background, and from the object's position in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.audits.classifiers import guesses_from_numbers
from viewpoint100k.check.audits.image_features import ImageFeatures, describe
from viewpoint100k.check.audits.judging import Measured, limit_of_type, mean_of_types, measure, of_each_form
from viewpoint100k.check.audits.problems import Problem, SampledRow
from viewpoint100k.check.audits.results import AuditSettings
from viewpoint100k.check.audits.sampling import Sample, read_images
from viewpoint100k.check.labels.definitions import Definition
from viewpoint100k.runtime.progress import Progress

__all__ = ["SeenImages", "image_audits", "look_at_images"]

_ORDINALS = ("first", "second")


@dataclass(frozen=True, eq=False)
class SeenImages:
    """Features of the rows whose images could be read; element [0] of each pair is the first image's."""

    places: list[int]
    """Indices into the sample."""
    whole: tuple[NDArray[np.float32], NDArray[np.float32]]
    background: tuple[NDArray[np.float32], NDArray[np.float32]]
    place: tuple[NDArray[np.float32], NDArray[np.float32]]
    unread: int
    """Rows of the sample whose images are missing, damaged, or not two."""


def look_at_images(sample: Sample, workers: int) -> SeenImages:
    """Computes the features of the sample's images, one row group at a time."""
    seen: dict[str, tuple[ImageFeatures, ImageFeatures]] = {}
    with ThreadPoolExecutor(workers) as pool, Progress("looking", "rows", len(sample.with_images)) as progress:
        for batch in read_images(sample):
            for row_id, features in pool.map(_describe_row, batch):
                progress.advance(1)
                if features is not None:
                    seen[row_id] = features
    places = [place for place in sample.with_images if sample.rows[place].id in seen]
    ordered = [seen[sample.rows[place].id] for place in places]

    def stacked(name: str, which: int) -> NDArray[np.float32]:
        return np.array([getattr(pair[which], name) for pair in ordered], dtype=np.float32)

    return SeenImages(
        places,
        (stacked("whole", 0), stacked("whole", 1)),
        (stacked("background", 0), stacked("background", 1)),
        (stacked("place", 0), stacked("place", 1)),
        len(sample.with_images) - len(places),
    )


def image_audits(
    seen: SeenImages,
    problems: Sequence[Problem],
    assets: NDArray[np.str_],
    forms: NDArray[np.str_],
    settings: AuditSettings,
    definitions: Mapping[str, Definition],
) -> Iterator[Measured]:
    """Guesses from each image alone, its background alone, and the object's position alone, which are judged.

    Each guess is judged by problem, over all types, and by form of answer (``forms``, one of each row of the sample).
    The object's positions in both images together are only reported. Their change is visible to anyone who compares
    the two images, as the question asks, so it is a legitimate cue.
    """
    row_of = {place: row for row, place in enumerate(seen.places)}
    one_image = {
        "{}_image": seen.whole,
        "{}_background": seen.background,
        "object_place_in_{}": seen.place,
    }
    shift = np.column_stack([seen.place[0], seen.place[1] - seen.place[0]])
    audits: dict[str, tuple[NDArray[np.float32], str | None]] = {
        name.format(ordinal): (features[which], f"{ordinal}_image")
        for name, features in one_image.items()
        for which, ordinal in enumerate(_ORDINALS)
    }
    audits["shift_between_images"] = (shift.astype(np.float32), None)
    judged: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]]] = defaultdict(list)
    by_form: dict[str, list[tuple[Any, Any, Any, Any]]] = defaultdict(list)
    for problem in (whole_problem.of(seen.places) for whole_problem in problems):
        if len(set(problem.targets)) < 2:
            continue
        rows, shown = np.array([row_of[place] for place in problem.places]), assets[problem.places]
        for name, (features, cue) in audits.items():
            threshold, detail = (
                limit_of_type(problem.name, cue, definitions.get(problem.name), settings)
                if cue
                else (None, "this cue needs both images, so it is no shortcut")
            )
            guessed = guesses_from_numbers(
                features[rows], problem.targets, shown, settings.folds, settings.trees, settings.seed
            )
            credit = (guessed == problem.targets).astype(np.float64)
            yield measure(name, problem.name, credit, problem.chance, shown, settings, threshold, detail)
            if threshold == settings.type_threshold:
                judged[name].append((credit, problem.chance, shown))
            if threshold is not None:
                by_form[name].append((credit, problem.chance, shown, forms[problem.places]))
    for name, results in judged.items():
        yield from mean_of_types(name, results, settings)
    for name, parts in by_form.items():
        yield from of_each_form(name, parts, settings, settings.mean_threshold)


def _describe_row(
    row_and_images: tuple[SampledRow, Sequence[Mapping[str, Any]]],
) -> tuple[str, tuple[ImageFeatures, ImageFeatures] | None]:
    row, images = row_and_images
    try:
        first, second = (
            describe(image["bytes"] or b"", camera, row.object_center, row.object_radius)
            for image, camera in zip(images[:2], row.cameras[:2], strict=True)
        )
    except ValueError:  # Counted as unread, which the report states; `verify` reports the fault.
        return row.id, None
    return row.id, (first, second)
