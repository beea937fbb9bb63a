"""The Python interface: what the command line does, in a notebook. Everything here is a name of `viewpoint100k`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewpoint100k.errors import BuildError, QuestionRefusedError, UsageError
from viewpoint100k.geometry import Camera, RelativePose
from viewpoint100k.geometry import relative_pose as motion_between
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.geometry.seeding import derive_seed, generator
from viewpoint100k.plan.config import BuildConfig
from viewpoint100k.plan.config import load_config as config_from
from viewpoint100k.runtime.cores import workers_for
from viewpoint100k.runtime.storage import Location, StorePath, files_in, located

if TYPE_CHECKING:
    from renderers import LoadedScene, Renderer
    from viewpoint100k.check.audits.results import AuditReport
    from viewpoint100k.check.findings import Report
    from viewpoint100k.questions import Question

__all__ = [
    "DatasetFolder",
    "RelativePoseWithOverlap",
    "RenderedFrame",
    "ask",
    "build",
    "generate",
    "load_config",
    "load_mesh",
    "open_dataset",
    "relative_pose",
    "render",
]

Row = dict[str, Any]


def load_config(name_or_path: str = "viewpoint-100k", **fields: object) -> BuildConfig:
    """A named config or a YAML file, with some of its fields replaced.

    A mapping replaces some fields of a section: ``load_config("decoupled", rows=200, images={"size": 256})``.
    Raises ``UsageError`` naming the field and what it may be.
    """
    return config_from(name_or_path, stated=fields)


# --- rows -------------------------------------------------------------------------------------------------------------


def generate(config: BuildConfig, split: str = "train") -> Iterator[Row]:
    """The rows of a split, one after another, each a dict of the columns; nothing is written to the disk.

    Rows are made in this process, a block of at most 100 at a time, and are those that a build writes. Raises
    ``UsageError`` for a config that cannot be built or a split that it does not have, and ``BuildError`` where its
    assets do not give enough rows.
    """
    from viewpoint100k.building.blocks import BlockBuilder, SilentListener
    from viewpoint100k.plan.planning import make_build_plan

    build_plan = make_build_plan(config)
    shards = [shard for shard in build_plan.layout.shards if shard.split == split]
    if not shards:
        known = ", ".join(dict.fromkeys(shard.split for shard in build_plan.layout.shards))
        raise UsageError(f"the config has no split {split!r}: it has {known}")
    builder = BlockBuilder(build_plan, config.open_source())
    try:
        for shard in shards:
            for block in shard.blocks:
                batch, _ = builder.build_block(block, dict, SilentListener())
                yield from batch.to_pylist()
    finally:
        builder.close()


def build(config: BuildConfig, out: str | Location, workers: int | None = None, engine: str = "local") -> DatasetFolder:
    """Builds the data set of ``config`` in the folder ``out``, or continues one that was stopped.

    Args:
        out: a folder, or a URL in an object store, such as ``s3://bucket/prefix``.
        workers: worker processes; one for each core by default, fewer for a few rows.
        engine: ``local`` or ``ray``.

    Raises ``UsageError`` for a config that cannot be built or a folder that something else has made, and ``BuildError``
    where its assets do not give enough rows. A script that calls this must do so under
    ``if __name__ == "__main__":``, as workers are processes of their own.
    """
    from viewpoint100k.building.run import Part, build_dataset
    from viewpoint100k.plan.planning import make_build_plan

    if workers is not None and workers < 1:
        raise UsageError(f"workers must be at least 1, not {workers}")
    where, build_plan = located(out), make_build_plan(config)
    count = workers or workers_for(build_plan.layout.rows)
    summary = build_dataset(build_plan, where, count, Part(), engine)
    if not summary.complete:
        raise BuildError(f"{out} is not complete: run the same build again")
    return DatasetFolder(where)


def open_dataset(folder: str | Location) -> DatasetFolder:
    """A finished data set: its folder or URL. Raises ``UsageError`` where there is none."""
    where = located(folder)
    if not files_in(where / "data", "*.parquet"):
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    return DatasetFolder(where)


@dataclass(frozen=True)
class DatasetFolder:
    """A finished data set."""

    path: Location

    @property
    def digest(self) -> str | None:
        """sha256, hexadecimal, of all rows with their images, as the manifest states it; None without a manifest."""
        from viewpoint100k.dataset.folder import stored_row_digests

        digests = stored_row_digests(self.path)
        return digests.content if digests else None

    @property
    def splits(self) -> Mapping[str, int]:
        """The number of rows by split."""
        from viewpoint100k.dataset.folder import open_parquet

        counts: dict[str, int] = {}
        for path in self._shards():
            split = path.name.partition("-")[0]
            counts[split] = counts.get(split, 0) + open_parquet(path).metadata.num_rows
        return counts

    def rows(self, split: str = "train") -> Iterator[Row]:
        """The rows of a split in their order, read a hundred at a time; images as dicts with their encoded ``bytes``.

        Raises ``UsageError`` for a split that is not there.
        """
        from viewpoint100k.dataset.folder import open_parquet

        shards = [path for path in self._shards() if path.name.partition("-")[0] == split]
        if not shards:
            raise UsageError(f"{self.path} has no split {split!r}: it has {', '.join(self.splits)}")
        for path in shards:
            with open_parquet(path) as file:
                for batch in file.iter_batches(batch_size=100):
                    yield from batch.to_pylist()

    def to_datasets(self) -> Any:
        """The whole set as a ``datasets.DatasetDict``, images decoded when they are asked for."""
        from datasets import load_dataset

        if isinstance(self.path, StorePath):
            files = {split: f"{self.path}/data/{split}-*.parquet" for split in self.splits}
            return load_dataset("parquet", data_files=files)
        return load_dataset(str(self.path.resolve()))

    def verify(self) -> Report:
        """Recomputes every label from the stored cameras; see `viewpoint100k.check.verify`."""
        from viewpoint100k.check.verify import verify

        return verify(self.path)

    def audit(self) -> AuditReport:
        """Looks for shortcuts to the answers. Needs scikit-learn: the extra ``[audit]``.

        Raises ``UsageError`` for a set in an object store.
        """
        from viewpoint100k.check.audit import audit

        if isinstance(self.path, StorePath):
            raise UsageError(f"{self.path}: audits read a folder: download the set first")
        return audit(self.path)

    def _shards(self) -> list[Location]:
        return files_in(self.path / "data", "*.parquet")


# --- meshes and pictures ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One picture of a mesh."""

    rgb: NDArray[np.uint8]
    """(h, w, 3) sRGB; row 0 is the top."""
    depth: NDArray[np.float32]
    """(h, w) distance along the optical axis at each pixel's centre, world units; ``inf`` beside the object."""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(h, w): where the object is."""
        return np.isfinite(self.depth)


def load_mesh(path: str | Path, up: str | None = None) -> Mesh:
    """Reads a mesh file: upright (+Z), its bounding box centred on the origin, its farthest vertex at distance 1.

    ``up`` is the axis that points up in the file, ``"y"`` or ``"z"``; by default what its format does. Textures may lie
    in the file's own folder or below it. Raises ``AssetError`` with a reason code for a file that cannot be used.
    """
    from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES, read_mesh_file

    file = Path(path)
    if file.suffix.lower() not in MESH_SUFFIXES:
        raise UsageError(f"{path} is not a mesh file: give one of {', '.join(sorted(MESH_SUFFIXES))}")
    if up not in (None, "y", "z"):
        raise UsageError(f"up is {up!r}: it must be 'y' or 'z', the axis that points up in the file")
    return read_mesh_file(file, file.parent, up=up).mesh  # type: ignore[arg-type]


@overload
def render(mesh: Mesh, camera: Camera, stage_seed: int | None = ..., renderer: str | None = ...) -> RenderedFrame: ...
@overload
def render(
    mesh: Mesh, camera: Sequence[Camera], stage_seed: int | None = ..., renderer: str | None = ...
) -> list[RenderedFrame]: ...
def render(
    mesh: Mesh, camera: Camera | Sequence[Camera], stage_seed: int | None = None, renderer: str | None = None
) -> RenderedFrame | list[RenderedFrame]:
    """Draws a mesh as one camera sees it, or as several do, which is faster than one after another.

    Args:
        stage_seed: light, background and ground, as a build draws them; None for a neutral light on plain grey.
        renderer: one of `renderers.BACKENDS`; by default that of the named configs.

    Raises ``RendererError`` where there is no renderer to be had.
    """
    from renderers import Stage

    name = renderer or str(BuildConfig.model_fields["renderer"].default)
    cameras = [camera] if isinstance(camera, Camera) else list(camera)
    scene = _renderer(name).load(mesh, None if stage_seed is None else Stage(stage_seed))
    try:
        frames = [_frame(scene, one) for one in cameras]
    finally:
        scene.close()
    return frames[0] if isinstance(camera, Camera) else frames


def _frame(scene: LoadedScene, camera: Camera) -> RenderedFrame:
    return RenderedFrame(scene.color(camera), scene.depth(camera))


@cache
def _renderer(name: str) -> Renderer:
    """One of each kind a process: a rendering context is not for many."""
    from renderers import open_renderer

    return open_renderer(name)


# --- poses and questions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RelativePoseWithOverlap(RelativePose):
    """The fields of the column ``relative``."""

    overlap: float | None = None
    """The part of the surface seen in either frame that is seen in both; None where no mesh was given."""


def relative_pose(
    camera: Camera, other: Camera, center: ArrayLike = (0.0, 0.0, 0.0), mesh: Mesh | None = None
) -> RelativePoseWithOverlap:
    """The motion from ``camera`` to ``other`` around an object at ``center`` (3,), world units.

    With a ``mesh``, both views of it are drawn and their overlap is measured.
    """
    shared = None
    if mesh is not None:
        from viewpoint100k.views.pairs import Frame, overlap

        first, second = (Frame(one, render(mesh, one).depth) for one in (camera, other))
        shared = overlap(first, second, radius=float(np.sqrt((mesh.points**2).sum(axis=1).max())))
    return RelativePoseWithOverlap(**asdict(motion_between(camera, other, center)), overlap=shared)


def ask(
    template: str,
    cameras: Sequence[Camera],
    center: ArrayLike = (0.0, 0.0, 0.0),
    radius: float = 1.0,
    seed: int = 0,
    *,
    front: ArrayLike | None = None,
    overlap: float | None = None,
    answerability: float | None = None,
    language: str = "en",
    answer_form: str = "letter",
) -> Question:
    """A question of one type about two cameras, or more, and the object between them.

    Args:
        template: the name of a question type, or the path of a YAML file.
        center: (3,) of the object, world units.
        radius: of the object about its centre, world units.
        seed: decides the wording, the order of the options and the letter of the right one.
        front: (3,) unit vector out of the object's front, for types that ask about its own sides.
        overlap: as in the column ``relative``; for types that ask for a minimum.
        answerability: as in the column of that name; for types that ask for a minimum.
        language: of the wording, a BCP 47 tag; English where the type has none in it.
        answer_form: letter, words, yes_no, number, sentence, pose or chat; not every type has each.

    Raises ``QuestionRefusedError`` with a reason code where the type cannot be asked of these cameras, and
    ``UsageError`` for a template that does not exist.
    """
    from viewpoint100k.questions import Refusal, load_template
    from viewpoint100k.questions import ask as ask_of
    from viewpoint100k.questions.answer_forms import LETTER, ask_in_form, forms_of
    from viewpoint100k.views.pairs import Pair

    loaded = load_template(template)
    if len(cameras) < 2:
        raise UsageError(f"a question is about two cameras or more, not {len(cameras)}")
    middle = np.asarray(center, dtype=np.float64)
    faces = None if front is None else np.asarray(front, dtype=np.float64)
    pair = Pair(tuple(cameras), middle, float(radius), faces, overlap, answerability)
    rng = generator(derive_seed(seed, "ask"))
    position = int(rng.integers(max(1, loaded.options)))
    if answer_form not in (known := forms_of(loaded)):
        raise UsageError(f"{template} cannot be answered by {answer_form}: it has {', '.join(known)}")
    if answer_form == LETTER:
        question = ask_of(loaded, pair, position, rng, language)
    else:
        question = ask_in_form(loaded, pair, answer_form, position, rng, language)
    if isinstance(question, Refusal):
        raise QuestionRefusedError(question.reason, f"{template} cannot be asked of these cameras: {question.reason}")
    return question
