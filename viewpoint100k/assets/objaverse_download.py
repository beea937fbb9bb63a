"""Brings files from the network into a cache: resumably, in parallel, verified, and each of them once.

The ``objaverse`` package has downloaders of its own. They have no time limit and no second attempt, cannot resume,
write annotation files under their final names while they arrive, and verify nothing; so this module brings the same
files from the same addresses to the same places in its stead.
"""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import http.client
import json
import os
import random
import re
import struct
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from email.message import Message
from io import BufferedRandom
from pathlib import Path
from urllib.parse import urlsplit

from viewpoint100k.errors import AssetError

__all__ = [
    "DownloadReport",
    "FetchPolicy",
    "RemoteFile",
    "failure_of",
    "fetch",
    "fetch_all",
    "is_whole",
    "note_failure",
]

PART_SUFFIX = ".part"
"""Of a file that is still arriving. Only a whole, verified file ever gets its final name, by renaming."""
FAILURE_SUFFIX = ".failed"
"""Of the note that says why a file did not arrive: for whoever waits for it in another process."""

_CHUNK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """One file to bring."""

    url: str
    """``http`` or ``https``."""
    path: Path
    sha256: str = ""
    """Hexadecimal, where it is known."""
    size: int = 0
    """Bytes by the annotations' word, for an estimate only: it is not relied on."""


@dataclass(frozen=True)
class FetchPolicy:
    """How hard to try."""

    connections: int = 8
    attempts: int = 6
    """Requests for one file, at most; one that brought new bytes does not count."""
    timeout_s: float = 30.0
    """Longest silence on a connection."""
    deadline_s: float = 900.0
    """For one file, all attempts and pauses together."""
    backoff_s: float = 1.0
    """Pause after the first failed attempt; it doubles with each further one, up to a minute."""
    max_bytes: int = 2**29
    """Larger files are not brought: ``file_too_large``."""


@dataclass
class DownloadReport:
    """What became of the files that were asked for."""

    arrived: int = 0
    present: int = 0
    """Were there already."""
    bytes: int = 0
    """Of those that arrived."""
    failed: dict[str, AssetError] = field(default_factory=dict)
    """By name: why it did not arrive."""

    @property
    def reasons(self) -> Counter[str]:
        """How often each reason code occurred."""
        return Counter(error.reason for error in self.failed.values())


