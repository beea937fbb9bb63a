"""MVImgNet, and any tree of COLMAP models, as a source: ``mvimgnet:DIR``."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.capture_files.capture import StatedCapture, StatedPhoto
from viewpoint100k.assets.capture_files.colmap_model import ColmapImage, ColmapModel, read_colmap_model
from viewpoint100k.assets.capture_files.lenses import Lens, colmap_lens
from viewpoint100k.assets.capture_files.source_folder import storable
from viewpoint100k.assets.captures import CaptureSource
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.conventions import from_colmap

__all__ = ["MvimgnetSource"]

_MAX_DEPTH = 4


class MvimgnetSource(CaptureSource[str]):
    """Each ``<class>/<instance>`` with ``images`` and ``sparse/0`` in it is one capture; that path is its id.

    The folders may lie deeper (down to four), and a single instance may lie in the folder itself: its id is then ``.``.
    Of several sub-models the first, ``sparse/0``, is read; ``sparse`` itself where there are none. About 30% of
    MVImgNet's instances lack their images or their model, or are empty: they are listed, and refused with
    ``images_missing`` or ``model_missing``. The class is the name of the folder that an instance lies in.

    Lenses with distortion need pycolmap (``pip install 'viewpoint100k[captures]'``); MVImgNet's have it.
    """

    name = "mvimgnet"
    _layout = "<class>/<instance>/images and <class>/<instance>/sparse/0, as MVImgNet has them"

    def _find(self) -> Mapping[str, str]:
        """Names of the instances' folders."""
        instances, empty = {}, {}
        for name, subfolders, files in self._folder.folders(_MAX_DEPTH):
            if "sparse" in subfolders or "images" in subfolders:
                instances[storable(name)] = name
                subfolders.clear()
            elif not subfolders and not files and not {"sparse", "images"} & set(name.split("/")):
                empty[storable(name)] = name
        depths = {name.count("/") for name in instances.values()}
        # An empty folder is an instance that lost its files where instances are; anywhere else it is nothing.
        lost = {key: name for key, name in empty.items() if name.count("/") in depths and name != "."}
        return instances | lost if instances else {}

    def _made_of(self, asset_id: str, entry: str) -> Sequence[str]:
        return (entry,)

    def _read(self, asset_id: str, entry: str) -> StatedCapture:
        """Raises ``AssetError``; see `read_colmap_model`."""
        prefix = "" if entry == "." else f"{entry}/"
        model_folder = f"{prefix}sparse/0" if self._folder.exists(f"{prefix}sparse/0") else f"{prefix}sparse"
        model = read_colmap_model(self._folder, model_folder, self._limits)
        if not self._folder.exists(f"{prefix}images"):
            raise AssetError("images_missing", f"{asset_id} has a model but no folder images")
        photos, dropped, kept = self._photos(model, f"{prefix}images")
        return StatedCapture(
            photos=tuple(photos),
            sha256=model.sha256,
            dropped=dropped,
            points=model.points if len(model.points) else None,
            visible=_visible(model, kept) if len(model.points) else None,
            category=posixpath.basename(posixpath.dirname(asset_id)),
        )

    def _photos(
        self, model: ColmapModel, images_folder: str
    ) -> tuple[list[StatedPhoto], dict[str, str], list[ColmapImage]]:
        lenses: dict[int, Lens | None] = {}
        photos, dropped, kept = [], {}, []
        for image in model.images:
            try:
                name = self._folder.name(image.name, beside=images_folder)
            except AssetError as error:
                dropped[storable(image.name)] = error.reason
                continue
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
            photos.append(StatedPhoto(name, pose, lens))
            kept.append(image)
        return photos, dropped, kept


def _lens(model: ColmapModel, camera_id: int) -> Lens | None:
    """The lens of a camera of the model; None where it is not there or makes no sense."""
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
