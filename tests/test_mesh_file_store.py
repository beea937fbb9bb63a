"""What was read of a large mesh file is the same when it is recalled, and is read again when anything has changed."""

from __future__ import annotations

import os
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gltf_writing import TRIANGLE, GltfWriter, picture

from viewpoint100k.assets import mesh_file_store
from viewpoint100k.assets.mesh_file_store import MeshFileStore, read_or_recall
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.mesh_bytes import from_bytes, to_bytes
from viewpoint100k.assets.mesh_files.reading import MeshFile, read_mesh_file
from viewpoint100k.assets.reader_version import version_of_readers
from viewpoint100k.geometry.mesh import Material, Mesh, Primitive, Texture


def two_parts() -> MeshFile:
    """Two primitives that share a material and its texture, and one without any."""
    rng = np.random.default_rng(3)
    shared = Texture(rng.integers(0, 256, (3, 5, 4)).astype(np.uint8), ("mirror", "clamp"))
    look = Material((0.1, 0.2, 1 / 3, 1.0), shared, 0.25, emissive=(1e-9, 2.0, 3.0), emissive_texture=shared)
    look = Material(**{f.name: getattr(look, f.name) for f in fields(Material)} | {"alpha_mode": "MASK", "unlit": True})

    def part(count: int, material: Material, **rest: Any) -> Primitive:
        places, normals = rng.normal(size=(2, count, 3)).astype(np.float32)
        triangles = rng.integers(0, count, (2 * count, 3)).astype(np.uint32)
        return Primitive(places, triangles, normals, material=material, **rest)

    uvs, colors = rng.random((7, 2)).astype(np.float32), rng.random((5, 4)).astype(np.float32)
    parts = part(7, look, uvs=uvs), part(9, Material()), part(5, look, colors=colors)
    return MeshFile(Mesh(parts), rng.normal(size=(4, 4)), "ab" * 32, ("metal_default", "unlit"))


def assert_same(one: MeshFile, other: MeshFile) -> None:
    assert (one.sha256, one.notes) == (other.sha256, other.notes)
    np.testing.assert_array_equal(one.normalization, other.normalization, strict=True)
    for p, q in zip(one.mesh.primitives, other.mesh.primitives, strict=True):
        for name in ("positions", "triangles", "normals", "uvs", "colors"):
            a, b = getattr(p, name), getattr(q, name)
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(a, b, strict=True)
        for field in fields(Material):
            a, b = getattr(p.material, field.name), getattr(q.material, field.name)
            if isinstance(a, Texture):
                np.testing.assert_array_equal(a.pixels, b.pixels, strict=True)
                assert a.wrap == b.wrap
            else:
                assert a == b


def encoded(file: MeshFile) -> bytes:
    return b"".join(to_bytes(file))


def test_what_is_recalled_is_what_was_kept(tmp_path: Path) -> None:
    store, file = MeshFileStore(tmp_path / "meshes"), two_parts()
    assert store.get("a") is None
    store.put("a", file)
    found = store.get("a")
    assert found is not None
    assert_same(file, found)
    first, _, last = found.mesh.primitives
    assert first.material is last.material  # Renderers draw primitives of one material together.
    assert first.material.base_color_texture is first.material.emissive_texture
    assert store.get("b") is None
    assert store.clear() == len(encoded(file))
    assert store.get("a") is None


def test_damaged_bytes_are_no_mesh() -> None:
    whole = encoded(two_parts())
    found = from_bytes(memoryview(whole))
    assert found is not None
    for end in (0, 1, 40, len(whole) - 64, len(whole) - 1):
        assert from_bytes(memoryview(whole[:end])) is None
    for place in [*range(whole.index(b"\n")), *range(whole.index(b"\n") + 1, len(whole), 97)]:
        changed = bytearray(whole)
        changed[place] ^= 16
        assert from_bytes(memoryview(bytes(changed))) is None
    assert from_bytes(memoryview(whole.replace(b"<f4", b"|O8"))) is None


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A GLB file that counts as large and slow."""
    monkeypatch.setattr(mesh_file_store, "_LARGE_BYTES", 0)
    monkeypatch.setattr(mesh_file_store, "_SLOW_S", -1.0)
    path = tmp_path / "a.glb"
    path.write_bytes(glb(embedded=True))
    return path


def glb(*, embedded: bool, name: str = "A") -> bytes:
    writer = GltfWriter()
    texture = writer.texture(picture([[[9, 8, 7], [6, 5, 4]]]) if embedded else {"uri": "texture.png"})
    writer.append("materials", {"name": name, "pbrMetallicRoughness": {"baseColorTexture": texture}})
    attributes = {"POSITION": writer.accessor(TRIANGLE), "TEXCOORD_0": writer.accessor([[0, 0], [1, 0], [0, 1]])}
    writer.node(mesh=writer.mesh(attributes, [0, 1, 2], material=0))
    return writer.glb()


def times_read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A list that grows with each reading of a file."""
    seen: list[Path] = []

    def read(path: Path, *rest: Any) -> MeshFile:
        seen.append(path)
        return read_mesh_file(path, *rest)

    monkeypatch.setattr(mesh_file_store, "read_mesh_file", read)
    return seen


