"""ModelNet10 and ModelNet40: 4,900 and 12,300 models without colour.

Source: Wu et al., "3D ShapeNets", arXiv 1406.5670, and https://modelnet.cs.princeton.edu/:
``<category>/{train,test}/<category>_<number>.off``; the models of ModelNet10 are oriented with +Z up, and so is the
aligned edition of ModelNet40 (Sedaghat et al., ORION, arXiv 1604.03351). ModelNet40 as first published is aligned for
about a third of it. The models were collected from the web, "for academic use only".
"""

from __future__ import annotations

import re

from viewpoint100k.assets.mesh_layout import MeshLayout, folder_name

__all__ = ["LAYOUT"]

LAYOUT = MeshLayout(
    name="modelnet",
    title="ModelNet",
    path=re.compile(r"(?P<object>(?:.+/)?(?P<category>[^/]+)/(?:train|test)/(?P=category)_\d+\.off)"),
    described="<category>/train/<category>_0001.off",
    up="z",
    license="LicenseRef-ModelNet",
    creator="Princeton University",
    uri="https://modelnet.cs.princeton.edu/",
    category=folder_name,
)
