"""Settings of views and pairs, as a config file states them: ranges of camera parameters and thresholds of a pair."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Fraction", "Motions", "Pairs", "Range", "Section", "Views"]

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


class Motions(Section):
    """Camera motions of which each part is drawn by itself, for ``camera_motion: independent``. Sizes without sign."""

    fov_deg: Range = (62.0, 74.0)
    """Field of view; wide, so that the object stays in the frame whichever way the camera turns."""
    elevation_deg: Range = (10.0, 34.0)
    """Of the first camera above the object's centre."""
    fill: Range = (0.3, 0.4)
    """Part of the first frame's width or height that the object spans."""
    aim_offset: Fraction = 0.14
    """How far the first image's centre may lie from the object's, as a part of half the frame."""
    sideways: Range = (0.45, 1.3)
    """Movement along camera 1's right, object radii."""
    height: Range = (0.35, 0.8)
    """Movement up or down, object radii."""
    distance_ratio: Range = (1.18, 1.4)
    """Distance from the object, farther over closer."""
    turn_deg: Range = (7.5, 22.0)
    """Turn about the upright axis."""
    tilt_deg: Range = (7.0, 14.0)
    """Tilt of the optical axis, up or down."""
    roll_deg: Range = (9.0, 22.0)
    """Turn about the optical axis."""

    @model_validator(mode="after")
    def _sizes_are_positive(self) -> Motions:
        for name in ("sideways", "height", "turn_deg", "tilt_deg", "roll_deg", "fill"):
            if getattr(self, name)[0] <= 0:
                raise ValueError(f"{name} must begin above 0: none is a motion of its own")
        if self.distance_ratio[0] <= 1:
            raise ValueError("distance_ratio must begin above 1: none is a motion of its own")
        if not (self.fov_deg[0] > 0 and self.fov_deg[1] < 120 and self.fill[1] + self.aim_offset < 0.97):
            raise ValueError("fov_deg must lie between 0 and 120, and fill with aim_offset below 0.97")
        if not (self.elevation_deg[0] >= 0 and self.elevation_deg[1] <= 60):
            raise ValueError("elevation_deg must lie between 0 and 60")
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
