"""The schema of a row. Every shard and the card state it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from viewpoint100k.geometry import Camera, RelativePose

__all__ = ["arrow_schema", "camera_struct", "features", "record_batch", "row_id", "schema_of"]


@cache
def features() -> Any:
    """The row as ``datasets.Features``. Loaders of the data set depend on it."""
    from datasets import Features, Image, List, Value

    text, real, single, whole = Value("string"), Value("float64"), Value("float32"), Value("int64")
    camera = {
        "camera_to_world": List(real),
        "intrinsics": List(real),
        "width": whole,
        "height": whole,
        "mirrored": Value("bool"),
    }
    relative = (*(part.name for part in fields(RelativePose)), "overlap")
    return Features(
        {
            "id": text,
            "images": List(Image()),
            "question": text,
            "options": List(text),
            "answer": text,
            "answer_text": text,
            "answer_value": single,
            "margin": single,
            "question_type": text,
            "template": text,
            "group": text,
            "reasoning": text,
            "source": text,
            "asset_id": text,
            "asset_sha256": text,
            "category": text,
            "license": text,
            "creator": text,
            "uri": text,
            "cameras": List(camera),
            "object_center": List(real),
            "object_radius": real,
            "object_front": List(real),
            "relative": dict.fromkeys(relative, real),
            "answerability": single,
            "renderer": text,
            "seed": whole,
            "config": text,
        }
    )


@cache
def arrow_schema() -> pa.Schema:
    """The parquet schema of a row. Its ``huggingface`` key tells ``datasets`` which structs are images."""
    return schema_of(features())


def schema_of(columns: Any) -> pa.Schema:
    """The parquet schema of ``datasets.Features``, in a form that every version of ``datasets`` from 2.21 on reads.

    Versions before 4 do not know the type ``List``. All versions know ``Sequence`` for a list of plain values or
    images, and a one-element list for a list of structs. ``Sequence`` would turn a list of structs into a struct
    of lists.
    """
    schema = columns.arrow_schema
    named = {"info": {"features": _older_names(json.loads(schema.metadata[b"huggingface"])["info"]["features"])}}
    return schema.with_metadata({"huggingface": json.dumps(named)})


def _older_names(described: Any) -> Any:
    if not isinstance(described, dict):
        return described
    if described.get("_type") != "List":
        return {name: _older_names(value) for name, value in described.items()}
    entry = _older_names(described["feature"])
    return {"feature": entry, "_type": "Sequence"} if "_type" in entry else [entry]


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
