"""Shared by the tests of mesh formats: writes a file, reads it, and gives its vertices in the file's coordinates."""

from pathlib import Path

import numpy as np
import pytest

from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.reading import MeshFile, read_mesh_file
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Primitive

RED = (200, 16, 40)


def read(folder: Path, name: str, content: bytes | str = b"", **options: object) -> MeshFile:
    path = folder / name
    if content:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_mesh_file(path, folder, **options)  # type: ignore[arg-type]


def reason(folder: Path, name: str, content: bytes | str = b"", limits: MeshLimits | None = None) -> str:
    with pytest.raises(AssetError) as refused:
        read(folder, name, content, limits=limits)
    return refused.value.reason


def only(file: MeshFile) -> Primitive:
    (primitive,) = file.mesh.primitives
    return primitive


def in_file(file: MeshFile) -> np.ndarray:
    """The positions of all vertices in the file's own coordinates, sorted."""
    matrix = np.linalg.inv(file.normalization)
    found = file.mesh.points @ matrix[:3, :3].T + matrix[:3, 3]
    return np.unique(found.round(4) + 0.0, axis=0)


def in_file_coordinates(file: MeshFile) -> np.ndarray:
    """(n, 3): the mesh's vertices in the file's coordinates."""
    points = np.concatenate([p.positions for p in file.mesh.primitives]).astype(np.float64)
    back = np.linalg.inv(file.normalization)
    return points @ back[:3, :3].T + back[:3, 3]


def face_normals(primitive: Primitive) -> np.ndarray:
    a, b, c = (primitive.positions[primitive.triangles[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def srgb(linear: np.ndarray) -> np.ndarray:
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255)
