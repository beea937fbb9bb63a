"""The schema in the files, which every version of ``datasets`` can read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import hand_made_dataset as hand
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from viewpoint100k.dataset.dataset_info import SplitSize, dataset_info
from viewpoint100k.dataset.references import REFERENCE_COLUMNS, reference_schema
from viewpoint100k.dataset.schema import COLUMNS, arrow_schema, features

ROWS = hand.GOOD["train-00000-of-00002"]

_TEXT, _REAL, _SINGLE, _WHOLE = (datasets.Value(name) for name in ("string", "float64", "float32", "int64"))
_CAMERA = {
    "camera_to_world": datasets.List(_REAL),
    "intrinsics": datasets.List(_REAL),
    "width": _WHOLE,
    "height": _WHOLE,
    "mirrored": datasets.Value("bool"),
}
_POSE = [f"{part}_deg" for part in ("azimuth", "elevation", "yaw", "pitch", "roll")]
_POSE += ["translation_x", "translation_y", "translation_z", "distance_ratio", "overlap"]
EXPECTED = datasets.Features(
    {
        "id": _TEXT,
        "images": datasets.List(datasets.Image()),
        "question": _TEXT,
        "options": datasets.List(_TEXT),
        **dict.fromkeys(("answer", "answer_text"), _TEXT),
        **dict.fromkeys(("answer_value", "margin"), _SINGLE),
        **dict.fromkeys(("question_type", "template", "group", "reasoning", "source", "asset_id"), _TEXT),
        **dict.fromkeys(("asset_sha256", "category", "license", "creator", "uri"), _TEXT),
        "cameras": datasets.List(_CAMERA),
        "object_center": datasets.List(_REAL),
        "object_radius": _REAL,
        "object_front": datasets.List(_REAL),
        "relative": dict.fromkeys(_POSE, _REAL),
        "answerability": _SINGLE,
        "renderer": _TEXT,
        "seed": _WHOLE,
        "config": _TEXT,
    }
)
"""The row in the words of ``datasets``, written by hand."""
EXPECTED_REFERENCES = datasets.Features(
    EXPECTED | {"images": datasets.List({"bytes": datasets.Value("binary"), "path": _TEXT})}
)


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
    # The types of a row among the "Available feature types" of datasets 2.21 and 3.6.
    assert types_in(described(schema)) <= {"Value", "Image", "Sequence"}
    assert described(schema)["options"] == {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}
    # `Sequence` of a struct is a struct of lists; a list of one entry is a list of structs.
    cameras = described(schema)["cameras"]
    assert [set(entry) for entry in cameras] == [{"camera_to_world", "intrinsics", "width", "height", "mirrored"}]


def test_images_are_pictures_in_one_schema_and_plain_structs_in_the_other() -> None:
    assert described(arrow_schema())["images"] == {"feature": {"_type": "Image"}, "_type": "Sequence"}
    assert [set(entry) for entry in described(reference_schema())["images"]] == [{"bytes", "path"}]


@pytest.mark.parametrize(("schema", "columns"), [(arrow_schema(), EXPECTED), (reference_schema(), EXPECTED_REFERENCES)])
def test_the_written_names_mean_the_same_features(schema: pa.Schema, columns: datasets.Features) -> None:
    assert datasets.Features.from_arrow_schema(schema) == columns
    assert schema.types == columns.arrow_schema.types
    assert schema.names == columns.arrow_schema.names


@pytest.mark.parametrize(("columns", "known"), [(COLUMNS, EXPECTED), (REFERENCE_COLUMNS, EXPECTED_REFERENCES)])
def test_the_card_states_what_datasets_would_write(columns: dict[str, Any], known: datasets.Features) -> None:
    sizes = {"train": (1234, 20), "test": (99, 10)}
    splits = datasets.SplitDict({name: datasets.SplitInfo(name, *size) for name, size in sizes.items()})
    info = datasets.DatasetInfo(features=known, splits=splits, download_size=1333, dataset_size=1333)
    stated = dataset_info(columns, {name: SplitSize(*size) for name, size in sizes.items()})
    assert list(stated.items()) == list(info._to_yaml_dict().items())
    assert datasets.Features._from_yaml_list(stated["features"]) == known


def test_building_and_verifying_need_no_import_of_datasets() -> None:
    modules = "viewpoint100k.building.run", "viewpoint100k.check.verify", "viewpoint100k.dataset.card"
    code = f"import sys, {', '.join(modules)}; from viewpoint100k.dataset.schema import arrow_schema; arrow_schema()"
    code += "; print([name for name in ('datasets', 'pandas', 'trimesh') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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
