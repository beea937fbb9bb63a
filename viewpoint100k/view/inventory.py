"""What a source holds, and what of it would be dropped and why: the work of ``viewpoint100k assets``.

Every asset is loaded, as a build would, in a process that may die of it: a hostile file costs itself alone. What was
found of it is kept in the store that builds use as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from viewpoint100k.assets import NO_LICENSE, Asset, Source, open_source
from viewpoint100k.assets.findings import Finding, FindingStore, examine
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.trial import Failure, TrialProcesses
from viewpoint100k.runtime.cores import usable_cores
from viewpoint100k.view.thumbnails import Photographer

__all__ = ["Entry", "Inventory", "Opener", "printable", "table", "take_inventory"]

Opener = Callable[[str, MeshLimits], Source]

_ASSETS_PER_PROCESS = 16
"""Fewer are not worth a further process."""
_AT_ONCE = 2000
"""Assets that are looked up together at most."""


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
            lines.append(
                f"{self.unlicensed:,} state no licence ({NO_LICENSE}): publish refuses rows made from them; where you "
                "know it, add  ;license=ID  after the folder, or a column license in metadata.csv"
            )
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

    What a build or an earlier inventory has found of an asset is not found anew, unless a thumbnail of it is wanted.
    An asset that takes longer than ``timeout_s`` twice counts as ``timeout``, one that brings its process down twice as
    ``crashed``. Raises ``UsageError`` where the source cannot be opened.
    """
    limits = limits or MeshLimits()
    source = opener(spec, limits)
    ids = source.ids()
    count = len(ids) if at_most is None else min(at_most, len(ids))
    chosen = [ids[place * len(ids) // count] for place in range(count)]
    store = FindingStore(source, f"timeout {timeout_s}")
    looks: dict[str, _Look] = {}
    for start in range(0, count, _AT_ONCE):
        keys = {asset_id: store.key(asset_id) for asset_id in chosen[start : start + _AT_ONCE]}
        if not thumbnails:
            looks |= {asset_id: _Look(finding) for asset_id, finding in store.known(keys).items()}
        on_progress(len(looks), count)
        missing = {asset_id: key for asset_id, key in keys.items() if asset_id not in looks}
        task = _Task(spec, limits, thumbnails, opener)
        for asset_id, look in _looks(task, list(missing), timeout_s):
            looks[asset_id] = look
            store.keep([(missing[asset_id], look.finding)])
            on_progress(len(looks), count)
    store.close()
    left_out = source.left_out if isinstance(source, _Selects) else Counter[str]()
    entries = tuple(_entry(asset_id, looks[asset_id], _size(spec, source, asset_id)) for asset_id in chosen)
    return Inventory(spec, len(ids), entries, left_out)


@dataclass(frozen=True)
class _Task:
    """What a process is started with."""

    spec: str
    limits: MeshLimits
    thumbnails: bool
    opener: Opener

    def __call__(self) -> Callable[[str], _Look]:
        """In the process: what looks at an asset."""
        source = self.opener(self.spec, self.limits)
        photographer = Photographer() if self.thumbnails else None

        def look(asset_id: str) -> _Look:
            pictures: list[tuple[tuple[bytes, ...], str]] = []

            def take_pictures(asset: Asset) -> None:
                if photographer is not None:
                    pictures.append(photographer.pictures_of(asset))

            finding = examine(source, asset_id, take_pictures)
            return _Look(finding, *(pictures[0] if pictures else ()))

        return look


@dataclass(frozen=True)
class _Look:
    """What looking at an asset has shown."""

    finding: Finding
    thumbnails: tuple[bytes, ...] = ()
    without_picture: str = ""


def _looks(task: _Task, asset_ids: Sequence[str], timeout_s: float) -> Iterator[tuple[str, _Look]]:
    """What each asset shows, as it comes, from processes that may die of it."""
    waiting = list(reversed(asset_ids))
    if not waiting:
        return
    most = max(1, min(usable_cores(), -(-len(waiting) // _ASSETS_PER_PROCESS)))
    with TrialProcesses(task, timeout_s, most) as processes:
        for result in processes.examine(len(waiting), lambda: waiting.pop() if waiting else None):
            if result is not None:
                asset_id, look = result
                if isinstance(look, Failure):
                    look = _Look(Finding(look.reason, look.message))
                yield asset_id, look


def _entry(asset_id: str, look: _Look, size: int | None) -> Entry:
    finding = look.finding
    return Entry(
        asset_id=asset_id,
        category=finding.category,
        license=finding.license,
        creator=finding.creator,
        uri=finding.uri,
        kind=finding.kind,
        amount=finding.amount,
        dropped_photos=Counter(finding.dropped_photos),
        size=size,
        reason=finding.reason,
        message=finding.message,
        thumbnails=look.thumbnails,
        without_picture=look.without_picture,
        notes=finding.notes,
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
        about = (entry.asset_id, entry.category, entry.license, holds, readable_size(entry.size), entry.reason)
        rows.append(tuple(map(printable, (*about, ", ".join(entry.notes)))))
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
