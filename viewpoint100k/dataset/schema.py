"""The schema of a row. Every shard and the card state it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from viewpoint100k.geometry import Camera, RelativePose

__all__ = ["COLUMNS", "Column", "arrow_schema", "camera_struct", "features", "record_batch", "row_id", "schema_of"]


Column = Any
"""A column's type: the name of a plain type, ``image``, a list with the type of its entries, or a dict for a struct."""

_CAMERA: Column = {
    "camera_to_world": ["float64"],
    "intrinsics": ["float64"],
    "width": "int64",
    "height": "int64",
    "mirrored": "bool",
}
COLUMNS: Mapping[str, Column] = {
    "id": "string",
    "images": ["image"],
    "question": "string",
    "options": ["string"],
    "answer": "string",
    "answer_text": "string",
    "answer_value": "float32",
    "margin": "float32",
    "question_type": "string",
    "template": "string",
    "group": "string",
    "reasoning": "string",
    "source": "string",
    "asset_id": "string",
    "asset_sha256": "string",
    "category": "string",
    "license": "string",
    "creator": "string",
    "uri": "string",
    "cameras": [_CAMERA],
    "object_center": ["float64"],
    "object_radius": "float64",
    "object_front": ["float64"],
    "relative": dict.fromkeys((*(part.name for part in fields(RelativePose)), "overlap"), "float64"),
    "answerability": "float32",
    "renderer": "string",
    "seed": "int64",
    "config": "string",
}
"""The columns of a row, in their order. The schemas below are made from it, without the second that it takes to import
``datasets``."""

_IMAGE_FILE = pa.struct({"bytes": pa.binary(), "path": pa.string()})
"""How ``datasets`` stores an image."""


@cache
def features() -> Any:
    """The row as ``datasets.Features``. Loaders of the data set depend on it."""
    from datasets import Features

    return Features.from_arrow_schema(arrow_schema())


@cache
def arrow_schema() -> pa.Schema:
    """The parquet schema of a row. Its ``huggingface`` key tells ``datasets`` which structs are images."""
    return schema_of(COLUMNS)


def schema_of(columns: Mapping[str, Column]) -> pa.Schema:
    """The parquet schema of some columns, in a form that every version of ``datasets`` from 2.21 on reads."""
    metadata = {"huggingface": json.dumps({"info": {"features": {n: _described(c) for n, c in columns.items()}}})}
    return pa.schema([(name, _arrow_type(column)) for name, column in columns.items()], metadata=metadata)


def _arrow_type(column: Column) -> pa.DataType:
    if isinstance(column, list):
        return pa.list_(_arrow_type(column[0]))
    if isinstance(column, dict):
        return pa.struct({name: _arrow_type(part) for name, part in column.items()})
    return _IMAGE_FILE if column == "image" else pa.type_for_alias(column)


def _described(column: Column) -> Any:
    """A column as the ``huggingface`` key describes it.

    Versions of ``datasets`` before 4 do not know the type ``List``. All versions know ``Sequence`` for a list of plain
    values or images, and a one-element list for a list of structs. ``Sequence`` would turn a list of structs into a
    struct of lists.
    """
    if isinstance(column, dict):
        return {name: _described(part) for name, part in column.items()}
    if isinstance(column, list):
        entry = _described(column[0])
        return [entry] if isinstance(column[0], dict) else {"feature": entry, "_type": "Sequence"}
    return {"_type": "Image"} if column == "image" else {"dtype": column, "_type": "Value"}


def camera_struct(camera: Camera, mirrored: bool = False) -> dict[str, Any]:
    """A camera as the ``cameras`` column holds it.

    ``camera_to_world`` is a proper rotation (determinant +1) and a translation. ``mirrored`` means that the stored
    image is this camera's view flipped left to right.
    """
    return {
        "camera_to_world": camera.camera_to_world.ravel().tolist(),
        "intrinsics": camera.intrinsics.ravel().tolist(),
        "width": camera.width,
        "height": camera.height,
        "mirrored": mirrored,
    }


def row_id(row: dict[str, Any]) -> str:
    """16 hexadecimal digits derived from the row's question, asset, cameras and seed."""
    content = [row["asset_id"], row["asset_sha256"], row["cameras"], row["question"], row["seed"]]
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()


def record_batch(rows: Iterable[dict[str, Any]]) -> pa.RecordBatch:
    """Rows as one Arrow batch with exactly the schema.

    Each row has every column; ``images`` holds the encoded files. The relative pose must be finite.
    """
    listed = [row | {"images": _image_files(row["id"], row["images"])} for row in rows]
    for row in listed:
        known = [value for value in row["relative"].values() if value is not None]
        assert np.isfinite(known).all(), f"row {row['id']} has a pose that is not finite"
    return pa.RecordBatch.from_pylist(listed, schema=arrow_schema())


def _image_files(name: str, encoded: Iterable[bytes]) -> list[dict[str, Any]]:
    return [{"bytes": content, "path": f"{name}_{place}.jpg"} for place, content in enumerate(encoded)]
