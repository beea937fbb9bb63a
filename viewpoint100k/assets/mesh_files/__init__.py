"""Mesh files of the common formats, read safely into this project's one form of a mesh.

`reading.read_mesh_file` is the way in. Formats that need trimesh import it when the first such file is read.
"""

from viewpoint100k.assets.mesh_files.limits import MeshLimits

__all__ = ["MeshLimits"]
