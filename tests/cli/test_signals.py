"""A signal ends a command also while the database works on one statement."""

import os
import signal
import threading
import time
from contextlib import contextmanager
from importlib.util import find_spec

import pytest
import sqlalchemy as sa
from loaded import Loaded

from aomuse.db import create_engine

#: Takes a minute.
LONG = {
    "sqlite": (
        "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 400000000)"
        " SELECT MAX(x) FROM n)"
    ),
    "mariadb": "SLEEP(60)",
}


@contextmanager
def signals_after(*delays: float, number: int = signal.SIGINT):
    timers = [threading.Timer(delay, os.kill, (os.getpid(), number)) for delay in delays]
    for timer in timers:
        timer.start()
    begun = time.monotonic()
    try:
        yield
        assert time.monotonic() - begun < 9
        assert all(timer.finished.is_set() for timer in timers)
    finally:  # one that comes after a failure would end the tests
        for timer in timers:
            timer.cancel()


@pytest.fixture
def report(db, backend, tmp_path):
    """Give a function that makes a report, whose query takes a minute."""
    columns = [column["name"] for column in sa.inspect(db.engine).get_columns("v_gain")]
    values = ", ".join(
        f"{'NULL' if place else LONG[backend]} AS {name}" for place, name in enumerate(columns)
    )
    db.execute(
        "INSERT INTO target (name) VALUES ('M 54')",
        "DROP VIEW v_gain",
        f"CREATE VIEW v_gain AS SELECT {values}",
    )

    def report():
        ended = db.run("report", tmp_path / "report.html")
        assert ended.errors[-1].startswith("aomuse: interrupted"), ended.text
        assert not list(tmp_path.glob("report*"))
        return ended.code

    return report


@pytest.mark.parametrize("backend", ["mariadb"])
def test_an_account_that_is_gone_is_not_a_silent_server(db, db_url, report, mariadb_server):
    admin = sa.create_engine(mariadb_server.admin_url)
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE USER gone@'%' IDENTIFIED BY 'gone'")
        connection.exec_driver_sql("CREATE USER gone@localhost IDENTIFIED BY 'gone'")
        gone = create_engine(
            sa.make_url(db_url).set(username="gone", password="gone", database="information_schema")
        )
        held = gone.raw_connection()
        connection.exec_driver_sql("DROP USER gone@'%', gone@localhost")
    with signals_after(2):
        assert report() == 130
    assert statements(db) == []
    held.invalidate()
    for engine in (admin, gone):
        engine.dispose()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_long_statement(number, db, report):
    with signals_after(2, number=number):
        assert report() == 128 + number
    if db.engine.dialect.name == "mariadb":
        assert statements(db) == []


def statements(db: Loaded) -> list[str]:
    """Give what the server still works on."""
    return [
        row[0]
        for row in db.query(
            "SELECT info FROM information_schema.processlist"
            " WHERE db = DATABASE() AND command = 'Query' AND id <> CONNECTION_ID()"
        )
    ]


@pytest.mark.parametrize("backend", ["mariadb"])
def test_a_signal_ends_a_statement_of_a_server_that_does_not_answer(
    db, db_url, report, mariadb_server
):
    halted = []
    # Other accounts or options of the same server need not be waited for.
    others = [
        create_engine(sa.make_url(db_url).update_query_dict({"connect_timeout": str(seconds)}))
        for seconds in (11, 12)
    ]
    connections = [other.connect() for other in others]

    def halt():
        while not statements(db):
            if ended.wait(0.05):
                return
        os.kill(mariadb_server.pid(), signal.SIGSTOP)
        halted.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    ended = threading.Event()
    thread = threading.Thread(target=halt, daemon=True)
    thread.start()
    try:
        assert report() == 130
        assert time.monotonic() - halted[0] < 9
    finally:
        ended.set()
        thread.join()
        os.kill(mariadb_server.pid(), signal.SIGCONT)
        for connection in connections:
            connection.invalidate()
        for other in others:
            other.dispose()


@pytest.fixture
def predict(db, tree):
    """Give a function that runs predict, whose only statement for an exposure takes seconds."""
    if find_spec("muse_psfr") is None:
        pytest.skip("needs the extra psfr")
    tree.add(1, without=["raw", "prm", "psf"])
    db.load(tree.root)

    def predict(seconds: int) -> list[object]:
        db.execute(
            "CREATE TRIGGER slow BEFORE INSERT ON psf_prediction FOR EACH ROW"
            f" SET NEW.reason = CONCAT(NEW.reason, SLEEP({seconds}))"
        )
        assert db.run("predict").code == 130
        runs = [row for row in db.rows("load_run") if row["command"] == "predict"]
        return [row["outcome"] for row in runs]

    return predict


@pytest.mark.parametrize("backend", ["mariadb"])
def test_the_first_signal_lets_a_run_finish_its_statement(backend, db, predict):
    with signals_after(2):
        assert predict(4) == ["interrupted"]
    assert db.count("psf_prediction") == 1


@pytest.mark.parametrize("backend", ["mariadb"])
def test_the_second_signal_ends_the_statement_of_a_run(backend, db, predict):
    with signals_after(2, 2.5):
        assert predict(60) == ["interrupted"]
    assert db.count("psf_prediction") == 0
