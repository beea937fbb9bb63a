"""Settings of views and pairs in a config file: ranges of camera parameters and thresholds of a pair."""

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
    """Camera positions around a mesh. Each value is drawn uniformly from its range."""

    fov_deg: Range = (30.0, 55.0)
    """Field of view; the same for all frames of one use of an asset, as from one phone."""
    elevation_deg: Range = (4.0, 48.0)
    """Elevation of the camera above the object's centre; one value per use of an asset, varied slightly per frame."""
    elevation_jitter_deg: float = Field(6.0, ge=0, le=30)
    """Largest difference of a frame's elevation from that value."""
    fill: Range = (0.62, 0.88)
    """Share of the frame's width or height that the object spans in the frame where it is largest."""
    distance_jitter: Range = (1.0, 1.15)
    """Factor on the distance of each frame."""
    aim_offset: Fraction = 0.06
    """Largest offset of the optical axis from the object's centre, as a share of half the frame."""
    min_object_area: Fraction = 0.02
    """Smallest share of the frame's pixels that the object must cover; else ``object_too_small``."""

    min_contrast: float = Field(5.0, ge=0, le=100)
    """Smallest CIE 1976 delta E between the object and its background that half of the rim must exceed; else
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
    """Size of each part of a motion if the part is not none. Without sign."""

    sideways: Range
    """Movement along camera 1's right, as a share of the distance to the object."""
    height: Range
    """Movement up or down, as a share of the distance to the object."""
    distance_ratio: Range
    """Distance to the object, farther divided by closer."""
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
        sideways=(0.12, 0.27),
        height=(0.08, 0.17),
        distance_ratio=(1.13, 1.23),
        turn_deg=(8.0, 14.5),
        tilt_deg=(7.0, 12.0),
        roll_deg=(7.5, 15.0),
    ),
}
"""Levels of difficulty. Smaller steps are harder to see, and one image reveals less about them: see docs/pairs.md."""


class Motions(Section):
    """Camera motions with independent parts, for ``camera_motion: independent``.

    Half of a motion lies before a middle camera, half after it. The ranges are those of the middle camera.
    """

    step: Step = "middling"
    """Size of the parts of a motion: ``small``, ``middling`` or ``large``; see docs/pairs.md."""
    own_sizes: Sizes | None = None
    """Custom sizes that replace those of ``step``."""
    alike: Fraction = 0.35
    """If two parts shift the object to the same side of the frame, both are drawn from this share of their ranges,
    starting at the small end."""
    tremble: float = Field(0.018, ge=0, le=0.02)
    """Largest movement, in object radii, of a camera that does not move: the tremble of a hand, within the dead
    zones of the package's question types."""
    tremble_deg: float = Field(0.7, ge=0, le=1)
    """The same for turning, tilting and rolling."""
    least_move: float = Field(0.2, gt=0)
    """Smallest movement, in object radii, so that a question can ask about it."""
    fov_deg: Range = (56.0, 88.0)
    """Field of view. It is wide, so that the object stays in the frame when the camera turns."""
    elevation_deg: Range = (-6.0, 58.0)
    """Elevation of the middle camera above the object's centre; no camera stands below the ground."""
    fill: Range = (0.2, 0.66)
    """Share of the middle frame's width or height that the object would span at its centre; drawn log-uniformly."""
    fill_limits: tuple[Fraction, Fraction] = (0.15, 0.8)
    """Smallest and largest share of either image's width or height that the object spans."""
    lean_deg: float = Field(30.0, ge=0, le=40)
    """Largest lean of the middle camera against the horizon, either way."""
    aim_deg: float = Field(2.0, ge=0, le=20)
    """How far a camera that goes around the object may deviate from the direction in which it saw the object."""

    @property
    def sizes(self) -> Sizes:
        """Sizes of the parts of a motion."""
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
    """Which two frames of an object form a pair."""

    azimuth_deg: Range = (20.0, 100.0)
    """Size of the azimuth change, without sign."""
    azimuth_bins: int = Field(8, ge=1, le=180)
    """The range is divided into this many equal bins, which are filled equally."""
    min_overlap: Fraction = 0.1
    """Smallest share of the surface seen in either frame that both must show; else ``too_little_overlap``."""

    min_answerability: Fraction = 0.06
    """Smallest difference that another answer must make to the images, see `answerability`; else ``symmetric``.
    At 0 it is not measured, which saves about a fifth of the time.

    Calibrated on objects of known symmetry (`tests/test_answerability.py`). Pairs of balls, vases and prisms stayed
    below 0.01, and below 0.06 with a handle or label that neither image shows. All pairs with a visible label had 0.1
    or more. A handle of the object's own colour that points at the camera may have less.
    """

    @model_validator(mode="after")
    def _angles_have_a_sign(self) -> Pairs:
        if not 0 < self.azimuth_deg[0] < self.azimuth_deg[1] < 180:
            raise ValueError("azimuth_deg must be a range inside 0 to 180")
        return self
