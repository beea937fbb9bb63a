"""Reads USDZ through OpenUSD (package usd-core): meshes under UsdPreviewSurface.

Sources: "USDZ File Format Specification" (a ZIP package, stored, whose first member is the root layer),
"UsdPreviewSurface Specification", and the API documentation of UsdGeom. A layer may name others, by any path: before a
stage is composed, each name is checked to be that of a member of the package.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewpoint100k.assets.mesh_files.asset_files import AssetFiles
from viewpoint100k.assets.mesh_files.limits import MeshLimits
from viewpoint100k.assets.mesh_files.packages import needed, unpacked
from viewpoint100k.assets.mesh_files.parts import UP_AXES, Part
from viewpoint100k.assets.mesh_files.usd_materials import UsdMaterials
from viewpoint100k.errors import AssetError

__all__ = ["read_usdz"]

_LAYERS = (".usd", ".usda", ".usdc")
Floats = NDArray[np.float64]


def read_usdz(files: AssetFiles, limits: MeshLimits) -> list[Part]:
    """All triangles of the visible meshes at the default time, +Z up. Needs usd-core (extra ``formats``).

    Skins, point instancers and subdivision are left out, and noted. Raises ``AssetError``: ``extra_missing``,
    ``unreadable``, ``reference_outside``, ``texture_missing``, ``texture_unreadable``, ``too_many_triangles``,
    ``empty_mesh``.
    """
    needed("pxr", "usd-core", files.name)
    from pxr import Tf, Usd, UsdGeom

    members = unpacked(files.read_asset(), files.name, limits)
    path = files.real_path
    try:
        _check_layers(path, members, files.name)
        stage = Usd.Stage.Open(f"{path}[{next(iter(members))}]")
        if stage is None:
            raise AssetError("unreadable", f"{files.name} holds no stage")
        up = "z" if UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.z else "y"
        materials = UsdMaterials(members, files, limits)
        parts = [part.moved(UP_AXES["z" if up == "z" else "y"]) for part in _parts(stage, materials, files, limits)]
    except Tf.ErrorException as error:
        raise AssetError("unreadable", f"{files.name} cannot be read: {error}"[:300]) from error
    if not parts:
        raise AssetError("empty_mesh", f"{files.name} shows no triangles")
    return parts


def _check_layers(path: str, members: Mapping[str, bytes], name: str) -> None:
    """Raises ``AssetError`` with ``reference_outside`` where a layer names one that is not in the package."""
    from pxr import Sdf

    if not members or not next(iter(members)).lower().endswith(_LAYERS):
        raise AssetError("unreadable", f"{name} does not begin with a layer")
    for member in members:
        if not member.lower().endswith(_LAYERS):
            continue
        layer = Sdf.Layer.FindOrOpen(f"{path}[{member}]")
        if layer is None:
            raise AssetError("unreadable", f"{name} holds the layer {member[:80]!r}, which cannot be read")
        for stated in [*layer.GetCompositionAssetDependencies(), *layer.GetExternalAssetDependencies()]:
            meant = posixpath.normpath(posixpath.join(posixpath.dirname(member), stated))
            if meant not in members and stated not in members:
                raise AssetError("reference_outside", f"{name} leads to {stated[:200]!r}, which is not in it")


def _parts(stage: Any, materials: UsdMaterials, files: AssetFiles, limits: MeshLimits) -> Iterator[Part]:
    from pxr import Usd, UsdGeom

    places, total = UsdGeom.XformCache(), 0
    for prim in stage.Traverse(Usd.TraverseInstanceProxies()):
        if prim.IsA(UsdGeom.PointInstancer):
            files.note("instances_left_out")
        if not prim.IsA(UsdGeom.Mesh) or not _is_shown(UsdGeom.Imageable(prim)):
            continue
        mesh = UsdGeom.Mesh(prim)
        counts, corners = (
            np.array(attribute.Get() or (), dtype=np.int64)
            for attribute in (mesh.GetFaceVertexCountsAttr(), mesh.GetFaceVertexIndicesAttr())
        )
        if counts.min(initial=3) < 0 or int(counts.sum()) != len(corners):
            raise ValueError(f"{prim.GetPath()} contradicts itself")
        total += int(np.maximum(counts - 2, 0).sum())
        if total > limits.max_triangles:
            raise AssetError("too_many_triangles", f"{files.name} has more than {limits.max_triangles:,} triangles")
        if mesh.GetSubdivisionSchemeAttr().HasAuthoredValue() and mesh.GetSubdivisionSchemeAttr().Get() != "none":
            files.note("subdivision_left_out")
        if prim.HasAPI("SkelBindingAPI"):
            files.note("skin_left_out")
        to_world = np.array(places.GetLocalToWorldTransform(prim), dtype=np.float64).T
        for part in _mesh_parts(mesh, counts, corners, materials):
            yield part.moved(to_world)


def _is_shown(imageable: Any) -> bool:
    return imageable.ComputeVisibility() != "invisible" and imageable.ComputePurpose() in ("default", "render")


def _mesh_parts(
    mesh: Any, counts: NDArray[np.int64], corners: NDArray[np.int64], materials: UsdMaterials
) -> Iterator[Part]:
    """A mesh in its own coordinates, one part for each material that is bound to it or to some of its faces."""
    from pxr import UsdGeom

    points = np.array(mesh.GetPointsAttr().Get() or (), dtype=np.float64).reshape(-1, 3)
    triangles, faces = _fans(counts, flipped=mesh.GetOrientationAttr().Get() == UsdGeom.Tokens.leftHanded)
    primvars = UsdGeom.PrimvarsAPI(mesh)
    normals = _at_corners(mesh.GetNormalsAttr().Get(), mesh.GetNormalsInterpolation(), corners, counts, 3)
    color = primvars.GetPrimvar("displayColor")
    colors = _at_corners(color.ComputeFlattened(), color.GetInterpolation(), corners, counts, 3) if color else None
    for material, uv_name, chosen in materials.bound(mesh.GetPrim(), len(counts)):
        kept = triangles[chosen[faces]].reshape(-1)
        if not len(kept):
            continue
        stated = primvars.GetPrimvar(uv_name)
        uvs = _at_corners(stated.ComputeFlattened(), stated.GetInterpolation(), corners, counts, 2) if stated else None
        has_color = colors is not None and material.base_color_texture is None and materials.is_plain(material)
        yield Part(
            positions=points[corners[kept]],
            triangles=np.arange(len(kept)).reshape(-1, 3),
            normals=None if normals is None else normals[kept],
            uvs=None if uvs is None else uvs[kept] * [1.0, -1.0] + [0.0, 1.0],
            colors=np.hstack([colors[kept], np.ones((len(kept), 1))]) if colors is not None and has_color else None,
            material=material,
        )


def _fans(counts: NDArray[np.int64], *, flipped: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(m, 3) places in the list of corners, and (m,) the face, of the triangles that faces are cut into."""
    starts = np.cumsum(counts) - counts
    triangles, faces = [np.zeros((0, 3), dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for corner in range(1, int(counts.max(initial=0)) - 1):
        there = np.flatnonzero(counts > corner + 1)
        begin = starts[there]
        triangles.append(np.stack([begin, begin + corner, begin + corner + 1], axis=1))
        faces.append(there)
    result = np.concatenate(triangles)
    return (result[:, ::-1] if flipped else result), np.concatenate(faces)


def _at_corners(
    values: Any, interpolation: str, corners: NDArray[np.int64], counts: NDArray[np.int64], width: int
) -> Floats | None:
    """(corners, width): a value for every corner of every face; None where the numbers do not fit."""
    if values is None or not len(values):
        return None
    array = np.array(values, dtype=np.float64).reshape(len(values), -1)
    if array.shape[1] < width:
        return None
    of_face = np.repeat(np.arange(len(counts)), counts)
    places = {
        "constant": np.zeros(len(corners), dtype=np.int64),
        "uniform": of_face,
        "vertex": corners,
        "varying": corners,
        "faceVarying": np.arange(len(corners)),
    }[interpolation]
    return array[places, :width] if not len(places) or places.max() < len(array) else None
