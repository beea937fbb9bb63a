"""`datasets` with a clean cache loads the folder's rows from the local Hub."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from local_hub import LocalHub, serve_hub
from local_hub.publishing import REPO, SOON, audited, client_environment, copy_of, edit_rows, licensed, python

from viewpoint100k.assets.licenses import AllowedLicenses
from viewpoint100k.publish.publisher import Choices, publish

pytestmark = pytest.mark.slow

READ = """
import hashlib, json, sys
from datasets import Image, List, load_dataset

name, streaming, *config = sys.argv[1], sys.argv[2] == "streaming", *sys.argv[3:]
loaded = load_dataset(name, *config, streaming=streaming)
found = {}
for split, rows in loaded.items():
    if isinstance(rows.features["images"], List) and isinstance(rows.features["images"].feature, Image):
        first = next(iter(rows))["images"][0]
        assert first.size == (96, 96) or first.size == (64, 48), first.size
        rows = rows.cast_column("images", List(Image(decode=False)))
    found[split] = [
        row | {"images": [hashlib.sha256(i["bytes"]).hexdigest() if i["bytes"] else i["path"] for i in row["images"]]}
        for row in rows
    ]
print(json.dumps(found))
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    with serve_hub() as hub:
        for name, value in client_environment(hub, tmp_path / "home").items():
            monkeypatch.setenv(name, value)
        yield hub


def loaded(hub: LocalHub, home: Path, how: str = "whole", *config: str) -> dict[str, list[dict[str, Any]]]:
    """The loaded rows by split, with images as their sha256."""
    done = python(hub, home, READ, REPO, how, *config)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def rows_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The folder's rows in the same form, in the order of the shards."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("data/*.parquet")):
        for row in pq.read_table(path).to_pylist():
            row["images"] = [hashlib.sha256(image["bytes"]).hexdigest() for image in row["images"]]
            found.setdefault(path.name.partition("-")[0], []).append(json.loads(json.dumps(row)))
    return found


@pytest.mark.parametrize("how", ["whole", "streaming"])
def test_what_a_reader_gets_is_what_the_folder_holds(
    small_dataset: Path, tmp_path: Path, hub: LocalHub, how: str
) -> None:
    folder = copy_of(small_dataset, tmp_path)
    publish(folder, REPO, retries=SOON, say=[].append)
    assert loaded(hub, tmp_path / "reader", how) == rows_of(folder)


def test_a_reader_with_a_cache_gets_the_new_rows_after_an_update(
    small_dataset: Path, tmp_path: Path, hub: LocalHub
) -> None:
    folder, home = copy_of(small_dataset, tmp_path), tmp_path / "reader"
    publish(folder, REPO, retries=SOON, say=[].append)
    assert loaded(hub, home)["train"][0]["creator"] == "viewpoint100k"
    edit_rows(folder, "train-00000-of-00003", creator="Jane Doe")
    publish(audited(folder), REPO, retries=SOON, say=[].append)
    assert loaded(hub, home)["train"][0]["creator"] == "Jane Doe"
    assert loaded(hub, home) == rows_of(folder)


def test_rows_sorted_by_licence_load_by_licence_and_all_together(tmp_path: Path, hub: LocalHub) -> None:
    folder = licensed(tmp_path / "set", {"asset-1": "CC-BY-4.0", "asset-4": "CC-BY-SA-4.0"})
    allowed = AllowedLicenses(share_alike=True)
    publish(folder, REPO, Choices(allowed, split_by_license=True), retries=SOON, say=[].append)
    own = rows_of(folder)
    every = loaded(hub, tmp_path / "reader")
    assert {split: sorted(row["id"] for row in rows) for split, rows in every.items()} == {
        split: sorted(row["id"] for row in rows) for split, rows in own.items()
    }
    by_config = {name: loaded(hub, tmp_path / "reader", "whole", name) for name in ("cc0-1.0", "cc-by-4.0")}
    assert by_config["cc-by-4.0"] == {"train": [row for row in own["train"] if row["license"] == "CC-BY-4.0"]}
    assert by_config["cc0-1.0"]["train"] == [row for row in own["train"] if row["license"] == "CC0-1.0"]
    assert {row["asset_id"] for row in loaded(hub, tmp_path / "reader", "whole", "cc-by-sa-4.0")["test"]} == {"asset-4"}


@pytest.mark.parametrize("how", ["whole", "streaming"])
def test_rows_without_photos_load_with_digests_in_their_place(tmp_path: Path, hub: LocalHub, how: str) -> None:
    folder = licensed(tmp_path / "set", dict.fromkeys([f"asset-{n}" for n in range(6)], "NOASSERTION"), source="co3d")
    publish(folder, REPO, Choices(poses_only=True), retries=SOON, say=[].append)
    expected = rows_of(folder)
    for rows in expected.values():
        for row in rows:
            row["images"] = [f"sha256:{digest}" for digest in row["images"]]
    assert loaded(hub, tmp_path / "reader", how) == expected
    stored = b"".join(hub.repositories[REPO].storage.values())
    photo = pq.read_table(folder / "data" / "test-00000-of-00001.parquet")["images"][0].as_py()[0]["bytes"]
    assert photo[200:300] not in stored, "no photo has left the machine"
