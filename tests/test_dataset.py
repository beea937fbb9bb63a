"""A finished folder: one line loads it, its bytes depend only on the config, and its card is true."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
from conftest import ONE_WORKER, SMALL, run_command, shard_hashes
from huggingface_hub import DatasetCard
from PIL import Image

from viewpoint100k.building.blocks import build_shard
from viewpoint100k.dataset.schema import arrow_schema, features
from viewpoint100k.plan.config import load_config


def read_rows(folder: Path) -> list[dict]:
    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_it_loads_by_its_name_from_the_parent_folder(small_dataset: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(small_dataset.parent)
    loaded = datasets.load_dataset("viewpoint-100k", cache_dir=str(tmp_path))
    assert {name: len(split) for name, split in loaded.items()} == {"train": 70, "test": 10}
    assert loaded["train"].features == features()
    row = loaded["train"][0]
    assert [image.size for image in row["images"]] == [(96, 96)] * 2
    assert row["answer_text"] == row["options"]["ABC".index(row["answer"])]


def test_one_shard_can_be_built_in_memory_and_is_the_one_on_disk(small_dataset: Path) -> None:
    settings = [setting for name, setting in pairwise(SMALL) if name == "--set"]
    config = load_config("viewpoint-100k", ["rows=70", *settings])
    on_disk = sorted((small_dataset / "data").glob("*.parquet"), key=lambda path: ("test" in path.name, path.name))
    for index in (1, len(on_disk) - 1):
        assert build_shard(config, index).to_pylist() == pq.read_table(on_disk[index]).to_pylist()
    with pytest.raises(IndexError, match=f"the set has {len(on_disk)}"):
        build_shard(config, len(on_disk))


def test_a_set_is_rebuilt_from_the_config_beside_its_card(small_dataset: Path, tmp_path: Path) -> None:
    assert "viewpoint100k build config.yaml --out" in (small_dataset / "README.md").read_text()
    done = run_command("build", small_dataset / "config.yaml", "--out", tmp_path / "rebuilt", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert shard_hashes(tmp_path / "rebuilt") == shard_hashes(small_dataset)
    assert (tmp_path / "rebuilt" / "config.yaml").read_bytes() == (small_dataset / "config.yaml").read_bytes()


def test_it_streams_and_has_a_test_split(small_dataset: Path, monkeypatch) -> None:
    monkeypatch.chdir(small_dataset.parent)
    stream = datasets.load_dataset("viewpoint-100k", split="test", streaming=True)
    rows = list(stream)
    assert len(rows) == 10
    assert isinstance(rows[0]["images"][0], Image.Image)


def test_shards_have_the_exact_schema_one_row_group_a_block_and_images_as_they_are(small_dataset: Path) -> None:
    for path in small_dataset.glob("data/*.parquet"):
        file = pq.ParquetFile(path)
        assert file.schema_arrow.names == arrow_schema().names
        assert datasets.Features.from_arrow_schema(file.schema_arrow) == features()
        group = file.metadata.row_group(0)
        columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
        assert columns["images.list.element.bytes"].compression == "UNCOMPRESSED"
        assert columns["question"].compression == "ZSTD"
        assert columns["question"].has_offset_index


def test_ids_are_unique_and_splits_share_no_asset(small_dataset: Path) -> None:
    rows = read_rows(small_dataset)
    assert len({row["id"] for row in rows}) == 80
    by_split = {
        split: {row["asset_id"] for p in small_dataset.glob(f"data/{split}-*") for row in pq.read_table(p).to_pylist()}
        for split in ("train", "test")
    }
    assert not by_split["train"] & by_split["test"]


def test_answers_letters_and_directions_are_balanced(small_dataset: Path) -> None:
    rows = [row for p in small_dataset.glob("data/train-*") for row in pq.read_table(p).to_pylist()]
    letters = Counter(row["answer"] for row in rows)
    signs = Counter(row["relative"]["azimuth_deg"] > 0 for row in rows)
    types = Counter(row["question_type"] for row in rows)
    assert max(letters.values()) - min(letters.values()) <= 3
    assert max(signs.values()) - min(signs.values()) <= 3
    assert max(types.values()) - min(types.values()) <= 3
    assert all(20 <= abs(row["relative"]["azimuth_deg"]) <= 100 for row in rows)


def test_the_card_says_what_is_there(small_dataset: Path) -> None:
    card = DatasetCard.load(small_dataset / "README.md")
    manifest = json.loads((small_dataset / ".build" / "manifest.json").read_text())
    assert manifest["digest"] in card.data.to_dict()["configs"][0]["description"]
    assert {s["name"]: s["num_examples"] for s in card.data.dataset_info["splits"]} == {"train": 70, "test": 10}
    assert card.data.license == "cc0-1.0"
    assert all(name in card.text for name in ("ego_translation", "camera_to_world"))
    assert str(small_dataset) not in card.text


def test_every_asset_is_attributed(small_dataset: Path) -> None:
    listed = list(csv.DictReader(io.StringIO((small_dataset / "ATTRIBUTION.csv").read_text())))
    assert {entry["asset_id"] for entry in listed} == {row["asset_id"] for row in read_rows(small_dataset)}
    assert all(entry["license"] == "CC0-1.0" for entry in listed)


@pytest.mark.slow  # The quick tests of killed builds compare the same bytes.
def test_two_workers_write_the_same_bytes_as_one(small_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "other-name"
    done = run_command("build", "viewpoint-100k", "--rows", "70", "--out", out, "--workers", "2", *SMALL)
    assert done.returncode == 0, done.stderr
    assert shard_hashes(out) == shard_hashes(small_dataset)
    assert (out / "README.md").read_text() == (small_dataset / "README.md").read_text()


@pytest.mark.slow
def test_every_question_type_and_motion_gives_the_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        out = tmp_path / workers
        done = run_command("build", "decoupled", "--rows", "150", "--out", out, "--workers", workers, *SMALL)
        assert done.returncode == 0, done.stderr
        assert run_command("verify", out).returncode == 0
    assert shard_hashes(tmp_path / "1") == shard_hashes(tmp_path / "2")


def start_build(out: Path, rows: int = 70) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "viewpoint100k", "build", "viewpoint-100k", "--rows", str(rows), "--out", str(out)]
    command += ["--workers", "2", *SMALL]
    # In the background, a shell makes its jobs ignore Ctrl-C. The child would inherit that.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(path: Path, pattern: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not list(path.glob(pattern)):
        assert process.poll() is None, f"the build ended too soon: {process.communicate()}"
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("moment", [pytest.param(".build/blocks/*.arrow", marks=pytest.mark.slow), "data/*.parquet"])
def test_a_killed_build_continues_and_ends_with_the_same_bytes(
    small_dataset: Path, tmp_path: Path, moment: str
) -> None:
    out = tmp_path / "viewpoint-100k"
    process = start_build(out)
    wait_for(out, moment, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "README.md").exists()
    (out / "data" / "train-00000-of-00003.parquet.tmp").write_bytes(b"half a shard")
    entered = [path.stem for path in out.glob(".build/shards/*.json")]
    finished = {path: path.stat().st_mtime_ns for path in out.glob("data/*.parquet") if path.stem in entered}
    again = start_build(out)
    _, errors = again.communicate(timeout=240)
    assert again.returncode == 0, errors
    assert shard_hashes(out) == shard_hashes(small_dataset)
    assert all(path.stat().st_mtime_ns == before for path, before in finished.items()), "a finished shard was rebuilt"
    assert not list(out.rglob("*.tmp"))


def test_a_killed_worker_costs_nothing(small_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "viewpoint-100k"
    process = start_build(out)
    wait_for(out, ".build/blocks/*.arrow", process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(int(workers[0]), signal.SIGKILL)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert shard_hashes(out) == shard_hashes(small_dataset)
    assert not list((out / ".build" / "quarantine").iterdir())


def test_shards_built_by_separate_jobs_are_the_same_data_set(small_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "viewpoint-100k"
    for part in ("0/2", "1/2"):
        assert not (out / "README.md").exists()
        done = run_command(
            "build", "viewpoint-100k", "--rows", "70", "--out", out, "--shards", part, *ONE_WORKER, *SMALL
        )
        assert done.returncode == 0, done.stderr
    assert shard_hashes(out) == shard_hashes(small_dataset)
    assert (out / "README.md").read_text() == (small_dataset / "README.md").read_text()


def test_a_second_run_of_a_finished_build_changes_nothing(small_dataset: Path) -> None:
    before = {path: path.read_bytes() for path in small_dataset.rglob("*") if path.is_file()}
    done = run_command("build", "viewpoint-100k", "--rows", "70", "--out", small_dataset, *SMALL)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in small_dataset.rglob("*") if path.is_file()} == before
