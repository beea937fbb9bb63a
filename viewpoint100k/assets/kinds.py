"""The kinds of source that are folders, by their names in a source specification."""

from __future__ import annotations

from viewpoint100k.assets.layouts import MESH_LAYOUTS

__all__ = ["CAPTURE_KINDS", "FOLDER_KINDS"]

CAPTURE_KINDS = frozenset(
    {"co3d", "colmap", "dl3dv", "mvimgnet", "mvimgnet2", "nerf", "scannetpp", "uco3d", "wildrgbd"}
)
"""Kinds with photographs and their cameras."""

FOLDER_KINDS = ("meshes", *MESH_LAYOUTS, *sorted(CAPTURE_KINDS))
"""All kinds of folder."""
