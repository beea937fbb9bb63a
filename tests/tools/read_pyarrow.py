"""pyarrow, old: every column, from the files."""

from __future__ import annotations

import pyarrow
import pyarrow.parquet as pq
from comparing import given, same_rows

folder, truth = given()
rows = 0
for split, expected in truth.items():
    table = pyarrow.concat_tables([pq.read_table(path) for path in sorted((folder / "data").glob(f"{split}-*"))])
    rows += same_rows(table.to_pylist(), expected)
print(f"pyarrow {pyarrow.__version__}: {rows} rows the same")
