"""The published form of rows: licences, references, and their description in the card."""

from __future__ import annotations

import json
from pathlib import Path

import hand_made_dataset as hand
import pyarrow.parquet as pq
import pytest
import yaml
from local_hub.publishing import REPO, licensed

from viewpoint100k.assets.licenses import AllowedLicenses
from viewpoint100k.check.verify import verify
from viewpoint100k.dataset.references import as_reference, digest_of
from viewpoint100k.errors import DataError, UsageError
from viewpoint100k.plan.config import load_config
from viewpoint100k.publish.comparison import HubFile, HubState, LocalFile, compare
from viewpoint100k.publish.hub_calls import fault_of
from viewpoint100k.publish.preparation import Choices, Prepared, prepare


@pytest.mark.parametrize(
    ("license", "allowed", "may"),
    [
        ("CC0-1.0", AllowedLicenses(), True),
        ("CC-BY-4.0", AllowedLicenses(), True),
        ("cc-by-3.0-us", AllowedLicenses(), True),
        ("MIT", AllowedLicenses(), True),
        ("CC-BY-SA-4.0", AllowedLicenses(), False),
        ("CC-BY-SA-4.0", AllowedLicenses(share_alike=True), True),
        ("CC-BY-NC-4.0", AllowedLicenses(share_alike=True), False),
        ("CC-BY-NC-4.0", AllowedLicenses(non_commercial=True), True),
        ("CC-BY-NC-SA-4.0", AllowedLicenses(non_commercial=True), False),
        ("CC-BY-NC-SA-4.0", AllowedLicenses(non_commercial=True, share_alike=True), True),
        ("CC-BY-ND-4.0", AllowedLicenses(non_commercial=True, share_alike=True), False),
        ("CC-BY-NC-ND-4.0", AllowedLicenses(non_commercial=True, share_alike=True), False),
        ("LicenseRef-Mine", AllowedLicenses(), False),
        ("LicenseRef-Mine", AllowedLicenses.of(["MIT,licenseref-mine"], False, False), True),
        ("NOASSERTION", AllowedLicenses(non_commercial=True, share_alike=True), False),
        ("", AllowedLicenses(), False),
        ("MIT AND CC-BY-NC-4.0", AllowedLicenses(), False),
    ],
)
def test_what_may_be_published(license: str, allowed: AllowedLicenses, may: bool) -> None:
    assert (allowed.problem(license) is None) == may


def test_no_licence_at_all_cannot_be_allowed() -> None:
    with pytest.raises(UsageError, match="licence is unknown"):
        AllowedLicenses.of(["CC0-1.0", "NOASSERTION"], False, False)


def prepared(folder: Path, choices: Choices) -> Prepared:
    return prepare(folder, REPO, choices, lambda line: None)


def metadata(card: LocalFile) -> dict[str, object]:
    assert isinstance(card.content, bytes)
    return dict(yaml.safe_load(card.content.decode().split("---\n")[1]))


def shard_licenses(files: Prepared) -> dict[str, set[str]]:
    return {
        file.path: set(pq.read_table(file.content, columns=["license"])["license"].to_pylist())
        for file in files.data
        if isinstance(file.content, Path)
    }


def test_rows_sorted_by_licence_have_shards_and_configs_of_their_own(tmp_path: Path) -> None:
    folder = licensed(tmp_path / "set", {"asset-1": "CC-BY-4.0"})
    files = prepared(folder, Choices(split_by_license=True))
    assert shard_licenses(files) == {
        "data/train-00000-of-00003.parquet": {"CC-BY-4.0"},
        "data/train-00001-of-00003.parquet": {"CC0-1.0"},
        "data/train-00002-of-00003.parquet": {"CC0-1.0"},
        "data/test-00000-of-00001.parquet": {"CC0-1.0"},
    }
    configs = {config["config_name"]: config["data_files"] for config in metadata(files.card)["configs"]}
    assert configs["cc-by-4.0"] == [{"split": "train", "path": ["data/train-00000-of-00003.parquet"]}]
    assert configs["default"][0] == {"split": "train", "path": "data/train-*.parquet"}
    infos = {info["config_name"]: info for info in metadata(files.card)["dataset_info"]}
    assert {split["name"]: split["num_examples"] for split in infos["default"]["splits"]} == {"train": 12, "test": 6}
    assert {split["name"]: split["num_examples"] for split in infos["cc0-1.0"]["splits"]} == {"train": 9, "test": 6}


def test_what_is_published_by_licence_can_be_verified_by_who_downloads_it(tmp_path: Path) -> None:
    folder = licensed(tmp_path / "set", {"asset-1": "CC-BY-4.0"})
    copy = tmp_path / "downloaded"
    for file in (*(files := prepared(folder, Choices(split_by_license=True))).data, files.card):
        path = copy / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content if isinstance(file.content, bytes) else file.content.read_bytes())
    report = verify(copy)
    assert report.ok, report.findings
    assert report.rows == 18


