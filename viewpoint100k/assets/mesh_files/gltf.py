"""Reads a ``.glb`` or ``.gltf`` file: primitives with their materials, in the coordinates of its scene (+Y up)."""

from __future__ import annotations

import numpy as np

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.gltf_document import read_document
from viewpoint100k.assets.mesh_files.gltf_geometry import read_primitives
from viewpoint100k.assets.mesh_files.gltf_materials import GltfMaterials
from viewpoint100k.assets.mesh_files.gltf_primitives import DrawnPrimitive
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.parts import Part

__all__ = ["read_gltf"]


def read_gltf(files: AssetFiles, limits: MeshLimits, *, binary: bool) -> list[Part]:
    """Everything that the file's scene shows. Raises ``AssetError``; see `read_document`, `read_primitives` and
    `GltfMaterials` for the reasons."""
    document = read_document(files, binary=binary)
    primitives = read_primitives(document, files.name, limits)
    materials = GltfMaterials(document, files, limits)
    return [_part(primitive, materials) for primitive in primitives]


def _part(primitive: DrawnPrimitive, materials: GltfMaterials) -> Part:
    material, mapping = materials.read(primitive.material)
    attributes = primitive.attributes
    uvs = None
    if mapping is not None:
        uvs = attributes.get(f"TEXCOORD_{mapping.texcoord}")
        # A texture without coordinates shows its first texel everywhere, as it does in OpenGL.
        uvs = mapping.apply(np.zeros((len(attributes["POSITION"]), 2)) if uvs is None else uvs)
    colors = attributes.get("COLOR_0")
    if colors is not None and colors.shape[1] == 3:
        colors = np.hstack([colors, np.ones((len(colors), 1))])
    part = Part(attributes["POSITION"], primitive.triangles, attributes.get("NORMAL"), uvs, colors, material)
    return part.moved(primitive.to_scene)
