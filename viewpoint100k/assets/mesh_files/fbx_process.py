"""A separate program that reads an FBX file on its standard input and writes its content to the standard output.

Python objects of ufbx 0.0.5 can point to freed memory, which crashes the process, sometimes long after the file was
read. So a separate process reads the file and then ends. This module imports nothing of the project, so that it starts
quickly.

The output is a line of JSON and a NumPy archive with the arrays that it names.
"""

import gc
import io
import json
import os
import signal
import sys
from typing import Any

import numpy as np

_TIME_LIMIT_S = 100
"""Seconds after which the program ends, even if its parent has died."""


def described(data: bytes, max_triangles: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The visible nodes: JSON, and the arrays that it names by number."""
    import ufbx

    try:
        scene = ufbx.load_memory(data, target_axes=ufbx.axes_right_handed_z_up, load_external_files=False)
    except Exception as error:  # ufbx has an error of its own for each fault of a file.
        return {"error": f"{type(error).__name__}: {error}"[:300]}, {}
    arrays: dict[str, np.ndarray] = {}
    nodes = [node for node in scene.nodes if node.mesh is not None and node.visible]
    total = sum(int(node.mesh.num_triangles) for node in nodes)
    if total > max_triangles:
        return {"triangles": total, "nodes": []}, {}
    materials: dict[int, Any] = {}
    shown = [_node(node, arrays, materials) for node in nodes]
    textures: dict[int, Any] = {}
    looks = {number: _material(material, arrays, textures) for number, material in materials.items()}
    return {"triangles": total, "nodes": shown, "materials": looks, "textures": textures}, arrays


def _node(node: Any, arrays: dict[str, np.ndarray], materials: dict[int, Any]) -> dict[str, Any]:
    mesh, owned = node.mesh, list(node.materials)
    materials.update({int(material.element_id): material for material in owned if material is not None})
    matrix = node.geometry_to_world
    columns = [matrix.c0, matrix.c1, matrix.c2, matrix.c3]
    corners, faces = [], []
    for number, face in enumerate(mesh.faces):
        begin, count = int(face.index_begin), int(face.num_indices)
        for corner in range(1, count - 1):
            corners.append((begin, begin + corner, begin + corner + 1))
            faces.append(number)
    return {
        "matrix": [[float(getattr(column, axis)) for column in columns] for axis in "xyz"],
        "corners": _kept(arrays, np.array(corners, dtype=np.int64).reshape(-1, 3)),
        "faces": _kept(arrays, np.array(faces, dtype=np.int64)),
        "material_of_face": _kept(arrays, np.array([int(i) for i in mesh.face_material], dtype=np.int64)),
        "positions": _attribute(mesh.vertex_position, "xyz", arrays),
        "normals": _attribute(mesh.vertex_normal, "xyz", arrays),
        "uvs": _attribute(mesh.vertex_uv, "xy", arrays),
        "colors": _attribute(mesh.vertex_color, "xyz", arrays),
        "materials": [None if material is None else int(material.element_id) for material in owned],
        "deformed": bool(len(mesh.skin_deformers) or len(mesh.blend_deformers)),
    }


def _attribute(attribute: Any, axes: str, arrays: dict[str, np.ndarray]) -> str | None:
    """(corners, axes); None if the mesh has none. Lists are read item by item, because their buffers are wrong."""
    if not attribute.exists:
        return None
    values = np.array([[getattr(value, axis) for axis in axes] for value in attribute.values], dtype=np.float64)
    indices = np.array([int(index) for index in attribute.indices], dtype=np.int64)
    return _kept(arrays, values[indices])


def _material(material: Any, arrays: dict[str, np.ndarray], textures: dict[int, Any]) -> dict[str, Any]:
    pbr = material.pbr
    color, opacity, roughness, metalness = pbr.base_color, pbr.opacity, pbr.roughness, pbr.metalness
    texture = color.texture if color.texture_enabled else None
    if texture is not None and int(texture.element_id) not in textures:
        textures[int(texture.element_id)] = _texture(texture, arrays)
    return {
        "color": _numbers(color),
        "opacity": _numbers(opacity),
        "roughness": _numbers(roughness),
        "metalness": _numbers(metalness),
        "texture": None if texture is None else int(texture.element_id),
    }


def _texture(texture: Any, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    content = bytes(texture.content)
    return {
        "path": str(texture.relative_filename or texture.filename),
        "content": _kept(arrays, np.frombuffer(content, dtype=np.uint8)) if content else None,
        "clamps": [_clamps(texture.wrap_u), _clamps(texture.wrap_v)],
    }


def _clamps(wrap: Any) -> bool:
    return str(getattr(wrap, "name", wrap)).upper().endswith("CLAMP")


def _numbers(stated: Any) -> list[float] | None:
    if not stated.has_value:
        return None
    vector = stated.value_vec4
    return [float(vector.x), float(vector.y), float(vector.z)]


def _kept(arrays: dict[str, np.ndarray], array: np.ndarray) -> str:
    name = str(len(arrays))
    arrays[name] = array
    return name


def main() -> None:
    signal.alarm(_TIME_LIMIT_S)
    gc.disable()
    head, arrays = described(sys.stdin.buffer.read(), int(sys.argv[1]))
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + stream.getvalue())
    sys.stdout.buffer.flush()
    os._exit(0)  # Without a last collection.


if __name__ == "__main__":
    main()
