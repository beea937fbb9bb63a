"""The one validated config object: named YAML files, the user's own, and ``--set key=value`` over either."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from viewpoint100k.assets import Source, open_source
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import UsageError

__all__ = [
    "CONFIG_FILE",
    "BuildConfig",
    "Images",
    "Limits",
    "Motions",
    "Pairs",
    "Views",
    "as_yaml",
    "load_config",
    "named_configs",
]

CONFIG_FILE = "config.yaml"
"""Beside a finished set: all settings that it was built with."""

Range = tuple[float, float]
Fraction = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ranges_ascend(self) -> _Section:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and value[0] > value[1]:
                raise ValueError(f"{name} must go from low to high, not {list(value)}")
        return self


class Images(_Section):
    """The frames of a rendered object."""

    size: int = Field(512, ge=64, le=4096)
    """Pixels along each side."""
    jpeg_quality: int = Field(92, ge=50, le=100)
    """JPEG quality; chroma is not subsampled."""


class Views(_Section):
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


class Motions(_Section):
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


class Pairs(_Section):
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


class Limits(_Section):
    """What one asset may cost."""

    asset_timeout_s: float = Field(120.0, gt=0)
    """Seconds after which a worker that is still busy with one asset is stopped; half an hour, unless said, where
    Blender draws."""
    max_quarantined: int = Field(100, ge=0)
    """A build in which more assets than this bring a worker down is stopped."""
    max_triangles: int = Field(2_000_000, ge=1)
    max_texture_pixels: int = Field(2**26, ge=1)
    """Width times height of a texture as stored."""
    max_texture_size: int = Field(1024, ge=16)
    """Pixels; larger textures are scaled down on load."""
    max_file_bytes: int = Field(2**29, ge=1)

    @property
    def mesh(self) -> MeshLimits:
        """Those that concern the reading of a mesh file."""
        return MeshLimits(self.max_file_bytes, self.max_triangles, self.max_texture_pixels, self.max_texture_size)


_BLENDER_TIMEOUT_S = 1800.0


class BuildConfig(_Section):
    """Everything that a data set follows from."""

    name: str = Field("viewpoint-100k", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Of the data set, for its card."""
    rows: int = Field(100_000, ge=1)
    """Training rows. The test split has a hundredth of it, at least 10, on assets of its own."""
    rows_per_shard: int = Field(1000, ge=1, le=100_000)
    seed: int = Field(0, ge=0, lt=2**63)
    source: str = "procedural"
    """Where assets come from: ``procedural``, ``meshes:DIR`` and others, or a mixture; see docs/sources.md."""
    pairs_per_asset: int = Field(8, ge=1, le=64)
    """Rows that one visit to an asset yields; its frames are a walk around it, one more than its pairs."""
    questions: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)
    """Share of each question type: a template's name, or the path of a YAML file, and its weight."""
    questions_per_pair: int = Field(1, ge=1, le=8)
    """How many questions of different types are asked about one pair; the rows share a ``group``."""
    camera_motion: Literal["orbit", "independent"] = "orbit"
    """``orbit``: the camera walks around the object and looks at it, as in the paper, so that moving right and turning
    left are one bit. ``independent``: each part of its motion is drawn by itself, see ``motions``; meshes only."""
    consistency_share: Fraction = 0.0
    """Part of the rows in which one question about a pair is asked in four forms: as it is, with the images swapped,
    with the images mirrored, and in other words. With ``camera_motion: independent``."""
    reasoning_share: Fraction = 0.1
    """Part of the rows that carry a chain of thought, for a hybrid cold start; the paper's is a tenth."""
    languages: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=lambda: {"en": 1.0}, min_length=1)
    """Languages of the wordings, BCP 47 tags, and their weights; a type that has none in one is asked in English."""
    renderer: Literal["opengl", "pyrender", "blender"] = "opengl"
    """What draws meshes; see docs/renderers.md."""
    images: Images = Images()
    views: Views = Views()
    pairs: Pairs = Pairs()
    motions: Motions = Motions()
    limits: Limits = Limits()
    captures: CaptureLimits = CaptureLimits()
    """Bounds on photo captures, and what a photo must be to carry a question."""

    @model_validator(mode="before")
    @classmethod
    def _traced_light_takes_its_time(cls, values: Any) -> Any:
        """Blender takes seconds for a picture that the others draw in milliseconds: an asset may keep it longer."""
        if not isinstance(values, Mapping) or values.get("renderer") != "blender":
            return values
        limits = values.get("limits", {})
        if not isinstance(limits, Mapping):
            return values
        return {**values, "limits": {"asset_timeout_s": _BLENDER_TIMEOUT_S, **limits}}

    def open_source(self) -> Source:
        """The source, or mixture of sources, that assets come from. Raises ``UsageError`` where there is none."""
        return open_source(self.source, self.limits.mesh, self.captures)

    def digest(self, *inputs: str) -> str:
        """16 hexadecimal digits of this config together with digests of what it names (assets, templates).

        Paths are left out, so that the same assets in another folder are the same config.
        """
        content = self.model_dump(mode="json", exclude={"source", "questions"})
        text = json.dumps([content, *inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def named_configs() -> tuple[str, ...]:
    """The configs that come with the package."""
    folder = resources.files("viewpoint100k") / "configs"
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load_config(
    name_or_path: str, overrides: Sequence[str] = (), stated: Mapping[str, object] | None = None
) -> BuildConfig:
    """A named config or a YAML file, with ``key=value`` overrides (dots for sections), checked.

    ``stated`` are values of top-level fields that stand above all others.

    Raises ``UsageError`` naming the file, the field and what it may be.
    """
    raw = _read(name_or_path)
    for override in overrides:
        _apply(raw, override)
    raw |= stated or {}
    try:
        return BuildConfig.model_validate(raw)
    except ValidationError as error:
        raise UsageError(f"config {name_or_path}: {_first_problem(error)}") from error


def as_yaml(config: Mapping[str, Any]) -> str:
    """A complete config as `load_config` reads it."""
    head = "# All settings of this data set:  viewpoint100k build config.yaml --out FOLDER\n"
    return head + yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)


def _read(name_or_path: str) -> dict[str, Any]:
    if name_or_path in named_configs():
        text = (resources.files("viewpoint100k") / "configs" / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    else:
        path = Path(name_or_path)
        if not path.is_file():
            known = ", ".join(named_configs())
            raise UsageError(f"no config {name_or_path!r}: give one of {known}, or the path of a YAML file")
        text = _decoded(path)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"config {name_or_path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UsageError(f"config {name_or_path} must be a mapping of fields to values")
    return content


def _decoded(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"config {path} is not UTF-8 text") from error


def _apply(raw: dict[str, Any], override: str) -> None:
    key, separator, value = override.partition("=")
    if not separator or not key:
        raise UsageError(f"--set {override!r} must have the form key=value, such as images.size=256")
    *sections, leaf = key.split(".")
    target = raw
    for section in sections:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            raise UsageError(f"--set {key}: {section} is a value, not a section")
    try:
        target[leaf] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(f"--set {key}: {value!r} is not a YAML value") from error


_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")


def _first_problem(error: ValidationError) -> str:
    problem = min(error.errors(), key=lambda one: one["type"] not in _UNKNOWN_KEY)
    field = ".".join(str(part) for part in problem["loc"])
    if problem["type"] in _UNKNOWN_KEY:
        siblings = _fields_beside(problem["loc"][:-1])
        return f"unknown key {field}; known here: {', '.join(siblings)}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{field}: {message[0].lower()}{message[1:]}" if field else message


def _fields_beside(location: tuple[int | str, ...]) -> list[str]:
    section: Any = BuildConfig
    for part in location:
        section = section.model_fields[str(part)].annotation
    return [field.name for field in fields(section)] if is_dataclass(section) else list(section.model_fields)
