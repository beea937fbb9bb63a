"""Reads mesh files of common formats safely and converts them to `viewpoint100k.geometry.mesh.Mesh`.

Start with `reading.read_mesh_file`. Formats that need trimesh import it when the first such file is read.
"""

from viewpoint100k.assets.mesh_files.limits import MeshLimits

__all__ = ["MeshLimits"]
