"""Materials of USD under UsdPreviewSurface, whose colours are linear, and the pictures in their package."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.textures import decode_texture
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Material, Texture, Wrap

__all__ = ["UsdMaterials"]

_PLAIN = Material()
_WRAPS: dict[str, Wrap] = {"clamp": "clamp", "mirror": "mirror"}


class UsdMaterials:
    """Reads the materials of one stage, each once."""

    def __init__(self, members: Mapping[str, bytes], files: AssetFiles, limits: MeshLimits) -> None:
        self._members, self._files, self._limits = members, files, limits
        self._read: dict[str, tuple[Material, str]] = {}
        self._textures: dict[str, Texture] = {}

    def bound(self, prim: Any, face_count: int) -> Iterator[tuple[Material, str, NDArray[np.bool_]]]:
        """Each material of a mesh, the name of its texture coordinates, and which of its faces have it."""
        from pxr import UsdShade

        rest = np.ones(face_count, dtype=bool)
        for subset in UsdShade.MaterialBindingAPI(prim).GetMaterialBindSubsets():
            chosen = np.zeros(face_count, dtype=bool)
            chosen[np.array(subset.GetIndicesAttr().Get() or (), dtype=np.int64)] = True
            yield (*self._material(subset.GetPrim()), chosen & rest)
            rest &= ~chosen
        yield (*self._material(prim), rest)

    def is_plain(self, material: Material) -> bool:
        """Whether it is the one of meshes to which none is bound."""
        return material is _PLAIN

    def _material(self, prim: Any) -> tuple[Material, str]:
        from pxr import UsdShade

        bound, _ = UsdShade.MaterialBindingAPI(prim).ComputeBoundMaterial()
        if not bound:
            return _PLAIN, "st"
        key = str(bound.GetPath())
        if key not in self._read:
            shader, _, _ = bound.ComputeSurfaceSource()
            known = bool(shader) and shader.GetIdAttr().Get() == "UsdPreviewSurface"
            if not known:
                self._files.note("material_left_out")
            self._read[key] = self._preview_surface(shader) if known else (_PLAIN, "st")
        return self._read[key]

    def _preview_surface(self, shader: Any) -> tuple[Material, str]:
        texture, uv_name = self._texture(shader.GetInput("diffuseColor"))
        color = _numbers(shader.GetInput("diffuseColor"), (0.18, 0.18, 0.18)) if texture is None else (1.0, 1.0, 1.0)
        alpha = _numbers(shader.GetInput("opacity"), (1.0,))[0]
        cutoff = _numbers(shader.GetInput("opacityThreshold"), (0.0,))[0]
        emissive = _numbers(shader.GetInput("emissiveColor"), (0.0, 0.0, 0.0))
        material = Material(
            base_color=(color[0], color[1], color[2], min(1.0, max(0.0, alpha))),
            base_color_texture=texture,
            metallic=min(1.0, max(0.0, _numbers(shader.GetInput("metallic"), (0.0,))[0])),
            roughness=min(1.0, max(0.0, _numbers(shader.GetInput("roughness"), (0.5,))[0])),
            emissive=(emissive[0], emissive[1], emissive[2]),
            alpha_mode="MASK" if cutoff > 0 else "BLEND" if alpha < 1.0 else "OPAQUE",
            alpha_cutoff=cutoff if cutoff > 0 else 0.5,
        )
        return material, uv_name

    def _texture(self, stated: Any) -> tuple[Texture | None, str]:
        """The picture that an input is connected to, and the name of its coordinates."""
        node = _source(stated)
        if node is None or node.GetIdAttr().Get() != "UsdUVTexture":
            return None, "st"
        reader = _source(node.GetInput("st"))
        name = reader.GetInput("varname").Get() if reader is not None and reader.GetInput("varname") else None
        uv_name = name if isinstance(name, str) and name else "st"
        asset = node.GetInput("file").Get() if node.GetInput("file") else None
        if asset is None:
            raise AssetError("texture_missing", f"{self._files.name} has a texture without a file")
        inside = str(asset.resolvedPath).rpartition("[")[2].removesuffix("]")
        member = inside if inside in self._members else posixpath.normpath(str(asset.path))
        if member not in self._members:
            raise AssetError("texture_missing", f"{self._files.name} refers to {member[:200]!r}, which is not in it")
        if member not in self._textures:
            wrap = tuple(_WRAPS.get(_text(node.GetInput(key)), "repeat") for key in ("wrapS", "wrapT"))
            pixels = decode_texture(self._members[member], f"{member} of {self._files.name}", self._limits, alpha=False)
            self._textures[member] = Texture(pixels, (wrap[0], wrap[1]))
        return self._textures[member], uv_name


def _source(stated: Any) -> Any:
    """The shader that an input is connected to; None where it is not."""
    from pxr import UsdShade

    if not stated:
        return None
    sources = stated.GetConnectedSources()[0]
    return UsdShade.Shader(sources[0].source.GetPrim()) if sources else None


def _numbers(stated: Any, default: tuple[float, ...]) -> tuple[float, ...]:
    value = stated.Get() if stated else None
    if value is None:
        return default
    numbers = tuple(float(one) for one in value) if hasattr(value, "__len__") else (float(value),)
    return numbers if len(numbers) == len(default) and all(abs(one) < 1e6 for one in numbers) else default


def _text(stated: Any) -> str:
    value = stated.Get() if stated else None
    return value if isinstance(value, str) else ""
