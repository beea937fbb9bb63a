"""Rows of a metadata.csv are found by name without reading the whole file, compared with csv.DictReader."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewpoint100k.assets import metadata_index
from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.assets.mesh_metadata import Metadata
from viewpoint100k.assets.metadata_index import read_index

TEXT = st.text(st.sampled_from('aé,"\n \r日x'), max_size=6)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(TEXT, TEXT), max_size=12), bom=st.booleans(), ending=st.sampled_from(["\n", "\r\n"]))
def test_rows_are_those_of_the_csv_module(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], bom: bool, ending: str
) -> None:
    path = tmp_path_factory.mktemp("index") / "metadata.csv"
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator=ending, quoting=csv.QUOTE_ALL)
        writer.writerows([("creator", "file", "uri"), *((a, f"{i}.ply", b) for i, (a, b) in enumerate(rows))])
    index = read_index(path, AssetStore(path.with_name("store")))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, strict=True)
        for place, row in enumerate(reader):
            assert index.find(f"{place}.ply") == place
            assert dict(zip(index.fields, index.row(place), strict=True)) == row
            assert index.lines[place] == reader.line_num
    assert len(index.lines) == len(rows)
    assert index.find("absent.ply") is None


def test_rows_without_an_object_and_second_rows_are_unplaced(tmp_path: Path) -> None:
    path = tmp_path / "metadata.csv"
    path.write_text("file,uri\na.ply,1\nb.ply,2\n.\\a.ply,3\nc.ply\nd\\e.ply,4\n")
    assert Metadata(path).unplaced(["a.ply", "d/e.ply"]) == tuple(f"metadata.csv line {n}" for n in (3, 4, 5))
    assert Metadata(tmp_path / "absent.csv").unplaced(["a.ply"]) == ()


def test_a_large_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, store = tmp_path / "metadata.csv", AssetStore(tmp_path / "store")
    path.write_text("file,uri\n" + "".join(f"{i}.ply,https://example.org/{i}\n" for i in range(1200)))
    reads, read = list[Path](), metadata_index._read
    monkeypatch.setattr(metadata_index, "_read", lambda path: (reads.append(path), read(path))[1])
    for _ in range(3):
        index = read_index(path, store)
        place = index.find("777.ply")
        assert place is not None
        assert index.row(place) == ["777.ply", "https://example.org/777"]
    assert len(reads) == 1
    with path.open("a") as stream:
        stream.write("more.ply,x\n")
    os.utime(path, ns=(1, 1))
    assert read_index(path, store).find("more.ply") == 1200
    assert len(reads) == 2
