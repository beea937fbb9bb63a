"""Results of loading assets, and a store that keeps them until the asset's files change."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from viewpoint100k.assets.asset import Asset, MeshAsset, Source, Stamped
from viewpoint100k.assets.asset_store import AssetStore
from viewpoint100k.assets.descriptors import Descriptor, describe
from viewpoint100k.assets.fingerprints import fingerprints_of
from viewpoint100k.assets.reader_version import version_of_readers
from viewpoint100k.errors import AssetError

__all__ = ["Finding", "FindingStore", "examine"]

_COLORS = 64


@dataclass(frozen=True)
class Reference:
    """Another file that loading the asset looked for."""

    path: str
    size: int
    """Bytes; -1 if there is no such file."""
    mtime_ns: int

    def holds(self) -> bool:
        """True if the file has not changed."""
        return _reference(Path(self.path)) == self


@dataclass(frozen=True)
class Finding:
    """Result of loading one asset."""

    reason: str = ""
    """Reason code if it cannot be used; else empty."""
    message: str = ""
    """The reason as a sentence."""
    sha256: str = ""
    """Digest of the asset's files, see `Origin`."""
    descriptor: Descriptor | None = None
    """Of a mesh."""
    fingerprints: bytes = b""
    """Of a capture's photos, see `fingerprints_of`."""
    kind: str = ""
    """``mesh`` or ``capture``; empty if it cannot be read."""
    amount: int = 0
    """Number of triangles of a mesh, or of usable photos of a capture."""
    dropped_photos: Mapping[str, int] = field(default_factory=dict)
    """Number of unusable photos of a capture, by reason code."""
    category: str = ""
    license: str = ""
    creator: str = ""
    uri: str = ""
    notes: tuple[str, ...] = ()
    """Assumptions and omitted parts, see `MeshAsset.notes`."""
    references: tuple[Reference, ...] = ()

    def to_bytes(self) -> bytes:
        """Encodes the finding for the store."""
        content: dict[str, Any] = {name: value for name, value in self.__dict__.items() if value}
        content["references"] = [[r.path, r.size, r.mtime_ns] for r in self.references]
        if self.descriptor is not None:
            numbers = np.concatenate([self.descriptor.shape, self.descriptor.colors]).astype("<f4")
            content["descriptor"] = b64encode(numbers.tobytes()).decode()
        if self.fingerprints:
            content["fingerprints"] = b64encode(self.fingerprints).decode()
        return json.dumps(content).encode()

    @staticmethod
    def from_bytes(value: bytes) -> Finding | None:
        """Decodes what `to_bytes` made; None for any other bytes."""
        try:
            content = json.loads(value)
            content["references"] = tuple(Reference(*entry) for entry in content["references"])
            content["notes"] = tuple(content.get("notes", ()))
            if "descriptor" in content:
                numbers = np.frombuffer(b64decode(content["descriptor"]), dtype="<f4").astype(np.float32)
                content["descriptor"] = Descriptor(numbers[:-_COLORS], numbers[-_COLORS:])
            content["fingerprints"] = b64decode(content.get("fingerprints", ""))
            return Finding(**content)
        except (ValueError, KeyError, TypeError):
            return None


def examine(source: Source, asset_id: str, on_asset: Callable[[Asset], None] = lambda asset: None) -> Finding:
    """Loads an asset and returns the result, which includes any error.

    ``on_asset`` is called with the asset if it can be used.
    """
    try:
        asset = source.load(asset_id)
        found = _described(asset, asset_id)
    except AssetError as error:
        return Finding(error.reason, str(error), references=_references(source, asset_id))
    except Exception as error:  # A bug of a loader: report it as a build would.
        return Finding("crashed", f"{type(error).__name__}: {error}"[:300])
    on_asset(asset)
    return Finding(references=_references(source, asset_id), **found)


def _described(asset: Asset, asset_id: str) -> dict[str, Any]:
    """The fields of a finding. Raises ``AssetError`` for an asset that can be read but not used."""
    origin = asset.origin
    found: dict[str, Any] = {
        name: getattr(origin, name) for name in ("sha256", "category", "license", "creator", "uri")
    }
    found["notes"] = asset.notes
    if isinstance(asset, MeshAsset):
        return found | {"kind": "mesh", "amount": asset.mesh.triangle_count, "descriptor": describe(asset.mesh)}
    if len(asset.photos) < 2:
        raise AssetError("too_few_photos", f"{asset_id} has {len(asset.photos)} usable photos, and a pair needs two")
    dropped = dict(sorted(Counter(asset.dropped_photos.values()).items()))
    found |= {"kind": "capture", "amount": len(asset.photos), "dropped_photos": dropped}
    return found | {"fingerprints": fingerprints_of(asset)}


def _references(source: Source, asset_id: str) -> tuple[Reference, ...]:
    if not isinstance(source, Stamped):
        return ()
    return tuple(_reference(path) for path in dict.fromkeys(source.references(asset_id)))


def _reference(path: Path) -> Reference:
    try:
        status = path.stat()
    except OSError:
        return Reference(str(path), -1, 0)
    return Reference(str(path), status.st_size, status.st_mtime_ns)


class FindingStore:
    """Stores the findings of one source, by asset.

    A finding is valid until the asset's stamp, a file that it refers to, or the code that reads it changes. Findings of
    a source without stamps are not stored.

    Args:
        conditions: anything else that a finding depends on.
    """

    def __init__(self, source: Source, conditions: str = "", store: AssetStore | None = None) -> None:
        self._source = source
        self._conditions = conditions
        self._store = store or AssetStore()

    def key(self, asset_id: str) -> bytes | None:
        """Key of the finding of the asset in its current state; None if it cannot be stored."""
        stamp = self._source.stamp(asset_id) if isinstance(self._source, Stamped) else None
        if stamp is None:
            return None
        text = "\0".join([version_of_readers(), self._conditions, stamp])
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def known(self, keys: Mapping[str, bytes | None]) -> dict[str, Finding]:
        """Stored findings that are still valid, by asset id."""
        stored = self._store.get(key for key in keys.values() if key is not None)
        found = {}
        for asset_id, key in keys.items():
            value = stored.get(key) if key is not None else None
            finding = Finding.from_bytes(value) if value is not None else None
            if finding is not None and all(reference.holds() for reference in finding.references):
                found[asset_id] = finding
        return found

    def keep(self, findings: Iterable[tuple[bytes | None, Finding]]) -> None:
        """Stores findings under their keys."""
        self._store.put({key: finding.to_bytes() for key, finding in findings if key is not None})

    def close(self) -> None:
        self._store.shrink()
        self._store.close()
