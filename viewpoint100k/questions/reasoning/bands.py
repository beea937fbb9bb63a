"""The sizes at which words apply: the smallest size with a direction, and the largest size that counts as none.

Texts say nothing about sizes between the two, the dead band. If a question asks about such a size, the text may call it
slight. The checker has a table of its own with slightly wider tolerances.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BANDS", "LIMITS", "MAY_BE_SLIGHT", "Band"]


@dataclass(frozen=True)
class Band:
    """The words for a signed quantity."""

    negative: str
    zero: str
    positive: str
    none: float
    """The zero word is true up to this size."""
    some: float
    """A direction is true from this size on."""
    most: float = math.inf
    """Above this size no direction is named."""

    def word(self, value: float) -> str | None:
        """The word for ``value``, or None in the dead band."""
        size = abs(value)
        if size <= self.none:
            return self.zero
        if not self.some <= size <= self.most:
            return None
        return self.positive if value > 0 else self.negative

    def slight_word(self, value: float) -> str | None:
        """The word for a ``value`` in the dead band, and None elsewhere."""
        if not self.none < abs(value) < self.some:
            return None
        return f"slight_{self.positive if value > 0 else self.negative}"


BANDS: Mapping[str, Band] = {
    # Half widths and half heights of the image.
    "place_x": Band("left", "middle", "right", 0.12, 0.18, 1.0),
    "place_y": Band("down", "middle", "up", 0.12, 0.18, 1.0),
    "shift_x": Band("left", "none", "right", 0.06, 0.12),
    "shift_y": Band("down", "none", "up", 0.06, 0.12),
    "kept_x": Band("left", "middle", "right", 0.12, 0.18, 0.9),
    "kept_y": Band("down", "middle", "up", 0.12, 0.18, 0.9),
    "beyond_x": Band("left", "none", "right", 0.06, 0.12),
    "beyond_y": Band("down", "none", "up", 0.06, 0.12),
    # Natural logarithms of ratios.
    "scale": Band("smaller", "none", "larger", 0.03, 0.075),
    "lens": Band("wider", "none", "narrower", 0.02, 0.1),
    "distance": Band("closer", "none", "farther", 0.03, 0.075),
    # Degrees.
    "flank_x": Band("left", "none", "right", 2.5, 5, 160),
    "flank_y": Band("down", "none", "up", 2.5, 5, 110),
    "top": Band("less", "none", "more", 2.5, 5),
    "background_x": Band("left", "none", "right", 2, 4, 120),
    "background_y": Band("down", "none", "up", 2, 4, 80),
    "lean": Band("left", "none", "right", 2, 4, 85),
    "horizon": Band("left", "none", "right", 2, 4, 85),
    "bank": Band("counterclockwise", "none", "clockwise", 2, 4, 120),
    "yaw": Band("left", "none", "right", 2, 4, 165),
    "tilt": Band("down", "none", "up", 2, 4),
    "pitch": Band("down", "none", "up", 2, 4),
    "roll": Band("counterclockwise", "none", "clockwise", 2, 4, 165),
    "azimuth": Band("clockwise", "none", "counterclockwise", 2, 4, 165),
    "around": Band("clockwise", "none", "counterclockwise", 2, 4, 165),
    "elevation": Band("down", "none", "up", 2, 4),
    "looks_down": Band("up", "none", "down", 4, 8),
    # Object radii.
    "parallax": Band("left", "", "right", -1, 0.1),
    "moved_x": Band("left", "none", "right", 0.05, 0.1),
    "moved_y": Band("down", "none", "up", 0.05, 0.1),
    "moved_z": Band("backwards", "none", "forwards", 0.05, 0.1),
    "height": Band("down", "none", "up", 0.05, 0.1),
    "object_side": Band("left", "none", "right", 0.05, 0.1),
    "front_side": Band("left", "none", "right", 0.05, 0.1),
    "own_side": Band("left", "none", "right", 0.05, 0.1),
}
"""By kind of fact. Image places count right and up as positive, like the movements."""

_CAMERA = ("moved_x", "moved_y", "moved_z", "height", "yaw", "tilt", "pitch", "roll", "bank")
_AROUND = ("distance", "azimuth", "elevation", "object_side", "front_side", "own_side")

MAY_BE_SLIGHT = frozenset((*_CAMERA, *_AROUND))
"""Kinds that a question may ask about. Their dead bands have words too."""

LIMITS: Mapping[str, float] = {
    "kept_out": 1.15,
    "flank_little": 20.0,
    "flank_far_from": 68.0,
    "flank_far_to": 112.0,
    "parallax_turn_most": 80.0,
    "top_seen_above": 12.0,
    "faces": 40.0,
    "faces_two_from": 24.0,
    "faces_two_to": 66.0,
    "faces_elevation_most": 50.0,
    "faces_same": 2.5,
    "faces_different": 5.0,
    "place_kept": 0.05,
    "place_left": 0.1,
    "direction_kept": 2.0,
    "direction_changed": 4.0,
    "swap": 0.6,
    "leans": 0.07,
    "number_least": 12.0,
}
"""Bounds of facts that are not one signed quantity, in the units above. Angles are in degrees."""
