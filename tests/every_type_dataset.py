"""A small data set of every question type, in two languages, with forms and reasoning, built by the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import built_once

from viewpoint100k.questions import template_names

Row = dict[str, Any]

CONFIG = {
    "name": "every-type",
    "rows": 57,
    "rows_per_shard": 57,
    "camera_motion": "independent",
    "questions_per_pair": 3,
    "consistency_share": 0.4,
    "reasoning_share": 0.25,
    "languages": {"en": 3, "zh": 1},
    "images": {"size": 64},
    "pairs": {"min_overlap": 0.05},
    "views": {"min_object_area": 0.008},
}
"""Three rows of each type and ten for the test split. One type has more rows, so that a pair has all forms."""

WEIGHTS = dict.fromkeys(template_names(), 1) | {"ego_rotation": 3}


def built(factory: pytest.TempPathFactory) -> Path:
    """The folder of the data set. The first call in a run of the tests builds it."""
    config = factory.mktemp("config") / "every.yaml"
    config.write_text(yaml.safe_dump(CONFIG | {"questions": WEIGHTS}))
    return built_once(factory, "every-type", config)


def rows_of(folder: Path) -> list[Row]:
    """All rows as dicts of their columns."""
    return [row for path in sorted(folder.glob("data/*.parquet")) for row in pq.read_table(path).to_pylist()]
