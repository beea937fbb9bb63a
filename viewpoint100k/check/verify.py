"""Proves a finished data set folder, or names the rows and files in which it is wrong.

Nothing but the folder is needed. `row_checks` works out every label again and shares no code with the path that made
it. Files are read a hundred rows at a time, so memory does not grow with their size. Of a row its id is kept, of an
asset or a group the split it was first seen in, and of a group a digest of its views.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from viewpoint100k.check import row_checks
from viewpoint100k.check.labels.definitions import Definition, definitions_of
from viewpoint100k.check.labels.forms import plain_views
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.errors import UsageError

__all__ = ["MAX_FINDINGS_PER_CHECK", "Finding", "Report", "verify"]

MAX_FINDINGS_PER_CHECK = 20
"""So many findings of one check are kept; all are counted."""

_BATCH_ROWS = 100
_SAMPLE_EVERY = 20
_SHARD_NAME = re.compile(r"(?P<split>\w+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.parquet")
_BESIDE_THE_DATA = ("README.md", "LICENSE", "ATTRIBUTION.csv")
_BLANK_RANGE = 4
_LOOKS_ALIKE = 0.05
_EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    check: str
    """Which check found it: a short snake_case name, such as ``label`` or ``file_digest``."""
    where: str
    """The row's id, or the file's path relative to the folder."""
    message: str


@dataclass(frozen=True)
class Report:
    """What was checked and what was found."""

    rows: int
    checks: Mapping[str, int]
    """How many times each check was made."""
    found: Mapping[str, int]
    """How many times each check found something, all of them counted."""
    findings: tuple[Finding, ...]
    """At most `MAX_FINDINGS_PER_CHECK` of each check, in the order in which they were found."""
    notes: tuple[str, ...] = ()
    """What could not be checked, and why."""

    @property
    def ok(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.found


@dataclass(frozen=True)
class _Shard:
    """One parquet file under ``data``."""

    path: Path
    name: str
    """Relative to the folder, with forward slashes."""
    split: str
    rows: int | None
    """None where the file is no parquet file."""
    checkable: bool
    """Whether its rows have every column of the schema."""


@dataclass
class _Tally:
    """Findings so far."""

    checks: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def record(self, check: str, where: str, problem: str | None) -> None:
        """Counts a check that was made, and what it found."""
        self.checks[check] += 1
        if problem is None:
            return
        self.found[check] += 1
        if self.found[check] <= MAX_FINDINGS_PER_CHECK:
            self.findings.append(Finding(check, where, problem))


def verify(
    folder: Path,
    *,
    decode: Literal["all", "sample"] = "all",
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Checks the data set in ``folder``: files, schema, splits, images, cameras, and every label.

    ``decode="sample"`` decodes one row's images in twenty; sizes are read from all. ``on_progress`` is called with
    the rows done and the rows in all. Raises ``UsageError`` where the folder is not a data set.
    """
    folder = Path(folder)
    paths = sorted((folder / "data").glob("*.parquet"))
    if not paths and not (folder / ".build" / "manifest.json").is_file():
        raise UsageError(f"{folder} is not a data set: it has no data/*.parquet files")
    tally = _Tally()
    _check_folder(folder, paths, tally)
    shards = [_open_shard(folder, path, tally) for path in paths]
    config = _check_manifest(folder, shards, tally)
    _check_card(folder, shards, tally)
    checkable = [shard for shard in shards if shard.checkable]
    total = sum(shard.rows or 0 for shard in checkable)
    rows = _RowChecks(tally, config, decode, definitions_of(folder), _same_objects(folder))
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for shard in checkable:
            for batch in _batches(shard, tally):
                rows.check(batch, shard.split, pool)
                if on_progress:
                    on_progress(rows.done, total)
    rows.finish()
    return Report(rows.done, dict(tally.checks), dict(tally.found), tuple(tally.findings), tuple(tally.notes))


