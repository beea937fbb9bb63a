"""A broken record is the only one that is lost: a table of readers by kinds of damage.

Each reader gets nine good records and one that is broken in one of its fields. What it makes of the nine must be, byte
for byte, what it makes of them without the broken one; and the broken one must be counted, or used as if the field had
not been there.
"""

import gzip
import json
import sqlite3
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capture_trees import WIDTH, co3d_viewpoint, ring, write_colmap, write_jgz, write_photos
from objaverse_hub import V1, glb_of_a_box, make_hub, put_parquet, uid_of, xl_row, zipped
from set_trees import obj

from viewpoint100k.assets import CaptureAsset, open_source
from viewpoint100k.assets.objaverse import ObjaverseSource, parse_objaverse_spec
from viewpoint100k.assets.objaverse_cache import ObjaverseCache
from viewpoint100k.errors import AssetError

GOOD = 9
Fingerprints = dict[str, Any]
Outcome = tuple[Fingerprints, int]
"""The records that were read, by id, and the number of records that were left out or refused."""

KINDS: dict[str, Any] = {
    "missing": "@MISSING@",
    "another type": {"x": [1, {}]},
    "a list": [[], "x"],
    "NaN": float("nan"),
    "infinity": float("inf"),
    "null": None,
    "a number too long": "@LONG@",
    "bad UTF-8": "@BYTES@",
    "half a surrogate": "@SURROGATE@",
    "a path that leads out": "../../../../etc/passwd",
    "an absolute path": "/etc/passwd",
    "an empty text": "",
}


def encoded(value: Any) -> bytes:
    """JSON with values that Python's writer refuses."""
    text = json.dumps(value).encode()
    text = text.replace(b'"@LONG@"', b"9" * 5000).replace(b"@BYTES@", b"\xff\xfe\x80")
    return text.replace(b"@SURROGATE@", b"\\ud800")


