"""Loads the object of a row for the 3D view, from the source of the set: a mesh, or the points of a capture."""

from __future__ import annotations

import io
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets import Asset, MeshAsset, MixedSource, Source, open_source
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError, ViewpointError
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.geometry.row_cameras import read_camera
from viewpoint100k.geometry.solid_of_revolution import turned_solid
from viewpoint100k.view.frames_of_reference import TypeTraits

__all__ = ["ObjectSupply", "ShownObject", "point_colors", "sources_at_hand"]

_KEPT = 6
"""Number of objects in memory. Consecutive rows are often about one object."""
_MOST_POINTS = 30_000
_LOOKS_ALIKE = 0.05
"""Below this answerability, rows with `TypeTraits.may_be_turned` show a solid of revolution instead of the object."""
_PLAIN = (0.45, 0.45, 0.45)
_MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])

Points = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ShownObject:
    """The object in the 3D view: a mesh, points, or neither if the source is not available."""

    glb: bytes | None = None
    """The mesh as GLB, with +Y up as in glTF."""
    points: Points | None = None
    """(n, 3), in the row's world frame."""
    colors: NDArray[np.uint8] | None = None
    """(n, 3): colours of the points."""
    note: str = ""
    """How the shown object differs from the row's; empty if it does not."""

    @property
    def kind(self) -> str:
        """``mesh``, ``points`` or ``sphere``."""
        return "mesh" if self.glb is not None else "points" if self.points is not None else "sphere"


class ObjectSupply:
    """Loads the objects of rows and keeps the last few in memory."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(sources)
        self._lock = Lock()
        self._shown: OrderedDict[tuple[str, str, bool, bool], ShownObject] = OrderedDict()

    def of(self, row: Mapping[str, Any], traits: TypeTraits, mirrored_world: bool) -> ShownObject:
        """The object of a row, in the row's world frame."""
        turned = traits.may_be_turned and row["answerability"] is not None and row["answerability"] < _LOOKS_ALIKE
        key = row["source"], row["asset_id"], turned, mirrored_world
        with self._lock:
            if key not in self._shown:
                self._shown[key] = self._make(row, turned, mirrored_world)
                while len(self._shown) > _KEPT:
                    self._shown.popitem(last=False)
            self._shown.move_to_end(key)
            return self._shown[key]

    def _make(self, row: Mapping[str, Any], turned: bool, mirrored_world: bool) -> ShownObject:
        found = self._load(row)
        if isinstance(found, str):
            return ShownObject(note=found)
        is_the_same = found.origin.sha256 == row["asset_sha256"]
        differs = "" if is_the_same else "The source has another version of this object. "
        if isinstance(found, MeshAsset):
            mesh, note = found.mesh, differs
            if turned:
                mesh = turned_solid(mesh.points, np.array([_PLAIN]))
                note += "The images show the object as a solid of revolution. Its colours are not shown here."
            if mirrored_world:
                mesh = mesh.transformed(_MIRROR)
            return ShownObject(glb=_glb(mesh), note=note)
        if found.points is None:
            return ShownObject(note=f"{differs}The capture has no points, so a sphere stands for the object.")
        step = -(-len(found.points) // _MOST_POINTS)
        points = found.points[::step].astype(np.float32)
        return ShownObject(points=points, colors=point_colors(points, row), note=differs)

    def _load(self, row: Mapping[str, Any]) -> Asset | str:
        """The asset, or one sentence that says why it is not available."""
        why = "The source is not available, so a sphere stands for the object: give --source to see it."
        for source, asset_id in self._candidates(row["source"], row["asset_id"]):
            try:
                return source.load(asset_id)
            except ViewpointError as error:
                reason = error.reason if isinstance(error, AssetError) else str(error)
                why = f"The source cannot load this object ({reason}), so a sphere stands for it."
        return why

    def _candidates(self, kind: str, asset_id: str) -> Iterator[tuple[Source, str]]:
        """Sources of this kind, each with the asset's id in it. A mixture of equal kinds prefixes ids with a number."""
        place, colon, inner = asset_id.partition(":")
        for source in self._sources:
            parts = [part for _, part in source.parts] if isinstance(source, MixedSource) else [source]
            for number, part in enumerate(parts):
                if part.name != kind:
                    continue
                numbered = bool(colon and place.isdigit())
                if not numbered or int(place) == number:
                    yield part, inner if numbered else asset_id


def sources_at_hand(specs: Sequence[str], limits: MeshLimits | None, say: Callable[[str], None]) -> list[Source]:
    """The sources that can be opened. ``say`` receives a sentence about each other source."""
    found = []
    for spec in specs:
        try:
            found.append(open_source(spec, limits))
        except (ViewpointError, OSError) as error:
            say(f"objects of {spec} cannot be shown: {error}")
    return found


def point_colors(points: Points, row: Mapping[str, Any]) -> NDArray[np.uint8]:
    """(n, 3): the colour of each point (n, 3), from the first image that contains it; grey if none does."""
    from PIL import Image

    colors = np.full((len(points), 3), 128, dtype=np.uint8)
    colored = np.zeros(len(points), dtype=bool)
    for stored, encoded in zip(row["cameras"], row["images"], strict=True):
        camera = read_camera(stored)
        offset = points.astype(np.float64) - np.asarray(camera.position)
        across, down, depth = (offset @ np.asarray(axis) for axis in (camera.right, camera.down, camera.forward))
        ahead = np.where(depth > 1e-9, depth, np.inf)
        x = np.floor(across / ahead * camera.focal[0] + camera.principal_point[0]).astype(int)
        y = np.floor(down / ahead * camera.focal[1] + camera.principal_point[1]).astype(int)
        inside = (depth > 1e-9) & (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height) & ~colored
        try:
            with Image.open(io.BytesIO(encoded or b"")) as image:
                pixels = np.asarray(image.convert("RGB").resize((camera.width, camera.height)))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue  # The page states that the image cannot be read.
        colors[inside] = (pixels[:, ::-1] if camera.mirrored else pixels)[y[inside], x[inside]]
        colored |= inside
    return colors


def _glb(mesh: Mesh) -> bytes:
    from viewpoint100k.assets.mesh_files.glb_writing import write_glb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "object.glb"
        write_glb(mesh, path, double_sided=True)
        return path.read_bytes()
