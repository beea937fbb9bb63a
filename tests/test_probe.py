"""If the images show the answer, the probe finds it on unseen assets. If not, it reports chance."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import simplejpeg

pytest.importorskip("torch")

from conftest import run_command
from hand_made_dataset import make_row, pose_on_orbit, write

from viewpoint100k.check.probe import ProbeReport, ProbeSettings, format_probe, probe, probe_types
from viewpoint100k.check.probing.results import ProbeResult
from viewpoint100k.check.probing.scenes import held_out_assets, read_frames
from viewpoint100k.check.probing.types import read_typed_pairs
from viewpoint100k.errors import DataError, MissingExtraError, UsageError

SIZE = 32
QUICK = ProbeSettings(epochs=1, scenes_per_step=8, threads=1, image_size=SIZE, resamples=50)


def dial(azimuth: float, ground: np.ndarray, shown: bool = True) -> bytes:
    """A picture of a bright spot that moves around a dial with the camera; without it, only the background."""
    across, down = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    x, y = SIZE / 2 + 10 * np.cos(np.radians(azimuth)), SIZE / 2 + 10 * np.sin(np.radians(azimuth))
    near = np.hypot(across - x, down - y) < 4
    image = np.where((near & shown)[..., None], 255, ground).astype(np.uint8)
    return bytes(simplejpeg.encode_jpeg(image, quality=95, colorsubsampling="444"))


def dials(folder: Path, assets: int, shown: bool = True, rows: int = 5) -> Path:
    """A data set of walks around ``assets`` objects with backgrounds of different colours. A few are the test split."""
    rng = np.random.default_rng(1)
    shards: dict[str, list[dict[str, object]]] = {"train-00000-of-00001": [], "test-00000-of-00001": []}
    for asset in range(assets):
        ground = rng.integers(0, 120, 3)
        azimuths = rng.uniform(0, 360) + np.cumsum(rng.choice([-1, 1], rows + 1) * rng.uniform(25, 95, rows + 1))
        images = [{"bytes": dial(azimuth, ground, shown), "path": "x.jpg"} for azimuth in azimuths]
        poses = [pose_on_orbit(float(azimuth), 20, 2.0) for azimuth in azimuths]
        for step in range(rows):
            row = make_row("ego_translation", asset, rows * asset + step, poses[step], poses[step + 1], 0.05)
            split = "test-00000-of-00001" if asset < 2 else "train-00000-of-00001"
            shards[split].append(row | {"images": images[step : step + 2]})
    return write(folder, shards)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dials(tmp_path_factory.mktemp("probe") / "small", assets=12)


def of(report: ProbeReport, test: str) -> ProbeResult:
    return next(result for result in report.results if result.test.strip() == test)


def test_what_the_images_show_is_found_on_unseen_assets_and_by_both_images(tmp_path: Path) -> None:
    folder = dials(tmp_path / "dials", assets=160)
    report = probe(folder, replace(QUICK, epochs=6, held_out=0.3, resamples=500))
    assert of(report, "both images").score > 0.9
    assert of(report, "images swapped: right about them").score > 0.9
    assert of(report, "images swapped: the answer flips").score > 0.9
    assert of(report, "both mirrored: the answer flips").score > 0.9
    for control in ("first image blank", "second image blank"):
        low, high = of(report, control).interval
        assert low - 0.05 < of(report, control).chance < high + 0.1
    assert report.losses[-1] < report.losses[0]


@pytest.mark.slow
def test_one_image_alone_teaches_nothing(tmp_path: Path) -> None:
    folder = dials(tmp_path / "dials", assets=160)
    report = probe(folder, replace(QUICK, epochs=6, held_out=0.4, resamples=500, single_image=True))
    assert of(report, "both images").score > 0.9
    for name in ("first", "second"):
        assert of(report, f"trained on the {name} image alone").interval[0] < 0.56


@pytest.mark.slow
def test_images_that_tell_nothing_give_chance(tmp_path: Path) -> None:
    folder = dials(tmp_path / "blind", assets=160, shown=False)
    report = probe(folder, replace(QUICK, epochs=6, held_out=0.4, resamples=500))
    assert of(report, "both images").interval[0] < 0.55


def test_frames_that_rows_share_are_one_scene_and_read_once(small: Path) -> None:
    frames = read_frames(small, QUICK)
    assert len(frames.pairs) == 60
    assert len(frames.pixels) == 72
    assert len(np.unique(frames.scene)) == 12
    assert all(len(set(frames.asset[frames.scene == scene])) == 1 for scene in np.unique(frames.scene))
    azimuths = frames.azimuth[frames.pairs]
    assert np.abs((azimuths[:, 1] - azimuths[:, 0] - frames.change + 180) % 360 - 180).max() < 1e-3
    assert np.isnan(frames.facing).all()


def test_held_out_assets_are_those_of_the_test_split_and_more(small: Path) -> None:
    frames = read_frames(small, QUICK)
    held_out = held_out_assets(frames, 0.4)
    first = frames.asset[frames.pairs[:, 0]]
    assert not set(first[held_out]) & set(first[~held_out])
    assert held_out[frames.in_test_split].all()
    assert frames.in_test_split.sum() == 10
    assert 0.4 <= held_out.mean() < 0.5


def test_a_handful_of_rows_is_enough_to_run(tmp_path: Path) -> None:
    report = probe(dials(tmp_path / "tiny", assets=3, rows=1), replace(QUICK, held_out=0.1))
    assert (report.trained_rows, of(report, "both images").rows) == (1, 2)


def test_so_many_rows_are_read_and_those_of_the_test_split_first(small: Path) -> None:
    told = list[tuple[int, int]]()
    frames = read_frames(small, replace(QUICK, max_rows=25), lambda done, total: told.append((done, total)))
    assert len(frames.pairs) == 25
    assert frames.in_test_split.sum() == 10
    assert told[-1] == (25, 25)


def test_a_file_without_the_columns_is_no_data_set(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"images": [1]}), tmp_path / "data" / "train-00000-of-00001.parquet")
    with pytest.raises(DataError, match=r"lacks the columns .*asset_id, cameras, group"):
        probe(tmp_path)


def test_the_same_seed_gives_the_same_network(small: Path) -> None:
    one, two, other = (probe(small, replace(QUICK, seed=seed), store=False) for seed in (3, 3, 4))
    assert one.losses == two.losses
    assert one.results == two.results
    assert one.losses != other.losses


def test_a_report_is_stored_and_read_again(small: Path) -> None:
    report = probe(small, QUICK)
    stored = (small / ".build" / "probe.json").read_text()
    assert ProbeReport.from_json(stored) == report
    assert report.manifest == json.loads((small / ".build" / "manifest.json").read_text())["digest"]
    assert report.trained_rows + of(report, "both images").rows == 60
    table = format_probe(report)
    assert "images swapped: the answer flips" in table
    assert f"{of(report, 'both images').score * 100:.1f}" in table


@pytest.mark.parametrize("text", ["[]", "{", '{"settings": {}}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"report|Expecting"):
        ProbeReport.from_json(text)


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a data set"):
        probe(tmp_path)


def test_rows_of_other_types_are_no_pairs(small: Path) -> None:
    with pytest.raises(DataError, match="no pairs of images"):
        probe(small, replace(QUICK, question_types=("counting",)))


def test_one_asset_cannot_be_learned_from_and_tested_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more assets"):
        probe(dials(tmp_path / "one", assets=1))


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    row = make_row("ego_translation", 7, 0, pose_on_orbit(0, 20, 2.0), pose_on_orbit(50, 20, 2.0), 0.05)
    folder = write(tmp_path / "torn", {"train-00000-of-00001": [row | {"images": 2 * [{"bytes": b"x", "path": "x"}]}]})
    with pytest.raises(DataError, match="procedural/asset-7"):
        probe(folder)


def test_without_torch_the_extra_is_named(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[train\]"):
        probe(small)


def test_a_gpu_that_torch_does_not_see_is_one_sentence(small: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    for ask in (probe, probe_types):
        with pytest.raises(UsageError, match="torch sees no GPU for the device cuda: use cpu"):
            ask(small, replace(QUICK, device="cuda"))


def test_the_command_prints_a_table_or_json(small: Path) -> None:
    done = run_command("probe", small, "--epochs", "1", "--image-size", str(SIZE), "--threads", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert ProbeReport.from_json(done.stdout).settings.epochs == 1
    assert "epoch 1 of 1" in done.stderr


def test_a_pair_has_the_opposite_answer_when_swapped_or_mirrored_and_the_same_when_both(small: Path) -> None:
    pairs = read_typed_pairs(small, QUICK)
    names, labels = pairs.names["ego_translation"], pairs.labels["ego_translation"]
    left, right = names.index("left"), names.index("right")
    other = {left: right, right: left}
    assert set(labels[:, 0, 0]) == {left, right}
    for plain, mirrored, swapped, both in labels.reshape(-1, 4).tolist():
        assert mirrored == swapped == other[plain]
        assert both == plain


def test_the_motion_in_numbers_is_that_of_the_cameras_and_changes_sign_when_mirrored(small: Path) -> None:
    pairs = read_typed_pairs(small, QUICK)
    row = pq.read_table(sorted((small / "data").glob("*.parquet"))[0]).to_pylist()[0]
    first, second = (np.reshape(camera["camera_to_world"], (4, 4)) for camera in row["cameras"])
    distance = np.linalg.norm(first[:3, 3] - row["object_center"])
    motion = np.linalg.inv(first) @ second
    expected = [*motion[:3, 3] / distance, motion[0, 2], motion[1, 2], motion[1, 0], 0.0, 0.0]
    plain, mirrored = pairs.motions[0, 0]
    assert plain == pytest.approx(expected, abs=1e-5)
    signs = [-1, 1, 1, -1, 1, -1, 1, 1]  # Sideways movement, turn and roll are reversed.
    assert mirrored == pytest.approx(np.multiply(plain, signs), abs=1e-5)


def test_a_type_is_tested_only_on_pairs_that_rows_ask_about(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, object]]] = {"train-00000-of-00001": [], "test-00000-of-00001": []}
    for asset in range(12):
        split = "test-00000-of-00001" if asset < 4 else "train-00000-of-00001"
        kind = "ego_translation" if asset % 2 else "ego_rotation"
        poses = [pose_on_orbit(azimuth, 20, 2.0) for azimuth in (0.0, 40.0 if asset % 4 < 2 else -40.0)]
        images = 2 * [{"bytes": dial(0, np.zeros(3)), "path": "x.jpg"}]
        rows[split].append(make_row(kind, asset, asset, *poses, 0.05) | {"images": images})
    folder = write(tmp_path / "set", rows)
    pairs = read_typed_pairs(folder, QUICK)
    assert (pairs.labels["ego_rotation"][:, 0, 0] >= 0).all()
    assert pairs.asked["ego_rotation"].sum() == pairs.asked["ego_translation"].sum() == 6
    report = probe_types(folder, QUICK)
    assert {of(report, f"{kind}: both images").rows for kind in ("ego_rotation", "ego_translation")} == {2}


def test_a_shift_of_the_whole_image_is_seen_as_that_shift() -> None:
    """Features that differ between places, shifted by one place to the right and two down."""
    import torch

    from viewpoint100k.check.probing.flow_network import FlowNetwork

    network = FlowNetwork(SIZE, 1)
    side = SIZE // 4
    first = torch.randn(1, 32, side, side, generator=torch.Generator().manual_seed(0))
    second = torch.roll(first, (2, 1), dims=(2, 3))
    one, two = (torch.nn.functional.normalize(f.flatten(2), dim=1) for f in (first, second))
    alike = torch.nn.functional.pad(torch.einsum("ncp,ncq->npq", one, two), (0, 1), value=-1.0)
    near = network.get_buffer("_near")
    best = network.get_buffer("_shift")[alike.gather(2, near).argmax(dim=2)].reshape(side, side, 2)
    assert torch.allclose(best[: side - 2, : side - 1], torch.tensor([1 / 4, 2 / 4]))


def test_each_type_is_asked_of_both_images_and_of_each_alone(small: Path) -> None:
    report = probe_types(small, QUICK)
    assert {result.test for result in report.results} == {
        "ego_translation: both images",
        "ego_translation: first",
        "ego_translation: second",
    }
    assert {result.expected for result in report.results if "both" not in result.test} == {"chance"}
    assert ProbeReport.from_json((small / ".build" / "probe_types.json").read_text()) == report
    assert format_probe(report).count("ego_translation") == 3


@pytest.mark.slow
def test_what_both_images_show_is_answered_by_type_and_not_from_one(tmp_path: Path) -> None:
    settings = replace(QUICK, epochs=25, threads=2)
    report = probe_types(dials(tmp_path / "set", assets=120), settings)
    assert of(report, "ego_translation: both images").score > 0.85
    for alone in ("first", "second"):
        result = of(report, f"ego_translation: {alone}")
        assert result.interval[0] < result.chance + 0.03
