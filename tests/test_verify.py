"""`check.verify` finds every planted error in files, schema, manifest and between rows, and names its place.

Errors within one row are in ``test_truth.py``.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hand_made_dataset import FIRST, GOOD, LAST, all_rows, make_row, places, pose_on_orbit, write, write_manifest

from viewpoint100k.check.findings import MAX_FINDINGS_PER_CHECK, Report
from viewpoint100k.check.labels.forms import plain_views
from viewpoint100k.check.row_checks import QUANTITIES
from viewpoint100k.check.verify import verify
from viewpoint100k.errors import UsageError


@pytest.fixture(scope="module")
def good_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("good") / "viewpoint", GOOD)


@pytest.fixture
def folder(good_folder: Path, tmp_path: Path) -> Path:
    """A correct data set that a test may damage."""
    return Path(shutil.copytree(good_folder, tmp_path / "viewpoint"))


# --- what is right ---------------------------------------------------------------------------------------------------


def test_a_correct_data_set_is_found_correct(good_folder: Path) -> None:
    progress: list[tuple[int, int]] = []
    report = verify(good_folder, on_progress=lambda done, total: progress.append((done, total)))
    assert report.findings == ()
    assert report.ok
    assert report.notes == ()
    assert report.rows == 18
    assert report.checks["label"] == 18
    assert report.checks["image"] == 36
    assert report.checks["file_digest"] == 3
    assert progress[-1] == (18, 18)


def test_the_hand_made_rows_have_all_three_answers() -> None:
    answers = {(row["question_type"], row["answer_text"]) for row in all_rows(GOOD).values()}
    assert {text for kind, text in answers if kind == "ego_translation"} == {
        "To the left",
        "To the right",
        "Neither way",
    }


def test_a_downloaded_data_set_without_build_records_is_checked_but_for_digests(folder: Path) -> None:
    shutil.rmtree(folder / ".build")
    report = verify(folder)
    assert report.ok
    assert "file digests were not checked" in report.notes[0]
    assert "file_digest" not in report.checks


def test_a_sample_of_images_can_be_decoded_instead_of_all(good_folder: Path) -> None:
    report = verify(good_folder, decode="sample")
    assert report.ok
    assert report.checks["image"] == 36


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError, match="is not a data set"):
            verify(place)


# --- rows against each other -----------------------------------------------------------------------------------------


def test_a_wrong_none_is_found_by_comparing_rows(tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    row = all_rows(shards)["ego_rotation-0"]
    row["answer"], row["answer_text"] = "ABC"[row["options"].index("Neither way")], "Neither way"
    report = verify(write(tmp_path / "d", shards))
    assert set(report.found) == {"none_threshold"}
    assert places(report, "none_threshold") == {"ego_rotation-0"}


def test_an_observer_who_faces_a_camera_overhead_has_no_left(tmp_path: Path) -> None:
    first = np.array([[1.0, 0, 0, 0.3], [0, -1, 0, -0.2], [0, 0, -1, 2.1], [0, 0, 0, 1]])
    shards = copy.deepcopy(GOOD)
    row = all_rows(shards)[LAST]
    row["cameras"][0]["camera_to_world"] = first.ravel().tolist()
    report = verify(write(tmp_path / "d", shards))
    assert any("straight above" in f.message and f.where == LAST for f in report.findings)


@pytest.mark.parametrize(
    ("name", "kind", "besides"),
    [("id", "duplicate_id", set()), ("asset_id", "split_leak", {"attribution"}), ("group", "split_leak", {"group"})],
)
def test_what_must_not_recur_is_found_where_it_recurs(name: str, kind: str, besides: set[str], tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    rows = all_rows(shards)
    rows[LAST][name] = rows[FIRST][name]
    report = verify(write(tmp_path / "d", shards))
    assert set(report.found) == {kind} | besides
    # Files are read in the order of their names, test before train. The second of two is named.
    train_asset = {f"{q}-0" for q in QUANTITIES}
    assert places(report, kind) == ({FIRST} if name == "id" else train_asset)


def test_a_row_in_the_group_of_another_pair_is_found(tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    all_rows(shards)["ego_rotation-0"]["group"] = "pair-1"
    report = verify(write(tmp_path / "d", shards))
    # If two differ, the later one is named: here all three of the other pair.
    assert report.found == {"group": 3}
    assert places(report, "group") == {f"{kind}-1" for kind in QUANTITIES}


@pytest.mark.parametrize(("form", "found"), [("swapped", 1), ("mirrored", 1), ("upside_down", 1), (None, 0)])
def test_a_form_that_a_row_is_not_in_is_found(form: str | None, found: int, tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    row = all_rows(shards)["ego_rotation-0"]
    row["template"] += f"+{form}" if form else ""
    report = verify(write(tmp_path / "d", shards))
    assert report.found.get("group", 0) == found
    assert not found or places(report, "group") == {"ego_rotation-0"}


def test_forms_of_one_pair_are_known_to_be_of_one_pair(tmp_path: Path) -> None:
    first, second = pose_on_orbit(10, 20, 2.0), pose_on_orbit(50, 10, 2.4)
    mirror = np.diag([-1.0, 1, 1, 1])
    swapped = make_row("ego_rotation", 0, 0, second, first, 5.0)
    mirrored = make_row("ego_rotation", 0, 0, mirror @ first @ mirror, mirror @ second @ mirror, 5.0)
    plain = make_row("ego_rotation", 0, 0, first, second, 5.0)
    ours = {plain_views(plain), plain_views(swapped | {"template": "ego_rotation/0+swapped"})}
    ours.add(plain_views(mirrored | {"template": "ego_rotation/0+mirrored"}))
    assert len(ours) == 1
    assert not ours & {plain_views(swapped), plain_views(mirrored)}


def test_the_same_asset_file_under_another_name_is_a_leak(tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    rows = all_rows(shards)
    for question in QUANTITIES:
        rows[f"{question}-5"]["asset_sha256"] = rows[FIRST]["asset_sha256"]
    report = verify(write(tmp_path / "d", shards))
    assert report.found == {"split_leak": 3}
    assert "asset_sha256" in report.findings[0].message


@pytest.mark.parametrize("name", ["{asset_id}", "{source}:{asset_id}"])  # The latter in a mixture of kinds.
def test_a_near_duplicate_in_the_other_split_is_a_leak(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "d", copy.deepcopy(GOOD))
    path = folder / ".build" / "manifest.json"
    rows = all_rows(GOOD)
    pair = [name.format(**rows[FIRST]), name.format(**rows[LAST])]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"same_objects": [pair]}))
    report = verify(folder)
    assert set(report.found) == {"split_leak"}
    assert "same_object" in report.findings[0].message


def test_the_same_asset_id_of_another_source_is_no_leak(tmp_path: Path) -> None:
    shards = copy.deepcopy(GOOD)
    rows = all_rows(shards)
    rows[LAST]["asset_id"], rows[LAST]["source"] = rows[FIRST]["asset_id"], "objaverse"
    assert verify(write(tmp_path / "d", shards)).ok


def test_many_findings_are_all_counted_and_some_kept(tmp_path: Path) -> None:
    rows = [row | {"id": f"{row['id']}-{n}", "margin": -1.0} for n in range(3) for row in all_rows(GOOD).values()]
    report = verify(write(tmp_path / "d", {"train-00000-of-00001": rows}))
    assert report.found == {"margin": 54}
    assert len(report.findings) == MAX_FINDINGS_PER_CHECK


# --- files that are wrong --------------------------------------------------------------------------------------------

SHARD = "data/train-00001-of-00002.parquet"


def test_one_altered_byte_in_a_file_is_found(folder: Path) -> None:
    content = bytearray((folder / SHARD).read_bytes())
    content[len(content) // 2] ^= 0x01
    (folder / SHARD).write_bytes(content)
    assert places(verify(folder), "file_digest") == {SHARD}


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_named_and_the_others_are_still_checked(folder: Path, keep: float) -> None:
    content = (folder / SHARD).read_bytes()
    (folder / SHARD).write_bytes(content[: int(len(content) * keep)])
    report = verify(folder)
    assert places(report, "unreadable") == {SHARD}
    assert places(report, "file_digest") == {SHARD}
    assert report.checks["label"] == 12


def test_a_file_whose_rows_are_damaged_is_named(folder: Path) -> None:
    content = bytearray((folder / SHARD).read_bytes())
    content[4:4000] = bytes(3996)  # the footer still reads; the first pages do not
    (folder / SHARD).write_bytes(content)
    assert places(verify(folder), "unreadable") == {SHARD}


def test_a_missing_shard_is_named_with_and_without_a_manifest(folder: Path) -> None:
    (folder / SHARD).unlink()
    assert places(verify(folder), "missing_shard") == {SHARD}
    shutil.rmtree(folder / ".build")
    assert places(verify(folder), "missing_shard") == {SHARD}


def test_files_that_do_not_belong_are_named(folder: Path) -> None:
    (folder / "data" / "train-00002-of-00003.parquet.tmp").write_bytes(b"half")
    shutil.copy(folder / SHARD, folder / "extra.parquet")
    assert places(verify(folder), "stray_file") == {"data/train-00002-of-00003.parquet.tmp", "extra.parquet"}


def test_a_shard_that_the_manifest_does_not_list_is_named(folder: Path) -> None:
    shutil.copy(folder / SHARD, folder / "data" / "val-00000-of-00001.parquet")
    report = verify(folder)
    assert places(report, "unlisted_file") == {"data/val-00000-of-00001.parquet"}
    assert "split_leak" in report.found
    assert "duplicate_id" in report.found


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / ".build" / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("change", "check", "where"),
    [
        (lambda m: m.update(digest="0" * 16), "manifest", ".build/manifest.json"),
        (lambda m: m.pop("digest"), "manifest", ".build/manifest.json"),
        (lambda m: m["files"][1].update(rows=7), "manifest_entry", None),
        (lambda m: m["files"][1].update(split="test"), "manifest_entry", None),
        (lambda m: m["files"][1].update(bytes=7), "file_digest", None),
        (lambda m: m["files"].pop(1), "unlisted_file", None),
        (lambda m: m["files"].append(m["files"][1]), "unlisted_file", None),
        (lambda m: m["files"][1].update(path="../secret.parquet"), "missing_shard", "../secret.parquet"),
    ],
)
def test_a_stale_manifest_is_found(
    folder: Path, change: Callable[[dict[str, Any]], None], check: str, where: str | None
) -> None:
    edit_manifest(folder, change)
    assert places(verify(folder), check) == {where or "data/train-00000-of-00002.parquet"}


def test_rows_of_another_config_than_the_manifests_are_found(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(config="decaf"))
    assert verify(folder).found == {"config": 18}


def test_a_manifest_that_is_not_json_is_found(folder: Path) -> None:
    (folder / ".build" / "manifest.json").write_text("{")
    assert places(verify(folder), "manifest") == {".build/manifest.json"}


def test_files_beside_the_data_are_missed(folder: Path) -> None:
    (folder / "LICENSE").unlink()
    assert places(verify(folder), "missing_file") == {"LICENSE"}


def test_a_card_that_states_other_row_counts_is_found(folder: Path) -> None:
    card = folder / "README.md"
    card.write_text(card.read_text().replace("num_examples: 12", "num_examples: 13"))
    assert places(verify(folder), "card") == {"README.md"}
    card.write_text("---\ndataset_info: [\n---\n")
    assert places(verify(folder), "card") == {"README.md"}


# --- the schema ------------------------------------------------------------------------------------------------------


def rewrite(folder: Path, change: Callable[[pa.Table], pa.Table]) -> Report:
    pq.write_table(change(pq.read_table(folder / SHARD)), folder / SHARD)
    write_manifest(folder)
    return verify(folder)


@pytest.mark.parametrize(
    ("change", "message", "rows_checked"),
    [
        (lambda t: t.append_column("notes", pa.array(["x"] * len(t))), "'notes' does not belong", 18),
        (lambda t: t.drop_columns(["margin"]), "'margin' is missing", 12),
        (lambda t: t.select(t.schema.names[::-1]), "order", 18),
        (lambda t: t.replace_schema_metadata({}), "huggingface", 18),
        (lambda t: t.set_column(7, "margin", t["margin"].cast(pa.float64())), "'margin' is double, not float", 12),
    ],
)
def test_a_schema_that_differs_is_named_by_file_and_column(
    folder: Path, change: Callable[[pa.Table], pa.Table], message: str, rows_checked: int
) -> None:
    report = rewrite(folder, change)
    assert set(report.found) == {"schema"}
    assert places(report, "schema") == {SHARD}
    assert message in report.findings[0].message
    assert report.checks["label"] == rows_checked
