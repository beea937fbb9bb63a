"""Photos that were left out are restored from the user's copy: the same bytes, or an error."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from capture_trees import jpeg, ring, texture, write_co3d, write_colmap, write_photos
from conftest import run_command, shard_hashes
from local_hub import LocalHub, serve_hub
from local_hub.publishing import REPO, SOON, audited, client_environment, python

from viewpoint100k.check.verify import verify
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.publish.publisher import Choices, publish
from viewpoint100k.publish.rehydrate import rehydrate

pytestmark = pytest.mark.slow

DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], repo_type="dataset", local_dir=sys.argv[2])
"""
LOAD = """
import sys
from datasets import load_dataset
rows = load_dataset(sys.argv[1])["train"]
print(rows.num_rows, rows[0]["images"][0].size)
"""
CAMERAS = ring(np.linspace(0, 345, 24))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    with serve_hub() as hub:
        for name, value in client_environment(hub, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        yield hub


def build(out: Path, source: str, *settings: str) -> Path:
    options = [part for setting in ("rows_per_shard=5", *settings) for part in ("--set", setting)]
    done = run_command("build", "viewpoint-100k", "--rows", "12", "--source", source, "--out", out, *options)
    assert done.returncode == 0, done.stderr
    return audited(out)


@pytest.fixture(scope="module")
def co3d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("co3d")
    write_co3d(root, CAMERAS)
    return root


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, co3d: Path) -> Path:
    """A data set of photos without a licence."""
    return build(tmp_path_factory.mktemp("built") / "viewpoint-100k", f"co3d:{co3d}")


@pytest.fixture
def downloaded(tmp_path: Path, built: Path, hub: LocalHub) -> Path:
    """The published form of the set, without photos."""
    folder = tmp_path / "downloaded"
    publish(built, REPO, Choices(poses_only=True), retries=SOON, say=[].append)
    done = python(hub, tmp_path / "reader", DOWNLOAD, REPO, str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def test_photos_put_back_make_the_shards_that_were_built(
    downloaded: Path, built: Path, co3d: Path, hub: LocalHub, tmp_path: Path
) -> None:
    assert shard_hashes(downloaded).keys() == shard_hashes(built).keys()
    assert set(shard_hashes(downloaded).values()).isdisjoint(shard_hashes(built).values())
    done = run_command("rehydrate", downloaded, "--co3d", co3d, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "24 photos in 3 shards put back" in done.stdout
    assert shard_hashes(downloaded) == shard_hashes(built)
    report = verify(downloaded)
    assert report.ok, report.findings
    assert not (downloaded / "references.json").exists()
    assert "not here" not in (downloaded / "README.md").read_text()
    loaded = python(hub, tmp_path / "reader", LOAD, str(downloaded))
    assert loaded.stdout.split() == ["12", "(160,", "120)"], loaded.stderr
    again = run_command("rehydrate", downloaded)
    assert "every image is there already" in again.stdout


def test_a_photo_that_is_another_is_refused_and_the_next_run_goes_on(
    downloaded: Path, built: Path, co3d: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(co3d, tmp_path / "copy"))
    before = shard_hashes(downloaded)
    photos = sorted(copy.glob("chair/seq/images/*.jpg"))
    for photo in photos:
        photo.write_bytes(jpeg(texture(1000 + int(photo.stem))))
    with pytest.raises(DataError, match=r"photos of .* photo_differs \(such as co3d chair/seq\)"):
        rehydrate(downloaded, {"co3d": [copy]})
    assert shard_hashes(downloaded) == before, "no shard is written of which a photo is missing"
    assert not list(downloaded.glob("data/*.tmp"))
    rehydrate(downloaded, {"co3d": [copy, co3d]})
    assert shard_hashes(downloaded) == shard_hashes(built)


def test_a_run_that_ended_early_is_continued(downloaded: Path, built: Path, co3d: Path) -> None:
    first = sorted(shard_hashes(built))[0]
    shutil.copy(built / "data" / first, downloaded / "data" / first)
    (downloaded / "data" / f"{first}.123.tmp").write_bytes(b"half a shard")
    done = rehydrate(downloaded, {"co3d": [co3d]})
    assert done.shards == 2
    assert shard_hashes(downloaded) == shard_hashes(built)
    assert not list(downloaded.glob("data/*.tmp"))


def test_what_is_needed_and_not_given_is_named(downloaded: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give your copy with --co3d DIR"):
        rehydrate(downloaded, {"mvimgnet": [tmp_path]})
    with pytest.raises(UsageError, match="there is no folder"):
        rehydrate(downloaded, {"co3d": [tmp_path / "absent"]})
    (downloaded / "references.json").unlink()
    with pytest.raises(UsageError, match="download the whole data set"):
        rehydrate(downloaded, {"co3d": [tmp_path]})
    with pytest.raises(UsageError, match="is not a data set"):
        rehydrate(tmp_path / "nowhere", {})


def test_photos_that_a_build_undistorts_and_scales_come_out_the_same(tmp_path: Path, hub: LocalHub) -> None:
    pytest.importorskip("pycolmap", reason="the extra [captures] is not installed")
    root = tmp_path / "mvimgnet"
    names = write_photos(root / "1" / "abc" / "images", len(CAMERAS))
    first = CAMERAS[0]
    lens = [float(first.intrinsics[0, 0]), first.width / 2, first.height / 2, 0.05]
    write_colmap(root / "1" / "abc" / "sparse" / "0", CAMERAS, names, "SIMPLE_RADIAL", lens)
    made = build(tmp_path / "built" / "viewpoint-100k", f"mvimgnet:{root}", "captures.max_image_size=100")
    publish(made, REPO, Choices(poses_only=True), retries=SOON, say=[].append)
    folder = tmp_path / "downloaded"
    assert python(hub, tmp_path / "reader", DOWNLOAD, REPO, str(folder)).returncode == 0
    done = rehydrate(folder, {"mvimgnet": [root]}, workers=2)
    assert done.photos == 24
    assert shard_hashes(folder) == shard_hashes(made)


def test_rows_with_and_without_photos_become_one_data_set_again(co3d: Path, tmp_path: Path, hub: LocalHub) -> None:
    settings = ("images.size=96", "pairs_per_asset=3")
    made = build(tmp_path / "built" / "viewpoint-100k", f"co3d:{co3d},procedural", *settings)
    publish(made, REPO, Choices(poses_only=True), retries=SOON, say=[].append)
    folder = tmp_path / "downloaded"
    assert python(hub, tmp_path / "reader", DOWNLOAD, REPO, str(folder)).returncode == 0
    rehydrate(folder, {"co3d": [co3d]})
    report = verify(folder)
    assert report.ok, report.findings
    loaded = python(hub, tmp_path / "reader", LOAD, str(folder))
    assert loaded.stdout.split()[0] == "12", loaded.stderr
