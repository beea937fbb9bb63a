"""uCO3D's ``metadata.sqlite``: the tables ``sequence_annots`` and ``frame_annots``.

Source: uco3d, ``dataset_utils/orm_types.py`` and ``annotation_types.py``. A field of CO3D's JSON is a column here, such
as ``_viewpoint_R``; tuples of numbers are stored as packed little-endian float32 or, for ``_image_size``, int32.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from viewpoint100k.assets.capture_files.co3d_annotations import Sequence, quality_score
from viewpoint100k.assets.capture_files.lenses import Distortion, polynomial
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.capture_files.videos import frame_name
from viewpoint100k.errors import AssetError

__all__ = ["DATABASE", "frame_distortion", "list_uco3d", "read_uco3d_frames"]

DATABASE = "metadata.sqlite"
_TIME_LIMIT_S = 120.0
_MAX_SEQUENCES = 2_000_000

_SEQUENCE_COLUMNS = (
    *("sequence_name", "super_category", "category", "_reconstruction_quality_viewpoint"),
    *("_segmented_point_cloud_path", "_sparse_point_cloud_path", "_video_path", "_mask_video_path"),
)
_FRAME_COLUMNS = (
    *("frame_number", "_image_path", "_image_size", "_mask_path", "_viewpoint_R", "_viewpoint_T"),
    *("_viewpoint_focal_length", "_viewpoint_principal_point", "_viewpoint_colmap_distortion_coeffs"),
    *("_viewpoint_intrinsics_format", "frame_timestamp"),
)


def list_uco3d(folder: SourceFolder, broken: list[str]) -> dict[str, Sequence]:
    """Every sequence by ``<super_category>/<category>/<sequence_name>``. Raises ``AssetError``.

    What is not one is put into words in ``broken``.
    """
    found: dict[str, Sequence] = {}
    with _connected(folder) as connection:
        columns = _selected(connection, "sequence_annots", _SEQUENCE_COLUMNS)
        for row in connection.execute(f"SELECT {columns} FROM sequence_annots ORDER BY sequence_name"):
            if len(found) >= _MAX_SEQUENCES:
                raise AssetError("annotations_unreadable", f"{DATABASE} lists more than {_MAX_SEQUENCES:,} sequences")
            name, above, category, quality, *paths = row
            if not isinstance(name, str) or not name:
                broken.append(f"{DATABASE}: a sequence without a name")
                continue
            segmented, sparse, video, masks = (path if isinstance(path, str) and path else None for path in paths)
            key = "/".join(part for part in (above, category, name) if isinstance(part, str) and part)
            score, notes = quality_score(quality)
            found[key] = Sequence(
                name,
                score,
                segmented or sparse,
                points_are_object=segmented is not None,
                notes=notes,
                video=video,
                mask_video=masks,
            )
    return found


def read_uco3d_frames(
    folder: SourceFolder, sequence: Sequence, limits: CaptureLimits
) -> tuple[list[dict[str, Any]], str]:
    """A sequence's frames in the form of CO3D's JSON, and the SHA-256 of their rows. Raises ``AssetError``."""
    digest = hashlib.sha256()
    frames = []
    with _connected(folder) as connection:
        columns = _selected(connection, "frame_annots", _FRAME_COLUMNS)
        query = f"SELECT {columns} FROM frame_annots WHERE sequence_name = ? ORDER BY frame_number LIMIT ?"
        for row in connection.execute(query, (sequence.name, limits.max_frames + 1)):
            digest.update(repr(row).encode("utf-8", "surrogateescape"))
            frames.append(_frame(row, sequence, folder))
    return frames, digest.hexdigest()


def frame_distortion(frame: dict[str, Any]) -> Distortion | None:
    """The lens's distortion: OpenCV's twelve coefficients, k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4."""
    values = frame["distortion"]
    if values is None or len(values) != 12:
        return None
    k1, k2, p1, p2, k3, k4, k5, k6, *prism = values
    return polynomial((k1, k2, k3), (p1, p2), (k4, k5, k6), prism)


@contextmanager
def _connected(folder: SourceFolder) -> Iterator[sqlite3.Connection]:
    """The database, read only and for a limited time; whatever sqlite says against it becomes an ``AssetError``."""
    with folder.open(DATABASE, "annotations_missing"):
        pass  # Refused here where it is not a regular file inside the folder.
    path = quote(str((folder.root / DATABASE).absolute()))
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        deadline = time.monotonic() + _TIME_LIMIT_S
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 100_000)
        try:
            # A view may call functions and run for ever; only plain tables are read.
            connection.execute("PRAGMA trusted_schema = OFF")
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            if not {"sequence_annots", "frame_annots"} <= tables:
                raise AssetError("annotations_unreadable", f"{DATABASE} does not have uCO3D's tables")
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise AssetError("annotations_unreadable", f"{DATABASE} cannot be read: {error}") from error


def _selected(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> str:
    """The columns as a query names them, NULL for one that the table does not have."""
    there = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
    return ", ".join(name if name in there else "NULL" for name in columns)


def _shown(path: Any, video: str | None, seconds: Any, folder: SourceFolder) -> Any:
    """The file of a frame where there is one, and otherwise the frame of the video."""
    if video is None or not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
        return path
    if isinstance(path, str) and path and folder.exists(path):
        return path
    return frame_name(video, seconds)


def _frame(row: tuple[Any, ...], sequence: Sequence, folder: SourceFolder) -> dict[str, Any]:
    number, image, size, mask, rotation, translation, focal, principal, distortion, kind, seconds = row
    nine = _unpacked(rotation, "f", 9)
    return {
        "frame_number": number,
        "image": {"path": _shown(image, sequence.video, seconds, folder), "size": _unpacked(size, "i", 2)},
        "mask": {"path": _shown(mask, sequence.mask_video, seconds, folder)},
        "distortion": _unpacked(distortion, "f", 12),
        "viewpoint": {
            "R": nine and [nine[0:3], nine[3:6], nine[6:9]],
            "T": _unpacked(translation, "f", 3),
            "focal_length": _unpacked(focal, "f", 2),
            "principal_point": _unpacked(principal, "f", 2),
            # uCO3D's own conversion to pixels takes the isotropic form whatever this column holds.
            "intrinsics_format": kind if isinstance(kind, str) else "ndc_isotropic",
        },
    }


def _unpacked(value: Any, kind: str, count: int) -> list[float] | None:
    """Numbers from a packed column; None where it is empty or of another length."""
    if not isinstance(value, bytes) or len(value) != 4 * count:
        return None
    return list(struct.unpack(f"<{count}{kind}", value))
