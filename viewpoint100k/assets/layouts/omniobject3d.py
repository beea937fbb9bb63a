"""OmniObject3D: 6,000 scanned objects of 190 classes.

Source: https://github.com/omniobject3d/OmniObject3D, README ("Dataset format": ``raw_scans/<category>/<object>/Scan/
Scan.obj``; CC BY 4.0) and ``tools/render_blender.py``, which imports the scans with Blender's defaults, that is with
the file's +Y as up, and puts its cameras around Blender's +Z. An object's name is its category and a number.
"""

from __future__ import annotations

import re
from pathlib import Path

from viewpoint100k.assets.mesh_layout import Match, MeshLayout

__all__ = ["LAYOUT"]


def _category(root: Path, match: Match) -> str:
    return match["words"].replace("_", " ").lower()


LAYOUT = MeshLayout(
    name="omniobject3d",
    title="OmniObject3D",
    path=re.compile(r"(?P<object>(?:.+/)?(?P<words>[^/]+?)_\d+)/Scan/Scan\.obj"),
    described="raw_scans/<category>/<object>/Scan/Scan.obj",
    up="y",
    license="CC-BY-4.0",
    creator="OmniObject3D",
    uri="https://omniobject3d.github.io/",
    category=_category,
)
