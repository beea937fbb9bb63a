"""Google Scanned Objects: 1,030 household things, scanned, in the layout of Gazebo's models.

Sources: Downs et al., "Google Scanned Objects", arXiv 2204.11918 (licence, scanning in the resting pose, metres);
the models at https://app.gazebosim.org/GoogleResearch/fuel/collections/Scanned%20Objects%20by%20Google%20Research
(``meshes/model.obj``, ``materials/textures/texture.png``, ``metadata.pbtxt``). SDFormat's world is +Z up. The
categories stand in ``metadata.pbtxt``, a text message of the type gz.msgs.FuelMetadata.
"""

from __future__ import annotations

import re
from pathlib import Path

from viewpoint100k.assets.mesh_layout import Match, MeshLayout

__all__ = ["LAYOUT"]

_CATEGORY = re.compile(r'categories\s*\{[^}]*?first\s*:\s*"([^"]{1,80})"')
_MAX_BYTES = 1 << 20


def _category(root: Path, match: Match) -> str:
    path = root / match["object"] / "metadata.pbtxt"
    if not path.is_file() or path.stat().st_size > _MAX_BYTES or not path.resolve().is_relative_to(root.resolve()):
        return ""
    found = _CATEGORY.search(path.read_text(encoding="utf-8", errors="replace"))
    return found[1].strip().lower() if found and found[1] != "None" else ""


LAYOUT = MeshLayout(
    name="gso",
    title="Google Scanned Objects",
    path=re.compile(r"(?P<object>(?:.+/)?[^/]+)/meshes/model\.obj"),
    described="<object>/meshes/model.obj",
    up="z",
    license="CC-BY-4.0",
    creator="Google Research",
    uri="https://app.gazebosim.org/GoogleResearch/fuel/models/{object}",
    category=_category,
)
