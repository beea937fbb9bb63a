"""What a source holds, and what of it would be dropped and why: the work of ``viewpoint100k assets``.

Every asset is loaded, as a build would, in a process that may die of it: a hostile file costs itself alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock
from typing import Protocol, runtime_checkable

from viewpoint100k.assets import NO_LICENSE, CaptureAsset, MeshAsset, Source, open_source
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError
from viewpoint100k.thumbnails import Photographer

__all__ = ["Entry", "Inventory", "Opener", "printable", "table", "take_inventory"]

Opener = Callable[[str, MeshLimits], Source]

_START_TIMEOUT_S = 60.0
"""For a process to begin: imports, and a context of OpenGL."""
_ASSETS_PER_PROCESS = 16
"""Fewer are not worth a further process."""


@dataclass(frozen=True)
class Entry:
    """One asset."""

    asset_id: str
    category: str = ""
    license: str = ""
    creator: str = ""
    uri: str = ""
    kind: str = ""
    """``mesh`` or ``capture``; empty where it cannot be read."""
    amount: int = 0
    """Triangles of a mesh, usable photos of a capture."""
    dropped_photos: Counter[str] = field(default_factory=Counter)
    """Photos of a capture that would be dropped, by reason."""
    size: int | None = None
    """Bytes on the disk; None where that has no meaning or is not known."""
    reason: str = ""
    """The reason code for which it would be dropped; empty where it would not."""
    message: str = ""
    """The same in words."""
    thumbnails: tuple[bytes, ...] = ()
    """JPEG files."""
    without_picture: str = ""
    """Why there is none, where one was asked for."""
    notes: tuple[str, ...] = ()
    """What was assumed of it or left out."""


@dataclass(frozen=True)
class Inventory:
    """A source, asset by asset."""

    spec: str
    total: int
    """Assets of the source."""
    entries: tuple[Entry, ...]
    """Those that were looked at."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Objects that a selecting source (Objaverse) was asked to leave out, by reason."""

    @property
    def dropped(self) -> Counter[str]:
        """How many would be dropped, by reason."""
        return Counter(entry.reason for entry in self.entries if entry.reason)

    @property
    def dropped_photos(self) -> Counter[str]:
        """How many photos of captures would be dropped, by reason."""
        return sum((entry.dropped_photos for entry in self.entries), Counter())

    @property
    def notes(self) -> Counter[str]:
        """Of how many something was assumed or left out, by what."""
        return Counter(word for entry in self.entries for word in entry.notes)

    @property
    def usable(self) -> tuple[Entry, ...]:
        """Those that would not be dropped."""
        return tuple(entry for entry in self.entries if not entry.reason)

    @property
    def unlicensed(self) -> int:
        """Usable assets whose licence nobody has stated: ``publish`` refuses them."""
        return sum(entry.license == NO_LICENSE for entry in self.usable)

    def summary(self) -> list[str]:
        """In a few sentences."""
        looked = f"{len(self.entries):,} of {self.total:,} assets" if len(self.entries) < self.total else "all assets"
        usable, dropped = len(self.usable), self.dropped.total()
        lines = [f"{looked} looked at: {usable:,} usable, {dropped:,} would be dropped{_counted(self.dropped)}"]
        if self.dropped_photos:
            lines.append(
                f"photos that would be dropped: {self.dropped_photos.total():,}{_counted(self.dropped_photos)}"
            )
        if self.notes:
            lines.append(f"assumed or left out, by the number of assets: {_listed(self.notes)}")
        if self.unlicensed:
            lines.append(f"{self.unlicensed:,} state no licence ({NO_LICENSE}): publish refuses rows made from them")
        if self.left_out:
            lines.append(f"not chosen by the source spec: {self.left_out.total():,}{_counted(self.left_out)}")
        return lines


def _counted(counts: Counter[str]) -> str:
    return f" ({_listed(counts)})" if counts else ""


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.most_common())


@runtime_checkable
class _KnowsSizes(Protocol):
    def size_on_disk(self, asset_id: str) -> int | None: ...


@runtime_checkable
class _Selects(Protocol):
    @property
    def left_out(self) -> Counter[str]: ...


