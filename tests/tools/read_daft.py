"""Daft: ``read_parquet`` of the files of a split, and its own decoding of the images."""

from __future__ import annotations

import daft
from comparing import given, same_rows

folder, truth = given()
rows = images = 0
for split, expected in truth.items():
    frame = daft.read_parquet(str(folder / "data" / f"{split}-*.parquet"))
    by_id = {row["id"]: row for row in frame.to_pylist()}
    rows += same_rows([by_id[row["id"]] for row in expected], expected)
    exploded = frame.select("id", "images").explode("images")
    decoded = exploded.select(daft.col("images").get("bytes").decode_image(mode="RGB")).to_pylist()
    sizes = [[*reversed(next(iter(row.values())).shape[:2])] for row in decoded]
    assert sorted(sizes) == sorted(image["size"] for row in expected for image in row["images"])
    images += len(sizes)
print(f"Daft {daft.__version__}: {rows} rows the same, {images} images decoded")
