"""Thingi10K: 10,000 models for printing, from Thingiverse, without colour.

Source: Zhou and Jacobson, "Thingi10K", arXiv 1605.04797, and https://github.com/Thingi10K/Thingi10K: the archive's
``raw_meshes/<file id>.stl`` (some ``.obj``, ``.off``, ``.ply``). Printers build along +Z. Every file has a licence of
its own, which only the set's tables state: give it in ``metadata.csv``.
"""

from __future__ import annotations

import re

from viewpoint100k.assets.mesh_layout import MeshLayout

__all__ = ["LAYOUT"]

LAYOUT = MeshLayout(
    name="thingi10k",
    title="Thingi10K",
    path=re.compile(r"(?P<object>(?:.*/)?(?:raw_meshes/)?\d+\.(?:stl|obj|off|ply))", re.IGNORECASE),
    described="raw_meshes/<file id>.stl",
    up="z",
    uri="https://ten-thousand-models.appspot.com/",
)