def take_inventory(
    spec: str,
    limits: MeshLimits | None = None,
    *,
    at_most: int | None = None,
    thumbnails: bool = False,
    timeout_s: float = 120.0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    opener: Opener = open_source,
) -> Inventory:
    """Looks at the assets of ``spec``: all, or ``at_most`` so many, spread evenly over the source.

    An asset that takes longer than ``timeout_s`` counts as ``timeout``, one that brings its process down as
    ``crashed``. Raises ``UsageError`` where the source cannot be opened.
    """
    limits = limits or MeshLimits()
    source = opener(spec, limits)
    ids = source.ids()
    count = len(ids) if at_most is None else min(at_most, len(ids))
    chosen = [ids[place * len(ids) // count] for place in range(count)]
    processes = max(1, min(len(os.sched_getaffinity(0)), -(-count // _ASSETS_PER_PROCESS)))
    lock, done = Lock(), 0

    def watched(part: Sequence[str]) -> list[Entry]:
        nonlocal done
        found = []
        for entry in _looked_at(_Task(spec, limits, thumbnails, opener), part, timeout_s):
            found.append(entry)
            with lock:
                done += 1
                on_progress(done, count)
        return found

    with ThreadPoolExecutor(processes) as pool:
        parts = pool.map(watched, [chosen[place::processes] for place in range(processes)])
        entries = {entry.asset_id: entry for part in parts for entry in part}
    left_out = source.left_out if isinstance(source, _Selects) else Counter[str]()
    return Inventory(spec, len(ids), tuple(entries[asset_id] for asset_id in chosen), left_out)


@dataclass(frozen=True)
class _Task:
    """What a process is started with."""

    spec: str
    limits: MeshLimits
    thumbnails: bool
    opener: Opener


def _looked_at(task: _Task, asset_ids: Sequence[str], timeout_s: float) -> Iterator[Entry]:
    """An entry for each asset, in order, from a process that is begun again after each that brings it down."""
    left = list(asset_ids)
    while left:
        context = get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_look_at_each, args=(task, left, theirs), daemon=True)
        process.start()
        theirs.close()
        patience_s = timeout_s + _START_TIMEOUT_S
        try:
            while left:
                entry = ours.recv() if ours.poll(patience_s) else None
                asset_id = left.pop(0)
                yield entry or Entry(asset_id, reason="timeout", message=f"it took longer than {timeout_s:.0f} s")
                if entry is None:
                    break
                patience_s = timeout_s
        except EOFError:
            yield Entry(left.pop(0), reason="crashed", message="the process that read it died")
        finally:
            process.kill()
            process.join()
            ours.close()


def _look_at_each(task: _Task, asset_ids: Sequence[str], connection: Connection) -> None:
    """Sends an entry for each asset. The whole life of a process."""
    for threads in ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[threads] = "0" if threads == "LP_NUM_THREADS" else "1"  # Other processes have the other cores.
    source = task.opener(task.spec, task.limits)
    photographer = Photographer() if task.thumbnails else None
    for asset_id in asset_ids:
        connection.send(_entry(source, asset_id, _size(task.spec, source, asset_id), photographer))


def _entry(source: Source, asset_id: str, size: int | None, photographer: Photographer | None) -> Entry:
    try:
        asset = source.load(asset_id)
        if isinstance(asset, CaptureAsset) and len(asset.photos) < 2:
            raise AssetError(
                "too_few_photos", f"{asset_id} has {len(asset.photos)} usable photos, and a pair needs two"
            )
    except AssetError as error:
        return Entry(asset_id, size=size, reason=error.reason, message=str(error))
    except Exception as error:  # A fault of a loader: it must show here as it would in a build.
        return Entry(asset_id, size=size, reason="crashed", message=f"{type(error).__name__}: {error}"[:300])
    thumbnails: tuple[bytes, ...] = ()
    without_picture = ""
    if photographer is not None:
        thumbnails, without_picture = photographer.pictures_of(asset)
    is_mesh = isinstance(asset, MeshAsset)
    return Entry(
        asset_id=asset_id,
        category=asset.origin.category,
        license=asset.origin.license,
        creator=asset.origin.creator,
        uri=asset.origin.uri,
        kind="mesh" if is_mesh else "capture",
        amount=asset.mesh.triangle_count if isinstance(asset, MeshAsset) else len(asset.photos),
        dropped_photos=Counter() if isinstance(asset, MeshAsset) else Counter(asset.dropped_photos.values()),
        size=size,
        thumbnails=thumbnails,
        without_picture=without_picture,
        notes=asset.notes,
    )


def _size(spec: str, source: Source, asset_id: str) -> int | None:
    """Bytes of an asset on the disk: as the source says, or of the file or folder whose path is the asset's id."""
    if isinstance(source, _KnowsSizes):
        return source.size_on_disk(asset_id)
    _, colon, folder = spec.partition(":")
    path = Path(folder if Path(folder).is_dir() else folder.partition(";")[0], asset_id)
    if not colon or "\0" in asset_id:
        return None
    try:
        if path.suffix == ".json" and path.is_file():  # A capture that is named after its description.
            path = path.parent
        if path.is_dir():
            return sum(item.lstat().st_size for item in path.rglob("*") if not item.is_dir())
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None  # Gone, or not ours to read: the loader has said so already.


def printable(text: str) -> str:
    """``text`` on one line; what could steer a terminal, or turn the direction of writing, is written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def table(inventory: Inventory) -> Iterator[str]:
    """The lines of a table, one an asset, for a terminal or a pipe."""
    rows: list[tuple[str, ...]] = [("asset", "category", "licence", "holds", "size", "dropped", "noted")]
    for entry in inventory.entries:
        holds = f"{entry.amount:,} {'triangles' if entry.kind == 'mesh' else 'photos'}" if entry.kind else ""
        if entry.dropped_photos:
            holds += f" (-{entry.dropped_photos.total():,})"
        texts = (entry.asset_id, entry.category, entry.license, holds, readable_size(entry.size), entry.reason)
        texts = (*texts, ", ".join(entry.notes))
        rows.append(tuple(map(printable, texts)))
    widths = [min(_WIDEST, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    for row in rows:
        cells = [_fitted(text, width) for text, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


_WIDEST = 44


def _fitted(text: str, width: int) -> str:
    """The end of an id tells more than its beginning: it is the middle that goes."""
    if len(text) > width:
        head = width // 2 - 1
        text = f"{text[:head]}…{text[len(text) - (width - head - 1) :]}"
    return text.ljust(width)


def readable_size(size: int | None) -> str:
    """In bytes, kB, MB or GB."""
    if size is None:
        return ""
    for unit, divisor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= divisor:
            return f"{size / divisor:.1f} {unit}"
    return f"{size} B"
