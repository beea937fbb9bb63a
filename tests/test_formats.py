"""Formats beside glTF, OBJ, PLY and STL: OFF, 3MF, COLLADA, FBX, USDZ, and textures under KTX2.

Files are written by hand or by the formats' own libraries. Expected values are computed by hand.
"""

import io
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import trimesh
from format_reading import RED, in_file, only, read, reason, srgb
from gltf_writing import GltfWriter, picture
from PIL import Image

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.gltf_document import read_document
from viewpoint100k.assets.mesh_files.gltf_geometry import read_primitives
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError

# OFF

TRIANGLES = "0 0 0\n1 0 0\n0 2 0\n0 0 3\n"


@pytest.mark.parametrize("head", ["OFF\n4 2 0\n", "OFF4 2 0\n", "OFF\n# made by hand\n4 2 0 # counts\n", "OFF 4 2 0\n"])
def test_off_is_read_with_its_counts_on_either_line(tmp_path: Path, head: str) -> None:
    file = read(tmp_path, "a.off", head + TRIANGLES + "3 0 1 2\n3 0 2 3\n")
    assert file.mesh.triangle_count == 2
    assert in_file(file).tolist() == sorted([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]])


def test_off_polygons_are_cut_and_faces_have_their_colours(tmp_path: Path) -> None:
    text = "OFF\n4 2 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3 200 16 40\n3 0 1 2 0 0 255\n"
    primitive = only(read(tmp_path, "a.off", text))
    assert primitive.colors is not None
    first = primitive.colors[primitive.triangles].mean(axis=1)[:, :3]
    assert sorted(srgb(color).tolist() for color in first) == [[0, 0, 255], list(RED), list(RED)]


def test_coff_has_colours_at_its_vertices(tmp_path: Path) -> None:
    text = "COFF\n3 1 0\n0 0 0 1 0 0 1\n1 0 0 1 0 0 1\n0 1 0 1 0 0 1\n3 0 1 2\n"
    colors = only(read(tmp_path, "a.off", text)).colors
    assert colors is not None
    assert colors[:, :3].tolist() == [[1, 0, 0]] * 3


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "unreadable"),
        ("PLY\n", "unreadable"),
        ("OFF BINARY\n", "unreadable"),
        ("4OFF\n3 1 0\n", "unreadable"),
        ("OFF\nthree\n", "unreadable"),
        ("OFF\n4 2 0\n" + TRIANGLES, "truncated"),
        ("OFF\n4 0 0\n" + TRIANGLES, "empty_mesh"),
        ("OFF\n4 1 0\n" + TRIANGLES + "3 0 1 9\n", "unreadable"),
        ("OFF\n4 1 0\n" + TRIANGLES + "3 0 1\n", "unreadable"),
        ("OFF\n4 1 0\n" + TRIANGLES.replace("2", "nan") + "3 0 1 2\n", "not_finite"),
        ("OFF\n99999999999 99999999999 0\n", "too_many_triangles"),
    ],
)
def test_a_broken_off_is_refused_for_its_reason(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "a.off").write_text(content)
    assert reason(tmp_path, "a.off") == expected


# 3MF and COLLADA


def test_3mf_is_read_with_its_transform_and_stands_on_its_z(tmp_path: Path) -> None:
    pytest.importorskip("networkx")
    pytest.importorskip("lxml")
    box = trimesh.creation.box((2.0, 1.4, 1.0))
    scene = trimesh.Scene()
    scene.add_geometry(box, transform=trimesh.transformations.translation_matrix([5, 0, 0]))
    scene.add_geometry(box)
    file = read(tmp_path, "a.3mf", scene.export(file_type="3mf"))
    assert file.mesh.triangle_count == 24
    assert np.ptp(in_file(file), axis=0) == pytest.approx([7.0, 1.4, 1.0])
    assert np.ptp(file.mesh.points, axis=0)[2] == pytest.approx(1.0 * file.normalization[0, 0])
    assert "no_material" in file.notes


