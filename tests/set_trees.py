"""Writes tiny trees in the layouts of published sets. Their object is a box with a different colour on each side.

The box is 2 x 1.4 x 1 along its own x, y and z; its +Y side, which is blue, is what stands on top.
"""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

BLUE = (50, 80, 230)
COLORS = {
    "+x": (220, 40, 40), "-x": (40, 200, 60), "+y": BLUE,
    "-y": (230, 210, 40), "+z": (210, 60, 210), "-z": (40, 210, 210),
}  # fmt: skip
HALF = (1.0, 0.7, 0.5)


def atlas(kind: str = "PNG") -> bytes:
    """A 32-pixel tile for each side, three across and two down."""
    pixels = np.zeros((64, 96, 3), dtype=np.uint8)
    for tile, color in enumerate(COLORS.values()):
        row, column = divmod(tile, 3)
        pixels[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = color
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, quality=95)
    return stream.getvalue()


def sides() -> list[tuple[np.ndarray, np.ndarray]]:
    """Corners (4, 3), counter-clockwise from outside, and uvs (4, 2) with v upwards, of each side."""
    found = []
    for tile, name in enumerate(COLORS):
        axis, sign = "xyz".index(name[1]), 1.0 if name[0] == "+" else -1.0
        u, v = (axis + 1) % 3, (axis + 2) % 3
        corners = np.zeros((4, 3))
        corners[:, axis] = sign
        for place, (a, b) in enumerate([(-1, -1), (1, -1), (1, 1), (-1, 1)]):
            corners[place, u], corners[place, v] = a * sign, b
        row, column = divmod(tile, 3)
        left, top = (column + 0.1) / 3, (row + 0.1) / 2
        width, height = 0.8 / 3, 0.8 / 2
        uvs = np.array([(left, top + height), (left + width, top + height), (left + width, top), (left, top)])
        found.append((corners * HALF, uvs * [1, -1] + [0, 1]))
    return found


def obj(library: str | None, material: str | None, up: str) -> str:
    """The box as an OBJ file. The file's axis ``up`` is the box's y."""
    lines = [f"mtllib {library}"] if library else []
    faces, count = [], 0
    for corners, uvs in sides():
        for x, y, z in corners:
            lines.append("v {} {} {}".format(*((x, y, z) if up == "y" else (x, -z, y))))
        lines += [f"vt {u:.5f} {v:.5f}" for u, v in uvs]
        faces.append("f " + " ".join(f"{count + i}/{count + i}" for i in (1, 2, 3, 4)))
        count += 4
    return "\n".join([*lines, *([f"usemtl {material}"] if material else []), *faces]) + "\n"


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def write_gso(root: Path, number: int) -> None:
    folder = root / f"Box_{number}"
    write(folder / "meshes" / "model.obj", obj("model.mtl", "material_0", "z"))
    write(folder / "meshes" / "model.mtl", "newmtl material_0\nmap_Kd texture.png\n")
    write(folder / "materials" / "textures" / "texture.png", atlas())
    write(folder / "model.config", "<model/>")
    write(folder / "metadata.pbtxt", 'name: "Box"\ncategories {\n  first: "Toys"\n}\n')


def write_ycb(root: Path, number: int) -> None:
    folder = root / f"{number + 3:03d}_cracker_box"
    for quality in ("google_16k", "google_64k", "tsdf"):
        write(folder / quality / "textured.obj", obj("textured.mtl", None, "z"))
        write(folder / quality / "textured.mtl", "newmtl material_0\nmap_Kd texture_map.png\n")
        write(folder / quality / "texture_map.png", atlas())
    write(folder / "google_16k" / "nontextured.stl", b"not read")


def write_shapenet(root: Path, number: int) -> None:
    folder = root / "03001627" / f"{number:032x}"
    write(folder / "models" / "model_normalized.obj", obj("model_normalized.mtl", "m", "y"))
    write(folder / "models" / "model_normalized.mtl", "newmtl m\nKd 1 1 1\nmap_Kd ../images/texture0.jpg\n")
    write(folder / "images" / "texture0.jpg", atlas("JPEG"))


def write_omniobject3d(root: Path, number: int) -> None:
    folder = root / "raw_scans" / "toy_bear" / f"toy_bear_{number:03d}" / "Scan"
    write(folder / "Scan.obj", obj("Scan.mtl", "m", "y"))
    write(folder / "Scan.mtl", "newmtl m\nmap_Kd Scan.jpg\n")
    write(folder / "Scan.jpg", atlas("JPEG"))


def write_abo(root: Path, number: int) -> None:
    from gltf_writing import GltfWriter

    key, writer = f"B0{number:08d}"[:10], GltfWriter()
    image = writer.append("images", {"bufferView": writer.view(atlas()), "mimeType": "image/png"})
    texture = writer.append("textures", {"source": image})
    surface = {"baseColorTexture": {"index": texture}, "metallicFactor": 0}
    material = writer.append("materials", {"pbrMetallicRoughness": surface})
    corners = np.concatenate([corners for corners, _ in sides()])
    uvs = np.concatenate([uvs * [1, -1] + [0, 1] for _, uvs in sides()])
    indices = [start + i for start in range(0, 24, 4) for i in (0, 1, 2, 0, 2, 3)]
    attributes = {"POSITION": writer.accessor(corners), "TEXCOORD_0": writer.accessor(uvs)}
    writer.node(mesh=writer.mesh(attributes, indices, material=material))
    write(root / "3dmodels" / "original" / key[-1] / f"{key}.glb", writer.glb())
    write(root / "3dmodels" / "LICENSE-CC-BY-4.0.txt", "CC BY 4.0")
    listings = root / "listings" / "metadata" / "listings_0.json.gz"
    listing = {"item_id": key, "3dmodel_id": key, "product_type": [{"value": "STORAGE_BOX"}]}
    before = gzip.decompress(listings.read_bytes()) if listings.exists() else b"{broken\n"
    write(listings, gzip.compress(before + json.dumps(listing).encode() + b"\n"))


def write_toys4k(root: Path, number: int) -> None:
    write(root / "toys4k_obj_files" / "box" / f"box_{number:03d}" / "mesh.obj", obj(None, None, "y"))


def write_modelnet(root: Path, number: int) -> None:
    corners = [(x, -z, y) for one, _ in sides() for x, y, z in one]
    faces = [f"4 {start} {start + 1} {start + 2} {start + 3}" for start in range(0, 24, 4)]
    lines = [f"OFF{len(corners)} {len(faces)} 0", *(f"{x} {y} {z}" for x, y, z in corners), *faces]
    write(root / "night_stand" / "train" / f"night_stand_{number:04d}.off", "\n".join(lines))


def write_thingi10k(root: Path, number: int) -> None:
    lines = ["solid box"]
    for corners, _ in sides():
        turned = [(x, -z, y) for x, y, z in corners]
        for triangle in ([0, 1, 2], [0, 2, 3]):
            lines += ["facet normal 0 0 0", "outer loop"]
            lines += ["vertex {} {} {}".format(*turned[i]) for i in triangle] + ["endloop", "endfacet"]
    write(root / "raw_meshes" / f"{32770 + number}.stl", "\n".join([*lines, "endsolid box"]))


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "gso": write_gso,
    "ycb": write_ycb,
    "shapenet": write_shapenet,
    "omniobject3d": write_omniobject3d,
    "abo": write_abo,
    "toys4k": write_toys4k,
    "modelnet": write_modelnet,
    "thingi10k": write_thingi10k,
}
