"""Assets that crashed or hung two workers, or raised an unexpected error: one small file each.

All processes of a build read them and skip these assets.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from viewpoint100k.runtime.files import write_atomically

__all__ = ["Quarantine"]


class Quarantine:
    """The quarantine list: a folder that any number of processes read and add to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[str, str]] = {}
        self._seen: set[str] = set()

    def reasons(self) -> dict[str, str]:
        """Asset id to reason code."""
        self._read()
        return {asset_id: reason for asset_id, (reason, _) in self._known.items()}

    def details(self) -> dict[str, str]:
        """Asset id to a sentence about what happened."""
        self._read()
        return {asset_id: detail for asset_id, (_, detail) in self._known.items()}

    def add(self, asset_id: str, reason: str, detail: str) -> None:
        name = hashlib.sha256(asset_id.encode()).hexdigest()[:32] + ".json"
        content = json.dumps({"asset_id": asset_id, "reason": reason, "detail": detail})
        write_atomically(self._folder / name, content.encode())

    def _read(self) -> None:
        for path in self._folder.glob("*.json"):
            if path.name not in self._seen:
                entry = json.loads(path.read_text())
                self._known[entry["asset_id"]] = (entry["reason"], entry["detail"])
                self._seen.add(path.name)
