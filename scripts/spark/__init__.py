"""A check of the lake in a real Spark, which `make spark-check` runs."""
