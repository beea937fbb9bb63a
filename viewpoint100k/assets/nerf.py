"""Captures described by a ``transforms.json``, as NeRF, instant-ngp and nerfstudio have it: ``nerf:DIR``."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files import json_records as fields
from viewpoint100k.assets.capture_files.capture import StatedCapture, StatedPhoto
from viewpoint100k.assets.capture_files.lenses import Distortion, Lens, fisheye, polynomial
from viewpoint100k.assets.capture_files.pictures import read_header
from viewpoint100k.assets.capture_files.source_folder import storable
from viewpoint100k.assets.captures import CaptureSource
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry import exact
from viewpoint100k.geometry.conventions import from_opengl, intrinsics_from_camera_angle_x, nearest_rigid

__all__ = ["NerfSource"]

_FILES = ("transforms.json", "transforms_train.json", "transforms_val.json", "transforms_test.json")
"""File names in order of preference. Only one is used for each folder, because all show the same object."""
_SUFFIXES = ("", ".png", ".jpg", ".jpeg", ".JPG", ".PNG", ".webp")
_SCALES = (2, 4, 8)
"""Of nerfstudio's folders of smaller photos, ``images_2`` and so on; many sets ship only those."""
_MAX_DEPTH = 6
_PERSPECTIVE = ("OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "PERSPECTIVE")

Floats = NDArray[np.float64]


class NerfSource(CaptureSource[str]):
    """Each folder with a ``transforms.json`` is one capture; the file's path is its id.

    Poses map the camera (OpenGL axes) to the world. Intrinsics come from ``camera_angle_x`` or from ``fl_x`` and its
    fellows, of the file or of a frame, whose own go first; where no size is stated it is that of the image. Distortion
    is OpenCV's (k1, k2, k3, k4, p1, p2) or, for ``OPENCV_FISHEYE``, its fisheye. ``applied_transform`` and
    ``applied_scale`` are undone, so that the world is the one the cameras were found in. The layout has no categories.
    """

    name = "nerf"
    _layout = "a transforms.json, or transforms_train.json, in it or below"

    def _find(self) -> Mapping[str, str]:
        """Names of the files."""
        found = {}
        for name, _, files in self._folder.folders(_MAX_DEPTH):
            chosen = next((file for file in _FILES if file in files), None)
            if chosen is not None:
                path = chosen if name == "." else f"{name}/{chosen}"
                found[storable(path)] = path
        return found

    def _made_of(self, asset_id: str, entry: str) -> Sequence[str]:
        return (posixpath.dirname(entry) or ".",)

    def _read(self, asset_id: str, entry: str) -> StatedCapture:
        """Raises ``AssetError``: ``annotations_unreadable``, ``too_many_photos``, ``unsupported_camera``."""
        data = self._folder.read(entry, self._limits.max_json_bytes)
        try:
            document = fields.mapping(fields.decode_json(data, asset_id), "the file")
            frames = document.get("frames")
            if not isinstance(frames, list):
                raise ValueError("it has no list 'frames'")
            undo = _undone(document)
        except ValueError as error:
            raise AssetError("annotations_unreadable", f"{asset_id}: {error}") from error
        if len(frames) > self._limits.max_frames:
            raise AssetError("too_many_photos", f"{asset_id} has {len(frames):,} frames")
        photos, dropped, beside = [], {}, posixpath.dirname(entry)
        lenses: dict[str, Lens] = {}
        notes: set[str] = set()
        for index, frame in enumerate(frames):
            name = f"{asset_id} frame {index}"
            try:
                record = fields.mapping(frame, name)
                written = fields.text(record.get("file_path"), "file_path")
                name, scale = self._image_name(written, beside, notes)
                values = document | record
                mask = self._mask_name(values.get("mask_path"), beside)
                photos.append(StatedPhoto(name, _pose(values, undo), self._lens(name, scale, values, lenses), mask))
            except AssetError as error:
                if error.reason == "unsupported_camera":
                    raise
                dropped[name] = error.reason
            except ValueError:
                dropped[name] = "bad_camera"
        return StatedCapture(tuple(photos), hashlib.sha256(data).hexdigest(), dropped, notes=tuple(sorted(notes)))

    def _image_name(self, written: str, beside: str, notes: set[str]) -> tuple[str, int]:
        """The image's name; of a path without extension, as in NeRF's own scenes, the one that is there.

        Also how many times smaller than stated it is, where only folders of smaller photos are there.
        """
        names = [self._folder.name(written + suffix, beside=beside) for suffix in _SUFFIXES]
        if (found := next(filter(self._is_file, names), None)) is not None:
            return found, 1
        for scale in _SCALES:
            smaller = (f"{posixpath.dirname(name)}_{scale}/{posixpath.basename(name)}" for name in names)
            if (found := next(filter(self._is_file, smaller), None)) is not None:
                notes.add("smaller_photos")
                return found, scale
        if (found := next(filter(self._is_file, map(self._folder.as_spelt, names)), None)) is not None:
            notes.add("letter_case")
            return found, 1
        return names[0], 1

    def _is_file(self, name: str) -> bool:
        return self._folder.exists(name) and not (self._folder.root / name).is_dir()

    def _mask_name(self, written: Any, beside: str) -> str | None:
        return self._folder.name(written, beside=beside) if isinstance(written, str) and written else None

    def _lens(self, name: str, scale: int, values: dict[str, Any], lenses: dict[str, Lens]) -> Lens:
        """The photo's lens, one object for all that share it. Raises as `_lens` and `_size` do."""
        size = self._size(name, scale, values)
        key = repr([size, *(values.get(field) for field in _LENS_FIELDS)])
        if key not in lenses:
            lenses[key] = _lens(values, size)
        return lenses[key]

    def _size(self, name: str, scale: int, values: dict[str, Any]) -> tuple[int, int]:
        if "w" in values and "h" in values:
            return fields.integer(values["w"], "w", 1, 65535), fields.integer(values["h"], "h", 1, 65535)
        data = self._folder.read(name, self._limits.max_photo_bytes, "image_missing", "photo_too_large")
        width, height = read_header(data, name, self._limits)
        return width * scale, height * scale


_LENS_FIELDS = (
    *("camera_model", "is_fisheye", "camera_angle_x", "camera_angle_y", "fl_x", "fl_y", "cx", "cy"),
    *("k1", "k2", "k3", "k4", "p1", "p2"),
)


def _pose(values: dict[str, Any], undo: Floats) -> Floats:
    """(4, 4) OpenCV axes to the undone world. Raises ``ValueError`` for what is no pose."""
    stated = values.get("transform_matrix")
    rows = 3 if isinstance(stated, list) and len(stated) == 3 else 4
    matrix = fields.floats(stated, "transform_matrix", (rows, 4))
    return _rigid(exact.matmul(undo, from_opengl(np.vstack([matrix, np.eye(4)[rows:]]))))


def _lens(values: dict[str, Any], size: tuple[int, int]) -> Lens:
    width, height = size
    if "fl_x" in values:
        fx = _number(values, "fl_x")
    elif "camera_angle_x" in values:
        fx = float(intrinsics_from_camera_angle_x(_number(values, "camera_angle_x"), width, height)[0, 0])
    else:
        raise ValueError("neither fl_x nor camera_angle_x is stated")
    fy = fx
    if "fl_y" in values:
        fy = _number(values, "fl_y")
    elif "fl_x" not in values and "camera_angle_y" in values:
        fy = float(intrinsics_from_camera_angle_x(_number(values, "camera_angle_y"), height, width)[0, 0])
    cx, cy = _number(values, "cx", width / 2), _number(values, "cy", height / 2)
    return Lens(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), width, height, _distortion(values))