def test_a_large_file_is_read_once_until_it_changes(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, seen = MeshFileStore(written.parent / "meshes"), times_read(monkeypatch)

    def read(limits: MeshLimits | None = None) -> MeshFile:
        return read_or_recall(written, written.parent, limits or MeshLimits(), store=store)

    first = read()
    assert_same(first, read())
    assert len(seen) == 1
    read(MeshLimits(max_texture_size=1))
    assert len(seen) == 2
    os.utime(written, (1, 1))
    assert_same(first, read())
    assert len(seen) == 3
    for path in store.folder.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert_same(first, read())
    assert len(seen) == 4


def test_a_file_with_another_content_of_the_same_size_and_time_is_read_again(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, seen, old = MeshFileStore(written.parent / "meshes"), times_read(monkeypatch), written.stat()
    first = read_or_recall(written, written.parent, MeshLimits(), store=store)
    while written.stat().st_ctime_ns == old.st_ctime_ns:  # The clock of a file system has coarse steps.
        written.write_bytes(glb(embedded=True, name="B"))
    os.utime(written, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert (written.stat().st_size, written.stat().st_mtime_ns) == (old.st_size, old.st_mtime_ns)
    second = read_or_recall(written, written.parent, MeshLimits(), store=store)
    assert len(seen) == 2
    assert first.sha256 != second.sha256


def test_a_file_that_changes_while_it_is_read_is_not_kept(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, *rest: Any) -> MeshFile:
        os.utime(path, (1, 1))
        return read_mesh_file(path, *rest)

    monkeypatch.setattr(mesh_file_store, "read_mesh_file", read)
    store = MeshFileStore(written.parent / "meshes")
    read_or_recall(written, written.parent, MeshLimits(), store=store)
    assert not store.folder.exists()


def test_the_environment_switches_the_store_off(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mesh_file_store.SWITCH, "0")
    store = MeshFileStore(written.parent / "meshes")
    read_or_recall(written, written.parent, MeshLimits(), store=store)
    assert not store.folder.exists()


def test_a_file_that_refers_to_others_is_read_every_time(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.write_bytes(glb(embedded=False))
    written.with_name("texture.png").write_bytes(picture([[[9, 8, 7], [6, 5, 4]]]))
    store, seen, references = MeshFileStore(written.parent / "meshes"), times_read(monkeypatch), list[Path]()
    for _ in range(2):
        read_or_recall(written, written.parent, MeshLimits(), on_reference=references.append, store=store)
    assert len(seen) == 2
    assert references == [written.with_name("texture.png")] * 2


def test_a_small_file_is_not_kept(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mesh_file_store, "_LARGE_BYTES", 10**6)
    store = MeshFileStore(written.parent / "meshes")
    read_or_recall(written, written.parent, MeshLimits(), store=store)
    assert not store.folder.exists()


def test_a_full_store_deletes_only_what_was_not_used_for_a_day(tmp_path: Path) -> None:
    file = two_parts()
    store = MeshFileStore(tmp_path, most_bytes=2 * len(encoded(file)))
    for key in ("old", "new", "late"):
        store.put(key, file)
    assert {path.stem for path in tmp_path.iterdir()} == {"old", "new"}
    os.utime(tmp_path / "old.mesh", (1, 1))
    store.put("late", file)
    assert {path.stem for path in tmp_path.iterdir()} == {"late", "new"}


def test_a_store_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    tmp_path.joinpath("meshes").write_text("a file where the folder should be")
    store = MeshFileStore(tmp_path / "meshes")
    store.put("a", two_parts())
    assert store.get("a") is None


def test_a_package_that_reads_a_format_is_part_of_the_version_of_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    before, known = version_of_readers.__wrapped__(), metadata.version
    assert version_of_readers.__wrapped__() == before
    for package in ("DracoPy", "numpy"):
        monkeypatch.setattr(metadata, "version", lambda name, one=package: "99.0" if name == one else known(name))
        assert version_of_readers.__wrapped__() != before
