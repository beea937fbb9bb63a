"""Computes the difficulty of a row from its columns: a number from 0 (easiest) to 1 (hardest). No column stores it.

A row is harder if the angle between the cameras is wider, the images share less surface, a different answer would
change the images less, the object fills less of the image, or the true quantity is closer to the boundary between two
answers.

The scale is linear in the expected error of a small network on unseen objects: that error is the difficulty times
`HIGHEST_ERROR`. At 0.5, the network is wrong about 17.5% of the rows; at 1, about 35% or more. Weights and scale were
fitted by ``benchmarks/difficulty.py``. docs/view.md gives the result, and the test on other objects.

The code uses only ``+ - x / sqrt`` and comparisons, so that a filter by difficulty keeps the same rows on every
machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from viewpoint100k.errors import UsageError

__all__ = [
    *("COLUMNS", "FEATURES", "HIGHEST_ERROR", "NESTED_COLUMNS", "Traits", "difficulties", "difficulty", "features"),
    *("parse_range", "score", "traits_of", "traits_of_table"),
]

COLUMNS = (*("question_type", "margin", "answerability", "relative", "cameras", "object_center", "object_radius"),)
"""Columns that determine the difficulty of a row."""

FEATURES = ("angle", "hidden", "alike", "small", "close")
"""The features that make a row hard. The difficulty grows with each."""

NESTED_COLUMNS = (
    *("question_type", "margin", "answerability", "relative.azimuth_deg", "relative.overlap", "object_center"),
    *("object_radius", "cameras.list.element.camera_to_world", "cameras.list.element.intrinsics"),
    *("cameras.list.element.width", "cameras.list.element.height"),
)
"""The same columns as parquet names them, with only the needed parts of each struct."""

_NEUTRAL = (0.6, 0.27, 0.09, 0.59, 0.5)
"""The features of a median row. They replace unknown values, such as the overlap of a capture without points."""

_WEIGHTS = (3.61, 0.68, 2.59, 0.3, 0.5)
"""Weights of `FEATURES`. The first three are fitted. The last two are chosen by hand: in the rows of the fit, these
features hardly vary or are correlated with the angle, so the fit would give them no weight. They matter for other sets,
in which they vary."""

HIGHEST_ERROR = 0.35
"""Expected error of the network at the difficulty 1. The error of a guess is 0.5. Few rows of the fit are harder."""

_TENTHS = (0.0, 1.516, 2.779, 3.128, 3.468, 3.601, 3.868, 3.994, 4.079, 4.332, 4.55)
"""The weighted sums at which the difficulty is 0, 0.1, ... 1. The scale is linear between them. 0 is the smallest
possible sum."""

_TYPICAL_MARGIN: Mapping[str, float] = {
    **dict.fromkeys(("ego_translation", "object_translation", "ego_height"), 0.5),
    **dict.fromkeys(("ego_rotation", "ego_pitch", "ego_roll", "cannot_tell", "turn_angle", "full_motion"), 8.0),
    **dict.fromkeys(("direction_and_angle", "motion_kind"), 12.0),
    **dict.fromkeys(("view_order", "facing_side", "which_view", "sketch"), 20.0),
    "distance_change": 0.12,
    "own_side": 1.6,
}
"""By question type, in the unit of its margin: the median over a ``decoupled`` set. Other types have no margin, and
their rows get the margin of a median row."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Traits:
    """The values of n rows that determine their difficulty, each (n,); nan if unknown."""

    angle_deg: Floats
    """Azimuth change without its sign."""
    overlap: Floats
    answerability: Floats
    size: Floats
    """Radius of the object divided by half the image's shorter side, in the image where it is smaller."""
    margin: Floats
    typical_margin: Floats
    """Median margin of the row's question type, in the same unit."""


def difficulty(row: Mapping[str, Any]) -> float:
    """The difficulty of one row, from its `COLUMNS`."""
    return float(difficulties([row])[0])


def difficulties(rows: Iterable[Mapping[str, Any]]) -> Floats:
    """(n,) in [0, 1]: the difficulty of each row, from its `COLUMNS`."""
    return score(features(traits_of(list(rows))))


def parse_range(text: str) -> tuple[float, float]:
    """Parses ``0..0.5`` into its two ends; a missing end is that of the scale. Raises ``UsageError``."""
    low, dots, high = text.partition("..")
    try:
        ends = float(low or 0), float(high or 1)
    except ValueError:
        ends = 1.0, 0.0
    if not dots or not 0 <= ends[0] <= ends[1] <= 1:
        raise UsageError(f"the difficulty {text!r} is not a range within 0 to 1: write it as 0..0.5")
    return ends


