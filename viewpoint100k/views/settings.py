"""Settings of views and pairs, as a config file states them: ranges of camera parameters and thresholds of a pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["STEPS", "Fraction", "Motions", "Pairs", "Range", "Section", "Sizes", "Step", "Views"]

Range = tuple[float, float]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """One section of a config file: no unknown fields, no infinities, ranges in ascending order."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Section:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and value[0] > value[1]:
                raise ValueError(f"{name} must go from low to high, not {list(value)}")
        return self


class Views(Section):
    """Where cameras may stand around a mesh. Each is drawn uniformly from its range."""

    fov_deg: Range = (30.0, 55.0)
    """Field of view; one for all views of a visit, as one phone has one lens."""
    elevation_deg: Range = (4.0, 48.0)
    """Of the camera above the object's centre; one for a visit, from which each frame departs a little."""
    elevation_jitter_deg: float = Field(6.0, ge=0, le=30)
    """How far one frame's elevation may depart from the visit's, either way."""
    fill: Range = (0.62, 0.88)
    """Part of the frame's width or height that the object spans where it appears largest."""
    distance_jitter: Range = (1.0, 1.15)
    """Factor on each frame's own distance."""
    aim_offset: Fraction = 0.06
    """How far the optical axis may pass beside the object's centre, as a part of half the frame."""
    min_object_area: Fraction = 0.02
    """Smallest part of the frame's pixels that the object may cover; else ``object_too_small``."""

    min_contrast: float = Field(5.0, ge=0, le=100)
    """Smallest CIE 1976 delta E by which half of the object's rim differs from what is behind it; else
    ``low_contrast``."""

    @model_validator(mode="after")
    def _frames_hold_the_object(self) -> Views:
        if not 0 < self.fov_deg[0] <= self.fov_deg[1] < 120:
            raise ValueError("fov_deg must lie between 0 and 120")
        if not (self.elevation_deg[0] >= 0 and self.elevation_deg[1] <= 80):
            raise ValueError("elevation_deg must lie between 0 and 80: from straight above there is no left or right")
        if self.fill[0] <= 0 or self.fill[1] + self.aim_offset > 0.97:
            raise ValueError("fill must be above 0, and with aim_offset at most 0.97, for the object to be whole")
        if self.distance_jitter[0] < 1:
            raise ValueError("distance_jitter must be at least 1, for the object to be whole in frame")
        return self


Step = Literal["small", "middling", "large"]


class Sizes(Section):
    """How large each part of a motion is where it is not none. Without sign."""

    sideways: Range
    """Movement along camera 1's right, as a part of the distance to the object."""
    height: Range
    """Movement up or down, as a part of the distance to the object."""
    distance_ratio: Range
    """Distance from the object, farther over closer."""
    turn_deg: Range
    """Turn about the upright axis."""
    tilt_deg: Range
    """Tilt of the optical axis, up or down."""
    roll_deg: Range
    """Turn about the optical axis."""

    @model_validator(mode="after")
    def _sizes_are_positive(self) -> Sizes:
        for name in ("sideways", "height", "turn_deg", "tilt_deg", "roll_deg"):
            if getattr(self, name)[0] <= 0:
                raise ValueError(f"{name} must begin above 0: none is a motion of its own")
        if self.distance_ratio[0] <= 1:
            raise ValueError("distance_ratio must begin above 1: none is a motion of its own")
        return self


STEPS: Mapping[Step, Sizes] = {
    "small": Sizes(
        sideways=(0.07, 0.18),
        height=(0.05, 0.12),
        distance_ratio=(1.09, 1.14),
        turn_deg=(7.1, 10.0),
        tilt_deg=(5.0, 8.0),
        roll_deg=(5.0, 9.0),
    ),
    "middling": Sizes(
        sideways=(0.1, 0.24),
        height=(0.06, 0.13),
        distance_ratio=(1.1, 1.17),
        turn_deg=(7.5, 13.0),
        tilt_deg=(6.0, 11.0),
        roll_deg=(6.0, 13.0),
    ),
    "large": Sizes(
        sideways=(0.14, 0.32),
        height=(0.1, 0.24),
        distance_ratio=(1.16, 1.35),
        turn_deg=(9.0, 18.0),
        tilt_deg=(8.0, 14.0),
        roll_deg=(9.0, 20.0),
    ),
}
"""Levels of difficulty. Smaller steps are harder to see, and one image alone tells less of them: see docs/pairs.md."""


