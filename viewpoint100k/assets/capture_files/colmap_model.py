"""COLMAP's sparse models, binary and text, read in Python.

pycolmap's own reader trusts the counts in a file, and a wrong one takes memory without bound or ends the process; here
every count is checked against the bytes that are left. Source: COLMAP, "Output format". Newer versions write
``rigs`` and ``frames`` beside; the poses stand in ``images`` all the same.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.colmap_text import (
    COLMAP_MODELS,
    ColmapCamera,
    ColmapImage,
    Faults,
    text_cameras,
    text_images,
    text_points,
)
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.point_clouds import evenly_chosen
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.errors import AssetError

__all__ = ["ColmapCamera", "ColmapImage", "ColmapModel", "read_colmap_model"]

Thing = TypeVar("Thing")


@dataclass(frozen=True, eq=False)
class ColmapModel:
    """A sparse model."""

    cameras: dict[int, ColmapCamera]
    images: list[ColmapImage]
    """In the order of their ids."""
    points: NDArray[np.float64]
    """(n, 3): at most `CaptureLimits.kept_points` of them."""
    tracks: list[NDArray[np.int64]]
    """For each point, the ids of the images that observe it."""
    sha256: str
    """Of the bytes of cameras, images and points3D, in this order."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Entries of the model that make no sense, such as ``images.txt line 12``, with their reasons."""
    notes: tuple[str, ...] = ()
    """``points_left_out`` where points make no sense."""


def read_colmap_model(folder: SourceFolder, name: str, limits: CaptureLimits) -> ColmapModel:
    """Reads the model in the folder ``name``; points3D may be missing.

    Raises ``AssetError``: ``model_missing``, ``model_unreadable``, ``file_too_large``, ``too_many_photos``,
    ``too_many_points``, and as `SourceFolder` does.
    """
    suffix = next((s for s in (".bin", ".txt") if folder.exists(f"{name}/cameras{s}")), None)
    if suffix is None or not folder.exists(f"{name}/images{suffix}"):
        raise AssetError("model_missing", f"{name} holds no COLMAP model (cameras and images, .bin or .txt)")
    parts = [folder.read(f"{name}/{part}{suffix}", limits.max_model_bytes) for part in ("cameras", "images")]
    has_points = folder.exists(f"{name}/points3D{suffix}")
    parts.append(folder.read(f"{name}/points3D{suffix}", limits.max_model_bytes) if has_points else b"")
    binary, faults = suffix == ".bin", Faults()
    try:
        cameras = dict(_binary_cameras(parts[0]) if binary else text_cameras(parts[0], faults))
        stated = _binary_images(parts[1]) if binary else text_images(parts[1], faults)
        images = _limited(stated, limits.max_frames, "photos")
        points = _binary_points(parts[2], faults) if binary else text_points(parts[2], faults)
        every = _limited(points, limits.max_points, "points") if has_points else []
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise AssetError("model_unreadable", f"{name} is not a COLMAP model: {str(error)[:120]}") from error
    kept = [every[i] for i in evenly_chosen(len(every), limits.kept_points)]
    return ColmapModel(
        cameras=cameras,
        images=sorted(images, key=lambda image: image.image_id),
        points=np.array([point for point, _ in kept], dtype=np.float64).reshape(-1, 3),
        tracks=[track for _, track in kept],
        sha256=hashlib.sha256(b"".join(parts)).hexdigest(),
        dropped=faults.dropped,
        notes=("points_left_out",) if faults.points else (),
    )


def _limited(things: Iterator[Thing], most: int, what: str) -> list[Thing]:
    found: list[Thing] = []
    for thing in things:
        found.append(thing)
        if len(found) > most:
            raise AssetError(f"too_many_{what}", f"the model has more than {most:,} {what}")
    return found


class _Reader:
    """Little-endian numbers from bytes, one after the other. Raises ``ValueError`` past the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, form: str) -> tuple[int | float, ...]:
        values = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values

    def count(self, least_bytes: int) -> int:
        """A count of things, each of which takes at least so many bytes."""
        (count,) = struct.unpack_from("<Q", self._data, self._at)
        self._at += 8
        if count * least_bytes > len(self._data) - self._at:
            raise ValueError(f"it speaks of {count:,} entries and ends before")
        return int(count)

    def text(self) -> str:
        end = self._data.index(b"\0", self._at, self._at + 4096)
        value = self._data[self._at : end].decode("utf-8", "surrogateescape")
        self._at = end + 1
        return value

    def array(self, dtype: np.dtype[np.void], count: int) -> NDArray[np.void]:
        values = np.frombuffer(self._data, dtype, count, self._at)
        self._at += dtype.itemsize * count
        return values


_OBSERVATION = np.dtype([("x", "<f8"), ("y", "<f8"), ("point", "<i8")])
_TRACK = np.dtype([("image", "<i4"), ("observation", "<i4")])


def _binary_cameras(data: bytes) -> Iterator[tuple[int, ColmapCamera]]:
    reader = _Reader(data)
    for _ in range(reader.count(48)):
        camera_id, model_id, width, height = (int(value) for value in reader.take("iiQQ"))
        if model_id not in COLMAP_MODELS:
            raise ValueError(f"camera {camera_id} has the unknown model {model_id}")
        model, count = COLMAP_MODELS[model_id]
        yield camera_id, ColmapCamera(model, width, height, reader.take(f"{count}d"))


def _binary_images(data: bytes) -> Iterator[ColmapImage]:
    reader = _Reader(data)
    for _ in range(reader.count(73)):
        image_id, *pose, camera_id = reader.take("i7di")
        name = reader.text()
        reader.array(_OBSERVATION, reader.count(_OBSERVATION.itemsize))
        yield ColmapImage(int(image_id), name, tuple(pose[:4]), tuple(pose[4:]), int(camera_id))


def _binary_points(data: bytes, faults: Faults) -> Iterator[tuple[tuple[float, ...], NDArray[np.int64]]]:
    reader = _Reader(data)
    for _ in range(reader.count(51)):
        _, *point = reader.take("Q3d3Bd")[:4]
        track = reader.array(_TRACK, reader.count(_TRACK.itemsize))
        if np.isfinite(point).all() and np.abs(point).max() < 1e12:
            yield tuple(point), track["image"].astype(np.int64)
        else:
            faults.points += 1