def traits_of(rows: Sequence[Mapping[str, Any]]) -> Traits:
    """The traits of rows given as dictionaries."""

    def column(values: Iterable[float | None]) -> Floats:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return Traits(
        angle_deg=np.abs(column(row["relative"]["azimuth_deg"] for row in rows)),
        overlap=column(row["relative"]["overlap"] for row in rows),
        answerability=column(row["answerability"] for row in rows),
        size=column(_size(row) for row in rows),
        margin=column(row["margin"] for row in rows),
        typical_margin=column(_TYPICAL_MARGIN.get(row["question_type"]) for row in rows),
    )


def traits_of_table(table: pa.Table) -> Traits:
    """The traits of the rows of a table with `NESTED_COLUMNS`: the same numbers as `traits_of` gives."""
    relative, kinds = table["relative"], table["question_type"].combine_chunks().dictionary_encode()
    kinds = kinds.combine_chunks() if isinstance(kinds, pa.ChunkedArray) else kinds
    typical = np.array([_TYPICAL_MARGIN.get(kind, np.nan) for kind in kinds.dictionary.to_pylist()], dtype=np.float64)

    def column(values: pa.ChunkedArray) -> Floats:
        return np.asarray(pc.cast(values, pa.float64()).to_numpy(), dtype=np.float64)

    return Traits(
        angle_deg=np.abs(column(pc.struct_field(relative, "azimuth_deg"))),
        overlap=column(pc.struct_field(relative, "overlap")),
        answerability=column(table["answerability"]),
        size=_sizes(table),
        margin=column(table["margin"]),
        typical_margin=typical[np.asarray(kinds.indices)],
    )


def _sizes(table: pa.Table) -> Floats:
    cameras = table["cameras"].combine_chunks()
    cameras = cameras.chunk(0) if isinstance(cameras, pa.ChunkedArray) else cameras
    each = cameras.flatten()
    counts = np.asarray(pc.list_value_length(cameras))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    center = np.asarray(pc.list_flatten(table["object_center"])).reshape(-1, 3)
    radius = np.asarray(table["object_radius"])
    pose = np.asarray(each.field("camera_to_world").flatten()).reshape(-1, 16)
    focal = np.asarray(each.field("intrinsics").flatten()).reshape(-1, 9)[:, 0]
    half = np.minimum(np.asarray(each.field("width")), np.asarray(each.field("height"))) / 2
    sizes = []
    for number in (0, 1):
        place = first + np.minimum(number, counts - 1)
        x, y, z = (pose[place, 4 * axis + 3] - center[:, axis] for axis in range(3))
        distance = np.sqrt(x * x + y * y + z * z)
        with np.errstate(divide="ignore"):
            sizes.append(np.where(distance > 0, radius * focal[place] / (distance * half[place]), np.nan))
    smaller: Floats = np.minimum(*sizes)
    return smaller


def _size(row: Mapping[str, Any]) -> float:
    center, sizes = row["object_center"], []
    for camera in row["cameras"][:2]:
        pose, intrinsics = camera["camera_to_world"], camera["intrinsics"]
        x, y, z = (pose[place] - middle for place, middle in zip((3, 7, 11), center, strict=True))
        distance = float(np.sqrt(x * x + y * y + z * z))
        half = min(camera["width"], camera["height"]) / 2
        sizes.append(row["object_radius"] * intrinsics[0] / (distance * half) if distance > 0 else np.nan)
    return float(min(sizes))


def features(traits: Traits) -> Floats:
    """(n, 5): `FEATURES`, each from 0 to about 1; unknown values are those of a median row."""
    table = np.stack(
        [
            traits.angle_deg / 100,
            1 - traits.overlap,
            0.05 / (0.05 + traits.answerability),
            1 / (1 + traits.size),
            traits.typical_margin / (traits.typical_margin + traits.margin),
        ],
        axis=1,
    )
    known: Floats = np.where(np.isfinite(table), table, np.array(_NEUTRAL))
    return known


def score(table: Floats, weights: Sequence[float] = _WEIGHTS, tenths: Sequence[float] = _TENTHS) -> Floats:
    """(n,) in [0, 1]: the difficulty, from the features (n, 5).

    Args:
        weights: weight of each feature.
        tenths: ascending sums at which the difficulty is 0, 0.1, ... 1. Sums between two of them are interpolated.
    """
    total = np.zeros(len(table))
    for place, weight in enumerate(weights):  # The order is fixed, because floating-point sums depend on it.
        total = total + weight * table[:, place]
    low = np.clip(np.searchsorted(tenths, total, side="right") - 1, 0, len(tenths) - 2)
    edges = np.asarray(tenths)
    within = (total - edges[low]) / (edges[low + 1] - edges[low])
    found: Floats = np.clip((low + within) / (len(tenths) - 1), 0.0, 1.0)
    return found