DAE = """<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><created>2026-01-01T00:00:00</created><modified>2026-01-01T00:00:00</modified>{up}</asset>
<library_images><image id="i"><init_from>{image}</init_from></image></library_images>
<library_effects><effect id="e"><profile_COMMON>
<newparam sid="s"><surface type="2D"><init_from>i</init_from></surface></newparam>
<newparam sid="t"><sampler2D><source>s</source></sampler2D></newparam>
<technique sid="c"><lambert><diffuse><texture texture="t" texcoord="u"/></diffuse></lambert></technique>
</profile_COMMON></effect></library_effects>
<library_materials><material id="m"><instance_effect url="#e"/></material></library_materials>
<library_geometries><geometry id="g"><mesh>
<source id="p"><float_array id="pa" count="9">0 0 0 1 0 0 0 2 0</float_array><technique_common>
<accessor source="#pa" count="3" stride="3"><param name="X" type="float"/><param name="Y" type="float"/>
<param name="Z" type="float"/></accessor></technique_common></source>
<source id="w"><float_array id="wa" count="6">0 0 1 0 0 1</float_array><technique_common>
<accessor source="#wa" count="3" stride="2"><param name="S" type="float"/><param name="T" type="float"/></accessor>
</technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<triangles count="1" material="x"><input semantic="VERTEX" source="#v" offset="0"/>
<input semantic="TEXCOORD" source="#w" offset="1" set="0"/><p>0 0 1 1 2 2</p></triangles>
</mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="vs"><node id="n"><translate>0 0 4</translate>
<instance_geometry url="#g"><bind_material><technique_common><instance_material symbol="x" target="#m"/>
</technique_common></bind_material></instance_geometry></node></visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#vs"/></scene></COLLADA>
"""


def dae(image: str = "t.png", up: str = "<up_axis>Z_UP</up_axis>") -> str:
    return DAE.format(image=image, up=up)


@pytest.fixture
def collada() -> None:
    pytest.importorskip("collada")


@pytest.mark.usefixtures("collada")
@pytest.mark.parametrize(("up", "expected"), [("<up_axis>Z_UP</up_axis>", [1, 2, 0]), ("", [1, 0, 2])])
def test_dae_is_read_in_the_axes_that_it_states(tmp_path: Path, up: str, expected: list[float]) -> None:
    (tmp_path / "t.png").write_bytes(picture(np.full((2, 2, 3), RED)))
    file = read(tmp_path, "a.dae", dae(up=up))
    assert np.ptp(file.mesh.points, axis=0) / file.normalization[0, 0] == pytest.approx(expected, abs=1e-5)
    assert in_file(file)[:, 2].tolist() == [4, 4, 4]
    primitive = only(file)
    assert primitive.material.base_color_texture is not None
    assert primitive.material.base_color_texture.pixels[0, 0].tolist() == list(RED)
    assert primitive.uvs is not None
    assert sorted(primitive.uvs.tolist()) == [[0, 0], [0, 1], [1, 1]]  # T counts from below.


