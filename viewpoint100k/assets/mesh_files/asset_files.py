"""Reads a mesh file and the files that it refers to: only regular files inside one root folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.errors import AssetError

__all__ = ["AssetFiles"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_GAZEBO_TEXTURES = "../materials/textures"
"""Folder of textures, relative to a Gazebo model's meshes. In Google Scanned Objects, textures are in this folder, but
are named as if they were beside the mesh."""
_WINDOWS_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class AssetFiles:
    """Reads the files of one asset and keeps a digest of each.

    It opens only regular files inside ``root``, also through symbolic links: no devices, pipes or network addresses.
    Every refusal is an ``AssetError``.
    """

    def __init__(self, root: Path, path: Path, limits: MeshLimits) -> None:
        self._root = Path(os.path.realpath(root))
        self._path = path
        self._limits = limits
        self._digests: dict[str, str] = {}
        self.references: list[Path] = []
        """Other files that were looked for, including missing ones."""
        self._notes: set[str] = set()

    @property
    def name(self) -> str:
        """The asset's file name, for error messages."""
        return self._path.name

    @property
    def stem(self) -> str:
        return self._path.stem

    @property
    def real_path(self) -> str:
        """Path of the asset's main file, for a reader that must open it itself. Call `read_asset` first to check it."""
        return os.path.realpath(self._path)

    @property
    def is_of_gazebo_model(self) -> bool:
        """True if it is in the folder ``meshes`` of a Gazebo model, whose world is +Z up.

        Source: the Gazebo documentation, "Model structure": ``model.config``, ``meshes``, ``materials/textures``.
        """
        model = self._path.parent.parent / "model.config"
        return self._path.parent.name == "meshes" and self._is_inside(model) and model.is_file()

    @property
    def notes(self) -> tuple[str, ...]:
        """Assumptions and omitted parts as snake_case words, sorted, each once."""
        return tuple(sorted(self._notes))

    def note(self, *words: str) -> None:
        """Adds to `notes`."""
        self._notes.update(words)

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of all files that were read.

        For a file without references it is the file's SHA-256. Otherwise it is the SHA-256 of lines with the
        hexadecimal SHA-256 of each file: first the main file, then the others in the order of their paths.
        """
        own = self._digests[self._path.as_posix()]
        others = [digest for path, digest in sorted(self._digests.items()) if path != self._path.as_posix()]
        if not others:
            return own
        return hashlib.sha256("".join(f"{digest}\n" for digest in [own, *others]).encode()).hexdigest()

    def read_asset(self) -> bytes:
        """The asset's own file. Raises ``AssetError`` (``file_missing``, ``file_too_large``, ``reference_outside``,
        ``unsupported_reference``, ``unreadable``)."""
        if not self._path.exists():
            raise AssetError("file_missing", f"{self.name} is no longer there")
        return self._read_regular(self._path, self.name)

    def read_reference(
        self, reference: str, missing: str, *, is_uri: bool, beside: str = "", is_texture: bool = False
    ) -> bytes:
        """Reads what ``reference`` in the asset's file names: a path beside that file, or a ``data:`` URI.

        With ``is_uri`` it is a URI reference with percent-encoding, as in glTF; otherwise a plain path, as in OBJ, in
        which a backslash is also a separator. If another file contains the reference, ``beside`` is that file's folder,
        relative to the asset's folder; both are searched. With ``is_texture`` the texture folder of Gazebo models is
        searched last, and ``texture_assumed`` is noted. Raises ``AssetError`` with the reason ``missing`` if there is
        no such file, and as `read_asset` does.
        """
        if reference[:5].lower() == "data:":
            return self._decode_data_uri(reference, missing)
        if _WINDOWS_DRIVE.match(reference) or reference.startswith(("/", "\\", "~")) or _is_file_uri(reference):
            raise self._outside(reference)
        if _SCHEME.match(reference):
            raise AssetError(
                "unsupported_reference",
                f"{self.name} refers to {reference[:120]!r}: only files beside it are read, never addresses",
            )
        stated = [reference, f"{beside}/{reference}"] if beside else [reference]
        found = self._found(stated, is_uri)
        if found is None and is_texture and self._is_inside(self._path.parent.parent):
            name = re.split(r"[\\/]", reference)[-1]
            found = self._found([f"{_GAZEBO_TEXTURES}/{name}"], is_uri)
            if found is not None:
                self.note("texture_assumed")
        if found is None:
            raise AssetError(missing, f"{self.name} refers to {reference[:200]!r}, which is not there")
        return self._read_regular(found, reference)

    def _found(self, references: Sequence[str], is_uri: bool) -> Path | None:
        """The first of these paths that exists, in any spelling."""
        return next((p for reference in references for p in self._spellings(reference, is_uri) if p.exists()), None)

    def _spellings(self, reference: str, is_uri: bool) -> Iterator[Path]:
        """Paths that ``reference`` can mean, the most literal first; all are checked to be inside the root."""
        written = [unquote(reference), reference] if is_uri else [reference, reference.replace("\\", "/")]
        for text in written:
            for form in (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)):
                if "\0" in form:
                    continue
                path = Path(os.path.normpath(self._path.parent / form))
                # Checked before any access, so that not even the existence of outside files is revealed.
                self._check_inside(path, reference)
                self.references.append(path)
                yield path
                twin = _same_name_in_other_case(path)
                if twin is not None:
                    yield twin

    def _check_inside(self, path: Path, reference: str) -> None:
        if not self._is_inside(path):
            raise self._outside(reference)

    def _is_inside(self, path: Path) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._root)

    def _outside(self, reference: str) -> AssetError:
        return AssetError(
            "reference_outside", f"{self.name} leads to {reference[:200]!r}, outside the folder of its source"
        )

    def _read_regular(self, path: Path, reference: str) -> bytes:
        self._check_inside(path, reference)
        try:
            # Without O_NONBLOCK, opening a named pipe waits for a writer that never comes.
            descriptor = os.open(os.path.realpath(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise AssetError("unreadable", f"{reference[:200]!r} cannot be opened: {error.strerror}") from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise AssetError("unsupported_reference", f"{reference[:200]!r} is not a regular file")
        with os.fdopen(descriptor, "rb") as file:
            if status.st_size > self._limits.max_file_bytes:
                raise AssetError(
                    "file_too_large",
                    f"{reference[:200]!r} has {status.st_size:,} bytes, more than {self._limits.max_file_bytes:,}",
                )
            data = file.read(status.st_size)
        self._digests[path.as_posix()] = hashlib.sha256(data).hexdigest()
        return data

    def _decode_data_uri(self, uri: str, missing: str) -> bytes:
        head, comma, payload = uri.partition(",")
        if not comma:
            raise AssetError(missing, f"{self.name} holds a data URI without data")
        raw = unquote_to_bytes(payload)
        if not head.lower().endswith(";base64"):
            return raw
        try:
            return base64.b64decode(raw, validate=True)
        except binascii.Error as error:
            raise AssetError("unreadable", f"{self.name} holds a data URI that is not base64") from error


def _is_file_uri(reference: str) -> bool:
    return reference[:5].lower() == "file:"


def _same_name_in_other_case(path: Path) -> Path | None:
    """The only file beside ``path`` whose name differs in letter case alone, for files made on Windows."""
    if path.exists() or not path.parent.is_dir():
        return None
    twins = [entry for entry in path.parent.iterdir() if entry.name.casefold() == path.name.casefold()]
    return twins[0] if len(twins) == 1 else None
