"""pandas: ``read_parquet`` of the files of a split."""

from __future__ import annotations

import pandas
from comparing import given, same_rows

folder, truth = given()
rows = 0
for split, expected in truth.items():
    frame = pandas.concat([pandas.read_parquet(path) for path in sorted((folder / "data").glob(f"{split}-*"))])
    rows += same_rows(frame.to_dict("records"), expected)
print(f"pandas {pandas.__version__}: {rows} rows the same")
