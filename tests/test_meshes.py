"""A folder of mesh files as a source: its listing, its metadata, and bad files, of which only these are dropped."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from gltf_writing import TRIANGLE, GltfWriter, picture, triangle_writer

from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.meshes import MeshesSource
from viewpoint100k.errors import AssetError, UsageError

SHARED = Path(__file__).parents[2] / "shared" / "assets"
Json = dict[str, Any]
OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "meshes"
    root.mkdir()
    return root


def textured(image: dict[str, object] | bytes, **texture: object) -> GltfWriter:
    writer = triangle_writer()
    slot = writer.texture(image, **texture)  # type: ignore[arg-type]
    material = writer.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": slot}})
    writer.tree["meshes"][0]["primitives"][0]["material"] = material
    return writer


def reason(folder: Path, name: str, limits: MeshLimits | None = None) -> str:
    with pytest.raises(AssetError) as caught:
        MeshesSource(folder, limits).load(name)
    sentence = str(caught.value)
    assert sentence
    assert "\n" not in sentence
    assert len(sentence) < 500
    return caught.value.reason


# What is listed


def test_ids_are_relative_paths_in_a_stable_order(folder: Path) -> None:
    for name in ("b.GLB", "a/ü [1].obj", "a/c.Ply", "a/b/d.stl", "z.gltf", ".hidden.obj", ".git/x.obj", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    assert list(MeshesSource(folder).ids()) == ["a/b/d.stl", "a/c.Ply", "a/ü [1].obj", "b.GLB", "z.gltf"]
    assert MeshesSource(folder).name == "meshes"


@pytest.mark.parametrize("name", ["a b.obj", "100%41.obj", "x?#&;'\".obj", "new\nline.obj", "ﬁ-日本.obj", "\\back.obj"])
def test_any_file_name_works(folder: Path, name: str) -> None:
    (folder / name).write_text(OBJ)
    source = MeshesSource(folder)
    assert source.load(source.ids()[0]).origin.asset_id == name


def test_a_file_name_that_is_not_utf8_has_an_id_that_can_be_stored(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.obj")).write_text(OBJ)
    source = MeshesSource(folder)
    (asset_id,) = source.ids()
    assert source.load(asset_id).origin.asset_id.encode() == b"\\xff.obj"


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    for name, says in (("absent", "no folder"), ("file", "not a folder"), ("empty", "no mesh file")):
        with pytest.raises(UsageError, match=says) as caught:
            MeshesSource(tmp_path / name).ids()
        assert name in str(caught.value)


# What is known


def test_metadata_fills_the_origin(folder: Path) -> None:
    (folder / "a.obj").write_text(OBJ)
    (folder / "b.obj").write_text(OBJ)
    rows = 'File,category,license,creator,uri,front\r\na.obj,cup,CC0-1.0,"Doe, Jané",https://x.org/1,+Y\r\n'
    (folder / "metadata.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())
    source = MeshesSource(folder)
    known, unknown = source.load("a.obj"), source.load("b.obj")
    origin = known.origin
    assert (origin.source, origin.asset_id, origin.category) == ("meshes", "a.obj", "cup")
    assert (origin.license, origin.creator, origin.uri) == ("CC0-1.0", "Doe, Jané", "https://x.org/1")
    assert known.front is not None
    np.testing.assert_allclose(known.front, [0, 1, 0])
    assert (unknown.origin.category, unknown.origin.license, unknown.front) == ("", "NOASSERTION", None)


def test_front_and_up_of_a_row(folder: Path) -> None:
    (folder / "a.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 3 0\nf 1 2 3\n")
    (folder / "metadata.csv").write_text("file,front,up\na.obj,3 -4 0.5,y\n")
    asset = MeshesSource(folder).load("a.obj")
    assert asset.front is not None
    np.testing.assert_allclose(asset.front, [0.6, -0.8, 0])
    assert np.ptp(asset.mesh.points[:, 2]) > 1.5  # The y axis is now up.


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\na.obj\n", "line 1.*'file'"),
        ("", "line 1.*'file'"),
        ("file,file\na.obj,a.obj\n", "line 1.*twice"),
        ('file\n"a.obj\n', "line"),
    ],
)
def test_metadata_that_is_no_table_names_its_line(folder: Path, text: str, says: str) -> None:
    (folder / "a.obj").write_text(OBJ)
    (folder / "metadata.csv").write_text(text)
    with pytest.raises(UsageError, match=says):
        MeshesSource(folder).ids()


@pytest.mark.parametrize(
    ("rows", "lost", "says"),
    [
        ("c.obj,,,", "metadata.csv line 2", "line 2, field 'file'.*'c.obj'"),
        ("a.obj,,,\na.obj,,,", "metadata.csv line 3", "line 3, field 'file'.*twice"),
        ("a.obj,up,,", "a.obj", "line 2, field 'front'"),
        ("a.obj,0 0 1,,", "a.obj", "line 2, field 'front'"),
        ("a.obj,nan 1 0,,", "a.obj", "line 2, field 'front'"),
        ("a.obj,1e999 0,,", "a.obj", "line 2, field 'front'"),
        ("a.obj,,w,", "a.obj", "line 2, field 'up'"),
        ("a.obj", "metadata.csv line 2", "line 2.*fewer"),
        ("a.obj,,,CC0,1.0", "metadata.csv line 2", "line 2.*more"),
        ("a.obj,,,\xff", "a.obj", "line 2.*not UTF-8"),
        ("\xff.obj,,,", "metadata.csv line 2", "line 2, field 'file'"),
        ("../a.obj,,,", "metadata.csv line 2", "line 2, field 'file'"),
    ],
)
def test_a_row_that_makes_no_sense_costs_its_asset(folder: Path, rows: str, lost: str, says: str) -> None:
    for name in ("a.obj", "b.obj"):
        (folder / name).write_text(OBJ)
    text = f"file,front,up,creator\n{rows}\nb.obj,+x,z,Doe\n"
    (folder / "metadata.csv").write_bytes(text.encode("latin-1"))
    source = MeshesSource(folder)
    assert set(source.ids()) == {"a.obj", "b.obj", lost}
    assert source.load("b.obj").origin.creator == "Doe"
    with pytest.raises(AssetError, match=says) as caught:
        source.load(lost)
    assert caught.value.reason == "malformed_record"


def test_digest_is_the_files_own_and_follows_what_it_refers_to(folder: Path) -> None:
    alone = triangle_writer().glb()
    (folder / "alone.glb").write_bytes(alone)
    assert MeshesSource(folder).load("alone.glb").origin.sha256 == sha256(alone).hexdigest()
    (folder / "with.glb").write_bytes(textured({"uri": "t.png"}).glb())
    digests = set()
    for level in (1, 2):
        (folder / "t.png").write_bytes(picture(np.full((2, 2, 3), level)))
        digests.add(MeshesSource(folder).load("with.glb").origin.sha256)
    assert len(digests) == 2


# What a bad file costs


def broken_glbs() -> dict[str, tuple[str, bytes]]:
    """Bad files by name, and the reason why each is dropped."""
    good = triangle_writer().glb()
    plain = triangle_writer
    return {
        "empty": ("truncated", b""),
        "cut in the header": ("truncated", good[:15]),
        "cut in the JSON": ("truncated", good[:200]),
        "cut in the data": ("truncated", good[:-20]),
        "garbage": ("unreadable", bytes(range(256)) * 4),
        "text": ("unreadable", b"<html><body>404 Not Found</body></html>"),
        "JSON": ("unreadable", good.replace(b'{"asset"', b'{"asset?', 1)),
        "glTF 1": ("unreadable", good[:4] + struct.pack("<I", 1) + good[8:]),
        "no image": ("texture_missing", textured({"uri": "absent.png"}).glb()),
        "bad image": ("texture_unreadable", textured(b"not an image").glb()),
        "cut image": ("texture_unreadable", textured(picture(np.arange(99).reshape(9, 11))[:-30]).glb()),
        "no triangles": ("empty_mesh", GltfWriter().glb()),
        "points": ("empty_mesh", _with(plain(), lambda t: t["meshes"][0]["primitives"][0].update(mode=0))),
        "infinite": ("not_finite", plain([[0, 0, 0], [1, 0, 0], [np.inf, 0, 0]]).glb()),
        "NaN": ("not_finite", plain([[0, 0, 0], [1, 0, 0], [np.nan, 0, 0]]).glb()),
        "one point": ("no_extent", plain([[1, 2, 3]] * 3).glb()),
        "bad index": ("unreadable", _bad_index()),
        "view outside": ("unreadable", _with(plain(), lambda t: t["bufferViews"][0].update(byteLength=9999))),
        "loop of nodes": ("unreadable", _with(plain(), lambda t: t["nodes"][0].update(children=[0]))),
        "no such mesh": ("unreadable", _with(plain(), lambda t: t["nodes"][0].update(mesh=7))),
        "meshopt": ("unsupported_extension", _with(plain(), _needs("EXT_meshopt_compression"))),
        "too many": ("too_many_triangles", _with(plain(), _huge_counts)),
        "too many vertices": ("too_many_triangles", _with(plain(), _vertex_bomb)),
        "uneven attributes": ("unreadable", _with(plain(), lambda t: t["accessors"][1].update(count=2))),
        "outside": ("reference_outside", textured({"uri": "../secret.png"}).glb()),
        "sly outside": ("reference_outside", textured({"uri": "a/..%2f..%2Fsecret.png"}).glb()),
        "absolute": ("reference_outside", textured({"uri": "/etc/passwd"}).glb()),
        "file URI": ("reference_outside", textured({"uri": "file:///etc/passwd"}).glb()),
        "Windows": ("reference_outside", textured({"uri": "C:\\tex.png"}).glb()),
        "network": ("unsupported_reference", textured({"uri": "http://127.0.0.1:9/x.png"}).glb()),
        "pipe": ("unsupported_reference", textured({"uri": "pipe.png"}).glb()),
        "folder": ("unsupported_reference", textured({"uri": "sub"}).glb()),
        "link": ("reference_outside", textured({"uri": "link.png"}).glb()),
        "buffer gone": ("buffer_missing", _with(plain(), lambda t: None, uri="gone.bin")),
        "short buffer": ("truncated", _with(plain(), lambda t: None, uri="short.bin")),
        "bad base64": ("unreadable", textured({"uri": "data:image/png;base64,@@@@"}).glb()),
    }  # fmt: skip


def _with(writer: GltfWriter, change: Callable[[Json], object], **buffer: object) -> bytes:
    change(writer.tree)
    return writer.json(**buffer) if buffer else writer.glb()


def _huge_counts(tree: Json) -> None:
    for accessor in tree["accessors"]:
        accessor["count"] = 30_000_000


def _vertex_bomb(tree: Json) -> None:
    """Three corners of a thousand million vertices without data."""
    tree["accessors"].append({"componentType": 5126, "count": 10**9, "type": "VEC3"})
    tree["accessors"].append({"bufferView": 0, "componentType": 5121, "count": 3, "type": "SCALAR"})
    tree["meshes"][0]["primitives"][0].update(attributes={"POSITION": 2}, indices=3)


def _needs(extension: str) -> Callable[[Json], object]:
    return lambda tree: tree.update(extensionsRequired=[extension], extensionsUsed=[extension])


def _bad_index() -> bytes:
    writer = GltfWriter()
    writer.node(mesh=writer.mesh({"POSITION": writer.accessor(TRIANGLE)}, [0, 1, 3]))
    return writer.glb()


@pytest.mark.parametrize("case", broken_glbs())
def test_a_broken_gltf_is_dropped_for_its_reason(folder: Path, case: str, capfd: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "secret.png").write_bytes(picture(np.eye(4) * 255))
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "short.bin").write_bytes(b"\0" * 8)
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.png")
    expected, content = broken_glbs()[case]
    (folder / "x.glb").write_bytes(content if content[:4] != b'{"as' else b"")
    (folder / "x.gltf").write_bytes(content)
    assert reason(folder, "x.gltf" if content.startswith(b'{"asset') else "x.glb") == expected
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.obj", "mtllib gone.mtl\nusemtl m\n" + OBJ, "material_missing"),
        ("a.obj", "mtllib m.mtl\n" + OBJ.replace("f ", "usemtl other\nf "), "material_missing"),
        ("a.obj", "mtllib ../m.mtl\n" + OBJ, "reference_outside"),
        ("a.obj", "mtllib t.mtl\n" + OBJ.replace("f ", "usemtl t\nf "), "texture_missing"),
        ("a.obj", "v 0 0 0\nv 1 0 0\n", "empty_mesh"),
        ("a.obj", "", "empty_mesh"),
        ("a.obj", OBJ.replace("f 1 2 3", "f 1 2 9"), "unreadable"),
        ("a.obj", OBJ.replace("v 1 0 0", "v nan 0 0"), "not_finite"),
        ("a.obj", "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "no_extent"),
        ("a.ply", "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n0\n", "empty_mesh"),
        ("a.ply", "nonsense", "unreadable"),
        ("a.stl", "nonsense", "truncated"),
        ("a.stl", "solid nothing\nendsolid nothing\n", "empty_mesh"),
        ("a.stl", b"\0" * 80 + struct.pack("<I", 5) + b"\0" * 100, "truncated"),
        ("a.stl", b"\0" * 80 + struct.pack("<I", 0), "empty_mesh"),
    ],
)
def test_a_broken_file_of_another_format(folder: Path, name: str, content: str | bytes, expected: str) -> None:
    (folder / "m.mtl").write_text("newmtl m\n")
    (folder / "t.mtl").write_text("newmtl t\nmap_Kd gone.png\n")
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    assert reason(folder, name) == expected


@pytest.mark.parametrize("kind", ["ply", "ply_ascii", "stl", "stl_ascii"])
def test_a_cut_scan_is_never_taken_for_a_whole_one(folder: Path, kind: str) -> None:
    sphere = trimesh.creation.icosphere(subdivisions=1)
    suffix, _, text = kind.partition("_")
    options = {"encoding": "ascii"} if text and suffix == "ply" else {}
    whole = sphere.export(file_type=kind if kind == "stl_ascii" else suffix, **options)
    data = whole.encode() if isinstance(whole, str) else whole
    name = f"a.{suffix}"
    (folder / name).write_bytes(data)
    assert MeshesSource(folder).load(name).mesh.triangle_count == 80
    for share in (0.5, 0.8, 0.97):
        (folder / name).write_bytes(data[: int(len(data) * share)])
        assert reason(folder, name) in ("truncated", "unreadable")


def test_limits_are_checked(folder: Path) -> None:
    writer = textured(picture(np.zeros((40, 50, 3))))
    (folder / "a.glb").write_bytes(writer.glb())
    assert reason(folder, "a.glb", MeshLimits(max_texture_pixels=1999)) == "texture_too_large"
    assert reason(folder, "a.glb", MeshLimits(max_file_bytes=100)) == "file_too_large"
    assert reason(folder, "a.glb", MeshLimits(max_triangles=0)) == "too_many_triangles"
    for name in ("a.obj", "a.stl", "a.ply"):
        trimesh.creation.box().export(folder / name)
        assert reason(folder, name, MeshLimits(max_triangles=11)) == "too_many_triangles"
        assert MeshesSource(folder, MeshLimits(max_triangles=12)).load(name).mesh.triangle_count == 12


def test_a_decompression_bomb_is_refused_by_its_header(folder: Path) -> None:
    header = picture(np.zeros((1, 1, 3)))
    huge = header[:16] + struct.pack(">II", 60_000, 60_000) + header[24:]
    crc = struct.pack(">I", zlib.crc32(huge[12:29]))
    (folder / "a.glb").write_bytes(textured(huge[:29] + crc + huge[33:]).glb())
    assert reason(folder, "a.glb") == "texture_too_large"


def test_special_files_and_leaving_links_are_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe.glb")
    (folder / "device.obj").symlink_to("/dev/zero")
    (folder / "dangling.obj").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as unix:
        monkeypatch.chdir(folder)  # A socket's path is limited to 108 bytes.
        unix.bind("socket.ply")
    assert reason(folder, "pipe.glb") == "unsupported_reference"
    assert reason(folder, "device.obj") == "reference_outside"
    assert reason(folder, "dangling.obj") == "file_missing"
    assert reason(folder, "socket.ply") == "unreadable"
    assert reason(folder, "never.glb") == "file_missing"


def test_a_link_within_the_folder_is_followed(folder: Path) -> None:
    (folder / "a.obj").write_text(OBJ)
    (folder / "b.obj").symlink_to("a.obj")
    assert MeshesSource(folder).load("b.obj").mesh.triangle_count == 1


def test_damaged_files_give_a_reason_or_a_whole_mesh(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Bytes overwritten at random cause no other exception and no vertex that is not finite."""
    writer = textured(picture(np.arange(48).reshape(4, 4, 3)))
    seeds = {"a.glb": writer.glb(), "a.obj": ("vt 0 0\n" + OBJ.replace("f 1 2 3", "f 1/1 2/1 3/1")).encode()}
    for kind in ("ply", "stl"):
        seeds[f"a.{kind}"] = trimesh.creation.box().export(file_type=kind)
    rng = np.random.default_rng(0)
    for name, content in seeds.items():
        for _ in range(80):
            damaged = bytearray(content)
            for position in rng.integers(0, len(content), rng.integers(1, 6)):
                damaged[position] = rng.integers(0, 256)
            (folder / name).write_bytes(damaged)
            try:
                asset = MeshesSource(folder).load(name)
            except AssetError:
                continue
            for primitive in asset.mesh.primitives:
                assert np.isfinite(primitive.positions).all()
                assert np.isfinite(primitive.normals).all()
                assert primitive.triangles.max() < len(primitive.positions)
    assert capfd.readouterr() == ("", "")


