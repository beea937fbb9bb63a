"""The asset store: shared between processes, limited in size, and safe against damaged values."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from viewpoint100k.assets import file_listing
from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.assets.file_listing import FilesById, file_of, list_files

PLY = frozenset({".ply"})


def keys(count: int) -> list[bytes]:
    return [i.to_bytes(16, "little") for i in range(count)]


def test_what_is_put_is_there_for_others(tmp_path: Path) -> None:
    AssetStore(tmp_path / "store").put({key: bytes([i]) * 1000 for i, key in enumerate(keys(200))})
    found = AssetStore(tmp_path / "store").get([*keys(200), b"none"])
    assert found == {key: bytes([i]) * 1000 for i, key in enumerate(keys(200))}


def test_a_damaged_value_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    store = AssetStore(tmp_path / "store")
    store.put({b"a": b"first" * 50, b"b": b"second" * 50})
    with sqlite3.connect(tmp_path / "store") as connection:
        (value,) = connection.execute("select value from entries where key = ?", (b"a",)).fetchone()
        connection.execute("update entries set value = ? where key = ?", (value[: len(value) // 2], b"a"))
    assert store.get([b"a", b"b"]) == {b"b": b"second" * 50}


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""])
def test_a_file_that_is_no_store_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "store").write_bytes(content)
    store = AssetStore(tmp_path / "store")
    assert store.get([b"a"]) == {}
    store.put({b"a": b"value"})
    assert AssetStore(tmp_path / "store").get([b"a"]) == {b"a": b"value"}


def test_a_store_that_cannot_be_written_is_done_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    store = AssetStore(tmp_path / "file" / "store")
    store.put({b"a": b"value"})
    assert store.get([b"a"]) == {}
    assert capsys.readouterr().err.count("continuing without the asset store") == 1


def test_a_store_stays_within_its_bound(tmp_path: Path) -> None:
    """The value that was unused for the longest time is removed first."""
    store = AssetStore(tmp_path / "store", most_bytes=400_000)
    store.put({key: os.urandom(2000) for key in keys(300)})
    with sqlite3.connect(tmp_path / "store") as connection:
        connection.execute("update entries set used = used - 9")
    recent = keys(50)
    assert len(store.get(recent)) == 50
    store.shrink()
    assert (tmp_path / "store").stat().st_size <= 400_000
    assert len(store.get(recent)) == 50
    assert len(store.get(keys(300))) < 200


WRITER = """
import os, sys
from pathlib import Path
from viewpoint100k.assets.asset_store import AssetStore
store = AssetStore(Path(sys.argv[1]))
for i in range(40):
    store.put({f"{sys.argv[2]}-{i}".encode(): os.urandom(500)})
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WRITER, tmp_path / "store"]
    writers = [subprocess.Popen([*command, str(i)], env=environment) for i in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    assert len(AssetStore(tmp_path / "store").get(f"{w}-{i}".encode() for w in range(4) for i in range(40))) == 160


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files in two folders. Their modification times are long ago."""
    monkeypatch.setattr(file_listing, "_WORTH_STORING", 1)
    monkeypatch.setattr(file_listing, "_UNSETTLED_NS", 0)
    folder = tmp_path / "files"
    for name in ("b/2.ply", "b/1.PLY", "a/3.ply", "b/note.txt", ".hidden/4.ply", "b/.5.ply"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / "link").symlink_to(folder / "a")
    time.sleep(0.05)
    return folder


def test_a_folder_is_listed_once_until_it_changes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, walks = AssetStore(tmp_path / "store"), list[Path]()
    walk = file_listing._walk
    monkeypatch.setattr(file_listing, "_walk", lambda root, *rest: (walks.append(root), walk(root, *rest))[1])
    assert list(list_files(folder, PLY, store)) == ["a/3.ply", "b/1.PLY", "b/2.ply"]
    assert list(list_files(folder, PLY, store)) == ["a/3.ply", "b/1.PLY", "b/2.ply"]
    assert len(walks) == 1
    (folder / "b" / "0.ply").write_bytes(b"x")
    assert list(list_files(folder, PLY, store)) == ["a/3.ply", "b/0.ply", "b/1.PLY", "b/2.ply"]
    (folder / "a" / "3.ply").unlink()
    assert list(list_files(folder, PLY, store)) == ["b/0.ply", "b/1.PLY", "b/2.ply"]
    assert len(walks) == 3


def test_names_in_one_buffer_read_like_a_list_of_them() -> None:
    listed = ["a/é.ply", "b", "c/1.ply"]
    names = file_listing.Names("\0".join(listed).encode())
    assert list(names) == listed
    assert names[-1] == "c/1.ply"
    assert names[:2] == listed[:2]
    assert "b" in names
    with pytest.raises(IndexError):
        names[3]
    assert list(file_listing.Names(b"")) == []


def test_a_folder_that_changed_a_moment_ago_is_listed_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_listing, "_UNSETTLED_NS", 10**12)
    store = AssetStore(tmp_path / "store")
    list_files(folder, PLY, store)
    times = (folder / "b").stat()
    (folder / "b" / "0.ply").write_bytes(b"x")
    os.utime(folder / "b", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "b/0.ply" in list_files(folder, PLY, store)


@pytest.mark.parametrize("name", ["link/3.ply", "b/note.txt", ".hidden/4.ply", "b/.5.ply", "../files/a/3.ply", "b", ""])
def test_what_is_not_listed_is_no_file_of_the_folder(folder: Path, name: str) -> None:
    assert file_of(folder, name, PLY) is None
    assert name not in FilesById(folder, [], PLY)


def test_what_is_listed_is_found_by_its_name(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.ply")).write_bytes(b"odd")
    files = FilesById(folder, list_files(folder, PLY), PLY)
    assert len(files) == 4
    assert all(path.is_file() for path in files.values())
    assert files["\\xff.ply"].read_bytes() == b"odd"
