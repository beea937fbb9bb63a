"""Published sets of meshes, one small file each: where the mesh, the category, the terms and the up axis are."""

from viewpoint100k.assets.layouts import abo, gso, modelnet, omniobject3d, shapenet, thingi10k, toys4k, ycb
from viewpoint100k.assets.mesh_layout import MeshLayout

__all__ = ["MESH_LAYOUTS"]

MESH_LAYOUTS: dict[str, MeshLayout] = {
    one.LAYOUT.name: one.LAYOUT for one in (gso, ycb, shapenet, omniobject3d, abo, toys4k, modelnet, thingi10k)
}
"""By the name of the set."""