class _Transient(Exception):
    """Worth another attempt."""

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class _Refused(_Transient):
    """What arrived is not what was asked for; the next attempt begins at the first byte."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def fetch_all(
    files: dict[str, RemoteFile],
    policy: FetchPolicy,
    on_done: Callable[[int], None] = lambda bytes: None,
    stop: threading.Event | None = None,
) -> DownloadReport:
    """Brings ``files``, by name, over several connections. One that fails never holds up another.

    ``on_done`` is called after each, with the bytes that it brought; ``stop``, once set, ends the work at the next
    chunk, and what has arrived so far is resumed another time.
    """
    report = DownloadReport()
    stop = stop or threading.Event()
    for file in files.values():
        # Whoever waits for a file shall not take an older failure for this one's.
        _beside(file.path, FAILURE_SUFFIX).unlink(missing_ok=True)
    with ThreadPoolExecutor(policy.connections, thread_name_prefix="fetch") as pool:
        waiting = {pool.submit(fetch, file, policy, stop): name for name, file in files.items()}
        try:
            for future in as_completed(waiting):
                name, brought = waiting[future], 0
                try:
                    brought = future.result()
                    report.arrived += brought > 0
                    report.present += brought == 0
                    report.bytes += brought
                except AssetError as error:
                    report.failed[name] = error
                on_done(brought)
        except BaseException:
            stop.set()  # Ctrl-C: let the threads go instead of waiting for the queue to run dry.
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return report


def fetch(file: RemoteFile, policy: FetchPolicy, stop: threading.Event | None = None) -> int:
    """Brings one file; the bytes that arrived, or 0 where it was there already.

    Any number of threads and processes may ask for the same file: one brings it, the others wait for it. Raises
    ``AssetError``: ``download_failed`` (refused, unreachable, or the deadline passed), ``checksum_mismatch``,
    ``download_corrupt`` (not a whole file of its kind), ``file_too_large``, ``download_stopped``.
    """
    if is_whole(file.path):
        return 0
    stop = stop or threading.Event()
    deadline = time.monotonic() + policy.deadline_s
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        with _sole_part(file, deadline, stop) as part:
            if part is None:
                return 0
            brought = _persist(file, part, policy, deadline, stop)
            os.replace(_beside(file.path, PART_SUFFIX), file.path)
        _beside(file.path, FAILURE_SUFFIX).unlink(missing_ok=True)
        return brought
    except OSError as error:
        where = error.filename or file.path
        failure = AssetError("download_failed", f"{where} cannot be written: {error.strerror or error}")
        raise failure from error
    except AssetError as error:
        if error.reason != "download_stopped":
            note_failure(file.path, error)
        raise


def failure_of(path: Path) -> AssetError | None:
    """Why the last attempt to bring ``path`` failed; None where there is no note of one."""
    try:
        note = json.loads(_beside(path, FAILURE_SUFFIX).read_bytes())
        return AssetError(str(note["reason"]), str(note["message"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_whole(path: Path) -> bool:
    """Whether a file is there and, as far as its first bytes and its size tell, complete."""
    if not os.path.isfile(path):  # To open a named pipe, which a cloned repository may hold, would be to wait for ever.
        return False
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
            size = os.fstat(stream.fileno()).st_size
    except OSError:
        return False
    return _shortfall(path, head, size) == ""


def _shortfall(path: Path, head: bytes, size: int) -> str:
    """What keeps a file from being a whole one of its kind; empty where nothing is seen."""
    if path.suffix.lower() != ".glb":
        return "" if size else "it is empty"
    if len(head) < 12 or head[:4] != b"glTF":
        return "it does not begin as a GLB does"
    declared: int = struct.unpack("<I", head[8:12])[0]
    return "" if declared == size else f"it says that it has {declared:,} bytes, and has {size:,}"


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def note_failure(path: Path, error: AssetError) -> None:
    """Leaves word of why ``path`` did not arrive, for `failure_of`."""
    # A cache that cannot be written to holds no note either; the caller still gets the error itself.
    with contextlib.suppress(OSError):
        note = {"reason": error.reason, "message": str(error)}
        _beside(path, FAILURE_SUFFIX).write_text(json.dumps(note))


@contextlib.contextmanager
def _sole_part(file: RemoteFile, deadline: float, stop: threading.Event) -> Iterator[BufferedRandom | None]:
    """The part file, locked against every other thread and process, with what arrived before; None where another
    brought the whole file while we waited for the lock."""
    path = _beside(file.path, PART_SUFFIX)
    while not is_whole(file.path):
        with path.open("a+b") as part:
            while not _locked(part):
                _check_time(file, deadline, stop, "another process is still at it")
                stop.wait(0.1)
            # Whoever held the lock before us has perhaps renamed or removed what we opened.
            if path.exists() and os.path.samestat(os.fstat(part.fileno()), path.stat()):
                if is_whole(file.path):
                    path.unlink()
                    break
                yield part
                return
    yield None


def _locked(part: BufferedRandom) -> bool:
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_time(file: RemoteFile, deadline: float, stop: threading.Event, why: str) -> None:
    if stop.is_set():
        raise AssetError("download_stopped", f"the download of {file.path.name} was stopped; it can be resumed")
    if time.monotonic() > deadline:
        raise AssetError("download_failed", f"{file.url} did not arrive in time: {why}")


def _persist(
    file: RemoteFile, part: BufferedRandom, policy: FetchPolicy, deadline: float, stop: threading.Event
) -> int:
    """Attempts until ``part`` is the whole, verified file; the bytes that were brought."""
    brought, failures = 0, 0
    while True:
        _check_time(file, deadline, stop, "the last attempt was under way")
        before = part.seek(0, os.SEEK_END)
        try:
            _receive(file, part, policy, deadline, stop)
            _verify(file, part)
            part.flush()
            os.fsync(part.fileno())
            return brought + max(0, part.tell() - before)
        except _Transient as error:
            gained = max(0, part.seek(0, os.SEEK_END) - before)
            brought += gained
            refused = error.reason if isinstance(error, _Refused) else ""
            if refused:
                part.truncate(0)
            # A file that is wrong although it was brought in one piece is wrong at the other end.
            hopeless = bool(refused) and before == 0
            failures += 1 if refused or not gained else 0
            if hopeless or failures >= policy.attempts:
                raise AssetError(refused or "download_failed", f"{file.url}: {error}") from error
            pause = error.pause_s or min(60.0, policy.backoff_s * (1 << failures)) * random.uniform(0.5, 1.0)
            if time.monotonic() + pause > deadline:
                raise AssetError(refused or "download_failed", f"{file.url}: {error}, until time ran out") from error
            stop.wait(pause)


def _receive(
    file: RemoteFile, part: BufferedRandom, policy: FetchPolicy, deadline: float, stop: threading.Event
) -> None:
    """One request: appends what ``part`` lacks. Raises ``_Transient`` where another request may do better."""
    start = part.seek(0, os.SEEK_END)
    try:
        with _open_url(file.url, start, policy.timeout_s) as response:
            start, total = _agreed_range(response.status, response.headers, start, file.url)
            if total is not None and total > policy.max_bytes:
                raise _too_large(file, policy)
            part.truncate(start)
            # ``read`` would wait for a whole chunk, and lose what it has of it when the connection breaks.
            while chunk := response.read1(_CHUNK):
                part.write(chunk)
                _check_time(file, deadline, stop, "the connection is slow")
                if part.tell() > policy.max_bytes:
                    raise _too_large(file, policy)
    except urllib.error.HTTPError as error:
        raise _judged(error, file, part) from error
    except (OSError, http.client.HTTPException) as error:
        # Resets, timeouts, names that do not resolve, TLS failures.
        raise _Transient(f"{type(error).__name__}: {error}") from error
    if total is not None and part.tell() < total:
        raise _Transient(f"the connection ended after {part.tell():,} of {total:,} bytes")


def _open_url(url: str, start: int, timeout_s: float) -> http.client.HTTPResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        # urllib would open file: and ftp: too, and annotations come from strangers.
        raise AssetError("download_failed", f"{url[:200]!r} is not an address on the web")
    headers = {"User-Agent": "viewpoint100k", "Accept-Encoding": "identity"}
    headers |= {"Range": f"bytes={start}-"} if start else {}
    response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout_s)
    assert isinstance(response, http.client.HTTPResponse)
    return response


def _agreed_range(status: int, headers: Message, start: int, url: str) -> tuple[int, int | None]:
    """Where the body begins in the file, and how many bytes the file has in all, where the server says so."""
    length = headers.get("Content-Length", "")
    body = int(length) if length.isdigit() else None
    if status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0, body
    match = re.match(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", ""))
    if match is None or int(match[1]) != start:
        raise _Refused("download_failed", "the server sent another part than it was asked for")
    return start, int(match[2]) if match[2] != "*" else None if body is None else start + body


def _judged(error: urllib.error.HTTPError, file: RemoteFile, part: BufferedRandom) -> Exception:
    """What an HTTP error means: the end, or another attempt."""
    answer = f"the server answers {error.code} {error.reason}"
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.truncate(0)  # What is here is longer than what is there: begin anew.
        return _Transient(answer)
    if error.code in (408, 425, 429) or error.code >= 500:
        after = error.headers.get("Retry-After", "")
        return _Transient(answer, float(after) if after.isascii() and after.isdigit() else 0.0)
    return AssetError("download_failed", f"{file.url}: {answer}")


def _too_large(file: RemoteFile, policy: FetchPolicy) -> AssetError:
    return AssetError("file_too_large", f"{file.url} has more than {policy.max_bytes:,} bytes")


def _verify(file: RemoteFile, part: BufferedRandom) -> None:
    """Raises ``_Refused`` where the bytes in ``part`` are not the file that was asked for."""
    size = part.seek(0, os.SEEK_END)
    part.seek(0)
    if file.sha256:
        found = hashlib.file_digest(part, "sha256").hexdigest()
        if found != file.sha256.lower():
            raise _Refused("checksum_mismatch", f"its SHA-256 is {found}, and should be {file.sha256}")
        part.seek(0)
    if problem := _shortfall(file.path, part.read(12), size):
        raise _Refused("download_corrupt", problem)
    part.seek(0)
    if file.path.suffix == ".gz":
        try:
            with gzip.open(part) as stream:
                while stream.read(1 << 20):
                    pass
        except (OSError, EOFError, zlib.error) as error:
            raise _Refused("download_corrupt", f"it is not a whole gzip file: {error}") from error
    if file.path.suffix == ".parquet" and not _framed_as_parquet(part):
        raise _Refused("download_corrupt", "it is not a whole parquet file")
    part.seek(0, os.SEEK_END)


def _framed_as_parquet(part: BufferedRandom) -> bool:
    """Apache Parquet's file format: four magic bytes at either end."""
    size = part.seek(0, os.SEEK_END)
    part.seek(0)
    head = part.read(4)
    part.seek(max(0, size - 4))
    return head == part.read(4) == b"PAR1"
