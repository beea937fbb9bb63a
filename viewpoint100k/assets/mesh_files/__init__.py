"""Mesh files of the common formats, read safely into this project's one form of a mesh.

`reading.read_mesh_file` is the way in. It is not imported here: it brings in trimesh, which takes a while.
"""

from viewpoint100k.assets.mesh_files.limits import MeshLimits

__all__ = ["MeshLimits"]
