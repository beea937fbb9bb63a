"""Data sets built from captures: the answers are those of the real cameras of the photos."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from capture_trees import HEIGHT, WIDTH, co3d_viewpoint, elsewhere, jpeg, write_colmap, write_jgz
from conftest import ONE_WORKER, REAL_ASSETS, run_command, run_here
from test_dataset import read_rows

from renderers import Stage, open_renderer
from viewpoint100k.assets.procedural import ProceduralSource
from viewpoint100k.building.blocks import build_shard
from viewpoint100k.check.row_checks import check_row
from viewpoint100k.geometry import Camera, intrinsics_from_fov, orbit
from viewpoint100k.plan.config import load_config

OBJECTS = 12
Taken = dict[bytes, Camera]
"""The camera of each photo, by the photo's bytes."""


@pytest.fixture(scope="module")
def walks() -> Iterator[dict[str, list[tuple[Camera, bytes]]]]:
    """Twelve photos around each of twelve objects on stages, with their cameras."""
    renderer, source = open_renderer(), ProceduralSource()
    rng = np.random.default_rng(7)
    intrinsics = intrinsics_from_fov(45, WIDTH, HEIGHT)
    taken = {}
    for place, asset_id in enumerate(source.ids()[:OBJECTS]):
        scene = renderer.load(source.load(asset_id).mesh, Stage(place))
        cameras = [
            Camera(orbit(3.4, start + rng.uniform(0, 12), rng.uniform(20, 30)), intrinsics, WIDTH, HEIGHT)
            for start in range(0, 360, 30)
        ]
        taken[asset_id] = [(camera, jpeg(scene.color(camera))) for camera in cameras]
        scene.close()
    yield taken
    renderer.close()


def write_mvimgnet_tree(root: Path, walks: dict[str, list[tuple[Camera, bytes]]]) -> None:
    for seed, (name, walk) in enumerate(walks.items()):
        folder = root / "toy" / name
        names = write_images(folder / "images", walk)
        write_colmap(folder / "sparse" / "0", elsewhere([camera for camera, _ in walk], seed), names)


def write_co3d_tree(root: Path, walks: dict[str, list[tuple[Camera, bytes]]]) -> None:
    frames, sequences = [], []
    for seed, (name, walk) in enumerate(walks.items()):
        names = write_images(root / "toy" / name / "images", walk)
        sequences.append({"sequence_name": name, "category": "toy", "viewpoint_quality_score": 1.0})
        for i, camera in enumerate(elsewhere([camera for camera, _ in walk], seed)):
            image = {"path": f"toy/{name}/images/{names[i]}", "size": [HEIGHT, WIDTH]}
            place = {"sequence_name": name, "frame_number": i, "frame_timestamp": i / 10}
            frames.append(place | {"image": image, "viewpoint": co3d_viewpoint(camera)})
    write_jgz(root / "toy" / "frame_annotations.jgz", frames)
    write_jgz(root / "toy" / "sequence_annotations.jgz", sequences)


def write_images(folder: Path, walk: list[tuple[Camera, bytes]]) -> list[str]:
    folder.mkdir(parents=True)
    names = [f"{i:03d}.jpg" for i in range(len(walk))]
    for name, (_, encoded) in zip(names, walk, strict=True):
        (folder / name).write_bytes(encoded)
    return names


def true_direction(question_type: str, first: Camera, second: Camera) -> str:
    """Computed in the plane from the real cameras, without the builder's code or an estimated up axis."""
    (x1, y1), (x2, y2) = first.position[:2], second.position[:2]
    counter_clockwise = x1 * y2 - y1 * x2 > 0  # as seen from above: on camera 1's right
    right = counter_clockwise if question_type == "ego_translation" else not counter_clockwise
    return "right" if right else "left"


@pytest.mark.parametrize(
    ("kind", "write"),
    [("mvimgnet", write_mvimgnet_tree), pytest.param("co3d", write_co3d_tree, marks=pytest.mark.slow)],
)
def test_labels_are_those_of_the_cameras_that_took_the_photos(tmp_path: Path, walks, kind: str, write) -> None:
    pytest.importorskip("pycolmap", reason="the extra [captures] is not installed")
    write(tmp_path / "tree", walks)
    out = tmp_path / "out"
    done = run_command(
        "build", "viewpoint-100k", "--rows", "30", "--source", f"{kind}:{tmp_path / 'tree'}", "--out", out, *ONE_WORKER
    )
    assert done.returncode == 0, done.stderr
    assert run_here("verify", out).returncode == 0
    taken = {encoded: camera for walk in walks.values() for camera, encoded in walk}
    rows = read_rows(out)
    assert len(rows) == 40
    assert {row["source"] for row in rows} == {kind}
    for row in rows:
        first, second = (taken[image["bytes"]] for image in row["images"])
        assert true_direction(row["question_type"], first, second) in row["answer_text"].lower(), row["id"]


