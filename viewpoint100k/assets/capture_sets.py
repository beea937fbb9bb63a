"""Sources for published sets of photographs, by name: the layout of each, and the licence that it states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from viewpoint100k.assets.asset import NO_LICENSE, Source
from viewpoint100k.assets.capture_files.limits import CaptureLimits
from viewpoint100k.assets.capture_files.source_folder import SourceFolder
from viewpoint100k.assets.co3d import Co3dSource
from viewpoint100k.assets.colmap import ColmapSource, MvimgnetSource
from viewpoint100k.assets.nerf import NerfSource
from viewpoint100k.assets.wildrgbd import WildRgbdSource

__all__ = ["kind_of_captures", "open_captures", "set_license"]


class Dl3dvSource(NerfSource):
    """DL3DV-10K: each ``<hash>/transforms.json`` is one capture, its photos in ``images_4`` or ``images_8``.

    Source: https://github.com/DL3DV-10K/Dataset, README and ``scripts/download.py`` (an archive for each scene:
    ``<batch>/<hash>/transforms.json``, intrinsics of the photos at full size); of the benchmark,
    ``<hash>/nerfstudio/transforms.json``. Scenes, not single objects: captures whose cameras look at no common place
    are dropped as ``no_common_center``.
    """

    name = "dl3dv"
    _layout = "<hash>/transforms.json and <hash>/images_4, as DL3DV-10K has them"


class Uco3dSource(Co3dSource):
    """uCO3D, its frames taken from its videos. See `Co3dSource`."""

    name = "uco3d"
    _layout = "uCO3D's metadata.sqlite"
    _only_database = True


class Mvimgnet2Source(MvimgnetSource):
    """MVImgNet 2.0: MVImgNet's layout, and a folder ``masks`` beside ``images``.

    Source: https://github.com/GAP-LAB-CUHK-SZ/MVImgNet2.0, README, "Folder structure". A class is a number, whose
    meaning stands in ``mvimgnet2_category.json``.
    """

    name = "mvimgnet2"
    _layout = "<class>/<instance>/images, masks and sparse/0, as MVImgNet 2.0 has them"


class ScannetppSource(ColmapSource):
    """ScanNet++: each scene's ``dslr/colmap`` is one capture, its photos in ``dslr/resized_images``.

    Source: https://github.com/scannetpp/scannetpp, ``common/scene_release.py``. Rooms, not single objects: a scene
    whose cameras look at no common place is dropped as ``no_common_center``. Its lens is a fisheye.
    """

    name = "scannetpp"
    _layout = "data/<scene>/dslr/colmap and data/<scene>/dslr/resized_images, as ScanNet++ has them"
    _image_folders = ("resized_images", "resized_undistorted_images", "images", "rgb")


_SOURCES: Mapping[str, Callable[[Path, CaptureLimits | None, str], Source]] = {
    "co3d": Co3dSource,
    "colmap": ColmapSource,
    "dl3dv": Dl3dvSource,
    "mvimgnet": MvimgnetSource,
    "mvimgnet2": Mvimgnet2Source,
    "nerf": NerfSource,
    "scannetpp": ScannetppSource,
    "uco3d": Uco3dSource,
    "wildrgbd": WildRgbdSource,
}

_LICENSES = {
    "dl3dv": "LicenseRef-DL3DV-10K",
    "mvimgnet2": "LicenseRef-MVImgNet2",
    "scannetpp": "LicenseRef-ScanNetpp",
    "uco3d": "CC-BY-4.0",
    "wildrgbd": "MIT",
}
"""Licence of each set, as its repository states it; ``LicenseRef-`` for non-standard terms."""


_SIGNS = {
    "metadata.sqlite": "uco3d",
    "frame_annotations.jgz": "co3d",
    "cam_poses.txt": "wildrgbd",
    "transforms.json": "nerf",
    "transforms_train.json": "nerf",
    "images.bin": "colmap",
    "images.txt": "colmap",
}
"""Files that only the folders of one kind of source hold."""
_SIGNS_DEPTH = 4


def kind_of_captures(folder: Path) -> str | None:
    """The kind of source whose files are in this folder; None where it holds no captures."""
    for _, _, files in SourceFolder(folder).folders(_SIGNS_DEPTH):
        for sign, kind in _SIGNS.items():
            if sign in files:
                return kind
    return None


def set_license(kind: str) -> str:
    """SPDX id of a whole set, as its own documents state it; ``NOASSERTION`` where they state none, or it is no set."""
    return _LICENSES.get(kind, NO_LICENSE)


def open_captures(kind: str, folder: Path, limits: CaptureLimits | None, license: str = NO_LICENSE) -> Source:
    """The source of this kind. ``license`` goes before what the set's own documents state."""
    return _SOURCES[kind](folder, limits, license if license != NO_LICENSE else set_license(kind))
