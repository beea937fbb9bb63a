"""The source of built-in objects: ids, seeds, and from an id to a finished asset."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from viewpoint100k.assets.asset import MeshAsset, Origin, normalization
from viewpoint100k.assets.procedural.chance import seeded
from viewpoint100k.assets.procedural.families import FAMILIES
from viewpoint100k.errors import AssetError

__all__ = ["GENERATOR_VERSION", "FamilyIds", "ProceduralSource"]

GENERATOR_VERSION = 1
"""Raised whenever any object would come out differently."""

_DIGITS = 6
_NUMBERS = 10**6
"""Ids of one family: what six digits tell apart."""


@dataclass(frozen=True)
class FamilyIds(Sequence[str]):
    """The ids of ``size`` objects without holding them: ``chair-000000``, ``mug-000000``, …, ``chair-000001``, …

    Families take turns, so any prefix holds as many of one as of another, give or take one.
    """

    families: tuple[str, ...]
    size: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._id(i) for i in range(*index.indices(self.size))]
        return self._id(range(self.size)[index])

    def __iter__(self) -> Iterator[str]:
        numbers = (f"-{number:0{_DIGITS}d}" for number in itertools.count())
        return itertools.islice((family + number for number in numbers for family in self.families), self.size)

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        family, _, number = value.rpartition("-")
        if family not in self.families or len(number) != _DIGITS or not (number.isascii() and number.isdigit()):
            return False
        return int(number) * len(self.families) + self.families.index(family) < self.size

    def _id(self, index: int) -> str:
        number, family = divmod(index, len(self.families))
        return f"{self.families[family]}-{number:0{_DIGITS}d}"


@dataclass(frozen=True)
class ProceduralSource:
    """Everyday objects made by this project itself: nothing to download, free of rights (CC0-1.0).

    An object follows from its id and ``GENERATOR_VERSION`` alone. Every object has a front, and differs from its mirror
    image and from itself turned about the vertical axis.
    """

    count: int = 100_000
    """How many ids there are."""
    name: str = "procedural"

    def __post_init__(self) -> None:
        most = len(FAMILIES) * _NUMBERS
        if not 1 <= self.count <= most:
            raise ValueError(f"count must lie between 1 and {most:,}, not {self.count:,}")

    def ids(self) -> FamilyIds:
        """All ids; the families take turns."""
        return FamilyIds(tuple(FAMILIES), self.count)

    def load(self, asset_id: str) -> MeshAsset:
        """Makes one object. Raises ``AssetError("unknown_asset")`` for an id that `ids` does not hold."""
        if asset_id not in self.ids():
            raise AssetError(
                "unknown_asset",
                f"the procedural source has no object {asset_id!r}: its ids are a family "
                f"({', '.join(FAMILIES)}) and six digits, and there are {self.count:,} of them",
            )
        family = asset_id.rpartition("-")[0]
        seed = f"viewpoint100k.procedural/{GENERATOR_VERSION}/{asset_id}"
        mesh = FAMILIES[family](seeded(seed)).mesh()
        matrix = normalization(mesh.points)
        origin = Origin(
            source=self.name,
            asset_id=asset_id,
            sha256=hashlib.sha256(seed.encode()).hexdigest(),
            category=family,
            license="CC0-1.0",
            creator="viewpoint100k",
        )
        front = np.array([1.0, 0.0, 0.0])
        return MeshAsset(origin, mesh.transformed(matrix), front, matrix)
