"""Objaverse 1.0 and Objaverse-XL as a source: ``objaverse:…`` and ``objaverse-xl:…``.

Deitke et al., *Objaverse* (arXiv 2212.08051) and *Objaverse-XL* (arXiv 2307.05663).

The files lie where the ``objaverse`` package puts them, so that a cache made by either serves both. They are brought
ahead of a build by `ObjaverseSource.download`, or in the background by `ObjaverseSource.start_download`; `load` itself
never downloads. Where a file is not there yet and some process is bringing objects to this cache, it waits; otherwise
it raises ``not_downloaded``. A build whose rows shall not depend on the speed of a network waits for the download
first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from viewpoint100k.assets.asset import MeshAsset, Origin
from viewpoint100k.assets.mesh_file_store import read_or_recall
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.objaverse_cache import ObjaverseCache, ObjaverseObject, open_cache
from viewpoint100k.assets.objaverse_choice import choose, paths_on_disk
from viewpoint100k.assets.objaverse_download import (
    DownloadReport,
    FetchPolicy,
    RemoteFile,
    failure_of,
    fetch_all,
    is_whole,
)
from viewpoint100k.assets.objaverse_spec import ObjaverseOptions, parse_objaverse_spec
from viewpoint100k.assets.objaverse_xl import choose_xl, download_through_package
from viewpoint100k.errors import AssetError, UsageError
from viewpoint100k.runtime.progress import Progress

__all__ = ["BackgroundDownload", "ObjaverseSource", "SizeEstimate", "open_objaverse", "parse_objaverse_spec"]

_CHOICE_VERSION = 1
"""Raised whenever the same options and annotations would give another list."""


@dataclass(frozen=True)
class SizeEstimate:
    """What a download will bring."""

    files: int
    """That are not on the disk yet."""
    bytes: int
    """By the annotations; objects whose size they do not give count as the average of the others."""
    unknown: int
    """Objects whose size the annotations do not give."""

    def __str__(self) -> str:
        if not self.files:
            return "nothing to download"
        size = f"about {self.bytes / 1e9:.2f} GB" if self.bytes else "of unknown size"
        doubt = f" ({self.unknown:,} of unknown size)" if self.unknown and self.bytes else ""
        return f"{self.files:,} files to download, {size}{doubt}"


def open_objaverse(spec: str, limits: MeshLimits | None = None) -> ObjaverseSource:
    """The source that a spec such as ``objaverse:lvis=mug;count=500`` means. Raises ``UsageError``."""
    return ObjaverseSource(parse_objaverse_spec(spec), limits)


class ObjaverseSource:
    """Objects of Objaverse by LVIS category, licence and count; see `parse_objaverse_spec`.

    The choice is made once, which may take a minute, and kept in the cache: a worker process reads it in no time. It is
    made anew when the options or the annotations change.
    """

    def __init__(
        self,
        options: ObjaverseOptions | None = None,
        limits: MeshLimits | None = None,
        cache: ObjaverseCache | None = None,
        wait_s: float = 60.0,
    ) -> None:
        self._options = options or ObjaverseOptions()
        self._limits = limits or MeshLimits()
        self._wait_s = wait_s
        """How long `load` waits for an object that is being downloaded."""
        policy = FetchPolicy(max_bytes=self._limits.max_file_bytes)
        self._cache = cache or open_cache(offline=self._options.cached, policy=policy)

    @property
    def name(self) -> str:
        """``objaverse`` or ``objaverse-xl``."""
        return "objaverse-xl" if self._options.xl else "objaverse"

    def ids(self) -> Sequence[str]:
        """Every chosen object, sorted, whether it is on the disk or not.

        Raises ``UsageError`` where the annotations cannot be had, or nothing fits.
        """
        if not self._objects:
            counts = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.most_common())
            raise UsageError(f"no object of {self.name} fits the source spec ({counts}): let in more of them")
        return tuple(self._objects)

    @property
    def left_out(self) -> Counter[str]:
        """How many objects of Objaverse the options do not mean, by reason."""
        return Counter(self._choice[1])

    def describe(self, asset_id: str) -> ObjaverseObject:
        """What the annotations say of an object: title, author, page, licence. Raises ``AssetError``."""
        if asset_id not in self._objects:
            raise AssetError("file_missing", f"{asset_id} is not an object that the source spec means")
        return self._objects[asset_id]

    def size_on_disk(self, asset_id: str) -> int | None:
        """Bytes of an object's file; None where it is not on the disk."""
        path = self._cache.path(self.describe(asset_id).path)
        return path.stat().st_size if path.exists() else None

    def stamp(self, asset_id: str) -> str | None:
        """See `Stamped`. None of a file that is not here, or that may refer to others."""
        item = self.describe(asset_id)
        path = self._cache.path(item.path)
        if path.suffix.lower() in (".obj", ".gltf") or not path.exists():
            return None
        status = path.stat()
        return repr((self.name, str(path), status.st_size, status.st_mtime_ns, asdict(item), self._limits))

    def references(self, asset_id: str) -> Sequence[Path]:
        """See `Stamped`: none, for what refers to other files has no stamp."""
        return ()

    def load(self, asset_id: str) -> MeshAsset:
        """Reads one object from the cache.

        Raises ``AssetError``: ``not_downloaded``, the reason for which the download failed, ``checksum_mismatch``, or
        as `read_mesh_file` does.
        """
        item = self.describe(asset_id)
        path = self._awaited(item)
        file = read_or_recall(path, self._root(item, path), self._limits)
        # After the reading, which has seen that it is a regular file in its own folder. ``file.sha256`` will not do:
        # it covers other files too, where this one refers to some.
        if item.sha256 and _sha256(path) != item.sha256.lower():
            raise AssetError("checksum_mismatch", f"{path} is not the file that Objaverse-XL lists: delete it")
        origin = Origin(
            source=self.name,
            asset_id=asset_id,
            sha256=file.sha256,
            category=item.category,
            license=item.license,
            creator=item.creator,
            uri=item.uri,
        )
        return MeshAsset(origin, file.mesh, None, file.normalization)

    def estimate(self, ids: Sequence[str] | None = None) -> SizeEstimate:
        """How much `download` would bring."""
        missing = [item for item in self._wanted(ids) if not is_whole(self._cache.path(item.path))]
        sizes = [item.size for item in missing if item.size]
        unknown = len(missing) - len(sizes)
        average = int(sum(sizes)) / len(sizes) if sizes else 0.0
        return SizeEstimate(len(missing), round(int(sum(sizes)) + unknown * average), unknown)

    def download(self, ids: Sequence[str] | None = None, stop: threading.Event | None = None) -> DownloadReport:
        """Brings ``ids`` (all by default) that are not on the disk: resumably, in parallel, verified, with progress.

        What does not arrive is in the report with its reason, and `load` raises the same. Raises ``UsageError`` where
        the disk is too small for it or the network is not to be used.
        """
        wanted = self._wanted(ids)
        estimate = self.estimate(ids)
        if not estimate.files:
            return DownloadReport(present=len(wanted))
        if self._cache.offline:
            missing = f"{estimate.files:,} objects are not on the disk, and the network is not to be used"
            raise UsageError(f"{missing}: unset HF_HUB_OFFLINE, or write cached=yes in the source to do without them")
        self._cache.base.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._cache.base).free
        if estimate.bytes > free:
            need = f"{estimate.bytes / 1e9:.1f} GB are to be downloaded to {self._cache.base}"
            raise UsageError(f"{need}, which has {free / 1e9:.1f} GB left: give a smaller count, or set OBJAVERSE_PATH")
        print(f"{self.name}: {estimate}", file=sys.stderr, flush=True)
        with self._cache.downloading(), Progress("downloading", "objects", len(wanted)) as bar:
            return self._bring(wanted, bar, stop)

    def start_download(self, ids: Sequence[str] | None = None) -> BackgroundDownload:
        """`download` in a thread of its own."""
        return BackgroundDownload(self, ids)

    def claim_download(self) -> contextlib.AbstractContextManager[None]:
        """While it is held, `load` waits for objects that are not on the disk, in every process."""
        return self._cache.downloading()

    def _bring(self, wanted: list[ObjaverseObject], bar: Progress, stop: threading.Event | None) -> DownloadReport:
        direct = {
            item.asset_id: RemoteFile(item.url, self._cache.path(item.path), item.sha256, item.size)
            for item in wanted
            if item.url
        }
        report = fetch_all(direct, self._cache.policy, lambda bytes: bar.advance(1), stop)
        others = [item for item in wanted if not item.url]
        before = {item.asset_id for item in others if is_whole(self._cache.path(item.path))}
        report.failed |= download_through_package(self._cache, others, stop)
        there = [item for item in others if item.asset_id not in report.failed]
        fresh = [item for item in there if item.asset_id not in before]
        report.present += len(there) - len(fresh)
        report.arrived += len(fresh)
        report.bytes += sum(self._cache.path(item.path).stat().st_size for item in fresh)
        bar.advance(len(others))
        return report

    def _wanted(self, ids: Sequence[str] | None) -> list[ObjaverseObject]:
        return [self.describe(asset_id) for asset_id in (self.ids() if ids is None else ids)]

    def _awaited(self, item: ObjaverseObject) -> Path:
        """The object's file, once it is there."""
        path = self._cache.path(item.path)
        deadline = time.monotonic() + self._wait_s
        while not os.path.exists(path):  # Unlike ``Path.exists``, it takes a name too long for the disk as well.
            if failure := failure_of(path):
                raise failure
            # Asked before the file is looked for again: it may arrive as the last one of a download.
            busy = self._cache.is_downloading() and time.monotonic() < deadline
            if os.path.exists(path):
                break
            if not busy:
                raise AssetError("not_downloaded", f"{item.asset_id} is not on the disk yet: download it first")
            time.sleep(0.1)
        return path

    def _root(self, item: ObjaverseObject, path: Path) -> Path:
        """The folder that the file may refer to files in: its repository, or its own."""
        if item.part == "github":
            return self._cache.path("/".join(item.path.split("/")[:4]))
        return path.parent

    @property
    def _objects(self) -> dict[str, ObjaverseObject]:
        return self._choice[0]

    @cached_property
    def _choice(self) -> tuple[dict[str, ObjaverseObject], Counter[str]]:
        """The chosen objects by id, and the counts of what was left out."""
        kept = self._kept_choice()
        if kept is not None:
            return kept
        objects, left_out = (choose_xl if self._options.xl else choose)(self._cache, self._options)
        content = {"objects": [asdict(item) for item in objects], "left_out": left_out}
        # A cache that cannot be written to costs time, not correctness. The file is named after the annotations, some
        # of which were perhaps brought just now.
        with contextlib.suppress(OSError):
            _write_whole(self._choice_file(), json.dumps(content).encode())
        return {item.asset_id: item for item in objects}, left_out

    def _kept_choice(self) -> tuple[dict[str, ObjaverseObject], Counter[str]] | None:
        try:
            content = json.loads(self._choice_file().read_bytes())
            objects = [ObjaverseObject(**item) for item in content["objects"]]
            return {item.asset_id: self._rehomed(item) for item in objects}, Counter(content["left_out"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # Not made yet, or made by another version.

    def _rehomed(self, item: ObjaverseObject) -> ObjaverseObject:
        """The list may have been made with another endpoint."""
        if item.part != "sketchfab":
            return item
        return replace(item, url=self._cache.object_url(item.path.removeprefix(f"{self._cache.version}/")))

    def _choice_file(self) -> Path:
        """Named after everything that the choice follows from."""
        base = self._cache.base
        patterns = (f"{self._cache.version}/*.json.gz", f"{self._cache.version}/metadata/*.json.gz", "*/*.parquet")
        files = sorted(path for pattern in patterns for path in base.glob(pattern))
        prints = [f"{path.relative_to(base)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
        on_disk = sorted(paths_on_disk(self._cache)) if self._options.cached else []
        options = asdict(self._options) | {name: sorted(getattr(self._options, name)) for name in ("lvis", "licenses")}
        text = json.dumps([_CHOICE_VERSION, options, prints, on_disk], sort_keys=True)
        return self._cache.workspace / f"chosen-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"


class BackgroundDownload:
    """A download that goes on while other work is done. As a context manager it is stopped at the end of the block."""

    def __init__(self, source: ObjaverseSource, ids: Sequence[str] | None = None) -> None:
        self._stop = threading.Event()
        self._report: DownloadReport | None = None
        self._error: Exception | None = None
        self._source, self._ids = source, ids
        source.ids()  # The choice is made here, so that two threads do not make it, and its errors are raised at once.
        # Whoever asks for an object from now on waits for it, even before the thread has begun.
        self._claim = contextlib.ExitStack()
        self._claim.enter_context(source.claim_download())
        self._thread = threading.Thread(target=self._run, name="objaverse-download", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float | None = None) -> DownloadReport | None:
        """The report, once the download is over; None after ``timeout_s``. Raises what `download` raised."""
        self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error
        return self._report

    def stop(self) -> None:
        """Ends it soon; what has arrived is kept, and resumed another time."""
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> BackgroundDownload:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            self._report = self._source.download(self._ids, self._stop)
        except Exception as error:  # Raised again in the thread that waits.
            self._error = error
        finally:
            self._claim.close()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    os.replace(temporary, path)
