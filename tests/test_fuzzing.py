"""Mutated files of every kind are read or refused with a reason in short time. Nothing outside their folder is opened.

``FUZZED_FILES`` sets how many (60 by default). Every file is seeded by its number, so that a failure can be repeated.
"""

import gzip
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from capture_trees import WIDTH, ring, write_co3d, write_colmap, write_nerf, write_photos
from gltf_writing import picture, triangle_writer
from set_trees import WRITERS
from test_capture_sets import write_uco3d, write_wildrgbd
from test_formats import dae, fbx, textured_glb
from test_usdz import usdz

from viewpoint100k.assets import CaptureAsset, Source, open_source
from viewpoint100k.errors import AssetError, UsageError

FILES = int(os.environ.get("FUZZED_FILES", "60"))
SECONDS_EACH = 60.0
NUMBERS = [b"-1", b"0", b"1", b"4294967295", b"1e308", b"999999999999", b"null", b'"x"', b"[]", b"{}"]

_opened: list[str] = []
_watching = [False]


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching[0]:
        return
    if event == "open" and isinstance(arguments[0], str | bytes):
        _opened.append(os.fsdecode(arguments[0]))
    if event.startswith(("socket.connect", "subprocess", "os.system", "os.exec", "os.remove", "os.rename")):
        _opened.append(f"/{event}")


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_watch)  # An audit hook cannot be removed.


def flip_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for place in rng.integers(len(data), size=rng.integers(1, 30)):
        changed[place] = rng.integers(256)
    return bytes(changed)


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    start, end = sorted(rng.integers(len(data) + 1, size=2))
    return data[:start] + data[end:] if rng.random() < 0.5 else data[:start]


def lie(data: bytes, rng: np.random.Generator) -> bytes:
    """Replaces a number in a text that may be JSON, or four bytes, by an extreme integer."""
    numbers = list(re.finditer(rb"-?\d+(?:\.\d+)?", data))
    if numbers and rng.random() < 0.8:
        chosen = numbers[rng.integers(len(numbers))]
        return data[: chosen.start()] + NUMBERS[rng.integers(len(NUMBERS))] + data[chosen.end() :]
    place = int(rng.integers(max(len(data) - 4, 1)))
    return (
        data[:place]
        + [b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f"][rng.integers(3)]
        + data[place + 4 :]
    )


def escape(data: bytes, rng: np.random.Generator) -> bytes:
    """Replaces a quoted text, which may be a path, by a path to another place."""
    texts = list(re.finditer(rb'"[^"]*"', data))
    if not texts:
        return flip_bytes(data, rng)
    chosen = texts[rng.integers(len(texts))]
    elsewhere = [b"../../secret", b"/etc/passwd", b"http://127.0.0.1:9/x", b"/dev/zero", b"file:///etc/passwd", b"%00"]
    return data[: chosen.start()] + b'"' + elsewhere[rng.integers(len(elsewhere))] + b'"' + data[chosen.end() :]


MUTATIONS: list[Callable[[bytes, np.random.Generator], bytes]] = [flip_bytes, cut, lie, escape]


def write_glb(root: Path) -> tuple[str, Path]:
    root.mkdir()
    writer = triangle_writer(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})
    writer.texture(picture(np.zeros((4, 4, 3))))
    (root / "a.glb").write_bytes(writer.glb())
    return f"meshes:{root}", root / "a.glb"


def write_gltf(root: Path) -> tuple[str, Path]:
    root.mkdir()
    writer = triangle_writer(pbrMetallicRoughness={"baseColorTexture": {"index": 0}})
    writer.texture({"uri": "a.png"})
    (root / "a.gltf").write_bytes(writer.json(uri="a.bin"))
    (root / "a.bin").write_bytes(bytes(writer.binary))
    (root / "a.png").write_bytes(picture(np.zeros((4, 4, 3))))
    return f"meshes:{root}", root / "a.gltf"


def write_obj(root: Path) -> tuple[str, Path]:
    root.mkdir()
    (root / "a.obj").write_text("mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl m\nf 1/1 2/1 3/1\n")
    (root / "a.mtl").write_text("newmtl m\nKd 1 0 0\nmap_Kd a.png\n")
    (root / "a.png").write_bytes(picture(np.zeros((4, 4, 3))))
    return f"meshes:{root}", root / "a.obj"


def write_ply(root: Path) -> tuple[str, Path]:
    root.mkdir()
    trimesh.creation.box().export(root / "a.ply")
    return f"meshes:{root}", root / "a.ply"


def write_stl(root: Path) -> tuple[str, Path]:
    root.mkdir()
    trimesh.creation.box().export(root / "a.stl")
    return f"meshes:{root}", root / "a.stl"


def write_nerf_tree(root: Path) -> tuple[str, Path]:
    write_nerf(root, ring(range(0, 360, 60)), [f"images/{name}" for name in write_photos(root / "images", 6)])
    return f"nerf:{root}", root / "transforms.json"


def write_co3d_tree(root: Path) -> tuple[str, Path]:
    write_co3d(root, ring(range(0, 360, 60)))
    return f"co3d:{root}", root / "chair" / "frame_annotations.jgz"


def write_colmap_tree(table: str) -> Callable[[Path], tuple[str, Path]]:
    def write(root: Path) -> tuple[str, Path]:
        pytest.importorskip("pycolmap", reason="the extra [captures] is not installed")
        names = write_photos(root / "c" / "o" / "images", 6)
        model = root / "c" / "o" / "sparse" / "0"
        write_colmap(model, ring(range(0, 360, 60)), names, points=np.eye(3) * 0.2, seen_by=[[0, 1], [1, 2], [2, 3]])
        return f"mvimgnet:{root}", model / table

    return write


