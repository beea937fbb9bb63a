"""Exports: the output of every format, and errors and interruptions."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import run_command
from exported_rows import DATASET, ROWS, image_bytes, make_dataset

from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.export.exporter import FORMATS, export

WITH_TARGETS = ("llamafactory", "ms-swift", "llava", "openai", "webdataset", "jsonl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set with every kind of row."""
    return make_dataset(tmp_path_factory.mktemp("export") / "mine")


def tree(folder: Path) -> dict[str, str]:
    """sha256 of every file by its path."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_rows_give_the_same_bytes(folder: Path, tmp_path: Path, to: str) -> None:
    export(folder, to, tmp_path / "one")
    export(folder, to, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["one", "two"], "a draft was left behind"


@pytest.mark.parametrize("to", FORMATS)
def test_the_licences_come_along_and_the_record_says_what_is_there(folder: Path, tmp_path: Path, to: str) -> None:
    done = export(folder, to, tmp_path / "out")
    for name in ("LICENSE", "ATTRIBUTION.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes()
    record = json.loads((tmp_path / "out" / "export.json").read_text())
    manifest = json.loads((folder / ".build" / "manifest.json").read_text())
    assert (record["format"], record["dataset"]) == (to, DATASET)
    assert record["manifest"] == manifest["digest"]
    assert record["rows"] == done.rows
    assert sum(record["rows"].values()) + sum(record["left_out"].values()) == sum(map(len, ROWS.values()))


@pytest.mark.parametrize("to", ["llamafactory", "ms-swift", "llava", "openai", "jsonl"])
def test_an_image_that_several_rows_show_is_one_file_named_by_its_digest(folder: Path, tmp_path: Path, to: str) -> None:
    export(folder, to, tmp_path / "out")
    files = [path for path in (tmp_path / "out" / "images").rglob("*") if path.is_file()]
    shown = {content for rows in ROWS.values() for row in rows for content in image_bytes(row)}
    assert {path.read_bytes() for path in files} == shown
    assert len(files) == len(shown)
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert (path.name, path.parent.name) == (f"{digest}.jpg", digest[:2])


def test_splits_stay_apart_and_one_can_be_had_alone(folder: Path, tmp_path: Path) -> None:
    export(folder, "jsonl", tmp_path / "both")
    for split, rows in ROWS.items():
        assert [row["id"] for row in lines(tmp_path / "both" / f"{split}.jsonl")] == [row["id"] for row in rows]
    done = export(folder, "jsonl", tmp_path / "alone", split="test")
    assert done.rows == {"test": len(ROWS["test"])}
    assert not (tmp_path / "alone" / "train.jsonl").exists()


def test_rows_bounds_each_split(folder: Path, tmp_path: Path) -> None:
    assert export(folder, "jsonl", tmp_path / "out", rows=3).rows == {"train": 3, "test": 3}
    assert [row["id"] for row in lines(tmp_path / "out" / "train.jsonl")] == [row["id"] for row in ROWS["train"][:3]]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 2), (None, 1), (1.0, 4)])
def test_the_asked_share_of_the_training_rows_carries_its_reasoning(
    folder: Path, tmp_path: Path, share: float | None, expected: int
) -> None:
    """Eight training rows, four of them with reasoning. Exports never write the reasoning of test rows."""
    done = export(folder, "jsonl", tmp_path / "out", reasoning_share=share)
    assert (done.reasoned, done.reasoned_possible) == (expected, 4)
    written = lines(tmp_path / "out" / "train.jsonl")
    assert sum(row["target"] == row["reasoning"] for row in written) == expected
    assert all(row["target"] in (row["reasoning"], row["answer"]) for row in written)
    assert all(row["target"] == row["answer"] for row in lines(tmp_path / "out" / "test.jsonl"))


def test_more_reasoning_keeps_the_rows_that_had_it_before(folder: Path, tmp_path: Path) -> None:
    chosen = []
    for share in (0.125, 0.25, 0.375):
        export(folder, "jsonl", tmp_path / str(share), reasoning_share=share)
        rows = lines(tmp_path / str(share) / "train.jsonl")
        chosen.append({row["id"] for row in rows if row["target"] != row["answer"]})
    assert chosen[0] < chosen[1] < chosen[2]


def test_every_column_of_a_row_comes_through_as_json(folder: Path, tmp_path: Path) -> None:
    export(folder, "jsonl", tmp_path / "out")
    for split, rows in ROWS.items():
        for written, row in zip(lines(tmp_path / "out" / f"{split}.jsonl"), rows, strict=True):
            assert [(tmp_path / "out" / path).read_bytes() for path in written.pop("images")] == image_bytes(row)
            assert written.pop("prompt").startswith(row["question"].rpartition("\n")[0])
            written.pop("target")
            single = ("answer_value", "margin", "answerability")
            assert written == {name: value for name, value in row.items() if name not in ("images", *single)} | {
                name: None if row[name] is None else pytest.approx(row[name], rel=1e-6) for name in single
            }


@pytest.mark.parametrize("to", ["llamafactory", "ms-swift", "verl"])
def test_a_row_whose_text_holds_a_placeholder_is_left_out_and_counted(tmp_path: Path, to: str) -> None:
    rows = [dict(row) for row in ROWS["train"]]
    rows[2]["question"] = "What does <image> mean?"
    done = export(make_dataset(tmp_path / "mine", {"train": rows}), to, tmp_path / "out")
    assert (done.rows, done.left_out) == ({"train": len(rows) - 1}, {"token_in_text": 1})


@pytest.mark.parametrize("to", FORMATS)
def test_rows_without_image_bytes_are_left_out_and_counted(tmp_path: Path, to: str) -> None:
    rows = [dict(row) for row in ROWS["train"]]
    rows[0]["images"] = [{"bytes": None, "path": "photo.jpg"}]
    rows[1]["images"] = []
    done = export(make_dataset(tmp_path / "mine", {"train": rows}), to, tmp_path / "out")
    assert done.left_out["images_missing"] == 2


def test_a_set_of_which_nothing_is_left_is_refused_with_the_reason(tmp_path: Path) -> None:
    rows = [dict(row) | {"images": []} for row in ROWS["train"]]
    with pytest.raises(DataError, match=r"8 images_missing .*rehydrate"):
        export(make_dataset(tmp_path / "mine", {"train": rows}), "jsonl", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_reasoning_of_another_form_is_refused_by_the_name_of_its_row(tmp_path: Path) -> None:
    rows = [dict(row) for row in ROWS["train"]]
    rows[1]["reasoning"] = "The camera moved right, so B."
    folder = make_dataset(tmp_path / "mine", {"train": rows})
    with pytest.raises(DataError, match=rows[1]["id"]):
        export(folder, "llamafactory", tmp_path / "out", reasoning_share=1.0)
    assert export(folder, "llamafactory", tmp_path / "out", reasoning_share=0.0).rows == {"train": 8}


def test_what_cannot_be_done_as_asked_is_refused_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    refused = {
        "no format 'tfrecord'": {"to": "tfrecord"},
        "not empty": {"out": tmp_path / "full"},
        "is a file": {"out": tmp_path / "file"},
        "inside the data set": {"out": folder / "exports"},
        "no split 'dev'": {"split": "dev"},
        "at least 1, not 0": {"rows": 0},
        "from 0 to 1, not 10": {"reasoning_share": 10.0},
        "holds no text for the model to learn": {"to": "verl", "reasoning_share": 0.1},
    }
    for message, given in refused.items():
        with pytest.raises(UsageError, match=message):
            export(folder, **{"to": "jsonl", "out": tmp_path / "out"} | given)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_a_folder_that_is_no_finished_data_set_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a data set"):
        export(tmp_path, "jsonl", tmp_path / "out")
    unfinished = make_dataset(tmp_path / "unfinished")
    (unfinished / "README.md").unlink()
    with pytest.raises(UsageError, match="not complete"):
        export(unfinished, "jsonl", tmp_path / "out")


def test_a_damaged_shard_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "mine")
    shard = next(folder.glob("data/test-*"))
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(DataError, match=shard.name):
        export(folder, "jsonl", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_may_be_given(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert sum(export(folder, "jsonl", tmp_path / "out").rows.values()) == sum(map(len, ROWS.values()))


def test_two_exports_into_one_folder_do_not_mix(folder: Path, tmp_path: Path) -> None:
    draft = tmp_path / ".out.export-draft"
    draft.mkdir()
    handle = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another export"):
            export(folder, "jsonl", tmp_path / "out")
    finally:
        os.close(handle)


def test_a_killed_export_shows_nothing_and_the_next_one_is_whole(folder: Path, tmp_path: Path) -> None:
    export(folder, "llamafactory", tmp_path / "whole")
    out, draft = tmp_path / "out", tmp_path / ".out.export-draft"
    program = (
        "import sys, time; from pathlib import Path; from viewpoint100k.export.exporter import export\n"
        "export(Path(sys.argv[1]), 'llamafactory', Path(sys.argv[2]),"
        " on_progress=lambda done, total: time.sleep(0 if done < 5 else 600))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(folder), str(out)])
    deadline = time.monotonic() + 120
    while not list(draft.glob("images/*/*.jpg")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not out.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    (draft / "images" / "half.jpg").write_bytes(b"half an image")
    assert not out.exists()
    export(folder, "llamafactory", out)
    assert tree(out) == tree(tmp_path / "whole")
    assert not draft.exists()


def test_the_command_says_what_it_did_and_what_comes_next(folder: Path, tmp_path: Path) -> None:
    done = run_command("export", folder, "--to", "vlmevalkit", "--out", tmp_path / "out", "--split", "test")
    assert done.returncode == 0, done.stderr
    kinds = Counter(not row["options"] for row in ROWS["test"])
    assert f"rows: {kinds[False]} test" in done.stdout
    assert f"LMUData={tmp_path / 'out'} python run.py --data {DATASET}_test" in done.stdout
    assert f"left out: {kinds[True]} open_question" in done.stderr


def test_the_command_refuses_in_one_sentence(folder: Path, tmp_path: Path) -> None:
    done = run_command("export", folder, "--to", "coco", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "llamafactory, ms-swift, llava, openai, verl, vlmevalkit, webdataset, jsonl" in done.stderr
    assert "Traceback" not in done.stderr