@pytest.mark.usefixtures("collada")
@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("gone.png", "texture_missing"),
        ("../secret.png", "reference_outside"),
        ("http://127.0.0.1:9/x.png", "unsupported_reference"),
        ("page.eps", "texture_unreadable"),
    ],
)
def test_what_a_dae_refers_to_is_never_passed_over(tmp_path: Path, image: str, expected: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(picture(np.zeros((2, 2, 3))))
    (folder / "page.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    assert reason(folder, "a.dae", dae(image)) == expected


@pytest.mark.usefixtures("collada")
def test_xml_that_declares_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    head, _, rest = dae().partition("\n")
    assert reason(tmp_path, "a.dae", f"{head}{bomb}{rest}") == "unreadable"


def test_a_zip_bomb_is_stopped_before_it_is_unpacked(tmp_path: Path) -> None:
    pytest.importorskip("networkx")
    pytest.importorskip("lxml")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("3D/3dmodel.model", b" " * 5_000_000)
    limits = MeshLimits(max_file_bytes=1_000_000)
    assert reason(tmp_path, "a.3mf", stream.getvalue(), limits) == "file_too_large"


# FBX

FBX = """; FBX 7.4.0 project file
FBXHeaderExtension:  {
	FBXVersion: 7400
}
GlobalSettings:  {
	Properties70:  {
		P: "UpAxis", "int", "Integer", "",%d
		P: "UpAxisSign", "int", "Integer", "",1
		P: "FrontAxis", "int", "Integer", "",%d
		P: "FrontAxisSign", "int", "Integer", "",%d
		P: "CoordAxis", "int", "Integer", "",0
		P: "CoordAxisSign", "int", "Integer", "",1
	}
}
Objects:  {
	Geometry: 1000, "Geometry::quad", "Mesh" {
		Vertices: *12 {
			a: 0,0,0,1,0,0,1,2,0,0,2,0
		}
		PolygonVertexIndex: *4 {
			a: 0,1,2,-4
		}
		LayerElementUV: 0 {
			Name: "UVMap"
			MappingInformationType: "ByPolygonVertex"
			ReferenceInformationType: "IndexToDirect"
			UV: *8 {
				a: 0,0,1,0,1,1,0,1
			}
			UVIndex: *4 {
				a: 0,1,2,3
			}
		}
		Layer: 0 {
			LayerElement:  {
				Type: "LayerElementUV"
				TypedIndex: 0
			}
		}
	}
	Model: 2000, "Model::quad", "Mesh" {
		Properties70:  {
			P: "Lcl Translation", "Lcl Translation", "", "A",5,0,0
			P: "Lcl Scaling", "Lcl Scaling", "", "A",2,2,2
		}
	}
	Material: 3000, "Material::m", "" {
		ShadingModel: "phong"
		Properties70:  {
			P: "DiffuseColor", "Color", "", "A",1,0,0
		}
	}
	Texture: 4000, "Texture::t", "" {
		Type: "TextureVideoClip"
		FileName: "%s"
		RelativeFilename: "%s"
	}
}
Connections:  {
	C: "OO",2000,0
	C: "OO",1000,2000
	C: "OO",3000,2000
	%s
}
"""
TEXTURED = 'C: "OP",4000,3000, "DiffuseColor"'


def fbx(path: str = "t.png", textured: bool = True, z_up: bool = False) -> str:
    up, front, sign = (2, 1, -1) if z_up else (1, 2, 1)
    return FBX % (up, front, sign, path, path, TEXTURED if textured else "")


@pytest.fixture
def ufbx() -> None:
    pytest.importorskip("ufbx")


@pytest.mark.usefixtures("ufbx")
@pytest.mark.parametrize("z_up", [False, True])
def test_fbx_is_read_in_the_axes_that_it_states(tmp_path: Path, z_up: bool) -> None:
    file = read(tmp_path, "a.fbx", fbx(textured=False, z_up=z_up))
    assert file.mesh.triangle_count == 2
    # A quad of 1 x 2 in the file's x and y, twice as large in its node.
    extents = np.ptp(file.mesh.points, axis=0) / file.normalization[0, 0]
    assert extents == pytest.approx([2, 4, 0] if z_up else [2, 0, 4], abs=1e-5)
    assert only(file).material.base_color[:3] == pytest.approx((1, 0, 0))


@pytest.mark.usefixtures("ufbx")
@pytest.mark.parametrize(
    ("written", "there", "notes"),
    [
        ("t.png", "t.png", ()),
        ("tex\\t.png", "tex/t.png", ()),
        ("C:\\art\\t.png", "t.png", ("texture_assumed",)),
        ("/home/artist/t.png", "textures/t.png", ("texture_assumed",)),
    ],
)
def test_fbx_textures_are_found_where_artists_leave_them(
    tmp_path: Path, written: str, there: str, notes: tuple[str, ...]
) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_bytes(picture(np.full((2, 2, 3), RED)))
    file = read(tmp_path, "a.fbx", fbx(written))
    texture = only(file).material.base_color_texture
    assert texture is not None
    assert texture.pixels[0, 0].tolist() == list(RED)
    assert file.notes == notes
    uvs = only(file).uvs
    assert uvs is not None
    order = np.argsort(file.mesh.primitives[0].positions @ [1, 0, 10])
    assert uvs[order[0]].tolist() == [0, 1]  # FBX counts from below: its (0, 0) is the picture's bottom left.


@pytest.mark.usefixtures("ufbx")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"; FBX 7.4.0 project file\n{{{", "unreadable"),
        (b"Kaydara FBX Binary  \x00\x1a\x00" + b"\xff" * 100, "unreadable"),
        (fbx(textured=False).replace("0,1,2,-4", "0,-2"), "empty_mesh"),
        (fbx("gone.png"), "texture_missing"),
    ],
)
def test_a_broken_fbx_is_refused_for_its_reason(tmp_path: Path, content: bytes | str, expected: str) -> None:
    assert reason(tmp_path, "a.fbx", content) == expected


# KTX2 and Draco


