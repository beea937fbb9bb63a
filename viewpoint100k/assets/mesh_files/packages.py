"""ZIP packages (3MF, USDZ) from strangers, and the packages of Python that some formats need."""

from __future__ import annotations

import io
import zipfile
from importlib import import_module
from types import ModuleType

from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError, MissingExtraError

__all__ = ["needed", "unpacked"]

_MAX_MEMBERS = 10_000


def needed(module: str, package: str, name: str) -> ModuleType:
    """A module of the extra ``formats``. Raises ``AssetError`` with ``extra_missing``, which names what installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise AssetError("extra_missing", f"{name} cannot be read: {MissingExtraError(package, 'formats')}") from error


def unpacked(data: bytes, name: str, limits: MeshLimits) -> dict[str, bytes]:
    """The members of a package by their names, in its order.

    Raises ``AssetError``: ``unreadable``; ``file_too_large`` before anything is unpacked that would be too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = [member for member in package.infolist() if not member.is_dir()]
            size = int(sum(member.file_size for member in members))
            if size > limits.max_file_bytes or len(members) > _MAX_MEMBERS:
                raise AssetError("file_too_large", f"{name} unpacks to {size:,} bytes in {len(members):,} files")
            found = {}
            for member in members:
                with package.open(member) as stream:
                    found[member.filename] = stream.read(member.file_size + 1)
                if len(found[member.filename]) > member.file_size:
                    raise AssetError("unreadable", f"{name} holds more than its directory says")
            return found
    except AssetError:
        raise
    except Exception as error:  # zipfile raises BadZipFile, zlib.error, RuntimeError, NotImplementedError and more.
        raise AssetError("unreadable", f"{name} is not a package that can be unpacked: {error}"[:300]) from error