def hand_held(seed: int) -> list[Camera]:
    """Twelve places around an object: three views with different aims from each, and a sideways step without a turn."""
    rng, cameras = np.random.default_rng(seed), list[Camera]()
    for _ in range(12):
        azimuth, elevation = np.radians(rng.uniform(0, 360)), np.radians(rng.uniform(12, 35))
        aside = np.array([-np.sin(azimuth), np.cos(azimuth), 0])
        outwards = np.array(
            [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)]
        )
        eye = rng.uniform(3.4, 4.4) * outwards
        looks = [(eye, aside * offset) for offset in (-0.7, 0.7, 0.0)]
        step = aside * rng.choice((-1, 1)) * rng.uniform(0.3, 0.8)
        looks.append((eye + step, step))
        cameras += [Camera.look_at(eye=eye, target=at, fov_deg=60, width=WIDTH, height=HEIGHT) for eye, at in looks]
    return cameras


@pytest.mark.slow
def test_photos_are_chosen_by_their_measured_motion(tmp_path: Path) -> None:
    pytest.importorskip("pycolmap", reason="the extra [captures] is not installed")
    renderer, source, walks = open_renderer(), ProceduralSource(), {}
    for place, asset_id in enumerate(source.ids()[7:4000:520][:6]):
        scene = renderer.load(source.load(asset_id).mesh, Stage(place))
        walks[asset_id] = [(camera, jpeg(scene.color(camera))) for camera in hand_held(place)]
        scene.close()
    renderer.close()
    write_mvimgnet_tree(tmp_path / "tree", walks)
    out = tmp_path / "out"
    done = run_command("build", "decoupled", "--rows", "40", "--source", f"colmap:{tmp_path / 'tree'}", "--out", out)
    assert done.returncode == 0, done.stderr
    assert run_here("verify", out).returncode == 0
    taken = {encoded: camera for walk in walks.values() for camera, encoded in walk}
    cells, asked = set[tuple[int, int]](), 0
    for row in read_rows(out):
        first, second = (taken[image["bytes"]] for image in row["images"][:2])
        aside = float(first.right @ (second.position - first.position))
        turn = float(np.degrees(np.arctan2(second.forward @ first.right, second.forward @ first.forward)))
        cells.add((int(np.sign(aside)) * (abs(aside) > 0.1), int(np.sign(turn)) * (abs(turn) > 4)))
        if row["question_type"] in ("ego_translation", "ego_rotation"):
            asked += 1
            value, none = (aside, 0.1) if row["question_type"] == "ego_translation" else (turn, 4)
            side = "neither" if abs(value) < none else "right" if value > 0 else "left"
            told = [word for word in ("left", "right") if word in row["answer_text"].lower()]
            assert told == ([] if side == "neither" else [side]), (row["question"], row["answer_text"], value)
    assert len(cells) == 9
    assert asked


def test_one_capture_in_three_forms_gives_the_same_rows() -> None:
    captures = REAL_ASSETS / "captures"
    if not captures.is_dir():
        pytest.skip(f"the real capture is not here: no folder {captures}")
    built = []
    for spec in (f"mvimgnet:{captures}", f"nerf:{captures}", f"co3d:{captures / 'statue'}"):
        config = load_config("viewpoint-100k", ["pairs_per_asset=3"], {"rows": 3, "source": spec})
        built.append(build_shard(config, 0).to_pylist())
        assert not [problem for row in built[-1] for _, problem in check_row(row) if problem]
    for rows in zip(*built, strict=True):
        assert len({(row["question"], row["answer"], row["images"][0]["bytes"]) for row in rows}) == 1
        poses = np.array([[camera["camera_to_world"] for camera in row["cameras"]] for row in rows])
        assert np.abs(poses - poses[0]).max() < 1e-6
