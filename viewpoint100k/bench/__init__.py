"""Measures speed: whole builds, stages of a build, and the usual trimesh and pyrender loop beside them."""
