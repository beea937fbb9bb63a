"""A cache of facts about assets, in one file: listings of folders, and the result of loading each asset.

The file is an SQLite database with a rollback journal. (A write-ahead log needs shared memory, which jobs on several
nodes do not have.) Every value is compressed with a checksum, so damaged values are ignored. If the store cannot be
used, one message says so and the build goes on without it, more slowly.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

__all__ = ["AssetStore", "store_path"]

_WAIT_S = 30.0
"""Seconds to wait for another process that writes."""
_MOST_BYTES = 2**30
"""Largest size of the stored values, bytes. Beyond it, the least recently used values are deleted."""
_KEPT_PART = 0.75
"""Share of `_MOST_BYTES` that remains after a deletion."""
_AT_ONCE = 500
"""Number of keys in one database query."""
_DAY_S = 86_400

_TABLES = """
create table if not exists entries (key blob primary key, used integer not null, value blob not null) without rowid;
create index if not exists entries_by_use on entries (used);
"""

T = TypeVar("T")


def store_path() -> Path:
    """Path of the user's store: below ``XDG_CACHE_HOME``, by default ``~/.cache``. It may be deleted at any time."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "viewpoint100k" / "assets.sqlite"


class AssetStore:
    """Values by key, shared by any number of threads, processes and jobs.

    Args:
        path: path of the file; `store_path` by default.
        most_bytes: largest size of the stored values.
    """

    def __init__(self, path: Path | None = None, most_bytes: int = _MOST_BYTES) -> None:
        self.path = path or store_path()
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._broken = False

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Values of the keys that the store has."""
        wanted = list(keys)
        rows: list[tuple[bytes, int, bytes]] = []
        for start in range(0, len(wanted), _AT_ONCE):
            rows += self._do(partial(_select, wanted[start : start + _AT_ONCE]), [])
        if old := [(_today(), key) for key, used, _ in rows if used != _today()]:
            self._do(lambda c: c.executemany("update entries set used = ? where key = ?", old), None)
        found: dict[bytes, bytes] = {}
        for key, _, value in rows:
            with suppress(zlib.error):  # A damaged value counts as absent.
                found[key] = zlib.decompress(value)
        return found

    def put(self, items: Mapping[bytes, bytes]) -> None:
        """Stores all of ``items``, or none if the process is killed."""
        rows = [(key, _today(), zlib.compress(value, 1)) for key, value in items.items()]
        if rows:
            self._do(lambda c: c.executemany("insert or replace into entries values (?, ?, ?)", rows), None)

    def shrink(self) -> None:
        """Deletes the least recently used values if the store is larger than its limit."""
        if self.path.exists() and self.path.stat().st_size > self._most_bytes:
            self._do(self._delete_oldest, None)
            self._do(lambda c: c.execute("vacuum"), None, in_transaction=False)

    def clear(self) -> int:
        """Deletes the store; returns the size of its files, bytes."""
        self.close()
        files = [self.path, self.path.with_name(f"{self.path.name}-journal")]
        size = sum(file.stat().st_size for file in files if file.exists())
        for file in files:
            file.unlink(missing_ok=True)
        return size

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _delete_oldest(self, connection: sqlite3.Connection) -> None:
        (held,) = connection.execute("select total(length(value)) from entries").fetchone()
        excess = held * (1 - _KEPT_PART * self._most_bytes / self.path.stat().st_size)
        oldest: list[tuple[bytes]] = []
        for key, size in connection.execute("select key, length(value) from entries order by used, key"):
            if excess <= 0:
                break
            oldest.append((key,))
            excess -= size
        connection.executemany("delete from entries where key = ?", oldest)

    def _do(self, work: Callable[[sqlite3.Connection], T], otherwise: T, in_transaction: bool = True) -> T:
        """Runs ``work`` in a transaction and returns its result; returns ``otherwise`` if the store cannot be used."""
        with self._lock:
            if self._broken:
                return otherwise
            try:
                return self._attempt(work, in_transaction)
            except sqlite3.OperationalError as error:
                self._give_up(error)  # Locked for too long, or the disk is full: the file may be intact.
            except sqlite3.DatabaseError:
                self._discard()
                try:
                    return self._attempt(work, in_transaction)
                except (sqlite3.Error, OSError) as error:
                    self._give_up(error)
            except OSError as error:
                self._give_up(error)
            return otherwise

    def _attempt(self, work: Callable[[sqlite3.Connection], T], in_transaction: bool) -> T:
        connection = self._connected()
        if not in_transaction:
            return work(connection)
        with connection:
            return work(connection)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=_WAIT_S, check_same_thread=False)
            # A crash of the machine may lose the last values; a crash of a process loses none.
            connection.execute("pragma synchronous = normal")
            connection.executescript(_TABLES)
            self._connection = connection
        return self._connection

    def _discard(self) -> None:
        """Deletes a file that is not a database or is damaged."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        with suppress(OSError):
            self.path.unlink()

    def _give_up(self, error: Exception) -> None:
        self._broken = True
        print(f"continuing without the asset store {self.path} ({error})", file=sys.stderr, flush=True)


def _select(keys: Sequence[bytes], connection: sqlite3.Connection) -> list[tuple[bytes, int, bytes]]:
    marks = ",".join("?" * len(keys))
    return connection.execute(f"select key, used, value from entries where key in ({marks})", keys).fetchall()


def _today() -> int:
    return int(time.time()) // _DAY_S
