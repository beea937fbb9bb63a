"""One digest of all arrays of some assets: printed by a process that runs this file.

``exact_assets.py SPEC...``: a source as ``open_source`` takes it, and after ``#`` how many of its assets, evenly apart,
such as ``procedural#20`` or ``meshes:DIR``. `tests/test_exact_assets.py` runs it under other BLAS kernels, thread
counts and instruction sets. ``--each`` prints the digest of every asset, to find the one that differs.
"""

import hashlib
import sys
from collections.abc import Iterator

import numpy as np

from viewpoint100k.assets import Asset, CaptureAsset, MeshAsset, open_source
from viewpoint100k.assets.descriptors import describe
from viewpoint100k.errors import AssetError
from viewpoint100k.geometry.mesh import Mesh
from viewpoint100k.geometry.solid_of_revolution import turned_solid

_MOST = 200
"""Number of assets from a source that does not end."""


def chosen(ids: list[str], count: int) -> list[str]:
    """``count`` of the ids, evenly spaced."""
    return ids if count >= len(ids) else [ids[i * len(ids) // count] for i in range(count)]


def mesh_arrays(mesh: Mesh) -> Iterator[np.ndarray]:
    """The arrays of a mesh, and the measures of it."""
    for p in mesh.primitives:
        m = p.material
        textures = (m.base_color_texture, m.metallic_roughness_texture, m.normal_texture, m.emissive_texture)
        arrays = (p.positions, p.triangles, p.normals, p.uvs, p.colors, *(t.pixels for t in textures if t is not None))
        yield from (array for array in arrays if array is not None)
        yield np.array([*m.base_color, m.metallic, m.roughness, *m.emissive])
    yield mesh.centroid


def asset_arrays(asset: Asset) -> Iterator[np.ndarray]:
    """All numbers of an asset, including the bytes of its photos."""
    yield asset.normalization
    if isinstance(asset, MeshAsset):
        yield from mesh_arrays(asset.mesh)
        descriptor = describe(asset.mesh)
        yield from (descriptor.shape, descriptor.colors)
        yield from mesh_arrays(turned_solid(asset.mesh.points, np.linspace([0.1, 0.2, 0.3], [0.9, 0.5, 0.4], 6)))
    if isinstance(asset, CaptureAsset):
        yield np.array([asset.up_confidence])
        yield from (array for array in (asset.points, asset.visible) if array is not None)
        for photo in asset.photos:
            yield from (photo.camera.camera_to_world, photo.camera.intrinsics)
            yield np.frombuffer(photo.read(), dtype=np.uint8)
        yield np.frombuffer(repr(sorted(asset.dropped_photos.items())).encode(), dtype=np.uint8)


def digests(spec: str) -> Iterator[tuple[str, str]]:
    """(name, digest) of each asset. For an unusable asset it is the digest of the reason."""
    address, _, count = spec.partition("#")
    source = open_source(address)
    for asset_id in chosen(list(source.ids()[:_MOST]), int(count or _MOST)):
        digest = hashlib.sha256()
        try:
            for array in asset_arrays(source.load(asset_id)):
                digest.update(f"{array.dtype.str}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        except AssetError as error:
            digest.update(error.reason.encode())
        yield f"{source.name} {asset_id}", digest.hexdigest()


def main() -> None:
    """Print the digest of everything; with ``--each``, of each asset too."""
    together = hashlib.sha256()
    for spec in sys.argv[1:]:
        for name, digest in digests(spec) if spec != "--each" else ():
            together.update(digest.encode())
            if "--each" in sys.argv:
                print(name, digest)
    print(together.hexdigest())


if __name__ == "__main__":
    main()
