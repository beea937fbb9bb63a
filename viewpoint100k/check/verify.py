"""Verifies a finished data set folder, and lists the rows and files with errors.

It needs only the folder. `row_checks` recomputes every label and shares no code with the code that made it. Files
are read a hundred rows at a time, so memory does not grow with their size. The check keeps the id of each row, the
first split of each asset and group, and a digest of each group's views.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any, Literal

from viewpoint100k.check import row_checks
from viewpoint100k.check.findings import Report, Tally
from viewpoint100k.check.folder_checks import (
    Attribution,
    check_attribution,
    check_card,
    check_folder,
    check_manifest,
    same_objects,
)
from viewpoint100k.check.image_checks import image_problem
from viewpoint100k.check.labels.definitions import Definition, definitions_of
from viewpoint100k.check.labels.forms import plain_views
from viewpoint100k.check.shard_files import ShardFile, open_shard, read_rows
from viewpoint100k.dataset.digests import Digests, RowHasher, combined
from viewpoint100k.dataset.folder import stored_row_digests
from viewpoint100k.errors import UsageError
from viewpoint100k.runtime.storage import Location, files_in, located

__all__ = ["verify"]


_SAMPLE_EVERY = 20
_LOOKS_ALIKE = 0.05


def verify(
    folder: str | Location,
    *,
    decode: Literal["all", "sample"] = "all",
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Checks the data set in ``folder``: files, schema, splits, images, cameras, and every label.

    ``decode="sample"`` decodes the images of one row in twenty; sizes are read from all. ``on_progress`` is called with
    the rows done and the rows in all. Raises ``UsageError`` where the folder is not a data set.
    """
    folder = located(folder)
    paths = files_in(folder / "data", "*.parquet")
    if not paths and not (folder / ".build" / "manifest.json").is_file():
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    tally = Tally()
    check_folder(folder, paths, tally)
    shards = [open_shard(path, tally) for path in paths]
    config = check_manifest(folder, shards, tally)
    check_card(folder, shards, tally)
    checkable = [shard for shard in shards if shard.checkable]
    total = sum(shard.rows or 0 for shard in checkable)
    rows = _RowChecks(tally, config, decode, definitions_of(folder), same_objects(folder))
    by_shard: dict[str, Digests] = {}
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for shard in checkable:
            hasher, read = RowHasher(), 0
            for batch in read_rows(shard, tally):
                hasher.add(batch)
                read += len(batch)
                rows.check(batch, shard.split, pool)
                if on_progress:
                    on_progress(rows.done, total)
            if read == shard.rows:
                by_shard[shard.name] = hasher.digests()
    rows.finish()
    check_attribution(folder, rows.attribution, len(by_shard) == len(shards), tally)
    digests = _digests(folder, shards, by_shard, tally)
    found = tuple(tally.findings)
    counted = dict(tally.checks), dict(tally.found)
    return Report(rows.done, *counted, found, tuple(tally.notes), digests, by_shard, rows.config)


def _digests(
    folder: Location, shards: list[ShardFile], by_shard: Mapping[str, Digests], tally: Tally
) -> Digests | None:
    """Compares the digests of all rows with the manifest; None if a shard is missing from ``by_shard``."""
    if not shards or len(by_shard) < len(shards):
        return None
    actual = combined(by_shard)
    stated = stored_row_digests(folder)
    if stated is not None:
        differs = f"the rows have the digests {actual}, the manifest states {stated}"
        tally.record("row_digests", ".build/manifest.json", None if actual == stated else differs)
    return actual


