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
from pydantic import Field, ValidationError, field_validator, model_validator

from renderers import renderer_names
from viewpoint100k.assets import Source, open_source
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import UsageError
from viewpoint100k.views.settings import Fraction, Motions, Pairs, Section, Views

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

_WHOLE = ("questions", "languages")
"""Fields that are mappings of names to weights: one that is stated replaces the whole."""

CONFIG_FILE = "config.yaml"
"""Beside a finished set: all settings that it was built with."""


class Images(Section):
    """The frames of a rendered object."""

    size: int = Field(512, ge=64, le=4096)
    """Pixels along each side."""
    jpeg_quality: int = Field(92, ge=50, le=100)
    """JPEG quality; chroma is not subsampled."""


class Limits(Section):
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


class BuildConfig(Section):
    """Everything that a data set follows from."""

    name: str = Field("viewpoint-100k", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Of the data set, for its card."""
    rows: int = Field(100_000, ge=1)
    """Training rows. The test split has a hundredth of it, at least 10, on assets of its own."""
    rows_per_shard: int = Field(1000, ge=1, le=100_000)
    seed: int = Field(0, ge=0, lt=2**63)
    source: str = "procedural"
    """Where assets come from: ``procedural``, ``meshes:DIR`` and others, or a mixture; see docs/sources.md."""
    survey: Literal["needed", "all"] = "needed"
    """Assets that are tried before a row is made: as many as the rows need, or all of the source, as before a release.
    The rows are the same."""
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
    renderer: str = "software"
    """What draws meshes: software, opengl, pyrender, blender, or that of an installed package; see docs/renderers.md.
    ``auto``: ``software`` where it is built, else ``opengl``."""
    images: Images = Images()
    views: Views = Views()
    pairs: Pairs = Pairs()
    motions: Motions = Motions()
    limits: Limits = Limits()
    captures: CaptureLimits = CaptureLimits()
    """Bounds on photo captures, and what a photo must be to carry a question."""

    @field_validator("renderer")
    @classmethod
    def _renderer_is_known(cls, name: str) -> str:
        if name not in (known := renderer_names()):
            raise ValueError(f"must be one of {', '.join(known)}, not {name!r}")
        return name

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

        Paths are left out, so that the same assets in another folder are the same config. So is how many assets are
        tried, which changes no row, and of a camera on an orbit how its motion would be drawn otherwise.
        """
        content = self.model_dump(mode="json", exclude={"source", "survey", "questions"})
        if self.camera_motion == "orbit":
            del content["motions"]
        text = json.dumps([content, *inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def named_configs() -> tuple[str, ...]:
    """The configs that come with the package."""
    folder = resources.files("viewpoint100k.plan") / "configs"
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load_config(
    name_or_path: str, overrides: Sequence[str] = (), stated: Mapping[str, object] | None = None
) -> BuildConfig:
    """A named config or a YAML file, with ``key=value`` overrides (dots for sections), checked.

    ``stated`` are values of fields that stand above all others; a mapping states some fields of a section.

    Raises ``UsageError`` naming the file, the field and what it may be.
    """
    raw = _read(name_or_path)
    for override in overrides:
        _apply(raw, override)
    _merge(raw, stated or {})
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
        text = (resources.files("viewpoint100k.plan") / "configs" / f"{name_or_path}.yaml").read_text(encoding="utf-8")
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


def _merge(raw: dict[str, Any], stated: Mapping[str, object]) -> None:
    for name, value in stated.items():
        if isinstance(value, Mapping) and isinstance(raw.get(name), dict) and name not in _WHOLE:
            _merge(raw[name], value)
        else:
            raw[name] = value


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
