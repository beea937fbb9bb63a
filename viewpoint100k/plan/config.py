"""The validated config: from named YAML files, the user's own file, and ``--set key=value`` overrides."""

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
from viewpoint100k.questions.held_out import WordingSet
from viewpoint100k.runtime.storage import Location
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

_WHOLE = ("questions", "languages", "answer_forms")
"""Fields that map names to weights. A stated mapping replaces the whole default."""

AnswerForm = Literal["letter", "words", "yes_no", "number", "sentence", "pose", "chat"]
"""Forms in which an answer may be asked for; see docs/templates.md, "Forms of answer"."""

CONFIG_FILE = "config.yaml"
"""File beside a finished set, with all settings of its build."""


class Images(Section):
    """Images of a rendered object."""

    size: int = Field(512, ge=64, le=4096)
    """Pixels along each side."""
    jpeg_quality: int = Field(92, ge=50, le=100)
    """JPEG quality; chroma is not subsampled."""


class Limits(Section):
    """Limits on the resources that one asset may use."""

    asset_timeout_s: float = Field(120.0, gt=0)
    """A worker that uses one asset for longer than this is stopped. The default is half an hour if Blender draws."""
    max_quarantined: int = Field(100, ge=0)
    """A build stops if more assets than this crash a worker."""
    max_triangles: int = Field(2_000_000, ge=1)
    max_texture_pixels: int = Field(2**26, ge=1)
    """Width times height of a texture as stored."""
    max_texture_size: int = Field(1024, ge=16)
    """Pixels; larger textures are scaled down on load."""
    max_file_bytes: int = Field(2**29, ge=1)

    @property
    def mesh(self) -> MeshLimits:
        """The limits for reading a mesh file."""
        return MeshLimits(self.max_file_bytes, self.max_triangles, self.max_texture_pixels, self.max_texture_size)


_BLENDER_TIMEOUT_S = 1800.0


def _letters_alone() -> dict[AnswerForm, float]:
    return {"letter": 1.0}


class BuildConfig(Section):
    """All settings that determine a data set."""

    name: str = Field("viewpoint-100k", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of the data set, for its card."""
    rows: int = Field(100_000, ge=1)
    """Number of training rows. The test split has a hundredth of it, at least 10, on separate assets."""
    rows_per_shard: int = Field(1000, ge=1, le=100_000)
    seed: int = Field(0, ge=0, lt=2**63)
    source: str = "procedural"
    """Source of the assets: ``procedural``, ``meshes:DIR`` and others, or a mixture; see docs/sources.md."""
    survey: Literal["needed", "all"] = "needed"
    """Which assets are tried before the first row: as many as the rows need, or all of the source, for a release.
    The rows are the same."""
    pairs_per_asset: int = Field(8, ge=1, le=64)
    """Rows from one use of an asset. Its frames are a walk around the asset, with one frame more than pairs."""
    questions: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)
    """Share of each question type: a template's name, or the path of a YAML file, and its weight."""
    questions_per_pair: int = Field(1, ge=1, le=8)
    """Number of questions of different types about one pair; these rows share a ``group``."""
    camera_motion: Literal["orbit", "independent"] = "orbit"
    """``orbit``: the camera walks around the object and looks at it, as in the paper. Moving right then always comes
    with turning left. ``independent``: each part of the motion is drawn separately, see ``motions``; meshes only."""
    consistency_share: Fraction = 0.0
    """Share of the rows in which one question about a pair is asked in four forms: unchanged, with the images swapped,
    with the images mirrored, and in other words. Requires ``camera_motion: independent``."""
    reasoning_share: Fraction = 0.1
    """Share of the rows with a chain of thought, for a hybrid cold start; the paper uses a tenth."""
    languages: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=lambda: {"en": 1.0}, min_length=1)
    """Languages of the wordings (BCP 47 tags) and their weights. A type without wordings in a language uses English."""
    wordings: WordingSet = "all"
    """Which wordings are used. For a test of wordings that a model has not seen: ``seen`` in training, and
    ``new_combinations`` or ``new_questions`` in the test; see docs/templates.md, "Wordings held out of training"."""
    answer_forms: dict[AnswerForm, Annotated[float, Field(gt=0)]] = Field(default_factory=_letters_alone, min_length=1)
    """Forms of answer and their weights: ``letter``, ``words``, ``yes_no``, ``number``, ``sentence``, ``pose``,
    ``chat``. Each type is asked in those that fit it, and for a letter where none does."""
    renderer: str = "software"
    """Renderer of meshes: software, opengl, pyrender, blender, or one of an installed package; see docs/renderers.md.
    ``auto`` is ``software`` if it was compiled, else ``opengl``."""
    images: Images = Images()
    views: Views = Views()
    pairs: Pairs = Pairs()
    motions: Motions = Motions()
    limits: Limits = Limits()
    captures: CaptureLimits = CaptureLimits()
    """Limits on photo captures, and requirements for photos."""

    @field_validator("renderer")
    @classmethod
    def _renderer_is_known(cls, name: str) -> str:
        if name not in (known := renderer_names()):
            raise ValueError(f"must be one of {', '.join(known)}, not {name!r}")
        return name

    @model_validator(mode="before")
    @classmethod
    def _traced_light_takes_its_time(cls, values: Any) -> Any:
        """Blender takes seconds for an image that other renderers draw in milliseconds, so its time limit is longer."""
        if not isinstance(values, Mapping) or values.get("renderer") != "blender":
            return values
        limits = values.get("limits", {})
        if not isinstance(limits, Mapping):
            return values
        return {**values, "limits": {"asset_timeout_s": _BLENDER_TIMEOUT_S, **limits}}

    def open_source(self) -> Source:
        """The asset source, or mixture of sources. Raises ``UsageError`` if it cannot be opened."""
        return open_source(self.source, self.limits.mesh, self.captures)

    @property
    def has_letters_alone(self) -> bool:
        """True if no other form of answer is wanted."""
        return set(self.answer_forms) == {"letter"}

    def digest(self, *inputs: str) -> str:
        """16 hexadecimal digits of this config and of the digests of its assets and templates.

        The digest leaves out paths, so that the same assets in another folder give the same config. It also leaves out
        the number of assets to try, which changes no row, and on an orbit the settings of independent motions.
        """
        content = self.model_dump(mode="json", exclude={"source", "survey", "questions"})
        if self.camera_motion == "orbit":
            del content["motions"]
        if self.has_letters_alone:
            del content["answer_forms"]
        if self.wordings == "all":
            del content["wordings"]
        text = json.dumps([content, *inputs], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def named_configs() -> tuple[str, ...]:
    """The names of the packaged configs."""
    folder = resources.files("viewpoint100k.plan") / "configs"
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def load_config(
    name_or_path: str | Location, overrides: Sequence[str] = (), stated: Mapping[str, object] | None = None
) -> BuildConfig:
    """Loads a named config or a YAML file with ``key=value`` overrides (dots for sections), and validates it.

    ``stated`` are field values that override all others; a mapping sets some fields of a section.

    Raises ``UsageError`` that names the file, the field and the allowed values.
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
    """A complete config as YAML that `load_config` reads."""
    head = "# All settings of this data set:  viewpoint100k build config.yaml --out FOLDER\n"
    return head + yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)


def _read(name_or_path: str | Location) -> dict[str, Any]:
    if name_or_path in named_configs():
        text = (resources.files("viewpoint100k.plan") / "configs" / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    else:
        path = Path(name_or_path) if isinstance(name_or_path, str) else name_or_path
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


def _decoded(path: Location) -> str:
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