def broken(record: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The record with ``value`` at ``place``, such as ``image.path``."""
    copy = json.loads(json.dumps(record))
    *above, last = place.split(".")
    target = copy
    for key in above:
        target = target[key]
    if value == "@MISSING@":
        del target[last]
    else:
        target[last] = value
    return copy


def captures(spec: str) -> Outcome:
    """Every capture with its photos' bytes and what was left out."""
    source, found, lost = open_source(spec), {}, 0
    for asset_id in source.ids():
        try:
            capture = source.load(asset_id)
        except AssetError:
            lost += 1
            continue
        assert isinstance(capture, CaptureAsset)
        lost += len(capture.dropped_photos) + len(capture.notes)
        for photo in capture.photos:
            found[f"{asset_id} {photo.name}"] = photo.read()
    return found, lost


# CO3D


def co3d_frames(sequence: str, count: int = 4) -> list[dict[str, Any]]:
    return [
        {
            "sequence_name": sequence,
            "frame_number": i,
            "image": {"path": f"chair/{sequence}/images/{i:03d}.jpg", "size": [120, 160]},
            "mask": None,
            "viewpoint": co3d_viewpoint(camera),
        }
        for i, camera in enumerate(ring(range(0, 360, 360 // count)))
    ]


def co3d_sequences(root: Path, place: str, value: Any) -> Outcome:
    names = [f"seq{i}" for i in range(GOOD + 1)]
    frames = []
    for name in names:
        write_photos(root / "chair" / name / "images", 4)
        frames += co3d_frames(name)
    write_jgz(root / "chair" / "frame_annotations.jgz", frames)
    records = [{"sequence_name": name, "viewpoint_quality_score": 1.0, "point_cloud": None} for name in names]
    write_list(root / "chair" / "sequence_annotations.jgz", records, place, value)
    return captures(f"co3d:{root}")


def co3d_frame_list(root: Path, place: str, value: Any) -> Outcome:
    write_photos(root / "chair" / "seq" / "images", GOOD + 1)
    write_list(root / "chair" / "frame_annotations.jgz", co3d_frames("seq", GOOD + 1), place, value)
    write_jgz(root / "chair" / "sequence_annotations.jgz", [{"sequence_name": "seq"}])
    return captures(f"co3d:{root}")


def write_list(path: Path, records: list[dict[str, Any]], place: str, value: Any) -> None:
    """The list with the middle record damaged, or without it if ``place`` is empty."""
    middle = GOOD // 2
    records = [*records[:middle], *([broken(records[middle], place, value)] if place else []), *records[middle + 1 :]]
    path.write_bytes(gzip.compress(encoded(records)))


# transforms.json


def transforms(root: Path, place: str, value: Any) -> Outcome:
    cameras = ring(range(0, 360, 36))
    names = write_photos(root / "images", GOOD + 1)
    frames: list[dict[str, Any]] = [
        {"file_path": f"images/{name}", "transform_matrix": (c.camera_to_world @ np.diag([1.0, -1, -1, 1])).tolist()}
        | {"fl_x": c.intrinsics[0, 0], "w": c.width, "h": c.height}
        for name, c in zip(names, cameras, strict=True)
    ]
    middle = GOOD // 2
    frames = [*frames[:middle], *([broken(frames[middle], place, value)] if place else []), *frames[middle + 1 :]]
    (root / "transforms.json").write_bytes(encoded({"frames": frames}))
    return captures(f"nerf:{root}")


# COLMAP, in text


def colmap(table: str) -> Callable[[Path, str, Any], Outcome]:
    def written(root: Path, place: str, value: Any) -> Outcome:
        cameras = ring(range(0, 360, 36))
        names = write_photos(root / "images", GOOD + 1)
        points = np.random.default_rng(0).normal(size=(20, 3)) * 0.2
        seen = [[i % 10, (i + 1) % 10] for i in range(20)]
        write_colmap(root / "sparse" / "0", cameras, names, points=points, seen_by=seen, text=True)
        path = root / "sparse" / "0" / f"{table}.txt"
        lines = path.read_bytes().split(b"\n")
        starts = [i for i, line in enumerate(lines) if line and not line.startswith(b"#")]
        step = 2 if table == "images" else 1
        at = starts[step * (GOOD // 2)] if table != "cameras" else starts[-1]
        if table == "cameras":  # A lens without photos.
            lines.insert(at, b"99 PINHOLE 160 120 200 200 80 60")
        if place:
            lines[at] = broken_line(lines[at], int(place), value)
        else:
            del lines[at : at + step]
        path.write_bytes(b"\n".join(lines))
        return captures(f"colmap:{root}")

    return written


def broken_line(line: bytes, word: int, value: Any) -> bytes:
    words = line.split()
    words[word : word + 1] = [] if value == "@MISSING@" else [plain(value)]
    return b" ".join(words)


def plain(value: Any) -> bytes:
    """A word for a file of plain text."""
    texts = {"@LONG@": b"9" * 5000, "@BYTES@": b"\xff\xfe\x80", "@SURROGATE@": b"\xed\xa0\x80"}
    if isinstance(value, str):
        return texts.get(value, value.encode())
    return b"null" if value is None else json.dumps(value).replace(" ", "").encode()


# WildRGB-D


def wildrgbd(root: Path, place: str, value: Any) -> Outcome:
    scene = root / "bus" / "scenes" / "scenes_1"
    cameras = ring(range(0, 360, 36))
    write_photos(scene / "rgb", GOOD + 1)
    lines = []
    for i, camera in enumerate(cameras):
        (scene / "rgb" / f"{i:03d}.jpg").rename(scene / "rgb" / f"{i:05d}.png")
        lines.append(" ".join([str(i), *(repr(float(v)) for v in camera.camera_to_world.ravel())]).encode())
    middle = GOOD // 2
    changed = [broken_line(lines[middle], int(place), value)] if place else []
    (scene / "cam_poses.txt").write_bytes(b"\n".join([*lines[:middle], *changed, *lines[middle + 1 :]]))
    first = cameras[0]
    lens = {"w": first.width, "h": first.height, "K": first.intrinsics.T.ravel().tolist()}
    (scene / "metadata").write_text(json.dumps(lens))
    return captures(f"wildrgbd:{root}")


# uCO3D


def uco3d(table: str) -> Callable[[Path, str, Any], Outcome]:
    def written(root: Path, place: str, value: Any) -> Outcome:
        names = [f"seq{i}" for i in range(GOOD + 1)] if table == "sequence_annots" else ["seq"]
        count = 4 if table == "sequence_annots" else GOOD + 1
        with sqlite3.connect(root / "metadata.sqlite") as db:
            db.execute(
                "CREATE TABLE sequence_annots (sequence_name, category, super_category,"
                "_reconstruction_quality_viewpoint, _segmented_point_cloud_path, _sparse_point_cloud_path, _video_path)"
            )
            db.execute(
                "CREATE TABLE frame_annots (sequence_name, frame_number, frame_timestamp, _image_path, _image_size,"
                "_mask_path, _viewpoint_R, _viewpoint_T, _viewpoint_focal_length, _viewpoint_principal_point)"
            )
            for name in names:
                db.execute("INSERT INTO sequence_annots VALUES (?,'chair','seat',1.2,NULL,NULL,NULL)", [name])
                write_photos(root / "images" / name, count)
                for i, camera in enumerate(ring(range(0, 360, 360 // count))):
                    view = co3d_viewpoint(camera)
                    numbers = [np.ravel(view[key]) for key in ("R", "T", "focal_length", "principal_point")]
                    packed = [struct.pack(f"<{len(one)}f", *one) for one in numbers]
                    size = struct.pack("<ii", camera.height, camera.width)
                    row = [name, i, i / 10, f"images/{name}/{i:03d}.jpg", size, None, *packed]
                    db.execute(f"INSERT INTO frame_annots VALUES ({','.join('?' * 10)})", row)
            where = "sequence_name = 'seq4'" if table == "sequence_annots" else "frame_number = 4"
            if place:
                db.execute(f"UPDATE {table} SET {place} = ? WHERE {where}", [stored(value)])
            else:
                db.execute(f"DELETE FROM {table} WHERE {where}")
        db.close()
        return captures(f"uco3d:{root}")

    return written


def stored(value: Any) -> Any:
    """Something that SQLite can hold."""
    texts = {"@MISSING@": None, "@LONG@": "9" * 5000, "@BYTES@": b"\xff\xfe\x80", "@SURROGATE@": b"\xed\xa0\x80"}
    if isinstance(value, str):
        return texts.get(value, value)
    return value if isinstance(value, float) or value is None else json.dumps(value)


# metadata.csv


def metadata(root: Path, place: str, value: Any) -> Outcome:
    columns = ("file", "category", "license", "creator", "uri", "front", "up")
    lines = [",".join(columns).encode()]
    for i in range(GOOD + 1):
        (root / f"{i}.obj").write_text(obj(None, None, "y"))
        words = [f"{i}.obj", "box", "CC0-1.0", "Doe", "https://example.org", "+x", "y"]
        cells = [word.encode() for word in words]
        if i == GOOD // 2:
            if not place:
                continue
            column = columns.index(place)
            cells[column : column + 1] = [] if value == "@MISSING@" else [plain(value).replace(b",", b";")]
        lines.append(b",".join(cells))
    (root / "metadata.csv").write_bytes(b"\n".join(lines))
    source, found, lost = open_source(f"meshes:{root}"), {}, 0
    for asset_id in source.ids():
        try:
            asset = source.load(asset_id)
        except AssetError:
            lost += 1
            continue
        if asset_id != f"{GOOD // 2}.obj":
            found[asset_id] = (asset.origin, asset.front is not None and asset.front.tolist())
    return found, lost


# Objaverse


def objaverse(file: str) -> Callable[[Path, str, Any], Outcome]:
    def written(root: Path, place: str, value: Any) -> Outcome:
        hub = make_hub(root / "hub", GOOD + 1)
        base = root / "cache"
        (root / "hub" / V1).rename(base / "hf-objaverse-v1") if base.mkdir() is None else None
        lost_uid = uid_of(5)
        paths = sorted((base / "hf-objaverse-v1").glob(file))
        for path in paths:
            content = json.loads(gzip.decompress(path.read_bytes()))
            content = changed(content, lost_uid, place, value)
            path.write_bytes(gzip.compress(encoded(content)))
        cache = ObjaverseCache(base, "http://127.0.0.1:9", offline=True)
        source = ObjaverseSource(parse_objaverse_spec("objaverse:licenses=any"), cache=cache, wait_s=0)
        found: Fingerprints = {}
        for asset_id in source.ids():
            if asset_id != lost_uid:
                found[asset_id] = source.load(asset_id).origin
        assert len(hub.uids) == GOOD + 1
        return found, sum(source.left_out.values())

    return written


def changed(content: dict[str, Any], uid: str, place: str, value: Any) -> dict[str, Any]:
    """One object's entry damaged, wholly if ``place`` is ``.``, or removed if it is empty."""
    if uid not in content:  # LVIS: lists of objects by category.
        if place and content and all(isinstance(one, list) for one in content.values()):
            first = sorted(content)[0]
            content[first] = [*content[first], value]
        return content
    if not place or (place == "." and value == "@MISSING@"):
        return {key: one for key, one in content.items() if key != uid}
    return {**content, uid: value if place == "." else broken(content[uid], place, value)}


def objaverse_xl(root: Path, place: str, value: Any) -> Outcome:
    hub = make_hub(root / "hub", 1)
    rows = []
    for i in range(GOOD + 1):
        row = xl_row(f"https://example.org/{i}.glb", "smithsonian", glb_of_a_box(i), "CC0 1.0")
        if i == GOOD // 2:
            if not place:
                continue
            row = {**row, place: stored(value) if isinstance(stored(value), str) else None}
        rows.append(row)
    put_parquet(hub, "smithsonian", rows)
    (annotations,) = (root / "hub").glob("**/*smithsonian*.parquet")
    cache = ObjaverseCache(root / "cache", "http://127.0.0.1:9", offline=True)
    target = cache.base / "smithsonian" / "smithsonian.parquet"
    target.parent.mkdir(parents=True)
    annotations.rename(target)
    spec = "objaverse-xl:sources=smithsonian;licenses=any"
    source = ObjaverseSource(parse_objaverse_spec(spec), cache=cache, wait_s=0)
    broken_one = f"https://example.org/{GOOD // 2}.glb"
    return {asset_id: asset_id for asset_id in source.ids() if asset_id != broken_one}, sum(source.left_out.values())


READERS: dict[str, tuple[Callable[[Path, str, Any], Outcome], Sequence[str]]] = {
    "CO3D sequences": (co3d_sequences, ("sequence_name", "viewpoint_quality_score", "point_cloud")),
    "CO3D frames": (
        co3d_frame_list,
        ("sequence_name", "frame_number", "image", "image.path", "image.size", "viewpoint", "viewpoint.R", "mask"),
    ),
    "transforms.json": (transforms, ("file_path", "transform_matrix", "fl_x", "w")),
    "COLMAP images": (colmap("images"), ("0", "1", "5", "8", "9")),
    "COLMAP cameras": (colmap("cameras"), ("0", "1", "2", "4")),
    "COLMAP points": (colmap("points3D"), ("0", "1", "4", "7", "8")),
    "WildRGB-D": (wildrgbd, ("0", "1", "12")),
    "uCO3D sequences": (
        uco3d("sequence_annots"),
        ("sequence_name", "category", "_reconstruction_quality_viewpoint", "_sparse_point_cloud_path", "_video_path"),
    ),
    "uCO3D frames": (
        uco3d("frame_annots"),
        ("frame_number", "frame_timestamp", "_image_path", "_image_size", "_mask_path", "_viewpoint_R"),
    ),
    "metadata.csv": (metadata, ("file", "category", "license", "creator", "front", "up")),
    "Objaverse paths": (objaverse("object-paths.json.gz"), (".",)),
    "Objaverse LVIS": (objaverse("lvis-annotations.json.gz"), (".",)),
    "Objaverse metadata": (
        objaverse("metadata/*.json.gz"), (".", "user", "license", "name", "archives", "viewerUrl")
    ),
    "Objaverse-XL": (objaverse_xl, ("fileIdentifier", "license", "fileType", "sha256")),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_a_broken_record_costs_no_sibling(tmp_path: Path, reader: str) -> None:
    """The table: every field of a reader's records by every kind of damage."""
    read, places = READERS[reader]
    (tmp_path / "without").mkdir()
    expected, _ = read(tmp_path / "without", "", None)
    assert len(expected) >= GOOD - 1
    lost = {}
    for number, (place, kind) in enumerate((place, kind) for place in places for kind in KINDS):
        root = tmp_path / str(number)
        root.mkdir()
        found, _ = read(root, place, KINDS[kind])
        missing = [key for key, value in expected.items() if found.get(key) != value]
        if missing:
            lost[place, kind] = missing
    assert lost == {}


COUNTED = [
    ("CO3D sequences", "sequence_name", "null"),
    ("CO3D frames", "sequence_name", "missing"),
    ("CO3D frames", "image.path", "a path that leads out"),
    ("CO3D frames", "viewpoint.R", "NaN"),
    ("transforms.json", "transform_matrix", "a number too long"),
    ("transforms.json", "file_path", "an absolute path"),
    ("COLMAP images", "1", "infinity"),
    ("COLMAP images", "8", "missing"),
    ("COLMAP points", "1", "NaN"),
    ("WildRGB-D", "12", "bad UTF-8"),
    ("uCO3D sequences", "sequence_name", "null"),
    ("uCO3D frames", "_viewpoint_R", "another type"),
    ("metadata.csv", "front", "NaN"),
    ("metadata.csv", "file", "a path that leads out"),
    ("Objaverse paths", ".", "a path that leads out"),
    ("Objaverse-XL", "sha256", "null"),
]


@pytest.mark.parametrize(("reader", "place", "kind"), COUNTED)
def test_a_broken_record_is_counted(tmp_path: Path, reader: str, place: str, kind: str) -> None:
    read, _ = READERS[reader]
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    _, before = read(tmp_path / "without", "", None)
    _, after = read(tmp_path / "with", place, KINDS[kind])
    assert after > before


def test_the_photos_of_these_trees_are_what_cameras_are_told(tmp_path: Path) -> None:
    """The good records of the table are read, so that a lost record would be noticed."""
    assert WIDTH == 160
    assert zipped({}) == gzip.compress(b"{}", mtime=0) or gzip.decompress(zipped({})) == b"{}"
    for reader in READERS:
        root = tmp_path / reader.replace(" ", "_")
        root.mkdir()
        found, _ = READERS[reader][0](root, "", None)
        assert len(found) >= GOOD - 1, reader
