"""verl: one parquet file for each split, with the columns that its reinforcement learning reads.

https://verl.readthedocs.io/en/latest/preparation/prepare_data.html, and the Geometry3K script beside it for images: the
content of the message has an ``<image>`` for each, ``images`` holds their bytes, and every prompt asks for reasoning.
The files carry no ``datasets`` metadata, so that every version of ``datasets`` reads them the same way.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from viewpoint100k.export.prompts import ask_to_reason
from viewpoint100k.export.protocol import Contents, Sample, token_in_text, tokenised_turns

__all__ = ["Verl"]

_ROWS_PER_GROUP = 100
_TEXT = pa.string()
_SCHEMA = pa.schema(
    {
        "data_source": _TEXT,
        "prompt": pa.list_(pa.struct({"role": _TEXT, "content": _TEXT})),
        "images": pa.list_(pa.struct({"bytes": pa.binary()})),
        "ability": _TEXT,
        "reward_model": pa.struct({"style": _TEXT, "ground_truth": _TEXT}),
        "extra_info": pa.struct(
            {
                "split": _TEXT,
                "index": pa.int64(),
                "id": _TEXT,
                "group": _TEXT,
                "question_type": _TEXT,
                "question": _TEXT,
                "answer": _TEXT,
            }
        ),
    }
)


class Verl:
    """``<split>.parquet``, with a hundred rows in a row group."""

    trains: ClassVar[bool] = False

    def __init__(self, folder: Path, contents: Contents) -> None:
        self._folder, self._dataset = folder, contents.dataset
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: list[dict[str, Any]] = []
        self._split = ""

    def refusal(self, sample: Sample) -> str | None:
        return token_in_text(sample)

    def write(self, sample: Sample) -> None:
        if sample.split != self._split:
            self._flush()
            self._split = sample.split
        columns = sample.columns
        asked = replace(sample, prompt=ask_to_reason(columns["question"], columns["options"]))
        names = ("id", "group", "question_type", "question", "answer")
        self._waiting.append(
            {
                "data_source": self._dataset,
                "prompt": tokenised_turns(asked)[:-1],
                "images": [{"bytes": content} for content in sample.images],
                "ability": "spatial_reasoning",
                "reward_model": {"style": "rule", "ground_truth": columns["answer"]},
                "extra_info": {"split": sample.split, "index": sample.index} | {n: columns[n] for n in names},
            }
        )
        if len(self._waiting) == _ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._split not in self._writers:
            path = self._folder / f"{self._split}.parquet"
            self._writers[self._split] = pq.ParquetWriter(path, _SCHEMA, **_options())
        self._writers[self._split].write_table(pa.Table.from_pylist(self._waiting, schema=_SCHEMA))
        self._waiting = []

    def close(self) -> None:
        try:
            self._flush()
        finally:
            for writer in self._writers.values():
                writer.close()

    @staticmethod
    def first_step(out: Path, contents: Contents) -> str:
        places = {split: "train" if split == "train" else "val" for split in contents.rows}
        files = " ".join(f"data.{place}_files={out / split}.parquet" for split, place in places.items())
        return f"python -m verl.trainer.main_ppo {files} …"


def _options() -> dict[str, Any]:
    """Options of the parquet writer: JPEG bytes uncompressed, all other columns zstd."""
    image, *others = ("images.list.element.bytes", *(name for name in _leaves() if not name.startswith("images.")))
    return {
        "compression": {image: "none"} | dict.fromkeys(others, "zstd"),
        "use_dictionary": others,
        "write_page_index": True,
    }


def _leaves() -> list[str]:
    sink = pa.BufferOutputStream()
    pq.write_table(_SCHEMA.empty_table(), sink)
    schema = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [schema.column(place).path for place in range(len(schema))]
