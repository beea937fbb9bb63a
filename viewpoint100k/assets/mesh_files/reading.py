"""Reads one mesh file of any supported format. Every error becomes an ``AssetError``."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.gltf import read_gltf
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import Part, UpAxis, upright_mesh
from viewpoint100k.assets.mesh_files.up_from_shape import DECISIVE, SUPPORTING, stands_better
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Mesh

__all__ = ["MESH_SUFFIXES", "MeshFile", "read_mesh_file"]

_Reader = Callable[[AssetFiles, MeshLimits], list[Part]]

_USUAL_UP: dict[str, UpAxis] = {
    **dict.fromkeys((".glb", ".gltf", ".obj"), "y"),
    **dict.fromkeys((".ply", ".stl", ".off", ".3mf"), "z"),
}
"""By suffix: which axis is taken to point up in a file where nobody says. glTF's is its standard's, and so is 3MF's;
OBJ's is what the exporters of Blender, Maya and 3ds Max write unless told otherwise; PLY and STL come from scanners and
for printers; OFF is ModelNet's."""

_STATED_UP = frozenset({".glb", ".gltf", ".3mf"})
"""Formats whose standard says which axis points up."""

_TURNED = frozenset({".fbx", ".usdz"})
"""Formats whose files say so, and whose readers turn them +Z up."""

MESH_SUFFIXES = frozenset({*_USUAL_UP, *_TURNED, ".dae"})
"""Lower-case suffixes of the files that can be read."""


@dataclass(frozen=True, eq=False)
class MeshFile:
    """The content of a mesh file."""

    mesh: Mesh
    """Upright (+Z), its bounding box centred on the origin, its farthest vertex at distance 1."""
    normalization: NDArray[np.float64]
    """(4, 4): from the file's coordinates (for glTF, its scene's) to the mesh's."""
    sha256: str
    """See `AssetFiles.sha256`."""
    notes: tuple[str, ...] = ()
    """See `AssetFiles.notes`."""


def read_mesh_file(
    path: Path,
    root: Path,
    limits: MeshLimits | None = None,
    up: UpAxis | None = None,
    on_reference: Callable[[Path], None] = lambda path: None,
) -> MeshFile:
    """Reads ``path``, which must be below ``root``; it may refer only to files below ``root``.

    ``up`` is the axis that points up in the file; by default what `_usual_up` gives.
    ``on_reference`` is called with each other file that is looked for, also if reading fails.
    Raises ``AssetError`` for every fault of the file.
    """
    limits = limits or MeshLimits()
    suffix = path.suffix.lower()
    read = _reader(suffix)
    files = AssetFiles(root, path, limits)
    try:
        with _silence():
            parts = read(files, limits)
            mesh, normalization = upright_mesh(parts, up or _usual_up(files, suffix, parts), files.name)
    except AssetError:
        raise
    except Exception as error:  # Broken files make the parsers raise many types of error.
        raise AssetError(
            "unreadable", f"{files.name} cannot be read: {type(error).__name__}: {str(error)[:200]}"
        ) from error
    finally:
        for reference in files.references:
            on_reference(reference)
    if mesh.triangle_count > limits.max_triangles:
        message = f"{files.name} has {mesh.triangle_count:,} triangles, more than {limits.max_triangles:,}"
        raise AssetError("too_many_triangles", message)
    return MeshFile(mesh, normalization, files.sha256, files.notes)


def _usual_up(files: AssetFiles, suffix: str, parts: Sequence[Part]) -> UpAxis:
    """The axis that points up: stated by the file or its folder, else estimated from the object, else the format's.

    The last two are noted as ``up_estimated`` and ``up_assumed``.
    """
    if suffix in _TURNED:
        return "z"
    if suffix == ".dae":
        from viewpoint100k.assets.mesh_files.trimesh_scenes import stated_up_of_dae

        return stated_up_of_dae(files.read_asset())
    if files.is_of_gazebo_model:
        return "z"
    usual = _USUAL_UP[suffix]
    if suffix in _STATED_UP:
        return usual
    other: UpAxis = "z" if usual == "y" else "y"
    score = stands_better(parts, other, usual)
    if score > DECISIVE:
        files.note("up_estimated")
        return other
    if score > -SUPPORTING:
        files.note("up_assumed")
    return usual


def _reader(suffix: str) -> _Reader:
    """The reader for a suffix. Some are imported here, because they import trimesh, which takes a second."""
    if suffix in (".glb", ".gltf"):
        return partial(read_gltf, binary=suffix == ".glb")
    if suffix == ".obj":
        from viewpoint100k.assets.mesh_files.wavefront import read_obj

        return read_obj
    if suffix == ".fbx":
        from viewpoint100k.assets.mesh_files.fbx import read_fbx

        return read_fbx
    if suffix == ".usdz":
        from viewpoint100k.assets.mesh_files.usdz import read_usdz

        return read_usdz
    if suffix in (".dae", ".3mf"):
        from viewpoint100k.assets.mesh_files.trimesh_scenes import read_3mf, read_dae

        return read_dae if suffix == ".dae" else read_3mf
    if suffix == ".off":
        from viewpoint100k.assets.mesh_files.off import read_off

        return read_off
    from viewpoint100k.assets.mesh_files.scans import read_ply, read_stl

    return read_ply if suffix == ".ply" else read_stl


@contextmanager
def _silence() -> Iterator[None]:
    """Hides log messages and warnings of the parsers, which would flood the terminal."""
    logger = logging.getLogger("trimesh")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
