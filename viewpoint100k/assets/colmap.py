"""Trees of COLMAP models as sources: ``colmap:DIR`` for any, and MVImgNet's layout as ``mvimgnet:DIR``."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.capture import StatedCapture, StatedPhoto
from viewpoint100k.assets.capture_files.colmap_model import ColmapImage, ColmapModel, read_colmap_model
from viewpoint100k.assets.capture_files.lenses import Lens, colmap_lens
from viewpoint100k.assets.capture_files.source_folder import storable
from viewpoint100k.assets.captures import CaptureSource
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.conventions import from_colmap

__all__ = ["ColmapEntry", "ColmapSource", "MvimgnetSource"]

_MAX_DEPTH, _MAX_MODEL_DEPTH = 4, 8
_MASK_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_NAMES_OF_MODELS = frozenset({"sparse", "colmap", "model", "models"})


@dataclass(frozen=True)
class ColmapEntry:
    """Where a capture's files are, relative to the source's folder."""

    model: str
    images: tuple[str, ...]
    """Folders that the names in the model may be relative to, the likeliest first."""
    masks: str = ""
    """Folder of the masks, named as the photos are; empty for none."""
    category: str = ""
    notes: tuple[str, ...] = ()


class ColmapSource(CaptureSource[ColmapEntry]):
    """Each COLMAP model is one capture; its id is the folder that contains its ``sparse``, or ``.`` for ``DIR`` itself.

    A model is a folder with ``cameras`` and ``images``, both ``.bin`` or both ``.txt``; ``rigs`` and ``frames``, which
    COLMAP has beside them from 3.12 on, repeat what ``images`` says. The photos lie in the nearest folder ``images``
    beside or above the model, or in that folder itself. Of several models under one ``sparse`` the first is read, as
    COLMAP numbers them. The layout has no categories.

    Lenses with distortion need pycolmap (``pip install 'viewpoint100k[captures]'``).
    """

    name = "colmap"
    _layout = "a COLMAP model (cameras and images, .bin or .txt) and the folder images beside or above it"
    _image_folders: tuple[str, ...] = ("images",)

    def _find(self) -> Mapping[str, ColmapEntry]:
        models: dict[str, list[str]] = {}
        folders: dict[str, list[str]] = {}
        for name, subfolders, files in self._folder.folders(_MAX_MODEL_DEPTH):
            folders[name] = subfolders
            if any({f"cameras{suffix}", f"images{suffix}"} <= set(files) for suffix in (".bin", ".txt")):
                models.setdefault(_capture_folder(name), []).append(name)
        found = {}
        for capture, names in models.items():
            first = min(names, key=lambda name: (name.count("/"), _numbered(name)))
            notes = ("other_models",) if len(names) > 1 else ()
            entry = ColmapEntry(
                first, self._photo_folders(first, folders), category=self._category(capture), notes=notes
            )
            found[storable(capture)] = entry
        return found

    def _photo_folders(self, model: str, folders: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Folders that may contain the photos of a model: those with usual names, then all folders above it."""
        above = [model]
        while above[-1] != ".":
            above.append(posixpath.dirname(above[-1]) or ".")
        named = [
            posixpath.normpath(posixpath.join(one, name))
            for one in above
            for name in self._image_folders
            if name in folders.get(one, ())
        ]
        return (*named, *above)

    def _category(self, capture: str) -> str:
        return ""

    def _read(self, asset_id: str, entry: ColmapEntry) -> StatedCapture:
        """Raises ``AssetError``; see `read_colmap_model`."""
        model = read_colmap_model(self._folder, entry.model, self._limits)
        notes = {*entry.notes, *model.notes}
        images = self._images_folder(model, entry)
        if images is None:
            raise AssetError("images_missing", f"{asset_id} has a model but no folder images")
        photos, dropped, kept = self._photos(model, images, entry.masks, notes)
        return StatedCapture(
            photos=tuple(photos),
            sha256=model.sha256,
            dropped={**model.dropped, **dropped},
            points=model.points if len(model.points) else None,
            visible=_visible(model, kept) if len(model.points) else None,
            category=entry.category,
            notes=tuple(sorted(notes)),
        )

    def _images_folder(self, model: ColmapModel, entry: ColmapEntry) -> str | None:
        """The first folder that contains one of the photos; if none does, the first that exists."""
        some = [image.name for image in model.images[:: max(1, len(model.images) // 8)]]
        for folder in entry.images:
            for name in some:
                try:
                    if self._folder.exists(self._folder.as_spelt(self._folder.name(name, beside=folder))):
                        return folder
                except AssetError:
                    continue
        return next((folder for folder in entry.images if folder != "." and self._folder.exists(folder)), None)

    def _photos(
        self, model: ColmapModel, images_folder: str, masks_folder: str, notes: set[str]
    ) -> tuple[list[StatedPhoto], dict[str, str], list[ColmapImage]]:
        lenses: dict[int, Lens | None] = {}
        photos, dropped, kept = [], {}, []
        for image in model.images:
            try:
                stated = self._folder.name(image.name, beside=images_folder)
            except AssetError as error:
                dropped[storable(image.name)] = error.reason
                continue
            name = self._folder.as_spelt(stated)
            if name != stated:
                notes.add("letter_case")
            if image.camera_id not in lenses:
                lenses[image.camera_id] = _lens(model, image.camera_id)
            lens = lenses[image.camera_id]
            try:
                pose = from_colmap(image.quaternion, image.translation)
            except ValueError:
                pose = None
            if lens is None or pose is None:
                dropped[name] = "bad_camera"
                continue
            photos.append(StatedPhoto(name, pose, lens, self._mask(name, images_folder, masks_folder)))
            kept.append(image)
        return photos, dropped, kept

    def _mask(self, name: str, images_folder: str, masks_folder: str) -> str | None:
        """The mask of a photo: the file of its name in the folder of masks, whatever kind of picture it is."""
        if not masks_folder:
            return None
        stem = posixpath.join(masks_folder, posixpath.relpath(name, images_folder))
        named = (
            stem,
            *(f"{root}{suffix}" for root in (stem, posixpath.splitext(stem)[0]) for suffix in _MASK_SUFFIXES),
        )
        return next((mask for mask in named if self._folder.exists(mask)), None)


class MvimgnetSource(ColmapSource):
    """Each ``<class>/<instance>`` with ``images`` and ``sparse/0`` in it is one capture; that path is its id.

    The folders may lie deeper (down to four), and a single instance may lie in the folder itself: its id is then ``.``.
    Of several sub-models the first, ``sparse/0``, is read; ``sparse`` itself where there are none. About 30% of
    MVImgNet's instances lack their images or their model, or are empty: they are listed, and refused with
    ``images_missing`` or ``model_missing``. The class is the name of the folder that an instance lies in.

    Lenses with distortion need pycolmap (``pip install 'viewpoint100k[captures]'``); MVImgNet's have it.
    """

    name = "mvimgnet"
    _layout = "<class>/<instance>/images and <class>/<instance>/sparse/0, as MVImgNet has them"

    def _find(self) -> Mapping[str, ColmapEntry]:
        """Names of the instances' folders."""
        instances, empty = {}, {}
        for name, subfolders, files in self._folder.folders(_MAX_DEPTH):
            if "sparse" in subfolders or "images" in subfolders:
                instances[storable(name)] = self._entry(name)
                subfolders.clear()
            elif not subfolders and not files and not {"sparse", "images"} & set(name.split("/")):
                empty[storable(name)] = name
        depths = {key.count("/") for key in instances}
        # An empty folder is an instance that lost its files where instances are; anywhere else it is nothing.
        lost = {key: self._entry(name) for key, name in empty.items() if name.count("/") in depths and name != "."}
        return instances | lost if instances else {}

    def _made_of(self, asset_id: str, entry: ColmapEntry) -> Sequence[str]:
        return (posixpath.dirname(entry.images[0]) or ".",)

    def _entry(self, name: str) -> ColmapEntry:
        prefix = "" if name == "." else f"{name}/"
        model = f"{prefix}sparse/0" if self._folder.exists(f"{prefix}sparse/0") else f"{prefix}sparse"
        category = posixpath.basename(posixpath.dirname(storable(name)))
        return ColmapEntry(model, (f"{prefix}images",), f"{prefix}masks", category)


def _capture_folder(model: str) -> str:
    """The folder of the capture: the one above ``sparse/0`` and the like."""
    parts = [] if model == "." else model.split("/")
    if parts and parts[-1].isdigit():
        parts.pop()
    while parts and parts[-1].lower() in _NAMES_OF_MODELS:
        parts.pop()
    return "/".join(parts) or "."


def _numbered(model: str) -> tuple[int, str]:
    """COLMAP's number of a model, to sort by; one without a number goes first."""
    last = posixpath.basename(model)
    return (int(last) if last.isdigit() and len(last) < 10 else -1, model)


def _lens(model: ColmapModel, camera_id: int) -> Lens | None:
    """The lens of a camera of the model; None if it is missing or invalid."""
    camera = model.cameras.get(camera_id)
    if camera is None or not np.isfinite(camera.params).all() or not 0 < camera.width * camera.height < 2**32:
        return None
    try:
        return colmap_lens(camera.model, camera.params, camera.width, camera.height)
    except ValueError:
        return None


def _visible(model: ColmapModel, images: list[ColmapImage]) -> NDArray[np.bool_]:
    """(images, points): which image observes which point."""
    rows = {image.image_id: row for row, image in enumerate(images)}
    visible = np.zeros((len(images), len(model.tracks)), dtype=bool)
    for column, track in enumerate(model.tracks):
        visible[[rows[i] for i in track.tolist() if i in rows], column] = True
    return visible
