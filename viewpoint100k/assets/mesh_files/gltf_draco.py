"""Decodes the Draco-compressed primitives of a glTF document (extension KHR_draco_mesh_compression)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.gltf_document import GltfDocument, as_fractions, read_accessor, view_bytes
from viewpoint100k.assets.mesh_files.gltf_primitives import ATTRIBUTES, DRACO
from viewpoint100k.assets.mesh_files.packages import needed
from viewpoint100k.errors import AssetError

__all__ = ["decode_primitive", "is_compressed"]


def is_compressed(document: GltfDocument, primitive: dict[str, Any]) -> bool:
    """True for a compressed primitive without an uncompressed copy: the document then requires the extension."""
    required = DRACO in (document.tree.get("extensionsRequired") or [])
    return required and DRACO in (primitive.get("extensions") or {})


def decode_primitive(
    document: GltfDocument, primitive: dict[str, Any], name: str
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]:
    """The attributes (n, width), by glTF name, and the triangles (m, 3) of a compressed primitive.

    Raises ``AssetError`` with ``extra_missing`` without DracoPy 1.7 or newer, and ``ValueError``, ``KeyError`` or
    ``IndexError`` for data that contradict the document.
    """
    extension = primitive["extensions"][DRACO]
    decoded = needed("DracoPy", "DracoPy", name).decode(bytes(view_bytes(document, int(extension["bufferView"]))))
    if not hasattr(decoded, "attributes"):
        message = f"{name} cannot be read: DracoPy is older than 1.7: run  pip install 'DracoPy>=1.7'"
        raise AssetError("extra_missing", message)
    values = {int(one["unique_id"]): np.asarray(one["data"]) for one in decoded.attributes}
    attributes = {}
    for key, index in primitive["attributes"].items():
        if key in extension["attributes"]:
            array = values[int(extension["attributes"][key])]
            normalized = document.items("accessors")[index].get("normalized")
            array = as_fractions(array) if normalized else array
        else:
            array = read_accessor(document, index)
        if key in ATTRIBUTES:
            attributes[key] = array.astype(np.float64)
    triangles = np.asarray(decoded.faces).astype(np.int64).reshape(-1, 3)
    return attributes, triangles