# Real files


needs_assets = pytest.mark.skipif(not SHARED.is_dir(), reason="the real assets of ../shared are not here")


@needs_assets
def test_every_real_mesh_loads_where_trimesh_has_it() -> None:
    source = MeshesSource(SHARED)
    glbs = [asset_id for asset_id in source.ids() if asset_id.endswith(".glb")]
    objs = [asset_id for asset_id in source.ids() if asset_id.endswith(".obj")]
    assert (len(glbs), len(objs)) == (30, 3)
    for asset_id in source.ids():
        asset = source.load(asset_id)
        points = asset.mesh.points
        assert np.isfinite(points).all()
        assert np.linalg.norm(points, axis=1).max() == pytest.approx(1, abs=1e-5)
        scene = trimesh.load_scene(SHARED / asset_id, process=False, skip_materials=True)
        assert asset.mesh.triangle_count == sum(
            len(scene.geometry[scene.graph[n][1]].faces) for n in scene.graph.nodes_geometry
        )
        bounds = np.array([points.min(axis=0), points.max(axis=0)]) - asset.normalization[:3, 3]
        back = np.sort(bounds @ np.linalg.inv(asset.normalization[:3, :3]).T, axis=0)
        np.testing.assert_allclose(back, scene.bounds, atol=1e-5 * scene.scale)


