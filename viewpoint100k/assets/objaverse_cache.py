"""The ``objaverse`` package's cache on the disk: where everything lies, and where it comes from."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from viewpoint100k.assets.capture_files.json_records import bounded_int
from viewpoint100k.assets.objaverse_download import FetchPolicy, RemoteFile, fetch, is_whole
from viewpoint100k.assets.objaverse_spec import XlPart
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["ObjaverseCache", "ObjaverseObject", "open_cache", "read_gzipped_json"]

_ANNOTATIONS_DEADLINE_S = 1800.0
"""The largest file of annotations has some hundred megabytes."""


@dataclass(frozen=True)
class ObjaverseObject:
    """One chosen object: what the annotations say of it, and where its file belongs."""

    asset_id: str
    """Objaverse 1.0: the uid. XL: the ``fileIdentifier``, which is the address of the object's page or file."""
    part: XlPart
    path: str
    """In the cache, relative to its base; forward slashes."""
    url: str = ""
    """Where the file itself is; empty where the package alone knows how to get it."""
    license: str = ""
    """SPDX id."""
    title: str = ""
    creator: str = ""
    uri: str = ""
    """The object's page, for people."""
    category: str = ""
    sha256: str = ""
    """Of the file; empty where the annotations have none."""
    size: int = 0
    """Bytes by the annotations; 0 where they do not say."""


@dataclass(frozen=True)
class ObjaverseCache:
    """A folder with the package's layout. ``~/.objaverse``, or what ``OBJAVERSE_PATH`` says."""

    base: Path
    endpoint: str = "https://huggingface.co"
    """Of the Hub: ``OBJAVERSE_ENDPOINT``, or else ``HF_ENDPOINT``."""
    offline: bool = False
    """Never look at the network: ``HF_HUB_OFFLINE=1``."""
    policy: FetchPolicy = field(default_factory=FetchPolicy)
    version: str = "hf-objaverse-v1"
    """The package's name of the folder of Objaverse 1.0."""

    @property
    def workspace(self) -> Path:
        """What this project adds to the cache: lists of chosen objects and a lock. The package does not look there."""
        return self.base / "viewpoint100k"

    def path(self, relative: str) -> Path:
        """Where a file belongs. Raises ``AssetError`` (``reference_outside``) for one that would lie elsewhere."""
        parts = PurePosixPath(relative).parts
        if not parts or ".." in parts or PurePosixPath(relative).is_absolute() or "\0" in relative:
            raise AssetError("reference_outside", f"the annotations place an object at {relative[:200]!r}")
        return self.base.joinpath(*parts)

    def hub_url(self, data_set: str, relative: str) -> str:
        """The address of a file of ``allenai/objaverse`` or ``allenai/objaverse-xl``."""
        return f"{self.endpoint.rstrip('/')}/datasets/{data_set}/resolve/main/{quote(relative)}"

    def object_url(self, object_path: str) -> str:
        """The address of an object of Objaverse 1.0, by its path as in ``object-paths.json.gz``."""
        return self.hub_url("allenai/objaverse", object_path)

    def annotations(self, name: str) -> Path:
        """A file of annotations of Objaverse 1.0, such as ``lvis-annotations.json.gz``; brought if it is missing."""
        return self._brought(f"{self.version}/{name}", self.hub_url("allenai/objaverse", name))

    def xl_annotations(self, part: XlPart) -> Path:
        """A part's parquet file of annotations of Objaverse-XL; brought if it is missing."""
        name = f"{part}/{part}.parquet"
        return self._brought(name, self.hub_url("allenai/objaverse-xl", name))

    def _brought(self, relative: str, url: str) -> Path:
        path = self.base / relative
        if is_whole(path):
            return path
        if self.offline:
            raise UsageError(
                f"{path} is missing, and the network is not to be used (cached=yes or HF_HUB_OFFLINE=1): put it there "
                f"from {url}"
            )
        try:
            fetch(RemoteFile(url, path), replace(self.policy, deadline_s=_ANNOTATIONS_DEADLINE_S))
        except AssetError as error:
            raise UsageError(
                f"Objaverse's annotations cannot be had ({error}): try again, or write  cached=yes  in the source to "
                "use what is on the disk"
            ) from error
        return path

    @contextlib.contextmanager
    def downloading(self) -> Iterator[None]:
        """While it is held, `is_downloading` is true in every process."""
        self.workspace.mkdir(parents=True, exist_ok=True)
        with (self.workspace / "downloading.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield

    def is_downloading(self) -> bool:
        """Whether some process is bringing objects to this cache now."""
        try:
            with (self.workspace / "downloading.lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False  # No lock file: nobody ever downloaded to here.
        return False


def open_cache(*, offline: bool = False, policy: FetchPolicy | None = None) -> ObjaverseCache:
    """The cache that the environment names. Raises ``UsageError`` without the ``objaverse`` package."""
    try:
        import objaverse
    except ImportError as error:
        raise UsageError("the package objaverse is not installed: run  pip install objaverse") from error
    return ObjaverseCache(
        base=Path(os.environ.get("OBJAVERSE_PATH") or objaverse.BASE_PATH).expanduser(),
        endpoint=os.environ.get("OBJAVERSE_ENDPOINT") or os.environ.get("HF_ENDPOINT") or ObjaverseCache.endpoint,
        offline=offline or os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"),
        policy=policy or FetchPolicy(),
        version=Path(objaverse._VERSIONED_PATH).name,
    )


def read_gzipped_json(path: Path) -> dict[str, Any]:
    """A file of annotations. Raises ``UsageError`` for one that is damaged, such as one whose download was cut off."""
    try:
        with gzip.open(path) as stream:
            # Bytes that are not UTF-8, and numbers too long to be any, cost the record that they stand in.
            content = json.loads(stream.read().decode("utf-8", "replace"), parse_int=bounded_int)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UsageError(f"{path} is damaged ({error}): delete it, and it is brought again") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path} does not hold a JSON object: delete it, and it is brought again")
    return content