def _distortion(values: dict[str, Any]) -> Distortion | None:
    model = str(values.get("camera_model") or "OPENCV").upper()
    k = [_number(values, name, 0.0) for name in ("k1", "k2", "k3", "k4")]
    if model == "OPENCV_FISHEYE" or values.get("is_fisheye") is True:
        return fisheye(k)
    if model not in _PERSPECTIVE:
        raise AssetError("unsupported_camera", f"the camera model {model[:40]} is not one of a photo")
    return polynomial(k, (_number(values, "p1", 0.0), _number(values, "p2", 0.0)))


def _number(values: dict[str, Any], name: str, default: float | None = None) -> float:
    value = values.get(name)
    if value is None and default is not None:
        return default
    return float(fields.floats(value, name, ()))


def _undone(document: dict[str, Any]) -> Floats:
    """(4, 4) from the world of the file to the one before ``applied_transform`` and ``applied_scale``."""
    applied = np.eye(4)
    stated = document.get("applied_transform")
    if stated is not None:
        rows = len(stated) if isinstance(stated, list) else 3
        applied[:rows] = fields.floats(stated, "applied_transform", (4 if rows == 4 else 3, 4))
    # nerfstudio scales what has been transformed already.
    applied[:3] *= _number(document, "applied_scale", 1.0)
    if applied[3].tolist() != [0, 0, 0, 1] or not 1e-12 < exact.det3(applied[:3, :3]) < 1e36:
        raise ValueError("applied_transform is not a rotation, a scale and a shift")
    return exact.inverse4(applied)


def _rigid(pose: Floats) -> Floats:
    """The pose with its axes scaled back to unit length."""
    scale = exact.cbrt(abs(exact.det3(pose[:3, :3])))
    if not 1e-9 < scale < 1e9:
        raise ValueError("transform_matrix is singular")
    rigid = pose.copy()
    rigid[:3, :3] /= scale
    return nearest_rigid(rigid)
