"""Amazon Berkeley Objects: 7,953 products as glTF.

Source: Collins et al., "ABO: Dataset and Benchmarks for Real-World 3D Object Understanding", arXiv 2110.06199, and the
README of the archives abo-3dmodels and abo-listings at https://amazon-berkeley-objects.s3.amazonaws.com/index.html:
``3dmodels/original/<last character of the id>/<id>.glb``; ``listings/metadata/listings_<0-f>.json.gz``, one JSON object
a line, whose ``3dmodel_id`` names a model and ``product_type`` what it is. Its terms have changed from CC BY-NC 4.0 to
CC BY 4.0: the file that comes with the archives says which holds.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from functools import lru_cache
from pathlib import Path

from viewpoint100k.assets.mesh_layout import Match, MeshLayout

__all__ = ["LAYOUT"]

_MAX_LINE = 1 << 20


def _category(root: Path, match: Match) -> str:
    return _product_types(root).get(match["id"], "")


@lru_cache(maxsize=4)
def _product_types(root: Path) -> dict[str, str]:
    """What each model is, from the listings that lie in ``root`` or beside its models; empty without them."""
    found: dict[str, str] = {}
    for path in sorted([*root.glob("listings/metadata/listings_*.json.gz"), *root.glob("listings_*.json.gz")]):
        if not path.resolve().is_relative_to(root.resolve()):
            continue
        try:
            with gzip.open(path, "rb") as lines:
                while line := lines.readline(_MAX_LINE):
                    found.update(_product_type(line))
        except (OSError, EOFError, zlib.error):
            continue  # What came before is read; the others are without a category, as without listings.
    return found


def _product_type(line: bytes) -> dict[str, str]:
    """The model's id and its product type; nothing for a listing without them, or a broken one."""
    try:
        listing = json.loads(line)
        key, kinds = listing["3dmodel_id"], listing["product_type"]
        kind = kinds[0]["value"] if isinstance(kinds, list) else kinds
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return {}
    return {key: kind.replace("_", " ").lower()} if isinstance(key, str) and isinstance(kind, str) else {}


LAYOUT = MeshLayout(
    name="abo",
    title="Amazon Berkeley Objects",
    path=re.compile(r"(?P<object>(?:.*/)?(?:[0-9A-Z]/)?(?P<id>B[0-9A-Z]{9})\.glb)"),
    described="3dmodels/original/<last character of the id>/<id>.glb",
    up="y",
    license_files={"LICENSE-CC-BY-NC-4.0.txt": "CC-BY-NC-4.0", "LICENSE-CC-BY-4.0.txt": "CC-BY-4.0"},
    creator="Amazon.com",
    uri="https://amazon-berkeley-objects.s3.amazonaws.com/index.html",
    category=_category,
)
