"""KTX2 textures (``KHR_texture_basisu``): pictures under Basis Universal, decoded by the package alktx2.

Source: Khronos, "KTX File Format Specification" 2.0, section 3 (the header).
"""

from __future__ import annotations

import struct

from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.packages import needed
from viewpoint100k.errors import AssetError

__all__ = ["is_ktx2", "png_of_ktx2"]

_IDENTIFIER = b"\xabKTX 20\xbb\r\n\x1a\n"
_HEADER = struct.Struct("<12s9I")


def is_ktx2(data: bytes) -> bool:
    """Whether a file says that it is KTX2."""
    return data[:12] == _IDENTIFIER


def png_of_ktx2(data: bytes, name: str, limits: MeshLimits) -> bytes:
    """The picture's largest level as a PNG file.

    Raises ``AssetError``: ``texture_too_large`` from the header alone, ``texture_unreadable``, ``extra_missing``.
    """
    if len(data) < _HEADER.size:
        raise AssetError("texture_unreadable", f"the texture {name} ends within its header")
    _, _, _, width, height, depth, layers, faces, levels, _ = _HEADER.unpack_from(data)
    if width * height > limits.max_texture_pixels:
        raise AssetError("texture_too_large", f"the texture {name} has {width}x{height} pixels")
    if not width or not height or depth or layers > 1 or faces != 1 or levels > 32:
        raise AssetError("texture_unreadable", f"the texture {name} is not one flat picture")
    alktx2 = needed("alktx2", "alktx2", f"the texture {name}")
    try:
        png: bytes = alktx2.decode_ktx2_to_bytes(data, format="png")[0]
    except Exception as error:  # The package raises whatever its transcoder says.
        raise AssetError("texture_unreadable", f"the texture {name} cannot be decoded: {error}"[:300]) from error
    return png
