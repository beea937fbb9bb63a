"""Mesh files are read as their formats specify, compared with hand-made files of known content and Pillow's pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from format_reading import face_normals, in_file_coordinates
from gltf_writing import TRIANGLE, GltfWriter, picture, triangle_writer

from viewpoint100k.assets.mesh_files import normals as normals_module
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.normals import computed_normals
from viewpoint100k.assets.mesh_files.reading import MeshFile, read_mesh_file
from viewpoint100k.assets.mesh_files.textures import srgb_to_linear
from viewpoint100k.geometry.mesh import Primitive

CHECKER = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], dtype=np.uint8)
"""Red and green above blue and white."""


def read(folder: Path, name: str, content: bytes | str, **options: object) -> MeshFile:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return read_mesh_file(folder / name, folder, **options)  # type: ignore[arg-type]


def only(file: MeshFile) -> Primitive:
    (primitive,) = file.mesh.primitives
    return primitive


# Axes and size


def test_gltf_up_becomes_z_and_its_front_becomes_minus_y(tmp_path: Path) -> None:
    file = read(tmp_path, "a.glb", triangle_writer([[0, 0, 0], [0, 4, 0], [0, 0, 2]]).glb())
    origin, above, front = only(file).positions.astype(np.float64)
    scale = 1 / np.sqrt(5)  # The box's centre is (0, 2, 1): each corner is sqrt(5) away.
    np.testing.assert_allclose(above - origin, [0, 0, 4 * scale], atol=1e-6)
    np.testing.assert_allclose(front - origin, [0, -2 * scale, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("up", "expected"), [("z", [1, 2, 3]), ("y", [1, -3, 2]), ("x", [-3, 2, 1]), (None, [1, -3, 2])]
)
def test_obj_turns_as_told_and_is_y_up_otherwise(tmp_path: Path, up: str | None, expected: list[float]) -> None:
    file = read(tmp_path, "a.obj", "v 0 0 0\nv 1 2 3\nv 1 0 0\nf 1 2 3\n", up=up)
    origin, point, _ = only(file).positions.astype(np.float64)
    scale = np.linalg.norm([1, 2, 3]) / np.linalg.norm(point - origin)
    np.testing.assert_allclose((point - origin) * scale, expected, atol=1e-5)


def test_mesh_is_centred_with_radius_one_and_the_matrix_says_how(tmp_path: Path) -> None:
    corners = [[10, 20, 30], [14, 20, 30], [10, 22, 34]]
    file = read(tmp_path, "a.glb", triangle_writer(corners).glb())
    points = file.mesh.points
    np.testing.assert_allclose(points.min(axis=0) + points.max(axis=0), 0, atol=1e-6)
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(in_file_coordinates(file), corners, atol=1e-4)


def test_a_far_away_object_keeps_its_shape(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.tree["nodes"][0]["translation"] = [1e7, 0, 0]
    sides = np.diff(only(read(tmp_path, "a.glb", writer.glb())).positions.astype(np.float64), axis=0)
    np.testing.assert_allclose(np.linalg.norm(sides[0]) / np.linalg.norm(sides[1]), 1 / np.sqrt(5), atol=1e-5)


# glTF nodes


def test_nested_nodes_apply_parents_last(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.tree["nodes"][0]["scale"] = [2, 2, 2]
    # A quarter turn about +Z, then a step along x.
    half = np.sqrt(0.5)
    writer.tree["scenes"] = []
    writer.node(children=[0], rotation=[0, 0, half, half], translation=[10, 0, 0])
    points = in_file_coordinates(read(tmp_path, "a.glb", writer.glb()))
    np.testing.assert_allclose(points, [[10, 0, 0], [10, 2, 0], [6, 0, 0]], atol=1e-5)


def test_an_instanced_mesh_stands_in_every_place(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.node(mesh=0, matrix=[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 0, 0, 1])
    file = read(tmp_path, "a.glb", writer.glb())
    assert file.mesh.triangle_count == 2
    expected = np.concatenate([TRIANGLE, np.add(TRIANGLE, [5, 0, 0])])
    np.testing.assert_allclose(np.sort(in_file_coordinates(file), axis=0), np.sort(expected, axis=0), atol=1e-5)


def test_negative_scale_keeps_triangles_counter_clockwise_from_outside(tmp_path: Path) -> None:
    writer = GltfWriter()
    attributes = {"POSITION": writer.accessor(TRIANGLE), "NORMAL": writer.accessor([[0, 0, 1]] * 3)}
    writer.node(mesh=writer.mesh(attributes), scale=[-1, 1, 1])
    primitive = only(read(tmp_path, "a.glb", writer.glb()))
    # File +Z, the normal, is -Y here; a mirror along x leaves it.
    np.testing.assert_allclose(primitive.normals, [[0, -1, 0]] * 3, atol=1e-6)
    assert face_normals(primitive)[0] @ [0, -1, 0] > 0


def test_normals_stay_square_to_a_surface_that_is_stretched(tmp_path: Path) -> None:
    writer = GltfWriter()
    slope = {"POSITION": writer.accessor([[0, 0, 0], [1, 1, 0], [0, 0, -1]])}
    slope["NORMAL"] = writer.accessor([[-1, 1, 0]] * 3)  # Also not of unit length.
    writer.node(mesh=writer.mesh(slope), scale=[3, 1, 1])
    primitive = only(read(tmp_path, "a.glb", writer.glb()))
    expected = np.array([-1, 0, 3]) / np.sqrt(10)
    np.testing.assert_allclose(primitive.normals, [expected] * 3, atol=1e-6)


def test_a_part_hidden_by_zero_scale_does_not_move_the_rest(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.node(mesh=0, scale=[0, 0, 0], translation=[100, 0, 0])
    file = read(tmp_path, "a.glb", writer.glb())
    np.testing.assert_allclose(in_file_coordinates(file), TRIANGLE, atol=1e-5)


def test_a_part_flattened_by_its_scale_is_still_shaded(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.tree["nodes"][0]["scale"] = [1, 1, 0]
    np.testing.assert_allclose(only(read(tmp_path, "a.glb", writer.glb())).normals, [[0, -1, 0]] * 3, atol=1e-6)


def test_only_the_shown_scene_is_read(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.node(mesh=0, root=False, translation=[100, 0, 0])
    assert read(tmp_path, "a.glb", writer.glb()).mesh.triangle_count == 1


# glTF accessors and primitives


def test_strips_and_fans_are_unrolled_with_their_winding(tmp_path: Path) -> None:
    square = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    for mode, order in ((5, [0, 1, 2, 3]), (6, [0, 1, 3, 2])):
        writer = GltfWriter()
        writer.node(mesh=writer.mesh({"POSITION": writer.accessor(square)}, order, mode=mode))
        primitive = only(read(tmp_path, "a.glb", writer.glb()))
        assert len(primitive.triangles) == 2
        assert (face_normals(primitive) @ [0, -1, 0] > 0).all()


def test_sparse_and_strided_and_quantised_positions(tmp_path: Path) -> None:
    sparse = triangle_writer()
    indices, values = sparse.view(np.array([2], "<u2").tobytes()), sparse.view(np.array([0, 9, 0], "<f4").tobytes())
    sparse.tree["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": indices, "componentType": 5123},
        "values": {"bufferView": values},
    }
    assert in_file_coordinates(read(tmp_path, "a.glb", sparse.glb()))[2] == pytest.approx([0, 9, 0], abs=1e-5)

    strided = GltfWriter()
    table = np.hstack([np.array(TRIANGLE), np.full((3, 2), 7.0)]).astype("<f4")
    view = strided.view(table.tobytes())
    strided.tree["bufferViews"][view]["byteStride"] = 20
    position = strided.append("accessors", {"bufferView": view, "componentType": 5126, "count": 3, "type": "VEC3"})
    strided.node(mesh=strided.mesh({"POSITION": position}))
    np.testing.assert_allclose(in_file_coordinates(read(tmp_path, "b.glb", strided.glb())), TRIANGLE, atol=1e-5)

    packed = GltfWriter()
    short = np.pad(np.array(TRIANGLE) / 2 * 32767, ((0, 0), (0, 1)))
    position = packed.accessor(short, "i2", normalized=True)
    packed.tree["accessors"][position]["type"] = "VEC3"
    packed.tree["bufferViews"][-1]["byteStride"] = 8
    packed.tree["extensionsRequired"] = ["KHR_mesh_quantization"]
    packed.node(mesh=packed.mesh({"POSITION": position}))
    points = in_file_coordinates(read(tmp_path, "c.glb", packed.glb()))
    np.testing.assert_allclose(points, np.array(TRIANGLE) / 2, atol=1e-4)


def test_a_skin_puts_vertices_where_its_joint_is(tmp_path: Path) -> None:
    writer = GltfWriter()
    attributes = {
        "POSITION": writer.accessor(TRIANGLE),
        "JOINTS_0": writer.accessor([[0, 0, 0, 0]] * 3, "u1"),
        "WEIGHTS_0": writer.accessor([[1, 0, 0, 0]] * 3),
    }
    inverse_bind = np.eye(4) * [0.5, 0.5, 0.5, 1]
    joint = writer.node(translation=[0, 3, 0])
    writer.tree["skins"] = [{"joints": [joint], "inverseBindMatrices": writer.accessor(inverse_bind.reshape(1, 16))}]
    writer.node(mesh=writer.mesh(attributes), skin=0, translation=[100, 0, 0])
    expected = np.array(TRIANGLE) / 2 + [0, 3, 0]
    np.testing.assert_allclose(in_file_coordinates(read(tmp_path, "a.glb", writer.glb())), expected, atol=1e-5)


def test_morph_weights_at_rest_are_applied(tmp_path: Path) -> None:
    writer = triangle_writer()
    target = writer.accessor([[0, 0, 0], [0, 0, 0], [0, 0, 4]])
    writer.tree["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": target}]
    writer.tree["meshes"][0]["weights"] = [0.25]
    assert in_file_coordinates(read(tmp_path, "a.glb", writer.glb()))[2] == pytest.approx([0, 2, 1], abs=1e-5)


# glTF materials


def test_texture_row_zero_is_the_top_and_v_zero_with_it(tmp_path: Path) -> None:
    writer = triangle_writer()
    slot = writer.texture(picture(CHECKER))
    material = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": slot}})
    writer.tree["meshes"][0]["primitives"][0]["material"] = material
    primitive = only(read(tmp_path, "a.glb", writer.glb()))
    assert primitive.material.base_color_texture is not None
    np.testing.assert_array_equal(primitive.material.base_color_texture.pixels, CHECKER)
    np.testing.assert_allclose(primitive.uvs, [[0, 0], [1, 0], [0, 2]])


def test_every_factor_and_texture_of_a_material_arrives(tmp_path: Path) -> None:
    writer = triangle_writer()
    grey = [writer.texture(picture(np.full((2, 2, 3), level))) for level in (10, 20, 30, 40)]
    source = {
        "pbrMetallicRoughness": {
            "baseColorFactor": [0.1, 0.2, 0.3, 0.4],
            "baseColorTexture": grey[0],
            "metallicFactor": 0.5,
            "roughnessFactor": 0.6,
            "metallicRoughnessTexture": grey[1],
        },
        "normalTexture": {**grey[2], "scale": 0.7},
        "occlusionTexture": {**grey[1], "strength": 0.8},
        "emissiveTexture": grey[3],
        "emissiveFactor": [0.1, 0.2, 0.3],
        "extensions": {"KHR_materials_emissive_strength": {"emissiveStrength": 10}},
        "alphaMode": "MASK",
        "alphaCutoff": 0.9,
    }
    writer.tree["meshes"][0]["primitives"][0]["material"] = writer.append("materials", source)
    material = only(read(tmp_path, "a.glb", writer.glb())).material
    assert material.base_color == (0.1, 0.2, 0.3, 0.4)
    assert (material.metallic, material.roughness) == (0.5, 0.6)
    assert (material.normal_scale, material.occlusion_strength) == (0.7, 0.8)
    assert material.emissive == pytest.approx((1, 2, 3))
    assert (material.alpha_mode, material.alpha_cutoff) == ("MASK", 0.9)
    textures = (
        material.base_color_texture,
        material.metallic_roughness_texture,
        material.normal_texture,
        material.emissive_texture,
    )
    assert [texture.pixels[0, 0, 0] for texture in textures if texture] == [10, 20, 30, 40]
    assert material.occlusion_texture is material.metallic_roughness_texture  # Decoded once.


def test_wrap_second_uvs_and_texture_transform_are_kept(tmp_path: Path) -> None:
    writer = triangle_writer()
    writer.tree["samplers"] = [{"wrapS": 33071, "wrapT": 33648}]
    slot = writer.texture(picture(CHECKER), sampler=0)
    transform = {"offset": [0.5, 0.25], "rotation": np.pi / 2, "scale": [2, 4], "texCoord": 1}
    slot["extensions"] = {"KHR_texture_transform": transform}
    primitive = writer.tree["meshes"][0]["primitives"][0]
    primitive["attributes"]["TEXCOORD_1"] = writer.accessor([[0, 0], [1, 0], [0, 1]])
    primitive["material"] = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": slot}})
    read_back = only(read(tmp_path, "a.glb", writer.glb()))
    assert read_back.material.base_color_texture is not None
    assert read_back.material.base_color_texture.wrap == ("clamp", "mirror")
    # Scaled, turned counter-clockwise in the picture (v runs down), moved.
    np.testing.assert_allclose(read_back.uvs, [[0.5, 0.25], [0.5, 0.25 - 2], [0.5 + 4, 0.25]], atol=1e-6)


def test_an_occlusion_map_on_other_uvs_is_left_out_and_harms_nothing(tmp_path: Path) -> None:
    writer = triangle_writer()
    color, shade = writer.texture(picture(CHECKER)), writer.texture(picture(CHECKER))
    source = {"pbrMetallicRoughness": {"baseColorTexture": color}, "occlusionTexture": {**shade, "texCoord": 1}}
    writer.tree["meshes"][0]["primitives"][0]["material"] = writer.append("materials", source)
    material = only(read(tmp_path, "a.glb", writer.glb())).material
    assert material.base_color_texture is not None
    assert material.occlusion_texture is None


def test_vertex_colours_come_along_with_a_texture(tmp_path: Path) -> None:
    writer = triangle_writer()
    primitive = writer.tree["meshes"][0]["primitives"][0]
    primitive["attributes"]["COLOR_0"] = writer.accessor(
        [[255, 0, 51, 255], [0, 255, 0, 255], [0, 0, 255, 0]], "u1", normalized=True
    )
    slot = writer.texture(picture(CHECKER))
    primitive["material"] = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": slot}})
    read_back = only(read(tmp_path, "a.glb", writer.glb()))
    np.testing.assert_allclose(read_back.colors, [[1, 0, 0.2, 1], [0, 1, 0, 1], [0, 0, 1, 0]], atol=1e-6)
    assert read_back.uvs is not None


def test_alpha_is_kept_only_where_it_is_meant(tmp_path: Path) -> None:
    rgba = np.dstack([CHECKER, np.array([[255, 0], [128, 255]], dtype=np.uint8)])
    for mode, expected in (("OPAQUE", CHECKER), ("BLEND", rgba)):
        writer = triangle_writer()
        source = {"pbrMetallicRoughness": {"baseColorTexture": writer.texture(picture(rgba))}, "alphaMode": mode}
        writer.tree["meshes"][0]["primitives"][0]["material"] = writer.append("materials", source)
        texture = only(read(tmp_path, "a.glb", writer.glb())).material.base_color_texture
        assert texture is not None
        np.testing.assert_array_equal(texture.pixels, expected)


def test_a_webp_texture_is_decoded(tmp_path: Path) -> None:
    writer = triangle_writer()
    image = {"bufferView": writer.view(picture(CHECKER, "WEBP", lossless=True)), "mimeType": "image/webp"}
    source = writer.append("images", image)
    index = writer.append("textures", {"extensions": {"EXT_texture_webp": {"source": source}}})
    writer.tree["extensionsRequired"] = ["EXT_texture_webp"]
    writer.tree["meshes"][0]["primitives"][0]["material"] = writer.append(
        "materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": index}}}
    )
    texture = only(read(tmp_path, "a.glb", writer.glb())).material.base_color_texture
    assert texture is not None
    np.testing.assert_array_equal(texture.pixels, CHECKER)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_texture_is_scaled_down(tmp_path: Path, kind: str) -> None:
    large = np.zeros((64, 256, 3), dtype=np.uint8)
    large[:, 128:] = 200  # Black to the left, grey to the right.
    writer = triangle_writer()
    slot = writer.texture(picture(large, kind))
    material = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": slot}})
    writer.tree["meshes"][0]["primitives"][0]["material"] = material
    file = read(tmp_path, "a.glb", writer.glb(), limits=MeshLimits(max_texture_size=32))
    texture = only(file).material.base_color_texture
    assert texture is not None
    assert texture.pixels.shape == (8, 32, 3)
    assert texture.pixels[:, :14].max() <= 3
    assert texture.pixels[:, 18:].min() >= 197


def test_a_gltf_with_percent_encoded_names_finds_its_files(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    writer = triangle_writer()
    slot = writer.texture({"uri": "a%20b/%C3%A9%23.png"})
    material = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": slot}})
    writer.tree["meshes"][0]["primitives"][0]["material"] = material
    (tmp_path / "a b" / "é#.png").write_bytes(picture(CHECKER))
    (tmp_path / "100% data.bin").write_bytes(writer.binary)
    file = read(tmp_path, "ü [1].gltf", writer.json(uri="100%25%20data.bin"))
    assert only(file).material.base_color_texture is not None


# PLY, STL


def test_ply_vertex_colours_become_linear(tmp_path: Path) -> None:
    header = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    header += "property uchar red\nproperty uchar green\nproperty uchar blue\n"
    header += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    file = read(tmp_path, "a.ply", header + "0 0 0 255 0 0\n1 0 0 0 128 0\n0 1 0 0 0 0\n3 0 1 2\n")
    expected = [[1, 0, 0, 1], [0, float(srgb_to_linear(128 / 255)), 0, 1], [0, 0, 0, 1]]
    np.testing.assert_allclose(only(file).colors, expected, atol=1e-6)


def ply_header(vertex: str, faces: int, face: str) -> str:
    lines = [
        "ply",
        "format ascii 1.0",
        "comment TextureFile t.png",
        vertex,
        f"element face {faces}",
        face,
        "end_header",
    ]
    return "\n".join(lines) + "\n"


XYZ = "property float x\nproperty float y\nproperty float z"
INDICES = "property list uchar int vertex_indices"


@pytest.mark.parametrize("faces", ["5 0 1 2 3 4\n", "4 0 1 2 4\n3 2 3 4\n", "3 0 1 2\n3 0 2 3\n3 0 3 4\n"])
def test_ply_polygons_of_any_size_keep_their_area(tmp_path: Path, faces: str) -> None:
    header = ply_header(f"element vertex 5\n{XYZ}", faces.count("\n"), INDICES)
    file = read(tmp_path, "a.ply", header + "0 0 0\n2 0 0\n2 1 0\n1 2 0\n0 1 0\n" + faces)
    scale = np.linalg.det(file.normalization[:3, :3]) ** (1 / 3)
    assert np.linalg.norm(face_normals(only(file)), axis=1).sum() / 2 / scale**2 == pytest.approx(3, abs=1e-4)


def test_ply_texture_is_turned_over(tmp_path: Path) -> None:
    (tmp_path / "t.png").write_bytes(picture(CHECKER))
    header = ply_header(f"element vertex 3\n{XYZ}\nproperty float s\nproperty float t", 1, INDICES)
    primitive = only(read(tmp_path, "a.ply", header + "0 0 0 0 0\n1 0 0 1 0\n0 1 0 0 1\n3 0 1 2\n"))
    assert primitive.material.base_color_texture is not None
    np.testing.assert_array_equal(primitive.material.base_color_texture.pixels, CHECKER)
    order = np.argsort(primitive.positions @ [1, 2, 0])
    np.testing.assert_allclose(primitive.uvs[order], [[0, 1], [1, 1], [0, 0]])  # type: ignore[index]


def test_ply_face_colours_give_each_face_its_own(tmp_path: Path) -> None:
    face = f"{INDICES}\nproperty uchar red\nproperty uchar green\nproperty uchar blue"
    header = ply_header(f"element vertex 4\n{XYZ}", 2, face)
    text = header + "0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2 255 0 0\n3 0 2 3 0 0 255\n"
    primitive = only(read(tmp_path, "a.ply", text))
    assert primitive.colors is not None
    by_face = primitive.colors[primitive.triangles]
    np.testing.assert_allclose(by_face[0], [[1, 0, 0, 1]] * 3, atol=1e-6)
    np.testing.assert_allclose(by_face[1], [[0, 0, 1, 1]] * 3, atol=1e-6)


def test_stl_soup_is_smooth_over_gentle_edges_and_sharp_over_others(tmp_path: Path) -> None:
    def facet(*corners: tuple[float, float, float]) -> str:
        return (
            "facet normal 0 0 0\nouter loop\n"
            + "".join(f"vertex {x} {y} {z}\n" for x, y, z in corners)
            + "endloop\nendfacet\n"
        )

    gentle, steep = np.tan(np.radians(20)), np.tan(np.radians(70))
    for rise, smooth in ((gentle, True), (steep, False)):
        text = (
            "solid s\n"
            + facet((0, 0, 0), (1, 0, 0), (0, 1, 0))
            + facet((0, 0, 0), (0, 1, 0), (-1, 0, rise))
            + "endsolid s\n"
        )
        primitive = only(read(tmp_path, "a.stl", text, up="z"))
        flat = np.isclose(primitive.normals @ [0, 0, 1], 1, atol=1e-6)
        assert flat.sum() == (1 if smooth else 3)
        assert len(primitive.positions) == (4 if smooth else 6)


@pytest.mark.parametrize("weld", [True, False])
def test_a_dense_mesh_is_smooth_over_seams(monkeypatch: pytest.MonkeyPatch, weld: bool) -> None:
    monkeypatch.setattr(normals_module, "_DENSE_TRIANGLES", 0)
    whole = trimesh.creation.torus(1.0, 0.4, 24, 12)
    # Each quarter of the triangles has vertices of its own, as beyond a seam of texture coordinates.
    quarters = np.array_split(whole.faces, 4)
    used = [np.unique(quarter) for quarter in quarters]
    starts = np.cumsum([0, *(len(u) for u in used)])
    triangles = np.concatenate(
        [np.searchsorted(u, quarter) + start for u, quarter, start in zip(used, quarters, starts, strict=False)]
    )
    positions = np.concatenate([whole.vertices[u] for u in used])
    vertices, shared, normals = computed_normals(positions, triangles, weld=weld)
    assert len(vertices) == (len(whole.vertices) if weld else len(positions)) == len(normals)
    np.testing.assert_array_equal(positions[vertices][shared], positions[triangles])
    faces = np.cross(*(whole.vertices[whole.faces[:, k]] - whole.vertices[whole.faces[:, 0]] for k in (1, 2)))
    expected = np.zeros((len(whole.vertices), 3))
    np.add.at(expected, whole.faces, faces[:, None])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(normals[shared], expected[whole.faces], atol=1e-12)
