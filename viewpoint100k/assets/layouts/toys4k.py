"""Toys4K: 4,000 toys of 105 classes.

Source: https://github.com/rehg-lab/lowshot-shapebias, ``toys4k/README.md``: the archive toys4k_obj_files holds the
objects "without materials", ``toys4k_obj_files/<category>/<object>/mesh.obj``, exported by Blender, whose exporter
writes +Y up. The archive of ``.blend`` files, which have materials, has to be exported by Blender first (glTF, one file
an object, beside the name of its ``.blend``); those files are taken too, and before the others. Each object has terms
of its own (``<object>_attribution.txt``), and the set as a whole is not to be passed on.
"""

from __future__ import annotations

import re

from viewpoint100k.assets.mesh_layout import MeshLayout, folder_name

__all__ = ["LAYOUT"]

LAYOUT = MeshLayout(
    name="toys4k",
    title="Toys4K",
    path=re.compile(r"(?P<object>(?:.+/)?(?P<category>[^/]+)/(?P=category)_\d+)/(?:mesh\.obj|(?P=category)_\d+\.glb)"),
    described="toys4k_obj_files/<category>/<object>/mesh.obj",
    up="y",
    license="LicenseRef-Toys4K",
    uri="https://github.com/rehg-lab/lowshot-shapebias/tree/main/toys4k",
    category=folder_name,
    preference=(".glb",),
)
