"""A signal ends a command also while SQLite works on one statement."""

import os
import signal
import sqlite3
import threading
import time

import pytest
from warehouse import aomuse

#: Counts for half a minute.
LONG = (
    "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200000000)"
    " SELECT MAX(x) FROM n)"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_long_statement_of_sqlite(number, tmp_path, sqlite_template):
    database = tmp_path / "aomuse.db"
    database.write_bytes(sqlite_template.read_bytes())
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO target (name) VALUES ('M 54')")
        names = [row[1] for row in connection.execute("PRAGMA table_info(v_gain)")]
        connection.execute("DROP VIEW v_gain")
        columns = ", ".join(f"{'NULL' if place else LONG} AS {n}" for place, n in enumerate(names))
        connection.execute(f"CREATE VIEW v_gain AS SELECT {columns}")
    timer = threading.Timer(2, os.kill, (os.getpid(), number))
    timer.start()
    begun = time.monotonic()
    ended = aomuse(f"sqlite:///{database}", "report", tmp_path / "report.html")
    assert timer.finished.is_set()
    assert ended.code == 128 + number, ended.text
    assert ended.errors[-1].startswith("aomuse: interrupted")
    assert time.monotonic() - begun < 8
    assert not list(tmp_path.glob("report*"))
