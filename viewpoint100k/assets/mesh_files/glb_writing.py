"""Writes a mesh as a GLB file with trimesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from viewpoint100k.geometry.conventions import to_gltf_points
from viewpoint100k.geometry.mesh import Material, Mesh, Texture

__all__ = ["write_glb"]


def write_glb(mesh: Mesh, path: Path, *, double_sided: bool = False) -> None:
    """Writes every primitive with its normals, texture coordinates, colours and material; +Y is up in the file.

    Surfaces are single-sided, the default of glTF and faster to render, unless ``double_sided`` is set. Wrap modes of
    textures and the strengths of normal and occlusion maps are lost, because trimesh does not write them. Colours are
    rounded to 8 bits.
    """
    import trimesh

    scene = trimesh.Scene()
    materials: dict[int, Any] = {}
    for primitive in mesh.primitives:
        material = primitive.material
        if id(material) not in materials:
            materials[id(material)] = _pbr_material(material, double_sided)
        uvs = None if primitive.uvs is None else primitive.uvs * [1.0, -1.0] + [0.0, 1.0]  # trimesh's v goes up.
        visual = trimesh.visual.TextureVisuals(uv=uvs, material=materials[id(material)])
        if primitive.colors is not None:
            visual.vertex_attributes["color"] = np.round(255 * primitive.colors).astype(np.uint8)
        scene.add_geometry(
            trimesh.Trimesh(
                to_gltf_points(primitive.positions),
                primitive.triangles,
                vertex_normals=to_gltf_points(primitive.normals),
                visual=visual,
                process=False,
            )
        )
    path.write_bytes(scene.export(file_type="glb", include_normals=True))


def _pbr_material(material: Material, double_sided: bool) -> Any:
    from trimesh.visual.material import PBRMaterial

    return PBRMaterial(
        baseColorFactor=np.round(255 * np.array(material.base_color)).astype(np.uint8),
        baseColorTexture=_picture(material.base_color_texture),
        metallicFactor=float(material.metallic),
        roughnessFactor=float(material.roughness),
        metallicRoughnessTexture=_picture(material.metallic_roughness_texture),
        normalTexture=_picture(material.normal_texture),
        occlusionTexture=_picture(material.occlusion_texture),
        emissiveFactor=list(material.emissive),
        emissiveTexture=_picture(material.emissive_texture),
        alphaMode=material.alpha_mode,
        alphaCutoff=float(material.alpha_cutoff) if material.alpha_mode == "MASK" else None,
        doubleSided=double_sided,
    )


def _picture(texture: Texture | None) -> Any:
    from PIL import Image

    return None if texture is None else Image.fromarray(texture.pixels)
