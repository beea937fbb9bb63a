"""Data sets in object storage: fsspec's memory store, a Hub, and an S3 server, each without a network."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from hand_made_dataset import GOOD, write

from viewpoint100k import errors, open_dataset
from viewpoint100k.check.verify import verify
from viewpoint100k.dataset.folder import DatasetFolder
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.plan.layout import Shard
from viewpoint100k.runtime.files import write_atomically, written_atomically
from viewpoint100k.runtime.storage import StorePath, file_sizes, files_in, located

SETTINGS = (
    *("--rows", "60", "--set", "images.size=64", "--set", "rows_per_shard=20"),
    *("--set", "limits.asset_timeout_s=250", "--workers", "2"),
)
SHARDS = 4
"""Three of the training split and one of the test split."""


@pytest.fixture
def store() -> Iterator[StorePath]:
    """An empty prefix of fsspec's memory store."""
    found = located(f"memory://{uuid.uuid4().hex}/set")
    assert isinstance(found, StorePath)
    yield found
    found.store.rm(str(found.path.parent), recursive=True)


def test_a_file_is_listed_with_its_size_and_read_as_written(store: StorePath) -> None:
    write_atomically(store / "data" / "one.txt", "één\n".encode())
    with written_atomically(store / "data" / "two.bin") as temporary:
        temporary.write_bytes(bytes(1000))
        assert not (store / "data" / "two.bin").exists()
    assert file_sizes(store / "data") == {"one.txt": 6, "two.bin": 1000}
    assert [path.name for path in files_in(store, "d*")] == ["data"]
    assert (store / "data" / "one.txt").read_text() == "één\n"
    assert str(store / "data").startswith("memory://")
    assert not temporary.exists()


def write_half(path: StorePath) -> None:
    with written_atomically(path) as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError


def test_a_file_whose_writing_fails_does_not_appear(store: StorePath) -> None:
    write_atomically(store / "other", b"1")
    with pytest.raises(ZeroDivisionError):
        write_half(store / "file")
    assert file_sizes(store) == {"other": 1}


def test_a_shard_in_a_store_has_the_bytes_of_one_on_the_disk(store: StorePath, tmp_path: Path) -> None:
    rows = GOOD["train-00000-of-00002"]
    shard = Shard("train", 0, 1, len(rows))
    (block,) = shard.blocks
    batch = pa.RecordBatch.from_pylist(rows, schema=arrow_schema())
    folders = DatasetFolder(tmp_path / "disk"), DatasetFolder(store, tmp_path / "work")
    entries = []
    for folder in folders:
        folder.make_folders()
        folder.write_block(block, batch, {"drops": []})
        assert folder.finished([shard]) == []
        entries.append(folder.assemble(shard))
        assert folder.finished([shard]) == [shard]
        assert not folder.has_block(block)
    assert entries[0] == entries[1]
    assert folders[1].shard_path(shard).read_bytes() == folders[0].shard_path(shard).read_bytes()
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()], "nothing is left on this machine"
    write_atomically(folders[1].shard_path(shard), b"other bytes")
    with pytest.raises(errors.DataError, match="missing or changed"):
        folders[1].finished([shard])


def test_verify_reads_a_set_in_a_store_and_finds_what_is_wrong(store: StorePath, tmp_path: Path) -> None:
    folder = write(tmp_path / "set", GOOD)
    for path in folder.rglob("*"):
        if path.is_file():
            store.store.pipe_file(f"{store.path}/{path.relative_to(folder)}", path.read_bytes())
    assert verify(str(store)) == verify(folder)
    assert open_dataset(str(store)).splits == open_dataset(folder).splits
    assert list(open_dataset(str(store)).rows("test")) == list(open_dataset(folder).rows("test"))
    store.store.rm(f"{store.path}/data/train-00001-of-00002.parquet")
    assert verify(str(store)).found["missing_shard"] == 2


def test_what_is_missing_for_a_store_is_named() -> None:
    with pytest.raises(errors.UsageError, match="give s3://, gs:// or hf://, or a folder"):
        located("s4://bucket/set")
    fsspec.register_implementation("vp100k-absent", "no_such_package.Store", clobber=True)
    with pytest.raises(errors.MissingExtraError, match=r"pip install .*\[storage\]"):
        located("vp100k-absent://bucket/set")


