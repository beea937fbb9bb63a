"""Pairs of images with the answer to every question type that their cameras decide, for `viewpoint100k.check.probe`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.check.labels.definitions import Definition, combined_answers, definitions_of
from viewpoint100k.check.labels.judging import judge
from viewpoint100k.check.probing.results import ProbeSettings
from viewpoint100k.check.probing.scenes import PAIR_COLUMNS, reduced, rows_of_pairs
from viewpoint100k.errors import DataError
from viewpoint100k.geometry.row_cameras import StoredCamera, StoredPair, Vector, dot, minus, read_pair

__all__ = ["UNKNOWN", "TypedPairs", "read_typed_pairs"]

UNKNOWN = -1
"""Label of a pair in a dead zone, for which a type would not be asked."""

_NOT_BY_CAMERAS = frozenset({"front_azimuth_deg", "own_left", "mirrored", "answerability"})


@dataclass(frozen=True, eq=False)
class TypedPairs:
    """Pairs of small images, and their true answers."""

    pixels: NDArray[np.uint8]
    """(m, 2, 3, size, size) sRGB."""
    labels: Mapping[str, NDArray[np.int64]]
    """(m, 2, 2) by type: index of the answer among the type's names, or `UNKNOWN`; the other axes are whether the
    images are swapped, and whether they are mirrored."""
    names: Mapping[str, tuple[str, ...]]
    """Answers of each type."""
    asked: Mapping[str, NDArray[np.bool_]]
    """(m,) by type: True if a row asks it of the pair. Of these pairs its answers are balanced; of others "none" may be
    true of most, because a camera tilts and rolls only where a question is about it."""
    motions: NDArray[np.float32]
    """(m, 2, 2, 8): the motion in numbers, see `_motion`; the other axes are those of ``labels``."""
    asset: NDArray[np.str_]
    """(m,)"""
    in_test_split: NDArray[np.bool_]
    """(m,)"""


def read_typed_pairs(
    folder: Path, settings: ProbeSettings, on_rows: Callable[[int, int], None] | None = None
) -> TypedPairs:
    """Reads each pair of the set in ``folder`` once. Raises ``DataError`` where it holds none, or cannot be read."""
    definitions = definitions_of(folder)
    asked: dict[str, set[str]] = {}
    pixels, found, assets, tests = list[Any](), list[StoredPair](), list[str](), list[bool]()
    columns = [*PAIR_COLUMNS, "template", "object_radius", "answerability", "answer_value"]
    for in_test, row in rows_of_pairs(folder, settings, on_rows, columns, None):
        if "+" in row["template"] or any(camera["mirrored"] for camera in row["cameras"]):
            continue
        if row["group"] in asked:
            asked[row["group"]].add(row["question_type"])
            continue
        asked[row["group"]] = {row["question_type"]}
        asset = f"{row['source']}/{row['asset_id']}"
        pixels.append([reduced(image["bytes"], asset, settings.image_size) for image in row["images"]])
        found.append(read_pair(row, may_be_mirrored=False))
        assets.append(asset)
        tests.append(in_test)
    kinds = sorted(set[str]().union(*asked.values()))
    judged = {kind: definitions[kind] for kind in kinds if kind in definitions and _by_cameras(definitions[kind])}
    if not found or not judged:
        raise DataError(f"{folder} has no pairs of images of question types that cameras decide")
    names = {kind: _names(definition) for kind, definition in judged.items()}
    variants = [list(_variants(pair)) for pair in found]
    labels = {
        kind: np.array(
            [[_label(definition, pair, names[kind]) for pair in four] for four in variants], dtype=np.int64
        ).reshape(-1, 2, 2)
        for kind, definition in judged.items()
    }
    return TypedPairs(
        pixels=np.array(pixels, dtype=np.uint8),
        labels=labels,
        names=names,
        asked={kind: np.array([kind in types for types in asked.values()]) for kind in judged},
        motions=np.array([[_motion(pair) for pair in four] for four in variants], dtype=np.float32).reshape(
            len(found), 2, 2, -1
        ),
        asset=np.array(assets, dtype=np.str_),
        in_test_split=np.array(tests, dtype=bool),
    )


def _by_cameras(definition: Definition) -> bool:
    return definition.kind in ("bins", "combination") and not definition.quantities & _NOT_BY_CAMERAS


def _names(definition: Definition) -> tuple[str, ...]:
    answer = definition.answer
    if definition.kind == "bins":
        return tuple(dict.fromkeys(answer["answers"]))
    return tuple(combined_answers(answer))


def _label(definition: Definition, pair: StoredPair, names: tuple[str, ...]) -> int:
    try:
        verdict = judge(definition, pair, ())
    except (ValueError, ArithmeticError):
        return UNKNOWN
    if verdict.margin is None or verdict.margin < verdict.least_margin:
        return UNKNOWN
    return names.index(str(verdict.answer))


def _motion(pair: StoredPair) -> tuple[float, ...]:
    """Camera 2's place in camera 1's axes, in distances of camera 1 from the object; the sines of its turn, tilt and
    roll in camera 1's axes; the logarithm of the ratio of the distances, and the rise in distances."""
    first, second = pair.first, pair.second
    step = minus(second.position, first.position)
    distances = [math.hypot(*minus(camera.position, pair.center)) for camera in (first, second)]
    return (
        dot(step, first.right) / distances[0],
        dot(step, first.down) / distances[0],
        dot(step, first.forward) / distances[0],
        dot(second.forward, first.right),
        dot(second.forward, first.down),
        dot(second.right, first.down),
        math.log(distances[1] / distances[0]),
        step[2] / distances[0],
    )


def _variants(pair: StoredPair) -> Iterator[StoredPair]:
    """The pair unchanged and mirrored, then both with the images swapped."""
    for one in (pair, replace(pair, first=pair.second, second=pair.first)):
        yield one
        yield replace(one, first=_mirrored(one.first), second=_mirrored(one.second), center=_reflected(one.center))


def _reflected(vector: Vector, sign: float = 1.0) -> Vector:
    """In the plane x = 0."""
    return -sign * vector[0], sign * vector[1], sign * vector[2]


def _mirrored(camera: StoredCamera) -> StoredCamera:
    """The camera that sees the mirrored scene as the mirrored image shows it; its right axis keeps its side."""
    return replace(
        camera,
        right=_reflected(camera.right, -1.0),
        down=_reflected(camera.down),
        forward=_reflected(camera.forward),
        position=_reflected(camera.position),
    )
