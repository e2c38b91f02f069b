"""Make the views of a lake in Spark, and write what each answers as Parquet files.

It runs in the environment that has pyspark and nothing else:
``python ask.py MASTER STATEMENTS QUESTIONS ANSWERS``. STATEMENTS is what ``aomuse lake-views``
prints, QUESTIONS a JSON file of SELECTs by name, ANSWERS a folder. It prints the seconds of each
step as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession


def main(master: str, statements: Path, questions: Path, answers: Path) -> None:
    """Start Spark, make the views, and ask each."""
    seconds = {}
    started = time.monotonic()
    spark = (
        SparkSession.builder.master(master)
        .appName("aomuse spark-check")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    seconds["Spark starts"] = time.monotonic() - started
    started = time.monotonic()
    for statement in statements.read_text().split(";\n"):
        if statement.strip():
            spark.sql(statement)
    seconds["views are made"] = time.monotonic() - started
    for name, select in json.loads(questions.read_text()).items():
        started = time.monotonic()
        spark.sql(select).write.parquet(f"{answers}/{name}")
        seconds[name] = time.monotonic() - started
    spark.stop()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
