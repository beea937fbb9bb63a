"""Rows without their photos: a reference replaces each image that may not be re-hosted.

Such an image is ``{"bytes": null, "path": "sha256:<64 digits>"}``, with the digest of the original bytes.
The row's ``source``, ``asset_id`` and camera identify the photo; `viewpoint100k.publish.rehydrate` restores it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pyarrow as pa

from viewpoint100k.dataset.schema import COLUMNS, Column, arrow_schema, schema_of

__all__ = ["REFERENCES_FILE", "REFERENCE_COLUMNS", "as_reference", "digest_of", "reference_schema", "with_references"]

REFERENCES_FILE = "references.json"
"""A file beside the card with the build settings that `rehydrate` needs to make the same images again."""

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def as_reference(encoded: bytes) -> dict[str, Any]:
    """The reference that replaces an image file."""
    return {"bytes": None, "path": f"sha256:{hashlib.sha256(encoded).hexdigest()}"}


def digest_of(image: dict[str, Any] | None) -> str | None:
    """sha256 (hexadecimal) of the referenced image file; None if the image is not a reference."""
    if not image or image["bytes"] is not None:
        return None
    found = _DIGEST.fullmatch(image["path"] or "")
    return found[1] if found else None


REFERENCE_COLUMNS: Mapping[str, Column] = {**COLUMNS, "images": [{"bytes": "binary", "path": "string"}]}
"""The columns of a row without photos. Images are plain structs, so that no library tries to open them."""


@cache
def reference_schema() -> pa.Schema:
    """The parquet schema of such rows: columns and types as in `arrow_schema`, with other metadata."""
    schema = schema_of(REFERENCE_COLUMNS)
    assert schema.types == arrow_schema().types
    return schema


def with_references(table: pa.Table) -> pa.Table:
    """The same rows with a reference for every image."""
    place = table.schema.get_field_index("images")
    images = [[as_reference(image["bytes"]) for image in row] for row in table.column(place).to_pylist()]
    column = pa.array(images, type=reference_schema().field("images").type)
    return table.set_column(place, "images", column).cast(reference_schema())
