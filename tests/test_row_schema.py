"""The schema in the files: what every version of ``datasets`` reads, whatever it calls a list."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import datasets
import hand_made_dataset as hand
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from viewpoint100k.dataset.references import reference_features, reference_schema
from viewpoint100k.dataset.schema import arrow_schema, features

ROWS = hand.GOOD["train-00000-of-00002"]


def described(schema: pa.Schema) -> dict[str, Any]:
    return dict(json.loads(schema.metadata[b"huggingface"])["info"]["features"])


def types_in(tree: Any) -> set[str]:
    if isinstance(tree, list):
        return set().union(*map(types_in, tree))
    if not isinstance(tree, dict):
        return set()
    own = {tree["_type"]} if isinstance(tree.get("_type"), str) else set()
    return own.union(*map(types_in, tree.values()))


@pytest.mark.parametrize("schema", [arrow_schema(), reference_schema()], ids=["photos", "references"])
def test_no_name_is_written_that_older_versions_do_not_know(schema: pa.Schema) -> None:
    # What datasets 2.21 and 3.6 list as "Available feature types", of those that a row needs.
    assert types_in(described(schema)) <= {"Value", "Image", "Sequence"}
    assert described(schema)["options"] == {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}
    # `Sequence` of a struct is a struct of lists; a list of one entry is a list of structs.
    cameras = described(schema)["cameras"]
    assert [set(entry) for entry in cameras] == [{"camera_to_world", "intrinsics", "width", "height", "mirrored"}]


def test_images_are_pictures_in_one_schema_and_plain_structs_in_the_other() -> None:
    assert described(arrow_schema())["images"] == {"feature": {"_type": "Image"}, "_type": "Sequence"}
    assert [set(entry) for entry in described(reference_schema())["images"]] == [{"bytes", "path"}]


@pytest.mark.parametrize(
    ("schema", "columns"), [(arrow_schema(), features()), (reference_schema(), reference_features())]
)
def test_the_written_names_mean_the_same_features(schema: pa.Schema, columns: datasets.Features) -> None:
    assert datasets.Features.from_arrow_schema(schema) == columns
    assert schema.types == columns.arrow_schema.types


def test_a_shard_loads_by_itself_with_its_images_decoded(tmp_path: Path) -> None:
    path = tmp_path / "shard.parquet"
    pq.write_table(pa.Table.from_pylist(list(ROWS), schema=arrow_schema()), path)
    loaded = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features == features()
    for row, written in zip(loaded, ROWS, strict=True):
        own = [np.asarray(Image.open(io.BytesIO(image["bytes"]))) for image in written["images"]]
        assert all(np.array_equal(image, one) for image, one in zip(row["images"], own, strict=True))
        assert row["cameras"] == written["cameras"]
        assert row["options"] == written["options"]
