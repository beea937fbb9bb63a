"""CO3Dv2 and uCO3D as a source: ``co3d:DIR``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.asset import NO_LICENSE
from viewpoint100k.assets.capture_files.capture import StatedCapture
from viewpoint100k.assets.capture_files.co3d_annotations import (
    FrameIndex,
    Sequence,
    image_name,
    index_frames,
    read_frame,
    read_sequences,
)
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.point_clouds import read_ply_points
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.capture_files.uco3d_database import (
    DATABASE,
    frame_distortion,
    list_uco3d,
    read_uco3d_frames,
)
from viewpoint100k.assets.capture_files.videos import VideoFolder
from viewpoint100k.assets.captures import CaptureSource
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["Co3dSource"]

_FRAMES, _SEQUENCES = "frame_annotations.jgz", "sequence_annotations.jgz"
_KEPT_CATEGORIES = 4
"""Categories whose frames stay in memory, compressed (up to about 50 MB each)."""


@dataclass(frozen=True)
class _Entry:
    """The place of a capture in the annotations."""

    category: str
    sequence: Sequence | None
    """None if the category's list of sequences cannot be read; ``problem`` states the reason."""
    problem: AssetError | None = None


class Co3dSource(CaptureSource[_Entry]):
    """Each sequence is one capture; its id is ``<category>/<sequence>``, for uCO3D with the super-category before it.

    ``DIR`` is CO3D's folder, or a single category of it: paths in the annotations are then relative to the folder
    above, and nothing outside of that one is read. A category whose list of sequences is broken is one asset, its id
    the category's name, which `load` refuses with the reason.

    uCO3D's cameras come from its ``metadata.sqlite``. It ships videos, not images: a frame is decoded from its video,
    at the time that the database states, unless it lies at the path that the database names (``_image_path``). A record
    of a list that makes no sense is one asset, which `load` refuses with ``malformed_record``.

    A sequence whose ``viewpoint_quality_score`` (for uCO3D, the quality of its viewpoints) is below
    `CaptureLimits.min_quality` is refused with ``low_quality``; one without a score is taken. The object's points,
    where they are there, and the masks give its centre and radius.
    """

    name = "co3d"
    _only_database = False
    _layout = f"<category>/{_FRAMES}, {_FRAMES} itself, or uCO3D's {DATABASE}"

    def __init__(self, root: Path, limits: CaptureLimits | None = None, license: str = NO_LICENSE) -> None:
        super().__init__(root, limits, license)
        self._indices: OrderedDict[str, FrameIndex] = OrderedDict()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._indices = OrderedDict()

    @property
    def _is_category(self) -> bool:
        return any((self._root / file).exists() for file in (_FRAMES, _SEQUENCES))

    @cached_property
    def _files(self) -> SourceFolder:
        """What the paths in annotations are relative to."""
        if not self._root.is_dir() or not self._is_category:
            return VideoFolder(self._folder)
        return SourceFolder(self._root.resolve().parent)

    def _find(self) -> Mapping[str, _Entry]:
        folder = self._folder
        if folder.exists(DATABASE):
            broken: list[str] = []
            try:
                listed = list_uco3d(folder, broken)
            except AssetError as error:
                raise UsageError(f"{self._root}: {error}") from error
            entries = {key: _Entry(key.rpartition("/")[0], sequence) for key, sequence in listed.items()}
            return entries | _refused(DATABASE, broken)
        if self._only_database:
            return {}
        if self._is_category:
            categories = [self._root.resolve().name]
        else:
            (_, subfolders, _), *_ = folder.folders(0)
            categories = [
                name for name in subfolders if any(folder.exists(f"{name}/{file}") for file in (_FRAMES, _SEQUENCES))
            ]
        found: dict[str, _Entry] = {}
        for category in categories:
            broken = []
            try:
                sequences = self._sequences(category, broken)
                found.update({f"{category}/{name}": _Entry(category, one) for name, one in sequences.items()})
            except AssetError as error:
                found[category] = _Entry(category, None, error)
            found.update(_refused(category, broken))
        return found

    def _made_of(self, asset_id: str, entry: _Entry) -> tuple[str, ...]:
        if entry.sequence is None or self._files.exists(DATABASE):
            return ()
        stated = [name for name in (_FRAMES, _SEQUENCES) if self._files.exists(f"{entry.category}/{name}")]
        return (f"{entry.category}/{entry.sequence.name}", *(f"{entry.category}/{name}" for name in stated))

    def _sequences(self, category: str, broken: list[str]) -> dict[str, Sequence]:
        """A category's sequences; if it has only frames, the sequences that they name."""
        folder = self._files
        if folder.exists(f"{category}/{_SEQUENCES}"):
            return read_sequences(folder, f"{category}/{_SEQUENCES}", self._limits, broken)
        return {name: Sequence(name) for name in self._index(category).sequences()}

    def _read(self, asset_id: str, entry: _Entry) -> StatedCapture:
        sequence = entry.sequence
        if sequence is None:
            assert entry.problem is not None
            raise entry.problem
        if sequence.quality is not None and not sequence.quality >= self._limits.min_quality:
            raise AssetError("low_quality", f"{asset_id}: the quality of its cameras is {sequence.quality:.2f}")
        folder = self._files
        from_database = folder.exists(DATABASE)
        lost: tuple[str, ...] = ()
        if from_database:
            frames, sha256 = read_uco3d_frames(folder, sequence, self._limits)
        else:
            index = self._index(entry.category)
            lost = ("frames_left_out",) if index.broken else ()
            frames, sha256 = index.frames(sequence.name)
        if len(frames) > self._limits.max_frames:
            raise AssetError("too_many_photos", f"{asset_id} has {len(frames):,} frames")
        photos, dropped = [], {}
        for place, frame in enumerate(sorted(frames, key=_frame_number)):
            name = f"{asset_id} frame {place}"
            try:
                name = image_name(folder, frame)
                photos.append(read_frame(folder, frame, frame_distortion(frame) if from_database else None))
            except AssetError as error:
                dropped[name] = error.reason
            except ValueError:
                dropped[name] = "bad_camera"
        if photos and not any(folder.exists(photo.name) for photo in photos):
            hint = ": neither its frames nor its video" if from_database else ""
            raise AssetError("images_missing", f"{asset_id}: none of its images is there{hint}")
        return StatedCapture(
            photos=tuple(photos),
            sha256=sha256,
            dropped=dropped,
            points=self._points(sequence),
            points_are_object=sequence.points_are_object,
            category=entry.category.rpartition("/")[2],
            notes=tuple(sorted({*sequence.notes, *lost})),
        )

    def _points(self, sequence: Sequence) -> NDArray[np.float64] | None:
        """The stored points; None where there is no such file, as in a partial download."""
        if sequence.point_cloud is None:
            return None
        folder = self._files
        name = folder.name(sequence.point_cloud)
        return read_ply_points(folder, name, self._limits) if folder.exists(name) else None

    def _index(self, category: str) -> FrameIndex:
        if category not in self._indices:
            self._indices[category] = index_frames(self._files, f"{category}/{_FRAMES}", self._limits)
            while len(self._indices) > _KEPT_CATEGORIES:
                self._indices.popitem(last=False)
        self._indices.move_to_end(category)
        return self._indices[category]


def _refused(listed: str, broken: list[str]) -> dict[str, _Entry]:
    """Entries for invalid records, which `load` refuses."""
    return {
        f"{listed}/record {number}": _Entry(listed, None, AssetError("malformed_record", message))
        for number, message in enumerate(broken, 1)
    }


def _frame_number(frame: dict[str, Any]) -> float:
    number = frame.get("frame_number")
    return float(number) if isinstance(number, int | float) and -1e15 < number < 1e15 else 0.0
