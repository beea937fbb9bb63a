"""A weighted mixture of sources that acts as one source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from viewpoint100k.assets.asset import Asset, Downloadable, FromFiles, Source, Stamped, WithSettings
from viewpoint100k.assets.kinds import FOLDER_KINDS
from viewpoint100k.errors import AssetError, UsageError

__all__ = ["MixedSource", "WeightedSpec", "parse_mixture"]

_KINDS = "|".join(map(re.escape, ("procedural", "objaverse", "objaverse-xl", *FOLDER_KINDS)))
_BETWEEN = re.compile(rf",(?=(?:{_KINDS})(?:[:*,]|$))")
"""A comma before the name of a source separates two sources; other commas belong to a path or an option."""

_WEIGHT = re.compile(r"\*(\d+(?:\.\d+)?)$")


@dataclass(frozen=True)
class WeightedSpec:
    """One source of a mixture."""

    spec: str
    weight: float


def parse_mixture(text: str) -> tuple[WeightedSpec, ...]:
    """Parses a mixture such as ``objaverse*3,co3d:DIR*1``. A part without a weight has weight 1.

    Raises ``UsageError`` for a weight of 0.
    """
    parts = []
    for part in _BETWEEN.split(text):
        found = _WEIGHT.search(part)
        weight = float(found[1]) if found else 1.0
        if weight <= 0:
            raise UsageError(f"source {part!r} has weight 0: leave it out instead")
        parts.append(WeightedSpec(part[: found.start()] if found else part, weight))
    return tuple(parts)


class MixedSource:
    """The assets of several sources. Ids begin with the index of the source in the mixture: ``0:chair-000017``."""

    name = "mixed"

    def __init__(self, parts: Sequence[tuple[float, Source]]) -> None:
        self.parts = tuple(parts)

    @cached_property
    def _alike(self) -> set[str]:
        """Kinds of source that occur more than once, so that their ids may be equal."""
        names = [source.name for _, source in self.parts]
        return {name for name in names if names.count(name) > 1}

    def ids(self) -> Sequence[str]:
        """Ids of all assets of all parts."""
        return [asset_id for place in range(len(self.parts)) for asset_id in self.part_ids(place)]

    def part_ids(self, place: int) -> Sequence[str]:
        """Ids of the assets of one part, as the mixture names them."""
        return [f"{place}:{asset_id}" for asset_id in self.parts[place][1].ids()]

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings of all parts."""
        return {
            f"{place}.{name}": value
            for place, (_, source) in enumerate(self.parts)
            if isinstance(source, WithSettings)
            for name, value in source.settings.items()
        }

    def files(self) -> Mapping[str, Path]:
        """Files of the parts whose assets are files."""
        sources = enumerate(source for _, source in self.parts)
        return _FilesOfParts({place: source.files() for place, source in sources if isinstance(source, FromFiles)})

    def stamp(self, asset_id: str) -> str | None:
        """See `Stamped`."""
        source, inner = self._part(asset_id)
        return source.stamp(inner) if isinstance(source, Stamped) else None

    def references(self, asset_id: str) -> Sequence[Path]:
        """See `Stamped`."""
        source, inner = self._part(asset_id)
        return source.references(inner) if isinstance(source, Stamped) else ()

    def download(self, ids: Sequence[str]) -> None:
        """Downloads the assets of parts that need a download."""
        for place, (_, source) in enumerate(self.parts):
            prefix = f"{place}:"
            mine = [asset_id.removeprefix(prefix) for asset_id in ids if asset_id.startswith(prefix)]
            if isinstance(source, Downloadable) and mine:
                source.download(mine)

    def load(self, asset_id: str) -> Asset:
        """Reads one asset from its source. ``Origin.asset_id`` keeps the index if two sources are of one kind."""
        source, inner = self._part(asset_id)
        asset = source.load(inner)
        if asset.origin.source not in self._alike:
            return asset
        return replace(asset, origin=replace(asset.origin, asset_id=asset_id))

    def name_in_rows(self, asset_id: str) -> str:
        """What tells an asset apart among the rows: its id there, or its source and id where sources differ in kind."""
        source, inner = self._part(asset_id)
        return asset_id if source.name in self._alike else f"{source.name}:{inner}"

    def _part(self, asset_id: str) -> tuple[Source, str]:
        """The source of an asset, and its id there."""
        place, colon, inner = asset_id.partition(":")
        if not (colon and place.isdigit() and int(place) < len(self.parts)):
            raise AssetError("unknown_asset", f"{asset_id} names no source of the mixture")
        return self.parts[int(place)][1], inner


class _FilesOfParts(Mapping[str, Path]):
    """Mapping of the files of several sources; paths are made on access."""

    def __init__(self, parts: Mapping[int, Mapping[str, Path]]) -> None:
        self._parts = parts

    def __getitem__(self, asset_id: str) -> Path:
        place, colon, inner = asset_id.partition(":")
        if not (colon and place.isdigit() and int(place) in self._parts):
            raise KeyError(asset_id)
        return self._parts[int(place)][inner]

    def __iter__(self) -> Iterator[str]:
        return (f"{place}:{asset_id}" for place, files in self._parts.items() for asset_id in files)

    def __len__(self) -> int:
        return sum(map(len, self._parts.values()))