def test_shards_that_were_arranged_are_used_again_until_rows_change(tmp_path: Path) -> None:
    folder = licensed(tmp_path / "set", {"asset-1": "CC-BY-4.0"})
    first = prepared(folder, Choices(split_by_license=True))
    path = folder / ".build" / "published" / "data" / "train-00000-of-00003.parquet"
    written = path.stat().st_mtime_ns
    prepared(folder, Choices(split_by_license=True))
    assert path.stat().st_mtime_ns == written
    path.write_bytes(path.read_bytes()[:-5])
    again = prepared(folder, Choices(split_by_license=True))
    assert [(file.path, file.sha256) for file in again.data] == [(file.path, file.sha256) for file in first.data]


def test_photos_without_a_licence_need_poses_only(tmp_path: Path) -> None:
    folder = licensed(tmp_path / "set", {"asset-2": "NOASSERTION"}, source="co3d")
    with pytest.raises(DataError, match="or give --poses-only"):
        prepared(folder, Choices())


def test_renderings_without_a_licence_are_refused_with_poses_only_too(tmp_path: Path) -> None:
    folder = licensed(tmp_path / "set", {"asset-2": "NOASSERTION"}, source="meshes")
    with pytest.raises(DataError, match="licence is unknown"):
        prepared(folder, Choices(poses_only=True))


def test_poses_only_keeps_the_photos_that_may_be_shown(tmp_path: Path) -> None:
    folder = licensed(tmp_path / "set", {"asset-2": "NOASSERTION"}, source="co3d")
    files = prepared(folder, Choices(poses_only=True))
    assert files.references == 3
    rows = {
        row["id"]: row
        for file in files.data
        if isinstance(file.content, Path)
        for row in pq.read_table(file.content).to_pylist()
    }
    own = hand.all_rows(hand.GOOD)
    assert rows.keys() == own.keys()
    for row_id, row in rows.items():
        if row["asset_id"] == "asset-2":
            assert row["images"] == [as_reference(image["bytes"]) for image in own[row_id]["images"]]
        else:
            assert [image["bytes"] for image in row["images"]] == [image["bytes"] for image in own[row_id]["images"]]
    configs = {config["config_name"]: config for config in metadata(files.card)["configs"]}
    assert configs["default"]["default"] is True
    assert configs["references"]["data_files"] == [{"split": "train", "path": ["data/train-00002-of-00003.parquet"]}]
    assert isinstance(files.card.content, bytes)
    assert "viewpoint100k rehydrate viewpoint-100k --co3d" in files.card.content.decode()
    beside = {file.path: file.content for file in files.data if isinstance(file.content, bytes)}
    assert json.loads(beside["references.json"])["captures"]["max_image_size"] == 512
    assert b"co3d hold sha256 digests" in beside["LICENSE"]


def test_the_published_config_can_be_read_and_tells_no_place_of_the_publisher(tmp_path: Path) -> None:
    files = prepared(licensed(tmp_path / "set", {}), Choices())
    (content,) = [file.content for file in files.data if file.path == "config.yaml"]
    (tmp_path / "config.yaml").write_bytes(content)
    config = load_config(str(tmp_path / "config.yaml"))
    assert config.source == "meshes:my cups/*2,procedural"
    assert dict(config.questions) == {"leaning.yaml": 1.0}
    assert config.captures.max_image_size == 512
    assert b"/home" not in content


def test_a_reference_states_the_digest_of_the_bytes() -> None:
    # sha256 of "abc": FIPS 180-2, appendix B.1.
    reference = as_reference(b"abc")
    assert digest_of(reference) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_of({"bytes": b"abc", "path": reference["path"]}) is None
    assert digest_of({"bytes": None, "path": "photo.jpg"}) is None
    assert digest_of(None) is None


def far(*files: HubFile) -> HubState:
    return HubState("0" * 40, True, {file.path: file for file in files}, {})


def test_files_are_compared_by_digest_whether_large_or_small() -> None:
    # The blob id of "hello\n" is what `git hash-object` gives.
    small = LocalFile.of_bytes("LICENSE", b"hello\n")
    large = LocalFile.of_bytes("data/a.parquet", b"abc")
    blob = HubFile("LICENSE", 6, "ce013625030ba8dba906f756967f9e9ca394464a", None)
    stored = HubFile("data/a.parquet", 3, "0" * 40, large.sha256)
    assert compare([small, large], far(blob, stored)).is_none
    changed = HubFile("data/a.parquet", 3, "0" * 40, "0" * 64)
    assert compare([small, large], far(blob, changed)).change == (large,)
    assert compare([small, large], None).add == (small, large)


def test_only_what_belongs_to_a_data_set_is_removed() -> None:
    there = [HubFile(path, 1, "0" * 40, None) for path in (".gitattributes", "data/x", "old.parquet", "notes.txt")]
    difference = compare([], far(*there, HubFile("README.md", 1, "0" * 40, None)), apart=["README.md"])
    assert difference.remove == ("data/x", "old.parquet")
    assert difference.unrelated == ("notes.txt",)


def test_no_secret_is_in_what_is_told_of_an_error() -> None:
    error = ConnectionError("PUT https://user:pass@store/x?X-Amz-Signature=abc123 with Bearer hf_abcDEF123 failed")
    fault = fault_of(error)
    assert fault.kind == "passing"
    for secret in ("abc123", "abcDEF", "pass@"):
        assert secret not in fault.message
    assert "https://store/x" in fault.message