@pytest.mark.parametrize("codec", ["etc1s", "uastc"])
def test_a_ktx2_texture_is_decoded(tmp_path: Path, codec: str) -> None:
    alktx2 = pytest.importorskip("alktx2")
    pixels = np.zeros((16, 32, 3), dtype=np.uint8)
    pixels[:, :16], pixels[:, 16:] = RED, (20, 60, 220)
    encoded = alktx2.encode_bytes_to_ktx2(picture(pixels), mime="image/png", codec=codec, quality=90)
    texture = only(read(tmp_path, "a.glb", textured_glb(encoded))).material.base_color_texture
    assert texture is not None
    assert texture.pixels.shape == (16, 32, 3)
    assert np.abs(texture.pixels.astype(int) - pixels).mean() < 6


def textured_glb(data: bytes) -> bytes:
    writer = GltfWriter()
    image = writer.append("images", {"bufferView": writer.view(data), "mimeType": "image/ktx2"})
    texture = writer.append("textures", {"extensions": {"KHR_texture_basisu": {"source": image}}})
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0}
    material = writer.append("materials", {"pbrMetallicRoughness": surface})
    corners = {"POSITION": writer.accessor([[0, 0, 0], [1, 0, 0], [0, 2, 0]])}
    uvs = {"TEXCOORD_0": writer.accessor([[0, 0], [1, 0], [0, 1]])}
    writer.node(mesh=writer.mesh(corners | uvs, [0, 1, 2], material=material))
    writer.tree.update(extensionsRequired=["KHR_texture_basisu"], extensionsUsed=["KHR_texture_basisu"])
    return writer.glb()


@pytest.mark.parametrize(
    ("place", "value", "expected"), [(20, 1 << 30, "texture_too_large"), (28, 4, "texture_unreadable"), (20, 0, None)]
)
def test_a_ktx2_header_is_not_believed(tmp_path: Path, place: int, value: int, expected: str | None) -> None:
    header = bytearray(b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(68))
    header[20:24], header[24:28], header[36:40] = (16).to_bytes(4, "little"), (16).to_bytes(4, "little"), b"\1\0\0\0"
    header[place : place + 4] = value.to_bytes(4, "little")
    assert reason(tmp_path, "a.glb", textured_glb(bytes(header))) == (expected or "texture_unreadable")


def test_draco_and_ktx2_go_together(tmp_path: Path) -> None:
    draco, alktx2 = pytest.importorskip("DracoPy"), pytest.importorskip("alktx2")
    box = trimesh.creation.box((2.0, 1.4, 1.0))
    points, faces = np.array(box.vertices, np.float32, order="C"), np.array(box.faces, np.uint32, order="C")
    encoded = draco.encode(points, faces, quantization_bits=16)
    writer = GltfWriter()
    view = writer.view(bytes(encoded))
    texels = alktx2.encode_bytes_to_ktx2(picture(np.full((8, 8, 3), RED)), mime="image/png", codec="uastc")
    image = writer.append("images", {"bufferView": writer.view(texels), "mimeType": "image/ktx2"})
    texture = writer.append("textures", {"extensions": {"KHR_texture_basisu": {"source": image}}})
    material = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": texture}}})
    positions = writer.append("accessors", {"componentType": 5126, "count": 8, "type": "VEC3"})
    indices = writer.append("accessors", {"componentType": 5125, "count": 36, "type": "SCALAR"})
    compressed = {"KHR_draco_mesh_compression": {"bufferView": view, "attributes": {"POSITION": 0}}}
    primitive = {"attributes": {"POSITION": positions}, "indices": indices, "material": material}
    mesh = writer.append("meshes", {"primitives": [primitive | {"extensions": compressed}]})
    writer.node(mesh=mesh)
    needed = ["KHR_draco_mesh_compression", "KHR_texture_basisu"]
    writer.tree.update(extensionsRequired=needed, extensionsUsed=needed)
    file = read(tmp_path, "a.glb", writer.glb())
    assert file.mesh.triangle_count == 12
    assert np.ptp(in_file(file), axis=0) == pytest.approx([2.0, 1.4, 1.0], abs=1e-3)
    assert only(file).material.base_color_texture is not None


