"""Licences of the objects of a data set, and the assets that may not be published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.assets import PHOTO_SOURCES
from viewpoint100k.assets.licenses import AllowedLicenses
from viewpoint100k.errors import DataError

__all__ = ["AssetTerms", "Obstacle", "obstacles", "read_terms", "refuse_obstacles"]

_COLUMNS = ["source", "asset_id", "license", "creator", "uri"]


@dataclass(frozen=True)
class AssetTerms:
    """One asset, its licence, and its number of rows."""

    source: str
    asset_id: str
    license: str
    creator: str
    uri: str
    rows: int

    @property
    def is_photographed(self) -> bool:
        """True if its rows hold photos, not renderings."""
        return self.source in PHOTO_SOURCES


@dataclass(frozen=True)
class Obstacle:
    """An asset that may not be published, and why."""

    asset: AssetTerms
    problem: str

    def __str__(self) -> str:
        asset = self.asset
        address = f"  {asset.uri}" if asset.uri else ""
        return f"{asset.license}  {asset.source} {asset.asset_id}  {asset.rows:,} rows{address}: {self.problem}"


def read_terms(paths: Iterable[Path]) -> tuple[AssetTerms, ...]:
    """The assets of these shards, by source and id."""
    tables = [pq.read_table(path, columns=_COLUMNS) for path in paths]
    counted = pa.concat_tables(tables).group_by(_COLUMNS).aggregate([([], "count_all")]).to_pylist()
    found = [AssetTerms(**{name: one[name] or "" for name in _COLUMNS}, rows=one["count_all"]) for one in counted]
    return tuple(sorted(found, key=lambda asset: (asset.source, asset.asset_id)))


def obstacles(
    terms: Iterable[AssetTerms], allowed: AllowedLicenses, references_instead: bool
) -> tuple[tuple[Obstacle, ...], tuple[Obstacle, ...]]:
    """The assets that may not be published, and the assets whose photos are replaced by references.

    Without ``references_instead``, every asset that is not allowed is an obstacle.
    """
    in_the_way: list[Obstacle] = []
    as_references: list[Obstacle] = []
    for asset in terms:
        if problem := allowed.problem(asset.license):
            if asset.is_photographed and not references_instead:
                problem += ", or give --poses-only"
            kept = asset.is_photographed and references_instead
            (as_references if kept else in_the_way).append(Obstacle(asset, problem))
    return tuple(in_the_way), tuple(as_references)


def refuse_obstacles(folder: Path, found: Sequence[Obstacle]) -> None:
    """Raises ``DataError`` if there are obstacles."""
    if not found:
        return
    by_license: dict[str, list[Obstacle]] = {}
    for obstacle in found:
        by_license.setdefault(obstacle.asset.license, []).append(obstacle)
    parts = []
    for license, those in sorted(by_license.items()):
        rows = sum(one.asset.rows for one in those)
        parts.append(f"{license} of {len(those):,} assets in {rows:,} rows ({those[0].problem})")
    raise DataError(f"{folder} is not published: its rows show objects under {'; '.join(parts)}")