class _RowChecks:
    """Checks rows one by one, and keeps what must be compared between rows."""

    def __init__(
        self,
        tally: Tally,
        config: str | None,
        decode: Literal["all", "sample"],
        definitions: Mapping[str, Definition],
        same_objects: Mapping[str, str],
    ) -> None:
        self.done = 0
        self._tally = tally
        self.config = config
        self._decode = decode
        self._definitions = definitions
        self._same_objects = same_objects
        self._ids: set[str] = set()
        self._split_of: dict[str, dict[tuple[str, ...], str]] = {
            "asset": {},
            "asset_sha256": {},
            "group": {},
            "same_object": {},
        }
        self._views_of: dict[str, int] = {}
        self.attribution = Attribution()
        # By question type: the largest quantity with the answer "none", and the smallest with another answer.
        self._largest_none: dict[str, tuple[float, str]] = {}
        self._smallest_some: dict[str, tuple[float, str]] = {}

    def check(self, batch: list[dict[str, Any]], split: str, pool: ThreadPoolExecutor) -> None:
        """Checks rows of one split; their images are decoded in ``pool`` meanwhile."""
        images = [pool.map(image_problem, *self._image_jobs(row)) for row in batch]
        for row, problems in zip(batch, images, strict=True):
            where = row["id"] or f"row {self.done} (without an id)"
            found = dict(row_checks.check_row(row, self._definitions))
            for check, problem in found.items():
                self._tally.record(check, where, problem)
            if found["incomplete"] is None:
                for number, problem in enumerate(problems, start=1):
                    self._tally.record("image", where, problem and f"image {number} {problem}")
                self._tally.record("same_image", where, _same_image(row))
                if "wording" not in found:  # If the wording is known, so is the dead zone around none.
                    self._remember_extremes(row, where)
                if found["cameras"] is None:
                    self._tally.record("group", where, self._group_problem(row))
            self._check_against_others(row, where, split)
            self._tally.record("attribution", where, self.attribution.add(row))
            self.done += 1

    def _image_jobs(self, row: dict[str, Any]) -> tuple[list[bytes | None], list[tuple[int, int]], list[bool]]:
        """Arguments for `image_problem`, one of each for every image that has a camera."""
        pairs = [(i, c) for i, c in zip(row["images"] or [], row["cameras"] or [], strict=False) if c]
        sizes = [(c["width"] or 0, c["height"] or 0) for _, c in pairs]
        decode = self._decode == "all" or _is_sampled(row["id"] or "")
        return [i and i["bytes"] for i, _ in pairs], sizes, [decode] * len(pairs)

    def _check_against_others(self, row: dict[str, Any], where: str, split: str) -> None:
        record = self._tally.record
        record("duplicate_id", where, "another row has the same id" if row["id"] in self._ids else None)
        self._ids.add(row["id"])
        keys = {"asset": (row["source"], row["asset_id"]), "asset_sha256": (row["asset_sha256"],)}
        for name in (row["asset_id"], f"{row['source']}:{row['asset_id']}"):  # The latter in a mixture of kinds.
            if name in self._same_objects:
                keys["same_object"] = (self._same_objects[name],)
        for kind, key in (keys | {"group": (row["group"],)}).items():
            first = self._split_of[kind].setdefault(key, split)
            shown = " ".join(map(str, key))
            leak = None if first == split else f"{kind} {shown} is in split {first!r} and in {split!r}"
            record("split_leak", where, leak)
        self.config = self.config or row["config"]
        other = None if row["config"] == self.config else f"its config is {row['config']}, not {self.config}"
        record("config", where, other)

    def _group_problem(self, row: dict[str, Any]) -> str | None:
        """Checks that the rows of one group show the same two views, which joint scores rely on."""
        try:
            views = plain_views(row)
        except ValueError as error:
            return str(error)
        same = self._views_of.setdefault(row["group"], views) == views
        return None if same else f"another row of the group {row['group']} is about other views, or in another form"

    def _remember_extremes(self, row: dict[str, Any], where: str) -> None:
        if row["answer_value"] is None:
            return
        claim, kind, size = row_checks.signed_answer(row), row["question_type"], abs(row["answer_value"])
        if claim == 0 and size > self._largest_none.get(kind, (-1.0, ""))[0]:
            self._largest_none[kind] = (size, where)
        if claim and size < self._smallest_some.get(kind, (float("inf"), ""))[0]:
            self._smallest_some[kind] = (size, where)

    def finish(self) -> None:
        """Makes the checks that need all rows: no "none" may have a larger quantity than a left or right."""
        for kind, (some, some_id) in self._smallest_some.items():
            none, none_id = self._largest_none.get(kind, (-1.0, ""))
            problem = f"{kind} {none:.6g} is called none here, while {some:.6g} is not in {some_id}"
            self._tally.record("none_threshold", none_id or some_id, problem if none >= some else None)


def _is_sampled(row_id: str) -> bool:
    """True if the row is in the sample to decode: about one row in twenty, the same in every run."""
    return int.from_bytes(hashlib.blake2b(row_id.encode(), digest_size=8).digest()) % _SAMPLE_EVERY == 0


def _same_image(row: dict[str, Any]) -> str | None:
    """Finds equal files from two different cameras: one of them cannot be its camera's view."""
    if row["answerability"] is not None and row["answerability"] < _LOOKS_ALIKE:
        return None  # The question asks whether the images look alike.
    for (one, here), (other, there) in combinations(zip(row["images"], row["cameras"], strict=True), 2):
        if one["bytes"] == other["bytes"] and not _alike(here, there):
            return "two cameras differ and their images are the same"
    return None


def _alike(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """True if two cameras are equal except for rounding."""
    numbers = [(*camera["camera_to_world"], *camera["intrinsics"]) for camera in (first, second)]
    return len(numbers[0]) == len(numbers[1]) and all(
        math.isclose(a, b, abs_tol=1e-9) for a, b in zip(*numbers, strict=True)
    )
