"""Finds and reads the parquet files of a data set: their names, schema and rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from viewpoint100k.check.findings import Tally
from viewpoint100k.dataset.folder import open_parquet
from viewpoint100k.dataset.schema import arrow_schema
from viewpoint100k.runtime.storage import Location

__all__ = ["SHARD_NAME", "ShardFile", "first_line", "open_shard", "read_rows"]

SHARD_NAME = re.compile(r"(?P<split>\w+)-(?P<index>\d{5})-of-(?P<count>\d{5})\.parquet")
_BATCH_ROWS = 100


@dataclass(frozen=True)
class ShardFile:
    """One parquet file under ``data``."""

    path: Location
    name: str
    """Relative to the folder, with forward slashes."""
    split: str
    rows: int | None
    """None if the file is not a parquet file."""
    checkable: bool
    """True if its rows have every column of the schema."""


def open_shard(path: Location, tally: Tally) -> ShardFile:
    """Reads a file's footer and checks its schema."""
    name, match = f"data/{path.name}", SHARD_NAME.fullmatch(path.name)
    split = match["split"] if match else path.stem
    try:
        with open_parquet(path) as file:
            schema, rows = file.schema_arrow, int(file.metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        tally.record("unreadable", name, f"it is not a whole parquet file: {first_line(error)}")
        return ShardFile(path, name, split, None, checkable=False)
    tally.record("unreadable", name, None)
    return ShardFile(path, name, split, rows, checkable=_check_schema(schema, name, tally))


def _check_schema(schema: pa.Schema, name: str, tally: Tally) -> bool:
    """Checks names, types, order and metadata of the columns; returns True if every column is correct."""
    expected = arrow_schema()
    actual_types = dict(zip(schema.names, schema.types, strict=True))
    fatal = False
    problems = [f"the column {extra!r} does not belong here" for extra in schema.names if extra not in expected.names]
    for column in expected:
        if column.name not in actual_types:
            problems.append(f"the column {column.name!r} is missing")
            fatal = True
        elif actual_types[column.name] != column.type:
            problems.append(f"the column {column.name!r} is {actual_types[column.name]}, not {column.type}")
            fatal = True
    if not problems and schema.names != expected.names:
        problems.append("the columns are not in the order of the schema")
    if not problems and _features_of(schema) != _features_of(expected):
        problems.append("the `huggingface` metadata key is missing or differs: images would load as plain structs")
    tally.checks["schema"] += not problems
    for problem in problems:
        tally.record("schema", name, problem)
    return not fatal


def _features_of(schema: pa.Schema) -> Any:
    """The features in the ``huggingface`` key; None where there are none."""
    try:
        return json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, ValueError, TypeError):
        return None


def read_rows(shard: ShardFile, tally: Tally) -> Iterator[list[dict[str, Any]]]:
    """The file's rows, a hundred at a time. Records a finding and stops if the file cannot be read further."""
    columns = arrow_schema().names
    try:
        with open_parquet(shard.path, pre_buffer=False, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                yield batch.to_pylist()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        tally.record("unreadable", shard.name, f"its rows cannot be read to the end: {first_line(error)}")


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


# --- the rows --------------------------------------------------------------------------------------------------------