# --- the folder ------------------------------------------------------------------------------------------------------


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _check_folder(folder: Path, paths: Sequence[Path], tally: _Tally) -> None:
    """What should lie in the folder lies there, and among the shards nothing else does."""
    for name in _BESIDE_THE_DATA:
        tally.record("missing_file", name, None if (folder / name).is_file() else f"{name} is missing")
    shards: dict[str, dict[str, set[str]]] = {}
    for path in sorted((folder / "data").iterdir()) if (folder / "data").is_dir() else []:
        match = _SHARD_NAME.fullmatch(path.name)
        problem = None if match else "this is not a shard, and a loader may take it for one"
        tally.record("stray_file", _name(folder, path), problem)
        if match:
            shards.setdefault(match["split"], {}).setdefault(match["count"], set()).add(match["index"])
    for path in folder.glob("*.parquet"):
        tally.record("stray_file", _name(folder, path), "a parquet file outside data/ would be loaded as rows")
    for split, by_count in shards.items():
        several = f"the split has shards of {len(by_count)} different totals" if len(by_count) > 1 else None
        tally.record("shard_numbers", f"data/{split}-*", several)
        for count, indices in by_count.items():
            for index in range(int(count)):
                name = f"data/{split}-{index:05d}-of-{count}.parquet"
                missing = None if f"{index:05d}" in indices else "this shard is missing"
                tally.record("missing_shard", name, missing)


def _check_manifest(folder: Path, shards: Sequence[_Shard], tally: _Tally) -> str | None:
    """The manifest against the files; gives the config digest that it states."""
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


def _same_objects(folder: Path) -> dict[str, str]:
    """Assets that the manifest lists as near duplicates, each with the first of its group."""
    try:
        groups = json.loads((folder / ".build" / "manifest.json").read_text(encoding="utf-8"))["same_objects"]
        return {str(name): str(group[0]) for group in groups for name in group}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # No manifest, or one that cannot be read: `_check_manifest` has said so.