# --- an S3 server, and builds that are processes of their own ---------------------------------------------------------


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a client of a local S3 server that has the bucket ``sets``."""
    pytest.importorskip("s3fs", reason="the extra [storage] is not installed")
    pytest.importorskip("moto.server", reason="moto[server] is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("s3") / "server.log").open("w")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    endpoint = f"http://127.0.0.1:{port}"
    account = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    variables = account | {"AWS_ENDPOINT_URL": endpoint}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        while server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        fsspec.filesystem("s3").mkdir("sets")
        yield variables
    server.kill()
    server.wait()
    log.close()


def started(out: str, scratch: Path, *more: str) -> subprocess.Popen[str]:
    """A build whose temporary files are in ``scratch``."""
    scratch.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "viewpoint100k", "build", "viewpoint-100k", "--out", out, *SETTINGS, *more]
    environment = os.environ | {"TMPDIR": str(scratch)}
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )


def finished(*builds: subprocess.Popen[str]) -> list[str]:
    outputs = []
    for build in builds:
        output, _ = build.communicate(timeout=280)
        assert build.returncode == 0, output
        outputs.append(output)
    return outputs


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same set, built in a folder."""
    folder = tmp_path_factory.mktemp("disk")
    finished(started(str(folder / "set"), folder / "scratch"))
    return folder / "set"


def contents(path: Path | StorePath) -> dict[str, bytes]:
    """The files of a finished set, without the manifest's neighbours in .build."""
    names = [*("README.md", "LICENSE", "ATTRIBUTION.csv", "config.yaml", ".build/manifest.json")]
    names += [f"data/{found.name}" for found in files_in(path / "data")]
    return {name: (path / name).read_bytes() for name in names}


@pytest.mark.slow
def test_a_killed_build_into_s3_continues_and_equals_one_on_the_disk(
    s3: dict[str, str], on_disk: Path, tmp_path: Path
) -> None:
    url = "s3://sets/killed"
    first = started(url, tmp_path / "scratch", "--workers", "1")
    root = located(url)
    while not file_sizes(root / ".build" / "shards") and first.poll() is None:
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    recorded = file_sizes(root / ".build" / "shards")
    assert 0 < len(recorded) < SHARDS, "the build was killed between two shards"
    whole = f"sets/killed/data/{next(iter(recorded)).removesuffix('.json')}.parquet"
    written = fsspec.filesystem("s3").modified(whole)
    # Another machine, whose temporary folder is empty.
    finished(started(url, tmp_path / "other scratch"))
    assert fsspec.filesystem("s3").modified(whole) == written, "a finished shard is not made again"
    assert open_dataset(url).digest == open_dataset(on_disk).digest
    assert not list((tmp_path / "other scratch").iterdir()), "nothing is left on the machine"
    report = verify(url)
    assert report.ok, report.problems
    assert open_dataset(url).to_datasets()["test"].num_rows == 10


@pytest.mark.slow
def test_jobs_of_an_array_share_a_store_as_their_disk(s3: dict[str, str], on_disk: Path, tmp_path: Path) -> None:
    url = "s3://sets/array"
    jobs = [started(url, tmp_path / f"machine {i}", "--shards", f"{i}/2") for i in range(2)]
    outputs = finished(*jobs)
    assert any("digest of all" in output for output in outputs), "the job that finishes last writes the card"
    assert contents(located(url)) == contents(on_disk)
    rows = list(open_dataset(url).rows("test"))
    command = [sys.executable, "-m", "viewpoint100k", "row", rows[0]["id"], "--of", url, "--out", str(tmp_path / "row")]
    finished(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    assert (tmp_path / "row" / "image_1.jpg").read_bytes() == rows[0]["images"][0]["bytes"]
    assert json.loads((tmp_path / "row" / "row.json").read_text())["answer"] == rows[0]["answer"]


@pytest.mark.slow
def test_the_disk_of_a_machine_holds_no_more_than_a_shard_for_each_worker(
    s3: dict[str, str], on_disk: Path, tmp_path: Path
) -> None:
    build = started("s3://sets/small", tmp_path / "scratch", "--workers", "1")
    most = 0
    while build.poll() is None:
        files = [path for path in (tmp_path / "scratch").rglob("*") if path.suffix in (".arrow", ".parquet")]
        sizes = []
        for path in files:
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:  # It has just been uploaded.
                continue
        most = max(most, sum(sizes))
        time.sleep(0.02)
    finished(build)
    shard = max(file_sizes(on_disk / "data").values())
    assert 0 < most < 2.1 * shard, "the blocks of a shard, and the shard that they become"


@pytest.mark.slow
def test_an_address_without_a_bucket_is_refused_in_one_sentence(s3: dict[str, str], tmp_path: Path) -> None:
    build = started("s3://no-such-bucket/set", tmp_path / "scratch")
    output, _ = build.communicate(timeout=100)
    assert build.returncode == 1
    assert "s3://no-such-bucket/set/.build/build.json cannot be written" in output
    assert "Traceback" not in output