def draco_glb() -> bytes:
    """A compressed square, with normals, uvs, colours as bytes, twice in the scene: 2 up, and turned and doubled."""
    draco = pytest.importorskip("DracoPy")
    encoded = draco.encode(
        SQUARE,
        np.array([[0, 1, 2], [0, 2, 3]], np.uint32),
        preserve_order=True,
        quantization_bits=16,
        colors=SQUARE_COLORS,
        tex_coord=SQUARE[:, :2].astype(np.float64),
        normals=np.array([[0.0, 0.0, 1.0]] * 4),
    )
    numbers = {one["attribute_type"]: one["unique_id"] for one in draco.decode(encoded).attributes}
    # Draco's types: 0 position, 1 normal, 2 colour, 3 texture coordinate.
    compressed = {"POSITION": numbers[0], "NORMAL": numbers[1], "COLOR_0": numbers[2], "TEXCOORD_0": numbers[3]}
    writer = GltfWriter()
    stated = {"count": 4, "componentType": 5126}
    colors = {"count": 4, "componentType": 5121, "type": "VEC3", "normalized": True}
    attributes = {
        "POSITION": writer.append("accessors", stated | {"type": "VEC3"}),
        "NORMAL": writer.append("accessors", stated | {"type": "VEC3"}),
        "COLOR_0": writer.append("accessors", colors),
        "TEXCOORD_0": writer.append("accessors", stated | {"type": "VEC2"}),
    }
    indices = writer.append("accessors", {"componentType": 5125, "count": 6, "type": "SCALAR"})
    extension = {"KHR_draco_mesh_compression": {"bufferView": writer.view(encoded), "attributes": compressed}}
    primitive = {"attributes": attributes, "indices": indices, "extensions": extension}
    mesh = writer.append("meshes", {"primitives": [primitive]})
    writer.node(mesh=mesh, translation=[0, 0, 2])
    writer.node(mesh=mesh, rotation=[0, 0, 0.5**0.5, 0.5**0.5], scale=[2, 2, 2])
    names = list(extension)
    writer.tree.update(extensionsRequired=names, extensionsUsed=names)
    return writer.glb()


SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
SQUARE_COLORS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [51, 102, 204]], np.uint8)


def test_a_draco_primitive_is_read_with_its_attributes_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(draco_glb())
    files = AssetFiles(tmp_path, tmp_path / "a.glb", MeshLimits())
    raised, turned = read_primitives(read_document(files, binary=True), "a.glb", MeshLimits())
    for one in (raised, turned):
        assert one.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]
        assert one.attributes["POSITION"] == pytest.approx(SQUARE, abs=1e-4)
        assert one.attributes["NORMAL"] == pytest.approx(np.array([[0.0, 0.0, 1.0]] * 4), abs=1e-2)
        assert one.attributes["TEXCOORD_0"] == pytest.approx(SQUARE[:, :2], abs=1e-3)
        assert one.attributes["COLOR_0"] == pytest.approx(SQUARE_COLORS / 255.0)
    assert raised.to_scene[:3].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2]]
    assert turned.to_scene[:3] == pytest.approx(np.array([[0, -2, 0, 0], [2, 0, 0, 0], [0, 0, 2, 0]]), abs=1e-12)


def test_a_dracopy_that_is_too_old_is_named_with_the_command_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = draco_glb()
    monkeypatch.setattr("DracoPy.decode", lambda data: SimpleNamespace(points=SQUARE, faces=[[0, 1, 2]]))
    with pytest.raises(AssetError, match=r"pip install 'DracoPy>=1\.7'") as refused:
        read(tmp_path, "a.glb", content)
    assert refused.value.reason == "extra_missing"


# Without the extra

WITHOUT = [
    ("a.fbx", fbx(), "ufbx"),
    ("a.dae", dae(), "collada"),
    ("a.usdz", b"PK", "pxr"),
    ("a.3mf", b"PK", "lxml"),
    (
        "a.glb",
        textured_glb(b"\xabKTX 20\xbb\r\n\x1a\n" + b"\0" * 8 + b"\1\0\0\0" * 2 + bytes(8) + b"\1\0\0\0" * 9),
        "alktx2",
    ),
]


@pytest.mark.parametrize(("name", "content", "module"), WITHOUT)
def test_without_the_extra_a_file_is_counted_with_the_command_that_installs_it(
    tmp_path: Path, name: str, content: bytes | str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(AssetError, match=r"pip install .*\[formats\]") as refused:
        read(tmp_path, name, content)
    assert refused.value.reason == "extra_missing"


def test_a_picture_is_a_picture(tmp_path: Path) -> None:
    """The helper above writes what Pillow reads."""
    assert Image.open(io.BytesIO(picture(np.full((2, 2, 3), RED)))).getpixel((0, 0)) == RED
