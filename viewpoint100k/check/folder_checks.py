"""The files of a data set against its manifest, its card and its attribution list."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from viewpoint100k.check.findings import Tally
from viewpoint100k.check.shard_files import SHARD_NAME, ShardFile, first_line
from viewpoint100k.runtime.files import file_sha256
from viewpoint100k.runtime.storage import Location, files_in

__all__ = ["Attribution", "check_attribution", "check_card", "check_folder", "check_manifest", "same_objects"]

_BESIDE_THE_DATA = ("README.md", "LICENSE", "ATTRIBUTION.csv")

_COLUMNS = {
    "category": "category",
    "license": "license",
    "creator": "creator",
    "uri": "uri",
    "sha256": "asset_sha256",
}
"""From a column of ATTRIBUTION.csv to the column of a row with the same value."""


def check_folder(folder: Location, paths: Sequence[Location], tally: Tally) -> None:
    """Checks that all expected files exist and that no other file lies among the shards."""
    for name in _BESIDE_THE_DATA:
        tally.record("missing_file", name, None if (folder / name).is_file() else f"{name} is missing")
    shards: dict[str, dict[str, set[str]]] = {}
    for path in files_in(folder / "data"):
        match = SHARD_NAME.fullmatch(path.name)
        problem = None if match else "this is not a shard, and a loader may take it for one"
        tally.record("stray_file", f"data/{path.name}", problem)
        if match:
            shards.setdefault(match["split"], {}).setdefault(match["count"], set()).add(match["index"])
    for path in files_in(folder, "*.parquet"):
        tally.record("stray_file", path.name, "a parquet file outside data/ would be loaded as rows")
    for split, by_count in shards.items():
        several = f"the split has shards of {len(by_count)} different totals" if len(by_count) > 1 else None
        tally.record("shard_numbers", f"data/{split}-*", several)
        for count, indices in by_count.items():
            for index in range(int(count)):
                name = f"data/{split}-{index:05d}-of-{count}.parquet"
                missing = None if f"{index:05d}" in indices else "this shard is missing"
                tally.record("missing_shard", name, missing)


def check_manifest(folder: Location, shards: Sequence[ShardFile], tally: Tally) -> str | None:
    """Compares the manifest with the files; returns the config digest that it states."""
    path = folder / ".build" / "manifest.json"
    where = ".build/manifest.json"
    if not path.is_file():
        tally.notes.append(f"{where} is not here, as in a downloaded data set: file digests were not checked")
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files = [
            (str(f["path"]), str(f["split"]), int(f["rows"]), int(f["bytes"]), str(f["sha256"]))
            for f in manifest["files"]
        ]
        config, digest = str(manifest["config"]), str(manifest["digest"])
    except (ValueError, KeyError, TypeError) as error:
        tally.record("manifest", where, f"it cannot be read as a manifest: {error!r}")
        return None
    lines = "\n".join(f"{name} {sha256}" for name, _, _, _, sha256 in files)
    expected = hashlib.sha256(lines.encode()).hexdigest()[:16]
    stale = None if digest == expected else f"its digest is {digest}, its entries give {expected}"
    tally.record("manifest", where, stale)
    known = {shard.name: shard for shard in shards}
    listed = Counter(name for name, *_ in files)
    for name in known:
        problem = {0: "the manifest does not list this file", 1: None}.get(listed[name], "the manifest lists it twice")
        tally.record("unlisted_file", name, problem)
    for name, split, rows, size, sha256 in files:
        if name not in known:
            tally.record("missing_shard", name, "the manifest lists this file, and it is not here")
            continue
        shard = known[name]
        problem = None if shard.split == split else f"the manifest puts it in split {split!r}"
        if problem is None and shard.rows not in (rows, None):
            problem = f"it has {shard.rows} rows, the manifest says {rows}"
        tally.record("manifest_entry", name, problem)
        tally.record("file_digest", name, _digest_problem(shard.path, size, sha256))
    return config


def same_objects(folder: Location) -> dict[str, str]:
    """Maps each asset that the manifest lists as a near duplicate to the first asset of its group."""
    try:
        groups = json.loads((folder / ".build" / "manifest.json").read_text(encoding="utf-8"))["same_objects"]
        return {str(name): str(group[0]) for group in groups for name in group}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # `check_manifest` reports a missing or unreadable manifest.


def check_card(folder: Location, shards: Sequence[ShardFile], tally: Tally) -> None:
    """Compares the row counts in the card with the files: `datasets` refuses to load a set where they differ."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    front_matter = re.match(r"---\n(.*?)\n---\s", text, re.DOTALL)
    if not front_matter:
        return
    try:
        info = (yaml.safe_load(front_matter[1]) or {}).get("dataset_info") or {}
        configs = info if isinstance(info, list) else [info]
        if len(configs) != 1:
            return  # With several configs, the card alone defines which files belong to which.
        stated = {str(s["name"]): int(s["num_examples"]) for c in configs for s in c.get("splits") or []}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        tally.record("card", card.name, f"its metadata cannot be read: {first_line(error)}")
        return
    actual: Counter[str] = Counter()
    for shard in shards:
        actual[shard.split] += shard.rows or 0
    problem = None if not stated or stated == actual else f"it states {stated} rows, the files have {dict(actual)}"
    tally.record("card", card.name, problem)


def _digest_problem(path: Location, size: int, sha256: str) -> str | None:
    if path.stat().st_size != size:
        return f"it has {path.stat().st_size} bytes, the manifest says {size}"
    actual = file_sha256(path)
    return None if actual == sha256 else f"its sha256 is {actual}, the manifest says {sha256}"


# --- the files -------------------------------------------------------------------------------------------------------


@dataclass
class Attribution:
    """What the rows state about the origin of each object, by (source, asset id)."""

    assets: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> str | None:
        """Records a row's object; returns a sentence if an earlier row contradicts it."""
        about = {name: str(row[column]) for name, column in _COLUMNS.items()}
        first = self.assets.setdefault((str(row["source"]), str(row["asset_id"])), about)
        name = next((name for name in _COLUMNS if first[name] != about[name]), None)
        if name is None:
            return None
        return f"{row['asset_id']} has the {name} {about[name]!r}, in another row {first[name]!r}"


def check_attribution(folder: Location, attribution: Attribution, all_read: bool, tally: Tally) -> None:
    """Compares ATTRIBUTION.csv with the rows: it must list every object of the rows once, with the same values.

    If ``all_read`` (every row could be read), it must list no other object.
    """
    path = folder / "ATTRIBUTION.csv"
    if not path.is_file():
        return  # `check_folder` reports a missing file.
    try:
        with path.open(encoding="utf-8", newline="") as file:
            listed = list(csv.DictReader(file, strict=True))
        keys = Counter((line["source"], line["asset_id"]) for line in listed)
        stated = {(line["source"], line["asset_id"]): {name: line[name] for name in _COLUMNS} for line in listed}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        tally.record("attribution", path.name, f"it cannot be read as a list of objects: {error!r}")
        return
    for key, about in attribution.assets.items():
        problem = None
        if keys[key] != 1:
            problem = f"it lists {key[1]} of {key[0]} {keys[key]} times, not once"
        elif stated[key] != about:
            name = next(name for name in _COLUMNS if stated[key][name] != about[name])
            problem = f"it states the {name} {stated[key][name]!r} for {key[1]}, its rows {about[name]!r}"
        tally.record("attribution", path.name, problem)
    for source, asset_id in sorted(stated.keys() - attribution.assets.keys()) if all_read else ():
        tally.record("attribution", path.name, f"it lists {asset_id} of {source}, which no row shows")