@needs_assets
def test_real_textures_and_uvs_are_those_that_trimesh_finds() -> None:
    source, compared = MeshesSource(SHARED), 0
    for asset_id in source.ids():
        mesh = source.load(asset_id).mesh
        for primitive in mesh.primitives:
            np.testing.assert_allclose(np.linalg.norm(primitive.normals, axis=1), 1, atol=1e-4)
        scene = trimesh.load_scene(SHARED / asset_id, process=False)
        if len(scene.geometry) > 1 or len(mesh.primitives) > 1:
            continue
        (theirs,), (ours,) = scene.geometry.values(), mesh.primitives
        material = theirs.visual.material
        image = material.image if hasattr(material, "image") else material.baseColorTexture
        assert ours.material.base_color_texture is not None
        assert ours.uvs is not None
        if max(image.size) <= 1024:
            np.testing.assert_array_equal(ours.material.base_color_texture.pixels, np.asarray(image.convert("RGB")))
        assert max(ours.material.base_color_texture.pixels.shape[:2]) <= 1024
        # Compare by corner, because trimesh may order the vertices of an OBJ differently.
        flipped = theirs.visual.uv[theirs.faces] * [1, -1] + [0, 1]
        np.testing.assert_allclose(ours.uvs[ours.triangles], flipped, atol=1e-5)
        compared += 1
    assert compared > 20


@needs_assets
def test_the_duck_stands_upright() -> None:
    """The beak, the orange part of the texture, is at the front of the head. The body below is yellow."""
    asset = MeshesSource(SHARED).load("meshes/Duck.glb")
    (primitive,) = asset.mesh.primitives
    texture = primitive.material.base_color_texture
    assert texture is not None
    assert primitive.uvs is not None
    height, width = texture.pixels.shape[:2]
    texels = (primitive.uvs % 1.0 * [width, height]).astype(int).clip(0, [width - 1, height - 1])
    color = texture.pixels[texels[:, 1], texels[:, 0]].astype(int)
    dark = color.sum(axis=1) < 150
    assert dark.any()  # The eyes.
    assert primitive.positions[dark, 2].min() > 0.1  # They are in the upper half.
