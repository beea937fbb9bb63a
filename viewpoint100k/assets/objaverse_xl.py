"""Objaverse-XL: its four parts, their parquet annotations, and the two of them that only the package can bring."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from viewpoint100k.assets.mesh_files.reading import MESH_SUFFIXES
from viewpoint100k.assets.objaverse_cache import ObjaverseCache, ObjaverseObject
from viewpoint100k.assets.objaverse_choice import drawn, lvis_categories, object_paths, paths_on_disk, sketchfab_objects
from viewpoint100k.assets.objaverse_download import is_whole, note_failure
from viewpoint100k.assets.objaverse_spec import ObjaverseOptions, XlPart, spdx_license
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["choose_xl", "download_through_package"]

_COLUMNS = ("fileIdentifier", "license", "fileType", "sha256")


def choose_xl(cache: ObjaverseCache, options: ObjaverseOptions) -> tuple[list[ObjaverseObject], Counter[str]]:
    """The objects of Objaverse-XL that ``options`` mean, sorted by id, and how many were left out for which reason.

    Reasons: as for Objaverse 1.0, ``unsupported_format`` and ``malformed_annotation``.
    """
    left_out: Counter[str] = Counter()
    chosen, counts = drawn(
        chain.from_iterable(_objects_of(cache, part, options, left_out) for part in options.parts), options, left_out
    )
    return _with_authors(cache, chosen, options), counts


def _objects_of(
    cache: ObjaverseCache, part: XlPart, options: ObjaverseOptions, left_out: Counter[str]
) -> Iterator[ObjaverseObject]:
    locate = _Places(cache, part, options)
    for row in _rows(cache.xl_annotations(part)):
        item = locate.object(row)
        if isinstance(item, str):
            left_out[item] += 1
        elif options.licenses and item.license not in options.licenses:
            left_out["license_not_chosen"] += 1
        elif options.cached and not cache.path(item.path).exists():
            left_out["not_downloaded"] += 1
        else:
            yield item


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a parquet file of annotations, a batch at a time: the largest has millions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        missing = set(_COLUMNS) - set(file.schema_arrow.names)
        if missing:
            raise UsageError(f"{path} has no column {min(missing)}: delete it, and it is brought again")
        for batch in file.iter_batches(columns=list(_COLUMNS)):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path} is damaged ({error}): delete it, and it is brought again") from error


class _Places:
    """Makes an object of a row of one part: where the package keeps it, where it comes from, who is to be named."""

    def __init__(self, cache: ObjaverseCache, part: XlPart, options: ObjaverseOptions) -> None:
        self._cache = cache
        self._part = part
        self._paths: dict[str, str] = {}
        self._lvis: dict[str, str] | None = lvis_categories(cache, options) if options.lvis else None
        if part == "sketchfab":
            self._paths = paths_on_disk(cache) if options.cached else object_paths(cache, Counter())

    def object(self, row: dict[str, Any]) -> ObjaverseObject | str:
        """The object of a row, or the reason why it cannot be one."""
        identifier, sha256 = row["fileIdentifier"], row["sha256"]
        if not (isinstance(identifier, str) and isinstance(sha256, str) and len(sha256) == 64):
            return "malformed_annotation"
        file_type = f".{row['fileType']}".lower() if isinstance(row["fileType"], str) else ""
        if file_type not in MESH_SUFFIXES:
            return "unsupported_format"
        license = spdx_license(row["license"] if isinstance(row["license"], str) else "")
        item = ObjaverseObject(identifier, self._part, "", "", license, uri=identifier, sha256=sha256)
        match self._part:
            case "sketchfab":
                return self._sketchfab(item)
            case "smithsonian":
                return self._smithsonian(item)
            case "thingiverse":
                return _thingiverse(item)
            case "github":
                return _github(item, file_type)

    def _sketchfab(self, item: ObjaverseObject) -> ObjaverseObject | str:
        uid = item.asset_id.rsplit("/", 1)[-1]
        if self._lvis is not None and uid not in self._lvis:
            return "not_in_lvis_choice"
        if uid not in self._paths:
            return "no_annotations"
        path = self._paths[uid]
        place = f"{self._cache.version}/{path}"
        return replace(item, path=place, url=self._cache.object_url(path), category=(self._lvis or {}).get(uid, ""))

    def _smithsonian(self, item: ObjaverseObject) -> ObjaverseObject | str:
        from objaverse.utils import get_uid_from_str

        if urlsplit(item.asset_id).scheme not in ("http", "https"):
            return "malformed_annotation"
        path = f"smithsonian/objects/{get_uid_from_str(item.asset_id)}.glb"
        return replace(item, path=path, url=item.asset_id, creator="Smithsonian Institution")


def _thingiverse(item: ObjaverseObject) -> ObjaverseObject | str:
    """``https://www.thingiverse.com/thing:123/files?fileId=456`` or alike: what the package takes apart."""
    thing = next((word for word in item.asset_id.split("/") if word.startswith("thing:")), "")[len("thing:") :]
    file = item.asset_id.rsplit("fileId=", 1)[-1]
    if not (thing.isdigit() and file.isdigit()):
        return "malformed_annotation"
    return replace(item, path=f"thingiverse/thing-{thing}-file-{file}.stl")


