"""Hugging Face datasets: the folder, the folder streamed, and the files by themselves; in the version installed."""

from __future__ import annotations

import tempfile

import datasets
from comparing import given, same_rows

folder, truth = given()
files = {split: str(folder / "data" / f"{split}-*.parquet") for split in truth}
with tempfile.TemporaryDirectory() as cache:
    whole = datasets.load_dataset(str(folder), cache_dir=cache)
    alone = datasets.load_dataset("parquet", data_files=files, cache_dir=cache)
    streamed = datasets.load_dataset(str(folder), streaming=True, cache_dir=cache)
    assert set(whole) == set(alone) == set(streamed) == set(truth)
    rows = sum(same_rows(way[split], truth[split]) for split in truth for way in (whole, alone, streamed))
print(f"datasets {datasets.__version__}: {rows} rows the same from the folder, its files alone, and streamed")
