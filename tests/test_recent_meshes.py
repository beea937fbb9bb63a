"""A mesh is loaded once while it is kept, and read again when its file has changed."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from viewpoint100k.assets.asset import MeshAsset, Origin
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.assets.recent import RecentMeshes
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 0 {height}\nf 1 2 3\n"


def _asset(triangles: int) -> MeshAsset:
    """A mesh of 12 bytes per triangle and 72 more."""
    points = np.zeros((3, 3), dtype=np.float32)
    primitive = Primitive(points, np.zeros((triangles, 3), dtype=np.uint32), points.copy())
    return MeshAsset(Origin("test", str(triangles), ""), Mesh((primitive,)))


def test_a_mesh_counts_each_array_once() -> None:
    asset = _asset(10)
    assert asset.mesh.nbytes == 192
    texture = Texture(np.zeros((4, 4, 3), dtype=np.uint8))
    material = Material(base_color_texture=texture, emissive_texture=texture)
    textured = Mesh(tuple(replace(p, material=material) for p in asset.mesh.primitives * 2))
    assert textured.nbytes == 192 + 48


def test_the_oldest_is_dropped_when_there_is_no_room() -> None:
    loaded: list[int] = []

    def load(size: int) -> MeshAsset:
        loaded.append(size)
        return _asset(size)

    kept = RecentMeshes(max_bytes=2 * 200)
    for size in (10, 9, 10, 8, 10, 9):
        kept.get(size, partial(load, size))
    assert loaded == [10, 9, 8, 9]
    assert kept.get(10, lambda: load(10)) is kept.get(10, lambda: load(10))


def test_what_is_too_large_to_keep_is_given_all_the_same() -> None:
    kept = RecentMeshes(max_bytes=100)
    assert kept.get("a", lambda: _asset(50)) is not kept.get("a", lambda: _asset(50))


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text(TRIANGLE.format(height=1))
    source = MeshesSource(tmp_path)
    first = source.load("a.obj")
    assert source.load("a.obj") is first
    path.write_text(TRIANGLE.format(height=25))
    changed = source.load("a.obj")
    assert changed.origin.sha256 != first.origin.sha256
    path.unlink()
    with pytest.raises(AssetError) as caught:
        source.load("a.obj")
    assert caught.value.reason == "file_missing"
