"""Base class of the sources of photographs: a folder, the ids of its captures, and loading a capture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from viewpoint100k.assets.asset import NO_LICENSE, CaptureAsset
from viewpoint100k.assets.capture_files.assembly import assemble
from viewpoint100k.assets.capture_files.capture import StatedCapture
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.mesh_metadata import METADATA_FILE, MeshMetadata, Metadata
from viewpoint100k.errors import AssetError, UsageError, ViewpointError

__all__ = ["CaptureSource"]

Entry = TypeVar("Entry")


class CaptureSource(ABC, Generic[Entry]):
    """A folder of captures in one layout. Reads nothing outside of it.

    These layouts state no licence. ``license`` (SPDX) applies to the whole folder; ``metadata.csv`` in the folder
    describes single captures. It has the columns of `MeshMetadata`: ``file`` is the capture's id, ``up`` the axis that
    points up in the capture's world, which otherwise is estimated from the cameras.
    """

    name: str

    def __init__(self, root: Path, limits: CaptureLimits | None = None, license: str = NO_LICENSE) -> None:
        self._root = root
        self._limits = limits or CaptureLimits()
        self._license = license

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings for the whole folder."""
        return {} if self._license == NO_LICENSE else {"license": self._license}

    def ids(self) -> Sequence[str]:
        """Ids of all captures, sorted, including unusable ones. Raises ``UsageError`` if there are none."""
        return (*self._entries, *self._metadata.unplaced(self._entries))

    def load(self, asset_id: str) -> CaptureAsset:
        """Reads one capture and checks its photos. Raises ``AssetError`` for every fault of its files."""
        self._metadata.refuse(asset_id, self._entries)
        if asset_id not in self._entries:
            raise AssetError("file_missing", f"{asset_id} is not in {self._root}")
        try:
            with np.errstate(all="ignore"):
                stated = self._read(asset_id, self._entries[asset_id])
                return assemble(
                    self.name,
                    asset_id,
                    stated,
                    self._files,
                    self._limits,
                    self._license,
                    self._metadata.stated(asset_id),
                )
        except ViewpointError:
            raise
        except Exception as error:  # Broken files raise many types of error; none may end a build.
            message = f"{asset_id} cannot be read: {type(error).__name__}: {str(error)[:200]}"
            raise AssetError("unreadable", message) from error

    def stamp(self, asset_id: str) -> str | None:
        """See `Stamped`."""
        if asset_id not in self._entries or self._metadata.is_malformed(asset_id):
            return None
        names = self._made_of(asset_id, self._entries[asset_id])
        state = self._files.state(names) if names else None
        if state is None:
            return None
        stated = asdict(self._metadata.stated(asset_id) or MeshMetadata())
        return repr((self.name, asset_id, state, stated, self._license, self._limits))

    def references(self, asset_id: str) -> Sequence[Path]:
        """See `Stamped`. None, because the stamp covers all files."""
        return ()

    def _made_of(self, asset_id: str, entry: Entry) -> Sequence[str]:
        """Names of the files and folders that a capture is read from; empty if unknown."""
        return ()

    @property
    @abstractmethod
    def _layout(self) -> str:
        """The expected files, for the error message of a folder without captures."""

    @abstractmethod
    def _find(self) -> Mapping[str, Entry]:
        """Entries to read, by capture id."""

    @abstractmethod
    def _read(self, asset_id: str, entry: Entry) -> StatedCapture:
        """Reads the files of one capture. Raises ``AssetError``."""

    @cached_property
    def _folder(self) -> SourceFolder:
        """The root folder of the source."""
        return SourceFolder(self._root)

    @cached_property
    def _files(self) -> SourceFolder:
        """The folder that contains the photos; their names are relative to it."""
        return self._folder

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        found = dict(sorted(self._find().items()))
        if not found:
            raise UsageError(f"there is no capture in {self._root}: {self.name}:DIR looks for {self._layout}")
        return found

    @cached_property
    def _metadata(self) -> Metadata:
        return Metadata(self._root / METADATA_FILE)

    def __getstate__(self) -> dict[str, Any]:
        """The state without caches, which another process builds again."""
        return {key: value for key, value in self.__dict__.items() if key in ("_root", "_limits", "_license")}
