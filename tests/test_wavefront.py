"""Wavefront OBJ and its MTL files. Expected values are computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from format_reading import face_normals, in_file_coordinates, only, read
from gltf_writing import picture

from viewpoint100k.assets.mesh_files.reading import MeshFile
from viewpoint100k.assets.mesh_files.wavefront import _require_sound_trimesh
from viewpoint100k.errors import AssetError

CHECKER = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], dtype=np.uint8)


def write_obj(folder: Path, mtl: str, body: str = "usemtl m\nf 1/1 2/2 3/3\n") -> MeshFile:
    (folder / "m.mtl").write_text(mtl)
    vertices = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
    return read(folder, "a.obj", "mtllib m.mtl\n" + vertices + body, up="z")


def test_obj_uvs_are_turned_over_and_the_map_replaces_the_colour(tmp_path: Path) -> None:
    (tmp_path / "t x.png").write_bytes(picture(CHECKER))
    primitive = only(write_obj(tmp_path, "newmtl m\nKd 0.2 0.2 0.2\nTr 1\nmap_Kd -clamp on t x.png\n"))
    assert primitive.material.base_color == (1, 1, 1, 1)
    assert primitive.material.base_color_texture is not None
    assert primitive.material.base_color_texture.wrap == ("clamp", "clamp")
    np.testing.assert_array_equal(primitive.material.base_color_texture.pixels, CHECKER)
    order = np.argsort(primitive.positions @ [1, 2, 0])  # (0, 0), (1, 0), (0, 1)
    np.testing.assert_allclose(primitive.uvs[order], [[0, 1], [1, 1], [0, 0]])  # type: ignore[index]


def test_obj_colours_are_srgb_and_opacity_blends(tmp_path: Path) -> None:
    material = only(write_obj(tmp_path, "newmtl m\nKd 0.5 0 1\nd 0.25\n")).material
    assert material.base_color == pytest.approx((0.21404, 0, 1, 0.25), abs=1e-4)  # IEC 61966-2-1 of 0.5
    assert material.alpha_mode == "BLEND"


def test_obj_opacity_map_cuts_out(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_bytes(picture(CHECKER))
    (tmp_path / "d.png").write_bytes(picture(np.array([[0, 255], [255, 0]])))
    material = only(write_obj(tmp_path, "newmtl m\nmap_Kd c.png\nmap_d d.png\n")).material
    assert material.alpha_mode == "MASK"
    assert material.base_color_texture is not None
    np.testing.assert_array_equal(material.base_color_texture.pixels[..., 3], [[0, 255], [255, 0]])


def test_obj_relative_indices_count_back_from_where_they_stand(tmp_path: Path) -> None:
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 0 0 5\nv 1 0 5\nv 0 1 5\nf -3 -2 -1\n"
    points = in_file_coordinates(read(tmp_path, "a.obj", text))
    assert sorted(points[:, 2].round(4)) == [0, 0, 0, 5, 5, 5]


@pytest.mark.parametrize(
    "text",
    [
        "v 0 0 0\nv 2 0 0\nv 2 1 0\nv 1 2 0\nv 0 1 0\nf 1 2 3 4 5\n",
        "v 0 0 0\nv 2 0 0\nv 2 1 0\nv 1 2 0\nv 0 1 0\nf 1 2 3 5\nf 3 4 5\n",
        "  v 0 0 0\n\tv 2\t0 0\r\nv  2 1 0 # corner\nv 1 2 0\nv 0 1 0\nf  1 2 3 \\\n4 5\n",
    ],
)
def test_obj_polygons_of_any_size_and_spelling_keep_their_area(tmp_path: Path, text: str) -> None:
    file = read(tmp_path, "a.obj", text)
    scale = np.linalg.det(file.normalization[:3, :3]) ** (1 / 3)
    assert np.linalg.norm(face_normals(only(file)), axis=1).sum() / 2 / scale**2 == pytest.approx(3, abs=1e-4)


def test_obj_parts_take_their_own_materials(tmp_path: Path) -> None:
    mtl = "newmtl a 1\nKd 1 0 0\n\nnewmtl b\nKd 0 1 0\n"
    body = "usemtl a 1\nf 1 2 3\nusemtl b\nf 1 3 2\nusemtl None\nf 2 3 1\n"
    colors = {p.material.base_color[:3] for p in write_obj(tmp_path, mtl, body).mesh.primitives}
    assert {(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 1.0)} == colors


def test_obj_materials_that_trimesh_forgets_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """trimesh before 4.6.10 returned materials without names."""
    nameless = trimesh.visual.material.SimpleMaterial
    monkeypatch.setattr(trimesh.exchange.obj, "SimpleMaterial", lambda name, **values: nameless(**values))
    _require_sound_trimesh.cache_clear()
    with pytest.raises(AssetError, match="pip install 'trimesh>="):
        write_obj(tmp_path, "newmtl m\nKd 1 0 0\n")


def test_obj_texture_coordinates_that_trimesh_forgets_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """trimesh before 4.7 returned no texture coordinates where all faces of a material have five corners."""
    parsed = trimesh.exchange.obj._parse_faces_vectorized

    def forgetful(array: np.ndarray, columns: int, sample_line: str) -> tuple[np.ndarray, None, None]:
        return parsed(array=array, columns=columns, sample_line=sample_line)[0], None, None

    monkeypatch.setattr(trimesh.exchange.obj, "_parse_faces_vectorized", forgetful)
    _require_sound_trimesh.cache_clear()
    with pytest.raises(AssetError, match=r"pip install 'trimesh>=4\.7'"):
        write_obj(tmp_path, "newmtl m\nKd 1 0 0\n")


@pytest.mark.parametrize("corners", [3, 4, 5])
def test_obj_faces_of_any_number_of_corners_keep_their_texture_coordinates(tmp_path: Path, corners: int) -> None:
    """Each vertex stands where its texture coordinates say, at (u, v)."""
    around = [(0, 0), (1, 0), (1, 1), (0.5, 1.25), (0, 1)][:corners]
    lines = [*(f"v {u} {v} 0" for u, v in around), *(f"vt {u} {v}" for u, v in around)]
    lines.append("f " + " ".join(f"{i}/{i}" for i in range(1, corners + 1)))
    file = read(tmp_path, "a.obj", "\n".join(lines) + "\n", up="z")
    primitive = only(file)
    assert len(primitive.triangles) == corners - 2
    assert primitive.uvs is not None
    np.testing.assert_allclose(in_file_coordinates(file)[:, :2], primitive.uvs * [1, -1] + [0, 1], atol=1e-6)
