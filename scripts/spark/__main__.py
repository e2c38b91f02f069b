"""Ask Spark every view of a lake, and compare the answers with SQLite's.

``python -m scripts.spark``, which `make spark-check` runs: a simulated night in SQLite, its lake,
Spark with two executors on this machine, the joins of the README, and the same questions to Spark's
Thrift server over JDBC. Everything lies in ``.spark-check``, and all that it starts ends with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import Connection

from aomuse.db import create_engine
from aomuse.lake.export import export
from aomuse.lake.statements import view_statements
from aomuse.pipeline import load
from aomuse.schema import upgrade
from aomuse.simulate import simulate
from scripts.spark.comparison import Rows, differences
from scripts.spark.thrift_server import Client, ThriftError, thrift_server

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".spark-check"
PROGRAMS = ROOT / ".venv-spark" / "bin"
#: Two executors with a core and 1 GB each, as processes of their own.
MASTER = "local-cluster[2,1,1024]"


def joins() -> dict[str, str]:
    """Return the queries of the README by number."""
    blocks = re.findall(r"^```sql\n(.*?);\n```$", (ROOT / "README.md").read_text(), re.M | re.S)
    queries = [block for block in blocks if ";" not in block]
    return {f"README_join_{number}": query for number, query in enumerate(queries, 1)}


def expected(connection: Connection, select: str) -> tuple[list[str], Rows]:
    """Return the columns and rows that SQLite answers."""
    result = connection.exec_driver_sql(select)
    return list(result.keys()), [tuple(row) for row in result]


def answer(folder: Path) -> tuple[list[str], Rows]:
    """Return the columns and rows that Spark wrote."""
    table = pq.read_table(folder)
    return table.column_names, list(zip(*(c.to_pylist() for c in table.columns), strict=True))


def compare_views(connection: Connection, questions: dict[str, str]) -> Iterator[str]:
    """Yield what differs in what the executors wrote."""
    for name, select in questions.items():
        columns, wanted = expected(connection, select)
        names, found = answer(FOLDER / "answers" / name)
        if names != columns:
            yield f"{name}: the columns are {names} and not {columns}"
        else:
            yield from differences(name, columns, found, wanted)


def compare_joins(connection: Connection, client: Client) -> Iterator[str]:
    """Yield what differs in the answers over JDBC."""
    for name, select in joins().items():
        started = time.monotonic()
        names, found = client.ask(select)
        print(f"{name} over JDBC: {len(found)} rows in {time.monotonic() - started:.1f} s")
        columns, wanted = expected(connection, select)
        yield from differences(f"{name} over JDBC", columns, found, wanted)
        if names != columns:
            yield f"{name}: the columns are {names} and not {columns}"


def ask_spark(statements: Path, questions: dict[str, str], environment: dict[str, str]) -> None:
    """Let two executors answer all questions, and print how long it took."""
    (FOLDER / "questions.json").write_text(json.dumps(questions))
    with (FOLDER / "spark.log").open("w") as log:
        done = subprocess.run(
            [
                *(str(PROGRAMS / "python"), str(ROOT / "scripts" / "spark" / "ask.py"), MASTER),
                *(str(statements), str(FOLDER / "questions.json"), str(FOLDER / "answers")),
            ],
            cwd=FOLDER,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ThriftError(f"Spark failed: see {FOLDER / 'spark.log'}")
    seconds: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for step in ("Spark starts", "views are made"):
        print(f"{step} in {seconds.pop(step):.1f} s")
    slowest = max(seconds, key=seconds.__getitem__)
    print(
        f"{len(seconds)} questions to two executors in {sum(seconds.values()):.0f} s, "
        f"the slowest {slowest}, {seconds[slowest]:.1f} s"
    )


def main() -> int:
    """Make a lake, ask Spark, and print what differs.

    Returns
    -------
    int
        Exit code: 1 if anything differs.
    """
    # Whoever ends the check ends its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    engine = create_engine(f"sqlite:///{FOLDER / 'night.db'}")
    simulate(FOLDER / "night")
    upgrade(engine)
    load(engine, [FOLDER / "night"])
    # A name that has to be quoted everywhere.
    lake = FOLDER / "a lake's"
    export(engine, lake)
    statements = FOLDER / "views.sql"
    statements.write_text(view_statements(lake, "spark"))
    # Everything listens on loopback only.
    environment = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        # By which Spark's programs find their home.
        "PYSPARK_PYTHON": str(PROGRAMS / "python"),
    }
    views = {name: f"SELECT * FROM {name}" for name in sa.inspect(engine).get_view_names()}  # noqa: S608 - our own names
    questions = {**views, **joins()}
    try:
        ask_spark(statements, questions, environment)
        with engine.connect() as connection:
            wrong = list(compare_views(connection, questions))
            started = time.monotonic()
            with thrift_server(PROGRAMS, MASTER, FOLDER, environment) as client:
                client.run(statements)
                print(f"Thrift server with all views in {time.monotonic() - started:.1f} s")
                wrong += compare_joins(connection, client)
    except ThriftError as error:
        wrong = [str(error)]
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    print(f"{len(views)} views and {len(joins())} joins: {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