def _github(item: ObjaverseObject, file_type: str) -> ObjaverseObject | str:
    """``https://github.com/ORG/REPO/blob/COMMIT/PATH``."""
    parts = item.asset_id.removeprefix("https://github.com/").split("/")
    path = PurePosixPath(*parts[4:]) if len(parts) > 4 else PurePosixPath()
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    if not item.asset_id.startswith("https://github.com/") or parts[2:3] != ["blob"] or not plain:
        return "malformed_annotation"
    if path.suffix.lower() != file_type:
        return "unsupported_format"
    org, repository = parts[:2]
    return replace(item, path=f"github/repos/{org}/{repository}/{path}", title=path.name, creator=org)


def _with_authors(
    cache: ObjaverseCache, chosen: list[ObjaverseObject], options: ObjaverseOptions
) -> list[ObjaverseObject]:
    """XL's annotations name no authors; for objects of Sketchfab, those of Objaverse 1.0 do."""
    prefix = f"{cache.version}/"
    uids = {
        PurePosixPath(item.path).stem: item.path.removeprefix(prefix) for item in chosen if item.part == "sketchfab"
    }
    known = {item.asset_id: item for item in sketchfab_objects(cache, options, uids, Counter())} if uids else {}

    def named(item: ObjaverseObject) -> ObjaverseObject:
        other = known.get(PurePosixPath(item.path).stem) if item.part == "sketchfab" else None
        if other is None:
            return item
        return replace(
            item,
            title=other.title,
            creator=other.creator,
            uri=other.uri,
            size=other.size,
            category=item.category or other.category,
        )

    return [named(item) for item in chosen]


_PACKAGE_SCRIPT = """
import json, resource, sys
import pandas, objaverse.xl
task = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_FSIZE, (task["max_bytes"],) * 2)
objaverse.xl.download_objects(
    pandas.DataFrame(task["objects"]), download_dir=task["base"], processes=task["processes"], save_repo_format="files"
)
"""
_MAX_FILE_BYTES = 2**32
"""Of whatever the package writes. It copies what links in a repository lead to, be it an endless device."""


def download_through_package(
    cache: ObjaverseCache, objects: Sequence[ObjaverseObject], stop: threading.Event | None = None
) -> dict[str, AssetError]:
    """Brings objects of Thingiverse and GitHub with the package's own downloader; what did not arrive, and why not.

    It runs in a process of its own, because it has no time limit: at the end of the policy's deadline for each round of
    as many objects as there are connections, it is stopped with whatever it started. Repositories are cloned with git,
    which must not ask a person for a password where one was made private.
    """
    why = ""
    missing = [item for item in objects if not is_whole(cache.path(item.path))]
    if missing:
        rounds = math.ceil(len(missing) / cache.policy.connections)
        why = _run_package(cache, missing, cache.policy.deadline_s * rounds, stop or threading.Event())
    failed: dict[str, AssetError] = {}
    for item in objects:
        path = cache.path(item.path)
        if not is_whole(path):
            failed[item.asset_id] = AssetError("download_failed", f"{item.asset_id}: {why}")
        elif not path.resolve().is_relative_to(cache.base.resolve()):
            failed[item.asset_id] = AssetError("reference_outside", f"{path} leads out of the cache")
        elif _sha256(path) != item.sha256.lower():
            failed[item.asset_id] = AssetError("checksum_mismatch", f"{path} is not the file that Objaverse-XL lists")
        if item.asset_id in failed and path.parent.is_dir():
            note_failure(path, failed[item.asset_id])
    return failed


def _run_package(cache: ObjaverseCache, objects: list[ObjaverseObject], limit_s: float, stop: threading.Event) -> str:
    """Runs the package's downloader; what it has to say for objects that are not there afterwards."""
    rows = [{"fileIdentifier": item.asset_id, "source": item.part, "sha256": item.sha256} for item in objects]
    task = {
        "objects": rows,
        "base": str(cache.base.resolve()),
        "processes": min(cache.policy.connections, len(objects)),
        "max_bytes": _MAX_FILE_BYTES,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _PACKAGE_SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0"},
        start_new_session=True,
    )
    deadline = time.monotonic() + limit_s
    send: bytes | None = json.dumps(task).encode()
    try:
        while time.monotonic() < deadline and not stop.is_set():
            try:
                _, complaint = process.communicate(send, timeout=0.5)
            except subprocess.TimeoutExpired:
                send = None
                continue
            last = complaint.decode(errors="replace").strip().splitlines()[-1:]
            return last[0][:200] if process.returncode and last else "the package could not get it"
        return "the download was stopped" if stop.is_set() else f"it did not arrive within {limit_s:.0f} s"
    finally:
        # Its pool and git with it. Where it ended by itself there is nobody left.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
