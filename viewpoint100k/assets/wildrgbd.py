"""WildRGB-D as a source: ``wildrgbd:DIR``."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from typing import Any

import numpy as np

from viewpoint100k.assets.capture_files import json_records as fields
from viewpoint100k.assets.capture_files.capture import StatedCapture, StatedPhoto
from viewpoint100k.assets.capture_files.lenses import Lens
from viewpoint100k.assets.capture_files.source_folder import storable
from viewpoint100k.assets.captures import CaptureSource
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.conventions import nearest_rigid

__all__ = ["WildRgbdSource"]

_POSES = "cam_poses.txt"
_MAX_DEPTH = 5


class WildRgbdSource(CaptureSource[str]):
    """Each ``<category>/scenes/scenes_<id>`` with a ``cam_poses.txt`` is one capture; that path is its id.

    Source of the layout: https://github.com/wildrgbd/wildrgbd, README, "Dataset format", and
    ``wildrgbd_generate_point_cloud.py``. A line of ``cam_poses.txt`` is a frame's number and the sixteen numbers of
    its camera-to-world matrix, OpenCV's axes; ``metadata`` is JSON with ``w``, ``h`` and ``K``, column by column; the
    photos are ``rgb/<number>.png`` and masks ``masks/<number>.png``, numbers in five digits. Scenes that the category's
    ``types.json`` calls ``multi`` show several objects, so questions about them are ambiguous; they are refused with
    ``several_objects``.
    """

    name = "wildrgbd"
    _layout = f"<category>/scenes/scenes_<id>/{_POSES}"

    def _find(self) -> Mapping[str, str]:
        """Names of the scenes' folders."""
        return {storable(name): name for name, _, files in self._folder.folders(_MAX_DEPTH) if _POSES in files}

    def _read(self, asset_id: str, entry: str) -> StatedCapture:
        """Raises ``AssetError``: ``several_objects``, ``bad_camera``, ``too_many_photos``; and as `SourceFolder`."""
        category = posixpath.dirname(posixpath.dirname(entry))
        if self._kind(category, posixpath.basename(entry)) == "multi":
            raise AssetError("several_objects", f"{asset_id} shows several objects, as types.json says")
        lens_text = self._folder.read(posixpath.join(entry, "metadata"), self._limits.max_json_bytes)
        lens = _lens(lens_text, asset_id)
        text = self._folder.read(posixpath.join(entry, _POSES), self._limits.max_json_bytes)
        lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
        if len(lines) > self._limits.max_frames:
            raise AssetError("too_many_photos", f"{asset_id} has {len(lines):,} frames")
        photos, dropped = [], {}
        for number, line in enumerate(lines, 1):
            try:
                photos.append(self._photo(entry, line, lens))
            except ValueError:
                dropped[f"{_POSES} line {number}"] = "malformed_record"
        digest = hashlib.sha256(lens_text + text).hexdigest()
        return StatedCapture(tuple(photos), digest, dropped, category=posixpath.basename(category).replace("_", " "))

    def _photo(self, scene: str, line: str, lens: Lens) -> StatedPhoto:
        """The photo of a line. Raises ``ValueError`` for a malformed line."""
        words = line.split()
        frame = float(words[0])
        if not (0 <= frame < 1e5 and frame == int(frame) and len(words) == 17):
            raise ValueError("the line is not a frame and sixteen numbers")
        matrix = fields.floats([float(word) for word in words[1:]], "the matrix", (16,)).reshape(4, 4)
        name = f"{int(frame):05d}.png"
        mask = posixpath.join(scene, "masks", name)
        return StatedPhoto(
            posixpath.join(scene, "rgb", name),
            nearest_rigid(matrix),
            lens,
            mask if self._folder.exists(mask) else None,
        )

    def _kind(self, category: str, scene: str) -> str:
        """The type of a scene in ``types.json``: ``single``, ``multi`` or ``hand``; empty if not stated."""
        name = posixpath.join(category, "types.json")
        if not self._folder.exists(name):
            return ""
        try:
            types = fields.decode_json(self._folder.read(name, self._limits.max_json_bytes), name)
        except AssetError:
            return ""
        if not isinstance(types, dict):
            return ""
        stated = types.get(scene)
        if isinstance(stated, str):
            return stated
        return next((str(kind) for kind, scenes in types.items() if isinstance(scenes, list) and scene in scenes), "")


def _lens(data: bytes, asset_id: str) -> Lens:
    try:
        stated: dict[str, Any] = fields.mapping(fields.decode_json(data, asset_id), "metadata")
        size = [fields.integer(stated.get(key), key, 1, 65535) for key in ("w", "h")]
        matrix = np.array(stated.get("K"), dtype=np.float64).reshape(-1)
        fx, _, _, _, fy, _, cx, cy, _ = fields.floats(matrix.tolist(), "K", (9,)).tolist()
        return Lens(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), size[0], size[1])
    except (ValueError, TypeError, OverflowError) as error:
        raise AssetError("bad_camera", f"{asset_id}: metadata holds no camera: {error}") from error
