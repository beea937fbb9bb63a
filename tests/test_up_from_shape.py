"""The up axis from the shape alone, compared with objects of known up axis and simple shapes."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from conftest import REAL_ASSETS

from viewpoint100k.assets import MeshAsset, open_source
from viewpoint100k.assets.mesh_files.parts import Part
from viewpoint100k.assets.mesh_files.reading import read_mesh_file
from viewpoint100k.assets.mesh_files.up_from_shape import DECISIVE, stands_better
from viewpoint100k.geometry.mesh import Mesh


def parts_of(mesh: Mesh) -> list[Part]:
    return [Part(p.positions.astype(np.float64), p.triangles.astype(np.int64)) for p in mesh.primitives]


def mug_like() -> trimesh.Trimesh:
    """A broad base with a narrower post on it, +Z up."""
    base = trimesh.creation.box((2.0, 1.6, 0.2))
    post = trimesh.creation.cylinder(0.2, 1.5)
    post.apply_translation([0.1, 0, 0.85])
    ball = trimesh.creation.icosphere(2, 0.4)
    ball.apply_translation([0.1, 0, 1.8])
    return trimesh.util.concatenate([base, post, ball])


def written(folder: Path, mesh: trimesh.Trimesh, name: str, y_up: bool) -> Path:
    turn = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]]) if y_up else np.eye(4)
    path = folder / name
    path.write_bytes(
        mesh.copy().apply_transform(turn).export(file_type=path.suffix[1:]).encode()
        if path.suffix == ".obj"
        else mesh.copy().apply_transform(turn).export(file_type=path.suffix[1:])
    )
    return path


@pytest.mark.parametrize("name", ["a.obj", "a.stl", "a.ply"])
@pytest.mark.parametrize("y_up", [False, True])
def test_a_lamp_stands_whichever_axis_its_file_has_up(tmp_path: Path, name: str, y_up: bool) -> None:
    path = written(tmp_path, mug_like(), name, y_up)
    file = read_mesh_file(path, tmp_path)
    # 2 x 1.6 at the foot, 2.3 high: upright where z is the longest side, and the broad base is below.
    extents = np.ptp(file.mesh.points, axis=0)
    assert extents / extents[0] == pytest.approx([1.0, 0.8, 1.15], abs=0.01)
    low = file.mesh.points[file.mesh.points[:, 2] < file.mesh.points[:, 2].min() + 0.02]
    assert np.ptp(low[:, 0]) == pytest.approx(extents[0])
    usual = "y" if name.endswith("obj") else "z"
    agrees = (usual == "y") == y_up
    assert ("up_estimated" in file.notes) == (not agrees)
    assert "up_assumed" not in file.notes


@pytest.mark.parametrize("shape", [trimesh.creation.box((2, 1.4, 1)), trimesh.creation.icosphere(2)])
def test_a_shape_that_says_nothing_keeps_its_formats_axis_and_is_noted(tmp_path: Path, shape: trimesh.Trimesh) -> None:
    for name in ("a.obj", "a.stl"):
        file = read_mesh_file(written(tmp_path, shape, name, False), tmp_path)
        assert "up_assumed" in file.notes


def test_what_a_user_says_is_not_asked_again(tmp_path: Path) -> None:
    file = read_mesh_file(written(tmp_path, mug_like(), "a.obj", True), tmp_path, up="z")
    assert not {"up_estimated", "up_assumed"} & set(file.notes)


def scores() -> list[float]:
    """For objects whose +Z is known to be up: the lead of y's score, and of x's."""
    specs = ["procedural"] + ([f"meshes:{REAL_ASSETS}"] if REAL_ASSETS.is_dir() else [])
    found = []
    for spec in specs:
        source = open_source(spec)
        ids = source.ids()
        for asset_id in ids[:: max(1, len(ids) // 60)]:
            asset = source.load(asset_id)
            assert isinstance(asset, MeshAsset)
            parts = parts_of(asset.mesh)
            found += [stands_better(parts, "y", "z"), stands_better(parts, "x", "z")]
    return found


def test_of_known_objects_hardly_any_would_be_laid_down() -> None:
    found = np.array(scores())
    assert (found > DECISIVE).mean() <= 0.015
    assert (found < 0).mean() > 0.8
