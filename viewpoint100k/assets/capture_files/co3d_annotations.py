"""Reads CO3D's annotation files: two gzipped JSON arrays for each category, hundreds of megabytes when decompressed."""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from viewpoint100k.assets.capture_files import json_records as fields
from viewpoint100k.assets.capture_files.capture import StatedPhoto
from viewpoint100k.assets.capture_files.lenses import Distortion, Lens
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.conventions import NdcFormat, Pytorch3dView, from_pytorch3d

__all__ = ["FrameIndex", "Sequence", "index_frames", "quality_score", "read_frame", "read_sequences"]


@dataclass(frozen=True)
class Sequence:
    """One capture, as the annotations state it."""

    name: str
    quality: float | None = None
    """``viewpoint_quality_score``; None where it is not stated."""
    point_cloud: str | None = None
    """Path of the object's points, relative to the data set's folder."""
    points_are_object: bool = True
    notes: tuple[str, ...] = ()
    """``no_quality_score`` where what is stated is not a number: files of the real set hold NaN."""
    video: str | None = None
    """Path of the video that the photos are frames of, relative to the data set's folder."""
    mask_video: str | None = None


class FrameIndex:
    """The frames of a category by sequence, kept compressed: as Python objects they would take gigabytes."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[Any, list[bytes]]] = {}
        self.broken: list[str] = []
        """Records that belong to no sequence, in words."""

    def add(self, sequence: str, text: str) -> None:
        if sequence not in self._texts:
            self._texts[sequence] = (zlib.compressobj(1), [])
        compressor, pieces = self._texts[sequence]
        pieces.append(compressor.compress(text.encode() + b"\n"))

    def close(self) -> None:
        """Ends writing."""
        for compressor, pieces in self._texts.values():
            pieces[:] = [b"".join([*pieces, compressor.flush()])]

    def sequences(self) -> list[str]:
        return sorted(self._texts)

    def frames(self, sequence: str) -> tuple[list[dict[str, Any]], str]:
        """A sequence's frames in the order of the file, and the SHA-256 of their texts. ``AssetError`` for none."""
        if sequence not in self._texts:
            raise AssetError("too_few_photos", f"{sequence} has no frames")
        text = zlib.decompress(self._texts[sequence][1][0])
        return [json.loads(line, parse_int=fields.bounded_int) for line in text.split(b"\n") if line], hashlib.sha256(
            text
        ).hexdigest()


def read_sequences(folder: SourceFolder, name: str, limits: CaptureLimits, broken: list[str]) -> dict[str, Sequence]:
    """A category's sequences by name. Raises ``AssetError``; see `iterate_records`, also for ``broken``."""
    found = {}
    with folder.open(name, "annotations_missing") as file:
        for record, _ in fields.iterate_records(file, name, limits.max_annotation_bytes, broken):
            try:
                sequence = _sequence(record)
            except ValueError as error:
                broken.append(f"{name}: {error}")
                continue
            found[sequence.name] = sequence
    return found


def index_frames(folder: SourceFolder, name: str, limits: CaptureLimits) -> FrameIndex:
    """A category's frames. Raises ``AssetError``; see `iterate_records`."""
    index = FrameIndex()
    with folder.open(name, "annotations_missing") as file:
        for record, text in fields.iterate_records(file, name, limits.max_annotation_bytes, index.broken):
            try:
                sequence = fields.text(record.get("sequence_name"), "sequence_name")
            except ValueError as error:
                index.broken.append(f"{name}: {error}")
                continue
            # A record may be laid out over several lines; in JSON none of them is within a string.
            index.add(sequence, text.replace("\n", " ").replace("\r", " "))
    index.close()
    return index


def read_frame(folder: SourceFolder, frame: dict[str, Any], distortion: Distortion | None = None) -> StatedPhoto:
    """A frame's photo. Raises ``ValueError`` if it states no camera, ``AssetError`` if its path leaves the folder."""
    name = image_name(folder, frame)
    size = fields.mapping(frame.get("image"), "image").get("size")
    height, width = (int(side) for side in fields.floats(size, "image.size", (2,)))
    stated = fields.mapping(frame.get("viewpoint"), "viewpoint")
    # The default is that of CO3D's own data type; a name that is neither is refused by the converter.
    kind: NdcFormat = stated.get("intrinsics_format") or "ndc_norm_image_bounds"
    view = Pytorch3dView(
        fields.floats(stated.get("R"), "R", (3, 3)),
        fields.floats(stated.get("T"), "T", (3,)),
        fields.floats(stated.get("focal_length"), "focal_length", (2,)),
        fields.floats(stated.get("principal_point"), "principal_point", (2,)),
        kind,
    )
    camera = from_pytorch3d(view, width, height)
    mask = frame.get("mask")
    mask_path = mask.get("path") if isinstance(mask, dict) else None
    return StatedPhoto(
        name,
        np.array(camera.camera_to_world),
        Lens(np.array(camera.intrinsics), width, height, distortion),
        folder.name(mask_path) if isinstance(mask_path, str) and mask_path else None,
    )


def image_name(folder: SourceFolder, frame: dict[str, Any]) -> str:
    """Path of the frame's image. Raises ``ValueError`` if it has none, ``AssetError`` if its path leaves the folder."""
    image = fields.mapping(frame.get("image"), "image")
    return folder.name(fields.text(image.get("path"), "image.path"))


def quality_score(stated: Any) -> tuple[float | None, tuple[str, ...]]:
    """A stated score, None if it is not a finite number; and the notes about it."""
    try:
        if stated is not None and not isinstance(stated, bool | str) and math.isfinite(float(stated)):
            return float(stated), ()
    except (TypeError, ValueError, OverflowError):
        return None, ("no_quality_score",)
    return None, () if stated is None else ("no_quality_score",)


def _sequence(record: dict[str, Any]) -> Sequence:
    quality, notes = quality_score(record.get("viewpoint_quality_score"))
    cloud = record.get("point_cloud")
    path = cloud.get("path") if isinstance(cloud, dict) else None
    return Sequence(
        name=fields.text(record.get("sequence_name"), "sequence_name"),
        quality=quality,
        notes=notes,
        point_cloud=path if isinstance(path, str) and path else None,
    )
