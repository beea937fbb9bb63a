"""Published sets of meshes by their names: a tiny tree in each layout is read and built, and its labels are checked."""

from pathlib import Path

import numpy as np
import pytest
from conftest import run_command
from set_trees import BLUE, HALF, WRITERS, obj, write, write_gso, write_ycb

from viewpoint100k.assets import MeshAsset, looks_like_known_set, open_source, source_digest, source_identity
from viewpoint100k.assets.layouts import MESH_LAYOUTS
from viewpoint100k.errors import AssetError, UsageError

STATED = {
    "gso": ("toys", "CC-BY-4.0", "Box_1"),
    "ycb": ("cracker box", "CC-BY-4.0", "004_cracker_box"),
    "shapenet": ("chair", "LicenseRef-ShapeNet", f"03001627/{1:032x}"),
    "omniobject3d": ("toy bear", "CC-BY-4.0", "raw_scans/toy_bear/toy_bear_001"),
    "abo": ("storage box", "CC-BY-4.0", "3dmodels/original/1/B000000001.glb"),
    "toys4k": ("box", "LicenseRef-Toys4K", "toys4k_obj_files/box/box_001"),
    "modelnet": ("night stand", "LicenseRef-ModelNet", "night_stand/train/night_stand_0001.off"),
    "thingi10k": ("", "NOASSERTION", "raw_meshes/32771.stl"),
}
WITHOUT_COLOR = ("toys4k", "modelnet", "thingi10k")


def tree(root: Path, name: str, count: int = 1) -> Path:
    for number in range(1, count + 1):
        WRITERS[name](root, number)
    return root


def load(spec: str) -> MeshAsset:
    source = open_source(spec)
    asset = source.load(source.ids()[0])
    assert isinstance(asset, MeshAsset)
    return asset


def test_every_set_has_a_tree() -> None:
    assert set(MESH_LAYOUTS) == set(WRITERS) == set(STATED)


@pytest.mark.parametrize("name", WRITERS)
def test_a_set_is_read_as_its_own_documents_say(tmp_path: Path, name: str) -> None:
    category, license, asset_id = STATED[name]
    asset = load(f"{name}:{tree(tmp_path, name)}")
    assert asset.origin.source == name
    assert asset.origin.asset_id == asset_id
    assert (asset.origin.category, asset.origin.license) == (category, license)
    # The box's y, 1.4 of its sides 2, 1.4 and 1, stands upright.
    extents = np.ptp(asset.mesh.points, axis=0)
    assert extents / extents[0] == pytest.approx([1.0, HALF[2], HALF[1]], abs=1e-5)
    if name not in WITHOUT_COLOR:
        assert top_color(asset) == pytest.approx(BLUE, abs=8)


def top_color(asset: MeshAsset) -> np.ndarray:
    (primitive,) = asset.mesh.primitives
    triangle = primitive.triangles[int(np.argmax(primitive.normals[primitive.triangles].mean(axis=1)[:, 2]))]
    texture, uvs = primitive.material.base_color_texture, primitive.uvs
    assert texture is not None
    assert uvs is not None
    u, v = uvs[triangle].mean(axis=0)
    return texture.pixels[int(v * texture.pixels.shape[0]), int(u * texture.pixels.shape[1]), :3]


def test_shapenets_front_is_known(tmp_path: Path) -> None:
    front = load(f"shapenet:{tree(tmp_path, 'shapenet')}").front
    assert front == pytest.approx(np.array([0.0, 1.0, 0.0]))  # The file's -Z once its +Y is up.


def test_of_several_meshes_of_an_object_one_is_taken(tmp_path: Path) -> None:
    write_ycb(tmp_path, 1)
    source = open_source(f"ycb:{tmp_path}")
    assert list(source.ids()) == ["004_cracker_box"]
    assert source.files()["004_cracker_box"].parent.name == "google_16k"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("file", "license"), [("LICENSE-CC-BY-NC-4.0.txt", "CC-BY-NC-4.0"), (None, "NOASSERTION")])
def test_abos_terms_are_those_of_the_file_that_came_with_it(tmp_path: Path, file: str | None, license: str) -> None:
    tree(tmp_path, "abo")
    stated = tmp_path / "3dmodels" / "LICENSE-CC-BY-4.0.txt"
    stated.rename(stated.with_name(file)) if file else stated.unlink()
    assert load(f"abo:{tmp_path}").origin.license == license


def test_metadata_and_options_go_before_the_set(tmp_path: Path) -> None:
    write_gso(tmp_path, 1)
    assert load(f"gso:{tmp_path};license=CC0-1.0").origin.license == "CC0-1.0"
    assert top_color(load(f"gso:{tmp_path};up=y")) != pytest.approx(BLUE, abs=8)
    (tmp_path / "metadata.csv").write_text("file,category,license\nBox_1,crate,MIT\n")
    origin = load(f"gso:{tmp_path}").origin
    assert (origin.category, origin.license, origin.creator) == ("crate", "MIT", "Google Research")


