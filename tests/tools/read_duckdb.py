"""duckdb: a query over the files of a split, and one that filters."""

from __future__ import annotations

import duckdb
from comparing import given, same_rows

folder, truth = given()
rows = 0
for split, expected in truth.items():
    files = folder / "data" / f"{split}-*.parquet"
    answer = duckdb.sql(f"SELECT * FROM '{files}'")
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]
    by_id = {row["id"]: row for row in found}
    rows += same_rows([by_id[row["id"]] for row in expected], expected)
    ((asked,),) = duckdb.sql(f"SELECT count(*) FROM '{files}' WHERE question_type = 'ego_translation'").fetchall()
    assert asked == sum(row["question_type"] == "ego_translation" for row in expected)
print(f"duckdb {duckdb.__version__}: {rows} rows the same, and a filter counts them right")
