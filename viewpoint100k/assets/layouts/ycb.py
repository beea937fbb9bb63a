"""The YCB object and model set: 77 things for manipulation, scanned several times each.

Source: Calli et al., "Yale-CMU-Berkeley dataset for robotic manipulation research" (2017), and the download script at
https://www.ycbbenchmarks.com/object-models/: ``<object>/google_16k/textured.obj``, likewise ``google_64k`` and
``google_512k``, and ``<object>/{tsdf,poisson}/textured.obj``. An object's name is a number and words; what stands on a
table was scanned standing, +Z up. The OBJ files name their library and no material of it (``usemtl``).
"""

from __future__ import annotations

import re
from pathlib import Path

from viewpoint100k.assets.mesh_layout import Match, MeshLayout

__all__ = ["LAYOUT"]


def _category(root: Path, match: Match) -> str:
    return match["words"].replace("_", " ").replace("-", " ").strip()


LAYOUT = MeshLayout(
    name="ycb",
    title="the YCB object and model set",
    path=re.compile(
        r"(?P<object>(?:.+/)?\d{3}(?:-[a-z])?_(?P<words>[^/]+))/(?:google_\d+k|tsdf|poisson)/textured\.(?:obj|dae)"
    ),
    described="<object>/google_16k/textured.obj",
    up="z",
    license="CC-BY-4.0",
    creator="Yale-CMU-Berkeley",
    uri="https://www.ycbbenchmarks.com/object-models/",
    category=_category,
    share=0.25,  # Beside each are models without texture.
    preference=(
        "/google_16k/textured.obj",
        "/google_64k/textured.obj",
        "/google_512k/textured.obj",
        "/tsdf/textured.obj",
        "/poisson/textured.obj",
    ),
)