def test_options_are_part_of_what_a_set_is_made_of(tmp_path: Path) -> None:
    write(tmp_path / "a.obj", obj(None, None, "y"))
    plain, turned = open_source(f"meshes:{tmp_path}"), open_source(f"meshes:{tmp_path};up=z")
    digests = {source_digest(source_identity(source), source.ids()) for source in (plain, turned)}
    assert len(digests) == 2
    mixed = open_source(f"meshes:{tmp_path};up=z*2,procedural")
    assert source_identity(mixed) == "mixed;0.up=z"


@pytest.mark.parametrize(
    ("options", "match"),
    [("up=w", "none of auto, x, y and z"), ("size=3", "no option"), ("license=a b", "no SPDX id"), ("", "no option")],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: str, match: str) -> None:
    write(tmp_path / "a.obj", obj(None, None, "y"))
    with pytest.raises(UsageError, match=match):
        open_source(f"meshes:{tmp_path};{options}")


def test_a_folder_whose_name_has_a_semicolon_is_itself(tmp_path: Path) -> None:
    write(tmp_path / "a;up=z" / "a.obj", obj(None, None, "y"))
    assert list(open_source(f"meshes:{tmp_path / 'a;up=z'}").ids()) == ["a.obj"]


def test_another_folder_is_refused_with_what_is_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "a.obj", obj(None, None, "y"))
    with pytest.raises(UsageError, match=r"does not hold Google Scanned Objects.*meshes/model\.obj"):
        open_source(f"gso:{tmp_path}").ids()


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_of_meshes_that_looks_like_a_set_is_said_to(tmp_path: Path, name: str) -> None:
    hint = looks_like_known_set(open_source(f"meshes:{tree(tmp_path, name, 3)}"))
    assert hint is not None
    assert f"write {name}:" in hint


def test_of_a_folder_with_several_sets_each_is_named(tmp_path: Path) -> None:
    for name in ("gso", "shapenet"):
        tree(tmp_path / name, name, 3)
    write(tmp_path / "mugs" / "blue.obj", obj(None, None, "y"))
    hint = looks_like_known_set(open_source(f"meshes:{tmp_path}"))
    assert hint is not None
    assert f"write gso:{tmp_path / 'gso'} for" in hint
    assert f"write shapenet:{tmp_path / 'shapenet'} for" in hint
    assert "mugs" not in hint


@pytest.mark.parametrize(
    ("file", "kind"), [("a/scenes/scenes_1/cam_poses.txt", "wildrgbd"), ("transforms.json", "nerf")]
)
def test_a_folder_of_photographs_is_said_to_be_one(tmp_path: Path, file: str, kind: str) -> None:
    write(tmp_path / file, "")
    with pytest.raises(UsageError, match=f"holds photographs and no mesh file: write {kind}:"):
        looks_like_known_set(open_source(f"meshes:{tmp_path}"))


def test_a_folder_of_ones_own_looks_like_no_set(tmp_path: Path) -> None:
    write(tmp_path / "mugs" / "blue.obj", obj(None, None, "y"))
    assert looks_like_known_set(open_source(f"meshes:{tmp_path}")) is None


def test_a_link_out_of_the_folder_says_nothing_of_a_category(tmp_path: Path) -> None:
    write_gso(tmp_path / "set", 1)
    secret = tmp_path / "secret.pbtxt"
    secret.write_text('categories { first: "Secret" }')
    stated = tmp_path / "set" / "Box_1" / "metadata.pbtxt"
    stated.unlink()
    stated.symlink_to(secret)
    assert load(f"gso:{tmp_path / 'set'}").origin.category == ""


def test_several_materials_and_no_usemtl_are_refused(tmp_path: Path) -> None:
    write_ycb(tmp_path, 1)
    library = tmp_path / "004_cracker_box" / "google_16k" / "textured.mtl"
    library.write_text("newmtl a\nKd 1 0 0\nnewmtl b\nKd 0 1 0\n")
    with pytest.raises(AssetError, match="2 materials") as refused:
        load(f"ycb:{tmp_path}")
    assert refused.value.reason == "material_ambiguous"


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_a_set_is_built_by_its_name_and_every_label_holds(tmp_path: Path, name: str) -> None:
    root, out = tree(tmp_path / "set", name), tmp_path / "out"
    # A box of one colour looks alike from all sides. This test does not check answerability.
    command = ["build", "viewpoint-100k", "--rows", "10", "--source", f"{name}:{root}", "--out", str(out)]
    settings = ["--set", "images.size=96", "--set", "pairs.min_answerability=0", "--workers", "1"]
    run_command(*command, *settings)
    assert "nothing wrong" in run_command("verify", str(out)).stdout
