"""Reference builds: whole sets that were built, checked, and whose digests come with the package.

A reference build is two files of ``reference_builds/``: ``NAME.json`` has the digests of each shard, and ``NAME.ids``
three bytes of each row's id, in the order of the rows. The second tells in which block a row stands: by three bytes
some rows of 100,000 are taken for another, so there may be more than one block to look into.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.dataset.digests import Digests, combined
from viewpoint100k.dataset.folder import DatasetFolder, open_parquet
from viewpoint100k.errors import DataError
from viewpoint100k.plan.layout import ROWS_PER_BLOCK
from viewpoint100k.runtime.files import write_atomically
from viewpoint100k.runtime.storage import Location, files_in

__all__ = [
    "REFERENCE_FOLDER",
    "BlockPlace",
    "Reference",
    "is_row_id",
    "reference_of",
    "references",
    "stored_places",
    "write_reference",
]

REFERENCE_FOLDER = Path(__file__).with_name("reference_builds")

_BYTES_OF_ID = 3
_ID_DIGITS = 16


@dataclass(frozen=True, order=True)
class BlockPlace:
    """Where a block of rows stands."""

    shard: str
    """Name of the shard, such as ``train-00003-of-00050``."""
    block: int
    """Within the shard, from 0."""


@dataclass(frozen=True)
class Reference:
    """The digests of a reference build."""

    name: str
    config: str
    """Digest of its config: the column ``config`` of its rows."""
    version: str
    """Of the package that built it."""
    rows: Mapping[str, int]
    """Rows by shard, in order: ``data/train-00000-of-00050.parquet``."""
    shards: Mapping[str, Digests]
    folder: Path
    """Where its files are."""

    @property
    def digests(self) -> Digests:
        """Of all rows."""
        return combined(self.shards)

    def differing(self, shards: Mapping[str, Digests]) -> tuple[list[str], list[str]]:
        """Of the given shards, the paths whose labels, cameras or text differ; and those whose images alone differ.

        A shard that the reference does not have is among the first.
        """
        numbers = [
            path for path, one in shards.items() if path not in self.shards or self.shards[path].numbers != one.numbers
        ]
        rest = (path for path in shards if path not in numbers)
        return sorted(numbers), sorted(path for path in rest if self.shards[path].content != shards[path].content)

    def places(self, row_id: str) -> list[BlockPlace]:
        """The blocks in which a row with this id may stand: nearly always one, or none."""
        key = np.frombuffer(bytes.fromhex(row_id), np.uint8)[:_BYTES_OF_ID]
        found = np.flatnonzero((self._ids == key).all(axis=1))
        firsts = np.cumsum([0, *self.rows.values()])
        names = [Path(path).stem for path in self.rows]
        places = set()
        for number in found.tolist():
            shard = int(np.searchsorted(firsts, number, side="right")) - 1
            places.add(BlockPlace(names[shard], (number - int(firsts[shard])) // ROWS_PER_BLOCK))
        return sorted(places)

    @cached_property
    def _ids(self) -> NDArray[np.uint8]:
        content = np.frombuffer((self.folder / f"{self.name}.ids").read_bytes(), np.uint8)
        return content.reshape(-1, _BYTES_OF_ID)


def references(folder: Path = REFERENCE_FOLDER) -> list[Reference]:
    """All reference builds, by name."""
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def reference_of(config: str, folder: Path = REFERENCE_FOLDER) -> Reference | None:
    """The reference build of a config, by its digest; None where there is none."""
    return next((one for one in references(folder) if one.config == config), None)


def write_reference(data_set: Path, name: str, version: str, folder: Path = REFERENCE_FOLDER) -> Reference:
    """Makes the files of a reference build from a finished data set.

    Raises ``DataError`` where the set is not finished.
    """
    manifest_path = DatasetFolder(data_set).manifest
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{manifest_path} cannot be read ({error}): finish the build first") from error
    paths = [entry["path"] for entry in manifest["files"]]
    shards = {path: Digests(**manifest["rows"]["shards"][path]) for path in paths}
    rows = {entry["path"]: int(entry["rows"]) for entry in manifest["files"]}
    reference = Reference(name, manifest["config"], version, rows, shards, folder)
    content = {
        "config": reference.config,
        "version": version,
        "digests": asdict(reference.digests),
        "shards": {path: asdict(shards[path]) | {"rows": rows[path]} for path in paths},
    }
    ids = b"".join(bytes.fromhex(row_id)[:_BYTES_OF_ID] for path in paths for row_id in _ids_of(data_set / path))
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{name}.json", (json.dumps(content, indent=1) + "\n").encode())
    write_atomically(folder / f"{name}.ids", ids)
    return reference


def stored_places(data_set: Location, row_id: str) -> list[BlockPlace]:
    """The block of a data set in which a row stands; none where no shard has it."""
    return [
        BlockPlace(path.stem, number // ROWS_PER_BLOCK)
        for path in files_in(data_set / "data", "*.parquet")
        for number, one in enumerate(_ids_of(path))
        if one == row_id
    ]


def is_row_id(text: str) -> bool:
    """Whether a text has the form of an id."""
    return len(text) == _ID_DIGITS and set(text) <= set("0123456789abcdef")


def _ids_of(path: Location) -> list[str]:
    with open_parquet(path) as file:
        ids: list[str] = file.read(columns=["id"]).column("id").to_pylist()
    return ids


def _read(path: Path) -> Reference:
    content = json.loads(path.read_text(encoding="utf-8"))
    shards = {shard: Digests(one["numbers"], one["content"]) for shard, one in content["shards"].items()}
    rows = {shard: int(one["rows"]) for shard, one in content["shards"].items()}
    return Reference(path.stem, content["config"], content["version"], rows, shards, path.parent)
