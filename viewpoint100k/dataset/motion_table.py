"""The joint distribution of two parts of a camera motion, as a table and in bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from viewpoint100k.dataset.mutual_information import mutual_information_bits

__all__ = ["JOINTS", "Joint", "JointTable"]

Cell = tuple[str, str]


@dataclass(frozen=True)
class Joint:
    """Two parts of a motion, and the words for their directions."""

    title: str
    rows: tuple[str, str, str]
    """Words for negative, none and positive."""
    columns: tuple[str, str, str]


JOINTS: Mapping[str, Joint] = {
    "sides": Joint(
        "Camera moved (rows) and turned (columns)", ("left", "no", "right"), ("turned left", "no turn", "turned right")
    ),
    "upright": Joint(
        "Camera went up or down (rows) and closer or farther (columns)",
        ("down", "level", "up"),
        ("closer", "same distance", "farther"),
    ),
}

_STILL_RADII = 0.1
"""A movement of fewer object radii counts as none."""
_STILL_DEG = 4.0
_STILL_RATIO = 0.07


@dataclass
class JointTable:
    """Counts rows by table cell, and computes the mutual information of the two parts."""

    counts: dict[str, Counter[Cell]] = field(default_factory=lambda: {name: Counter() for name in JOINTS})

    def add(self, row: Mapping[str, Any]) -> None:
        """Counts a row by its ``relative`` struct, its cameras and the object's radius."""
        relative, radius = row["relative"], row["object_radius"]
        heights = [camera["camera_to_world"][11] for camera in row["cameras"][:2]]
        sides = (
            _side(relative["translation_x"] / radius, _STILL_RADII, JOINTS["sides"].rows),
            _side(relative["yaw_deg"], _STILL_DEG, JOINTS["sides"].columns),
        )
        upright = (
            _side((heights[1] - heights[0]) / radius, _STILL_RADII, JOINTS["upright"].rows),
            _side(relative["distance_ratio"] - 1, _STILL_RATIO, JOINTS["upright"].columns),
        )
        self.counts["sides"][sides] += 1
        self.counts["upright"][upright] += 1

    def shares(self, name: str) -> Iterator[tuple[str, Sequence[float]]]:
        """Each row of the table: its word, and the percentage of all rows in each cell."""
        counts = self.counts[name]
        total = max(1, counts.total())
        for word in JOINTS[name].rows:
            yield word, [100 * counts[word, column] / total for column in JOINTS[name].columns]

    def bits(self, name: str) -> float:
        """Mutual information of the two parts, with the correction of Miller and Madow."""
        counts = self.counts[name]
        return mutual_information_bits(counts)[0] if counts else 0.0


def _side(value: float, none: float, words: tuple[str, str, str]) -> str:
    return words[1] if abs(value) <= none else words[2] if value > 0 else words[0]