def write_one(name: str, make: Callable[[], bytes | str], *needs: str) -> Callable[[Path], tuple[str, Path]]:
    """A tree of one mesh file, with a picture beside it."""

    def write(root: Path) -> tuple[str, Path]:
        for module in needs:
            pytest.importorskip(module, reason="the extra [formats] is not installed")
        root.mkdir()
        content = make()
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (root / "t.png").write_bytes(picture(np.zeros((4, 4, 3))))
        return f"meshes:{root}", root / name

    return write


def write_set(kind: str, file: str) -> Callable[[Path], tuple[str, Path]]:
    """A published set's tree of one object, and the file to mutate."""

    def write(root: Path) -> tuple[str, Path]:
        WRITERS[kind](root, 1)
        return f"{kind}:{root}", next(root.glob(f"**/{file}"))

    return write


def ktx2_glb() -> bytes:
    import alktx2

    data = alktx2.encode_bytes_to_ktx2(picture(np.zeros((16, 16, 3))), mime="image/png", codec="uastc")
    return textured_glb(data)


def write_capture_set(kind: str, file: str) -> Callable[[Path], tuple[str, Path]]:
    def write(root: Path) -> tuple[str, Path]:
        if kind == "uco3d":
            pytest.importorskip("av", reason="the extra [captures] is not installed")
            write_uco3d(root, ring(range(0, 360, 60)))
        else:
            write_wildrgbd(root, ring(range(0, 360, 60)))
        return f"{kind}:{root}", next(root.glob(f"**/{file}"))

    return write


def write_colmap_text(root: Path) -> tuple[str, Path]:
    pytest.importorskip("pycolmap", reason="the extra [captures] is not installed")
    names = write_photos(root / "images", 6)
    write_colmap(root / "sparse", ring(range(0, 360, 60)), names, text=True)
    return f"colmap:{root}", root / "sparse" / "images.txt"


TREES: dict[str, Callable[[Path], tuple[str, Path]]] = {
    "glb": write_glb,
    "gltf": write_gltf,
    "obj": write_obj,
    "ply": write_ply,
    "stl": write_stl,
    "transforms.json": write_nerf_tree,
    "frame_annotations.jgz": write_co3d_tree,
    "cameras.bin": write_colmap_tree("cameras.bin"),
    "images.bin": write_colmap_tree("images.bin"),
    "points3D.bin": write_colmap_tree("points3D.bin"),
    "images.txt": write_colmap_text,
    "off": write_one("a.off", lambda: "COFF\n3 1 0\n0 0 0 1 0 0 1\n1 0 0 1 0 0 1\n0 1 0 1 0 0 1\n3 0 1 2\n"),
    "3mf": write_one("a.3mf", lambda: trimesh.creation.box().export(file_type="3mf"), "lxml", "networkx"),
    "dae": write_one("a.dae", dae, "collada"),
    "fbx": write_one("a.fbx", fbx, "ufbx"),
    "usdz": write_one("a.usdz", usdz, "pxr"),
    "ktx2": write_one("a.glb", ktx2_glb, "alktx2"),
    "gso": write_set("gso", "model.mtl"),
    "abo": write_set("abo", "listings_0.json.gz"),
    "cam_poses.txt": write_capture_set("wildrgbd", "cam_poses.txt"),
    "metadata.sqlite": write_capture_set("uco3d", "metadata.sqlite"),
    "rgb_video.mp4": write_capture_set("uco3d", "rgb_video.mp4"),
}


def mutated(original: bytes, path: Path, rng: np.random.Generator) -> bytes:
    """Half of the mutations of compressed files change the decompressed content."""
    mutate = MUTATIONS[rng.integers(len(MUTATIONS))]
    if path.suffix == ".jgz" and rng.random() < 0.5:
        return gzip.compress(mutate(gzip.decompress(original), rng), 1)
    return mutate(original, rng)


def read_all(source: Source) -> str:
    """``read``, or the reason for the refusal."""
    try:
        for asset_id in source.ids():
            asset = source.load(asset_id)
            if isinstance(asset, CaptureAsset):
                assert all(len(photo.read()) > WIDTH for photo in asset.photos)
        return "read"
    except AssetError as error:
        return error.reason
    except UsageError:
        return "nothing_to_read"


@pytest.mark.parametrize("kind", TREES)
def test_a_mutated_file_is_read_or_refused_and_never_looks_outside(tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_text(json.dumps({"frames": []}))
    root = tmp_path / "tree"
    spec, path = TREES[kind](root)
    original = path.read_bytes()
    assert read_all(open_source(spec)) == "read"  # The original file. This also triggers all late imports.
    for number in range(max(1, FILES // len(TREES))):
        rng = np.random.default_rng([number, len(kind)])
        path.write_bytes(mutated(original, path, rng))
        _opened.clear()
        start, _watching[0] = time.monotonic(), True
        try:
            outcome = read_all(open_source(spec))
        finally:
            _watching[0] = False
        assert re.fullmatch(r"[a-z_]+", outcome)
        assert time.monotonic() - start < SECONDS_EACH, (number, outcome)
        outside = [p for p in _opened if not _is_inside(p, root) and not (kind == "fbx" and p == "/subprocess.Popen")]
        assert not outside, (number, outside)


def _is_inside(path: str, root: Path) -> bool:
    """True for paths in the tree and for modules that Python imports late."""
    return Path(os.path.realpath(path)).is_relative_to(root.resolve()) or path.endswith((".py", ".pyc", ".so"))
