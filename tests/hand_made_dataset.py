"""A small correct data set made by hand, for tests that need one to damage.

Cameras come from their axes, labels from an inverse and a matrix product with SciPy's Euler angles: neither
`viewpoint100k.check.row_checks` nor the builder has a part in it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import simplejpeg
from hypothesis import assume
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from viewpoint100k.check.findings import Report
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.geometry.row_cameras import StoredPair, read_camera

Row = dict[str, Any]
Shards = dict[str, list[Row]]

WIDTH, HEIGHT, FOCAL, RADIUS = 64, 48, 60.0, 0.5
CENTER = np.array([0.3, -0.2, 0.1])
QUESTION = "How did the camera move?\nA. {}\nB. {}\nC. {}\nAnswer with the letter alone."


def pose_on_orbit(azimuth_deg: float, elevation_deg: float, distance: float, pan_deg: float = 0.0) -> np.ndarray:
    """An upright camera around CENTER. It looks at CENTER, or ``pan_deg`` degrees to the right of it."""
    azimuth, elevation, pan = np.radians([azimuth_deg, elevation_deg, pan_deg])
    outward = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    # For a camera that faces inwards, the right is the direction of growing azimuth.
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    down = np.cross(-outward, right)
    pose = np.eye(4)
    pose[:3, 0] = np.cos(pan) * right + np.sin(pan) * outward
    pose[:3, 1] = down
    pose[:3, 2] = np.cos(pan) * -outward + np.sin(pan) * right
    pose[:3, 3] = CENTER + distance * outward
    return pose


def stored_pair(*poses: np.ndarray, **columns: Any) -> StoredPair:
    """Cameras with these poses, two or more, around CENTER; ``columns`` are other fields of the pair."""
    first, second, *others = [
        read_camera(
            {
                "camera_to_world": pose.ravel().tolist(),
                "intrinsics": [60.0, 0, 32, 0, 60, 24, 0, 0, 1],
                "mirrored": False,
                "width": WIDTH,
                "height": HEIGHT,
            }
        )
        for pose in poses
    ]
    x, y, z = CENTER
    return StoredPair(first, second, (x, y, z), RADIUS, tuple(others), **columns)


@st.composite
def poses(draw: st.DrawFn) -> np.ndarray:
    """A camera in any pose that is not straight above or below CENTER."""
    quaternion = [draw(st.floats(-1, 1)) for _ in range(4)]
    assume(np.linalg.norm(quaternion) > 0.1)
    offset = np.array([draw(st.floats(-3, 3)) for _ in range(3)])
    assume(np.hypot(*offset[:2]) > 0.1)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_quat(quaternion).as_matrix()
    pose[:3, 3] = CENTER + offset
    return pose


def jpeg(seed: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return bytes(simplejpeg.encode_jpeg(pixels, quality=90))


def relative_by_matrices(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    motion = np.linalg.inv(first) @ second
    yaw, pitch, roll = Rotation.from_matrix(motion[:3, :3]).as_euler("YXZ", degrees=True)
    polar = []
    for pose in (first, second):
        x, y, z = pose[:3, 3] - CENTER
        polar.append(
            (math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y))), math.hypot(x, y, z))
        )
    return {
        "azimuth_deg": (polar[1][0] - polar[0][0] + 180) % 360 - 180,
        "elevation_deg": polar[1][1] - polar[0][1],
        "yaw_deg": yaw,
        "pitch_deg": pitch,
        "roll_deg": roll,
        **dict(zip(("translation_x", "translation_y", "translation_z"), motion[:3, 3], strict=True)),
        "distance_ratio": polar[1][2] / polar[0][2],
        "overlap": 0.4,
    }


def quantity_by_matrices(kind: str, first: np.ndarray, second: np.ndarray) -> float:
    relative = relative_by_matrices(first, second)
    if kind == "ego_translation":
        return relative["translation_x"] / RADIUS
    if kind == "ego_rotation":
        return relative["yaw_deg"]
    # The observer's frame: looks at camera 1's place on the floor plan, right hand clockwise of that seen from above.
    ahead = (first[:3, 3] - CENTER)[:2] / np.linalg.norm((first[:3, 3] - CENTER)[:2])
    observers_right = Rotation.from_euler("z", -90, degrees=True).apply([*ahead, 0])
    return float((second[:3, 3] - CENTER) @ observers_right) / RADIUS


def make_row(kind: str, asset: int, pair: int, first: np.ndarray, second: np.ndarray, dead_zone: float) -> Row:
    value = quantity_by_matrices(kind, first, second)
    said = "left" if value < -dead_zone else "right" if value > dead_zone else "neither way"
    options = [
        f"To the {side}" if side != "neither way" else "Neither way" for side in ("left", "right", "neither way")
    ]
    random.Random(f"{kind}{pair}").shuffle(options)
    index = next(i for i, option in enumerate(options) if said in option.lower())
    intrinsics = [FOCAL, 0, WIDTH / 2, 0, FOCAL, HEIGHT / 2, 0, 0, 1]
    camera = {"intrinsics": intrinsics, "width": WIDTH, "height": HEIGHT, "mirrored": False}
    return {
        "id": f"{kind}-{pair}",
        "images": [{"bytes": jpeg(2 * pair + i), "path": f"{i}.jpg"} for i in range(2)],
        "question": QUESTION.format(*options),
        "options": options,
        "answer": "ABC"[index],
        "answer_text": options[index],
        "answer_value": value,
        "margin": abs(value) - dead_zone if said != "neither way" else dead_zone - abs(value),
        "question_type": kind,
        "template": f"{kind}/0",
        "group": f"pair-{pair}",
        "reasoning": None,
        "source": "procedural",
        "asset_id": f"asset-{asset}",
        "asset_sha256": hashlib.sha256(str(asset).encode()).hexdigest(),
        "category": "vase",
        "license": "CC0-1.0",
        "creator": "",
        "uri": "",
        "cameras": [{"camera_to_world": pose.ravel().tolist(), **camera} for pose in (first, second)],
        "object_center": CENTER.tolist(),
        "object_radius": RADIUS,
        "object_front": None,
        "relative": relative_by_matrices(first, second),
        "answerability": 0.2,
        "renderer": "hand",
        "seed": pair,
        "config": "c0ffee",
    }


def good_shards() -> Shards:
    """Two shards of one split and one of the other; right and left orbits, raised ones, and two pure pans."""
    pairs = [
        # asset, first pose, second pose
        (0, pose_on_orbit(10, 20, 2.0), pose_on_orbit(50, 10, 2.4)),
        (1, pose_on_orbit(170, 0, 2.0), pose_on_orbit(-130, 30, 2.0)),
        (2, pose_on_orbit(-100, 35, 2.2), pose_on_orbit(-175, 40, 1.8)),
        (3, pose_on_orbit(80, 5, 2.0), pose_on_orbit(80, 5, 2.0, pan_deg=12)),
        (4, pose_on_orbit(0, 15, 2.0), pose_on_orbit(-60, 15, 2.0)),
        (5, pose_on_orbit(200, 15, 2.0), pose_on_orbit(200, 15, 2.0, pan_deg=-15)),
    ]
    dead_zones = {"ego_translation": 0.3, "ego_rotation": 5.0, "object_translation": 0.3}
    rows = [
        [make_row(kind, asset, number, first, second, dead) for kind, dead in dead_zones.items()]
        for number, (asset, first, second) in enumerate(pairs)
    ]
    return {
        "train-00000-of-00002": rows[0] + rows[1],
        "train-00001-of-00002": rows[2] + rows[3],
        "test-00000-of-00001": rows[4] + rows[5],
    }


GOOD = good_shards()
FIRST, LAST = "ego_translation-0", "object_translation-5"


def write(folder: Path, shards: Shards, schema: pa.Schema | None = None) -> Path:
    """A data set folder with its manifest."""
    (folder / "data").mkdir(parents=True)
    (folder / ".build").mkdir()
    (folder / "LICENSE").write_text("x\n")
    write_attribution(folder, shards)
    counts: dict[str, int] = {}
    for name, rows in shards.items():
        split = name.split("-")[0]
        counts[split] = counts.get(split, 0) + len(rows)
    splits = "".join(f"  - name: {split}\n    num_examples: {count}\n" for split, count in counts.items())
    (folder / "README.md").write_text(f"---\ndataset_info:\n  splits:\n{splits}---\n# Card\n")
    for name, rows in shards.items():
        table = pa.Table.from_pylist(rows, schema=schema or arrow_schema())
        pq.write_table(table, folder / "data" / f"{name}.parquet", row_group_size=4, compression="zstd")
    write_manifest(folder)
    return folder


def write_attribution(folder: Path, shards: Shards) -> None:
    columns = ("source", "asset_id", "category", "license", "creator", "uri", "asset_sha256")
    listed = {tuple(row[name] for name in columns) for rows in shards.values() for row in rows}
    with (folder / "ATTRIBUTION.csv").open("w", newline="") as file:
        csv.writer(file).writerows([(*columns[:-1], "sha256"), *sorted(listed, key=str)])


def write_manifest(folder: Path) -> None:
    files = [
        {
            "path": f"data/{path.name}",
            "split": path.name.split("-")[0],
            "rows": pq.read_metadata(path).num_rows,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted((folder / "data").glob("*.parquet"))
    ]
    digest = hashlib.sha256("\n".join(f"{f['path']} {f['sha256']}" for f in files).encode()).hexdigest()[:16]
    manifest = {"config": "c0ffee", "files": files, "digest": digest}
    (folder / ".build" / "manifest.json").write_text(json.dumps(manifest))


def all_rows(shards: Shards) -> dict[str, Row]:
    return {row["id"]: row for rows in shards.values() for row in rows}


def places(report: Report, check: str) -> set[str]:
    """The places at which a check found a problem."""
    return {finding.where for finding in report.findings if finding.check == check}
