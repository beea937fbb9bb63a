"""Spark: ``spark.read.parquet`` of the files of a split, and a query that filters. Needs Java 17 or newer."""

from __future__ import annotations

import pyspark
from comparing import given, same_rows
from pyspark.sql import SparkSession

folder, truth = given()
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = builder.config("spark.sql.shuffle.partitions", "1").config("spark.driver.host", "127.0.0.1").getOrCreate()
rows = 0
for split, expected in truth.items():
    frame = spark.read.parquet(str(folder / "data" / f"{split}-*.parquet"))
    by_id = {row["id"]: row.asDict(recursive=True) for row in frame.collect()}
    rows += same_rows([by_id[row["id"]] for row in expected], expected)
    assert frame.count() == len(expected)
    asked = frame.filter(frame.question_type == "ego_translation").count()
    assert asked == sum(row["question_type"] == "ego_translation" for row in expected)
spark.stop()
print(f"Spark {pyspark.__version__}: {rows} rows the same, and a filter counts them right")