class Motions(Section):
    """Camera motions of which each part is drawn by itself, for ``camera_motion: independent``.

    Half of a motion lies before a middle camera, half after it. The ranges are those of the middle camera.
    """

    step: Step = "middling"
    """How large the parts of a motion are: ``small``, ``middling`` or ``large``; see docs/pairs.md."""
    own_sizes: Sizes | None = None
    """Sizes of your own, instead of those of ``step``."""
    alike: Fraction = 0.35
    """Where two parts shift the object in the frame to the same side, both are drawn from this part of their ranges,
    from the small end."""
    tremble: float = Field(0.018, ge=0, le=0.02)
    """The most by which a camera moves, in object radii, where it does not move: a hand's tremble, within the dead
    zones of the package's question types."""
    tremble_deg: float = Field(0.7, ge=0, le=1)
    """The same for turning, tilting and rolling."""
    least_move: float = Field(0.2, gt=0)
    """No movement is shorter than this, in object radii, so that it can be asked about."""
    fov_deg: Range = (56.0, 88.0)
    """Field of view; wide, so that the object stays in the frame whichever way the camera turns."""
    elevation_deg: Range = (-6.0, 58.0)
    """Of the middle camera above the object's centre; no camera stands below the ground."""
    fill: Range = (0.2, 0.66)
    """Part of the middle frame's width or height that the object would span in its centre; even in its logarithm."""
    fill_limits: tuple[Fraction, Fraction] = (0.15, 0.8)
    """Least and most that the object spans of either image's width or height."""
    lean_deg: float = Field(30.0, ge=0, le=40)
    """How far the middle camera may lean against the horizon, either way."""
    aim_deg: float = Field(2.0, ge=0, le=20)
    """How far a camera that goes around the object may turn away from where it saw it."""

    @property
    def sizes(self) -> Sizes:
        """Of the parts of a motion."""
        return self.own_sizes or STEPS[self.step]

    @model_validator(mode="after")
    def _cameras_see_the_object(self) -> Motions:
        if not (self.fov_deg[0] > 0 and self.fov_deg[1] < 120):
            raise ValueError("fov_deg must lie between 0 and 120")
        if not (self.fill[0] > 0 and self.fill[1] < 0.95):
            raise ValueError("fill must lie between 0 and 0.95, for the object to be whole")
        if not (self.fill_limits[0] < self.fill[1] and self.fill[0] < self.fill_limits[1]):
            raise ValueError(f"fill and fill_limits {list(self.fill_limits)} have nothing in common: no pair would fit")
        if not (self.elevation_deg[0] >= -30 and self.elevation_deg[1] <= 65):
            raise ValueError("elevation_deg must lie between -30 and 65: from straight above there is no left or right")
        return self


class Pairs(Section):
    """Which two frames of an object make a pair."""

    azimuth_deg: Range = (20.0, 100.0)
    """Size of the azimuth change, without its sign."""
    azimuth_bins: int = Field(8, ge=1, le=180)
    """The range is cut into this many equal bins, and each is filled alike."""
    min_overlap: Fraction = 0.1
    """Smallest part of the surface seen in either frame that is seen in both; else ``too_little_overlap``."""

    min_answerability: Fraction = 0.06
    """Smallest difference that another answer would have made to the images, see `answerability`; else ``symmetric``.
    At 0 it is not measured, which saves about a fifth of the time.

    Calibrated on objects of known symmetry (`tests/test_answerability.py`): of views of balls, vases and prisms none
    reached 0.01, nor 0.06 with a handle or label that neither image shows; with a label that they show all had 0.1 or
    more. A handle of the object's own colour that points at the camera may fall below it.
    """

    @model_validator(mode="after")
    def _angles_have_a_sign(self) -> Pairs:
        if not 0 < self.azimuth_deg[0] < self.azimuth_deg[1] < 180:
            raise ValueError("azimuth_deg must be a range inside 0 to 180")
        return self
