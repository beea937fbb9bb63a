"""Lists the assets of a source, and those that a build would drop, with the reasons: ``viewpoint100k assets``.

Worker processes load every asset, as a build does. A file that crashes its worker is listed with a reason; the other
assets are not affected. The findings are stored, and builds use them.
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
"""Smallest number of assets for which another process starts."""
_AT_ONCE = 2000
"""Largest number of assets in one look-up of the store."""


@dataclass(frozen=True)
class Entry:
    """One asset."""

    asset_id: str
    category: str = ""
    license: str = ""
    creator: str = ""
    uri: str = ""
    kind: str = ""
    """``mesh`` or ``capture``; empty if the asset cannot be read."""
    amount: int = 0
    """Number of triangles of a mesh, or of usable photos of a capture."""
    dropped_photos: Counter[str] = field(default_factory=Counter)
    """Number of a capture's photos that a build drops, by reason."""
    size: int | None = None
    """Bytes on the disk; None if unknown."""
    reason: str = ""
    """Reason code if a build drops the asset; empty otherwise."""
    message: str = ""
    """The reason in words."""
    thumbnails: tuple[bytes, ...] = ()
    """JPEG files."""
    without_picture: str = ""
    """The reason for a missing thumbnail, if one was requested."""
    notes: tuple[str, ...] = ()
    """Assumptions about the asset, and parts that were left out."""


@dataclass(frozen=True)
class Inventory:
    """The assets of a source."""

    spec: str
    total: int
    """Number of assets in the source."""
    entries: tuple[Entry, ...]
    """The examined assets."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Number of objects that the spec of a selecting source (Objaverse) leaves out, by reason."""

    @property
    def dropped(self) -> Counter[str]:
        """Number of assets that a build drops, by reason."""
        return Counter(entry.reason for entry in self.entries if entry.reason)

    @property
    def dropped_photos(self) -> Counter[str]:
        """Number of photos that a build drops, by reason."""
        return sum((entry.dropped_photos for entry in self.entries), Counter())

    @property
    def notes(self) -> Counter[str]:
        """Number of assets with each note."""
        return Counter(word for entry in self.entries for word in entry.notes)

    @property
    def usable(self) -> tuple[Entry, ...]:
        """The assets that a build does not drop."""
        return tuple(entry for entry in self.entries if not entry.reason)

    @property
    def unlicensed(self) -> int:
        """Number of usable assets without a stated licence. ``publish`` refuses them."""
        return sum(entry.license == NO_LICENSE for entry in self.usable)

    def summary(self) -> list[str]:
        """The inventory in a few sentences."""
        looked = f"{len(self.entries):,} of {self.total:,} assets" if len(self.entries) < self.total else "all assets"
        usable, dropped = len(self.usable), self.dropped.total()
        lines = [f"{looked} examined: {usable:,} usable, {dropped:,} would be dropped{_counted(self.dropped)}"]
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
    """Examines all assets of ``spec``, or ``at_most`` of them, spread evenly over the source.

    Findings of a build or an earlier inventory are used again, except for thumbnails. An asset that takes longer than
    ``timeout_s`` twice gets the reason ``timeout``. An asset that crashes its process twice gets ``crashed``. Raises
    ``UsageError`` if the source cannot be opened.
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
    """The arguments of a worker process."""

    spec: str
    limits: MeshLimits
    thumbnails: bool
    opener: Opener

    def __call__(self) -> Callable[[str], _Look]:
        """Runs in the worker: returns the function that examines an asset."""
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
    """The result for one asset."""

    finding: Finding
    thumbnails: tuple[bytes, ...] = ()
    without_picture: str = ""


def _looks(task: _Task, asset_ids: Sequence[str], timeout_s: float) -> Iterator[tuple[str, _Look]]:
    """Yields the id and the result of each asset, in order of completion. Worker processes load the assets."""
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
    """Bytes of an asset on the disk: from the source, or of the file or folder with the asset's id as its path."""
    if isinstance(source, _KnowsSizes):
        return source.size_on_disk(asset_id)
    _, colon, folder = spec.partition(":")
    path = Path(folder if Path(folder).is_dir() else folder.partition(";")[0], asset_id)
    if not colon or "\0" in asset_id:
        return None
    try:
        if path.suffix == ".json" and path.is_file():  # The capture's id is the path of its description.
            path = path.parent
        if path.is_dir():
            return sum(item.lstat().st_size for item in path.rglob("*") if not item.is_dir())
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None  # The file is missing or unreadable, and the loader has reported that.


def printable(text: str) -> str:
    """``text`` on one line, with escapes for control characters and for marks of writing direction."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def table(inventory: Inventory) -> Iterator[str]:
    """The lines of a table with one asset per line, for a terminal or a pipe."""
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
    """``text`` in ``width`` characters. A long text loses its middle, because both ends of an id matter."""
    if len(text) > width:
        head = width // 2 - 1
        text = f"{text[:head]}…{text[len(text) - (width - head - 1) :]}"
    return text.ljust(width)


def readable_size(size: int | None) -> str:
    """The size in bytes, kB, MB or GB; empty if unknown."""
    if size is None:
        return ""
    for unit, divisor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= divisor:
            return f"{size / divisor:.1f} {unit}"
    return f"{size} B"