def _check_card(folder: Path, shards: Sequence[_Shard], tally: _Tally) -> None:
    """The splits that the card states, if it states any: `datasets` refuses to load where the counts differ."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    front_matter = re.match(r"---\n(.*?)\n---\s", text, re.DOTALL)
    if not front_matter:
        return
    try:
        info = (yaml.safe_load(front_matter[1]) or {}).get("dataset_info") or {}
        configs = info if isinstance(info, list) else [info]
        if len(configs) != 1:
            return  # which files belong to which config is the card's to say
        stated = {str(s["name"]): int(s["num_examples"]) for c in configs for s in c.get("splits") or []}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        tally.record("card", card.name, f"its metadata cannot be read: {_first_line(error)}")
        return
    actual: Counter[str] = Counter()
    for shard in shards:
        actual[shard.split] += shard.rows or 0
    problem = None if not stated or stated == actual else f"it states {stated} rows, the files have {dict(actual)}"
    tally.record("card", card.name, problem)


def _digest_problem(path: Path, size: int, sha256: str) -> str | None:
    if path.stat().st_size != size:
        return f"it has {path.stat().st_size} bytes, the manifest says {size}"
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    return None if actual == sha256 else f"its sha256 is {actual}, the manifest says {sha256}"


# --- the files -------------------------------------------------------------------------------------------------------


def _open_shard(folder: Path, path: Path, tally: _Tally) -> _Shard:
    """Reads a file's footer and checks its schema."""
    name, match = _name(folder, path), _SHARD_NAME.fullmatch(path.name)
    split = match["split"] if match else path.stem
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, int(file.metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        tally.record("unreadable", name, f"it is not a whole parquet file: {_first_line(error)}")
        return _Shard(path, name, split, None, checkable=False)
    tally.record("unreadable", name, None)
    return _Shard(path, name, split, rows, checkable=_check_schema(schema, name, tally))


def _check_schema(schema: pa.Schema, name: str, tally: _Tally) -> bool:
    """Names, types, order and metadata of the columns; gives whether every column is there as it should be."""
    expected = arrow_schema()
    actual_types = dict(zip(schema.names, schema.types, strict=True))
    fatal = False
    problems = [f"the column {extra!r} does not belong here" for extra in schema.names if extra not in expected.names]
    for column in expected:
        if column.name not in actual_types:
            problems.append(f"the column {column.name!r} is missing")
            fatal = True
        elif actual_types[column.name] != column.type:
            problems.append(f"the column {column.name!r} is {actual_types[column.name]}, not {column.type}")
            fatal = True
    if not problems and schema.names != expected.names:
        problems.append("the columns are not in the order of the schema")
    if not problems and _features_of(schema) != _features_of(expected):
        problems.append("the `huggingface` metadata key is missing or differs: images would load as plain structs")
    tally.checks["schema"] += not problems
    for problem in problems:
        tally.record("schema", name, problem)
    return not fatal


def _features_of(schema: pa.Schema) -> Any:
    """The features in the ``huggingface`` key; None where there are none."""
    try:
        return json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return None


def _batches(shard: _Shard, tally: _Tally) -> Iterator[list[dict[str, Any]]]:
    """The file's rows, a hundred at a time; stops with a finding where the file can be read no further."""
    columns = arrow_schema().names
    try:
        with pq.ParquetFile(shard.path, pre_buffer=False, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                yield batch.to_pylist()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        tally.record("unreadable", shard.name, f"its rows cannot be read to the end: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


# --- the rows --------------------------------------------------------------------------------------------------------


class _RowChecks:
    """Checks rows as they come, and keeps what must be compared between rows."""

    def __init__(
        self,
        tally: _Tally,
        config: str | None,
        decode: Literal["all", "sample"],
        definitions: Mapping[str, Definition],
        same_objects: Mapping[str, str],
    ) -> None:
        self.done = 0
        self._tally = tally
        self._config = config
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
        # Per question type: the largest quantity of which "none" is said, and the smallest of which it is not.
        self._largest_none: dict[str, tuple[float, str]] = {}
        self._smallest_some: dict[str, tuple[float, str]] = {}

    def check(self, batch: list[dict[str, Any]], split: str, pool: ThreadPoolExecutor) -> None:
        """Checks rows of one split; their images are decoded in ``pool`` meanwhile."""
        images = [pool.map(_image_problem, *self._image_jobs(row)) for row in batch]
        for row, problems in zip(batch, images, strict=True):
            where = row["id"] or f"row {self.done} (without an id)"
            found = dict(row_checks.check_row(row, self._definitions))
            for check, problem in found.items():
                self._tally.record(check, where, problem)
            if found["incomplete"] is None:
                for number, problem in enumerate(problems, start=1):
                    self._tally.record("image", where, problem and f"image {number} {problem}")
                self._tally.record("same_image", where, _same_image(row))
                if "wording" not in found:  # Where the wording is known, so is the dead zone around none.
                    self._remember_extremes(row, where)
                if found["cameras"] is None:
                    self._tally.record("group", where, self._group_problem(row))
            self._check_against_others(row, where, split)
            self.done += 1

    def _image_jobs(self, row: dict[str, Any]) -> tuple[list[bytes | None], list[tuple[int, int]], list[bool]]:
        """Arguments for `_image_problem`, one of each for every image that has a camera."""
        pairs = [(i, c) for i, c in zip(row["images"] or [], row["cameras"] or [], strict=False) if c]
        sizes = [(c["width"] or 0, c["height"] or 0) for _, c in pairs]
        decode = self._decode == "all" or _is_sampled(row["id"] or "")
        return [i and i["bytes"] for i, _ in pairs], sizes, [decode] * len(pairs)

    def _check_against_others(self, row: dict[str, Any], where: str, split: str) -> None:
        record = self._tally.record
        record("duplicate_id", where, "another row has the same id" if row["id"] in self._ids else None)
        self._ids.add(row["id"])
        keys = {"asset": (row["source"], row["asset_id"]), "asset_sha256": (row["asset_sha256"],)}
        if row["asset_id"] in self._same_objects:
            keys["same_object"] = (self._same_objects[row["asset_id"]],)
        for kind, key in (keys | {"group": (row["group"],)}).items():
            first = self._split_of[kind].setdefault(key, split)
            shown = " ".join(map(str, key))
            leak = None if first == split else f"{kind} {shown} is in split {first!r} and in {split!r}"
            record("split_leak", where, leak)
        self._config = self._config or row["config"]
        other = None if row["config"] == self._config else f"its config is {row['config']}, not {self._config}"
        record("config", where, other)

    def _group_problem(self, row: dict[str, Any]) -> str | None:
        """Whether rows of one group are about the same two views, as what scores them together relies on."""
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
        """What only all rows together can show: a none that is larger than some left or right is one of them wrong."""
        for kind, (some, some_id) in self._smallest_some.items():
            none, none_id = self._largest_none.get(kind, (-1.0, ""))
            problem = f"{kind} {none:.6g} is called none here, while {some:.6g} is not in {some_id}"
            self._tally.record("none_threshold", none_id or some_id, problem if none >= some else None)


def _is_sampled(row_id: str) -> bool:
    """Whether the row is among the sample to decode: the same rows in every run, and about one in twenty."""
    return int.from_bytes(hashlib.blake2b(row_id.encode(), digest_size=8).digest()) % _SAMPLE_EVERY == 0


def _same_image(row: dict[str, Any]) -> str | None:
    """Two equal files from two different cameras: one of them does not show what its camera saw."""
    if row["answerability"] is not None and row["answerability"] < _LOOKS_ALIKE:
        return None  # That the images look alike is what is asked about.
    for (one, here), (other, there) in combinations(zip(row["images"], row["cameras"], strict=True), 2):
        if one["bytes"] == other["bytes"] and not _alike(here, there):
            return "two cameras differ and their images are the same"
    return None


def _alike(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two cameras are one, but for rounding."""
    numbers = [(*camera["camera_to_world"], *camera["intrinsics"]) for camera in (first, second)]
    return len(numbers[0]) == len(numbers[1]) and all(
        math.isclose(a, b, abs_tol=1e-9) for a, b in zip(*numbers, strict=True)
    )


def _image_problem(encoded: bytes | None, size: tuple[int, int], decode: bool) -> str | None:
    """What is wrong with one image, as the end of a sentence; ``size`` is its camera's width and height."""
    if not encoded:
        return "has no bytes: data sets of references must be given their photos back first"
    problem: str | None
    try:
        actual, spread, upright = _read_jpeg(encoded, decode) if encoded[:2] == b"\xff\xd8" else _read_other(encoded)
    except (ValueError, OSError, SyntaxError, EOFError) as error:
        problem = f"cannot be decoded: {_first_line(error)}"
    else:
        problem = None
        if actual != size:
            problem = f"is {actual[0]} x {actual[1]} pixels, its camera says {size[0]} x {size[1]}"
        elif spread is not None and spread < _BLANK_RANGE:
            problem = "is blank"
        elif not upright:
            problem = "has an EXIF orientation, which loaders apply and its camera does not know of"
    return problem


def _read_jpeg(encoded: bytes, decode: bool) -> tuple[tuple[int, int], int | None, bool]:
    """Size, range of grey levels (None where not decoded), and whether no EXIF orientation turns the image."""
    import simplejpeg

    height, width, _, _ = simplejpeg.decode_jpeg_header(encoded)
    spread = None
    if decode:
        # The smallest scale still reads every coded bit, which is where damage shows, at half the cost.
        grey = simplejpeg.decode_jpeg(encoded, "GRAY", min_height=1, min_width=1, min_factor=8)
        spread = int(grey.max()) - int(grey.min())
    upright = b"Exif\0\0" not in encoded[:4096] or _read_other(encoded)[2]
    return (width, height), spread, upright


def _read_other(encoded: bytes) -> tuple[tuple[int, int], int | None, bool]:
    """The same for any format that Pillow knows."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded)) as image:
            grey = image.convert("L").tobytes()
            return image.size, max(grey) - min(grey), image.getexif().get(_EXIF_ORIENTATION, 1) == 1
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error
